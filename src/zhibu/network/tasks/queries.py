"""Reads of tasks and assignments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet

from zhibu.handbook.models import Record, RecordVersion
from zhibu.network.tasks.models import Assignment, Task, TaskStep
from zhibu.org import paths
from zhibu.org.models import Organization
from zhibu.people.models import Person
from zhibu.rules.standing import SOON_DAYS
from zhibu.rules.tasks import overdue_before

_SHOWN = ("owner", "record", "assignment__organization")


@dataclass(frozen=True, slots=True)
class Spread:
    """How far an assignment is carried out: how many organisations have what state."""

    open: int = 0
    overdue: int = 0  # of those open, as the level above counts
    closed: int = 0
    closed_late: int = 0  # of those closed
    dropped: int = 0

    @property
    def total(self) -> int:
        """All that have been given it."""
        return self.open + self.closed + self.dropped


def tasks_of(organization: Organization) -> QuerySet[Task]:
    """All tasks of one organisation, with what a list shows of them."""
    return Task.objects.filter(organization=organization).select_related(*_SHOWN)


def open_tasks_of(branch: Organization, day: date) -> QuerySet[Task]:
    """What is to be carried out in a branch and was agreed on by that day, the nearest date first."""
    return (
        tasks_of(branch)
        .filter(state=Task.State.OPEN, began_on__lte=day)
        .order_by("due_on", "began_on", "id")
    )


def overdue_of(organization: Organization, today: date, *, from_above: bool) -> QuerySet[Task]:
    """Its open tasks that are past their date, as its own people or those above count."""
    late = overdue_before(today, from_above=from_above)
    return Task.objects.filter(organization=organization, state=Task.State.OPEN, due_on__lt=late)


def tasks_on_agenda(branch: Organization, day: date, named: Iterable[UUID]) -> QuerySet[Task, Any]:
    """The same as `key`, `title`, `since`, `due_on`, `owner`, `state`; no order.

    What a record names already is among them, whatever became of it.
    """
    wanted = Q(state=Task.State.OPEN, began_on__lte=day)
    if keys := list(named):
        wanted |= Q(pk__in=keys)
    return (
        Task.objects.filter(wanted, organization=branch)
        .order_by()
        .annotate(key=F("id"), since=F("began_on"), who=F("owner__name"))
        .values("key", "title", "since", "due_on", "who", "state", "record_id")
    )


def tasks_of_person(person: Person) -> QuerySet[Task]:
    """What a person is to carry out, the nearest date first."""
    return (
        Task.objects.filter(owner__person=person, state=Task.State.OPEN)
        .select_related("organization", *_SHOWN)
        .order_by("due_on", "id")
    )


def at_hand(branch: Organization, person: Person, today: date, *, all_due: bool) -> QuerySet[Task]:
    """What the home of a branch shows: a person's own open tasks there.

    With `all_due` also everybody's that is overdue or soon due: for those who see to it.
    """
    mine = Q(owner__person=person)
    if all_due:
        mine |= Q(due_on__lte=today + timedelta(days=branch.soon_days))
    return (
        Task.objects.filter(mine, organization=branch, state=Task.State.OPEN)
        .select_related("owner")
        .order_by("due_on", "id")
    )


def due_for_owners(day: date, *, soon_days: int = SOON_DAYS) -> QuerySet[Task]:
    """Open tasks that are overdue or due soon, with owner and organisation: for reminders."""
    return (
        Task.objects.filter(state=Task.State.OPEN, due_on__lte=day + timedelta(days=soon_days))
        .select_related("owner__person", "organization")
        .order_by("organization__path", "due_on", "id")
    )


def stale_tasks(organization: Organization, today: date) -> QuerySet[Task]:
    """What has been overdue below an organisation for longer than its own people get, by the tree."""
    return (
        Task.objects.filter(
            organization__path__gt=organization.path,
            organization__path__lt=paths.successor(organization.path),
            state=Task.State.OPEN,
            due_on__lt=overdue_before(today, from_above=True),
        )
        .select_related("organization", "owner")
        .order_by("organization__path", "due_on", "id")
    )


def tasks_below(organization: Organization) -> QuerySet[Task]:
    """All tasks of an organisation and of those below it."""
    return Task.objects.filter(
        organization__path__gte=organization.path,
        organization__path__lt=paths.successor(organization.path),
    )


def steps_of(task: Task) -> QuerySet[TaskStep]:
    """What was done with a task, in its order."""
    return TaskStep.objects.filter(task=task).select_related("by", "record").order_by("at", "id")


def assignments_of(organization: Organization) -> QuerySet[Assignment]:
    """What an organisation gave to those below it, the newest first."""
    return Assignment.objects.filter(organization=organization).select_related("made_by")


def spreads_of(assignments: Iterable[UUID], today: date) -> dict[UUID, Spread]:
    """How far each of these is carried out: one query."""
    late = Q(due_on__lt=overdue_before(today, from_above=True))
    rows = (
        Task.objects.filter(assignment__in=list(assignments))
        .order_by()
        .values("assignment_id")
        .annotate(
            open=Count("pk", filter=Q(state=Task.State.OPEN)),
            overdue=Count("pk", filter=Q(state=Task.State.OPEN) & late),
            closed=Count("pk", filter=Q(state=Task.State.CLOSED)),
            closed_late=Count("pk", filter=Q(state=Task.State.CLOSED, ended_on__gt=F("due_on"))),
            dropped=Count("pk", filter=Q(state=Task.State.DROPPED)),
        )
        .values_list("assignment_id", "open", "overdue", "closed", "closed_late", "dropped")
    )
    return {key: Spread(*numbers) for key, *numbers in rows}


def tasks_of_assignment(assignment: Assignment) -> QuerySet[Task]:
    """One assignment's tasks in the order of the tree."""
    return (
        Task.objects.filter(assignment=assignment)
        .select_related("organization", "owner")
        .order_by("organization__path")
    )


def records_repeating(record: Record) -> QuerySet[Record]:
    """Other records that still repeat a decision of this one: a later meeting took it up.

    In any of their versions, the latest or one that was corrected; not where it is blacked out.
    """
    rows = list(Task.objects.filter(record=record).values_list("pk", "organization_id"))
    if not rows:
        return Record.objects.none()
    said = reduce(or_, (Q(particulars__contains=str(key)) for key, _ in rows))
    branches = {record.branch_id, *(organization for _, organization in rows)}
    versions = RecordVersion.objects.filter(said, branch__in=branches).exclude(record=record)
    return (
        Record.objects.filter(pk__in=versions.order_by().values("record"))
        .select_related("current")
        .order_by("current__happened_on", "pk")
    )
