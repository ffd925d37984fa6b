"""How a line stands, to the day; and the tallies that must say the same."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhibu.rules.norm import PracticeClass
from zhibu.rules.standing import LineFacts, State, judge_filing, judge_line
from zhibu.rules.tallies import Cell, Counts, cell_of, counts_of, fold, month_cells, sum_cells

OPENS, DUE = date(2026, 3, 1), date(2026, 3, 31)


def line(**facts: object) -> LineFacts:
    return LineFacts(OPENS, DUE, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("today", "state", "rule"),
    [
        (date(2026, 2, 28), State.UPCOMING, "LINE-01"),
        (date(2026, 3, 1), State.OPEN, "LINE-02"),
        (date(2026, 3, 23), State.OPEN, "LINE-02"),
        (date(2026, 3, 24), State.DUE_SOON, "LINE-03"),
        (date(2026, 3, 31), State.DUE_SOON, "LINE-03"),
        (date(2026, 4, 1), State.OVERDUE, "LINE-06"),
        (date(2100, 1, 1), State.OVERDUE, "LINE-06"),
        (date(1899, 1, 1), State.UPCOMING, "LINE-01"),
    ],
)
def test_days_of_a_line_not_yet_done(today: date, state: State, rule: str) -> None:
    """On the due day itself it is not overdue; a week before it is due soon."""
    standing = judge_line(line(), today)
    assert (standing.state, standing.verdict.rule) == (state, rule)


@pytest.mark.parametrize(
    ("happened", "state", "rule"),
    [
        (date(2026, 2, 28), State.DONE, "LINE-09"),
        (date(2026, 3, 1), State.DONE, "LINE-04"),
        (date(2026, 3, 31), State.DONE, "LINE-04"),
        (date(2026, 4, 1), State.DONE_LATE, "LINE-05"),
    ],
)
def test_done_in_time_or_late(happened: date, state: State, rule: str) -> None:
    """What counts is when it happened, not when it was written."""
    for filed in (happened, happened + timedelta(days=200)):
        standing = judge_line(line(happened_on=happened, filed_on=filed), date(2026, 12, 1))
        assert (standing.state, standing.verdict.rule) == (state, rule)


@pytest.mark.parametrize(("days", "is_late"), [(0, False), (15, False), (16, True), (200, True)])
def test_a_record_written_much_later_looks_it(days: int, is_late: bool) -> None:
    """A line may be done in time and its record still be written late: both are said."""
    filed = DUE + timedelta(days=days)
    standing = judge_line(line(happened_on=DUE, filed_on=filed), date(2027, 1, 1))
    assert standing.state is State.DONE
    assert (standing.filing is not None) is is_late
    if standing.filing is not None:
        assert standing.filing.rule == "FILING-01"
        assert standing.filing.facts["happened"] == DUE
        assert standing.filing.facts["filed"] == filed
        assert standing.filing.facts["days"] == days


def test_the_days_allowed_for_filing_can_be_fewer() -> None:
    """A unit that asks for three days gets three days."""
    assert judge_filing(OPENS, OPENS + timedelta(days=3), file_days=3) is None
    assert judge_filing(OPENS, OPENS + timedelta(days=4), file_days=3) is not None


def test_a_waived_line_is_waived_whatever_else() -> None:
    """Even when its day has passed."""
    standing = judge_line(line(is_waived=True, waive_reason="集中办公"), date(2027, 1, 1))
    assert standing.state is State.WAIVED
    assert standing.verdict.facts["reason"] == "集中办公"


def test_a_planned_day_that_has_passed_is_said() -> None:
    """The line stays open, but its own plan was not kept."""
    planned = line(planned_on=date(2026, 3, 10))
    assert judge_line(planned, date(2026, 3, 10)).verdict.rule == "LINE-02"
    assert judge_line(planned, date(2026, 3, 11)).verdict.rule == "LINE-08"
    assert judge_line(planned, date(2026, 3, 11)).state is State.OPEN


def test_soon_can_be_longer() -> None:
    """`soon_days` moves the boundary."""
    assert judge_line(line(), date(2026, 3, 1), soon_days=30).state is State.DUE_SOON


BEGAN = date(2026, 7, 1)


@pytest.mark.parametrize(
    ("since", "facts", "state", "counts"),
    [
        (None, {}, State.OVERDUE, Counts(total=1)),
        (DUE, {}, State.OVERDUE, Counts(total=1)),  # due on the first day itself: owed
        (DUE + timedelta(days=1), {}, State.BEFORE_USE, Counts()),
        (BEGAN, {}, State.BEFORE_USE, Counts()),
        (BEGAN, {"happened_on": DUE}, State.DONE, Counts(total=1, done=1)),
        (BEGAN, {"happened_on": BEGAN}, State.DONE_LATE, Counts(total=1, late=1)),
        (BEGAN, {"is_waived": True}, State.WAIVED, Counts(total=1, waived=1)),
    ],
)
def test_what_was_due_before_the_system_was_in_use(
    since: date | None, facts: dict[str, object], state: State, counts: Counts
) -> None:
    """It is 启用前, neither overdue nor counted; recorded or waived it counts as what it is."""
    one = line(in_use_since=since, **facts)
    assert judge_line(one, date(2026, 12, 1)).state is state
    assert counts_of(one) == counts


@pytest.mark.parametrize("today", [date(2026, 1, 5), DUE, date(2026, 6, 30), date(2027, 1, 1)])
def test_before_use_is_so_on_every_day(today: date) -> None:
    """Not even due soon: whoever looks, and whenever, nothing is asked; the sentence says why."""
    standing = judge_line(line(in_use_since=BEGAN), today)
    assert standing.state is State.BEFORE_USE
    assert standing.verdict.rule == "LINE-10"
    assert standing.verdict.facts["since"] == BEGAN


lines = st.builds(
    lambda opens, length, happened, is_waived, since: LineFacts(
        opens,
        opens + timedelta(days=length),
        happened_on=happened,
        is_waived=is_waived,
        in_use_since=since,
    ),
    st.dates(date(2026, 1, 1), date(2026, 10, 1)),
    st.integers(0, 90),
    st.none() | st.dates(date(2025, 12, 1), date(2027, 2, 1)),
    st.booleans(),
    st.none() | st.dates(date(2025, 12, 1), date(2027, 2, 1)),
)
STATE_OF_CELL = {
    "done": {State.DONE},
    "late": {State.DONE_LATE},
    "waived": {State.WAIVED},
    "overdue": {State.OVERDUE},
    "due_soon": {State.DUE_SOON},
    "later": {State.OPEN, State.UPCOMING},
}


@given(st.lists(lines), st.dates(date(2026, 1, 1), date(2027, 1, 1)))
def test_tallies_say_what_the_lines_say(some: list[LineFacts], today: date) -> None:
    """Counting states line by line gives the same as the cells made from the counts."""
    tallies = fold(((PracticeClass.B, one.due), counts_of(one)) for one in some)
    total = sum_cells(month_cells(tallies, today).values())
    states = Counter(judge_line(one, today).state for one in some)
    for name, wanted in STATE_OF_CELL.items():
        assert getattr(total, name) == sum(states[state] for state in wanted)
    assert total.total == len(some) - states[State.BEFORE_USE]


@given(st.lists(lines), st.lists(lines))
def test_folding_deltas_changes_nothing(some: list[LineFacts], others: list[LineFacts]) -> None:
    """A total plus deltas reads the same as the folded total; taking all away leaves nothing."""
    today = date(2026, 6, 1)
    pairs = [((PracticeClass.T, one.due), counts_of(one)) for one in some + others]
    assert sum_cells(month_cells(pairs, today).values()) == sum_cells(
        month_cells(fold(pairs), today).values()
    )
    gone = pairs + [(key, -counts) for key, counts in pairs]
    assert fold(gone) == {}


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2026, 3, 23), Cell(1, 2, 3, later=4)),
        (date(2026, 3, 24), Cell(1, 2, 3, due_soon=4)),
        (date(2026, 3, 31), Cell(1, 2, 3, due_soon=4)),
        (date(2026, 4, 1), Cell(1, 2, 3, overdue=4)),
    ],
)
def test_cells_of_a_due_day(today: date, expected: Cell) -> None:
    """The same boundaries as a line's."""
    assert cell_of(Counts(10, 1, 2, 3), DUE, today) == expected


def test_months_and_classes_are_kept_apart() -> None:
    """One cell for each month of the due day and class."""
    b, t = PracticeClass.B, PracticeClass.T
    cells = month_cells(
        {(b, date(2026, 1, 31)): Counts(2), (t, date(2026, 1, 31)): Counts(1), (b, DUE): Counts(5)},
        date(2025, 12, 1),
    )
    assert {key: cell.later for key, cell in cells.items()} == {(1, b): 2, (1, t): 1, (3, b): 5}


def test_counts_add_and_subtract() -> None:
    """Arithmetic field by field."""
    assert Counts(3, 1) - Counts(1, 1) == Counts(2)
    assert (Counts(3, 1) - Counts(3, 1)).is_zero
    assert Counts(9, 3, 2, 1).pending == 3
