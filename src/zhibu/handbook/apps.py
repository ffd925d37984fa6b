from __future__ import annotations

from django.apps import AppConfig


class HandbookConfig(AppConfig):
    name = "zhibu.handbook"
    label = "handbook"
    verbose_name = "工作手册"
