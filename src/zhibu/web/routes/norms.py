"""Addresses of the norms: whoever is signed in may read them."""

from __future__ import annotations

from typing import Final

from django.urls import URLPattern, path

from zhibu.people.roles import Verb
from zhibu.web.routes import SIGNED_IN
from zhibu.web.views import norms

urlpatterns: list[URLPattern] = [
    path("norms/", norms.norm_list, name="norm-list"),
    path("norms/diff/", norms.norm_diff, name="norm-diff"),
    path("norms/<str:pack>/<str:version>/", norms.norm, name="norm"),
    path("norms/<str:pack>/<str:version>/<str:code>/", norms.requirement, name="norm-requirement"),
]

RIGHTS: Final[dict[str, Verb | str]] = {
    "norm-list": SIGNED_IN,
    "norm-diff": SIGNED_IN,
    "norm": SIGNED_IN,
    "norm-requirement": SIGNED_IN,
}
