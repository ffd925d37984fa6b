"""Addresses of 反映 (feedback)."""

from __future__ import annotations

from typing import Final

from django.urls import URLPattern

from zhibu.people.roles import Verb

urlpatterns: list[URLPattern] = []

RIGHTS: Final[dict[str, Verb | str]] = {}
