"""Seals, matters, tasks, reports and texts, counted for many organisations and members at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import (
    Case,
    CharField,
    Count,
    DateField,
    Exists,
    F,
    IntegerField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast, Length, Substr

from zhibu.ledger.models import ChainHead, Entry, Seal
from zhibu.network.dissemination.models import (
    Expected,
    Forward,
    Text,
)
from zhibu.network.dissemination.queries import reached_beside
from zhibu.network.feedback.models import Case as Matter
from zhibu.network.tasks.models import Task
from zhibu.org import paths as paths_
from zhibu.org.models import Organization
from zhibu.rules.feedback import CONCLUDED, HELP_DAYS
from zhibu.rules.feedback import OPEN as OPEN_MATTERS
from zhibu.rules.reach import Mode


@dataclass(frozen=True, slots=True)
class Counted:
    """How many of one kind belong to a key (an organisation or a member)."""

    kind: str
    key: UUID
    done: int
    late: int
    overdue: int
    pending: int
    oldest: date | None
    next_on: date | None


def counted_for(
    *,
    sealed: Collection[UUID],
    organizations: Collection[UUID],
    members: Collection[UUID],
    day: date,
) -> tuple[Counted, ...]:
    """Seals, countersignatures, matters, tasks and reports, all in one query.

    `sealed` are the branches whose seals are asked for; tasks, matters and what lies right below
    are those of `organizations`, own tasks those of `members`.
    """
    parts = []
    if sealed:
        parts.append(_seals(sealed))
    if organizations:
        parts += [
            _countersigns(organizations),
            _matters(organizations, day),
            _tasks("tasks", "organization_id", Q(organization__in=organizations), day),
            _reports(organizations, day),
        ]
    if members:
        parts.append(_tasks("own_tasks", "owner_id", Q(owner__in=members), day))
    if not parts:
        return ()
    rows = parts[0].union(*parts[1:], all=True)
    return tuple(Counted(*row) for row in rows)


_COLUMNS: Final = ("_kind", "_key", "_done", "_late", "_overdue", "_pending", "_oldest", "_next")
_NONE: Final = Value(0, output_field=IntegerField())
_NO_DAY: Final = Cast(Value(None), DateField())


def _row(kind: str) -> dict[str, Any]:
    """The columns of the union that a part does not fill."""
    return {
        "_kind": Value(kind, output_field=CharField()),
        "_done": _NONE,
        "_late": _NONE,
        "_overdue": _NONE,
        "_pending": _NONE,
        "_oldest": _NO_DAY,
        "_next": _NO_DAY,
    }


def _seals(branches: Collection[UUID]) -> QuerySet[Any, Any]:
    """Whether what a branch has filed is sealed up to the head of its chain."""
    is_sealed = Exists(
        Seal.objects.filter(branch_id=OuterRef("branch_id"), sequence__gte=OuterRef("sequence"))
    )
    columns = _row("seals") | {
        "_key": F("branch_id"),
        "_done": Case(When(is_sealed, then=Value(1)), default=_NONE),
        "_pending": Case(When(is_sealed, then=_NONE), default=Value(1)),
    }
    heads = ChainHead.objects.filter(branch_id__in=branches, sequence__gt=0).order_by()
    return heads.annotate(**columns).values_list(*_COLUMNS)


def _countersigns(organizations: Collection[UUID]) -> QuerySet[Any, Any]:
    """The branches right below whose newest seal is countersigned, and those where it waits."""
    newest = Seal.objects.filter(branch_id=OuterRef("pk")).order_by("-sequence")
    has_seal, is_signed = Q(seal__isnull=False), Q(signed__isnull=False)
    branches = (
        Organization.objects.branches()
        .filter(parent__in=organizations, dissolved_on=None)
        .order_by()
        .annotate(
            seal=Subquery(newest.values("sealed_at")[:1]),
            signed=Subquery(newest.values("countersigned_at")[:1]),
        )
    )
    columns = _row("countersigns") | {
        "_key": F("parent_id"),
        "_done": Count("pk", filter=is_signed),
        "_pending": Count("pk", filter=has_seal & ~is_signed),
    }
    return branches.values("parent_id").annotate(**columns).values_list(*_COLUMNS)


def _matters(organizations: Collection[UUID], day: date) -> QuerySet[Any, Any]:
    """What was asked of the organisation: concluded this year, waiting, waiting too long."""
    is_open = Q(state__in=OPEN_MATTERS, into=None)
    is_late = Q(waiting_since__lte=day - timedelta(days=HELP_DAYS))  # as FEED-12 says
    columns = _row("feedback") | {
        "_key": F("organization_id"),
        "_done": Count("pk", filter=Q(state__in=CONCLUDED, concluded_on__year=day.year)),
        "_overdue": Count("pk", filter=is_open & is_late),
        "_pending": Count("pk", filter=is_open & ~is_late),
    }
    matters = Matter.objects.filter(organization__in=organizations).order_by()
    return matters.values("organization_id").annotate(**columns).values_list(*_COLUMNS)


def _tasks(kind: str, key: str, whose: Q, day: date) -> QuerySet[Any, Any]:
    is_open = Q(state=Task.State.OPEN)
    ended = ~is_open & Q(ended_on__year=day.year)
    is_overdue, is_pending = is_open & Q(due_on__lt=day), is_open & Q(due_on__gte=day)
    columns = _row(kind) | {
        "_key": F(key),
        "_done": Count("pk", filter=ended),
        "_late": Count("pk", filter=ended & Q(ended_on__gt=F("due_on"))),
        "_overdue": Count("pk", filter=is_overdue),
        "_pending": Count("pk", filter=is_pending),
        "_oldest": Min("due_on", filter=is_overdue),
        "_next": Min("due_on", filter=is_pending),
    }
    tasks = Task.objects.filter(whose).order_by().values(key).annotate(**columns)
    rows: QuerySet[Any, Any] = tasks.values_list(*_COLUMNS)
    return rows


def _reports(organizations: Collection[UUID], day: date) -> QuerySet[Any, Any]:
    """How often the report of last month was issued, by the ledger."""
    last = day.replace(day=1) - timedelta(days=1)
    entries = Entry.objects.filter(
        organization_id__in=organizations,
        verb="issue_report",
        detail__year=last.year,
        detail__month=last.month,
    ).order_by()
    columns = _row("report") | {"_key": F("organization_id"), "_done": Count("pk")}
    return entries.values("organization_id").annotate(**columns).values_list(*_COLUMNS)


@dataclass(frozen=True, slots=True)
class TextRow:
    """A text of this year that somebody at and below a path is to read."""

    path: str
    expected: int
    reached: int
    reach_by: date | None


def texts_for(paths: Collection[str], year: int) -> tuple[TextRow, ...]:
    """The texts of the year for these paths with all below, from the tallies of reach: one query.

    One that goes from level to level only where it has come down: nobody passes on what is not there.
    """
    above = Substr("path", 1, Length("path") - Value(paths_.WIDTH))
    sent_on = Forward.objects.filter(text=OuterRef("text"), path=OuterRef("above"))
    is_here = (
        Q(text__mode=Mode.AT_ONCE.value)
        | Q(text__path__startswith=F("path"))
        | Q(text__path=F("above"))
        | Exists(sent_on)
    )
    rows = (
        Expected.objects.annotate(above=above)
        .filter(
            is_here,
            path__in=paths,
            number__gt=0,
            text__state=Text.State.ISSUED,
            text__issued_on__year=year,
        )
        .order_by()
        .annotate(reached=reached_beside())
        .values_list("path", "number", "reached", "text__reach_by")
    )
    return tuple(TextRow(*row) for row in rows)
