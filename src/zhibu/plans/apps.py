from __future__ import annotations

from django.apps import AppConfig


class PlansConfig(AppConfig):
    name = "zhibu.plans"
    label = "plans"
    verbose_name = "年度安排表"
