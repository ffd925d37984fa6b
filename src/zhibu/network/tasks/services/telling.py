"""Who is told of tasks: the owner, and those who keep the tasks of an organisation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.urls import reverse

from zhibu.network.notices.models import Kind
from zhibu.network.notices.services import Telling, tell
from zhibu.network.tasks.models import Task
from zhibu.org.models import Grant
from zhibu.people.models import Person
from zhibu.people.roles import Verb, roles_with


def subject_of(task: UUID) -> str:
    """How a task is named in notices."""
    return f"task:{task}"


def tell_owners(
    tasks: Iterable[Task], accounts: Mapping[UUID, UUID | None], *, by: Person, at: datetime
) -> None:
    """Tell each owner who has an account, except whoever wrote it themselves."""
    for task in tasks:
        person = accounts.get(task.owner_id) if task.owner_id else None
        if person is not None and person != by.pk:
            tell_of(task, [person], f"请办理：{task.title}", once=f"made:{person}", at=at)


def tell_of(
    task: Task,
    people: Iterable[UUID],
    title: str,
    *,
    once: str,
    at: datetime,
    kind: Kind = Kind.TASK,
    verb: Verb = Verb.SEE_BRANCH,
) -> int:
    """One notice that leads to the task, for whoever may still see it; how many were told now."""
    one = telling_of(task, people, title, once=once, kind=kind, verb=verb)
    return tell(**{name: getattr(one, name) for name in Telling.__slots__}, at=at)


def telling_of(
    task: Task,
    people: Iterable[UUID],
    title: str,
    *,
    once: str,
    kind: Kind = Kind.TASK,
    verb: Verb = Verb.SEE_BRANCH,
) -> Telling:
    """The same, to be told with many others."""
    return Telling(
        people=tuple(people),
        kind=kind,
        title=title,
        address=reverse("task", args=(task.pk,)),
        organization_id=task.organization_id,
        subject=subject_of(task.pk),
        once=f"task:{task.pk}:{once}",
        verb=verb,
    )


def keepers_of(organizations: Iterable[UUID], at: datetime) -> dict[UUID, list[UUID]]:
    """The accounts that keep the tasks of these organisations by a role held there."""
    found: dict[UUID, list[UUID]] = defaultdict(list)
    rows = Grant.objects.filter(
        Q(until__isnull=True) | Q(until__gt=at),
        organization__in=list(organizations),
        role__in=roles_with(Verb.KEEP_TASK),
        since__lte=at,
        person__is_active=True,
    )
    for organization, person in rows.values_list("organization_id", "person_id").distinct():
        found[organization].append(person)
    return found
