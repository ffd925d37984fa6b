"""What stands on a calendar, and when it became so."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhibu.rules.feeds import LineOnCalendar, asks, occasions_of, span_of
from zhibu.rules.norm import Attendees
from zhibu.rules.standing import State

ZONE = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 1, 5, 10, tzinfo=ZONE)
PLANNED, DUE = date(2026, 3, 12), date(2026, 3, 31)


def line(state: State, *, happened: date | None = None, due: date = DUE) -> LineOnCalendar:
    return LineOnCalendar("a", "党课", "学习党章", "", PLANNED, due, happened, state, AT)


@pytest.mark.parametrize(
    ("state", "happened", "titles", "days", "word"),
    [
        (State.UPCOMING, None, ["党课", "最后一天：党课"], [PLANNED, DUE], "尚未完成"),
        (State.OPEN, None, ["党课", "最后一天：党课"], [PLANNED, DUE], "尚未完成"),
        (State.DUE_SOON, None, ["党课", "最后一天：党课"], [PLANNED, DUE], "尚未完成"),
        (State.OVERDUE, None, ["党课", "最后一天：党课（已逾期）"], [PLANNED, DUE], "逾期未完成"),
        (State.DONE, date(2026, 3, 9), ["党课（已完成）"], [date(2026, 3, 9)], "已完成"),
        (State.DONE_LATE, date(2026, 4, 2), ["党课（逾期完成）"], [date(2026, 4, 2)], "逾期完成"),
        (State.WAIVED, None, ["党课（已免除）"], [PLANNED], "已免除"),
        (State.BEFORE_USE, None, ["党课（启用前）"], [PLANNED], "启用前"),
    ],
)
def test_a_line_on_the_calendar(
    state: State, happened: date | None, titles: list[str], days: list[date], word: str
) -> None:
    """The planned day and the last one while it is to be done; the day itself once it is done."""
    found = occasions_of(line(state, happened=happened), ZONE)
    assert [one.title for one in found] == titles
    assert [one.day for one in found] == days
    assert all(
        word in one.notes and "应于2026年3月31日（周二）前（含当日）完成" in one.notes
        for one in found
    )
    assert [one.is_off for one in found] == [state is State.WAIVED] * len(found)


def test_a_calendar_shows_a_year_to_either_side() -> None:
    """The same day of last year is there and that of the next one, in leap years too."""
    for today in (date(2024, 2, 28), date(2024, 3, 1), date(2024, 12, 31), date(2023, 3, 1)):
        first, last = span_of(today)
        assert first <= today.replace(year=today.year - 1)
        assert last >= today.replace(year=today.year + 1)


def test_planned_for_the_last_day_it_stands_once() -> None:
    """No second entry on the same day."""
    assert len(occasions_of(line(State.OPEN, due=PLANNED), ZONE)) == 1


@given(st.sampled_from([State.UPCOMING, State.OPEN, State.DUE_SOON]))
def test_time_passing_changes_nothing_until_it_is_overdue(state: State) -> None:
    """So that a calendar that is fetched again is the same to the byte."""
    assert occasions_of(line(state), ZONE) == occasions_of(line(State.OPEN), ZONE)


def test_overdue_began_after_the_last_day() -> None:
    """That is when the entry changed, if nothing changed it later."""
    for one in occasions_of(line(State.OVERDUE), ZONE):
        assert one.changed_at == datetime(2026, 4, 1, tzinfo=ZONE)
    later = AT + timedelta(days=300)
    changed = LineOnCalendar("a", "党课", "", "", PLANNED, DUE, None, State.OVERDUE, later)
    assert {one.changed_at for one in occasions_of(changed, ZONE)} == {later}


@pytest.mark.parametrize(
    ("attendees", "group", "committee", "secretary", "asked"),
    [
        (Attendees.MEMBERS, False, False, False, True),
        (Attendees.FULL_MEMBERS, False, False, False, True),
        (Attendees.GROUP, True, False, False, True),
        (Attendees.GROUP, False, True, True, False),
        (Attendees.COMMITTEE, False, True, False, True),
        (Attendees.COMMITTEE, True, False, False, False),
        (Attendees.SECRETARY, False, True, False, False),
        (Attendees.SECRETARY, False, True, True, True),
        (Attendees.NONE, True, True, True, False),
        (Attendees.PAIR, True, True, True, False),
    ],
)
def test_whom_a_meeting_asks_for(
    attendees: Attendees, group: bool, committee: bool, secretary: bool, asked: bool
) -> None:
    """Talks and what is no meeting stand on the branch's calendar only."""
    found = asks(attendees, is_of_group=group, is_committee=committee, is_secretary=secretary)
    assert found is asked
