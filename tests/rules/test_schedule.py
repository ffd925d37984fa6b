"""Proposing the lines of a year, and judging a table."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules import samples
from tests.rules.samples import branch, group, requirement

from zhibu.rules.branches import BranchFacts
from zhibu.rules.calendar import WorkCalendar
from zhibu.rules.duties import Duty, derive_duties
from zhibu.rules.lines import audience, is_in_the_way
from zhibu.rules.norm import Activity, Attendees, Cadence, PracticeClass, Requirement, Unit
from zhibu.rules.schedule import (
    ProposedLine,
    Theme,
    fixed_day,
    holiday_conflicts,
    judge_table,
    propose_lines,
)

GOLDEN_WEEK = {date(2026, 10, day) for day in range(1, 9)}
CALENDAR = WorkCalendar(
    holidays=frozenset({date(2026, 1, 1), date(2026, 5, 1), *GOLDEN_WEEK}),
    makeup=frozenset({date(2026, 10, 10)}),
    known_years=frozenset({2026}),
)


def table(
    facts: BranchFacts = samples.TYPICAL, *asked: Requirement, **more: Any
) -> tuple[tuple[Duty, ...], tuple[ProposedLine, ...]]:
    duties = derive_duties(samples.norm(*asked), facts, 2026)
    return duties, propose_lines(duties, facts, CALENDAR, **more)


def line(
    activity: Activity = Activity.OTHER,
    planned_on: date = date(2026, 3, 12),
    attendees: Attendees = Attendees.MEMBERS,
    **more: Any,
) -> ProposedLine:
    """A line of a branch's own."""
    more.setdefault("opens", date(2026, 3, 1))
    more.setdefault("due", date(2026, 3, 31))
    more.setdefault("title", activity.value)
    return ProposedLine(
        None, PracticeClass.X, "", activity, planned_on=planned_on, attendees=attendees, **more
    )


@pytest.mark.parametrize(
    ("rule", "month", "expected"),
    [
        ("day:15", 3, date(2026, 3, 15)),
        ("day:31", 2, date(2026, 2, 28)),
        ("friday:2", 3, date(2026, 3, 13)),
        ("friday:1", 5, date(2026, 5, 1)),
        ("friday:last", 3, date(2026, 3, 27)),
        ("friday:5", 3, date(2026, 3, 27)),
        ("friday:5", 1, date(2026, 1, 30)),
        ("", 3, None),
        ("day:0", 3, None),
        ("day:", 3, None),
        ("day:٣", 3, None),
        ("friday:x", 3, None),
        ("holiday:1", 3, None),
    ],
)
def test_fixed_days(rule: str, month: int, expected: date | None) -> None:
    """The branch's fixed day in a month, the last such day where there are fewer."""
    assert fixed_day(rule, 2026, month) == expected


def test_a_typical_year() -> None:
    """One line for each duty, nothing wrong with the table, and no gap in the year."""
    duties, lines = table()
    assert Counter(duty.key for duty in duties) == Counter(
        one.duty.key for one in lines if one.duty
    )
    assert judge_table(lines, duties, CALENDAR) == ()
    assert {one.planned_on.month for one in lines} == set(range(1, 13))


def test_the_theme_day_keeps_to_its_day() -> None:
    """The second Friday; after the holidays the next working day, even a Saturday worked instead."""
    facts = replace(samples.TYPICAL, theme_day="day:3")
    _, lines = table(facts, samples.THEME)
    held = [one.planned_on for one in lines]
    assert held[2] == date(2026, 3, 3)
    assert held[0] == date(2026, 1, 5)  # the 3rd is a Saturday
    assert held[9] == date(2026, 10, 9)


def test_a_lesson_is_held_with_a_theme_day() -> None:
    """Lessons join theme days, spread over the year; both lines name the same event."""
    _, lines = table()
    lessons = [one for one in lines if one.activity is Activity.LESSON]
    assert [one.planned_on.month for one in lessons] == [2, 5, 8, 11]
    for lesson in lessons:
        together = [one for one in lines if one.event == lesson.event]
        assert {one.activity for one in together} == {Activity.LESSON, Activity.THEME_DAY}
        assert len({one.planned_on for one in together}) == 1


def test_a_lesson_is_held_with_a_members_meeting_where_there_is_no_theme_day() -> None:
    """The second choice counts where the first is not there."""
    _, lines = table(branch(), samples.MEETING, samples.LESSON)
    assert len({one.event for one in lines}) == 4
    assert None not in {one.event for one in lines}


