"""Working days, with the public holidays and the make-up days (调休) of China."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from zhibu.rules.festivals import statutory_holidays

DAY = timedelta(days=1)

LONGEST_BREAK = 60
"""Days to look for a working day in one direction; no break of China comes near it."""


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Which days are worked. Fed from outside: rules know no list of holidays by themselves.

    `holidays` are days off, `makeup` are weekend days that are worked, `known_years` are the years
    whose arrangement is published. In any other year weekends and the days off by law are off.
    """

    holidays: frozenset[date] = frozenset()
    makeup: frozenset[date] = frozenset()
    known_years: frozenset[int] = frozenset()

    def is_working(self, day: date) -> bool:
        """Whether the day is a working day, as far as is known."""
        if day in self.makeup:
            return True
        if day in self.holidays or day.weekday() >= 5:
            return False
        return day.year in self.known_years or day not in statutory_holidays(day.year)

    def is_provisional(self, year: int) -> bool:
        """Whether the year's holidays are not yet published, so that answers may change."""
        return year not in self.known_years

    def next_working(self, day: date) -> date:
        """The day itself if it is worked, else the first working day after it."""
        return self._seek(day, DAY)

    def previous_working(self, day: date) -> date:
        """The day itself if it is worked, else the last working day before it."""
        return self._seek(day, -DAY)

    def working_days(self, since: date, until: date) -> tuple[date, ...]:
        """The working days from one day to another, both included, in order."""
        return tuple(day for day in each_day(since, until) if self.is_working(day))

    def _seek(self, day: date, step: timedelta) -> date:
        """The nearest working day in one direction; the day itself if there is none in reach."""
        at = day
        for _ in range(LONGEST_BREAK):
            if self.is_working(at):
                return at
            if at in (date.min, date.max):
                break
            at += step
        return day


def each_day(since: date, until: date) -> Iterator[date]:
    """Every day from one day to another, both included."""
    for ordinal in range(since.toordinal(), until.toordinal() + 1):
        yield date.fromordinal(ordinal)


def calendar_of(
    holidays: Iterable[date], makeup: Iterable[date], years: Iterable[int]
) -> WorkCalendar:
    """A calendar from plain lists."""
    return WorkCalendar(frozenset(holidays), frozenset(makeup), frozenset(years))
