"""What becomes of the tasks of an organisation that ends."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils import timezone

from zhibu.network.tasks.models import Task, TaskStep
from zhibu.network.tree.endings import Ending
from zhibu.org.models import Organization
from zhibu.people.keys import new_key


def follow_ending(ending: Ending) -> Iterator[str]:
    """What is open goes on where the organisation was merged into; else it is dropped, and says why.

    Where the heir was given the same task from above, it has it once.
    """
    held = list(
        Task.objects.select_for_update(of=("self",))
        .filter(organization=ending.organization, state=Task.State.OPEN)
        .order_by("pk")
    )
    moved, dropped = _sort(held, ending.heir)
    if moved and ending.heir is not None:
        words = f"{ending.organization.name}{ending.reason}，转由{ending.heir.name}继续办理。"
        for task in moved:
            task.organization = ending.heir
        Task.objects.bulk_update(moved, ["organization"], batch_size=500)
        _write(moved, TaskStep.Kind.CHANGED, words, ending)
        yield f"{len(moved)}项在办任务转由{ending.heir.short_name}继续办理。"
    if dropped:
        words = f"{ending.organization.name}{ending.reason}，不再办理。"
        day = timezone.localdate(ending.at)
        for task in dropped:
            task.state, task.ending = Task.State.DROPPED, Task.Ending.ORGANIZATION
            task.ended_on, task.words = day, words
        fields = ["state", "ending", "ended_on", "words"]
        Task.objects.bulk_update(dropped, fields, batch_size=500)
        _write(dropped, TaskStep.Kind.DROPPED, words, ending)
        yield f"{len(dropped)}项在办任务不再办理。"


def _sort(held: list[Task], heir: Organization | None) -> tuple[list[Task], list[Task]]:
    """Those that go on, and those that do not."""
    if heir is None:
        return [], held
    given = {task.assignment_id for task in held if task.assignment_id is not None}
    has = set(
        Task.objects.filter(organization=heir, assignment__in=given).values_list(
            "assignment", flat=True
        )
    )
    going = [task for task in held if task.assignment_id is None or task.assignment_id not in has]
    return going, [task for task in held if task not in going]


def _write(tasks: list[Task], kind: TaskStep.Kind, words: str, ending: Ending) -> None:
    TaskStep.objects.bulk_create(
        TaskStep(id=new_key(), task=task, kind=kind, at=ending.at, by=ending.by, words=words)
        for task in tasks
    )
