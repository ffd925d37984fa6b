"""On a telephone: installing, the worker beside the pages, the page without a network, what comes later."""

from __future__ import annotations

import json
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from django.contrib.auth.decorators import login_not_required
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import get_template
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from zhibu.rules import wording
from zhibu.rules.norm import Activity
from zhibu.web import clock
from zhibu.web.access import person_of
from zhibu.web.pages.record_form import COMMON
from zhibu.web.views.later import take

# What the page without a network is drawn with.
_FILES: Final = ("web/zhibu.css", "web/zhibu.js", "web/mark.svg", "django_htmx/htmx-2.min.js")
_SIZES: Final = (192, 512)


@login_not_required
@require_safe
def manifest(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """What a telephone wants to know to put it among its programs."""
    icons = [{"src": static("web/mark.svg"), "sizes": "any", "type": "image/svg+xml"}]
    for purpose in ("any", "maskable"):
        icons += [
            {
                "src": static(f"web/mark-{purpose}-{size}.png"),
                "sizes": f"{size}x{size}",
                "type": "image/png",
                "purpose": purpose,
            }
            for size in _SIZES
        ]
    data = {
        "id": reverse("home"),
        "name": "支部 · 一规一表一册一网",
        "short_name": "支部",
        "description": "党支部的规范、年度安排表、工作手册和网络。",
        "lang": "zh-Hans",
        "start_url": reverse("home"),
        "scope": reverse("home"),
        "display": "standalone",
        "background_color": "#f6f5f2",
        "theme_color": "#a3171b",
        "icons": icons,
        "shortcuts": [{"name": "离线记录", "url": reverse("offline")}],
    }
    answer = JsonResponse(data, content_type="application/manifest+json")
    answer["Cache-Control"] = "public, max-age=3600"
    return answer


@login_not_required
@require_safe
def worker(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """The script that works beside the pages. It lies at the root, so that it works for all of them."""
    shell = {
        "version": _version(),
        "offline": reverse("offline"),
        "statics": static(""),
        "files": [static(name) for name in _FILES],
    }
    text = f"const SHELL = {json.dumps(shell, ensure_ascii=False)};\n{_read('web/worker.js')}"
    answer = HttpResponse(text, content_type="text/javascript; charset=utf-8")
    answer["Cache-Control"] = "no-cache"
    return answer


@login_not_required
@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """The empty page 离线记录: the same for everybody, and nothing on it is anybody's."""
    kinds = [(each.value, wording.label(each)) for each in Activity]
    common = {each.value for each in COMMON}
    context = {
        "common": [one for one in kinds if one[0] in common],
        "others": [one for one in kinds if one[0] not in common],
        "today": clock.today(),
    }
    return render(request, "web/offline.html", context)


@require_http_methods(["GET", "POST"])
def later(request: HttpRequest) -> HttpResponse:
    """Who is signed in, for a device that has something to send; and what it sends, taken once."""
    if request.method == "POST":
        outcome = take(request)
        return JsonResponse(
            {"state": outcome.state, "said": outcome.said, "address": outcome.address}
        )
    return JsonResponse({"person": str(person_of(request).pk), "token": get_token(request)})


@lru_cache(maxsize=1)
def _version() -> str:
    """Another one whenever one of the files is another."""
    template: Any = get_template("web/offline.html")
    parts = [_read(name) for name in (*_FILES, "web/worker.js")]
    parts += [Path(template.origin.name).read_text(encoding="utf-8")]
    return sha256("".join(parts).encode()).hexdigest()[:12]


def _read(name: str) -> str:
    found = finders.find(name)
    return Path(found).read_text(encoding="utf-8") if isinstance(found, str) else ""
