"""Digests and links: what makes a later change of a filed record visible.

A version of a record is digested part by part, each part behind a salt of its own::

    part    = SHA-256(salt || text)
    version = SHA-256(identity || the digests of all parts)
    link    = SHA-256(link before || version)

So one part can be blacked out (text and salt removed, digest kept) without breaking the chain, and
nobody can guess the text that was blacked out by trying digests. Texts come in as they are stored:
canonical JSON, made by `zhibu.ledger.canonical`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final, NamedTuple

# The parts of a version in the order of their salts and digests.
PARTS: Final = (
    "head",
    "particulars",
    "agenda",
    "minutes",
    "attendance",
    "decisions",
    "elements",
    "attachments",
)
# What kind, when and for which lines: without it a version would prove nothing, so it always stays.
PERMANENT_PARTS: Final = frozenset({"head"})

SALT_BYTES: Final = 16
REDACTED_SALT: Final = "-"
_VERSION_MARK: Final = "zhibu-version-1"


class Identity(NamedTuple):
    """What a version is, apart from its parts; all of it goes into the digest.

    Keys are hex without hyphens, `filed_at` is ``2026-03-12T08:30:00.000000Z``, `happened_on` is
    ``2026-03-12``; `activities` are the names with one space between.
    """

    version_id: str
    record: str
    branch: str
    sequence: int
    version: int
    action: str
    submission: str
    filed_at: str
    filed_by: str
    year: int
    happened_on: str
    activities: str


def digest_part(text: str, salt: str) -> str:
    """The digest of one part, in hex. `salt` is lower hex. Raises ValueError when it is not."""
    # A salt has one spelling only, or it could be changed without a trace.
    if len(salt) != 2 * SALT_BYTES or salt != salt.lower():
        raise ValueError("not a salt")
    return sha256(bytes.fromhex(salt) + text.encode()).hexdigest()


def digest_parts(texts: Sequence[str], salts: Sequence[str]) -> tuple[str, ...]:
    """The digests of all parts, in the order of `PARTS`."""
    return tuple(digest_part(text, salt) for text, salt in zip(texts, salts, strict=True))


def identity_text(identity: Identity) -> str:
    """The identity as the text that is digested: one value a line, the free one last."""
    return "\n".join((_VERSION_MARK, *map(str, identity), ""))


def digest_version(identity: Identity, part_digests: str) -> str:
    """The digest of a version; `part_digests` in hex with one space between."""
    return sha256((identity_text(identity) + part_digests).encode()).hexdigest()


def link_digest(previous: str, digest: str) -> str:
    """The next link of a chain; `previous` is empty for the first."""
    return sha256(bytes.fromhex(previous) + bytes.fromhex(digest)).hexdigest()


def join(values: Sequence[str]) -> str:
    """Salts or digests as they are stored: one space between."""
    return " ".join(values)


def split(stored: str) -> tuple[str, ...]:
    """Salts or digests from what is stored. Raises ValueError when there is not one a part."""
    values = tuple(stored.split(" "))
    if len(values) != len(PARTS):
        raise ValueError(f"{len(values)} values for {len(PARTS)} parts")
    return values


def black_out(texts: Mapping[str, str], salts: str, part: str) -> tuple[dict[str, str], str]:
    """The texts and salts with one part blacked out; its digest need not change.

    Raises ValueError for a part that is unknown or must stay.
    """
    if part not in PARTS or part in PERMANENT_PARTS:
        raise ValueError(f"the part {part!r} cannot be blacked out")
    kept = [
        REDACTED_SALT if name == part else salt
        for name, salt in zip(PARTS, split(salts), strict=True)
    ]
    return {**texts, part: ""}, join(kept)


def is_blacked_out(text: str, salt: str) -> bool:
    """Whether a part shows that it was blacked out."""
    return salt == REDACTED_SALT and not text


def find_changed_part(texts: Sequence[str], salts: str, digests: str) -> str | None:
    """The first part whose text, salt and digest do not fit together; None when all do."""
    try:
        salt_list, digest_list = split(salts), split(digests)
    except ValueError:
        return "salts" if len(salts.split(" ")) != len(PARTS) else "digests"
    for name, text, salt, digest in zip(PARTS, texts, salt_list, digest_list, strict=True):
        if salt == REDACTED_SALT:
            if text or name in PERMANENT_PARTS:
                return name
            continue
        try:
            if digest_part(text, salt) != digest:
                return name
        except ValueError:
            return name
    return None
