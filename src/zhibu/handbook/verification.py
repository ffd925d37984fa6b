"""Verify what is stored: chains, records, seals, attachments, the table. The first fault a branch.

The walk along a chain is `zhibu.rules.chains`, the same that an exported book is verified with.
Here it is fed with rows, and what the rows say a second time elsewhere is compared.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from zhibu.handbook import rows
from zhibu.handbook.parallel import verify_in_processes
from zhibu.handbook.redactions import RedactionFacts, is_redaction_signed
from zhibu.handbook.versions import TOPIC_LENGTH
from zhibu.ledger.keys import is_own_key
from zhibu.ledger.seals import SealFacts, is_countersigned, is_seal_signed
from zhibu.rules.chains import ChainWalk, Fault, FaultKind, StoredEntry
from zhibu.rules.digests import PARTS, Identity
from zhibu.rules.filings import Filings

BATCH: Final = 100  # branches at a time
_ATTACHMENTS: Final = PARTS.index("attachments")
_PARTICULARS: Final = PARTS.index("particulars")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found in one branch; `fault` is the first one, None when all is as it was filed."""

    branch: str
    versions: int
    seals: int
    redacted: int  # parts that are blacked out with a signed redaction
    fault: Fault | None


@dataclass(slots=True)
class _Claims:
    """What other tables say about the records of one branch."""

    head: tuple[int, str] | None = None
    noted: int = 0
    lost_record: str = ""
    seals: list[SealFacts] = field(default_factory=list)
    noted_seals: list[tuple[str, str]] = field(default_factory=list)
    redactions: list[RedactionFacts] = field(default_factory=list)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    lines: dict[str, dict[str, tuple[str, str]]] = field(default_factory=lambda: defaultdict(dict))


@dataclass(slots=True)
class _Open:
    """A record whose later version is still to come: its version, when its lines were filed."""

    version: int
    filed: dict[str, str]


def verify_database(
    *, branches: Sequence[str] | None = None, has_bytes: bool = False, processes: int = 1
) -> Iterator[Outcome]:
    """Verify all branches, or those with the given keys (hex), one outcome each.

    With `has_bytes`, the bytes of attachments are read as well. Memory does not grow with the
    number of branches. With more than one of the `processes`, helpers do the work, which sees only
    what has been committed.
    """
    wanted = rows.chained_branches() if branches is None else sorted(branches)
    batches = [wanted[start : start + BATCH] for start in range(0, len(wanted), BATCH)]
    if processes > 1 and len(batches) > 1:
        yield from verify_in_processes(batches, has_bytes=has_bytes, processes=processes)
        return
    for batch in batches:
        yield from verify_batch(batch, has_bytes=has_bytes)


def verify_batch(branches: Sequence[str], *, has_bytes: bool) -> list[Outcome]:
    """Verify some branches. One that was written to while it was read is read again, held."""
    with rows.streaming():
        outcomes = list(_verify_batch(branches, has_bytes=has_bytes))
    return [
        _verify_held(outcome.branch, has_bytes=has_bytes) if outcome.fault else outcome
        for outcome in outcomes
    ]


def _verify_held(branch: str, *, has_bytes: bool) -> Outcome:
    """Verify one branch while nobody can write to it: a fault that remains is one."""
    with transaction.atomic():
        rows.hold_branch(branch)
        return next(_verify_batch([branch], has_bytes=has_bytes))


def _verify_batch(branches: Sequence[str], *, has_bytes: bool) -> Iterator[Outcome]:
    claims = _read_claims(branches)
    done: set[str] = set()
    walk: _BranchWalk | None = None
    for row in rows.version_rows(branches):
        branch = row.identity[2]
        if walk is None or walk.branch != branch:
            if walk is not None:
                yield walk.finish()
            walk = _BranchWalk(branch, claims[branch], has_bytes=has_bytes)
            done.add(branch)
        if walk.fault is None:
            walk.step(row)
    if walk is not None:
        yield walk.finish()
    for branch in branches:
        if branch not in done:
            yield _BranchWalk(branch, claims[branch], has_bytes=has_bytes).finish()


def _read_claims(branches: Sequence[str]) -> dict[str, _Claims]:
    claims = {branch: _Claims() for branch in branches}
    for branch, head in rows.head_rows(branches).items():
        claims[branch].head = head
    for branch, count in rows.filings_noted(branches).items():
        claims[branch].noted = count
    for branch, record in rows.lost_records(branches).items():
        claims[branch].lost_record = record
    for row in rows.seal_rows(branches):
        seal = SealFacts(*row)
        claims[seal.branch].seals.append(seal)
    for branch, verb, seal_id in rows.seal_entries(branches):
        claims[branch].noted_seals.append((verb, seal_id))
    for row in rows.redaction_rows(branches):
        redaction = RedactionFacts(*row)
        claims[redaction.branch].redactions.append(redaction)
    for branch, key, *values in rows.attachment_rows(branches):
        claims[branch].files[key] = dict(zip(_FILE_FIELDS, values, strict=True))
    for branch, record, line, happened_on, filed_on in rows.line_rows(branches):
        claims[branch].lines[record][line] = (happened_on, filed_on)
    return claims


