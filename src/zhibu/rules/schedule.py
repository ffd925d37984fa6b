"""From duties to the lines of a year's table: on working days, spread out, combined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from zhibu.rules.branches import BranchFacts
from zhibu.rules.calendar import WorkCalendar
from zhibu.rules.duties import Duty
from zhibu.rules.lines import (
    COMBINATIONS,
    Combination,
    ProposedLine,
    Theme,
    audience,
    fixed_day,
    is_in_the_way,
)
from zhibu.rules.norm import Activity, Unit
from zhibu.rules.table import Move, holiday_conflicts, judge_table

__all__ = [
    "COMBINATIONS",
    "Combination",
    "Move",
    "ProposedLine",
    "Theme",
    "fixed_day",
    "holiday_conflicts",
    "judge_table",
    "propose_lines",
]

PLACE_IN_WINDOW: Mapping[Activity, float] = {
    Activity.COMMITTEE_MEETING: 0.2,
    Activity.DUES: 0.3,
    Activity.THEME_DAY: 0.45,
    Activity.MEMBERS_MEETING: 0.55,
    Activity.STUDY: 0.6,
    Activity.GROUP_MEETING: 0.7,
    Activity.TALK: 0.65,
    Activity.ORGANIZATION_LIFE: 0.7,
    Activity.APPRAISAL: 0.72,
}
"""Where in its window an activity is put when nothing else decides: the committee meets first, the
members' meeting after it, talks go before the organisation-life meeting of the fourth quarter,
nothing falls by habit on the end of a month."""

EARLY, MIDDLE, LATE = 0.4, 0.5, 0.85

LOAD_WEIGHT = 6
"""So many days away from the wished day another meeting of the same people on it is worth."""

MAKEUP_COST = 4
"""So many days away a weekend day that is worked instead of a holiday (调休) is worth avoiding."""

REACH = 10
"""So many working days to either side of the wished day are looked at."""


Key = tuple[str, str | None, int]  # Duty.key


def propose_lines(
    duties: Sequence[Duty],
    facts: BranchFacts,
    calendar: WorkCalendar,
    *,
    themes: Sequence[Theme] = (),
    combinations: Sequence[Combination] = COMBINATIONS,
) -> tuple[ProposedLine, ...]:
    """One line for each duty, in the order of their planned days.

    Each falls within its duty's window, on a working day if the window has one. Topics come from
    `themes`.
    """
    diary = _Diary(calendar)
    events = _Events(combinations)
    days: dict[Key, date] = {}
    by_key = {duty.key: duty for duty in duties}
    for duty in sorted(by_key.values(), key=events.turn):
        day = events.join(duty)
        if day is None:
            day = diary.place(duty, facts.theme_day)
            events.offer(duty, day)
        days[duty.key] = day
    lines = [_line(duty, days[key], events.names.get(key), themes) for key, duty in by_key.items()]
    return tuple(sorted(lines, key=_by_day))


class _Diary:
    """The working days of the year and who is already busy on them."""

    def __init__(self, calendar: WorkCalendar) -> None:
        self._calendar = calendar
        self._working: dict[tuple[date, date], tuple[date, ...]] = {}
        self._busy: dict[date, list[str]] = {}

    def place(self, duty: Duty, theme_day: str) -> date:
        """Choose a day for a duty and note that its people are busy on it."""
        people = audience(duty.requirement.attendees, duty.group)
        opens = max(duty.window.opens, date(duty.window.due.year, 1, 1))
        choices = self._choices(opens, duty.window.due)
        fixed = None
        if duty.requirement.cadence.is_fixed_day or duty.requirement.activity is Activity.THEME_DAY:
            fixed = fixed_day(theme_day, duty.window.due.year, duty.window.due.month)
        if not choices:
            day = duty.window.due
        elif fixed is not None:
            # On the fixed day, or the next working day after a holiday, as branches do it.
            day = next((at for at in choices if at >= fixed), choices[-1])
        else:
            day = self._best(choices, _place_in_window(duty), people)
        self._busy.setdefault(day, []).append(people)
        return day

    def _choices(self, since: date, until: date) -> tuple[date, ...]:
        span = (since, until)
        if span not in self._working:
            self._working[span] = self._calendar.working_days(since, until)
        return self._working[span]

    def _best(self, choices: tuple[date, ...], place: float, people: str) -> date:
        wished = round((len(choices) - 1) * place)
        near = range(max(0, wished - REACH), min(len(choices), wished + REACH + 1))
        return choices[min(near, key=lambda at: (self._cost(choices[at], people, at, wished), at))]

    def _cost(self, day: date, people: str, at: int, wished: int) -> int:
        busy = self._busy.get(day, ())
        clashes = sum(1 for other in busy if is_in_the_way(people, other))
        makeup = MAKEUP_COST if day.weekday() >= 5 else 0
        return abs(at - wished) + LOAD_WEIGHT * clashes + len(busy) + makeup


class _Events:
    """Which lines are held together."""

    def __init__(self, combinations: Sequence[Combination]) -> None:
        self._hosts_of: dict[Activity, list[Activity]] = {}
        for combination in combinations:
            self._hosts_of.setdefault(combination.guest, []).append(combination.host)
        self._offered: dict[tuple[Activity, str | None], list[tuple[date, Key]]] = {}
        self.names: dict[Key, str] = {}

    def turn(self, duty: Duty) -> tuple[int, date, date, str, str]:
        """What is placed first: fixed days, then hosts, then the rest by window, guests last."""
        activity = duty.requirement.activity
        is_fixed = duty.requirement.cadence.is_fixed_day or activity is Activity.THEME_DAY
        rank = 0 if is_fixed else 3 if activity in self._hosts_of else 1
        window = duty.window
        return (rank, window.due, window.opens, duty.requirement.code, duty.group or "")

    def offer(self, duty: Duty, day: date) -> None:
        """Let later lines join this one."""
        key = (duty.requirement.activity, duty.group)
        self._offered.setdefault(key, []).append((day, duty.key))

    def join(self, duty: Duty) -> date | None:
        """The day of a line that this one may be held with, or None; those still alone first.

        Among equals the one nearest the wished day, so that four lessons spread out and the
        appraisal goes with the later of two organisation-life meetings.
        """
        opens, due = duty.window.opens, duty.window.due
        wished = opens.toordinal() + round((due - opens).days * _place_in_window(duty))
        for host in self._hosts_of.get(duty.requirement.activity, ()):
            offered = [
                (key in self.names, abs(day.toordinal() - wished), day, key)
                for day, key in self._offered.get((host, duty.group), ())
                if opens <= day <= due
            ]
            if offered:
                _, _, day, key = min(offered, key=lambda offer: offer[:3])
                name = self.names.setdefault(key, _event_name(key))
                self.names[duty.key] = name
                return day
        return None


def _event_name(key: Key) -> str:
    code, group, ordinal = key
    return f"{code}-{ordinal}" if group is None else f"{code}-{ordinal}-{group}"


def _place_in_window(duty: Duty) -> float:
    """Where in the window the day is wished, from 0 (its first working day) to 1 (its last)."""
    cadence, activity = duty.requirement.cadence, duty.requirement.activity
    if activity in PLACE_IN_WINDOW:
        return PLACE_IN_WINDOW[activity]
    if cadence.unit in (Unit.YEAR, Unit.HALF) and duty.window.opens.month == 1 and cadence.months:
        return EARLY
    if activity is Activity.REPORT and cadence.unit is Unit.YEAR:
        return LATE
    return MIDDLE


def _line(duty: Duty, day: date, event: str | None, themes: Sequence[Theme]) -> ProposedLine:
    requirement, window = duty.requirement, duty.window
    topic = next((t.topic for t in themes if t.fits(requirement.activity, day.month)), "")
    return ProposedLine(
        duty=duty,
        practice_class=requirement.practice_class,
        requirement=requirement.code,
        activity=requirement.activity,
        title=requirement.title,
        opens=window.opens,
        due=window.due,
        planned_on=day,
        topic=topic,
        group=duty.group,
        group_name=duty.group_name,
        attendees=requirement.attendees,
        event=event,
    )


def _by_day(line: ProposedLine) -> tuple[date, date, str, str]:
    return (line.planned_on, line.due, line.requirement, line.group or "")
