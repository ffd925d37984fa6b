"""Who is reminded when: tables of cases, and what must hold of any run of days."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhibu.rules.reminders import (
    ABOVE_AFTER,
    Actors,
    Owed,
    Span,
    Stage,
    due_days_above,
    last_told,
    nearest_only,
    remind,
    say_lines,
    stage_of,
)
from zhibu.rules.standing import LineFacts, State, judge_line

DUE = date(2026, 3, 31)  # a Tuesday
MONDAY, TUESDAY, WEDNESDAY = date(2026, 3, 23), date(2026, 3, 24), date(2026, 3, 25)


def _owed(
    due: date, day: date, *, soon: int = 7, group: str | None = None, line: str = "a"
) -> Owed:
    facts = LineFacts(opens=due - timedelta(days=60), due=due)
    return Owed(line, "支部党员大会", due, judge_line(facts, day, soon_days=soon).state, group)


@pytest.mark.parametrize(
    ("since", "day", "stage"),
    [
        ((3, 20), (3, 23), None),  # eight days before: not yet
        ((3, 23), (3, 24), Stage.DUE),  # seven days before
        ((3, 24), (3, 25), None),  # said yesterday
        ((3, 20), (3, 27), Stage.DUE),  # the worker stood still: said now
        ((3, 30), (3, 31), None),  # the due day itself is not overdue
        ((3, 31), (4, 1), Stage.OVERDUE),
        ((4, 1), (4, 2), None),
        ((4, 3), (4, 7), Stage.OVERDUE),  # the first round of the next week, after 清明
        ((4, 7), (4, 8), None),
        (None, (3, 23), None),
        (None, (3, 28), Stage.DUE),  # the first round ever tells what is so already
        (None, (6, 1), Stage.OVERDUE),
    ],
)
def test_when_a_line_is_told(
    since: tuple[int, int] | None, day: tuple[int, int], stage: Stage | None
) -> None:
    """As it comes near, when it is over, and then once a week."""
    today = date(2026, *day)
    span = Span(today, date(2026, *since) if since else None)
    assert stage_of(_owed(DUE, today), span, 7) is stage


def test_the_committee_hears_of_all_a_leader_of_the_own_group() -> None:
    """Who is both hears it once."""
    day = date(2026, 3, 24)
    lines = [
        _owed(DUE, day, line="branch"),
        _owed(DUE, day, line="one", group="1"),
        _owed(DUE, day, line="two", group="2"),
    ]
    actors = Actors(("sec", "dep"), {"1": ("lead",), "2": ("dep",), "3": ("other",)})
    found = remind(lines, Span(day, date(2026, 3, 23)), actors, soon_days=7)
    assert [(r.stage, r.people, {o.line for o in r.lines}, r.group) for r in found] == [
        (Stage.DUE, ("sec", "dep"), {"branch", "one", "two"}, None),
        (Stage.DUE, ("lead",), {"one"}, "1"),
    ]


def test_nobody_to_tell_is_no_reminder() -> None:
    """A branch without accounts."""
    day = date(2026, 4, 1)
    assert remind([_owed(DUE, day)], Span(day, DUE), Actors(), soon_days=7) == ()


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({}, {}),
        ({"0001": 5}, {"0001": 5}),
        ({"0001": 5, "00010001": 3, "00010002": 2}, {"00010001": 3, "00010002": 2}),
        (
            {"0001": 6, "00010001": 3, "000100010001": 1},
            {"0001": 3, "00010001": 2, "000100010001": 1},
        ),
        (
            {"0002": 1, "00010002": 4, "000100010001": 1, "00010001": 3, "0001": 9},
            {"0001": 2, "00010001": 2, "000100010001": 1, "00010002": 4, "0002": 1},
        ),
        ({"0001": 0, "0002": 4}, {"0002": 4}),
    ],
)
def test_each_branch_is_heard_of_by_the_nearest_office(
    counts: dict[str, int], expected: dict[str, int]
) -> None:
    """What lies below another office is not counted again further up."""
    assert nearest_only(counts) == expected


def test_words() -> None:
    """One is named, of several the first."""
    day = date(2026, 4, 1)
    one = _owed(DUE, day)
    assert say_lines(Stage.OVERDUE, (one,)) == "已经逾期：支部党员大会，应于3月31日前（含当日）完成"
    assert (
        say_lines(Stage.DUE, (one, one))
        == "临近到期：支部党员大会等2项，最早的应于3月31日前（含当日）完成"
    )


def test_a_round_goes_forward() -> None:
    """Not the same day twice."""
    with pytest.raises(ValueError, match="comes after"):
        Span(DUE, DUE)


ROUNDS = st.lists(st.integers(1, 9), min_size=1, max_size=60).map(
    lambda gaps: [date(2026, 1, 5) + timedelta(days=sum(gaps[:n])) for n in range(1, len(gaps) + 1)]
)


@given(rounds=ROUNDS, offset=st.integers(-30, 200), soon=st.integers(1, 60))
def test_over_any_run_of_days(rounds: list[date], offset: int, soon: int) -> None:
    """Due is told once, in time; overdue at once and then weekly; the office later, and once."""
    due = date(2026, 1, 5) + timedelta(days=offset)
    told: list[tuple[date, Stage]] = []
    above: list[date] = []
    since: date | None = None
    for day in rounds:
        span = Span(day, since)
        stage = stage_of(_owed(due, day, soon=soon), span, soon)
        if stage is not None:
            told.append((day, stage))
        first, last = due_days_above(span)
        if due <= last and (first is None or due >= first):
            above.append(day)
        since = day
    due_told = [day for day, stage in told if stage is Stage.DUE]
    overdue_told = [day for day, stage in told if stage is Stage.OVERDUE]
    assert len(due_told) <= 1
    assert all(due - timedelta(days=soon) <= day <= due for day in due_told)
    within = [day for day in rounds if due - timedelta(days=soon) <= day <= due]
    assert due_told == within[:1]
    over = [day for day in rounds if day > due]
    assert overdue_told[:1] == over[:1]
    weeks = Counter(day.isocalendar()[:2] for day in overdue_told)
    assert all(
        count == 1 for week, count in weeks.items() if overdue_told[0].isocalendar()[:2] != week
    )
    assert len(above) <= 1
    judged = [day for day in rounds if (day - due).days >= ABOVE_AFTER]
    assert above == judged[:1]
    assert not above or overdue_told[0] <= above[0]


@given(
    lines=st.lists(st.tuples(st.integers(-40, 40), st.sampled_from([None, "1", "2"])), max_size=8),
    committee=st.lists(st.sampled_from("abcd"), unique=True),
    leaders=st.dictionaries(
        st.sampled_from("12"), st.lists(st.sampled_from("abcdef"), unique=True)
    ),
)
def test_nobody_hears_what_is_not_theirs(
    lines: list[tuple[int, str | None]], committee: list[str], leaders: dict[str, list[str]]
) -> None:
    """The committee of all; others only of a group that they lead; each line once per person."""
    day = date(2026, 3, 24)
    owed = [
        _owed(day + timedelta(days=offset), day, group=group, line=str(number))
        for number, (offset, group) in enumerate(lines)
    ]
    actors = Actors(tuple(committee), {group: tuple(all_) for group, all_ in leaders.items()})
    heard: Counter[tuple[str, str]] = Counter()
    for reminder in remind(owed, Span(day), actors, soon_days=7):
        assert all(one.state in {State.DUE_SOON, State.OVERDUE} for one in reminder.lines)
        for person in reminder.people:
            for one in reminder.lines:
                heard[person, one.line] += 1
                assert person in committee or person in leaders.get(one.group or "", ())
    assert all(count == 1 for count in heard.values())
    told = {line for _, line in heard}
    if committee:
        assert told == {o.line for o in owed if o.state in {State.DUE_SOON, State.OVERDUE}}


@pytest.mark.parametrize(
    ("path", "broken_off", "expected"),
    [
        ("0001", [], MONDAY),
        ("0001", [(TUESDAY, "0001")], TUESDAY),  # the last one that it came to
        ("0002", [(TUESDAY, "0001")], MONDAY),
        ("00010001", [(TUESDAY, "0001")], MONDAY),
        ("0001", [(TUESDAY, "0003"), (WEDNESDAY, "0002")], WEDNESDAY),
        ("0003", [(TUESDAY, "0003"), (WEDNESDAY, "0002")], TUESDAY),
    ],
)
def test_the_last_round_that_came_to_a_branch(
    path: str, broken_off: list[tuple[date, str]], expected: date
) -> None:
    """The latest of those broken off that got so far in the tree, else the last whole one."""
    assert last_told(path, broken_off, MONDAY) == expected
    if expected == MONDAY:
        assert last_told(path, broken_off, None) is None