_FILE_FIELDS: Final = (
    "record", "name", "media_type", "size", "digest", "file", "added_at", "added_by",
)  # fmt: skip
_SAID_FIELDS: Final = ("name", "media_type", "size", "digest", "added_at", "added_by")


class _BranchWalk:
    """The walk along one branch's chain, with what other tables say beside it."""

    def __init__(self, branch: str, claims: _Claims, *, has_bytes: bool) -> None:
        self.branch = branch
        self.fault: Fault | None = None
        self._claims = claims
        self._has_bytes = has_bytes
        self._zone = ZoneInfo(settings.TIME_ZONE)
        self._versions = 0
        self._named_files: set[str] = set()
        self._open: dict[str, _Open] = {}
        self._redacted: set[tuple[str, str]] = set()
        self._sealed: dict[int, str] = {}
        self._seal_fault = self._judge_signatures()
        self._walk = ChainWalk(
            branch,
            sealed=self._sealed,
            redacted=frozenset(self._redacted),
            has_link=lambda link: rows.has_link(branch, link),
            is_forged=self._is_forged,
        )

    @cached_property
    def _filings(self) -> Filings:
        """What the ledger noted, read once something is wrong."""
        noted = rows.noted_filings(self.branch)
        return Filings(noted, has_link=lambda link: rows.has_link(self.branch, link))

    def _is_forged(self, identity: Identity, link: str) -> bool:
        return self._filings.is_forged(identity, link)

    def step(self, row: rows.VersionRow) -> None:
        """Take the next version; the first thing that is wrong stays in `fault`."""
        identity = Identity._make(row.identity)
        self._versions += 1
        try:
            self.fault = self._judge(identity, row)
        except (ValueError, TypeError, KeyError, AttributeError):
            # Nothing that was ever filed looks like this: not text, not JSON, no such field.
            self.fault = self._of(identity, FaultKind.CHANGED, "head")

    def _judge(self, identity: Identity, row: rows.VersionRow) -> Fault | None:
        entry = StoredEntry(identity, row.texts, row.salts, row.digests, row.previous, row.link)
        fault = (
            self._walk.step(entry)
            or self._judge_topic(identity, row)
            or self._judge_record(identity, row)
        )
        if fault is None and row.texts[_ATTACHMENTS] not in {"[]", ""}:
            fault = self._judge_files(identity, row.texts[_ATTACHMENTS])
        return fault

    def finish(self) -> Outcome:
        """What was found, with what can only be judged at the end of the chain."""
        if self.fault is None:
            self.fault = self._judge_end()
        return Outcome(
            branch=self.branch,
            versions=self._versions,
            seals=len(self._claims.seals),
            redacted=len(self._redacted),
            fault=self.fault,
        )

    def _judge_topic(self, identity: Identity, row: rows.VersionRow) -> Fault | None:
        text = row.texts[_PARTICULARS]
        said = json.loads(text)["topic"][:TOPIC_LENGTH] if text else ""
        return None if said == row.topic else self._of(identity, FaultKind.CHANGED, "topic")

    def _judge_record(self, identity: Identity, row: rows.VersionRow) -> Fault | None:
        """The record's own row, and the lines of the table that it is to discharge."""
        record = identity.record
        before = self._open.pop(record, None)
        if (before.version if before else 0) != identity.version - 1:
            return self._of(identity, FaultKind.STATE, "version")
        if row.record_branch != self.branch:
            return self._of(identity, FaultKind.STATE, "branch")
        if row.record_current != identity.version_id:
            filed = self._filed_days(identity, row, before)
            self._open[record] = _Open(identity.version, filed)
            return None
        is_void = identity.action == "void"
        if row.record_state != ("voided" if is_void else "filed"):
            return self._of(identity, FaultKind.STATE, "state")
        claimed = self._claims.lines.pop(record, {})
        days = {} if is_void else self._filed_days(identity, row, before)
        expected = {line: (identity.happened_on, day) for line, day in days.items()}
        return None if claimed == expected else self._of(identity, FaultKind.LINES)

    def _filed_days(
        self, identity: Identity, row: rows.VersionRow, before: _Open | None
    ) -> dict[str, str]:
        """For each line that the version names, the day since which its filing has named it."""
        named = json.loads(row.texts[0])["lines"]
        if not named or identity.action == "void":
            return {}
        moment = datetime.fromisoformat(f"{identity.filed_at[:-1]}+00:00")
        today = moment.astimezone(self._zone).date().isoformat()
        held = before.filed if before else {}
        return {key: held.get(key, today) for key in (line.replace("-", "") for line in named)}

    def _judge_files(self, identity: Identity, text: str) -> Fault | None:
        for said in json.loads(text):
            key = said["key"].replace("-", "")
            stored = self._claims.files.get(key)
            self._named_files.add(key)
            if stored is None or not _is_same_file(stored, said, identity.record, key):
                return self._of(identity, FaultKind.ATTACHMENT, said["name"])
            if self._has_bytes and not _has_same_bytes(stored):
                return self._of(identity, FaultKind.ATTACHMENT, said["name"])
        return None

    def _judge_end(self) -> Fault | None:
        claims, last = self._claims, self._walk.sequence
        fault = self._judge_head() or self._judge_noted()
        if fault is not None:
            return fault
        if claims.noted > last:
            return Fault(self.branch, FaultKind.TRUNCATED, last + 1)
        if claims.lost_record or self._open:
            record = claims.lost_record or next(iter(self._open))
            return Fault(self.branch, FaultKind.STATE, 0, "current", record)
        unnamed = claims.files.keys() - self._named_files
        if unnamed:
            name = str(claims.files[min(unnamed)]["name"])
            return Fault(self.branch, FaultKind.ATTACHMENT, 0, name)
        if claims.lines:
            return Fault(self.branch, FaultKind.LINES, 0, "", next(iter(claims.lines)))
        return self._seal_fault or self._judge_seal_row()

    def _judge_noted(self) -> Fault | None:
        """Links need no key: an entry may fit and never have been filed. Then nothing was noted."""
        last = self._walk.sequence
        if self._claims.noted >= last:
            return None
        place, noted = self._filings.first_unnoted(last), self._filings.last
        if not place:
            return None
        kind = FaultKind.INSERTED if 0 < noted < place else FaultKind.LEDGER
        return Fault(self.branch, kind, place, "", rows.record_at(self.branch, place))

    def _judge_head(self) -> Fault | None:
        """The end of the chain against its head, and of the two against what the ledger noted."""
        sequence, link = self._claims.head or (None, "")
        fault = self._walk.finish(sequence, link)
        if fault is None or fault.kind is not FaultKind.INSERTED:
            return fault
        last = self._walk.sequence
        if not self._filings.first_unnoted(last):  # all were filed: the head was set back
            return Fault(self.branch, FaultKind.HEAD, last)
        return replace(fault, record=rows.record_at(self.branch, fault.sequence))

    def _judge_signatures(self) -> Fault | None:
        """The first redaction or seal whose signature or key is wrong."""
        first: Fault | None = None
        for redaction in self._claims.redactions:
            fault = _judge_redaction(redaction)
            if fault is None:
                self._redacted.add((redaction.version_id, redaction.part))
            first = first or fault
        for seal in self._claims.seals:
            fault = _judge_seal(seal)
            if fault is None:
                self._sealed[seal.sequence] = seal.link
            first = first or fault
        return first

    def _judge_seal_row(self) -> Fault | None:
        """Seals follow one another without a gap, and each that the ledger knows is there."""
        covered = 0
        for seal in self._claims.seals:
            if seal.first != covered + 1:
                return Fault(self.branch, FaultKind.SEAL, seal.sequence)
            covered = seal.sequence
        by_id = {seal.seal_id: seal for seal in self._claims.seals}
        for verb, seal_id in self._claims.noted_seals:
            known = by_id.get(seal_id)
            if known is None:
                return Fault(self.branch, FaultKind.SEAL)
            if verb == "countersign_seal" and not known.countersignature:
                return Fault(self.branch, FaultKind.SEAL, known.sequence, "countersignature")
        return None

    def _of(self, identity: Identity, kind: FaultKind, part: str = "") -> Fault:
        return Fault(self.branch, kind, identity.sequence, part, identity.record)


