"""How Django knows this part."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    """This part of the house."""

    name = "zhibu.web"
    label = "web"
    verbose_name = "页面"
