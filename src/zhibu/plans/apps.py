"""The application `plans`."""

from __future__ import annotations

from django.apps import AppConfig


class PlansConfig(AppConfig):
    """一表: annual tables, their lines, and the tallies over them."""

    name = "zhibu.plans"
    label = "plans"
    verbose_name = "年度安排表"
