"""Reads of monthly reports, and of what a month shows; each a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final
from uuid import UUID

from django.db.models import (
    Count,
    Exists,
    F,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
)
from django.utils import timezone

from zhibu.network.dissemination.models import Expected, Text
from zhibu.network.dissemination.queries import reached_beside, texts_arrived
from zhibu.network.reports.models import Report, ReportVersion
from zhibu.org.models import Grant, Organization, Place
from zhibu.people.roles import Verb, roles_with
from zhibu.plans.models import Plan
from zhibu.rules.reach import Mode

MOST_BELOW: Final = 1000
"""So many organisations right below are read."""

REPORTING: Final = (
    Organization.Kind.COMMISSION,
    Organization.Kind.COMMITTEE,
    Organization.Kind.GENERAL_BRANCH,
)
"""The kinds of organisation that report; a branch fills in nothing for it."""


def reports_of(organization: Organization) -> QuerySet[Report]:
    """All months with a report, the newest first."""
    return (
        Report.objects.filter(organization=organization)
        .select_related("latest__issued_by", "latest__received_by")
        .order_by("-year", "-month")
    )


def issued_before(organization: Organization, first: date) -> QuerySet[Report]:
    """The issued reports of the months before that day's month, the newest first."""
    earlier = Q(year__lt=first.year) | Q(year=first.year, month__lt=first.month)
    return reports_of(organization).exclude(latest=None).filter(earlier)


def find_report(organization: Organization, year: int, month: int) -> Report | None:
    """The report of one month, with its newest version."""
    return reports_of(organization).filter(year=year, month=month).first()


def versions_of(report: Report) -> QuerySet[ReportVersion]:
    """What was issued, the newest first."""
    return report.versions.select_related("issued_by", "received_by").order_by("-version")


def reporting_below(organization: Organization, day: date) -> QuerySet[Organization]:
    """The organisations right below that report themselves, in the order of the tree.

    A general branch is among them only when somebody there has the office for it.
    """
    kinds = Organization.Kind
    offices = Grant.objects.filter(
        Q(until=None) | Q(until__date__gte=day),
        organization=OuterRef("pk"),
        role__in=roles_with(Verb.WRITE_REPORT),
    )
    return (
        Organization.objects.filter(parent=organization, kind__in=REPORTING)
        .filter(~Q(kind=kinds.GENERAL_BRANCH) | Exists(offices))
        .standing_on(day)
        .order_by("path")
    )


def reports_from(organizations: Iterable[UUID], year: int, month: int) -> dict[UUID, Report]:
    """The reports of these organisations for a month, with their newest versions: one query."""
    rows = Report.objects.filter(
        organization__in=list(organizations), year=year, month=month
    ).select_related("latest")
    return {row.organization_id: row for row in rows}


def reports_below(
    organization: Organization, year: int, month: int, day: date
) -> dict[Organization, Report | None]:
    """Those right below that report, in the order of the tree, each with its report: one query."""
    of_month = FilteredRelation("reports", condition=Q(reports__year=year, reports__month=month))
    rows = (
        reporting_below(organization, day)
        .annotate(of_month=of_month)
        .select_related("of_month__latest")  # type: ignore[misc]  # knows no filtered relation
    )
    return {one: getattr(one, "of_month", None) for one in rows[:MOST_BELOW]}


def count_branches(organization: Organization, year: int, day: date) -> tuple[int, int]:
    """The branches that stand on the day, and those of them without an adopted table: one query."""
    adopted = Plan.objects.filter(branch=OuterRef("pk"), year=year, state=Plan.State.ADOPTED)
    in_use = Q(in_use_since=None) | Q(in_use_since__lte=day)
    found = (
        Organization.objects.under(organization.path)
        .branches()
        .standing_on(day)
        .annotate(has_table=Exists(adopted))
        .aggregate(all=Count("pk"), without=Count("pk", filter=in_use & Q(has_table=False)))
    )
    return found["all"], found["without"]


def moments_of(first: date, last: date) -> tuple[datetime, datetime]:
    """From the first moment of one day to the last moment of another."""
    ends = (datetime.combine(first, time.min), datetime.combine(last, time.max))
    return timezone.make_aware(ends[0]), timezone.make_aware(ends[1])


@dataclass(frozen=True, slots=True)
class TextReach:
    """One text that was sent down in the month: how many it is for here and below, and reached."""

    title: str
    expected: int
    reached: int

    @property
    def open(self) -> int:
        """Those whom it has not reached."""
        return max(0, self.expected - self.reached)


def texts_of_month(
    organization: Organization, places: Sequence[Place], first: date, last: date
) -> tuple[TextReach, ...]:
    """The texts issued in the span that somebody here or below is to read: one query.

    One that goes from level to level only once it has come down to here: its title is news. From
    the tallies of reach, with what the worker has not folded in yet; never from receipts. `places`
    are all that the organisation has had: a text counts where it hung on the day of issue.
    """
    is_known = (
        Q(text__mode=Mode.AT_ONCE.value)
        | Q(text__path__startswith=F("path"))
        | Q(text__in=texts_arrived(organization, places).order_by().values("pk"))
    )
    rows = (
        Expected.objects.filter(
            is_known,
            path__in={place.path for place in places},
            number__gt=0,
            text__state=Text.State.ISSUED,
            text__issued_at__range=moments_of(first, last),
        )
        .order_by("text__issued_at", "text_id")
        .annotate(reached=reached_beside())
        .values_list("text__title", "number", "reached")[:MOST_TEXTS]
    )
    return tuple(TextReach(*row) for row in rows)


MOST_TEXTS: Final = 200
"""So many texts of one month are read."""
