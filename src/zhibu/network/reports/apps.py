"""How Django knows this part."""

from __future__ import annotations

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """This part of the house."""

    name = "zhibu.network.reports"
    label = "reports"
    verbose_name = "月报"
