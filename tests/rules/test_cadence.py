"""Windows from cadences."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules.samples import cadences, days

from zhibu.rules.branches import Span
from zhibu.rules.cadence import window_after, windows
from zhibu.rules.norm import Cadence, Happening, Unit

TERM = Span(date(2023, 6, 1), date(2026, 5, 31))


@pytest.mark.parametrize(
    ("cadence", "year", "expected"),
    [
        (Cadence(Unit.YEAR), 2026, ["0101-1231"]),
        (Cadence(Unit.HALF), 2026, ["0101-0630", "0701-1231"]),
        (Cadence(Unit.QUARTER), 2026, ["0101-0331", "0401-0630", "0701-0930", "1001-1231"]),
        (Cadence(Unit.YEAR, months=(10, 11, 12)), 2026, ["1001-1231"]),
        (Cadence(Unit.MONTH, months=(3, 9)), 2026, ["0301-0331", "0901-0930"]),
        (
            Cadence(Unit.QUARTER, months=(3, 6, 9, 12)),
            2026,
            ["0301-0331", "0601-0630", "0901-0930", "1201-1231"],
        ),
        (Cadence(Unit.YEAR, times=2), 2026, ["0101-0630", "0701-1231"]),
        (Cadence(Unit.YEAR, times=2, months=(6, 12)), 2026, ["0601-0630", "1201-1231"]),
        (Cadence(Unit.QUARTER, times=2, months=(1, 2, 3)), 2026, ["0101-0131", "0201-0331"]),
        (Cadence(Unit.MONTH, times=2, months=(2,)), 2026, ["0201-0214", "0215-0228"]),
        (Cadence(Unit.MONTH, every=6), 2026, ["0101-0630", "0701-1231"]),
        (Cadence(Unit.YEAR, every=3, months=(12,)), 2026, ["1201-1231"]),
        (Cadence(Unit.YEAR, every=3), 2025, []),
        (Cadence(Unit.EVENT, after=Happening.VACANCY, within_months=1), 2026, []),
    ],
)
def test_windows(cadence: Cadence, year: int, expected: list[str]) -> None:
    """Each cadence opens and closes where its words say (anchored in 2024 where it counts years)."""
    found = windows(cadence, year, anchor=2024)
    assert [f"{w.opens:%m%d}-{w.due:%m%d}" for w in found] == expected
    assert [window.ordinal for window in found] == list(range(1, len(found) + 1))


def test_once_in_three_years_is_open_for_three_years() -> None:
    """Counted from the anchor: due at the end of the third year, open since the first."""
    (window,) = windows(Cadence(Unit.YEAR, every=3), 2026, anchor=2024)
    assert (window.opens, window.due) == (date(2024, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize(
    ("year", "expected"), [(2025, None), (2026, (date(2026, 1, 1), date(2026, 5, 31)))]
)
def test_once_a_term(year: int, expected: tuple[date, date] | None) -> None:
    """An election falls due in the year in which the term runs out."""
    found = windows(Cadence(Unit.TERM), year, TERM)
    assert [(window.opens, window.due) for window in found] == ([expected] if expected else [])


def test_terms_without_end_or_without_term() -> None:
    """Nothing is made up where no term is known."""
    assert windows(Cadence(Unit.TERM), 2026) == ()
    assert windows(Cadence(Unit.TERM), 2026, Span(date(2023, 1, 1))) == ()


def test_twice_a_term() -> None:
    """A term divides into equal parts, each due in its own year."""
    cadence = Cadence(Unit.TERM, times=2)
    first, second = windows(cadence, 2024, TERM), windows(cadence, 2026, TERM)
    assert (first[0].due, first[0].part) == (date(2024, 11, 29), 1)
    assert (second[0].due, second[0].part) == (date(2026, 5, 31), 2)


@pytest.mark.parametrize(
    ("happened", "months", "due"),
    [
        (date(2026, 3, 12), 1, date(2026, 4, 12)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 3, 12), 0, date(2026, 3, 12)),
    ],
)
def test_within_months_of_an_event(happened: date, months: int, due: date) -> None:
    """Within a month of the 12th is until the 12th of the next month, that day included."""
    window = window_after(Cadence(Unit.EVENT, within_months=months), happened)
    assert (window.opens, window.due) == (happened, due)


@given(cadences(), st.integers(1990, 2060), st.integers(1980, 2060), days)
def test_windows_lie_in_order_and_fall_due_in_their_year(
    cadence: Cadence, year: int, anchor: int, began: date
) -> None:
    """No window is upside down, none overlaps the next, and each falls due in its year."""
    span = Span(began, date(began.year + 3, 1, 1))
    found = windows(cadence, year, span, anchor=anchor)
    for window in found:
        assert window.opens <= window.due
        assert window.due.year == year
        assert 1 <= window.part <= max(1, cadence.times)
    for one, following in pairwise(found):
        assert one.due < following.opens
    assert [window.ordinal for window in found] == list(range(1, len(found) + 1))


@given(cadences(), st.integers(1990, 2050))
def test_every_period_is_asked_as_often_as_said(cadence: Cadence, anchor: int) -> None:
    """Over `every` whole rounds of years nothing is lost and nothing added."""
    if cadence.unit in (Unit.TERM, Unit.EVENT) or cadence.months or cadence.times > 28:
        return
    per_year = {Unit.MONTH: 12, Unit.QUARTER: 4, Unit.HALF: 2, Unit.YEAR: 1}[cadence.unit]
    count = sum(len(windows(cadence, anchor + at, anchor=anchor)) for at in range(cadence.every))
    assert count == per_year * cadence.times
