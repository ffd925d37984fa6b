"""How Django knows this part."""

from __future__ import annotations

from django.apps import AppConfig


class ThemesConfig(AppConfig):
    """This part of the house."""

    name = "zhibu.network.themes"
    label = "themes"
    verbose_name = "专题"
