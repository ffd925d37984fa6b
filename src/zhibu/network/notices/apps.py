"""How Django knows this part."""

from __future__ import annotations

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """This part of the house."""

    name = "zhibu.network.notices"
    label = "notices"
    verbose_name = "通知"
