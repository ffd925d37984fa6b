"""Reads of what responsibilities are judged by: a fixed number of queries, however many posts.

Of posts in a branch the lines and records of the branch are read; of those above only tallies and
counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
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
    Sum,
    TextField,
    UUIDField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce

from zhibu.handbook.models import Record
from zhibu.ledger.models import ChainHead, Entry, Seal
from zhibu.network.dissemination.models import DELTA, UNFOLDED, Expected, Reached, Receipt, Text
from zhibu.network.feedback.models import Case as Matter
from zhibu.network.tasks.models import Task
from zhibu.org.models import Grant, Membership, Organization, Post
from zhibu.org.queries import holding
from zhibu.people.models import Person
from zhibu.plans.models import Plan, PlanLine
from zhibu.rules.feedback import CONCLUDED, HELP_DAYS
from zhibu.rules.feedback import OPEN as OPEN_MATTERS
from zhibu.rules.norm import Activity

LIFE: Final = (
    Activity.MEMBERS_MEETING,
    Activity.GROUP_MEETING,
    Activity.LESSON,
    Activity.THEME_DAY,
    Activity.ORGANIZATION_LIFE,
    Activity.APPRAISAL,
)
"""What counts as taking part in the life of one's own branch."""


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody holds an office, or a role, in an organisation. `home` is the member's own branch."""

    organization_id: UUID
    member_id: UUID | None
    name: str
    office: str  # of a post, or a role
    is_role: bool
    home: UUID | None


_OFFICE_ORDER: Final = {office: at for at, office in enumerate(Post.Office.values)}


def seats_in(
    organizations: Collection[UUID], roles: Collection[str], day: date, at: datetime
) -> tuple[Seat, ...]:
    """Who holds an office or one of these roles in exactly these organisations: one query."""
    posts = Post.objects.filter(holding(day), organization__in=organizations).exclude(
        office=Post.Office.GROUP_LEADER
    )
    grants = (
        Grant.objects.filter(organization__in=organizations, role__in=roles, since__lte=at)
        .filter(Q(until=None) | Q(until__gt=at))
        .filter(person__is_active=True)
    )
    return _read_seats(posts, grants)


def seats_of(person: Person, roles: Collection[str], day: date, at: datetime) -> tuple[Seat, ...]:
    """What one person holds: one query."""
    posts = Post.objects.filter(holding(day), member__person=person).exclude(
        office=Post.Office.GROUP_LEADER
    )
    grants = Grant.objects.filter(person=person, role__in=roles, since__lte=at).filter(
        Q(until=None) | Q(until__gt=at)
    )
    return _read_seats(posts, grants)


def _read_seats(posts: QuerySet[Post], grants: QuerySet[Grant]) -> tuple[Seat, ...]:
    def home(member: str) -> Subquery:
        held = Membership.objects.filter(member=OuterRef(member), until__isnull=True)
        return Subquery(held.values("branch")[:1], output_field=UUIDField())

    columns = ("organization_id", "who", "called", "does", "is_role", "home")
    held = posts.order_by().annotate(
        who=F("member_id"),
        called=F("member__name"),
        does=F("office"),
        is_role=Value(0, output_field=IntegerField()),
        home=home("member"),
    )
    granted = grants.order_by().annotate(
        who=F("person__member__id"),
        called=F("person__name"),
        does=F("role"),
        is_role=Value(1, output_field=IntegerField()),
        home=home("person__member__id"),
    )
    rows = held.values_list(*columns).union(granted.values_list(*columns), all=True)
    seats = [
        Seat(organization, member, name, does, bool(is_role), branch)
        for organization, member, name, does, is_role, branch in rows
    ]
    seats.sort(key=lambda seat: (seat.is_role, _OFFICE_ORDER.get(seat.office, 0), seat.name))
    return tuple(seats)


def organizations_at(key: UUID, day: date) -> QuerySet[Organization]:
    """An organisation and those right below it, groups left out, in the order of the tree.

    The organisation itself comes first; each of the others brings it as its parent.
    """
    below = Q(parent=key) & (Q(dissolved_on=None) | Q(dissolved_on__gte=day))
    return (
        Organization.objects.filter(Q(pk=key) | below)
        .exclude(kind=Organization.Kind.GROUP)
        .select_related("parent")
        .order_by("path")
    )


