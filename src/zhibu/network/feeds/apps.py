"""How Django knows this part."""

from __future__ import annotations

from django.apps import AppConfig


class FeedsConfig(AppConfig):
    """This part of the house."""

    name = "zhibu.network.feeds"
    label = "feeds"
    verbose_name = "日历"
