"""Addresses of installing on a telephone and of working without a network."""

from __future__ import annotations

from typing import Final

from django.urls import URLPattern, path

from zhibu.people.roles import Verb
from zhibu.web.routes import PUBLIC, SIGNED_IN
from zhibu.web.views import mobile

urlpatterns: list[URLPattern] = [
    path("manifest.webmanifest", mobile.manifest, name="manifest"),
    path("worker.js", mobile.worker, name="worker"),
    path("offline/", mobile.offline, name="offline"),
    path("later/", mobile.later, name="later"),
]

RIGHTS: Final[dict[str, Verb | str]] = {
    "manifest": PUBLIC,
    "worker": PUBLIC,
    "offline": PUBLIC,
    "later": SIGNED_IN,
}
