"""交办: one task given to many organisations below, spread in chunks that may be taken up again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from zhibu.documents.literal import clean
from zhibu.ledger.services import note
from zhibu.network.notices.models import Kind
from zhibu.network.notices.services import tell_all
from zhibu.network.tasks.models import Assignment, Task
from zhibu.network.tasks.services.keeping import TaskRefused
from zhibu.network.tasks.services.telling import keepers_of, tell_of, telling_of
from zhibu.org import paths
from zhibu.org.models import Organization
from zhibu.people.keys import new_key
from zhibu.people.models import Person
from zhibu.people.roles import Verb
from zhibu.rules.tasks import LONGEST_DUE

CHUNK: Final = 300
"""So many organisations are given their task in one transaction."""

MOST_CHOSEN: Final = 500
STALE_AFTER: Final = timedelta(minutes=2)
KINDS: Final = (
    Organization.Kind.COMMITTEE,
    Organization.Kind.GENERAL_BRANCH,
    Organization.Kind.BRANCH,
)
"""To whom a task may be given by kind."""


@transaction.atomic
def assign_task(
    *,
    organization: Organization,
    title: str,
    text: str,
    proof: str,
    due_on: date,
    meeting: str,
    met_on: date | None,
    kinds: Sequence[str],
    chosen: Iterable[UUID],
    by: Person,
    at: datetime,
) -> Assignment:
    """Give a task to all below of some kinds, or to chosen ones. The worker spreads it.

    `meeting` and `met_on` say out of which meeting it comes. Raises TaskRefused.
    """
    today = timezone.localdate(at)
    title, meeting = " ".join(clean(title).split()), " ".join(clean(meeting).split())
    if not title:
        raise TaskRefused("请写明任务。")
    if not today <= due_on <= today + LONGEST_DUE:
        raise TaskRefused("期限不能早于今天，也不能过远，请核对。")
    if met_on is not None and met_on > today:
        raise TaskRefused("会议日期在今天之后，请核对。")
    keys = _check_audience(organization, kinds, list(dict.fromkeys(chosen)), today)
    made = Assignment.objects.create(
        organization=organization,
        title=title[:500],
        text=clean(text).strip()[:5000],
        proof=clean(proof).strip()[:500],
        due_on=due_on,
        meeting=meeting[:200],
        met_on=met_on,
        kinds=[] if keys else [kind for kind in KINDS if kind in set(kinds)],
        chosen=[str(key) for key in keys],
        made_by=by,
        made_at=at,
        touched_at=at,
    )
    note(
        by=by, verb="assign_task", organization_id=organization.pk, subject=made, at=at,
        detail={"name": made.title[:80], "due_on": due_on.isoformat(), "kinds": made.kinds,
                "organizations": len(keys)},
    )  # fmt: skip
    _enqueue(made.pk)
    return made


def _check_audience(
    organization: Organization, kinds: Sequence[str], chosen: list[UUID], today: date
) -> list[UUID]:
    if chosen:
        if len(chosen) > MOST_CHOSEN:
            raise TaskRefused(f"逐个选择的组织最多{MOST_CHOSEN}个，更多的请按类型交办。")
        found = _below(organization, today).filter(pk__in=chosen).count()
        if found != len(chosen):
            raise TaskRefused("所选组织中有的不在本组织之下，或者已经撤销，请重新选择。")
        return chosen
    if not set(kinds) & set(KINDS):
        raise TaskRefused("请选择交办给哪些组织。")
    if not _below(organization, today).filter(kind__in=list(kinds)).exists():
        raise TaskRefused("本组织之下没有所选类型的组织，请重新选择。")
    return []


def _below(organization: Organization, day: date) -> Any:
    return (
        Organization.objects.filter(
            path__gt=organization.path, path__lt=paths.successor(organization.path)
        )
        .exclude(kind=Organization.Kind.GROUP)
        .standing_on(day)
    )


def spread_assignment(*, key: UUID, at: datetime, chunk: int = CHUNK) -> int:
    """Give all their task who have none yet; how many were given it now.

    Each chunk is a transaction that holds the assignment: two workers take turns, and one that dies
    leaves nothing half done. A withdrawal in between stops it.
    """
    given = 0
    while (count := _spread_chunk(key, at, chunk)) is not None:
        given += count
    return given


@transaction.atomic
def _spread_chunk(key: UUID, at: datetime, chunk: int) -> int | None:
    held = (
        Assignment.objects.select_for_update(of=("self",))
        .select_related("organization")
        .get(pk=key)
    )
    if held.spread_at is not None or held.withdrawn_at is not None:
        return None
    rows = _below(held.organization, timezone.localdate(held.made_at))
    rows = rows.standing_on(timezone.localdate(at))  # what has ended since has nobody for it
    if held.chosen:
        rows = rows.filter(pk__in=[UUID(one) for one in held.chosen])
    else:
        rows = rows.filter(kind__in=held.kinds)
    rows = list(rows.filter(path__gt=held.reached).order_by("path")[:chunk])
    has = set(
        Task.objects.filter(assignment=held, organization__in=rows).values_list(
            "organization_id", flat=True
        )
    )
    made = [_task_of(held, row) for row in rows if row.pk not in has]
    Task.objects.bulk_create(made)
    _tell_all(made, at)
    held.reached = rows[-1].path if rows else held.reached
    held.touched_at = timezone.now()
    if len(rows) < chunk:
        held.spread_at = at
    held.save(update_fields=["reached", "touched_at", "spread_at"])
    return len(made)


def _task_of(held: Assignment, organization: Organization) -> Task:
    return Task(
        id=new_key(),
        organization=organization,
        title=held.title,
        due_on=held.due_on,
        proof=held.proof,
        assignment=held,
        began_on=timezone.localdate(held.made_at),
        made_at=held.made_at,
    )


def _tell_all(tasks: Sequence[Task], at: datetime) -> None:
    """Tell whoever keeps the tasks of these organisations, each of their own one."""
    people = keepers_of((task.organization_id for task in tasks), at)
    tell_all(
        [
            telling_of(
                task, people[task.organization_id], f"上级交办任务：{task.title}", once="given",
                verb=Verb.KEEP_TASK,
            )
            for task in tasks
            if task.organization_id in people
        ],
        at=at,
    )  # fmt: skip


def _remind_all(tasks: Sequence[Task], day: date, at: datetime) -> int:
    """Remind them; how many people were not reminded on this day yet."""
    people = keepers_of((task.organization_id for task in tasks), at)
    return sum(
        tell_of(
            task, people[task.organization_id], f"请抓紧办理：{task.title}", once=f"remind:{day}",
            at=at, kind=Kind.REMINDER, verb=Verb.KEEP_TASK,
        )
        for task in tasks
        if task.organization_id in people
    )  # fmt: skip


@transaction.atomic
def withdraw_assignment(
    *, assignment: Assignment, reason: str, by: Person, at: datetime
) -> Assignment:
    """Take a task back from all who have not done it. What is done stays done."""
    reason = clean(reason).strip()[:500]
    if not reason:
        raise TaskRefused("撤回须写明理由。")
    held = Assignment.objects.select_for_update().get(pk=assignment.pk)
    if held.withdrawn_at is not None:
        raise TaskRefused("这项交办已经撤回。")
    held.withdrawn_at, held.withdrawn_by, held.reason = at, by, reason
    held.save(update_fields=["withdrawn_at", "withdrawn_by", "reason"])
    still = Task.objects.filter(assignment=held, state=Task.State.OPEN)
    ended = still.update(
        state=Task.State.DROPPED,
        ended_on=timezone.localdate(at),
        ending=Task.Ending.WITHDRAWAL,
        words=reason,
    )
    note(
        by=by, verb="withdraw_assignment", organization_id=held.organization_id, subject=held,
        at=at, detail={"name": held.title[:80], "reason": reason, "organizations": ended},
    )  # fmt: skip
    return held


def remind_assignment(*, assignment: Assignment, by: Person, at: datetime) -> int:
    """Remind those who have not done it, each at most once a day; how many people were told now."""
    day = timezone.localdate(at)
    held = Assignment.objects.get(pk=assignment.pk)
    if held.withdrawn_at is not None:
        raise TaskRefused("这项交办已经撤回，不需要提醒。")
    still = Task.objects.filter(assignment=held, state=Task.State.OPEN).order_by("pk")
    told, last = 0, None
    while rows := list(still.filter(pk__gt=last)[:CHUNK] if last else still[:CHUNK]):
        with transaction.atomic():
            told += _remind_all(rows, day, at)
        last = rows[-1].pk
    note(
        by=by, verb="remind_assignment", organization_id=held.organization_id, subject=held, at=at,
        detail={"name": held.title[:80], "people": told},
    )  # fmt: skip
    return told


def resume_assignments(at: datetime) -> int:
    """A chore: give the jobs of dead workers to the queue again; how many."""
    stale = Assignment.objects.filter(
        spread_at=None, withdrawn_at=None, touched_at__lt=at - STALE_AFTER
    )
    count = 0
    for key, touched in stale.values_list("pk", "touched_at"):
        # Who touches it first has it.
        if Assignment.objects.filter(pk=key, touched_at=touched).update(touched_at=at):
            count += 1
            _enqueue(key)
    return count


def _enqueue(key: UUID) -> None:
    from zhibu.network.tasks.jobs import spread_in_background

    transaction.on_commit(lambda: spread_in_background.enqueue(str(key)))
