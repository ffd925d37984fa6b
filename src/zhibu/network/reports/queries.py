"""Reads of monthly reports, and of what a month shows; each a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final
from uuid import UUID

from django.db.models import Case, Count, Exists, F, Min, OuterRef, Q, QuerySet, Sum, Value, When
from django.utils import timezone

from zhibu.handbook.models import RecordVersion
from zhibu.network.dissemination.models import Expected, Reached, Receipt, Text
from zhibu.network.dissemination.queries import texts_arrived
from zhibu.network.reports.models import Report, ReportVersion
from zhibu.org import paths
from zhibu.org.models import Grant, Organization
from zhibu.people.roles import Verb, roles_with
from zhibu.plans.models import Plan, PlanLine
from zhibu.rules.norm import PracticeClass
from zhibu.rules.reach import Mode

MOST: Final = 5000
"""So many rows are read of one list at most; a scope that has more is added up from below."""

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


def _due_between(organization: Organization, first: date, last: date) -> QuerySet[PlanLine]:
    """Lines of adopted tables due in a month, where their branch hung below on the due day.

    The same lines that the tallies count: an open one from before the system was in use is none.
    """
    place = "branch__places__"
    return PlanLine.objects.filter(
        Q(**{f"{place}until__isnull": True}) | Q(**{f"{place}until__gte": F("due_on")}),
        Q(branch__in_use_since=None)
        | Q(due_on__gte=F("branch__in_use_since"))
        | Q(happened_on__isnull=False)
        | Q(waived_at__isnull=False),
        plan__state=Plan.State.ADOPTED,
        year=first.year,
        due_on__gte=first,
        due_on__lte=last,
        **{
            f"{place}path__gte": organization.path,
            f"{place}path__lt": paths.successor(organization.path),
            f"{place}since__lte": F("due_on"),
        },
    ).order_by()


_TO_DO: Final = Q(discharged_by=None, waived_at=None)


@dataclass(frozen=True, slots=True)
class KindCounts:
    """The lines of one requirement (of one version of a norm) due on one day."""

    practice_class: str
    requirement: str  # "" for X
    norm_id: UUID
    due_on: date
    total: int
    done: int
    late: int
    waived: int


def kinds_due(organization: Organization, first: date, last: date) -> tuple[KindCounts, ...]:
    """What is due in the span by requirement and day: one query, added up by the database."""
    rows = (
        _due_between(organization, first, last)
        .values("practice_class", "requirement", "plan__norm_id", "due_on")
        .annotate(
            total=Count("pk"),
            done=Count("pk", filter=Q(happened_on__lte=F("due_on"))),
            late=Count("pk", filter=Q(happened_on__gt=F("due_on"))),
            waived=Count("pk", filter=Q(waived_at__isnull=False)),
        )
        .order_by("practice_class", "requirement", "plan__norm_id", "due_on")
    )
    return tuple(
        KindCounts(
            row["practice_class"], row["requirement"], row["plan__norm_id"], row["due_on"],
            row["total"], row["done"], row["late"], row["waived"],
        )
        for row in rows
    )  # fmt: skip


def overdue_by_branch(
    organization: Organization, first: date, last: date, today: date
) -> tuple[tuple[str, str, str, date], ...]:
    """Class, requirement, branch and oldest due day of what is overdue, by the tree: one query."""
    rows = (
        _due_between(organization, first, last)
        .filter(_TO_DO, due_on__lt=today)
        .values_list("practice_class", "requirement", "branch__path", "branch__short_name")
        .annotate(oldest=Min("due_on"))
        .order_by("branch__path")[:MOST]
    )
    return tuple((kind, code, name, oldest) for kind, code, _, name, oldest in rows)


def recovered_branches(
    organization: Organization, first: date, last: date
) -> tuple[tuple[str, int], ...]:
    """Branches that filed in the span what had been due before it, and owe nothing of before.

    By name with the number of lines, in the order of the tree: one query.
    """
    owed = PlanLine.objects.filter(
        _TO_DO, branch=OuterRef("branch"), plan__state=Plan.State.ADOPTED, due_on__lt=first
    ).filter(Q(branch__in_use_since=None) | Q(due_on__gte=F("branch__in_use_since")))
    rows = (
        _lines_below(organization)
        .filter(due_on__lt=first, filed_on__gte=first, filed_on__lte=last)
        .filter(year__gte=first.year - 1)
        .filter(~Exists(owed))
        .values_list("branch__path", "branch__short_name")
        .annotate(lines=Count("pk"))
        .order_by("branch__path")[:MOST]
    )
    return tuple((name, lines) for _, name, lines in rows)


def own_lines_done(
    organization: Organization, first: date, last: date
) -> tuple[tuple[str, str], ...]:
    """Branch and title of the X lines that were held in the span, by the tree: one query."""
    rows = (
        _lines_below(organization)
        .filter(practice_class=PracticeClass.X, happened_on__gte=first, happened_on__lte=last)
        .order_by("branch__path", "happened_on", "id")
        .values_list("branch__short_name", "title")[:MOST]
    )
    return tuple(rows)


def _lines_below(organization: Organization) -> QuerySet[PlanLine]:
    return PlanLine.objects.filter(
        branch__path__gte=organization.path,
        branch__path__lt=paths.successor(organization.path),
        plan__state=Plan.State.ADOPTED,
    ).order_by()


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


def count_filed(organization: Organization, first: date, last: date) -> int:
    """The records that were filed below in the span, corrections left out: one query."""
    return RecordVersion.objects.filter(
        branch__path__gte=organization.path,
        branch__path__lt=paths.successor(organization.path),
        action=RecordVersion.Action.FILE,
        year__gte=first.year - 1,
        filed_at__gte=_midnight(first),
        filed_at__lte=_midnight(last, time.max),
    ).count()


def _midnight(day: date, clock: time = time()) -> datetime:
    return timezone.make_aware(datetime.combine(day, clock))


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


def texts_of_month(organization: Organization, first: date, last: date) -> tuple[TextReach, ...]:
    """The texts issued in the span that somebody here or below is to read: four queries.

    One that goes from level to level only once it has come down to here: its title is news. From
    the tallies of reach, with what the worker has not folded in yet; never from receipts.
    """
    end = paths.successor(organization.path)
    is_known = (
        Q(text__mode=Mode.AT_ONCE.value)
        | Q(text__path__gte=organization.path, text__path__lt=end)
        | Q(text__in=texts_arrived(organization).order_by().values("pk"))
    )
    rows = list(
        Expected.objects.filter(
            is_known,
            path=organization.path,
            number__gt=0,
            text__state=Text.State.ISSUED,
            text__issued_at__gte=_midnight(first),
            text__issued_at__lte=_midnight(last, time.max),
        )
        .order_by("text__issued_at", "text_id")
        .values_list("text_id", "text__title", "text__version", "number")[:MOST_TEXTS]
    )
    if not rows:
        return ()
    versions = {key: version for key, _, version, _ in rows}
    reached: dict[UUID, int] = dict.fromkeys(versions, 0)
    folded = Reached.objects.filter(text__in=versions, path=organization.path)
    fresh = (
        Receipt.objects.filter(text__in=versions, path__gte=organization.path, path__lt=end)
        .exclude(is_valid=F("is_counted"))
        .values("text_id", "version")
        .annotate(number=Sum(Case(When(is_valid=True, then=Value(1)), default=Value(-1))))
    )
    for counted in (folded, fresh):
        for key, version, number in counted.values_list("text_id", "version", "number"):
            if version == versions[key]:
                reached[key] += number
    return tuple(TextReach(title, expected, reached[key]) for key, title, _, expected in rows)


MOST_TEXTS: Final = 200
"""So many texts of one month are read."""
