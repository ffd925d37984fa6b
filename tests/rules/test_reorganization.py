"""What a change of the tree does to duties: begins, ends, lapses."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules import samples
from tests.rules.samples import COMMITTEE, GROUPS, LESSON, MEETING, branch, group, members

from zhibu.rules.branches import BranchFacts
from zhibu.rules.reorganization import compare_duties, lapses
from zhibu.rules.standing import LineFacts

LAST = date(2026, 6, 9)
DAYS = st.dates(date(2025, 1, 1), date(2027, 12, 31))


@pytest.mark.parametrize(
    ("due", "happened_on", "is_waived", "expected"),
    [
        (date(2026, 6, 8), None, False, False),  # was owed and stays owed
        (LAST, None, False, False),  # on the last day it could still be done
        (date(2026, 6, 10), None, False, True),
        (date(2026, 12, 31), None, False, True),
        (date(2026, 12, 31), date(2026, 5, 1), False, False),  # done early stays done
        (date(2026, 12, 31), None, True, False),  # waived for another reason keeps that reason
    ],
)
def test_lapses(due: date, happened_on: date | None, is_waived: bool, expected: bool) -> None:
    """A line lapses when it was still to be done after the last day."""
    line = LineFacts(date(2026, 1, 1), due, happened_on=happened_on, is_waived=is_waived)
    assert lapses(line, LAST) is expected


@given(DAYS, DAYS, DAYS)
def test_a_later_end_lets_no_more_lapse(due: date, first: date, second: date) -> None:
    """What lapses at a later end lapsed at an earlier one too."""
    line = LineFacts(due - timedelta(days=30), due)
    earlier, later = sorted((first, second))
    assert not lapses(line, later) or lapses(line, earlier)


NORM = samples.norm(MEETING, COMMITTEE, GROUPS, LESSON)
ON = date(2026, 6, 10)


def test_members_who_come_bring_the_duties_of_a_larger_branch() -> None:
    """The seventh full member makes committee meetings due from the next whole month."""
    before = branch(*members(6))
    after = branch(*members(6), *samples.members(2, ON))
    change = compare_duties((NORM, before), (NORM, after), 2026, ON)
    assert {duty.requirement.code for duty in change.begins} == {"D2"}
    assert min(duty.window.opens for duty in change.begins) == date(2026, 7, 1)
    assert change.ends == ()


@pytest.mark.parametrize(("on", "months"), [(date(2026, 7, 31), 6), (date(2026, 8, 1), 5)])
def test_what_is_due_on_the_day_itself_still_counts(on: date, months: int) -> None:
    """What was due before it is past, and neither begins nor ends."""
    small, large = branch(*members(6)), branch(*members(6), *samples.members(2, ON))
    there = compare_duties((NORM, small), (NORM, large), 2026, on)
    assert (len(there.begins), len(there.ends)) == (months, 0)
    back = compare_duties((NORM, large), (NORM, small), 2026, on)
    assert (len(back.begins), len(back.ends)) == (0, months)


def test_a_group_that_ends_takes_its_meetings_along() -> None:
    """Its months from the end on are owed no longer; those before stay as they were."""
    before = branch(*members(3), groups=(group("g1"),))
    after = branch(*members(3), groups=(group("g1", until=date(2026, 6, 9)),))
    change = compare_duties((NORM, before), (NORM, after), 2026, ON)
    assert change.begins == ()
    assert [duty.window.due.month for duty in change.ends] == list(range(6, 13))


@given(samples.branches(), DAYS)
def test_nothing_changes_by_itself(facts: BranchFacts, on: date) -> None:
    """The same facts before and after change nothing; and what begins one way ends the other."""
    assert compare_duties((NORM, facts), (NORM, facts), on.year, on).is_empty


@given(samples.branches(), samples.branches(), DAYS)
def test_there_and_back(one: BranchFacts, other: BranchFacts, on: date) -> None:
    """What begins one way ends the other way."""
    there = compare_duties((NORM, one), (NORM, other), on.year, on)
    back = compare_duties((NORM, other), (NORM, one), on.year, on)
    assert [d.key for d in there.begins] == [d.key for d in back.ends]
    assert [d.key for d in there.ends] == [d.key for d in back.begins]
