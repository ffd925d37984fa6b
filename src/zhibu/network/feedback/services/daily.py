"""Once a day: whoever handles feedback hears how much waits to be looked at.

What came without a name is told only here, on a later day than it came: nothing tells when.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Max
from django.urls import reverse
from django.utils import timezone

from zhibu.network.feedback.models import Case
from zhibu.network.feedback.queries import handlers_of
from zhibu.network.notices.models import Kind as NoticeKind
from zhibu.network.notices.services import tell
from zhibu.people.roles import Verb
from zhibu.rules.feedback import CaseState

_BATCH = 500


def tell_of_arrivals(at: datetime) -> int:
    """Tell each organisation where something came on an earlier day and was not accepted yet.

    Called as often as one likes: the same arrivals are told once. Gives how many people were told.
    """
    rows = (
        Case.objects.in_hand()
        .filter(state=CaseState.RECEIVED, waiting_since__lt=timezone.localdate(at))
        .order_by("organization")
        .values("organization")
        .annotate(n=Count("pk"), newest=Max("waiting_since"))
    )
    found = {row["organization"]: row for row in rows}
    told = 0
    keys = list(found)
    for start in range(0, len(keys), _BATCH):
        for key, people in handlers_of(keys[start : start + _BATCH], at).items():
            told += tell(
                people=people,
                kind=NoticeKind.FEEDBACK,
                title=f"有{found[key]['n']}件反映等待受理",
                address=reverse("feedback-desk", args=[key]),
                organization_id=key,
                subject=f"feedback-desk:{key}",
                once=f"feedback-desk:{key}:{found[key]['newest']}",
                verb=Verb.ANSWER_FEEDBACK,
                at=at,
            )
    return told
