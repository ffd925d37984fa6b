"""Reads of the norms."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.db.models import CharField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet

from zhibu.norms.models import NormChoice, NormVersion
from zhibu.org import paths
from zhibu.org.models import Organization


def find_version(pack: str, version: str) -> NormVersion | None:
    """The version of a pack with this name, or None."""
    return NormVersion.objects.filter(pack=pack, version=version).first()


def versions_in_force(packs: Iterable[str], day: date) -> dict[str, NormVersion]:
    """For each pack the version in force on that day; the latest where several are."""
    rows = (
        NormVersion.objects.filter(pack__in=set(packs), in_force_from__lte=day)
        .filter(Q(in_force_until__isnull=True) | Q(in_force_until__gte=day))
        .order_by("pack", "in_force_from", "loaded_at")
    )
    return {row.pack: row for row in rows}


def choices_on(organizations: Iterable[Organization], day: date) -> dict[UUID, NormChoice]:
    """For each organisation the choice that binds it that day: its own or the nearest above."""
    wanted = list(organizations)
    lines = {o.id: (*paths.ancestors(o.path), o.path) for o in wanted}
    rows = (
        NormChoice.objects.filter(
            organization__path__in={path for line in lines.values() for path in line},
            since__lte=day,
        )
        .filter(Q(until__isnull=True) | Q(until__gte=day))
        .select_related("organization")
        .order_by("since")
    )
    by_path = {row.organization.path: row for row in rows}
    found: dict[UUID, NormChoice] = {}
    for key, line in lines.items():
        nearest = next((by_path[path] for path in reversed(line) if path in by_path), None)
        if nearest is not None:
            found[key] = nearest
    return found


def branches_bound(organization: Organization, day: date) -> int:
    """How many branches a choice of the organisation binds that day: those below without a nearer one."""
    nearer = (
        NormChoice.objects.filter(since__lte=day, organization__path__gt=organization.path)
        .filter(Q(until__isnull=True) | Q(until__gte=day))
        .annotate(branch=ExpressionWrapper(OuterRef("path"), CharField()))
        .filter(branch__startswith=F("organization__path"))
    )
    below = Organization.objects.under(organization.path).branches().filter(dissolved_on=None)
    return below.filter(~Exists(nearer)).count()


def list_versions() -> QuerySet[NormVersion]:
    """All versions of all packs, with what each extends."""
    return NormVersion.objects.select_related("extends").order_by("pack", "in_force_from")
