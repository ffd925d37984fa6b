"""How Django knows this part."""

from __future__ import annotations

from django.apps import AppConfig


class TasksConfig(AppConfig):
    """This part of the house."""

    name = "zhibu.network.tasks"
    label = "tasks"
    verbose_name = "任务"

    def ready(self) -> None:
        """What a filed record says of tasks is done with it."""
        from zhibu.handbook.followers import follow, forget_with
        from zhibu.network.tasks.endings import follow_ending as settle
        from zhibu.network.tasks.services import follow_record, forget_part
        from zhibu.network.tree.endings import follow_ending

        follow(follow_record)
        follow_ending(settle)
        forget_with(forget_part)
