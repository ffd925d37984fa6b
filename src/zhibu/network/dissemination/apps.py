"""How Django knows this part."""

from __future__ import annotations

from django.apps import AppConfig


class DisseminationConfig(AppConfig):
    """This part of the house."""

    name = "zhibu.network.dissemination"
    label = "dissemination"
    verbose_name = "传达"
