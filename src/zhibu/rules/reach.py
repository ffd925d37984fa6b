"""Whom a text is for, how it gets to them level by level, and what reaching somebody takes."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from zhibu.rules.branches import Span
from zhibu.rules.verdicts import Severity, Verdict

TITLE_LENGTH: Final = 200
BODY_LENGTH: Final = 100_000
MOST_ORGANIZATIONS: Final = 200  # that a text names; each with all below it
_LEVEL: Final = 4  # digits of a path a level (org.paths)


class Mode(StrEnum):
    """How a text goes down."""

    AT_ONCE = "at_once"
    BY_LEVEL = "by_level"


class Readers(StrEnum):
    """Who in an organisation is to read it."""

    MEMBERS = "members"
    COMMITTEE = "committee"
    SECRETARIES = "secretaries"


@dataclass(frozen=True, slots=True)
class Seat:
    """One place that a member has on the day of issue: in a branch, or in an office.

    `path`, `kind` and `field` are those of the organisation; `office` is "" for belonging to a
    branch.
    """

    path: str
    kind: str
    field: str
    office: str = ""


@dataclass(frozen=True, slots=True)
class AudienceFacts:
    """Whom a text is for. `paths` are the organisations, each with all below; no kinds: all."""

    paths: tuple[str, ...]
    readers: Readers = Readers.MEMBERS
    kinds: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TextDraft:
    """What somebody writes: the text, whom it is for, how it goes down.

    `organizations` are those that it is for, each with all below; no kinds or fields: all.
    """

    title: str = ""
    body: str = ""
    organizations: tuple[UUID, ...] = ()
    readers: Readers = Readers.MEMBERS
    kinds: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    mode: Mode = Mode.AT_ONCE
    reach_by: date | None = None
    theme_id: UUID | None = None


def is_reader(readers: Readers, office: str) -> bool:
    """Whether an office ("" for belonging to a branch) makes somebody a reader."""
    if readers is Readers.MEMBERS:
        return office == ""
    if readers is Readers.SECRETARIES:
        return office == "secretary"
    return office not in ("", "group_leader")


def seat_of(audience: AudienceFacts, seats: Iterable[Seat]) -> Seat | None:
    """The seat in which a text is for somebody; None where it is not. Of several the first above."""
    fitting = (
        seat
        for seat in seats
        if is_reader(audience.readers, seat.office)
        and (not audience.kinds or seat.kind in audience.kinds)
        and (not audience.fields or seat.field in audience.fields)
        and any(seat.path.startswith(path) for path in audience.paths)
    )
    return min(fitting, key=lambda seat: seat.path, default=None)


def spare_paths(paths: Iterable[str]) -> tuple[str, ...]:
    """The paths in the order of the tree, without those that lie below another."""
    kept: list[str] = []
    for path in sorted(set(paths)):
        if not kept or not path.startswith(kept[-1]):
            kept.append(path)
    return tuple(kept)


def common_paths(audience: Iterable[str], scope: str) -> tuple[str, ...]:
    """What of the audience lies at or below `scope`; `scope` itself where all of it does."""
    paths = spare_paths(audience)
    if any(scope.startswith(path) for path in paths):
        return (scope,)
    return tuple(path for path in paths if path.startswith(scope))


def has_arrived(issuer: str, path: str, mode: Mode, forwarded: Container[str]) -> bool:
    """Whether a text has come down to an organisation, so that it may send it on."""
    if mode is Mode.AT_ONCE or path == issuer:
        return True
    above = path[:-_LEVEL]
    return above == issuer or above in forwarded


def comes_down(
    issuer: str, seat: str, mode: Mode, forwarded: Container[str], readers: Readers
) -> bool:
    """Whether a text has come down to a reader in this seat.

    Those in office read it when it arrives, for they send it on; members of a branch when their
    branch has sent it on.
    """
    if mode is Mode.AT_ONCE or seat == issuer:
        return True
    if readers is Readers.MEMBERS:
        return seat in forwarded
    return has_arrived(issuer, seat, mode, forwarded)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far a text has got at one level: for how many it is, how many it has reached, and how."""

    expected: int = 0
    reached: int = 0
    by_meeting: int = 0
    by_visit: int = 0

    def __add__(self, other: Coverage) -> Coverage:
        return Coverage(
            self.expected + other.expected,
            self.reached + other.reached,
            self.by_meeting + other.by_meeting,
            self.by_visit + other.by_visit,
        )

    @property
    def by_reading(self) -> int:
        """Who has said so themselves: what no meeting and no visit gave."""
        return self.reached - self.by_meeting - self.by_visit

    @property
    def open(self) -> int:
        """Whom it has not reached."""
        return max(0, self.expected - self.reached)

    @property
    def is_whole(self) -> bool:
        """Whether it has reached everybody."""
        return self.expected > 0 and self.open == 0


@dataclass(frozen=True, slots=True)
class DraftFacts:
    """A text as it is judged before it is issued.

    `issuer` is the path of the organisation that issues it, `paths` those of the organisations that
    it is for, `has_files` whether something is attached.
    """

    issuer: str
    title: str
    body: str
    has_files: bool
    audience: AudienceFacts
    reach_by: date | None = None
    mode: Mode = Mode.AT_ONCE


def judge_text(draft: DraftFacts, today: date) -> tuple[Verdict, ...]:
    """What keeps a text from being issued; empty when nothing does."""
    return (*_judge_words(draft), *_judge_audience(draft), *_judge_date(draft, today))


