"""How Django knows this part."""

from __future__ import annotations

from django.apps import AppConfig


class TasksConfig(AppConfig):
    """This part of the house."""

    name = "zhibu.network.tasks"
    label = "tasks"
    verbose_name = "任务"
