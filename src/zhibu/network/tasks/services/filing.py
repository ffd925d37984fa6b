"""What follows for tasks when a record is filed, corrected, voided or partly blacked out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final
from uuid import UUID

from django.utils import timezone

from zhibu.documents.literal import COVER_TEXT
from zhibu.handbook.followers import Filed
from zhibu.handbook.models import Record, RecordVersion
from zhibu.handbook.refusals import RecordRefused
from zhibu.network.notices.services import take_back
from zhibu.network.tasks.models import Task, TaskStep
from zhibu.network.tasks.services.telling import subject_of, tell_owners
from zhibu.org.models import Member
from zhibu.people.keys import new_key
from zhibu.rules.contents import Decision, FollowUp, FollowUpState, RecordContent, TaskNote
from zhibu.rules.wording import say_date

LONGEST: Final = 2000
SAID: Final = (TaskStep.Kind.KEPT, TaskStep.Kind.CLOSED, TaskStep.Kind.DROPPED)
UNDONE: Final = (Task.Ending.CORRECTION, Task.Ending.VOID)
_KIND: Final[Mapping[FollowUpState, str]] = {
    FollowUpState.OPEN: TaskStep.Kind.KEPT,
    FollowUpState.CLOSED: TaskStep.Kind.CLOSED,
    FollowUpState.DROPPED: TaskStep.Kind.DROPPED,
}
_STATE: Final[Mapping[FollowUpState, str]] = {
    FollowUpState.CLOSED: Task.State.CLOSED,
    FollowUpState.DROPPED: Task.State.DROPPED,
}


def follow_record(filed: Filed) -> None:
    """Make, adapt and end tasks as a version of a record says. No statement where it says nothing.

    Runs in the filing's transaction, which holds the branch's chain: no two of a branch at once.
    Raises RecordRefused for a task of elsewhere, and for one that something else has ended.
    """
    is_void = filed.version.action == RecordVersion.Action.VOID
    decided = {} if is_void else _decided(filed.content)
    if decided or _decided(filed.before):
        _follow_decisions(filed, decided, is_void=is_void)
    said = () if is_void else filed.content.follow_ups
    if said or (filed.before is not None and filed.before.follow_ups):
        _follow_agenda(filed, said)


def forget_part(record: Record, part: str) -> None:
    """Take away what tasks copied from a part that was blacked out."""
    if part == "decisions":
        tasks = Task.objects.filter(record=record)
        for key in tasks.values_list("pk", flat=True):
            take_back(subject=subject_of(key))
        TaskStep.objects.filter(task__in=tasks, kind=TaskStep.Kind.CORRECTED).update(words="")
        tasks.update(title=COVER_TEXT, proof="")
    elif part == "particulars":
        TaskStep.objects.filter(record=record).exclude(words="").update(words=COVER_TEXT)
        Task.objects.filter(ended_by_record=record).exclude(words="").update(words=COVER_TEXT)


def _decided(content: RecordContent | None) -> dict[int, Decision]:
    """The decisions that are tasks, by their number from 1."""
    if content is None:
        return {}
    return {n: one for n, one in enumerate(content.decisions, start=1) if one.task is not None}


def _follow_decisions(filed: Filed, decided: dict[int, Decision], *, is_void: bool) -> None:
    held: list[Task] = []
    if filed.before is not None:
        held = list(
            Task.objects.select_for_update()
            .filter(record=filed.record)
            .exclude(ending__in=UNDONE)
            .order_by("pk")
        )
    if is_void:
        _drop(held, filed, Task.Ending.VOID, "来源记录已作废")
        return
    owners = _owners(decided.values())
    matched = _match(held, decided)
    kept = {task.pk for task in matched.values()}
    _take_out([task for task in held if task.pk not in kept], filed)
    _adapt(matched, decided, filed, owners)
    made = [
        _make(filed, number, one, owners)
        for number, one in decided.items()
        if number not in matched
    ]
    Task.objects.bulk_create(made)
    tell_owners(made, owners, by=filed.by, at=filed.version.filed_at)


def _owners(decided: Iterable[Decision]) -> dict[UUID, UUID | None]:
    """The members that are to carry something out, with their accounts."""
    keys = {one.task.owner for one in decided if one.task and one.task.owner}
    rows = Member.objects.filter(pk__in=keys).values_list("pk", "person_id") if keys else ()
    return dict(rows)


def _make(
    filed: Filed, number: int, decision: Decision, owners: Mapping[UUID, UUID | None]
) -> Task:
    note = decision.task or TaskNote()
    return Task(
        id=new_key(),
        organization_id=filed.record.branch_id,
        title=_title(decision),
        owner_id=_owner(note, owners),
        due_on=_due(note, filed.version.happened_on),
        proof=note.proof[:LONGEST],
        record=filed.record,
        decision=number,
        began_on=filed.version.happened_on,
        made_at=filed.version.filed_at,
    )


def _title(decision: Decision) -> str:
    return " ".join(decision.text.split())[:LONGEST]


def _due(note: TaskNote, day: date) -> date:
    return note.due_on or day  # RECORD-50 lets none through without


def _owner(note: TaskNote, owners: Mapping[UUID, UUID | None]) -> UUID | None:
    if not note.owner:
        return None
    owner = UUID(note.owner)
    if owner not in owners:
        raise RecordRefused(f"办理人{note.owner_name}不在党员名册中，请重新选择。")
    return owner


def _match(held: Iterable[Task], decided: Mapping[int, Decision]) -> dict[int, Task]:
    """Which task a decision of the new version goes on: the same text, else the same number."""
    left = [task for task in held if task.decision is not None]
    found: dict[int, Task] = {}
    for is_same in (_same_text, _same_number):
        for task in list(left):
            number = next(
                (n for n, one in decided.items() if n not in found and is_same(task, n, one)), None
            )
            if number is not None:
                found[number] = task
                left.remove(task)
    return found


def _same_text(task: Task, _: int, decision: Decision) -> bool:
    return task.title == _title(decision)


def _same_number(task: Task, number: int, _: Decision) -> bool:
    return task.decision == number


def _take_out(gone: list[Task], filed: Filed) -> None:
    """Decisions that a correction took out. What has been worked on stays, with its trace."""
    gone = [task for task in gone if task.decision is not None]
    if not gone:
        return
    worked = set(
        TaskStep.objects.filter(task__in=gone)
        .exclude(kind__in=(TaskStep.Kind.CHANGED, TaskStep.Kind.CORRECTED))
        .values_list("task_id", flat=True)
    )
    _drop([t for t in gone if t.pk not in worked], filed, Task.Ending.CORRECTION, "更正来源记录")
    stay = [task for task in gone if task.pk in worked or task.state != Task.State.OPEN]
    Task.objects.filter(pk__in=[task.pk for task in stay]).update(decision=None)
    words = "来源记录更正后不再列有这项任务；已经办理过，经过保留"
    _write([_step(task, TaskStep.Kind.CORRECTED, filed, words) for task in stay])


def _drop(tasks: Iterable[Task], filed: Filed, ending: Task.Ending, words: str) -> None:
    """Open tasks end with the record that made them."""
    ended = [task for task in tasks if task.state == Task.State.OPEN]
    if not ended:
        return
    Task.objects.filter(pk__in=[task.pk for task in ended]).update(
        state=Task.State.DROPPED,
        ended_on=timezone.localdate(filed.version.filed_at),
        ending=ending,
        words=words,
    )
    _write([_step(task, TaskStep.Kind.DROPPED, filed, words) for task in ended])


def _adapt(
    matched: Mapping[int, Task],
    decided: Mapping[int, Decision],
    filed: Filed,
    owners: Mapping[UUID, UUID | None],
) -> None:
    """What a correction changed of a task; what was changed on the page since stays otherwise."""
    before = _decided(filed.before)
    moved = {n: task for n, task in matched.items() if task.decision != n}
    # Numbers are unique: all that move step aside first.
    Task.objects.filter(pk__in=[task.pk for task in moved.values()]).update(decision=None)
    steps = []
    for number, task in matched.items():
        was = before.get(task.decision or 0)
        now = decided[number]
        words = _take_over(task, was, now, filed, owners)
        if words:
            steps.append(_step(task, TaskStep.Kind.CORRECTED, filed, "；".join(words)))
        task.decision = number
        if words or number in moved:
            task.save(update_fields=["decision", "title", "owner", "due_on", "proof", "began_on"])
    _write(steps)


def _take_over(
    task: Task,
    was: Decision | None,
    now: Decision,
    filed: Filed,
    owners: Mapping[UUID, UUID | None],
) -> list[str]:
    old, new = (was.task if was else None) or TaskNote(), now.task or TaskNote()
    words = []
    if task.title != _title(now):
        task.title = _title(now)
        words.append("任务内容已更正")
    if old.owner != new.owner:
        task.owner_id = _owner(new, owners)
        words.append(f"办理人改为{new.owner_name or '支部集体'}")
    if old.due_on != new.due_on and new.due_on is not None:
        task.due_on = new.due_on
        words.append(f"期限改为{say_date(new.due_on)}")
    if old.proof != new.proof:
        task.proof = new.proof[:LONGEST]
        words.append("完成证明已更正")
    if task.began_on != filed.version.happened_on:
        task.began_on = filed.version.happened_on
        words.append(f"议定日期改为{say_date(task.began_on)}")
    return words


def _follow_agenda(filed: Filed, said: tuple[FollowUp, ...]) -> None:
    """What the meeting said of earlier tasks."""
    record = filed.record
    was = filed.before.follow_ups if filed.before is not None else ()
    now = {_key(one): one for one in said}
    gone = {_key(one) for one in was} - set(now)
    tasks = {
        task.pk: task
        for task in Task.objects.select_for_update()
        .filter(pk__in=[*now, *gone], organization=record.branch_id)
        .order_by("pk")
    }
    if set(now) - set(tasks) or any(tasks[key].record_id == record.pk for key in now):
        raise RecordRefused("上次议定事项中有的任务不属于本支部，请刷新页面后重新填写。")
    steps: dict[UUID, TaskStep] = {}
    if was:
        rows = TaskStep.objects.filter(record=record, kind__in=SAID, task__in=list(tasks))
        steps = {step.task_id: step for step in rows}
    fresh = []
    for key, one in now.items():
        _settle(tasks[key], one, filed)
        step = steps.get(key)
        if step is None:
            fresh.append(_step(tasks[key], _KIND[one.state], filed, one.note, record))
        elif (step.kind, step.words) != (_KIND[one.state], one.note):
            step.kind, step.words = _KIND[one.state], one.note
            step.save(update_fields=["kind", "words"])
    for key in gone & set(tasks):
        fresh += _unsay(tasks[key], filed)
    TaskStep.objects.filter(pk__in=[steps[key].pk for key in gone & set(steps)]).delete()
    _write(fresh)


def _settle(task: Task, said: FollowUp, filed: Filed) -> None:
    """Bring a task to what the meeting said of it."""
    is_here = task.ended_by_record_id == filed.record.pk
    if said.state is FollowUpState.OPEN:
        if is_here:
            _open(task)
        return
    state = _STATE[said.state]
    if task.state != Task.State.OPEN and not is_here:
        if task.state != state:
            raise RecordRefused(
                f"“{task.title[:40]}”现在是{task.get_state_display()}，"
                f"不能记为{Task.State(state).label}，请刷新页面核对。"
            )
        return
    task.state, task.ended_on = state, filed.version.happened_on
    task.ending, task.ended_by_record = Task.Ending.MEETING, filed.record
    task.words = said.note[:LONGEST]
    task.save(update_fields=["state", "ended_on", "ending", "ended_by_record", "words"])


def _unsay(task: Task, filed: Filed) -> list[TaskStep]:
    """A meeting that ended a task does not say so any more."""
    if task.ended_by_record_id != filed.record.pk:
        return []
    _open(task)
    is_void = filed.version.action == RecordVersion.Action.VOID
    words = "办结时的会议记录已作废" if is_void else "会议记录更正后未再记为办结"
    return [_step(task, TaskStep.Kind.REOPENED, filed, words)]


def _open(task: Task) -> None:
    task.state, task.ended_on, task.ending = Task.State.OPEN, None, ""
    task.ended_by_record, task.words = None, ""
    task.save(update_fields=["state", "ended_on", "ending", "ended_by_record", "words"])


def _step(
    task: Task, kind: str, filed: Filed, words: str, record: Record | None = None
) -> TaskStep:
    return TaskStep(
        id=new_key(), task=task, kind=kind, at=filed.version.filed_at, by=filed.by, record=record,
        words=words[:LONGEST],
    )  # fmt: skip


def _write(steps: list[TaskStep]) -> None:
    if steps:
        TaskStep.objects.bulk_create(steps)


def _key(one: FollowUp) -> UUID:
    try:
        return UUID(one.key)
    except ValueError as error:
        raise RecordRefused("上次议定事项中有的任务无法识别，请刷新页面后重新填写。") from error
