"""日历订阅: what of the table, the tasks and the texts stands on which day of a calendar.

An occasion says nothing that changes by itself but that it is overdue, so that a calendar fetched
twice is the same to the byte, and `changed_at` is when it truly became what it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

from zhibu.rules.labels import label
from zhibu.rules.norm import Attendees
from zhibu.rules.standing import State
from zhibu.rules.wording import say_date

BACK: Final = timedelta(days=366)
AHEAD: Final = timedelta(days=366)
"""A calendar shows a year back and a year ahead."""

_SAID: Final = frozenset(
    {State.DONE, State.DONE_LATE, State.WAIVED, State.BEFORE_USE, State.OVERDUE}
)


@dataclass(frozen=True, slots=True)
class Occasion:
    """One all-day entry. `key` stays the same whatever becomes of it."""

    key: str
    day: date
    title: str
    notes: str
    changed_at: datetime
    address: str = ""  # a path of the product
    is_off: bool = False


@dataclass(frozen=True, slots=True)
class LineOnCalendar:
    """What a calendar takes of a line of the table. `changed_at` is its last change or filing."""

    key: str
    title: str
    topic: str
    group: str
    planned: date
    due: date
    happened: date | None
    state: State
    changed_at: datetime
    address: str = ""


def span_of(today: date) -> tuple[date, date]:
    """The first and the last day that a calendar shows."""
    return today - BACK, today + AHEAD


def occasions_of(line: LineOnCalendar, zone: tzinfo) -> tuple[Occasion, ...]:
    """The day on which it is planned or was done and, while it is to be done, the last day."""
    state = line.state if line.state in _SAID else State.OPEN
    said = "尚未完成" if state is State.OPEN else label(state)
    changed = line.changed_at
    if state is State.OVERDUE:
        changed = max(changed, _midnight(line.due + timedelta(days=1), zone))
    name = f"{line.title}（{line.group}）" if line.group else line.title
    topic = f"主题：{line.topic}\n" if line.topic and line.topic != line.title else ""
    notes = f"{topic}状态：{said}\n应于{say_date(line.due)}前（含当日）完成"
    mark = "" if state in {State.OPEN, State.OVERDUE} else f"（{said}）"
    day = line.happened or line.planned
    is_off = state is State.WAIVED
    held = Occasion(
        f"line-{line.key}", day, f"{name}{mark}", notes, changed, line.address,
        is_off,
    )  # fmt: skip
    if state not in {State.OPEN, State.OVERDUE} or line.due == line.planned:
        return (held,)
    overdue = "（已逾期）" if state is State.OVERDUE else ""
    last = Occasion(
        f"due-{line.key}", line.due, f"最后一天：{name}{overdue}", notes, changed, line.address
    )
    return (held, last)


def asks(
    attendees: Attendees, *, is_of_group: bool, is_committee: bool, is_secretary: bool
) -> bool:
    """Whether a meeting asks for a member of the branch; `is_of_group`: of the group that meets."""
    if attendees in {Attendees.MEMBERS, Attendees.FULL_MEMBERS}:
        return True
    if attendees is Attendees.GROUP:
        return is_of_group
    if attendees is Attendees.SECRETARY:
        return is_secretary
    return attendees is Attendees.COMMITTEE and is_committee


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone)
