"""When a theme runs: a table of cases, and what holds for every span."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhibu.rules.themes import ThemeSpan, ThemeState

DAYS = st.dates(date(2015, 1, 1), date(2040, 12, 31))
JUNE, JULY, AUGUST = date(2026, 6, 1), date(2026, 7, 1), date(2026, 8, 1)


@pytest.mark.parametrize(
    ("until", "ended_on", "day", "state"),
    [
        (None, None, date(2026, 5, 31), ThemeState.UPCOMING),
        (None, None, JUNE, ThemeState.RUNNING),
        (None, None, date(2099, 1, 1), ThemeState.RUNNING),
        (JULY, None, JULY, ThemeState.RUNNING),
        (JULY, None, date(2026, 7, 2), ThemeState.ENDED),
        (AUGUST, JULY, JULY, ThemeState.RUNNING),
        (AUGUST, JULY, date(2026, 7, 2), ThemeState.ENDED),
        (None, JULY, AUGUST, ThemeState.ENDED),
    ],
)
def test_states(until: date | None, ended_on: date | None, day: date, state: ThemeState) -> None:
    """The first and the last day belong to it; an early end comes before the planned one."""
    assert ThemeSpan(JUNE, until, ended_on).state_on(day) is state


def test_no_end_before_the_beginning() -> None:
    """A theme cannot end before it begins."""
    with pytest.raises(ValueError, match="no earlier"):
        ThemeSpan(JULY, JUNE)


@given(since=DAYS, length=st.integers(0, 3000), day=DAYS)
def test_years_and_states_agree(since: date, length: int, day: date) -> None:
    """Its years begin with its first, have no gap, none lies ahead, and states never go back."""
    span = ThemeSpan(since, since + timedelta(days=length))
    years = span.years(day)
    assert years[0] == since.year
    assert list(years) == list(range(years[0], years[-1] + 1))
    assert years[-1] <= max(day.year, since.year)
    order = list(ThemeState)
    later = span.state_on(day + timedelta(days=1))
    assert order.index(later) >= order.index(span.state_on(day))