def test_nothing_is_combined_where_nothing_is_to_be() -> None:
    """Without combinations every line is an event by itself, and none are on one day."""
    _, lines = table(samples.TYPICAL, combinations=())
    assert {one.event for one in lines} == {None}
    meetings = [one.planned_on for one in lines if one.attendees is Attendees.MEMBERS]
    assert len(set(meetings)) == len(meetings)


def test_appraisal_and_organization_life_are_one_event() -> None:
    """Both in the fourth quarter, on one day."""
    _, lines = table()
    both = [
        one for one in lines if one.activity in (Activity.ORGANIZATION_LIFE, Activity.APPRAISAL)
    ]
    assert len({(one.planned_on, one.event) for one in both}) == 1
    assert both[0].planned_on.month >= 10


def test_the_appraisal_goes_with_the_later_of_two_meetings() -> None:
    """Where organisation life is each half year, members are appraised at the end of the year."""
    half = replace(samples.LIFE, cadence=Cadence(Unit.HALF))
    yearly = replace(samples.APPRAISAL, cadence=Cadence(Unit.YEAR))
    _, lines = table(branch(), half, yearly)
    assert [one.planned_on.month for one in lines if one.activity is Activity.APPRAISAL] == [11]


def test_a_weekend_that_is_worked_is_avoided() -> None:
    """It is a working day, and still the last that one would choose."""
    calendar = replace(CALENDAR, makeup=frozenset({date(2026, 3, 21), date(2026, 3, 22)}))
    facts = branch(groups=(group("g1"), group("g2")))
    duties = derive_duties(samples.norm(samples.GROUPS), facts, 2026)
    held = {one.planned_on for one in propose_lines(duties, facts, calendar)}
    assert not held & calendar.makeup


def test_plan_at_the_start_and_summary_at_the_end() -> None:
    """The yearly plan is of January, the summary of December."""
    _, lines = table()
    months = {one.requirement: one.planned_on.month for one in lines}
    assert (months["D23a"], months["D23b"]) == (1, 12)


def test_each_group_has_its_own_lines() -> None:
    """Two groups, twenty-four lines."""
    _, lines = table(samples.TYPICAL, samples.GROUPS)
    assert Counter(one.group for one in lines) == {"g1": 12, "g2": 12}
    assert {one.group_name for one in lines} == {"第g1党小组", "第g2党小组"}


def test_topics() -> None:
    """A theme that fits by month and activity, else none."""
    themes = [
        Theme("学习贯彻全会精神", (10, 11), (Activity.THEME_DAY,)),
        Theme("廉政教育", (), (Activity.LESSON,)),
    ]
    _, lines = table(themes=themes)
    topics = {(one.requirement, one.planned_on.month): one.topic for one in lines}
    assert topics["D5", 10] == topics["D5", 11] == "学习贯彻全会精神"
    assert topics["D5", 3] == ""
    assert topics["D4", 5] == "廉政教育"
    assert {topic for (code, _), topic in topics.items() if code == "D1"} == {""}


def test_meetings_are_spread_out() -> None:
    """No day bears more than three lines, and few lines lie in the last two days of a month."""
    _, lines = table()
    assert max(Counter(one.planned_on for one in lines).values()) <= 3
    at_end = [one for one in lines if (one.planned_on + timedelta(days=2)).day <= 2]
    assert len(at_end) <= 2


@given(
    st.lists(samples.requirements(), max_size=5),
    samples.branches(),
    st.integers(1899, 2100),
    st.frozensets(st.dates(date(1995, 1, 1), date(2055, 1, 1)), max_size=20),
)
def test_any_duties_are_scheduled(
    asked: list[Requirement], facts: BranchFacts, year: int, holidays: frozenset[date]
) -> None:
    """Each duty has its line within its window and year, on a working day if there is one."""
    calendar = WorkCalendar(holidays=holidays)
    duties = derive_duties(
        samples.norm(*(replace(one, code=f"A{at}") for at, one in enumerate(asked))), facts, year
    )
    lines = propose_lines(duties, facts, calendar)
    assert propose_lines(tuple(reversed(duties)), facts, calendar) == lines
    assert {one.duty.key for one in lines if one.duty} == {duty.key for duty in duties}
    assert len(lines) == len(duties)
    for one in lines:
        assert one.opens <= one.planned_on <= one.due
        assert one.planned_on.year == year
        opens = max(one.opens, date(year, 1, 1))
        assert calendar.is_working(one.planned_on) or not calendar.working_days(opens, one.due)
    wrong = {verdict.rule for verdict in judge_table(lines, duties, calendar)}
    assert not wrong & {"TABLE-01", "TABLE-02", "TABLE-03", "TABLE-05", "TABLE-06"}


