"""The verbs of tasks."""

from __future__ import annotations

from zhibu.network.tasks.services.assigning import (
    assign_task,
    remind_assignment,
    resume_assignments,
    spread_assignment,
    withdraw_assignment,
)
from zhibu.network.tasks.services.filing import follow_record, forget_part
from zhibu.network.tasks.services.keeping import (
    change_task,
    close_task,
    drop_task,
    reopen_task,
    report_task,
)
from zhibu.network.tasks.services.reminding import remind_tasks

__all__ = [
    "assign_task",
    "change_task",
    "close_task",
    "drop_task",
    "follow_record",
    "forget_part",
    "remind_assignment",
    "remind_tasks",
    "reopen_task",
    "report_task",
    "resume_assignments",
    "spread_assignment",
    "withdraw_assignment",
]
