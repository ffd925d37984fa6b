"""How Django knows this part."""

from __future__ import annotations

from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    """This part of the house."""

    name = "zhibu.network.feedback"
    label = "feedback"
    verbose_name = "反映"
