"""Whether the server is well: for monitors and for `zhibu check`, so it names no data."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from zhibu.documents.fonts import find_fonts
from zhibu.network.notices.queries import outages
from zhibu.web import beats, clock

LOW_DISK_MB: Final = 1024
FULL_DISK_MB: Final = 100

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing looked at: "ok", "weak" (works, wants attention) or "down"."""

    state: str
    figure: float | None = None
    unit: str = ""


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - a view's signature
    """200 while people can work, 503 when they cannot; the signs say which part needs attention."""
    signs = {
        "database": look_at_database(),
        "worker": look_at_worker(settings.DATA_DIR, clock.now()),
        "disk": look_at_disk(settings.DATA_DIR),
        "fonts": look_at_fonts(),
        "deliveries": look_at_deliveries(),
    }
    states = {sign.state for sign in signs.values()}
    state = "down" if "down" in states else "weak" if "weak" in states else "ok"
    body = {"state": state, "signs": {name: asdict(sign) for name, sign in signs.items()}}
    return JsonResponse(body, status=503 if state == "down" else 200)


class HealthMiddleware:
    """Answers monitors before the server's name and the session are looked at.

    A monitor or load balancer asks by IP address, over plain HTTP, from inside the proxy: a redirect
    to HTTPS or "wrong name" would tell it nothing of the state.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info == "/healthz":
            return healthz(request)
        return self.get_response(request)


def look_at_database() -> Sign:
    """How long one small question takes."""
    began = time.perf_counter()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except DatabaseError:
        logger.exception("the database does not answer")
        return Sign("down")
    return Sign("ok", round((time.perf_counter() - began) * 1000, 1), "ms")


def look_at_worker(data_dir: Path, now: datetime) -> Sign:
    """How long ago the worker showed itself. People can work without it, so never "down"."""
    seen = beats.last_beat(data_dir, now=now)
    if seen is None:
        return Sign("weak")
    age = now - seen
    return Sign("ok" if age < beats.LOST_AFTER else "weak", round(age.total_seconds(), 1), "s")


def look_at_disk(data_dir: Path) -> Sign:
    """How much room is left where data and attachments lie."""
    try:
        free = shutil.disk_usage(data_dir).free // 2**20
    except OSError:
        logger.exception("the data directory cannot be read")
        return Sign("down")
    return Sign(
        "down" if free < FULL_DISK_MB else "weak" if free < LOW_DISK_MB else "ok", free, "MB"
    )


def look_at_fonts() -> Sign:
    """Whether the book can be printed."""
    return Sign("ok" if find_fonts().is_complete else "weak")


def look_at_deliveries() -> Sign:
    """How many mail servers and chat tools do not answer. People can work without them."""
    try:
        number = outages().count()
    except DatabaseError:
        return Sign("weak")  # the database says more
    return Sign("weak" if number else "ok", number)
