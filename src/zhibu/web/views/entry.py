"""Signing in and out, where one lands, and the pages for when something is wrong."""

from __future__ import annotations

from django.contrib.auth import views
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator

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


def failed(request: HttpRequest) -> HttpResponse:
    """Something broke here. Says so without asking anything of the database."""
    return render(request, "web/failed.html", status=500)
