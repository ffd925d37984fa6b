"""Signing in and out, where one lands, and the pages for when something is wrong."""

from __future__ import annotations

import sys

from django.contrib.auth import views
from django.contrib.auth.decorators import login_not_required
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.decorators import method_decorator

from zhibu.ledger.keys import SigningKeyError
from zhibu.web.frame import landing


@method_decorator(login_not_required, name="dispatch")
class SignIn(views.LoginView):
    """The page that asks who you are."""

    template_name = "web/sign_in.html"
    redirect_authenticated_user = True


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
