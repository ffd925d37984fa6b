"""A calendar as iCalendar (RFC 5545), for subscribing to: values in, bytes out.

The same values give the same bytes. No alarm: whoever wants to be reminded sets it where they read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from icalendar import Calendar, Event

from zhibu.documents.literal import clean

PRODUCT = "-//Zhibu//支部//ZH"


class Occasion(Protocol):
    """One all-day entry. `key` stays the same whatever becomes of it, `address` is a path."""

    @property
    def key(self) -> str: ...
    @property
    def day(self) -> date: ...
    @property
    def title(self) -> str: ...
    @property
    def notes(self) -> str: ...
    @property
    def changed_at(self) -> datetime: ...
    @property
    def address(self) -> str: ...
    @property
    def is_off(self) -> bool: ...


def write_calendar(name: str, occasions: Sequence[Occasion], *, zone: str, site: str) -> bytes:
    """The calendar; `site` is the address that paths of occasions are put after, without a slash."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", clean(name))
    calendar.add("x-wr-timezone", zone)
    calendar.add("refresh-interval", timedelta(hours=6), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT6H")
    for occasion in sorted(occasions, key=lambda one: (one.day, one.key)):
        calendar.add_component(_event(occasion, site))
    return bytes(calendar.to_ical())


def _event(occasion: Occasion, site: str) -> Event:
    event = Event()
    changed = occasion.changed_at.astimezone(UTC).replace(microsecond=0)
    event.add("uid", f"{occasion.key}@zhibu")
    event.add("dtstamp", changed)
    event.add("last-modified", changed)
    event.add("dtstart", occasion.day)
    event.add("dtend", occasion.day + timedelta(days=1))
    event.add("summary", clean(occasion.title))
    event.add("description", clean(occasion.notes))
    if occasion.address:
        event.add("url", f"{site}{occasion.address}")
    event.add("transp", "TRANSPARENT")
    event.add("class", "PRIVATE")
    event.add("status", "CANCELLED" if occasion.is_off else "CONFIRMED")
    return event
