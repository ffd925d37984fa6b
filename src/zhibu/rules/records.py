"""What a record must hold: the same judgement while it is written and when it is filed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from zhibu.rules.attendance import Tally, expected_attendees, tally_attendance
from zhibu.rules.branches import BranchFacts
from zhibu.rules.contents import (
    AttachmentNote,
    Attendance,
    AttendanceStatus,
    Candidate,
    Decision,
    DecisionKind,
    RecordContent,
)
from zhibu.rules.contents_data import ContentError, from_data, to_data
from zhibu.rules.elements import judge_elements
from zhibu.rules.norm import Activity, Attendees, Element, Requirement, Threshold
from zhibu.rules.roster import judge_people
from zhibu.rules.standing import FILE_DAYS, judge_filing
from zhibu.rules.tasks import judge_record_tasks
from zhibu.rules.verdicts import Severity, Verdict
from zhibu.rules.votes import (
    judge_decision,
    judge_election,
    judge_quorum,
    judge_uncounted,
    judge_votes,
    vote_rule,
)

__all__ = [
    "AttachmentNote",
    "Attendance",
    "AttendanceStatus",
    "Candidate",
    "ContentError",
    "Decision",
    "DecisionKind",
    "LineTarget",
    "RecordContent",
    "Tally",
    "expected_attendees",
    "from_data",
    "is_fit_to_file",
    "judge_ballots",
    "judge_decision",
    "judge_quorum",
    "judge_record",
    "tally_attendance",
    "to_data",
]

LONGEST_MEETING = timedelta(hours=12)
"""A meeting longer than this is more likely a slip of the pen."""


@dataclass(frozen=True, slots=True)
class LineTarget:
    """A line of the table that a record may discharge; `group` is "" for the whole branch."""

    line: str
    activity: Activity
    opens: date
    due: date
    title: str = ""
    group: str = ""
    is_waived: bool = False
    discharged_by: str = ""  # another record


def judge_record(
    content: RecordContent,
    requirements: Sequence[Requirement],
    facts: BranchFacts,
    *,
    today: date,
    lines: Iterable[LineTarget] | None = None,
    own: Sequence[Element] = (),
    file_days: int = FILE_DAYS,
) -> tuple[Verdict, ...]:
    """Everything that is missing, wrong or worth knowing in a record on a day.

    `requirements` are those that the record answers; the ones of other activities are left aside.
    `lines` are the lines of the table that it may discharge; without them the lines it names are
    not judged. `own` are the fields that the organisation itself asks for. A verdict's `subject` is
    the field: ``place``, ``attendance[2]``, ``decisions[1]``, ``elements.lecturer``; counted from 1.
    """
    asked = [one for one in requirements if one.activity in content.activities]
    return (
        *_judge_kind(content, asked),
        *_judge_time(content, facts, today),
        *judge_elements(content, asked, own),
        *judge_people(content, asked, facts),
        *(votes := judge_ballots(content, asked)),
        *judge_uncounted(content.decisions, tally_attendance(content)),
        *judge_record_tasks(content, facts, _passed(votes)),
        *_judge_lines(content, lines),
        *_judge_lateness(content, today, file_days),
    )


def judge_ballots(
    content: RecordContent, requirements: Sequence[Requirement]
) -> tuple[Verdict, ...]:
    """Whether enough had come, and which decisions the votes passed: with base and article."""
    asked = [one for one in requirements if one.activity in content.activities]
    return tuple(_judge_votes(content, asked, tally_attendance(content)))


def _passed(votes: Iterable[Verdict]) -> dict[int, bool]:
    """Which decisions the votes passed and which not, by their number."""
    return {
        int(one.subject.removeprefix("decisions[").removesuffix("]")): one.rule == "VOTE-01"
        for one in votes
        if one.rule in {"VOTE-01", "VOTE-02"}
    }


def is_fit_to_file(verdicts: Iterable[Verdict]) -> bool:
    """Whether nothing among the verdicts stops filing."""
    return all(verdict.severity is not Severity.ERROR for verdict in verdicts)


def _judge_kind(content: RecordContent, asked: Sequence[Requirement]) -> Iterator[Verdict]:
    if not content.activities:
        yield Verdict("RECORD-01", Severity.ERROR, "activities")
    is_of_group = Activity.GROUP_MEETING in content.activities or any(
        one.attendees is Attendees.GROUP for one in asked
    )
    if is_of_group and not content.group:
        yield Verdict("RECORD-02", Severity.ERROR, "group")


def _judge_time(content: RecordContent, facts: BranchFacts, today: date) -> Iterator[Verdict]:
    if content.began_at is None:
        yield Verdict("RECORD-03", Severity.ERROR, "began_at")
        return
    # Local time on both sides: an offset is not compared, so a mixture of both cannot fail.
    began = content.began_at.replace(tzinfo=None)
    day = began.date()
    if day > today:
        yield Verdict("RECORD-04", Severity.ERROR, "began_at", {"day": day, "today": today})
    if day < facts.span.since:
        said = {"day": day, "founded": facts.span.since}
        yield Verdict("RECORD-05", Severity.ERROR, "began_at", said)
    if facts.span.until is not None and day > facts.span.until:
        said = {"day": day, "dissolved": facts.span.until}
        yield Verdict("RECORD-06", Severity.ERROR, "began_at", said)
    if content.ended_at is None:
        return
    ended = content.ended_at.replace(tzinfo=None)
    if ended < began:
        yield Verdict("RECORD-07", Severity.ERROR, "ended_at", {"began": began, "ended": ended})
    elif ended - began > LONGEST_MEETING:
        hours = int((ended - began) / timedelta(hours=1))
        yield Verdict("RECORD-08", Severity.WARNING, "ended_at", {"hours": hours})


def _judge_votes(
    content: RecordContent, asked: Sequence[Requirement], tally: Tally
) -> Iterator[Verdict]:
    has_voted = False
    judged: set[Threshold] = set()  # one meeting, one quorum: said once, however many votes
    for at, decision in enumerate(content.decisions, start=1):
        subject = f"decisions[{at}]"
        if not decision.text.strip():
            yield Verdict("RECORD-09", Severity.ERROR, subject, {"number": at})
        if not decision.has_votes:
            continue
        has_voted = True
        yield from _judge_one_vote(decision, asked, content, tally, subject, judged)
    if has_voted:
        return
    for requirement in asked:
        if requirement.quorum is not None and content.attendance:
            yield judge_quorum(
                requirement.quorum, tally, has_votes=False, article=requirement.article
            )
            return


def _judge_one_vote(
    decision: Decision,
    asked: Sequence[Requirement],
    content: RecordContent,
    tally: Tally,
    subject: str,
    judged: set[Threshold],
) -> Iterator[Verdict]:
    day = content.began_at.date() if content.began_at is not None else None
    rule = vote_rule(decision, asked, content.activities, day=day)
    yield from (impossible := judge_votes(decision, tally, subject=subject))
    if rule.quorum is not None and rule.quorum not in judged:
        judged.add(rule.quorum)
        yield judge_quorum(rule.quorum, tally, article=rule.article)
    if impossible:
        return  # nothing follows from numbers that cannot be true
    if decision.kind is DecisionKind.ELECTION and decision.candidates:
        yield from judge_election(
            decision, rule.majority, tally, subject=subject, article=rule.article
        )
    elif rule.majority is not None:
        yield judge_decision(decision, rule.majority, tally, subject=subject, article=rule.article)


def _judge_lines(content: RecordContent, lines: Iterable[LineTarget] | None) -> Iterator[Verdict]:
    if lines is None:
        return
    known: Mapping[str, LineTarget] = {line.line: line for line in lines}
    day = content.began_at.date() if content.began_at is not None else None
    for named in content.lines:
        line = known.get(named)
        if line is None:
            yield Verdict("RECORD-10", Severity.ERROR, "lines", {"line": named})
            continue
        facts: dict[str, Any] = {"title": line.title, "activity": line.activity, "line": named}
        if line.activity not in content.activities:
            yield Verdict("RECORD-11", Severity.ERROR, "lines", facts)
        if line.group != content.group and line.group:
            yield Verdict("RECORD-12", Severity.ERROR, "lines", facts)
        if line.discharged_by:
            yield Verdict("RECORD-13", Severity.ERROR, "lines", facts)
        if line.is_waived:
            yield Verdict("RECORD-14", Severity.ERROR, "lines", facts)
        if day is not None and not line.opens <= day <= line.due:
            said = {**facts, "day": day, "opens": line.opens, "due": line.due}
            rule = "RECORD-15" if day < line.opens else "RECORD-16"
            yield Verdict(rule, Severity.WARNING, "lines", said)


def _judge_lateness(content: RecordContent, today: date, file_days: int) -> Iterator[Verdict]:
    if content.began_at is None:
        return
    verdict = judge_filing(content.began_at.date(), today, file_days=file_days)
    if verdict is not None:
        yield verdict
