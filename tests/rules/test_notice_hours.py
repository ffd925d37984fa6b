"""When something may be sent: quiet hours, days off, the digest; how patiently it is tried again."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhibu.rules.calendar import WorkCalendar
from zhibu.rules.notices import (
    LONGEST_PAUSE,
    LONGEST_WAIT,
    MOST_TRIES,
    Hours,
    pause_until,
    retry_at,
    send_at,
)

# 劳动节: 1 to 5 May off, Saturday 9 May worked.
CALENDAR = WorkCalendar(
    frozenset(datetime(2026, 5, day).date() for day in range(1, 6)),
    frozenset({datetime(2026, 5, 9).date()}),
    frozenset({2026}),
)


def _at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 5, day, hour, minute)


@pytest.mark.parametrize(
    ("at", "kind", "hours", "expected"),
    [
        (_at(6, 10), "task", Hours(), _at(6, 10)),  # a Wednesday morning: at once
        (_at(6, 21), "task", Hours(), _at(7, 8)),
        (_at(6, 20, 59), "task", Hours(), _at(6, 20, 59)),
        (_at(6, 3, 30), "text", Hours(), _at(6, 8)),
        (_at(2, 12), "due", Hours(), _at(6, 8)),  # 劳动节 and the night after
        (_at(2, 12), "text", Hours(), _at(2, 12)),  # a text does not wait for a working day
        (_at(2, 23), "text", Hours(), _at(3, 8)),
        (_at(9, 12), "due", Hours(), _at(9, 12)),  # a Saturday that is worked
        (_at(2, 12), "due", Hours(days_off=True), _at(2, 12)),
        (_at(6, 10), "task", Hours(digest_hour=17), _at(6, 17)),
        (_at(6, 17), "task", Hours(digest_hour=17), _at(6, 17)),
        (_at(6, 17, 1), "task", Hours(digest_hour=17), _at(7, 17)),
        (_at(8, 18), "task", Hours(digest_hour=17), _at(9, 17)),
        (_at(9, 18), "task", Hours(digest_hour=9), _at(11, 9)),
        (_at(6, 3), "task", Hours(0, 0), _at(6, 3)),  # no quiet hours
        (_at(6, 13), "task", Hours(12, 14), _at(6, 14)),
        (_at(6, 23), "task", Hours(12, 14), _at(6, 23)),
    ],
)
def test_when_it_is_sent(at: datetime, kind: str, hours: Hours, expected: datetime) -> None:
    """The first moment at which it disturbs nobody."""
    assert send_at(at, kind, hours, CALENDAR) == expected


HOURS = st.builds(
    Hours, st.integers(0, 23), st.integers(0, 23), st.none() | st.integers(0, 23), st.booleans()
).filter(lambda hours: hours.digest_hour is None or not hours.is_quiet(hours.digest_hour))


@given(
    at=st.datetimes(datetime(2026, 1, 1), datetime(2026, 11, 30)),
    kind=st.sampled_from(["text", "due", "system", "task"]),
    hours=HOURS,
)
def test_never_at_a_forbidden_moment(at: datetime, kind: str, hours: Hours) -> None:
    """Not before it was told, not in the quiet hours, not on a day off unless it may, and soon."""
    moment = send_at(at, kind, hours, CALENDAR)
    assert at <= moment <= at + timedelta(days=12)
    assert not hours.is_quiet(moment.hour)
    assert hours.days_off or kind in {"text", "system"} or CALENDAR.is_working(moment.date())
    if hours.digest_hour is not None:
        assert (moment.hour, moment.minute) == (hours.digest_hour, 0)
    assert send_at(moment, kind, hours, CALENDAR) == moment


def test_patience_grows_and_ends() -> None:
    """One minute, two, four … six hours; after three days it is given up."""
    now = start = datetime(2026, 5, 6, 10)
    waits = []
    for tries in range(1, MOST_TRIES):
        again = retry_at(now, tries)
        assert again is not None
        waits.append(again - now)
        now = again
    assert waits[:3] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert max(waits) == LONGEST_WAIT
    assert waits == sorted(waits)
    assert timedelta(days=2) < now - start < timedelta(days=4)
    assert retry_at(now, MOST_TRIES) is None


def test_a_host_is_left_alone_for_a_while() -> None:
    """Not so long that its return would go unnoticed."""
    now = datetime(2026, 5, 6, 10)
    assert pause_until(now, 1) == now + timedelta(minutes=1)
    assert pause_until(now, 1000) == now + LONGEST_PAUSE
