"""How Django knows this part."""

from __future__ import annotations

from django.apps import AppConfig


class DisseminationConfig(AppConfig):
    """This part of the house."""

    name = "zhibu.network.dissemination"
    label = "dissemination"
    verbose_name = "传达"

    def ready(self) -> None:
        """Follow the records that carry texts; say who may read those told of, and their names."""
        from zhibu.handbook.followers import follow, forget_with
        from zhibu.network.dissemination.queries import readable_of, titles_of
        from zhibu.network.dissemination.services import follow_record, forget_part
        from zhibu.network.notices.asking import ask_with, name_with

        follow(follow_record)
        forget_with(forget_part)
        ask_with("text", readable_of)
        name_with("text", titles_of)
