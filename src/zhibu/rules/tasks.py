"""How a task stands on a day, and what a record may say of tasks. Never stored: worked out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from zhibu.rules.branches import BranchFacts
from zhibu.rules.contents import FollowUpState, RecordContent, TaskNote
from zhibu.rules.norm import Activity
from zhibu.rules.standing import SOON_DAYS
from zhibu.rules.verdicts import Severity, Verdict

GRACE_DAYS = 7
"""So many days a task may be overdue before the level above sees it as such: first it shows to
those who can see to it."""

LONGEST_DUE = timedelta(days=5 * 366)
"""A term of office; a date beyond it is more likely a slip of the pen."""


class TaskState(StrEnum):
    """What was decided of a task."""

    OPEN = "open"
    CLOSED = "closed"
    DROPPED = "dropped"


class TaskStanding(StrEnum):
    """How it stands on a day."""

    GOING = "going"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    CLOSED = "closed"
    CLOSED_LATE = "closed_late"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """What is known of one task. `ended_on` is the day on which it was closed or dropped."""

    due_on: date
    state: TaskState = TaskState.OPEN
    ended_on: date | None = None
    reason: str = ""  # of dropping
    task: str = ""  # names it in the verdict


@dataclass(frozen=True, slots=True)
class TaskJudgement:
    """How a task stands and why."""

    standing: TaskStanding
    verdict: Verdict


def judge_task(
    task: TaskFacts, today: date, *, soon_days: int = SOON_DAYS, grace_days: int = 0
) -> TaskJudgement:
    """How a task stands on a day. On the due day itself it is not yet overdue.

    `grace_days` is for whoever looks from above: so long after the due day they are told that the
    organisation itself is seeing to it.
    """
    standing, rule, severity, facts = _judge(task, today, soon_days, grace_days)
    return TaskJudgement(standing, Verdict(rule, severity, task.task, facts))


def _judge(
    task: TaskFacts, today: date, soon_days: int, grace_days: int
) -> tuple[TaskStanding, str, Severity, dict[str, object]]:
    if task.state is TaskState.DROPPED:
        return TaskStanding.DROPPED, "TASK-06", Severity.NOTE, {"reason": task.reason}
    if task.state is TaskState.CLOSED and task.ended_on is not None:
        late = (task.ended_on - task.due_on).days
        ended: dict[str, object] = {"due": task.due_on, "ended": task.ended_on, "days": late}
        if late > 0:
            return TaskStanding.CLOSED_LATE, "TASK-05", Severity.WARNING, ended
        return TaskStanding.CLOSED, "TASK-04", Severity.NOTE, ended
    late = (today - task.due_on).days
    said: dict[str, object] = {"due": task.due_on, "days": abs(late)}
    if late > grace_days:
        return TaskStanding.OVERDUE, "TASK-03", Severity.ERROR, said
    if late > 0:
        return TaskStanding.GOING, "TASK-07", Severity.NOTE, said
    if -late <= soon_days:
        return TaskStanding.DUE_SOON, "TASK-02", Severity.WARNING, said
    return TaskStanding.GOING, "TASK-01", Severity.NOTE, said


def overdue_before(today: date, *, from_above: bool) -> date:
    """Open tasks due before this day are overdue to whoever looks."""
    return today - timedelta(days=GRACE_DAYS) if from_above else today


def judge_record_tasks(
    content: RecordContent, facts: BranchFacts, passed: dict[int, bool] | None = None
) -> Iterator[Verdict]:
    """What a record says of tasks and of what was passed on in it.

    `passed` knows of decisions that were put to the vote, by number from 1, whether they passed.
    """
    day = content.began_at.date() if content.began_at is not None else None
    for at, decision in enumerate(content.decisions, start=1):
        if decision.task is not None:
            yield from _judge_note(decision.task, at, day, facts)
            if Activity.TALK in content.activities:  # a task is read by more people than a talk
                yield Verdict("RECORD-59", Severity.ERROR, f"decisions[{at}]", {"number": at})
            if (passed or {}).get(at) is False:
                yield Verdict("RECORD-57", Severity.WARNING, f"decisions[{at}]", {"number": at})
    yield from _judge_follow_ups(content)
    yield from _judge_carried(content)


def _judge_note(
    note: TaskNote, number: int, day: date | None, facts: BranchFacts
) -> Iterator[Verdict]:
    subject, said = f"decisions[{number}]", {"number": number}
    if note.due_on is None:
        yield Verdict("RECORD-50", Severity.ERROR, subject, said)
    elif day is not None and note.due_on < day:
        dates = {**said, "due": note.due_on, "day": day}
        yield Verdict("RECORD-52", Severity.ERROR, subject, dates)
    elif day is not None and note.due_on - day > LONGEST_DUE:
        yield Verdict("RECORD-53", Severity.WARNING, subject, {**said, "due": note.due_on})
    if note.owner and day is not None and not _belongs(note.owner, facts, day):
        named = {**said, "name": note.owner_name, "day": day}
        yield Verdict("RECORD-51", Severity.ERROR, subject, named)


def _belongs(member: str, facts: BranchFacts, day: date) -> bool:
    return any(one.member == member and one.span.covers(day) for one in facts.members)


def _judge_follow_ups(content: RecordContent) -> Iterator[Verdict]:
    seen: set[str] = set()
    for at, one in enumerate(content.follow_ups, start=1):
        subject, said = f"follow_ups[{at}]", {"title": one.title}
        if one.key in seen:
            yield Verdict("RECORD-58", Severity.ERROR, subject, said)
        seen.add(one.key)
        if one.note.strip():
            continue
        if one.state is FollowUpState.DROPPED:
            yield Verdict("RECORD-54", Severity.ERROR, subject, said)
        elif one.state is FollowUpState.CLOSED:
            yield Verdict("RECORD-55", Severity.WARNING, subject, said)


def _judge_carried(content: RecordContent) -> Iterator[Verdict]:
    """A text is passed on to those who are there, so somebody has to be."""
    if content.texts and not any(row.is_there for row in content.attendance):
        for text in content.texts:
            yield Verdict("RECORD-56", Severity.ERROR, "texts", {"title": text.title})
