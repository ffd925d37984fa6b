"""The verb that blacks out a part where the law asks for it. Digest and chain stay as they are."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Final

from django.db import transaction

from zhibu.documents.literal import clean
from zhibu.handbook.followers import tell_redacted
from zhibu.handbook.models import Attachment, Record, RecordVersion, Redaction
from zhibu.handbook.redactions import RedactionFacts, redaction_message
from zhibu.handbook.refusals import RecordRefused
from zhibu.handbook.services.drafts import lock_record
from zhibu.ledger.canonical import canonical_key, canonical_moment
from zhibu.ledger.keys import sign, signing_key
from zhibu.ledger.models import OrganizationKey
from zhibu.ledger.services import lock_head, note
from zhibu.people.keys import new_key
from zhibu.people.models import Person
from zhibu.rules import digests
from zhibu.rules.redaction import judge_redaction, say_ground
from zhibu.rules.wording import say


def redaction_facts(redaction: Redaction, branch: str) -> RedactionFacts:
    """The values of a row; its key should be selected with it. `branch` is the key in hex."""
    return RedactionFacts(
        redaction_id=redaction.id.hex,
        version_id=redaction.version_id.hex,
        branch=branch,
        part=redaction.part,
        reason=redaction.reason,
        at=canonical_moment(redaction.at),
        by=canonical_key(redaction.by_id),
        signature=redaction.signature,
        public_key=redaction.key.public_key,
        key_organization=redaction.key.organization_id.hex,
        key_generation=redaction.key.generation,
    )


@transaction.atomic
def redact_part(
    *, record: Record, part: str, basis: str, reason: str, by: Person, at: datetime
) -> list[Redaction]:
    """Black out one part in every version of a record, for good; files go with their part.

    `part` is one of `zhibu.rules.redaction.REDACTABLE`, `basis` the law or rule that asks for it.
    Gives a signed redaction for each version that still showed the part. Raises RecordRefused.
    """
    basis, reason = (clean(text).strip() for text in (basis, reason))
    lock_head(record.branch_id)
    current = lock_record(record.pk)
    against = judge_redaction(
        part=part, basis=basis, reason=reason, showing=showing_parts(current),
        has_draft=current.draft is not None,
    )  # fmt: skip
    if against:
        raise RecordRefused(say(against[0]))
    ground = say_ground(basis, reason)
    key = signing_key(organization_id=current.branch_id, at=at)
    found = [
        _redact_version(version, part, ground, by, at, key)
        for version in RecordVersion.objects.filter(record=current).order_by("version")
        if getattr(version, part)
    ]
    if part == "attachments":
        _destroy_files(current)
    tell_redacted(current, part)
    note(
        by=by,
        verb="redact_part",
        organization_id=current.branch_id,
        subject=current,
        detail={"part": part, "reason": ground, "versions": len(found)},
        at=at,
    )
    return found


def showing_parts(record: Record) -> frozenset[str]:
    """The parts that say something in any version of the record."""
    rows = RecordVersion.objects.filter(record=record).values_list(*digests.PARTS)
    return frozenset(
        part
        for row in rows
        for part, text in zip(digests.PARTS, row, strict=True)
        if text not in _NOTHING
    )


_NOTHING: Final = frozenset({"", '""', "[]", "{}"})  # blacked out, or empty as it was filed


def _redact_version(
    version: RecordVersion,
    part: str,
    reason: str,
    by: Person,
    at: datetime,
    key: OrganizationKey,
) -> Redaction:
    texts = {name: str(getattr(version, name)) for name in digests.PARTS}
    blacked, salts = digests.black_out(texts, version.salts, part)
    setattr(version, part, blacked[part])
    version.salts = salts
    fields = [part, "salts"]
    if part == "particulars":
        version.topic = ""
        fields.append("topic")
    version.save(update_fields=fields)
    redaction = Redaction(
        id=new_key(), version=version, part=part, reason=reason, at=at, by=by, key=key
    )
    facts = redaction_facts(redaction, version.branch_id.hex)
    redaction.signature = sign(key, redaction_message(facts))
    redaction.save(force_insert=True)
    return redaction


def _destroy_files(record: Record) -> None:
    files = list(Attachment.objects.filter(record=record))
    Attachment.objects.filter(pk__in=[file.pk for file in files]).delete()
    for file in files:
        transaction.on_commit(partial(file.file.delete, save=False), robust=True)