def test_gaps_doubles_and_surplus() -> None:
    """A duty without a line, one with two, a line that no duty asks for."""
    duties, lines = table(branch(), samples.MEETING)
    assert [v.rule for v in judge_table(lines[1:], duties, CALENDAR)] == ["TABLE-01"]
    again = replace(lines[0], planned_on=lines[0].planned_on + timedelta(days=1))
    assert [v.rule for v in judge_table((*lines, again), duties, CALENDAR)] == ["TABLE-02"]
    assert [v.rule for v in judge_table(lines, duties[1:], CALENDAR)] == ["TABLE-03"]


def test_a_moved_window_still_answers_its_duty() -> None:
    """A stored line whose window differs answers the duty in whose window it is planned."""
    duties, lines = table(branch(), samples.MEETING)
    stored = [
        replace(one, duty=None, opens=one.opens + timedelta(days=3), line="id") for one in lines
    ]
    assert judge_table(stored, duties, CALENDAR) == ()
    astray = replace(stored[0], planned_on=date(2026, 12, 31))
    found = [v.rule for v in judge_table((astray, *stored[1:]), duties, CALENDAR)]
    assert "TABLE-06" in found
    assert "TABLE-01" in found


@pytest.mark.parametrize(
    ("planned", "rules"),
    [
        (date(2026, 3, 12), []),
        (date(2026, 2, 27), ["TABLE-05"]),
        (date(2026, 4, 1), ["TABLE-06"]),
        (date(2026, 3, 14), ["TABLE-07"]),
        (date(2026, 10, 10), ["TABLE-06"]),  # a Saturday that is worked
        (date(2026, 10, 1), ["TABLE-06", "TABLE-07"]),
        (date(2027, 1, 4), ["TABLE-06", "TABLE-09"]),
    ],
)
def test_the_planned_day(planned: date, rules: list[str]) -> None:
    """Before the window, after it, on a day off; in a year whose holidays are not known."""
    found = judge_table([line(planned_on=planned)], (), CALENDAR)
    assert [verdict.rule for verdict in found] == rules


@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        (line(), line(), True),
        (line(event="e"), line(event="e"), False),
        (line(event="e"), line(event="f"), True),
        (line(), line(attendees=Attendees.COMMITTEE), True),
        (line(), line(attendees=Attendees.GROUP, group="g1"), True),
        (
            line(attendees=Attendees.GROUP, group="g1"),
            line(attendees=Attendees.GROUP, group="g2"),
            False,
        ),
        (
            line(attendees=Attendees.COMMITTEE),
            line(attendees=Attendees.GROUP, group="g1"),
            False,
        ),
        (line(), line(attendees=Attendees.NONE), False),
        (line(), line(planned_on=date(2026, 3, 13)), False),
    ],
)
def test_clashes(one: ProposedLine, other: ProposedLine, clash: bool) -> None:
    """Two events for the same people on one day are a clash."""
    for pair in ([one, other], [other, one]):
        rules = [verdict.rule for verdict in judge_table(pair, (), CALENDAR)]
        assert rules == (["TABLE-04"] if clash else [])


@given(st.lists(st.tuples(st.sampled_from(Attendees), st.sampled_from([None, "e", "f"]))))
def test_a_clash_is_found_whenever_there_is_one(kinds: list[tuple[Attendees, str | None]]) -> None:
    """The quick search finds as many lines in the way as comparing each with all before it."""
    lines = [line(attendees=who, event=event) for who, event in kinds]
    slow = 0
    for at, one in enumerate(lines):
        slow += any(
            is_in_the_way(audience(one.attendees, None), audience(b.attendees, None))
            and not (one.event is not None and one.event == b.event)
            for b in lines[:at]
        )
    found = [v for v in judge_table(lines, (), CALENDAR) if v.rule == "TABLE-04"]
    assert len(found) == slow


def test_order() -> None:
    """Members are appraised at the organisation-life meeting or after it."""
    life = line(Activity.ORGANIZATION_LIFE, date(2026, 3, 12))
    before = line(Activity.APPRAISAL, date(2026, 3, 11))
    after = replace(before, planned_on=date(2026, 3, 13))
    assert [v.rule for v in judge_table([life, before], (), CALENDAR)] == ["TABLE-08"]
    assert judge_table([life, after], (), CALENDAR) == ()


LIFE = line(Activity.ORGANIZATION_LIFE, date(2026, 3, 12))


