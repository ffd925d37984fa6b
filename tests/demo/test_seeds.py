"""Branches as they are drawn: sound on any day, leap days too."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from zhibu.ops.demo.names import NameBook
from zhibu.ops.demo.seeds import BranchSeed, BranchSketch, draw_branch
from zhibu.rules.periods import add_months

LEAP_DAY = date(2020, 2, 29)


def draw(seed: int, *, founded_on: date, today: date, size: int = 14) -> BranchSeed:
    rng = Random(seed)
    return draw_branch(
        BranchSketch("办公室", size, groups=2),
        founded_on=founded_on, today=today, rng=rng, names=NameBook(rng),
    )  # fmt: skip


def test_who_joined_on_a_leap_day_has_a_full_year() -> None:
    """The next year has no 29 February: a full member on the 28th, and nothing stops."""
    # The founders joined 400 days before at the latest, so many of them on this very day.
    founded_on = LEAP_DAY + timedelta(days=400)
    joined = [
        member
        for seed in range(20)
        for member in draw(seed, founded_on=founded_on, today=date(2026, 11, 23)).members
        if member.joined_on == LEAP_DAY
    ]
    assert joined
    assert {member.full_on for member in joined} == {date(2021, 2, 28)}


@settings(max_examples=150, deadline=None)
@given(
    founded_on=st.dates(date(2004, 1, 1), date(2026, 1, 1)) | st.sampled_from([LEAP_DAY]),
    age=st.integers(0, 7000),
    seed=st.integers(0, 2**32),
    size=st.sampled_from([0, 3, 7, 26]),
)
def test_a_branch_is_sound_whenever_it_is_drawn(
    founded_on: date, age: int, seed: int, size: int
) -> None:
    """Terms follow each other up to today; nobody is here before joining, or full within a year."""
    today = founded_on + timedelta(days=age)
    branch = draw(seed, founded_on=founded_on, today=today, size=size)
    assert len(branch.members) == size
    assert branch.terms[0].since == founded_on
    assert branch.terms[-1].covers(today)
    for earlier, later in zip(branch.terms, branch.terms[1:], strict=False):
        assert earlier.until == later.since - timedelta(days=1)
    for member in branch.members:
        assert add_months(member.born_on, 18 * 12) <= member.joined_on <= member.since
        if member.full_on is not None:
            assert member.joined_on + timedelta(days=365) <= member.full_on <= today
