"""A tightening is one only if whoever keeps the new demand has surely kept the old one."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from zhibu.rules.norm import Basis, Cadence, Happening, PracticeClass, Threshold, Unit
from zhibu.rules.packs_tighten import (
    is_cadence_kept,
    is_class_kept,
    is_threshold_kept,
    yearly_rate,
)

MONTH, QUARTER, HALF, YEAR = Unit.MONTH, Unit.QUARTER, Unit.HALF, Unit.YEAR
Q4 = (10, 11, 12)


@pytest.mark.parametrize(
    ("new", "old", "is_kept"),
    [
        (Cadence(MONTH), Cadence(QUARTER), True),
        (Cadence(QUARTER), Cadence(MONTH), False),
        (Cadence(QUARTER), Cadence(YEAR, times=4), True),
        (Cadence(YEAR, times=4), Cadence(QUARTER), False),  # all four might fall in January
        (Cadence(MONTH, every=3), Cadence(QUARTER), True),
        (Cadence(QUARTER), Cadence(MONTH, every=3), True),
        (Cadence(MONTH, every=2), Cadence(QUARTER), True),  # each quarter holds a whole pair
        (Cadence(MONTH, every=4), Cadence(QUARTER), False),  # January and December would do
        (Cadence(MONTH, every=2), Cadence(HALF, times=3), True),
        (Cadence(YEAR, months=Q4), Cadence(YEAR), True),
        (Cadence(YEAR), Cadence(YEAR, months=Q4), False),
        (Cadence(YEAR, months=(12,)), Cadence(YEAR, months=Q4), True),
        (Cadence(QUARTER), Cadence(YEAR, months=Q4), True),
        (Cadence(MONTH, months=(1, 2)), Cadence(MONTH), False),
        (Cadence(YEAR), Cadence(YEAR, every=3), True),
        (Cadence(YEAR, every=3), Cadence(YEAR), False),
        (Cadence(MONTH, is_fixed_day=True), Cadence(MONTH), True),
        (Cadence(MONTH), Cadence(MONTH, is_fixed_day=True), False),
        (Cadence(Unit.TERM, times=2), Cadence(Unit.TERM), True),
        (Cadence(Unit.TERM, every=2), Cadence(Unit.TERM), False),
        (Cadence(YEAR), Cadence(Unit.TERM), False),  # how long a term is, is not known here
        (
            Cadence(Unit.EVENT, after=Happening.VACANCY, within_months=3),
            Cadence(Unit.EVENT, after=Happening.VACANCY),
            True,
        ),
        (
            Cadence(Unit.EVENT, after=Happening.VACANCY),
            Cadence(Unit.EVENT, after=Happening.VACANCY, within_months=3),
            False,
        ),
        (
            Cadence(Unit.EVENT, after=Happening.TRANSFER),
            Cadence(Unit.EVENT, after=Happening.VACANCY),
            False,
        ),
    ],
)
def test_rhythms(new: Cadence, old: Cadence, *, is_kept: bool) -> None:
    """Oftener and narrower is kept; the same number with more freedom is not."""
    assert is_cadence_kept(new, old) is is_kept


POOL = [
    Cadence(unit, every=every, times=times, months=months)
    for unit, every, times, months in product(
        (MONTH, QUARTER, HALF, YEAR), (1, 2), (1, 2), ((), Q4, (12,), (3, 6, 9, 12))
    )
]
KEPT = [(new, old) for new in POOL for old in POOL if is_cadence_kept(new, old)]
LENGTH = {MONTH: 1, QUARTER: 3, HALF: 6, YEAR: 12}
HORIZON = 24  # all periods of all rhythms of the pool begin anew at its end


def open_months(cadence: Cadence) -> list[list[int]]:
    """The months that each period leaves open, written once more without looking at the code."""
    length = LENGTH[cadence.unit] * cadence.every
    periods = [range(i, i + length) for i in range(0, HORIZON, length)]
    named = [[m for m in p if not cadence.months or m % 12 + 1 in cadence.months] for p in periods]
    return [months for months in named if months]


@given(st.data(), st.sampled_from(KEPT))
def test_whoever_keeps_the_new_rhythm_has_kept_the_old(
    data: st.DataObject, pair: tuple[Cadence, Cadence]
) -> None:
    """Any course of meetings that the new rhythm allows satisfies the old one too."""
    new, old = pair
    held = [
        data.draw(st.sampled_from(months)) for months in open_months(new) for _ in range(new.times)
    ]
    for months in open_months(old):
        assert sum(month in months for month in held) >= old.times


def test_where_it_is_not_kept_some_course_of_meetings_breaks_the_old() -> None:
    """Nothing that is surely stricter is refused: there is a way to keep only the new one."""
    kept = set(KEPT)
    for new, old in product(POOL, POOL):
        if (new, old) in kept:
            continue
        asked = open_months(old)

        def evading(months: list[int], period: list[int]) -> int:
            return next((m for m in months if m not in period), months[0])

        courses = (
            [evading(m, period) for m in open_months(new) for _ in range(new.times)]
            for period in asked
        )
        assert any(
            sum(month in period for month in held) < old.times
            for period, held in zip(asked, courses, strict=True)
        )


def test_tightening_is_an_order() -> None:
    """The same again is no loosening; a pack that extends an extending pack cannot loosen."""
    kept = set(KEPT)
    assert all((cadence, cadence) in kept for cadence in POOL)
    looser: dict[Cadence, list[Cadence]] = {}
    for new, old in KEPT:
        looser.setdefault(new, []).append(old)
    for new, olds in looser.items():
        assert all((new, oldest) in kept for old in olds for oldest in looser[old])


def test_a_kept_rhythm_is_never_seldomer() -> None:
    """Keeping more cannot mean meeting less."""
    for new, old in KEPT:
        assert (yearly_rate(new) or 0) >= (yearly_rate(old) or 0)


@pytest.mark.parametrize(
    ("cadence", "rate"),
    [
        (Cadence(MONTH), 12),
        (Cadence(MONTH, months=(3, 9)), 2),
        (Cadence(QUARTER, times=2), 8),
        (Cadence(YEAR, every=3), Fraction(1, 3)),
        (Cadence(Unit.TERM), None),
        (Cadence(Unit.EVENT, after=Happening.OTHER), None),
    ],
)
def test_yearly_rate(cadence: Cadence, rate: Fraction | int | None) -> None:
    """How many times a year, where the calendar alone decides."""
    assert yearly_rate(cadence) == rate


THRESHOLDS = st.builds(
    Threshold,
    st.sampled_from([Basis.EXPECTED, Basis.VOTERS_EXPECTED]),
    st.sampled_from([Fraction(1, 2), Fraction(2, 3), Fraction(4, 5)]),
    st.booleans(),
)


@given(THRESHOLDS, THRESHOLDS, st.integers(1, 60), st.integers(0, 60))
def test_a_kept_share_is_reached_whenever_the_new_one_is(
    new: Threshold, old: Threshold, whole: int, part: int
) -> None:
    """For any head count, reaching the stricter share is reaching the other."""
    assume(is_threshold_kept(new, old))

    def is_reached(threshold: Threshold) -> bool:
        share = Fraction(part, whole)
        return share > threshold.share if threshold.is_strict else share >= threshold.share

    assert is_reached(old) or not is_reached(new)


def test_a_threshold_cannot_be_dropped_or_change_its_basis() -> None:
    """Half of those present is not half of those expected."""
    half = Threshold(Basis.EXPECTED, Fraction(1, 2))
    assert not is_threshold_kept(None, half)
    assert not is_threshold_kept(Threshold(Basis.PRESENT, Fraction(4, 5)), half)
    assert is_threshold_kept(half, None)


def test_classes_rise_only() -> None:
    """X below T below B."""
    order = [PracticeClass.X, PracticeClass.T, PracticeClass.B]
    for low, old in enumerate(order):
        for high, new in enumerate(order):
            assert is_class_kept(new, old) is (high >= low)
