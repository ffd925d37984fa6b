"""How Django knows this part."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    """This part of the house."""

    name = "zhibu.web"
    label = "web"
    verbose_name = "页面"

    def ready(self) -> None:
        """Listen to what the library of sign-in tells."""
        from zhibu.web.entry.trace import listen

        listen()
