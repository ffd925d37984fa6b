"""Whom to remind of what is due and overdue, and when: first who can act, later who judges.

A round goes once over all branches on each working day. What a round tells follows from the day of
the last round, so that a worker that stood still for a week tells everything once, and nothing is
told twice:

- *due*: a line comes within the days before its due day that the organisation has chosen;
- *overdue*: a line's due day is over; and again, all of them together, in the first round of a week;
- *above*: a line has been overdue for `ABOVE_AFTER` days: the office above hears of their number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from zhibu.rules.standing import State

ABOVE_AFTER: Final = 7
"""So many days a branch has for itself before the office above is told."""


class Stage(StrEnum):
    """What a reminder says."""

    DUE = "due"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Span:
    """The days that a round stands for: after `since`, the day of the last round, to `day`.

    `since` None: there was none yet, and everything is new.
    """

    day: date
    since: date | None = None

    def __post_init__(self) -> None:
        if self.since is not None and self.since >= self.day:
            raise ValueError("a round comes after the one before it")

    @property
    def begins_week(self) -> bool:
        """Whether this is the first round of a week."""
        return self.since is None or self.since.isocalendar()[:2] != self.day.isocalendar()[:2]

    def is_new(self, day: date) -> bool:
        """Whether what begins on that day has begun since the last round."""
        return day <= self.day and (self.since is None or day > self.since)


@dataclass(frozen=True, slots=True)
class Owed:
    """A line that is not done: how it stands on the day of the round."""

    line: str
    title: str
    due: date
    state: State
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Actors:
    """Accounts of those who can act in a branch: its committee, and each group's leaders."""

    committee: tuple[str, ...] = ()
    leaders: Mapping[str, tuple[str, ...]] | None = None

    def leading(self, group: str) -> tuple[str, ...]:
        """The leaders of a group who do not hear of it as members of the committee."""
        found = (self.leaders or {}).get(group, ())
        return tuple(person for person in found if person not in self.committee)


@dataclass(frozen=True, slots=True)
class Reminder:
    """One thing to tell some people of a branch; `group` when only of that group's lines."""

    stage: Stage
    people: tuple[str, ...]
    lines: tuple[Owed, ...]
    group: str | None = None


def last_told(path: str, broken_off: Iterable[tuple[date, str]], since: date | None) -> date | None:
    """The day of the last round that went over the branch at this path.

    `since` is that of the last round that was finished; `broken_off` are the days of those after it,
    each with the path of the last branch that it came to, in the order of the tree.
    """
    return max((day for day, after in broken_off if path <= after), default=since)


def stage_of(owed: Owed, span: Span, soon_days: int) -> Stage | None:
    """What to say of a line in this round; None for nothing."""
    if owed.state is State.DUE_SOON and span.is_new(owed.due - timedelta(days=soon_days)):
        return Stage.DUE
    if owed.state is State.OVERDUE and (
        span.begins_week or span.is_new(owed.due + timedelta(days=1))
    ):
        return Stage.OVERDUE
    return None


def remind(
    lines: Iterable[Owed], span: Span, actors: Actors, *, soon_days: int
) -> tuple[Reminder, ...]:
    """The reminders of one branch in one round: one of each stage for its committee, and for each group.

    The committee hears of all lines, a group's leaders of that group's alone.
    """
    staged: dict[Stage, list[Owed]] = {}
    for owed in sorted(lines, key=lambda one: (one.due, one.title, one.line)):
        if (stage := stage_of(owed, span, soon_days)) is not None:
            staged.setdefault(stage, []).append(owed)
    found = []
    for stage, told in staged.items():
        if actors.committee:
            found.append(Reminder(stage, actors.committee, tuple(told)))
        for group in dict.fromkeys(one.group for one in told if one.group is not None):
            if leaders := actors.leading(group):
                theirs = tuple(one for one in told if one.group == group)
                found.append(Reminder(stage, leaders, theirs, group))
    return tuple(found)


def due_days_above(span: Span) -> tuple[date | None, date]:
    """Due days, both included, of what the offices above hear of in this round; None: from the first."""
    last = span.day - timedelta(days=ABOVE_AFTER)
    if span.since is None:
        return None, last
    return span.since - timedelta(days=ABOVE_AFTER - 1), last


def nearest_only(counts: Mapping[str, int]) -> dict[str, int]:
    """By path of an office what is owed below it: without what lies below an office further down.

    So each branch is heard of by one office, the nearest above it. In the order of the tree.
    """
    own: dict[str, int] = {}
    above: list[str] = []  # the offices on the way down to this one
    for path in sorted(counts):
        while above and not path.startswith(above[-1]):
            above.pop()
        if above:
            own[above[-1]] -= counts[path]
        own[path] = counts[path]
        above.append(path)
    return {path: count for path, count in own.items() if count > 0}


def say_lines(stage: Stage, lines: tuple[Owed, ...]) -> str:
    """The title of a reminder: how many, the first of them, and its day."""
    first = lines[0]
    day = f"{first.due.month}月{first.due.day}日"
    what = first.title if len(lines) == 1 else f"{first.title}等{len(lines)}项"
    head = "临近到期" if stage is Stage.DUE else "已经逾期"
    return f"{head}：{what}，{'应于' if len(lines) == 1 else '最早的应于'}{day}前（含当日）完成"
