"""What is shared while a demonstration is built."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Final

from django.db.models import Max
from django.utils import timezone

from zhibu.handbook.models import RecordVersion
from zhibu.ops.accounts import Account
from zhibu.ops.demo.population import morning
from zhibu.ops.demo.shelf import Shelf
from zhibu.org.models import Organization

YEARS_BACK: Final = 8
"""So many years before today the bureau was founded."""


def weekday_from(day: date) -> date:
    """The day itself, or the Monday after a weekend."""
    return day + timedelta(days=7 - day.weekday()) if day.weekday() > 4 else day


@dataclass
class Stage:
    """The moment that it is played at, the dice, what waits to be written, who may sign in."""

    now: datetime
    rng: Random
    password: str  # encoded
    shelf: Shelf = field(default_factory=Shelf)
    accounts: list[Account] = field(default_factory=list)

    @property
    def today(self) -> date:
        """The day that it is played on."""
        return timezone.localdate(self.now)

    def weekday_ago(self, days: int) -> date:
        """So many days ago, or the Friday before: nobody meets on a weekend."""
        day = self.today - timedelta(days=days)
        return day - timedelta(days=max(day.weekday() - 4, 0))

    def weekday_in(self, days: int) -> date:
        """In so many days, or the Monday after: nothing is due on a weekend."""
        return weekday_from(self.today + timedelta(days=days))

    def moment_ago(self, branch: Organization, hours: int) -> datetime:
        """So many hours ago, but after the branch's last filing: a chain goes on in time."""
        wanted = self.now - timedelta(hours=hours)
        filed = RecordVersion.objects.filter(branch=branch).aggregate(last=Max("filed_at"))
        last: datetime | None = filed["last"]
        return wanted if last is None or last < wanted else last + (self.now - last) / 4

    @property
    def founded_on(self) -> date:
        """When the bureau came into being."""
        return date(self.today.year - YEARS_BACK, 3, 1)

    @property
    def at(self) -> datetime:
        """When the tree was entered: before the first table was drafted."""
        return morning(date(self.today.year - 2, 11, 20))