@dataclass(frozen=True, slots=True)
class LineSum:
    """The lines of one requirement in a branch's adopted table; what was waived counts as done."""

    branch_id: UUID
    practice_class: str
    requirement: str
    activity: str
    done: int
    late: int
    overdue: int
    pending: int
    oldest: date | None
    next_on: date | None


def lines_of_branches(branches: Collection[UUID], day: date) -> tuple[LineSum, ...]:
    """What this year's tables of the branches ask, added up by requirement: one query."""
    to_do = Q(discharged_by=None, waived_at=None)
    is_overdue, is_pending = to_do & Q(due_on__lt=day), to_do & Q(due_on__gte=day)
    rows = (
        PlanLine.objects.filter(
            Q(branch__in_use_since=None)
            | Q(due_on__gte=F("branch__in_use_since"))
            | Q(happened_on__isnull=False)
            | Q(waived_at__isnull=False),
            branch__in=branches,
            year=day.year,
            plan__state=Plan.State.ADOPTED,
        )
        .order_by()
        .values("branch_id", "practice_class", "requirement", "activity")
        .annotate(
            done=Count("pk", filter=~to_do),
            late=Count("pk", filter=Q(happened_on__gt=F("due_on"))),
            overdue=Count("pk", filter=is_overdue),
            pending=Count("pk", filter=is_pending),
            oldest=Min("due_on", filter=is_overdue),
            next_on=Min("due_on", filter=is_pending),
        )
    )
    return tuple(LineSum(**row) for row in rows)


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A filed record as far as it says who did what. Parts that were not asked for are empty."""

    branch_id: UUID
    activities: tuple[str, ...]
    particulars: str
    elements: str
    attendance: str


def records_of(
    branches: Collection[UUID], life_branches: Collection[UUID], year: int
) -> tuple[RecordRow, ...]:
    """Lessons and talks of the branches, and all meetings of those where attendance counts.

    One query; the attendance of a lesson is not read where nobody asks for it.
    """
    wanted = Q(branch__in=branches) & (
        Q(current__activities__contains=Activity.LESSON.value)
        | Q(current__activities__contains=Activity.TALK.value)
    )
    is_life = Q(branch__in=life_branches) & _any_of(LIFE)
    rows = (
        Record.objects.filter(wanted | is_life, state=Record.State.FILED, current__year=year)
        .order_by()
        .annotate(
            present=Case(
                When(
                    is_life | Q(current__activities__contains=Activity.TALK.value),
                    then=F("current__attendance"),
                ),
                default=Value(""),
                output_field=TextField(),
            )
        )
        .values_list(
            "branch_id",
            "current__activities",
            "current__particulars",
            "current__elements",
            "present",
        )
    )
    return tuple(
        RecordRow(branch, tuple(activities.split()), particulars, elements, present)
        for branch, activities, particulars, elements, present in rows
    )


def _any_of(activities: Iterable[Activity]) -> Q:
    found = Q(pk__in=[])
    for activity in activities:
        found |= Q(current__activities__contains=activity.value)
    return found


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
    is_late = Q(waiting_since__lt=day - timedelta(days=HELP_DAYS))
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
    """The texts of the year for these paths with all below, from the tallies of reach: one query."""
    folded = Reached.objects.filter(
        text=OuterRef("text"), version=OuterRef("text__version"), path=OuterRef("path")
    )
    fresh = (
        Receipt.objects.filter(
            text=OuterRef("text"),
            version=OuterRef("text__version"),
            path__startswith=OuterRef("path"),
        )
        .filter(UNFOLDED)
        .order_by()
        .values("text")
        .annotate(number=Sum(DELTA))
    )
    rows = (
        Expected.objects.filter(
            path__in=paths,
            number__gt=0,
            text__state=Text.State.ISSUED,
            text__issued_on__year=year,
        )
        .order_by()
        .annotate(
            folded=Coalesce(Subquery(folded.values("number")[:1]), 0),
            fresh=Coalesce(Subquery(fresh.values("number")[:1]), 0),
        )
        .values_list("path", "number", "folded", "fresh", "text__reach_by")
    )
    return tuple(
        TextRow(path, number, folded_ + fresh_, reach_by)
        for path, number, folded_, fresh_, reach_by in rows
    )