@pytest.mark.parametrize(
    ("one", "rule"),
    [
        (line(planned_on=date(2026, 3, 12)), "TABLE-04"),
        (line(planned_on=date(2026, 2, 27)), "TABLE-05"),
        (line(planned_on=date(2026, 4, 1)), "TABLE-06"),
        (line(planned_on=date(2026, 3, 14)), "TABLE-07"),
        (line(Activity.APPRAISAL, date(2026, 3, 11)), "TABLE-08"),
        (replace(line(planned_on=date(2026, 3, 10)), requirement="D9"), "TABLE-03"),
    ],
)
def test_what_is_settled_is_not_to_be_mended(one: ProposedLine, rule: str) -> None:
    """A line that is done or waived neither clashes nor stands on a wrong day any more."""
    assert [v.rule for v in judge_table([one, LIFE], (), CALENDAR)] == [rule]
    settled = replace(one, is_settled=True)
    assert judge_table([settled, LIFE], (), CALENDAR) == ()
    assert judge_table([LIFE, settled], (), CALENDAR) == ()


def test_a_settled_line_still_answers_its_duty() -> None:
    """What was done or waived is no gap."""
    duties, lines = table()
    settled = [replace(one, is_settled=True) for one in lines]
    assert "TABLE-01" not in {v.rule for v in judge_table(settled, duties, CALENDAR)}


def test_when_the_holidays_become_known() -> None:
    """Lines that now fall on a holiday get a day within their window; events move together."""
    month = {"opens": date(2026, 10, 1), "due": date(2026, 10, 31)}
    lines = [
        line(planned_on=date(2026, 10, 5), **month),
        line(planned_on=date(2026, 10, 8), event="e", **month),
        line(
            planned_on=date(2026, 10, 8), event="e", opens=date(2026, 9, 1), due=date(2026, 10, 8)
        ),
        line(planned_on=date(2026, 10, 12), **month),
        line(planned_on=date(2026, 10, 3), opens=date(2026, 10, 1), due=date(2026, 10, 7)),
    ]
    moves = holiday_conflicts(lines, CALENDAR)
    assert [(move.planned_on.day, move.proposed_on) for move in moves] == [
        (5, date(2026, 10, 9)),
        (8, None),  # the two windows of the event have no working day in common
        (8, None),
        (3, None),
    ]


def test_moved_lines_keep_out_of_each_others_way() -> None:
    """No day on which their people meet already, not even by another proposal; 调休 days last."""
    month = {"opens": date(2026, 10, 1), "due": date(2026, 10, 31)}
    lines = [
        line(planned_on=date(2026, 10, 5), **month),
        line(planned_on=date(2026, 10, 6), **month),
        line(planned_on=date(2026, 10, 7), event="e", **month),
        line(planned_on=date(2026, 10, 7), event="e", **month),
        line(planned_on=date(2026, 10, 12), **month),
    ]
    makeup = replace(CALENDAR, makeup=CALENDAR.makeup | {date(2026, 10, 10)})
    moves = holiday_conflicts(lines, makeup)
    assert [move.proposed_on.day for move in moves if move.proposed_on] == [9, 13, 14, 14]
    moved = [replace(one, planned_on=day) for one, day in zip(
        lines, [date(2026, 10, day) for day in (9, 13, 14, 14, 12)], strict=True
    )]  # fmt: skip
    assert judge_table(moved, (), makeup) == ()


@given(st.lists(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=6), st.integers(0, 40))
def test_proposals_lie_in_their_windows(planned: list[date], length: int) -> None:
    """Whatever is proposed is a working day within the window."""
    lines = [
        line(planned_on=day, opens=day - timedelta(days=3), due=day + timedelta(days=length))
        for day in planned
    ]
    moves = holiday_conflicts(lines, CALENDAR)
    assert len(moves) == sum(not CALENDAR.is_working(day) for day in planned)
    for move in moves:
        if move.proposed_on is not None:
            assert CALENDAR.is_working(move.proposed_on)
            assert move.line.opens <= move.proposed_on <= move.line.due


def test_a_window_without_a_working_day_still_has_a_line() -> None:
    """The due day is kept, and the table says that it is a day off."""
    daily = requirement("W", Activity.OTHER, Cadence(Unit.MONTH, times=31, months=(10,)))
    facts = branch(groups=(group(),))
    duties = derive_duties(samples.norm(daily), facts, 2026)
    lines = propose_lines(duties, facts, CALENDAR)
    assert len(lines) == 31
    assert {v.rule for v in judge_table(lines, duties, CALENDAR)} == {"TABLE-07"}
