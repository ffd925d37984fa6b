"""Addresses of 检索 (search) and of 日历订阅 (calendar feeds)."""

from __future__ import annotations

from typing import Final

from django.urls import URLPattern, path

from zhibu.people.roles import Verb
from zhibu.web.routes import BEARER, SIGNED_IN
from zhibu.web.views import feeds, search

urlpatterns: list[URLPattern] = [
    path("search/", search.search, name="search"),
    path("feeds/", feeds.feeds, name="feeds"),
    path("feeds/<uuid:pk>/revoke/", feeds.revoke, name="feed-revoke"),
    path("calendar/<str:secret>.ics", feeds.calendar, name="feed-calendar"),
]

RIGHTS: Final[dict[str, Verb | str]] = {
    "search": SIGNED_IN,
    "feeds": SIGNED_IN,
    "feed-revoke": SIGNED_IN,
    "feed-calendar": BEARER,
}
