"""How Django knows this part."""

from __future__ import annotations

from django.apps import AppConfig


class NetworkConfig(AppConfig):
    """This part of the house."""

    name = "zhibu.network"
    label = "network"
    verbose_name = "网络"
