"""Which forms were sent lately, so that none is done twice. A digest of each, and where it led."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from zhibu.people.models import SentForm

KEPT: Final = timedelta(days=2)
"""How long a form that was sent is remembered."""


def claim_form(*, digest: str, at: datetime) -> tuple[SentForm, bool]:
    """The row of this form, and whether it is new.

    Within a transaction: who sends the same form meanwhile waits here until it ends.
    """
    return SentForm.objects.get_or_create(digest=digest, defaults={"sent_at": at})


def forget_forms(*, at: datetime) -> int:
    """Take away what was remembered of forms that were sent long ago; how many there were."""
    return SentForm.objects.filter(sent_at__lt=at - KEPT).delete()[0]
