"""Who is expected, who came, who may vote: the arithmetic of attendance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from zhibu.rules.branches import BranchFacts, MemberFacts, Span
from zhibu.rules.contents import Attendance, AttendanceStatus, RecordContent
from zhibu.rules.norm import Attendees, Requirement


@dataclass(frozen=True, slots=True)
class Tally:
    """A meeting counted. ``expected == present + leave + absent`` always holds.

    `expected` is 应到, `present` is 实到 (`late` of them late), `guests` is 列席. Somebody who need
    not have come and came counts as expected and present; who need not come and stayed away is in
    `excused` and nowhere else.
    """

    expected: int = 0
    present: int = 0
    late: int = 0
    leave: int = 0
    absent: int = 0
    excused: int = 0
    guests: int = 0
    voters_expected: int = 0
    voters_present: int = 0
    committee_expected: int = 0
    committee_present: int = 0


def tally_attendance(content: RecordContent) -> Tally:
    """Count a record's attendance."""
    rows = content.attendance
    counted = [row for row in rows if row.is_expected or row.is_there]
    there = [row for row in counted if row.is_there]
    return Tally(
        expected=len(counted),
        present=len(there),
        late=_with(there, AttendanceStatus.LATE),
        leave=_with(counted, AttendanceStatus.LEAVE),
        absent=_with(counted, AttendanceStatus.ABSENT),
        excused=len(rows) - len(counted),
        guests=sum(1 for guest in content.guests if guest.strip()),
        voters_expected=sum(1 for row in counted if row.has_vote),
        voters_present=sum(1 for row in there if row.has_vote),
        committee_expected=sum(1 for row in counted if row.is_committee),
        committee_present=sum(1 for row in there if row.is_committee),
    )


def expected_attendees(
    requirements: Requirement | Iterable[Requirement],
    facts: BranchFacts,
    day: date,
    *,
    group: str | None = None,
) -> tuple[Attendance, ...]:
    """Who is expected on a day, all taken to be present, in the order of the roster.

    One event may answer several requirements: whoever one of them expects is expected. `group` is
    the group that meets. Old or ill members, or members away, appear with ``is_expected=False``
    where the rule does not ask for them. Names are for the caller to fill in.
    """
    asked = (requirements,) if isinstance(requirements, Requirement) else tuple(requirements)
    rows: list[Attendance] = []
    for member in facts.members:
        if not member.span.covers(day):
            continue
        asking = [one for one in asked if _is_asked(one.attendees, member, day, group)]
        if not asking:
            continue
        rows.append(
            Attendance(
                member=member.member,
                is_expected=any(not _is_excused(one, member, day) for one in asking),
                has_vote=has_vote(member, day),
                is_committee=covers(member.committee, day),
            )
        )
    return tuple(rows)


def has_vote(member: MemberFacts, day: date) -> bool:
    """Whether a member may vote: full, and not in a time without a vote."""
    return is_full(member, day) and not covers(member.voteless, day)


def is_full(member: MemberFacts, day: date) -> bool:
    """Whether a member is a full one (正式党员) on a day."""
    return member.full_on is not None and member.full_on <= day


def covers(spans: Sequence[Span], day: date) -> bool:
    """Whether one of the spans covers the day."""
    return any(span.covers(day) for span in spans)


def _is_asked(attendees: Attendees, member: MemberFacts, day: date, group: str | None) -> bool:
    if attendees is Attendees.MEMBERS:
        return True
    if attendees is Attendees.FULL_MEMBERS:
        return is_full(member, day)
    if attendees is Attendees.COMMITTEE:
        return covers(member.committee, day)
    if attendees is Attendees.GROUP:
        return group is not None and member.group == group
    return False


def _is_excused(requirement: Requirement, member: MemberFacts, day: date) -> bool:
    return (requirement.excuses_infirm and covers(member.infirm, day)) or (
        requirement.excuses_away and covers(member.away, day)
    )


def _with(rows: Iterable[Attendance], status: AttendanceStatus) -> int:
    return sum(1 for row in rows if row.status is status)
