"""What becomes of the feedback that an organisation that ends had in hand."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils import timezone

from zhibu.network.feedback.models import Case, Step
from zhibu.network.feedback.services.holding import Done, hand_over, hold, settle, tell_handlers
from zhibu.network.tree.endings import Ending


def follow_ending(ending: Ending) -> Iterator[str]:
    """Open cases go to what it was merged into, else to the level above; nobody is left waiting.

    Whoever takes them over reads the originals, without names: nobody else is left who could.
    """
    to = ending.heir or ending.organization.parent
    keys = list(
        Case.objects.in_hand().filter(organization=ending.organization).values_list("pk", flat=True)
    )
    if to is None or not keys:
        return
    for case in hold(*sorted(keys)):
        hand_over(case, to, timezone.localdate(ending.at))
        words = f"{ending.organization.name}{ending.reason}，由{to.name}继续办理。"
        settle(case, Done(Step.Kind.MOVED, ending.at, ending.organization, words, to=to))
        tell_handlers(case, "收到一件交来办理的反映事项", ending.at, once=f"case:{case.pk}:ended")
    yield f"{len(keys)}件未办结的反映转由{to.short_name}继续办理。"
