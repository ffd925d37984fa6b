"""How Django knows this part."""

from __future__ import annotations

from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    """This part of the house."""

    name = "zhibu.network.feedback"
    label = "feedback"
    verbose_name = "反映"

    def ready(self) -> None:
        """What was in hand when an organisation ends goes on elsewhere."""
        from zhibu.network.feedback.endings import follow_ending as settle
        from zhibu.network.tree.endings import follow_ending

        follow_ending(settle)
