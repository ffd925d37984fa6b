"""How Django knows this part."""

from __future__ import annotations

from django.apps import AppConfig


class SearchConfig(AppConfig):
    """This part of the house."""

    name = "zhibu.network.search"
    label = "search"
    verbose_name = "检索"
