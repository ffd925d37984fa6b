"""Which forms were sent lately, so that none is done twice. A digest of each, and where it led."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from zhibu.people.models import SentForm

KEPT: Final = timedelta(days=2)
"""How long a form that was sent is remembered."""


SAME_WITHIN: Final = timedelta(minutes=2)
"""Later it is meant: somebody gave up what was made, went back, and wants it again."""


def claim_form(*, digest: str, at: datetime) -> tuple[SentForm, bool]:
    """The row of this form, and whether it is to be done.

    Within a transaction: who sends the same form meanwhile waits here until it ends.
    """
    rows = SentForm.objects.select_for_update()
    form, is_new = rows.get_or_create(digest=digest, defaults={"sent_at": at})
    if not is_new and at - form.sent_at >= SAME_WITHIN:
        form.sent_at, is_new = at, True
        form.save(update_fields=["sent_at"])
    return form, is_new


def forget_forms(*, at: datetime) -> int:
    """Take away what was remembered of forms that were sent long ago; how many there were."""
    return SentForm.objects.filter(sent_at__lt=at - KEPT).delete()[0]
