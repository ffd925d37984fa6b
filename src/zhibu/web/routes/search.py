"""Addresses of 检索 (search)."""

from __future__ import annotations

from typing import Final

from django.urls import URLPattern, path

from zhibu.people.roles import Verb
from zhibu.web.routes import SIGNED_IN
from zhibu.web.views import search

urlpatterns: list[URLPattern] = [
    path("search/", search.search, name="search"),
]

RIGHTS: Final[dict[str, Verb | str]] = {
    "search": SIGNED_IN,
}
