"""About how many a draft is for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db.models import Q

from zhibu.network.dissemination.queries.rolls import under
from zhibu.org.facts import COMMITTEE_OFFICES
from zhibu.org.models import Membership, Organization, Post
from zhibu.org.queries import holding
from zhibu.rules.reach import Readers, TextDraft, spare_paths


def estimate(draft: TextDraft, organizations: Iterable[Organization], today: date) -> int:
    """How many members a draft would be for if it were issued today: one query.

    `organizations` are those that the draft names. Nobody is counted twice.
    """
    at = "branch" if draft.readers is Readers.MEMBERS else "organization"
    wanted = holding(today) & under(spare_paths(each.path for each in organizations), f"{at}__path")
    if draft.kinds:
        wanted &= Q(**{f"{at}__kind__in": draft.kinds})
    if draft.fields:
        wanted &= Q(**{f"{at}__field__in": draft.fields})
    if draft.readers is Readers.MEMBERS:
        return Membership.objects.filter(wanted).count()
    offices = (
        [Post.Office.SECRETARY.value]
        if draft.readers is Readers.SECRETARIES
        else sorted(COMMITTEE_OFFICES)
    )
    posts = Post.objects.filter(wanted, office__in=offices).order_by()
    number: int = posts.values("member_id").distinct().count()
    return number
