"""A walk along a branch's chain: the first entry that is not as it was filed, and what is wrong.

The walk knows neither database nor files. It is fed with entries as they are stored, in the order
of their sequence, from a database or from an exported book.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Final, NamedTuple

from zhibu.rules.digests import (
    PARTS,
    REDACTED_SALT,
    SALT_BYTES,
    Identity,
    digest_version,
    find_changed_part,
    identity_text,
    is_blacked_out,
    link_digest,
    split,
)

_PITCH: Final = 2 * SALT_BYTES + 1  # of stored salts: hex and the space after it
_SALTS_LENGTH: Final = len(PARTS) * _PITCH - 1
_OFFSETS: Final = tuple(range(0, len(PARTS) * SALT_BYTES, SALT_BYTES))
_GAPS: Final = " " * (len(PARTS) - 1)
# How far an entry may have been moved for the walk to say where it came from.
_REACH: Final = 2000


class FaultKind(StrEnum):
    """What can be wrong with what is stored."""

    CHANGED = "changed"  # a part or a column is not what was filed
    MISSING = "missing"  # an entry was taken out
    INSERTED = "inserted"  # an entry that was never filed
    REORDERED = "reordered"  # an entry stands where another was
    TRUNCATED = "truncated"  # the end of the chain was cut off
    HEAD = "head"  # the head of the chain is not its last entry
    REWRITTEN = "rewritten"  # a sealed stretch fits together, but is not what was sealed
    REDACTED = "redacted"  # a part is blacked out and no signed redaction says so
    SIGNATURE = "signature"
    KEY = "key"  # a public key is not the one that belongs to the organisation
    SEAL = "seal"  # a seal or countersignature is missing
    ATTACHMENT = "attachment"
    STATE = "state"  # the record's row disagrees with its versions
    LEDGER = "ledger"  # the ledger has no line for what was filed
    LINES = "lines"  # the table disagrees with the records
    FILE = "file"  # a file of an exported book is not as it was handed out
    FORMAT = "format"  # an exported book that cannot be read


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing that is wrong with a branch's chain.

    `sequence` is the entry (0 when it is none), `part` the part, column or file; `facts` hold what
    the sentence needs.
    """

    branch: str
    kind: FaultKind
    sequence: int = 0
    part: str = ""
    record: str = ""
    facts: Mapping[str, str | int] | None = None


class StoredEntry(NamedTuple):
    """One entry of a chain as it is stored."""

    identity: Identity
    texts: tuple[str, ...]  # in the order of PARTS
    salts: str
    digests: str
    previous: str
    link: str


