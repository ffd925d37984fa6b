"""The handbook as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class HandbookConfig(AppConfig):
    """Its name and label."""

    name = "zhibu.handbook"
    label = "handbook"
    verbose_name = "工作手册"
