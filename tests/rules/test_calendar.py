"""Periods of the year and working days."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from chinese_calendar import constants as public_calendar
from hypothesis import given
from hypothesis import strategies as st

from zhibu.rules.calendar import WorkCalendar, each_day
from zhibu.rules.festivals import statutory_holidays
from zhibu.rules.norm import Unit
from zhibu.rules.periods import MONTHS_IN, add_months, period_of, periods

KNOWN = WorkCalendar(
    holidays=frozenset({date(2026, 2, 17), date(2026, 2, 18), date(2026, 2, 19)}),
    makeup=frozenset({date(2026, 2, 14)}),
    known_years=frozenset({2026}),
)


@pytest.mark.parametrize(
    ("unit", "numbers"), [(Unit.MONTH, 12), (Unit.QUARTER, 4), (Unit.HALF, 2), (Unit.YEAR, 1)]
)
def test_periods_cover_the_year(unit: Unit, numbers: int) -> None:
    """The periods of a year follow each other without a gap, from 1 January to 31 December."""
    found = periods(unit, 2028)
    assert [period.number for period in found] == list(range(1, numbers + 1))
    assert (found[0].since, found[-1].until) == (date(2028, 1, 1), date(2028, 12, 31))
    for one, following in pairwise(found):
        assert following.since - one.until == timedelta(days=1)


def test_terms_and_events_have_no_periods() -> None:
    """What has no fixed length has no periods."""
    assert periods(Unit.TERM, 2026) == periods(Unit.EVENT, 2026) == ()
    with pytest.raises(ValueError, match="term"):
        period_of(Unit.TERM, date(2026, 1, 1))


@given(st.dates(), st.sampled_from(list(MONTHS_IN)))
def test_a_day_lies_in_its_period(day: date, unit: Unit) -> None:
    """The period of a day holds the day, whatever the year."""
    period = period_of(unit, day)
    assert period.since <= day <= period.until


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 3, 12), 1, date(2026, 4, 12)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(9999, 12, 1), 1, date.max),
    ],
)
def test_months_later(day: date, months: int, expected: date) -> None:
    """The same day of the month, or the last one where it has none."""
    assert add_months(day, months) == expected


@pytest.mark.parametrize(
    ("day", "is_worked"),
    [
        (date(2026, 2, 13), True),
        (date(2026, 2, 14), True),  # a Saturday worked instead
        (date(2026, 2, 15), False),
        (date(2026, 2, 17), False),
        (date(2026, 10, 1), True),  # a known year says what it says, and it does not name this day
        (date(2027, 10, 1), False),  # an unknown year has its fixed holidays
        (date(2027, 5, 2), False),
        (date(2027, 5, 3), True),
        (date(2027, 2, 5), False),  # the eve of Spring Festival is off by law, whatever comes out
        (date(2027, 2, 8), False),
        (date(2027, 2, 9), True),  # days that only the yearly arrangement can give are not guessed
        (date(2027, 6, 9), False),  # 端午
        (date(2027, 9, 15), False),  # 中秋
        (date(2051, 6, 13), True),  # beyond the table of moving days only the others are known
        (date(2051, 10, 2), False),
    ],
)
def test_working_days(day: date, is_worked: bool) -> None:
    """Make-up days are worked, holidays and weekends are not; unknown years keep to fixed days."""
    assert KNOWN.is_working(day) is is_worked


def test_neighbouring_working_days() -> None:
    """The day itself when it is worked, else the nearest in the direction asked for."""
    assert KNOWN.next_working(date(2026, 2, 17)) == date(2026, 2, 20)
    assert KNOWN.previous_working(date(2026, 2, 17)) == date(2026, 2, 16)
    assert KNOWN.previous_working(date(2026, 2, 15)) == date(2026, 2, 14)
    assert KNOWN.next_working(date(2026, 2, 13)) == date(2026, 2, 13)


def test_provisional_years() -> None:
    """A year is provisional until its arrangement is known."""
    assert not KNOWN.is_provisional(2026)
    assert KNOWN.is_provisional(2027)


@given(st.dates())
def test_never_leaves_the_calendar(day: date) -> None:
    """The first and last days that dates can say crash nothing."""
    calendar = WorkCalendar(holidays=frozenset({day}))
    assert calendar.next_working(day) >= day
    assert calendar.previous_working(day) <= day


@given(st.dates(date(2000, 1, 1), date(2050, 1, 1)), st.integers(0, 100))
def test_working_days_are_the_days_that_are_worked(since: date, length: int) -> None:
    """The list and the single question agree."""
    until = since + timedelta(days=length)
    found = KNOWN.working_days(since, until)
    assert list(found) == [day for day in each_day(since, until) if KNOWN.is_working(day)]


@pytest.mark.parametrize("year", [2025, 2026])
def test_the_days_off_by_law_agree_with_the_published_years(year: int) -> None:
    """Each of the thirteen days stands in the published arrangement of a year that is known."""
    days = statutory_holidays(year)
    assert len(days) == 13
    assert days <= frozenset(public_calendar.holidays)


def test_moving_days_stay_in_their_seasons() -> None:
    """No year of the table has a slip of a month; 中秋 may fall into the days of October."""
    for year in range(2025, 2051):
        days = statutory_holidays(year)
        assert len(days) in (12, 13), year
        spring = [day for day in days if day < date(year, 3, 1) and day != date(year, 1, 1)]
        assert len(spring) == 4, year
        assert (max(spring) - min(spring)).days == 3, year
        assert date(year, 1, 20) <= min(spring), year
        assert date(year, 4, 4) in days or date(year, 4, 5) in days, year
