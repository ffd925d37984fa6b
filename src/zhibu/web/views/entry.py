"""Signing in and out, where one lands, and the pages for when something is wrong."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from allauth.account.views import LoginView
from django.conf import settings
from django.contrib.auth import views
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone

from zhibu.ledger.keys import SigningKeyError
from zhibu.web.entry import lock, sign_on
from zhibu.web.forms.entry import SignInForm
from zhibu.web.frame import landing


class SignIn(LoginView):  # type: ignore[misc]
    """The page that asks who you are."""

    template_name = "web/sign_in.html"
    form_class = SignInForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | _said(self.request)

    def form_invalid(self, form: SignInForm) -> HttpResponse:
        answer: HttpResponse = self.render_to_response(self.get_context_data(form=form), status=422)
        return answer


def _said(request: HttpRequest) -> dict[str, Any]:
    """What the page says besides its form."""
    return {
        "doors": sign_on.doors(),
        "next": request.POST.get("next") or request.GET.get("next") or "",
        "most": settings.AXES_FAILURE_LIMIT,
        "minutes": int(settings.AXES_COOLOFF_TIME.total_seconds() // 60),
    }


def locked_out(
    request: HttpRequest,
    _answer: HttpResponse | None = None,
    credentials: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """After too many failures: the same words for an account that exists and for one that does not."""
    name = lock.name_tried(request, credentials)
    until = lock.open_again_at(request, name)
    context = _said(request) | {
        "form": SignInForm(initial={"login": name}, request=request),
        "locked_until": timezone.localtime(until) if until else None,
        "is_locked": True,
    }
    return render(request, "web/sign_in.html", context, status=429)


class SignOut(views.LogoutView):
    """Ends the session."""


def land(request: HttpRequest) -> HttpResponse:
    """Sends each to the page where their work is."""
    if address := landing(request):
        return redirect(address)
    return render(request, "web/no_role.html")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """There is no such page, or it is not for this person: both look the same."""
    return render(request, "web/not_found.html", status=404)


def forbidden(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    """A form without its token: the browser's cookies are off, or the page is very old."""
    return render(request, "web/forbidden.html", status=403)


def failed(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Something broke here, or the database is away (503, so that a proxy may try again later).

    Without the frame of the other pages, which would ask the database who is signed in.
    """
    is_away = isinstance(sys.exc_info()[1], (OperationalError, InterfaceError))
    is_keyless = isinstance(sys.exc_info()[1], SigningKeyError)
    page = render_to_string("web/failed.html", {"is_away": is_away, "is_keyless": is_keyless})
    if is_away:
        return HttpResponse(page, status=503, headers={"Retry-After": "30"})
    return HttpResponse(page, status=500)
