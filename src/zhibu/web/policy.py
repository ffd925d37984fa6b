"""What a browser may load (our own files, and no script or style written into a page) and may keep."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from zhibu.people.roles import Verb
from zhibu.web.urls import RIGHTS

_SOURCES: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
POLICY: Final = "; ".join(f"{kind} {source}" for kind, source in _SOURCES.items())


class ContentSecurityPolicyMiddleware:
    """Puts the policy on every answer that does not carry a stricter one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(), microphone=()"
        )
        return response


class PrivatePagesMiddleware:
    """Says of every answer that does not say so itself whether a browser may keep it.

    What is only read is not kept at all: on a computer that several people share, the Back button
    shows nothing after signing out. A page with a form may be gone back to, so that what was typed
    and not sent is still there; it is asked for again when it is opened anew, and thrown away when
    the session ends.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault(
            "Cache-Control", "private, no-store" if _is_read(request) else "private, no-cache"
        )
        cookie = response.cookies.get(settings.SESSION_COOKIE_NAME)
        if cookie is not None and not cookie.value:  # the session has just ended
            response.headers.setdefault("Clear-Site-Data", '"cache"')
        return response


_READ: Final = frozenset(verb for verb in Verb if verb.startswith("see_")) | {Verb.EXPORT}
# The lines of a table are edited in their rows.
_EDITED_IN_PLACE: Final = frozenset({"plan"})


def _is_read(request: HttpRequest) -> bool:
    """Whether the address is one that only shows something."""
    name = request.resolver_match.url_name if request.resolver_match else None
    return name not in _EDITED_IN_PLACE and RIGHTS.get(name or "") in _READ
