"""The course of a theme, counted over the things that carry it: by month, by year, by organisation.

A record counts once, whether it says so itself, discharges a line that carries the theme, or both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, ExtractMonth, ExtractYear, Substr

from zhibu.network.themes.models import Carrying, Theme
from zhibu.org import paths
from zhibu.org.models import Organization
from zhibu.plans.models import Plan


@dataclass(frozen=True, slots=True)
class MonthCourse:
    """What was done in one month: records, and how many organisations they come from."""

    year: int
    month: int
    records: int
    organizations: int


@dataclass(frozen=True, slots=True)
class YearCourse:
    """One year: records, organisations that did something, lines of tables, those done, texts."""

    year: int
    records: int = 0
    organizations: int = 0
    lines: int = 0
    done: int = 0
    texts: int = 0
    last_on: date | None = None


def _scoped(theme: Theme, scope: Organization) -> QuerySet[Carrying]:
    """What carries the theme at and below an organisation; lines count once their table is adopted."""
    rows = Carrying.objects.filter(theme=theme)
    if not paths.is_within(theme.organization.path, scope.path):
        end = paths.successor(scope.path)
        rows = rows.filter(organization__path__gte=scope.path, organization__path__lt=end)
    return rows.filter(Q(line__isnull=True) | Q(line__plan__state=Plan.State.ADOPTED))


def _proved(rows: QuerySet[Carrying]) -> QuerySet[Any]:
    """With `proof`, the record, and `happened`, its day."""
    return rows.annotate(
        proof=Coalesce("record_id", "line__discharged_by"),
        happened=Coalesce("day", "line__happened_on"),
    )


_COUNTS: dict[str, Any] = {
    "records": Count("proof", distinct=True),
    "organizations": Count("organization", distinct=True, filter=Q(proof__isnull=False)),
    "lines": Count("line"),
    "done": Count("line", filter=Q(line__discharged_by__isnull=False)),
    "texts": Count("text_id", distinct=True),
    "last_on": Max("happened", filter=Q(proof__isnull=False)),
}


def months_of(theme: Theme, scope: Organization) -> tuple[MonthCourse, ...]:
    """The months in which something was done, the earliest first: one query."""
    rows = (
        _proved(_scoped(theme, scope))
        .filter(proof__isnull=False)
        .annotate(year=ExtractYear("happened"), month=ExtractMonth("happened"))
        .order_by("year", "month")
        .values("year", "month")
        .annotate(records=Count("proof", distinct=True), units=Count("organization", distinct=True))
    )
    return tuple(
        MonthCourse(row["year"], row["month"], row["records"], row["units"]) for row in rows
    )


def years_of(theme: Theme, scope: Organization) -> tuple[YearCourse, ...]:
    """The years with anything planned, done or sent down, the earliest first: one query.

    A line counts in the year in which it was done, before that in the one that it is planned for.
    """
    rows = (
        _proved(_scoped(theme, scope))
        .annotate(year=ExtractYear(Coalesce("happened", "line__planned_on")))
        .order_by("year")
        .values("year")
        .annotate(**_COUNTS)
    )
    return tuple(YearCourse(**row) for row in rows)


def units_of(theme: Theme, scope: Organization, day: date) -> QuerySet[Organization]:
    """The organisations at and below `scope` that the theme is worked at by, in the order of the tree.

    Those of its kinds; branches, where it names none.
    """
    top = max(scope.path, theme.organization.path, key=len)
    kinds = theme.kind_list or (Organization.Kind.BRANCH,)
    return Organization.objects.under(top).filter(kind__in=kinds).standing_on(day).order_by("path")


def idle_units(
    theme: Theme, units: QuerySet[Organization], *, is_idle: bool
) -> QuerySet[Organization]:
    """Those of the units that have done nothing yet, or those that have."""
    done = Carrying.objects.filter(theme=theme, organization=OuterRef("pk")).filter(
        Q(record__isnull=False) | Q(line__discharged_by__isnull=False)
    )
    return units.filter(~Exists(done) if is_idle else Exists(done))


def years_by_unit(theme: Theme, units: Iterable[UUID]) -> dict[UUID, tuple[YearCourse, ...]]:
    """What each of these organisations did, by year, the earliest first: one query."""
    rows = (
        _proved(_scoped(theme, theme.organization).filter(organization__in=list(units)))
        .annotate(year=ExtractYear(Coalesce("happened", "line__planned_on")))
        .order_by("organization", "year")
        .values("organization", "year")
        .annotate(**_COUNTS)
    )
    found: dict[UUID, tuple[YearCourse, ...]] = {}
    for row in rows:
        key = row.pop("organization")
        found[key] = (*found.get(key, ()), YearCourse(**row))
    return found


def years_by_child(theme: Theme, scope: Organization) -> dict[str, tuple[YearCourse, ...]]:
    """The same for all below each child of `scope`, by the child's path: one query."""
    width = len(scope.path) + paths.WIDTH
    rows = (
        _proved(_scoped(theme, scope))
        .filter(organization__path__gt=scope.path)
        .annotate(
            child=Substr("organization__path", 1, width),
            year=ExtractYear(Coalesce("happened", "line__planned_on")),
        )
        .order_by("child", "year")
        .values("child", "year")
        .annotate(**_COUNTS)
    )
    found: dict[str, tuple[YearCourse, ...]] = {}
    for row in rows:
        key = row.pop("child")
        found[key] = (*found.get(key, ()), YearCourse(**row))
    return found


def things_of(theme: Theme, organization: Organization) -> QuerySet[Carrying]:
    """What the organisation itself did, has planned or sent down for it, the latest first."""
    own = Carrying.objects.filter(theme=theme, organization=organization).filter(
        Q(line__isnull=True) | Q(line__plan__state=Plan.State.ADOPTED)
    )
    # A record that discharges a line of the theme stands beside the line.
    twice = Carrying.objects.filter(theme=theme, line__discharged_by=OuterRef("record_id"))
    return (
        own.filter(Q(record__isnull=True) | ~Exists(twice))
        .annotate(on=Coalesce("day", "line__happened_on", "line__planned_on"))
        .select_related("line", "record__current")
        .order_by(F("on").desc(), "-id")
    )


def themes_served(organization: Organization, since: date, until: date) -> QuerySet[Any]:
    """What was done for any theme at and below an organisation in a span, with `proof`, the record."""
    rows = Carrying.objects.filter(
        organization__path__gte=organization.path,
        organization__path__lt=paths.successor(organization.path),
    )
    return _proved(rows).filter(proof__isnull=False, happened__range=(since, until))
