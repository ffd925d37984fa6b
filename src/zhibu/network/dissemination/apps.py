"""How Django knows this part."""

from __future__ import annotations

from django.apps import AppConfig


class DisseminationConfig(AppConfig):
    """This part of the house."""

    name = "zhibu.network.dissemination"
    label = "dissemination"
    verbose_name = "传达"

    def ready(self) -> None:
        """Follow the records that carry texts."""
        from zhibu.handbook.followers import follow, forget_with
        from zhibu.network.dissemination.services import follow_record, forget_part

        follow(follow_record)
        forget_with(forget_part)
