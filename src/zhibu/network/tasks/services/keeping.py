"""Verbs on one task: report, change, close, drop, reopen. Two at once: the second is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from zhibu.documents.literal import clean
from zhibu.ledger.services import note
from zhibu.network.tasks.models import Task, TaskStep
from zhibu.network.tasks.services.telling import keepers_of, tell_of
from zhibu.org.models import Member, Membership
from zhibu.org.queries import holding
from zhibu.org.services import Refused
from zhibu.people.keys import new_key
from zhibu.people.models import Person
from zhibu.rules.tasks import LONGEST_DUE
from zhibu.rules.wording import say_date

LONGEST: Final = 2000


class TaskRefused(Refused):
    """The task is not in a state in which this can be done to it."""


@transaction.atomic
def report_task(*, task: Task, words: str, by: Person, at: datetime) -> TaskStep:
    """The owner says what was done. Whoever keeps the tasks is told, and closes."""
    words = _said(words, "请写明办理情况。")
    held = _lock(task)
    _need_open(held)
    step = _step(held, TaskStep.Kind.REPORTED, words, by, at)
    _note(held, "report_task", by, at)
    people = keepers_of([held.organization_id], at).get(held.organization_id, [])
    tell_of(
        held,
        [key for key in people if key != by.pk],
        f"{by.name}报告了办理情况：{held.title}",
        once=f"report:{step.pk}",
        at=at,
    )
    return step


@transaction.atomic
def change_task(
    *, task: Task, owner: Member | None, due_on: date, words: str, by: Person, at: datetime
) -> Task:
    """Another owner or another date, with a trace. Nothing changes nothing.

    The date of a task that was given from above is not the organisation's to change.
    """
    held = _lock(task)
    _need_open(held)
    today = timezone.localdate(at)
    changed = []
    is_given = owner != held.owner
    if is_given:
        if owner is not None and not _belongs(owner, held.organization_id, today):
            raise TaskRefused("办理人不属于本支部，请重新选择。")
        was = held.owner.name if held.owner else "支部集体"
        changed.append(f"办理人由{was}改为{owner.name if owner else '支部集体'}")
        held.owner = owner
    if due_on != held.due_on:
        if held.assignment_id is not None:
            raise TaskRefused("这项任务由上级交办，期限由上级确定。")
        if not held.began_on <= due_on <= today + LONGEST_DUE:
            raise TaskRefused("期限不能早于议定日期，也不能过远，请核对。")
        changed.append(f"期限由{say_date(held.due_on)}改为{say_date(due_on)}")
        held.due_on = due_on
    if not changed:
        return held
    held.save(update_fields=["owner", "due_on"])
    reason = clean(words).strip()[:500]
    said = "；".join(changed) + (f"。{reason}" if reason else "")
    step = _step(held, TaskStep.Kind.CHANGED, said, by, at)
    _note(held, "change_task", by, at, change=said)
    if owner is not None and owner.person_id is not None and owner.person_id != by.pk:
        verb = "请办理" if is_given else "任务期限有调整"
        tell_of(held, [owner.person_id], f"{verb}：{held.title}", once=f"change:{step.pk}", at=at)
    return held


@transaction.atomic
def close_task(*, task: Task, words: str, by: Person, at: datetime) -> Task:
    """It is done; the words say with what result."""
    words = _said(words, "请写明办理结果。")
    return _end(task, Task.State.CLOSED, words, by, at)


@transaction.atomic
def drop_task(*, task: Task, reason: str, by: Person, at: datetime) -> Task:
    """It is not to be done any more, and why."""
    reason = _said(reason, "不再办理须写明理由。")
    if task.assignment_id is not None:
        raise TaskRefused("这项任务由上级交办，不能自行停办；确需调整的，请向上级反映。")
    return _end(task, Task.State.DROPPED, reason, by, at)


@transaction.atomic
def reopen_task(*, task: Task, reason: str, by: Person, at: datetime) -> Task:
    """It was ended by mistake, or is not done after all."""
    reason = _said(reason, "请写明恢复办理的理由。")
    held = _lock(task)
    if held.state == Task.State.OPEN:
        raise TaskRefused("这项任务正在办理，不需要恢复。")
    if held.ending not in (Task.Ending.MEETING, Task.Ending.PAGE):
        raise TaskRefused(f"这项任务因“{held.get_ending_display()}”结束，不能恢复。")
    held.state, held.ended_on, held.ending = Task.State.OPEN, None, ""
    held.ended_by_record, held.words = None, ""
    try:
        with transaction.atomic():
            held.save(update_fields=["state", "ended_on", "ending", "ended_by_record", "words"])
    except IntegrityError as error:
        raise TaskRefused("来源记录中已有同一项任务，不能恢复。") from error
    _step(held, TaskStep.Kind.REOPENED, reason, by, at)
    _note(held, "reopen_task", by, at, reason=reason)
    return held


def _end(task: Task, state: str, words: str, by: Person, at: datetime) -> Task:
    held = _lock(task)
    _need_open(held)
    is_done = state == Task.State.CLOSED
    held.state, held.ended_on = state, timezone.localdate(at)
    held.ending, held.words = Task.Ending.PAGE, words
    held.save(update_fields=["state", "ended_on", "ending", "words"])
    kind = TaskStep.Kind.CLOSED if is_done else TaskStep.Kind.DROPPED
    _step(held, kind, words, by, at)
    _note(held, "close_task" if is_done else "drop_task", by, at, reason=words)
    return held


def _lock(task: Task) -> Task:
    # Without its owner: for who had to wait, PostgreSQL joins whom the row named before.
    held = Task.objects.select_for_update(of=("self",)).select_related("organization")
    return held.get(pk=task.pk)


def _need_open(held: Task) -> None:
    if held.state != Task.State.OPEN:
        day = say_date(held.ended_on) if held.ended_on else ""
        raise TaskRefused(f"这项任务已于{day}{_ENDED[held.state]}，请刷新页面查看。")


_ENDED: Final[Mapping[str, str]] = {
    Task.State.CLOSED: "办结",
    Task.State.DROPPED: "不再办理",
}


def _said(words: str, missing: str) -> str:
    words = clean(words).strip()
    if not words:
        raise TaskRefused(missing)
    if len(words) > LONGEST:
        raise TaskRefused(f"最多{LONGEST}字，现有{len(words)}字，请删减。")
    return words


def _belongs(member: Member, organization: UUID, day: date) -> bool:
    return Membership.objects.filter(holding(day), member=member, branch=organization).exists()


def _step(task: Task, kind: str, words: str, by: Person, at: datetime) -> TaskStep:
    return TaskStep.objects.create(id=new_key(), task=task, kind=kind, at=at, by=by, words=words)


def _note(task: Task, verb: str, by: Person, at: datetime, **detail: str) -> None:
    # What was decided stands in its record, and goes when that is blacked out: not in the ledger.
    name = {"name": task.title[:80]} if task.record_id is None else {}
    note(
        by=by, verb=verb, organization_id=task.organization_id, subject=task,
        detail={**name, **detail}, at=at,
    )  # fmt: skip
