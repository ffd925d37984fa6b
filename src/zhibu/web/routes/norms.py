"""Addresses of the norms: whoever is signed in may read them; some keep them."""

from __future__ import annotations

from typing import Final

from django.urls import URLPattern, path

from zhibu.people.roles import Verb
from zhibu.web.routes import SIGNED_IN
from zhibu.web.views import norm_desk, norms

urlpatterns: list[URLPattern] = [
    path("norms/", norms.norm_list, name="norm-list"),
    path("norms/diff/", norms.norm_diff, name="norm-diff"),
    path("norms/load/", norm_desk.load, name="norm-load"),
    path("norms/<str:pack>/<str:version>/", norms.norm, name="norm"),
    path("norms/<str:pack>/<str:version>/pack.toml", norms.source, name="norm-source"),
    path("norms/<str:pack>/<str:version>/<str:code>/", norms.requirement, name="norm-requirement"),
    path("o/<uuid:pk>/norm/", norm_desk.choose, name="norm-choose"),
]

RIGHTS: Final[dict[str, Verb | str]] = {
    "norm-list": SIGNED_IN,
    "norm-diff": SIGNED_IN,
    "norm": SIGNED_IN,
    "norm-requirement": SIGNED_IN,
    "norm-source": SIGNED_IN,
    "norm-load": Verb.EDIT_NORM,
    "norm-choose": Verb.EDIT_NORM,
}
