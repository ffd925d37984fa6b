"""How a line of the table stands on a given day. Never stored: worked out from its facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from zhibu.rules.branches import is_before_use
from zhibu.rules.verdicts import Severity, Verdict

SOON_DAYS = 7
"""So many days before the due day a line is said to be due soon."""

FILE_DAYS = 15
"""So many days after it happened a record counts as filed late. Units ask for 3 to 15 days; this
is the mildest of them, since the core texts name none (domain.md 2.6)."""


class State(StrEnum):
    """How a line stands."""

    UPCOMING = "upcoming"
    OPEN = "open"
    DUE_SOON = "due_soon"
    DONE = "done"
    DONE_LATE = "done_late"
    OVERDUE = "overdue"
    WAIVED = "waived"
    BEFORE_USE = "before_use"


@dataclass(frozen=True, slots=True)
class LineFacts:
    """What is known of one line of the table."""

    opens: date
    due: date
    planned_on: date | None = None
    happened_on: date | None = None
    filed_on: date | None = None
    is_waived: bool = False
    waived_by: str = ""
    waive_reason: str = ""
    line: str = ""  # names the line in verdicts
    in_use_since: date | None = None  # of the branch


@dataclass(frozen=True, slots=True)
class Standing:
    """A line's state and why; `filing` is there when its record was written late."""

    state: State
    verdict: Verdict
    filing: Verdict | None = None


def judge_line(
    line: LineFacts, today: date, *, soon_days: int = SOON_DAYS, file_days: int = FILE_DAYS
) -> Standing:
    """How a line stands on a day. On the due day itself it is not yet overdue.

    What was due before the branch began to use the system is never overdue; when it is recorded
    all the same it is done like any other.
    """
    if line.is_waived:
        facts = {"by": line.waived_by, "reason": line.waive_reason}
        return Standing(State.WAIVED, Verdict("LINE-07", Severity.NOTE, line.line, facts))
    if line.happened_on is not None:
        return _judge_done(line, line.happened_on, file_days)
    due = line.due
    if is_before_use(due, line.in_use_since):
        facts_before = {"due": due, "since": line.in_use_since}
        verdict = Verdict("LINE-10", Severity.NOTE, line.line, facts_before)
        return Standing(State.BEFORE_USE, verdict)
    if today > due:
        late = (today - due).days
        verdict = Verdict("LINE-06", Severity.ERROR, line.line, {"due": due, "days": late})
        return Standing(State.OVERDUE, verdict)
    left = (due - today).days
    facts_left = {"opens": line.opens, "due": due, "days": left}
    # Soon comes before upcoming, so that a tally, which knows due days only, counts the same.
    if left <= soon_days:
        return Standing(State.DUE_SOON, Verdict("LINE-03", Severity.WARNING, line.line, facts_left))
    if today < line.opens:
        return Standing(State.UPCOMING, Verdict("LINE-01", Severity.NOTE, line.line, facts_left))
    if line.planned_on is not None and line.planned_on < today:
        facts_left["planned"] = line.planned_on
        return Standing(State.OPEN, Verdict("LINE-08", Severity.WARNING, line.line, facts_left))
    return Standing(State.OPEN, Verdict("LINE-02", Severity.NOTE, line.line, facts_left))


def judge_filing(
    happened_on: date, filed_on: date, *, file_days: int = FILE_DAYS
) -> Verdict | None:
    """A verdict when a record was filed long after it happened, else None.

    What happened and what was written are two dates; a record written months later must not look
    timely.
    """
    days = (filed_on - happened_on).days
    if days <= file_days:
        return None
    facts = {"happened": happened_on, "filed": filed_on, "days": days, "allowed": file_days}
    return Verdict("FILING-01", Severity.WARNING, "", facts)


def _judge_done(line: LineFacts, happened_on: date, file_days: int) -> Standing:
    filing = None
    if line.filed_on is not None:
        filing = judge_filing(happened_on, line.filed_on, file_days=file_days)
    facts = {"happened": happened_on, "filed": line.filed_on, "due": line.due}
    if happened_on > line.due:
        late = {**facts, "days": (happened_on - line.due).days}
        verdict = Verdict("LINE-05", Severity.WARNING, line.line, late)
        return Standing(State.DONE_LATE, verdict, filing)
    if happened_on < line.opens:
        early = {**facts, "opens": line.opens}
        return Standing(State.DONE, Verdict("LINE-09", Severity.NOTE, line.line, early), filing)
    return Standing(State.DONE, Verdict("LINE-04", Severity.NOTE, line.line, facts), filing)
