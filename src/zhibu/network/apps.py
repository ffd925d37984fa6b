from __future__ import annotations

from django.apps import AppConfig


class NetworkConfig(AppConfig):
    name = "zhibu.network"
    label = "network"
    verbose_name = "网络"
