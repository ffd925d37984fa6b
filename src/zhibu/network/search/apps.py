"""How Django knows this part."""

from __future__ import annotations

from django.apps import AppConfig


class SearchConfig(AppConfig):
    """This part of the house."""

    name = "zhibu.network.search"
    label = "search"
    verbose_name = "检索"

    def ready(self) -> None:
        """Follow the records, and forget what is blacked out."""
        from zhibu.handbook.followers import follow, forget_with
        from zhibu.network.search.services import forget_part, note_filed

        follow(note_filed)
        forget_with(forget_part)
