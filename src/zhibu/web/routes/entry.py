"""Signing in and out; where one lands."""

from __future__ import annotations

from typing import Final

from django.urls import path

from zhibu.people.roles import Verb
from zhibu.web.routes import PUBLIC, SIGNED_IN
from zhibu.web.views import entry, health

urlpatterns = [
    path("", entry.land, name="home"),
    path("sign-in/", entry.SignIn.as_view(), name="sign-in"),
    path("sign-out/", entry.SignOut.as_view(), name="sign-out"),
    path("healthz", health.healthz, name="healthz"),
]

RIGHTS: Final[dict[str, Verb | str]] = {
    "home": SIGNED_IN,
    "sign-in": PUBLIC,
    "sign-out": SIGNED_IN,
    "healthz": PUBLIC,
}
