"""Themes (专题): when one runs, and the months and years of its course."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class ThemeState(StrEnum):
    """Where a theme stands on a day."""

    UPCOMING = "upcoming"
    RUNNING = "running"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class ThemeSpan:
    """From when a theme runs, until when it is meant to (None: without an end), and its early end.

    Raises ValueError where it would end before it begins.
    """

    since: date
    until: date | None = None
    ended_on: date | None = None

    def __post_init__(self) -> None:
        if self.until is not None and self.until < self.since:
            raise ValueError("a theme ends no earlier than it begins")

    @property
    def last_day(self) -> date | None:
        """The last day on which it runs; None while no end is known."""
        days = [day for day in (self.until, self.ended_on) if day is not None]
        return min(days) if days else None

    def state_on(self, day: date) -> ThemeState:
        """Where it stands on that day."""
        last = self.last_day
        if last is not None and day > last:
            return ThemeState.ENDED
        return ThemeState.UPCOMING if day < self.since else ThemeState.RUNNING

    def years(self, today: date) -> tuple[int, ...]:
        """The years of its course up to today, the earliest first; its first year at least."""
        last = min(self.last_day or today, today)
        return tuple(range(self.since.year, max(last.year, self.since.year) + 1))
