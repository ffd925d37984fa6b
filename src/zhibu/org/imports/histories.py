"""What the full export tells beyond what a file brings in: what was before, and what was chosen.

The columns are `zhibu.rules.roster_columns.ROSTER_TOLD` and `TREE_TOLD`, in their order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from uuid import UUID

from zhibu.org.models import Membership, MemberSpell, Organization, Place, Post, Term

_BETWEEN = "；"
Told = dict[str, tuple[str, ...]]


def member_histories(organization: Organization) -> Told:
    """Where the members of today were before, which offices they held, and times that are over.

    By the member's key; who has no history is not named. Three queries, whatever the number.
    """
    below = Organization.objects.under(organization.path).values("pk")
    members = Membership.objects.filter(branch__in=below, until__isnull=True).values("member")
    past = {"member__in": members, "until__isnull": False}
    texts: defaultdict[UUID, tuple[list[str], ...]] = defaultdict(lambda: ([], [], []))
    for member, branch, since, until in (
        Membership.objects.filter(**past).order_by("since", "id")
        .values_list("member", "branch__name", "since", "until")
    ):  # fmt: skip
        texts[member][0].append(f"{branch}（{_span(since, until)}）")
    offices = dict(Post.Office.choices)
    for member, place, office, since, until in (
        Post.objects.filter(**past).order_by("since", "id")
        .values_list("member", "organization__name", "office", "since", "until")
    ):  # fmt: skip
        texts[member][1].append(f"{place}{offices[office]}（{_span(since, until)}）")
    kinds = dict(MemberSpell.Kind.choices)
    for member, kind, since, until in (
        MemberSpell.objects.filter(**past).order_by("since", "id")
        .values_list("member", "kind", "since", "until")
    ):  # fmt: skip
        texts[member][2].append(f"{kinds[kind]}（{_span(since, until)}）")
    return {str(member): tuple(map(_BETWEEN.join, parts)) for member, parts in texts.items()}


def organization_histories(organization: Organization) -> Told:
    """Since when each uses the system, what it chose, where it hung before, its terms of office."""
    below = Organization.objects.under(organization.path).filter(dissolved_on__isnull=True)
    names = dict(Organization.objects.values_list("id", "name")) if below.exists() else {}
    places: defaultdict[UUID, list[str]] = defaultdict(list)
    for key, name, parent, since, until in (
        Place.objects.filter(organization__in=below.values("pk"), until__isnull=False)
        .order_by("since").values_list("organization", "name", "parent", "since", "until")
    ):  # fmt: skip
        above = f"，隶属{names.get(parent, '')}" if parent else ""
        places[key].append(f"{name}{above}（{_span(since, until)}）")
    terms: defaultdict[UUID, list[str]] = defaultdict(list)
    for key, number, began_on, ends_on in (
        Term.objects.filter(organization__in=below.values("pk")).order_by("number")
        .values_list("organization", "number", "began_on", "ends_on")
    ):  # fmt: skip
        terms[key].append(f"第{number}届（{_span(began_on, ends_on)}）")
    return {
        str(row.pk): (
            row.in_use_since.isoformat() if row.in_use_since else "",
            str(row.soon_days),
            _said(row.class_labels.items()),
            _BETWEEN.join(places[row.pk]),
            _BETWEEN.join(terms[row.pk]),
        )
        for row in below.only("in_use_since", "soon_days", "class_labels")
    }


def _span(since: date, until: date | None) -> str:
    return f"{since.isoformat()}至{until.isoformat()}" if until else f"{since.isoformat()}起"


def _said(labels: Iterable[tuple[str, str]]) -> str:
    return _BETWEEN.join(f"{key}：{word}" for key, word in labels)
