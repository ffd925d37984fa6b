"""Addresses of 任务 (tasks and responsibilities)."""

from __future__ import annotations

from typing import Final

from django.urls import URLPattern

from zhibu.people.roles import Verb

urlpatterns: list[URLPattern] = []

RIGHTS: Final[dict[str, Verb | str]] = {}
