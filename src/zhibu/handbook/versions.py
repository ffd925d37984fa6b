"""A version as it is composed and read: content ↔ canonical parts, salts, digests, link.

`compose_version` is the only place where a version is made, so that whoever writes one (the verbs,
or the demonstration in bulk) writes the same bytes. Nothing here touches the database.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from zhibu.handbook.models import Attachment, RecordVersion
from zhibu.ledger.canonical import canonical_key, canonical_moment, canonical_text
from zhibu.people.keys import new_key
from zhibu.rules import digests
from zhibu.rules.contents import RecordContent
from zhibu.rules.contents_data import from_data, to_data

TOPIC_LENGTH: Final = 500  # of the column that lists show; the part holds all of it

# Which fields of a record's content go into which part.
HEAD_FIELDS: Final = ("activities", "began_at", "ended_at", "group", "lines")
PARTICULARS_FIELDS: Final = ("topic", "place", "presider", "recorder", "guests")
# Named only where there is any: records that were filed before there were these read the same.
LATER_HEAD_FIELDS: Final = ("texts", "themes")
LATER_PARTICULARS_FIELDS: Final = ("follow_ups",)
SINGLE_FIELDS: Final = ("agenda", "minutes", "attendance", "decisions", "elements")


@dataclass(frozen=True, slots=True)
class FiledContent:
    """What a version says. Parts in `redacted` are blacked out and empty in `content`."""

    content: RecordContent
    redacted: frozenset[str] = frozenset()
    reason: str = ""  # of a correction or voiding
    replaces: str = ""  # the link of the version that this one replaces


def new_salts() -> tuple[str, ...]:
    """A fresh salt for each part."""
    drawn = secrets.token_hex(digests.SALT_BYTES * len(digests.PARTS))
    width = digests.SALT_BYTES * 2
    return tuple(drawn[at : at + width] for at in range(0, len(drawn), width))


def attachment_data(file: Attachment) -> dict[str, Any]:
    """A file as the attachments part names it; `verify` compares the row with it."""
    return {
        "key": str(file.id),
        "name": file.name,
        "media_type": file.media_type,
        "size": file.size,
        "digest": file.digest,
        "added_at": canonical_moment(file.added_at),
        "added_by": canonical_key(file.added_by_id),
    }


def write_parts(
    content: RecordContent,
    files: Iterable[Attachment] = (),
    *,
    reason: str = "",
    replaces: str = "",
) -> dict[str, str]:
    """The canonical text of each part. The files stand for the content's own attachment notes."""
    data = to_data(content)
    parts: dict[str, Any] = {
        "head": {
            **{name: data[name] for name in HEAD_FIELDS},
            **{name: data[name] for name in LATER_HEAD_FIELDS if name in data},
            "reason": reason,
            "replaces": replaces,
        },
        "particulars": {
            **{name: data[name] for name in PARTICULARS_FIELDS},
            **{name: data[name] for name in LATER_PARTICULARS_FIELDS if name in data},
        },
        **{name: data[name] for name in SINGLE_FIELDS},
        "attachments": [attachment_data(file) for file in files],
    }
    return {name: canonical_text(parts[name]) for name in digests.PARTS}


def read_parts(parts: Mapping[str, str]) -> FiledContent:
    """The content of stored parts. Raises ValueError when a part is not what was ever written."""
    data: dict[str, Any] = {}
    for name in ("head", "particulars"):
        if parts[name]:
            data.update(json.loads(parts[name]))
    for name in (*SINGLE_FIELDS, "attachments"):
        if parts[name]:
            data[name] = json.loads(parts[name])
    return FiledContent(
        content=from_data(data),
        redacted=frozenset(name for name in digests.PARTS if not parts[name]),
        reason=str(data.get("reason", "")),
        replaces=str(data.get("replaces", "")),
    )


def read_version(version: RecordVersion) -> FiledContent:
    """What a stored version says."""
    return read_parts({name: getattr(version, name) for name in digests.PARTS})


def identity_of(version: RecordVersion) -> digests.Identity:
    """What a version is, as it is digested."""
    return digests.Identity(
        version_id=canonical_key(version.id),
        record=canonical_key(version.record_id),
        branch=canonical_key(version.branch_id),
        sequence=version.sequence,
        version=version.version,
        action=str(version.action),
        submission=canonical_key(version.submission),
        filed_at=canonical_moment(version.filed_at),
        filed_by=canonical_key(version.filed_by_id),
        year=version.year,
        happened_on=version.happened_on.isoformat(),
        activities=version.activities,
    )


def digest_of(version: RecordVersion) -> str:
    """The digest of a version: what its book prints as 摘要码."""
    return digests.digest_version(identity_of(version), version.digests)


def happened_on(content: RecordContent) -> date:
    """The day of the record. Raises ValueError when it has none."""
    if content.began_at is None:
        raise ValueError("a record without a time cannot be filed")
    return content.began_at.date()


def compose_version(
    *,
    record_id: UUID,
    branch_id: UUID,
    sequence: int,
    previous: str,
    version: int,
    action: str,
    submission: UUID,
    filed_at: datetime,
    filed_by_id: UUID,
    content: RecordContent,
    files: Iterable[Attachment] = (),
    reason: str = "",
    replaces: str = "",
    key: UUID | None = None,
    salts: tuple[str, ...] | None = None,
) -> RecordVersion:
    """A version with digests and link, not yet saved.

    `sequence` is its place in the branch's chain, `previous` the link before it ("" for the first).
    `key` and `salts` are drawn when they are not given. Raises ValueError for a content without a
    time.
    """
    day = happened_on(content)
    texts = write_parts(content, files, reason=reason, replaces=replaces)
    drawn = salts or new_salts()
    composed = RecordVersion(
        id=key or new_key(),
        record_id=record_id,
        branch_id=branch_id,
        sequence=sequence,
        version=version,
        action=action,
        submission=submission,
        filed_at=filed_at,
        filed_by_id=filed_by_id,
        year=day.year,
        happened_on=day,
        activities=" ".join(activity.value for activity in content.activities),
        topic=content.topic[:TOPIC_LENGTH],
        **texts,
        salts=digests.join(drawn),
        digests=digests.join(digests.digest_parts([texts[n] for n in digests.PARTS], drawn)),
        previous=previous,
    )
    composed.link = digests.link_digest(previous, digest_of(composed))
    return composed
