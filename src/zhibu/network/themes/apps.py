"""How Django knows this part."""

from __future__ import annotations

from django.apps import AppConfig


class ThemesConfig(AppConfig):
    """This part of the house."""

    name = "zhibu.network.themes"
    label = "themes"
    verbose_name = "专题"

    def ready(self) -> None:
        """Follow the records."""
        from zhibu.handbook.followers import follow
        from zhibu.network.themes.services import follow_record

        follow(follow_record)
