"""Rows of tasks → the values that the rules judge."""

from __future__ import annotations

from zhibu.network.tasks.models import Task
from zhibu.rules.tasks import TaskFacts, TaskState


def facts_of(task: Task) -> TaskFacts:
    """What the rules need to know of one task."""
    return TaskFacts(
        due_on=task.due_on,
        state=TaskState(task.state),
        ended_on=task.ended_on,
        reason=task.words,
        task=str(task.pk),
    )
