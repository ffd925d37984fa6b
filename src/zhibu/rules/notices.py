"""When somebody is told outside the system: quiet hours, days off, the daily digest, patience."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from zhibu.rules.calendar import WorkCalendar

QUIET_FROM: Final = 21
QUIET_UNTIL: Final = 8
"""From nine in the evening until eight in the morning nothing is sent, unless one wants it so."""

FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=6)
MOST_TRIES: Final = 20
"""A delivery that fails is tried again at growing distances: after three days, or a little more
where nights lie between, it is given up."""

LONGEST_PAUSE: Final = timedelta(minutes=15)
"""So long at most a host that does not answer is left alone."""

ANY_DAY: Final = frozenset({"text", "system"})
"""Kinds that do not wait for a working day; they do wait for the end of the quiet hours."""

LONGEST_HOLD: Final = 30
"""Days to look ahead for one on which something may be sent; no break of China comes near it."""


@dataclass(frozen=True, slots=True)
class Hours:
    """When a person or an organisation may be told, in local hours from 0 to 23.

    The same hour twice: there are no quiet hours. `digest_hour` None: at once.
    """

    quiet_from: int = QUIET_FROM
    quiet_until: int = QUIET_UNTIL
    digest_hour: int | None = None
    days_off: bool = False

    def is_quiet(self, hour: int) -> bool:
        """Whether nothing is sent within this hour."""
        if self.quiet_from <= self.quiet_until:
            return self.quiet_from <= hour < self.quiet_until
        return hour >= self.quiet_from or hour < self.quiet_until


def send_at(at: datetime, kind: str, hours: Hours, calendar: WorkCalendar) -> datetime:
    """The first moment, not before `at`, at which this kind may be sent. `at` is in local time.

    With a digest everything waits for its hour; a day off is waited out, but by what is urgent
    enough and by nobody who wants it otherwise.
    """
    any_day = hours.days_off or kind in ANY_DAY
    moment = at
    for _ in range(LONGEST_HOLD * 2):
        if not any_day and not calendar.is_working(moment.date()):
            moment = _midnight_after(moment)
        elif hours.digest_hour is not None and not _is_digest(at, moment, hours.digest_hour):
            moment = _next_at_hour(moment, hours.digest_hour)
        elif hours.is_quiet(moment.hour):
            moment = _next_at_hour(moment, hours.quiet_until)
        else:
            break
    return moment


def _is_digest(at: datetime, moment: datetime, hour: int) -> bool:
    """Whether the moment begins the hour of the digest."""
    return moment.time() == time(hour) and moment >= at


def _next_at_hour(moment: datetime, hour: int) -> datetime:
    """The next moment after this one at which that hour begins."""
    begin = moment.replace(hour=hour, minute=0, second=0, microsecond=0)
    return begin if begin > moment else begin + timedelta(days=1)


def _midnight_after(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def retry_at(now: datetime, tries: int) -> datetime | None:
    """When to try again after so many failures; None once patience is at its end."""
    return None if tries >= MOST_TRIES else now + min(_growing(tries), LONGEST_WAIT)


def pause_until(now: datetime, tries: int) -> datetime:
    """Until when to leave a host alone that has not answered so many times in a row."""
    return now + min(_growing(tries), LONGEST_PAUSE)


def _growing(tries: int) -> timedelta:
    """One minute, then two, four, eight."""
    return FIRST_WAIT * (1 << min(max(tries - 1, 0), 20))