def _is_same_file(stored: dict[str, Any], said: dict[str, Any], record: str, key: str) -> bool:
    return bool(
        stored["record"] == record
        and stored["file"] == f"attachments/{key[:2]}/{key}"
        and all(stored[name] == said[name] for name in _SAID_FIELDS)
    )


def _has_same_bytes(stored: dict[str, Any]) -> bool:
    path = Path(settings.MEDIA_ROOT) / str(stored["file"])
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == str(stored["digest"])
    except OSError:
        return False


def _judge_redaction(redaction: RedactionFacts) -> Fault | None:
    r = redaction
    if not is_redaction_signed(r):
        return Fault(r.branch, FaultKind.SIGNATURE, 0, r.part)
    if not is_own_key(r.public_key, r.key_organization, r.key_generation):
        return Fault(r.branch, FaultKind.KEY, 0, r.part)
    return None


def _judge_seal(seal: SealFacts) -> Fault | None:
    if not is_seal_signed(seal) or not is_countersigned(seal):
        return Fault(seal.branch, FaultKind.SIGNATURE, seal.sequence, "seal")
    keys = [(seal.public_key, seal.key_organization, seal.key_generation)]
    if seal.countersignature:
        counter = seal.counter_organization
        keys.append((seal.counter_public_key, counter, seal.counter_generation))
    if not all(is_own_key(*key) for key in keys):
        return Fault(seal.branch, FaultKind.KEY, seal.sequence, "seal")
    return None
