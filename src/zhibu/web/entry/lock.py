"""The lock after failed attempts, kept by django-axes in the database: by account and address.

An account that is guessed at from many addresses is locked for all of them, much later, so that
somebody who mistypes elsewhere, or wants to keep its owner out, does not get there by chance.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Max, Sum
from django.http import HttpRequest
from django.utils import timezone

from zhibu.people.attempts import plain_name

MANY: Final = 10  # times the limit of one address, from all together


class LockHandler(AxesDatabaseHandler):  # type: ignore[misc]  # axes has no types
    """The lock of axes, and the one of an account that many addresses try."""

    def is_locked(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
        """Whether this account may not be tried from here, or from anywhere."""
        return super().is_locked(request, credentials) or is_besieged(
            name_tried(request, credentials)
        )


def is_besieged(username: str) -> bool:
    """Whether the account was tried in vain too often within the time of a lock, from wherever."""
    since = timezone.now() - settings.AXES_COOLOFF_TIME
    tried = AccessAttempt.objects.filter(username=plain_name(username), attempt_time__gt=since)
    failures: int = tried.aggregate(sum=Sum("failures_since_start"))["sum"] or 0
    return failures >= MANY * settings.AXES_FAILURE_LIMIT


def name_tried(request: HttpRequest, credentials: Mapping[str, Any] | None = None) -> str:
    """The account that somebody tries to get into."""
    given = (credentials or {}).get("username") or request.POST.get("username") or ""
    return plain_name(str(given))


def address_of(request: HttpRequest) -> str | None:
    """Where a request comes from: what the outermost of our own proxies saw.

    What stands before that in the header was written by the caller and says nothing.
    """
    seen = [
        each.strip()
        for each in request.headers.get("X-Forwarded-For", "").split(",")
        if each.strip()
    ]
    if settings.PROXIES and len(seen) >= settings.PROXIES:
        return seen[-settings.PROXIES]
    address: str | None = request.META.get("REMOTE_ADDR") or None
    return address


def is_locked(request: HttpRequest, username: str) -> bool:
    """Whether this account may not be tried from here now."""
    return not AxesProxyHandler.is_allowed(request, {"username": username})


def open_again_at(request: HttpRequest, username: str) -> datetime | None:
    """When the lock opens by itself; None when there is no attempt."""
    tried = AccessAttempt.objects.filter(username=plain_name(username))
    if not is_besieged(username):
        tried = tried.filter(ip_address=address_of(request))
    last: datetime | None = tried.aggregate(last=Max("attempt_time"))["last"]
    return last + settings.AXES_COOLOFF_TIME if last else None
