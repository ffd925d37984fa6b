"""The only place where pages and commands ask what day it is; tests set it."""

from __future__ import annotations

from datetime import date, datetime

from django.utils import timezone


def now() -> datetime:
    """This moment, with its time zone."""
    return timezone.now()


def today() -> date:
    """The day on the wall calendar here."""
    return timezone.localtime(now()).date()
