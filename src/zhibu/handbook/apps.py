"""The handbook as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class HandbookConfig(AppConfig):
    """Its name and label."""

    name = "zhibu.handbook"
    label = "handbook"
    verbose_name = "工作手册"

    def ready(self) -> None:
        """Tell what records know of people before an import of them is undone."""
        from zhibu.handbook.mentions import records_naming
        from zhibu.org.imports import register_keeper

        register_keeper(records_naming)
