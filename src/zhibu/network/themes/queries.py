"""Reads of themes: what runs for an organisation, what a line or a record carries."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet

from zhibu.network.themes.models import Carrying, Theme
from zhibu.org.models import Organization


def themes_of(branch: Organization, day: date) -> QuerySet[Theme, Any]:
    """The themes that run for the branch on that day, as `key`, `title`, `since`; no order.

    Columns as the other offers of an agenda have them, so that all come in one union.
    """
    running = Theme.objects.for_organization(branch).running_on(day).order_by()
    return running.annotate(key=F("id")).values("key", "title", "since")


def running_themes(organization: Organization, day: date) -> QuerySet[Theme]:
    """The themes that run for the organisation on that day, the nearest level last."""
    return (
        Theme.objects.for_organization(organization)
        .running_on(day)
        .select_related("organization")
        .order_by("organization__path", "since", "id")
    )


def themes_seen(organization: Organization, day: date, *, is_earlier: bool) -> QuerySet[Theme]:
    """The themes that the people of an organisation see: that have ended by that day, or the others.

    The latest first.
    """
    ended = Q(until__lt=day) | Q(ended_on__lt=day)
    rows = Theme.objects.seen_by(organization).select_related("organization")
    return rows.filter(ended if is_earlier else ~ended).order_by("-since", "-id")


def themes_of_lines(lines: Iterable[UUID]) -> dict[UUID, tuple[Theme, ...]]:
    """The themes that these lines carry; nothing for a line without any."""
    found: dict[UUID, tuple[Theme, ...]] = {}
    rows = Carrying.objects.filter(line_id__in=list(lines)).select_related("theme__organization")
    for row in rows.order_by("theme__since", "theme_id"):
        if row.line_id is not None:
            found[row.line_id] = (*found.get(row.line_id, ()), row.theme)
    return found