class ChainWalk:
    """One pass along one chain.

    `sealed` maps the sequence of each seal to the link that it signed. `redacted` holds the
    (version, part) pairs that may be blacked out. `has_link` says whether an entry with this link
    is anywhere in the chain; with it the walk can tell what was moved from what is gone. `is_forged`
    says whether an entry was never filed; with it the walk can tell what was slipped in from what
    was changed. Both are asked only once something is wrong.
    """

    __slots__ = (
        "_before", "_has_link", "_is_forged", "branch", "link", "redacted", "sealed", "sequence",
    )  # fmt: skip

    def __init__(
        self,
        branch: str,
        *,
        sealed: Mapping[int, str] | None = None,
        redacted: frozenset[tuple[str, str]] = frozenset(),
        has_link: Callable[[str], bool] | None = None,
        is_forged: Callable[[Identity, str], bool] | None = None,
    ) -> None:
        self.branch = branch
        self.sequence = 0
        self.link = ""
        self.sealed = sealed or {}
        self.redacted = redacted
        self._before = ""
        self._has_link = has_link
        self._is_forged = is_forged

    def step(self, entry: StoredEntry) -> Fault | None:
        """Take the next entry. After a fault the walk is over."""
        identity, texts, salts, stored_digests, previous, link = entry
        parts = _digest_all(texts, salts, stored_digests)
        if (
            parts is None
            or parts != stored_digests
            or previous != self.link
            or identity.sequence != self.sequence + 1
            or identity.branch != self.branch
        ):
            return self._explain(entry)
        text = identity_text(identity) + parts
        digest = sha256(text.encode()).digest()
        if sha256(bytes.fromhex(previous) + digest).hexdigest() != link:
            return self._explain(entry)
        if REDACTED_SALT in salts and (fault := self._judge_redactions(entry)):
            return fault
        return self._advance(link, identity.record)

    def pass_over(self, sequence: int, digest: str) -> Fault | None:
        """Take the next entry by its digest alone: it belongs to another year's book."""
        if sequence != self.sequence + 1:
            return self._fault(FaultKind.MISSING, self.sequence + 1)
        try:
            link = link_digest(self.link, digest)
        except ValueError:
            return self._fault(FaultKind.FORMAT, sequence)
        return self._advance(link, "")

    def finish(self, head_sequence: int | None, head_link: str) -> Fault | None:
        """End the walk at the head that is stored; None for the sequence when there is no head."""
        last = self.sequence
        if head_sequence is None:
            return self._fault(FaultKind.HEAD, last) if last else None
        if last < head_sequence:
            return self._fault(FaultKind.TRUNCATED, last + 1)
        if last > head_sequence:
            return self._fault(FaultKind.INSERTED, head_sequence + 1)
        if head_link != self.link:
            return self._fault(FaultKind.HEAD, last)
        beyond = [sequence for sequence in self.sealed if not 0 < sequence <= last]
        if beyond:
            return self._fault(FaultKind.TRUNCATED, last + 1)
        return None

    def _advance(self, link: str, record: str) -> Fault | None:
        self._before, self.link = self.link, link
        self.sequence += 1
        signed = self.sealed.get(self.sequence)
        if signed is not None and signed != link:
            return self._fault(FaultKind.REWRITTEN, self.sequence, record=record)
        return None

    def _judge_redactions(self, entry: StoredEntry) -> Fault | None:
        for name, text, salt in zip(PARTS, entry.texts, split(entry.salts), strict=True):
            is_black = is_blacked_out(text, salt)
            if is_black and (entry.identity.version_id, name) not in self.redacted:
                return self._of(entry, FaultKind.REDACTED, name)
        return None

    def _explain(self, entry: StoredEntry) -> Fault:
        """What is wrong, once something is. Nobody waits for this to be quick."""
        identity, expected = entry.identity, self.sequence + 1
        if identity.sequence < expected or identity.branch != self.branch:
            return self._explain_stranger(entry, expected)
        if self._is_forged is not None and self._is_forged(identity, entry.link):
            return self._of(entry, FaultKind.INSERTED)
        part = find_changed_part(entry.texts, entry.salts, entry.digests)
        if part is not None:
            return self._of(entry, FaultKind.CHANGED, part)
        if identity.sequence > expected and _true_sequence(entry) != expected:
            return self._fault(FaultKind.MISSING, expected)
        return self._explain_place(entry, expected)

    def _explain_stranger(self, entry: StoredEntry, expected: int) -> Fault:
        """It says that it belongs elsewhere; the place at which it lies is the one to be named."""
        record = entry.identity.record
        here = entry.identity._replace(sequence=expected, branch=self.branch)
        if _fits_itself(entry._replace(identity=here)):
            return self._fault(FaultKind.CHANGED, expected, part="identity", record=record)
        return self._fault(FaultKind.INSERTED, expected, record=record)

    def _explain_place(self, entry: StoredEntry, expected: int) -> Fault:
        """The parts are whole: what is wrong with where the entry stands, or with its columns."""
        if _fits_itself(entry):
            # What it was chained to is not what stands before it now.
            return self._fault(FaultKind.CHANGED, max(1, expected - 1), part="link")
        if _fits_itself(entry._replace(previous=self.link)):
            return self._of(entry, FaultKind.CHANGED, "previous")
        true = _true_sequence(entry)
        if not true:
            return self._of(entry, FaultKind.CHANGED, "identity")
        if entry.link == self.link:  # once more what stands before it
            return self._fault(FaultKind.INSERTED, expected, record=entry.identity.record)
        if entry.previous == self._before and true == expected - 1:
            return self._fault(FaultKind.INSERTED, expected - 1)
        if true == expected + 1 and self._is_gone(entry.previous):
            return self._fault(FaultKind.MISSING, expected)
        return self._of(entry, FaultKind.REORDERED, facts={"true": true})

    def _is_gone(self, link: str) -> bool:
        return self._has_link is not None and link != "" and not self._has_link(link)

    def _of(
        self,
        entry: StoredEntry,
        kind: FaultKind,
        part: str = "",
        facts: Mapping[str, str | int] | None = None,
    ) -> Fault:
        identity = entry.identity
        return Fault(self.branch, kind, identity.sequence, part, identity.record, facts)

    def _fault(self, kind: FaultKind, sequence: int, *, part: str = "", record: str = "") -> Fault:
        return Fault(self.branch, kind, sequence, part, record)


def _digest_all(texts: tuple[str, ...], salts: str, stored: str) -> str | None:
    """The digests of all parts as they are stored; None when salts or digests are malformed.

    A part that was blacked out keeps the digest that is stored: the link vouches for it.
    """
    try:
        if len(salts) == _SALTS_LENGTH and salts == salts.lower():
            whole = bytes.fromhex(salts)
            if len(whole) != len(PARTS) * SALT_BYTES or salts[2 * SALT_BYTES :: _PITCH] != _GAPS:
                return None
            return " ".join(
                [
                    sha256(whole[at : at + SALT_BYTES] + text.encode()).hexdigest()
                    for at, text in zip(_OFFSETS, texts, strict=True)
                ]
            )
        return stored if find_changed_part(texts, salts, stored) is None else None
    except ValueError:
        return None


def _fits_itself(entry: StoredEntry) -> bool:
    """Whether the entry's link follows from what it says itself."""
    try:
        digest = digest_version(entry.identity, entry.digests)
        return link_digest(entry.previous, digest) == entry.link
    except ValueError:
        return False


def _true_sequence(entry: StoredEntry) -> int:
    """The place under which the entry was filed, found by trying; 0 when none fits."""
    stored = entry.identity.sequence
    near = range(max(1, stored - _REACH), stored + _REACH)
    for sequence in sorted(near, key=lambda place: abs(place - stored)):
        moved = entry._replace(identity=entry.identity._replace(sequence=sequence))
        if _fits_itself(moved):
            return sequence
    return 0
