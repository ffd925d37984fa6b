"""The application `norms`."""

from __future__ import annotations

from django.apps import AppConfig


class NormsConfig(AppConfig):
    """一规: norm packs, their versions, and which one binds whom."""

    name = "zhibu.norms"
    label = "norms"
    verbose_name = "规范"
