"""The people of a record: who presided and wrote, who was away, who is on the list by right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from zhibu.rules.attendance import covers, expected_attendees, has_vote, is_full
from zhibu.rules.branches import BranchFacts, MemberFacts
from zhibu.rules.contents import Attendance, RecordContent
from zhibu.rules.norm import Activity, Requirement
from zhibu.rules.verdicts import Severity, Verdict

MEETINGS_OF_RIGHT = frozenset({Activity.MEMBERS_MEETING, Activity.COMMITTEE_MEETING})
"""Meetings that the secretary, a deputy or a committee member presides over (支部工作条例 14)."""


def judge_people(
    content: RecordContent, asked: Sequence[Requirement], facts: BranchFacts
) -> Iterator[Verdict]:
    """What is wrong with the people of a record."""
    yield from _judge_rows(content)
    day = content.began_at.date() if content.began_at is not None else None
    members = {} if day is None else {m.member: m for m in facts.members if m.span.covers(day)}
    yield from _judge_roles(content, members, day)
    if day is None or not content.attendance:
        return
    yield from _judge_roster(content, members, day)
    yield from _judge_left_out(content, asked, facts, day)


def _judge_rows(content: RecordContent) -> Iterator[Verdict]:
    seen: set[str] = set()
    for at, row in enumerate(content.attendance, start=1):
        subject = f"attendance[{at}]"
        if row.member and row.member in seen:
            yield Verdict("RECORD-30", Severity.ERROR, subject, {"name": _name(row)})
        seen.add(row.member)
        if row.is_expected and not row.is_there and not row.reason.strip():
            said = {"name": _name(row), "status": row.status}
            yield Verdict("RECORD-31", Severity.ERROR, subject, said)
        if not row.member and not row.name.strip():
            yield Verdict("RECORD-32", Severity.ERROR, subject, {"number": at})


def _judge_roles(
    content: RecordContent, members: dict[str, MemberFacts], day: date | None
) -> Iterator[Verdict]:
    presider, recorder = content.presider.strip(), content.recorder.strip()
    # Of namesakes the one who was there is meant: who is there comes last and takes the name.
    by_presence = sorted(content.attendance, key=lambda row: row.is_there)
    rows = {key: row for row in by_presence for key in (row.name, row.member) if key}
    if presider:
        row = rows.get(presider)
        if row is not None and not row.is_there:
            said = {"name": _name(row), "status": row.status}
            yield Verdict("RECORD-33", Severity.ERROR, "presider", said)
        elif row is None and content.attendance:
            name = "" if presider in members else presider
            yield Verdict("RECORD-34", Severity.WARNING, "presider", {"name": name})
        elif row is not None and day is not None:
            yield from _judge_fit(content, row, members, day)
    if recorder:
        row = rows.get(recorder)
        if row is not None and not row.is_there:
            said = {"name": _name(row), "status": row.status}
            yield Verdict("RECORD-35", Severity.ERROR, "recorder", said)


def _judge_fit(
    content: RecordContent, row: Attendance, members: dict[str, MemberFacts], day: date
) -> Iterator[Verdict]:
    member = members.get(row.member)
    if member is None or not MEETINGS_OF_RIGHT.intersection(content.activities):
        return
    said = {"name": _name(row)}
    if not is_full(member, day):
        yield Verdict("RECORD-36", Severity.WARNING, "presider", said)
    elif not covers(member.committee, day) and any(
        covers(other.committee, day) for other in members.values()
    ):
        yield Verdict("RECORD-37", Severity.WARNING, "presider", said)


def _judge_roster(
    content: RecordContent, members: dict[str, MemberFacts], day: date
) -> Iterator[Verdict]:
    for at, row in enumerate(content.attendance, start=1):
        subject = f"attendance[{at}]"
        if not row.member:
            continue
        member = members.get(row.member)
        if member is None:
            said = {"name": _name(row), "day": day}
            yield Verdict("RECORD-38", Severity.WARNING, subject, said)
        elif row.has_vote and not has_vote(member, day):
            said = {"name": _name(row), "day": day}
            rule = "RECORD-39" if is_full(member, day) else "RECORD-40"
            yield Verdict(rule, Severity.ERROR, subject, said)


def _judge_left_out(
    content: RecordContent, asked: Sequence[Requirement], facts: BranchFacts, day: date
) -> Iterator[Verdict]:
    listed = {row.member for row in content.attendance}
    expected = expected_attendees(asked, facts, day, group=content.group or None)
    missing = tuple(row.member for row in expected if row.is_expected and row.member not in listed)
    if missing:
        said = {"count": len(missing), "members": missing}
        yield Verdict("RECORD-41", Severity.WARNING, "attendance", said)


def _name(row: Attendance) -> str:
    return row.name.strip() or row.member
