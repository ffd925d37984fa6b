"""How often a requirement falls due, as windows: from which day to which day of a year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from zhibu.rules.branches import Span
from zhibu.rules.norm import Cadence, Unit
from zhibu.rules.periods import MONTHS_IN, add_months, first_of, last_of, month_index


@dataclass(frozen=True, slots=True)
class Window:
    """When one duty may be done: from `opens` to `due`, both included.

    `ordinal` counts the windows of one cadence within the year, from 1. `unit` and `number` name
    the period (the third quarter: QUARTER, 3; a year or a term: the year itself); `part` of
    `parts` says which share of the period it is where something is asked several times.
    """

    opens: date
    due: date
    ordinal: int
    unit: Unit
    number: int
    part: int = 1
    parts: int = 1


def windows(
    cadence: Cadence, year: int, term_span: Span | None = None, *, anchor: int = 0
) -> tuple[Window, ...]:
    """The windows that fall due in a year, in order.

    `anchor` is the year from which periods of several units are counted: with ``every=3`` and an
    anchor of 2024 a duty falls due in 2026, 2029 and so on, open since 2024. A cadence by term
    needs the term; a cadence by event has no windows.
    """
    if cadence.unit is Unit.EVENT:
        return ()
    if cadence.unit is Unit.TERM:
        return () if term_span is None else _term_windows(cadence, year, term_span)
    return _calendar_windows(cadence, year, anchor % max(1, cadence.every))


def window_after(cadence: Cadence, happened_on: date) -> Window:
    """The window that an event opens: "within N months of" the day, that day included."""
    due = add_months(happened_on, max(0, cadence.within_months))
    return Window(happened_on, due, 1, Unit.EVENT, happened_on.year)


@lru_cache(maxsize=4096)
def _calendar_windows(cadence: Cadence, year: int, anchor: int) -> tuple[Window, ...]:
    every, length = max(1, cadence.every), MONTHS_IN[cadence.unit]
    per_year = 12 // length
    found: list[Window] = []
    # Periods of several units end anywhere: one that ends next year may hold a share due this year.
    for index in range((year - anchor) * per_year, (year - anchor + every) * per_year):
        # Counted over the years, so that "every 5 months" does not begin anew each January.
        if (index + 1) % every:
            continue
        until = anchor * 12 + (index + 1) * length - 1
        months = _restrict(range(until - every * length + 1, until + 1), cadence.months)
        shares = _split(months, cadence.times)
        for part, (opens, due) in enumerate(shares, start=1):
            if due.year == year:
                number = year if cadence.unit is Unit.YEAR else (due.month - 1) // length + 1
                ordinal = len(found) + 1
                found.append(Window(opens, due, ordinal, cadence.unit, number, part, len(shares)))
    return tuple(found)


def _restrict(span: range, months: tuple[int, ...]) -> list[int]:
    if not months:
        return list(span)
    # "Every 3 years in the fourth quarter" means the last of those quarters, not any of them.
    recent = span[-12:]
    return [index for index in recent if index % 12 + 1 in months]


def _split(months: list[int], times: int) -> list[tuple[date, date]]:
    """Equal parts of a list of months: by whole months where possible, by days otherwise."""
    if not months:
        return []
    times = max(1, times)
    count = len(months)
    if times <= count:
        return [
            (
                first_of(months[part * count // times]),
                last_of(months[(part + 1) * count // times - 1]),
            )
            for part in range(times)
        ]
    return _split_days(first_of(months[0]), last_of(months[-1]), times)


def _split_days(since: date, until: date, times: int) -> list[tuple[date, date]]:
    days = (until - since).days + 1
    times = min(times, days)
    return [
        (
            since + timedelta(days=part * days // times),
            since + timedelta(days=(part + 1) * days // times - 1),
        )
        for part in range(times)
    ]


def _term_windows(cadence: Cadence, year: int, term: Span) -> tuple[Window, ...]:
    if term.until is None or term.until < term.since:
        return ()
    parts = (
        _split_days(term.since, term.until, cadence.times)
        if cadence.times > 1
        else [(term.since, term.until)]
    )
    new_year = date(year, 1, 1)
    due_now = [(at, part) for at, part in enumerate(parts, start=1) if part[1].year == year]
    return tuple(
        Window(max(since, new_year), until, ordinal, Unit.TERM, year, at, len(parts))
        for ordinal, (at, (since, until)) in enumerate(due_now, start=1)
    )


def months_of(window: Window, year: int) -> tuple[int, int]:
    """The first and last month (1–12) of a window within a year."""
    start = year * 12
    first = max(month_index(window.opens), start) - start + 1
    last = min(month_index(window.due), start + 11) - start + 1
    return first, last
