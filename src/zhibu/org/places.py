"""Writing the places of organisations: the tree's history, kept with every change of it."""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import Max

from zhibu.org import paths
from zhibu.org.models import Organization, Place


def next_path(parent: Organization | None) -> str:
    """A path below `parent` that no organisation ever had.

    The caller holds the parent's row: two who found at once would take the same place.
    """
    taken = Place.objects.filter(parent=parent)
    prefix = ""
    if parent is not None:
        prefix = parent.path
        taken = taken.filter(path__gt=prefix, path__lt=paths.successor(prefix))
    last = taken.aggregate(last=Max("path"))["last"] or ""
    return prefix + paths.segment(int(last[-paths.WIDTH :], 36) + 1 if last else 1)


def open_place(organization: Organization, *, since: date) -> Place:
    """The organisation as it stands now, from this day on."""
    return Place.objects.create(
        organization=organization,
        parent_id=organization.parent_id,
        path=organization.path,
        name=organization.name,
        short_name=organization.short_name,
        since=since,
    )


def close_place(organization: Organization, *, until: date) -> None:
    """The last day of the place that is open."""
    Place.objects.filter(organization=organization, until__isnull=True).update(until=until)


def correct_place(organization: Organization) -> None:
    """A name was mistyped: it is put right where it stands, and the tree has no new date."""
    Place.objects.filter(organization=organization, until__isnull=True).update(
        name=organization.name, short_name=organization.short_name
    )


def day_before(day: date) -> date:
    """The last day of what ends when something else begins."""
    return day - timedelta(days=1)
