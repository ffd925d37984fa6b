"""What stands before every page once somebody is signed in: time-out, password, second factor."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from zhibu.people.models import Person
from zhibu.people.passwords import must_change
from zhibu.web import access, clock
from zhibu.web.entry.factors import has_factor, is_demanded

# The session says since when it lasts and when it was last used.
_BEGAN: Final = "began_at"
_USED: Final = "used_at"
_NOTED_EVERY: Final = timedelta(seconds=60)

# What may be opened before the password is one's own …
FREE: Final = frozenset({"sign-in", "sign-out", "password", "invitation"})
# … and before the second factor is there.
SET_UP: Final = FREE | {
    "account_reauthenticate",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
    "mfa_index",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_view_recovery_codes",
    "mfa_download_recovery_codes",
}

# What a page asks for by itself, beside what the person does, leads nowhere.
BESIDE: Final = frozenset({"notice-count"})


class GuardMiddleware:
    """Ends a session that lasted too long, and leads to what must be done first."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponse],  # noqa: ARG002 - Django's signature
        args: tuple[Any, ...],  # noqa: ARG002 - the library's signature
        kwargs: dict[str, Any],  # noqa: ARG002 - the library's signature
    ) -> HttpResponse | None:
        """The answer instead of the page, where there is one."""
        if not request.user.is_authenticated:
            return None
        at = clock.now()
        name = (request.resolver_match and request.resolver_match.url_name) or ""
        if reason := _run_out(request, at):
            return _leave(request, reason)
        person = access.person_of(request)
        reason = must_change(person, at)
        if reason and name not in FREE and _signed_in_by_password(request, person):
            return _lead(request, "password", reason)
        if name not in SET_UP and _lacks_factor(request, person):
            return _lead(request, "mfa_index", "您担任的角色须设置第二重验证，请先设置。")
        return None


def begin_session(request: HttpRequest, at: datetime) -> None:
    """From this moment the session lasts."""
    request.session[_BEGAN] = request.session[_USED] = at.timestamp()


def _run_out(request: HttpRequest, at: datetime) -> str:
    """Why the session is over; empty while it holds. Notes that it was used."""
    session, moment = request.session, at.timestamp()
    began, used = session.get(_BEGAN), session.get(_USED)
    if began is None or used is None:
        begin_session(request, at)
        return ""
    if moment - used > settings.IDLE_TIME.total_seconds():
        minutes = int(settings.IDLE_TIME.total_seconds() // 60)
        return f"超过 {minutes} 分钟没有操作，已自动退出，请重新登录。"
    if moment - began > settings.SESSION_TIME.total_seconds():
        return "本次登录已满规定时长，请重新登录。"
    # A row is not written for every page; a fifth of a short time-out is exact enough.
    if moment - used >= min(_NOTED_EVERY, settings.IDLE_TIME / 5).total_seconds():
        session[_USED] = moment
    return ""


def _leave(request: HttpRequest, reason: str) -> HttpResponse:
    request.zhibu_left_by = "time_out"  # type: ignore[attr-defined]
    logout(request)
    messages.info(request, reason)
    is_page = request.method == "GET" and not request.headers.get("HX-Request")
    return redirect_to_login(request.get_full_path()) if is_page else redirect("sign-in")


def _lead(request: HttpRequest, name: str, reason: str) -> HttpResponse:
    if request.resolver_match and request.resolver_match.url_name in BESIDE:
        return HttpResponse(status=204)
    if request.headers.get("HX-Request"):
        return HttpResponseClientRedirect(reverse(name))
    storage = messages.get_messages(request)
    if reason not in {str(message) for message in storage}:  # said once, however often one asks
        messages.warning(request, reason)
    storage.used = False  # type: ignore[union-attr]  # looked at, not shown
    return redirect(name)


def _lacks_factor(request: HttpRequest, person: Person) -> bool:
    """Whether a role asks for a second factor and there is none. Nothing is asked of others."""
    return bool(
        settings.MFA_ROLES and is_demanded(access.reach(request)) and not has_factor(person)
    )


def _signed_in_by_password(request: HttpRequest, person: Person) -> bool:
    """Whoever came in by single sign-on alone does not use the password."""
    ways = {each["method"] for each in get_authentication_records(request, person)}
    return "socialaccount" not in ways or "password" in ways
