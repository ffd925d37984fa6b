"""What a month shows below an organisation: rows of many kinds, read in one statement.

The page of a month has twelve queries for all that it shows, so what plans, records, themes, feedback
and tasks have to say comes as one union. Each part names the columns that it fills; what it leaves
is empty. Nothing here is in an order: who reads it puts it into one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django.db.models import (
    CharField,
    Count,
    DateField,
    Exists,
    F,
    Field,
    IntegerField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    UUIDField,
    Value,
)
from django.db.models.functions import Cast

from zhibu.handbook.models import RecordVersion
from zhibu.network.feedback.models import Case
from zhibu.network.feedback.queries import cases_below, received_below, standing_out
from zhibu.network.reports.queries import moments_of
from zhibu.network.tasks.models import Task
from zhibu.network.tasks.queries import stale_tasks, tasks_below
from zhibu.network.themes.course import themes_served
from zhibu.org import paths
from zhibu.org.models import Organization
from zhibu.plans.models import Plan, PlanLine
from zhibu.rules.feedback import OPEN
from zhibu.rules.norm import PracticeClass
from zhibu.rules.reporting_values import NAMED
from zhibu.rules.tasks import overdue_before

Row = Mapping[str, Any]
"""One row: the columns of `COLUMNS` by name."""

COLUMNS: Final[Mapping[str, Field[Any, Any]]] = {
    "what": CharField(),
    "kind": CharField(),
    "code": CharField(),
    "path": CharField(),
    "name": CharField(),
    "text": CharField(),
    "key": UUIDField(),
    "day": DateField(),
    "n1": IntegerField(),
    "n2": IntegerField(),
    "n3": IntegerField(),
    "n4": IntegerField(),
    "n5": IntegerField(),
}
"""The columns of the union, and what they hold; each part says what they are for it."""


def read_month(
    organization: Organization, first: date, last: date, *, day: date, is_wide: bool
) -> dict[str, list[Row]]:
    """The rows of a month by what they are, as they stand on a day: one query.

    Of a wide scope neither lines nor records nor themes are read: those are added up from below.
    """
    parts = [
        _received(organization, first, last),
        _cases(organization, first, last),
        _voices(organization, first, last),
        _tasks(organization, first, min(last, day)),
        _stale(organization, min(last, day)),
    ]
    if not is_wide:
        parts += [
            _kinds(organization, first, last),
            _overdue(organization, first, last, day),
            _recovered(organization, first, last),
            _own(organization, first, last),
            _themes(organization, first, last),
            _filed(organization, first, last),
        ]
    found: dict[str, list[Row]] = {}
    for values in parts[0].union(*parts[1:], all=True):
        row = dict(zip(COLUMNS, values, strict=True))
        found.setdefault(row["what"], []).append(row)
    return found


def _part(what: str, rows: QuerySet[Any, Any], **filled: Any) -> QuerySet[Any, Any]:
    """The rows with the columns of the union; `filled` are expressions or names of columns."""
    columns = {"what": Value(what, output_field=CharField())} | {
        name: F(value) if isinstance(value, str) else value for name, value in filled.items()
    }
    shown = {
        f"_{name}": columns[name] if name in columns else Cast(Value(None), kind)
        for name, kind in COLUMNS.items()
    }
    found: QuerySet[Any, Any] = rows.order_by().annotate(**shown).values_list(*shown)
    return found


_TO_DO: Final = Q(discharged_by=None, waived_at=None)
_IN_USE: Final = Q(branch__in_use_since=None) | Q(due_on__gte=F("branch__in_use_since"))


def _due_between(organization: Organization, first: date, last: date) -> QuerySet[PlanLine]:
    """Lines of adopted tables due in a month, where their branch hung below on the due day.

    The same lines that the tallies count: an open one from before the system was in use is none.
    """
    place = "branch__places__"
    return PlanLine.objects.filter(
        Q(**{f"{place}until__isnull": True}) | Q(**{f"{place}until__gte": F("due_on")}),
        _IN_USE | Q(happened_on__isnull=False) | Q(waived_at__isnull=False),
        plan__state=Plan.State.ADOPTED,
        year=first.year,
        due_on__gte=first,
        due_on__lte=last,
        **{
            f"{place}path__gte": organization.path,
            f"{place}path__lt": paths.successor(organization.path),
            f"{place}since__lte": F("due_on"),
        },
    )


def _lines_below(organization: Organization) -> QuerySet[PlanLine]:
    return PlanLine.objects.filter(
        branch__path__gte=organization.path,
        branch__path__lt=paths.successor(organization.path),
        plan__state=Plan.State.ADOPTED,
    )


def _kinds(organization: Organization, first: date, last: date) -> QuerySet[Any, Any]:
    """What is due by class, requirement (`code`), norm (`key`) and day: all, done, late, waived."""
    lines = _due_between(organization, first, last)
    return _part(
        "kind",
        lines.values("practice_class", "requirement", "plan__norm_id", "due_on"),
        kind="practice_class",
        code="requirement",
        key="plan__norm_id",
        day="due_on",
        n1=Count("pk"),
        n2=Count("pk", filter=Q(happened_on__lte=F("due_on"))),
        n3=Count("pk", filter=Q(happened_on__gt=F("due_on"))),
        n4=Count("pk", filter=Q(waived_at__isnull=False)),
    )


def _overdue(organization: Organization, first: date, last: date, day: date) -> QuerySet[Any, Any]:
    """What is overdue by class, requirement (`code`) and branch; `day` is the oldest due day."""
    lines = _due_between(organization, first, last).filter(_TO_DO, due_on__lt=day)
    columns = ("practice_class", "requirement", "branch__path", "branch__short_name")
    return _part(
        "overdue",
        lines.values(*columns),
        kind="practice_class",
        code="requirement",
        path="branch__path",
        name="branch__short_name",
        day=Min("due_on"),
    )


def _recovered(organization: Organization, first: date, last: date) -> QuerySet[Any, Any]:
    """Branches that filed in the span so many lines due before it, and owe nothing of before."""
    owed = PlanLine.objects.filter(
        _TO_DO, _IN_USE, branch=OuterRef("branch"), plan__state=Plan.State.ADOPTED, due_on__lt=first
    )
    lines = _lines_below(organization).filter(
        ~Exists(owed),
        due_on__lt=first,
        filed_on__gte=first,
        filed_on__lte=last,
        year__gte=first.year - 1,
    )
    return _part(
        "recovered",
        lines.values("branch__path", "branch__short_name"),
        path="branch__path",
        name="branch__short_name",
        n1=Count("pk"),
    )


def _own(organization: Organization, first: date, last: date) -> QuerySet[Any, Any]:
    """Branch and title (`text`) of the X lines that were held in the span."""
    lines = _lines_below(organization).filter(
        practice_class=PracticeClass.X, happened_on__gte=first, happened_on__lte=last
    )
    return _part(
        "own",
        lines,
        path="branch__path",
        name="branch__short_name",
        text="title",
        key="id",
        day="happened_on",
    )


def _themes(organization: Organization, first: date, last: date) -> QuerySet[Any, Any]:
    """How many records of the span serve a theme."""
    rows = themes_served(organization, first, last)
    columns = ("theme", "theme__title", "theme__since")
    return _part(
        "theme",
        rows.values(*columns),
        name="theme__title",
        key="theme",
        day="theme__since",
        n1=Count("proof", distinct=True),
    )


def _filed(organization: Organization, first: date, last: date) -> QuerySet[Any, Any]:
    """The records that were filed below in the span, corrections left out."""
    rows = RecordVersion.objects.filter(
        branch__path__gte=organization.path,
        branch__path__lt=paths.successor(organization.path),
        action=RecordVersion.Action.FILE,
        year__gte=first.year - 1,
        filed_at__range=moments_of(first, last),
    )
    return _part("filed", rows.values("action"), n1=Count("pk"))


def _received(organization: Organization, first: date, last: date) -> QuerySet[Any, Any]:
    """What came in by which of the four (`kind`), and by how it stands (`code`)."""
    rows = received_below(organization, first, last)
    return _part(
        "received",
        rows.values("case__about", "case__state"),
        kind="case__about",
        code="case__state",
        n1=Count("pk"),
    )


def _cases(organization: Organization, first: date, last: date) -> QuerySet[Any, Any]:
    """How many matters were concluded in the span, and how many wait now; by state."""
    return _part(
        "cases",
        cases_below(organization).values("state"),
        code="state",
        n1=Count("pk", filter=Q(concluded_on__range=(first, last))),
        n2=Count("pk", filter=Q(state__in=sorted(OPEN))),
    )


def _voices(organization: Organization, first: date, last: date) -> QuerySet[Any, Any]:
    """The matters that most asked about: summary (`name`), what changed (`text`), how many asked."""
    return _part(
        "voice",
        Case.objects.filter(pk__in=standing_out(organization, first, last).values("pk")),
        code="state",
        name="summary",
        text="outcome",
        key="id",
        day="opened_on",
        n1="asked",
    )


def _tasks(organization: Organization, first: date, end: date) -> QuerySet[Any, Any]:
    """Begun, closed and dropped in the span; open and of these overdue at its end; by state."""
    ended = Q(ended_on__gte=first, ended_on__lte=end)
    standing = Q(began_on__lte=end) & (Q(ended_on=None) | Q(ended_on__gt=end))
    return _part(
        "tasks",
        tasks_below(organization).values("state"),
        code="state",
        n1=Count("pk", filter=Q(began_on__gte=first, began_on__lte=end)),
        n2=Count("pk", filter=ended & Q(state=Task.State.CLOSED)),
        n3=Count("pk", filter=ended & Q(state=Task.State.DROPPED)),
        n4=Count("pk", filter=standing),
        n5=Count("pk", filter=standing & Q(due_on__lt=overdue_before(end, from_above=True))),
    )


def _stale(organization: Organization, day: date) -> QuerySet[Any, Any]:
    """The first overdue tasks by the tree: their organisation and title (`text`)."""
    shown = stale_tasks(organization, day)[:NAMED]
    return _part(
        "stale",
        Task.objects.filter(pk__in=shown.values("pk")),
        path="organization__path",
        name="organization__short_name",
        text="title",
        key="id",
        day="due_on",
    )
