"""Months, quarters, halves and years as spans of days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from zhibu.rules.norm import Unit

MONTHS_IN: dict[Unit, int] = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.HALF: 6, Unit.YEAR: 12}
"""How many months each unit of the calendar has; a term and an event have no fixed length."""


@dataclass(frozen=True, slots=True)
class Period:
    """One month, quarter, half or year; `number` counts from 1 within its year."""

    unit: Unit
    year: int
    number: int
    since: date
    until: date


@lru_cache(maxsize=4096)
def first_of(index: int) -> date:
    """The first day of a month given as ``year * 12 + month - 1``, within what dates can say."""
    year, month = divmod(index, 12)
    if year < date.min.year:
        return date.min
    if year > date.max.year:
        return date.max
    return date(year, month + 1, 1)


@lru_cache(maxsize=4096)
def last_of(index: int) -> date:
    """The last day of a month given as ``year * 12 + month - 1``."""
    if index >= date.max.year * 12 + 11:
        return date.max
    return first_of(index + 1) - timedelta(days=1)


def month_index(day: date) -> int:
    """The number of the month of a day, counted from the year 0."""
    return day.year * 12 + day.month - 1


@lru_cache(maxsize=512)
def periods(unit: Unit, year: int) -> tuple[Period, ...]:
    """The periods of a year in order; none for a term or an event."""
    length = MONTHS_IN.get(unit)
    if length is None:
        return ()
    start = year * 12
    return tuple(
        Period(unit, year, number, first_of(at), last_of(at + length - 1))
        for number, at in enumerate(range(start, start + 12, length), start=1)
    )


def period_of(unit: Unit, day: date) -> Period:
    """The period that a day lies in. ValueError for a unit without a fixed length."""
    length = MONTHS_IN.get(unit)
    if length is None:
        raise ValueError(f"{unit} has no fixed length")
    return periods(unit, day.year)[(day.month - 1) // length]


def add_months(day: date, months: int) -> date:
    """The same day some months later, or the last of that month where it has no such day."""
    index = month_index(day) + months
    last = last_of(index)
    if index < date.min.year * 12 or index > date.max.year * 12 + 11:
        return last
    return last.replace(day=min(day.day, last.day))