def _judge_words(draft: DraftFacts) -> Iterator[Verdict]:
    if not draft.title.strip():
        yield Verdict("TEXT-01", Severity.ERROR, "title")
    elif len(draft.title) > TITLE_LENGTH:
        yield Verdict("TEXT-02", Severity.ERROR, "title", {"most": TITLE_LENGTH})
    if not draft.body.strip() and not draft.has_files:
        yield Verdict("TEXT-03", Severity.ERROR, "body")
    elif len(draft.body) > BODY_LENGTH:
        yield Verdict("TEXT-04", Severity.ERROR, "body", {"most": BODY_LENGTH})


def _judge_audience(draft: DraftFacts) -> Iterator[Verdict]:
    audience = draft.audience
    if not audience.paths:
        yield Verdict("TEXT-05", Severity.ERROR, "organizations")
    elif len(audience.paths) > MOST_ORGANIZATIONS:
        yield Verdict("TEXT-06", Severity.ERROR, "organizations", {"most": MOST_ORGANIZATIONS})
    elif not all(path.startswith(draft.issuer) for path in audience.paths):
        yield Verdict("TEXT-07", Severity.ERROR, "organizations")
    if audience.readers is Readers.MEMBERS and audience.kinds and "branch" not in audience.kinds:
        yield Verdict("TEXT-08", Severity.ERROR, "kinds")


def _judge_date(draft: DraftFacts, today: date) -> Iterator[Verdict]:
    if draft.reach_by is not None and draft.reach_by < today:
        yield Verdict("TEXT-09", Severity.ERROR, "reach_by", {"day": draft.reach_by})


@dataclass(frozen=True, slots=True)
class Wording:
    """What a text says: its title, its body, the digests of what is attached."""

    title: str
    body: str
    files: tuple[str, ...] = ()


MOST_OF_A_CORRECTION: Final = 0.1
LEAST_OF_A_CHANGE: Final = 40
"""A small correction touches no more than this part of the words, or than so many characters."""


def judge_amendment(
    before: Wording, after: Wording, *, note: str, is_new_version: bool, has_files: bool
) -> tuple[Verdict, ...]:
    """What keeps an amendment from being made, and a word of warning about a large correction."""
    found: list[Verdict] = []
    if not after.title.strip():
        found.append(Verdict("TEXT-01", Severity.ERROR, "title"))
    elif len(after.title) > TITLE_LENGTH:
        found.append(Verdict("TEXT-02", Severity.ERROR, "title", {"most": TITLE_LENGTH}))
    if not after.body.strip() and not has_files:
        found.append(Verdict("TEXT-03", Severity.ERROR, "body"))
    elif len(after.body) > BODY_LENGTH:
        found.append(Verdict("TEXT-04", Severity.ERROR, "body", {"most": BODY_LENGTH}))
    if before == after:
        found.append(Verdict("TEXT-10", Severity.ERROR, "body"))
    if not note.strip():
        found.append(Verdict("TEXT-11", Severity.ERROR, "note"))
    if not is_new_version and is_large_change(before, after):
        found.append(Verdict("TEXT-12", Severity.WARNING, "is_new_version"))
    return tuple(found)


def is_large_change(before: Wording, after: Wording) -> bool:
    """Whether more changes than a correction should: then it ought to be read again."""
    if before.files != after.files:
        return True
    old, new = before.title + before.body, after.title + after.body
    whole = max(len(old), len(new))
    head = _same_from_start(old, new)
    tail = _same_from_start(old[head:][::-1], new[head:][::-1])
    return whole - head - tail > max(LEAST_OF_A_CHANGE, whole * MOST_OF_A_CORRECTION)


def _same_from_start(one: str, other: str) -> int:
    return next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )


def version_at(versions: Iterable[tuple[int, datetime]], moment: datetime) -> int:
    """The version in force at a moment; 0 before the first. `versions` says since when each is."""
    return max((number for number, since in versions if since <= moment), default=0)


def judge_meeting(
    *,
    issued_at: datetime,
    recalled_at: datetime | None,
    began_at: datetime,
    ended_at: datetime,
    filed_at: datetime,
) -> Verdict | None:
    """Why a meeting that carries a text has reached nobody; None when it has.

    It cannot pass on what was not issued while it was held, nor what had been recalled before, nor
    before it is held. `ended_at` is its beginning where no end was written.
    """
    if began_at > filed_at:
        return Verdict("CARRY-01", Severity.WARNING, "texts", {"met": began_at})
    if ended_at < issued_at:
        facts = {"met": ended_at, "issued": issued_at}
        return Verdict("CARRY-02", Severity.WARNING, "texts", facts)
    if recalled_at is not None and began_at > recalled_at:
        return Verdict("CARRY-03", Severity.WARNING, "texts", {"recalled": recalled_at})
    return None


def judge_visit(
    visited: date,
    *,
    issued: date,
    today: date,
    infirm: Sequence[Span],
    is_visitor_of_branch: bool,
    is_self: bool,
) -> tuple[Verdict, ...]:
    """What keeps a visit from counting; empty when nothing does.

    `infirm` are the member's spells of old age or illness.
    """
    found: list[Verdict] = []
    if visited > today:
        found.append(Verdict("VISIT-01", Severity.ERROR, "visited_on", {"day": visited}))
    elif visited < issued:
        found.append(Verdict("VISIT-02", Severity.ERROR, "visited_on", {"issued": issued}))
    elif not any(span.covers(visited) for span in infirm):
        found.append(Verdict("VISIT-03", Severity.ERROR, "member", {"day": visited}))
    if is_self:
        found.append(Verdict("VISIT-04", Severity.ERROR, "visitor"))
    elif not is_visitor_of_branch:
        found.append(Verdict("VISIT-05", Severity.ERROR, "visitor", {"day": visited}))
    return tuple(found)
