"""About how many a draft is for, and how far many texts have got at one level: for lists and forms."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q

from zhibu.network.dissemination.models import UNFOLDED, Expected, Reached, Receipt, Text
from zhibu.network.dissemination.queries.rolls import under
from zhibu.org import paths
from zhibu.org.facts import COMMITTEE_OFFICES
from zhibu.org.models import Membership, Organization, Place, Post
from zhibu.org.queries import holding
from zhibu.rules.reach import Coverage, Readers, TextDraft, spare_paths


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


def coverages_of_texts(texts: Iterable[Text], organization: Organization) -> dict[UUID, Coverage]:
    """How far each of these texts has got at one organisation: four queries for any number."""
    places = list(Place.objects.filter(organization=organization).order_by("since"))
    at = {text.pk: _path_on(places, text.issue_day, organization.path) for text in texts}
    if not at:
        return {}
    found = {key: Coverage() for key in at}
    levels = sorted(set(at.values()))
    expected = Expected.objects.filter(text__in=list(at), path__in=levels)
    for key, path, number in expected.values_list("text_id", "path", "number"):
        if at[key] == path:
            found[key] += Coverage(expected=number)
    reached = Reached.objects.filter(text__in=list(at), path__in=levels, version=F("text__version"))
    for key, path, number in reached.values_list("text_id", "path", "number"):
        if at[key] == path:
            found[key] += Coverage(reached=number)
    for key, path, is_valid, number in _unfolded(list(at), levels):
        if path.startswith(at[key]):
            found[key] += Coverage(reached=number if is_valid else -number)
    return found


def _unfolded(texts: list[UUID], levels: list[str]) -> Iterable[tuple[Any, str, bool, int]]:
    below = reduce(or_, (Q(path__gte=p, path__lt=paths.successor(p)) for p in levels))
    return (
        Receipt.objects.filter(below, text__in=texts, version=F("text__version"))
        .filter(UNFOLDED)
        .order_by()
        .values("text_id", "path", "is_valid")
        .annotate(number=Count("pk"))
        .values_list("text_id", "path", "is_valid", "number")
    )


def _path_on(places: list[Place], day: date, otherwise: str) -> str:
    for place in places:
        if place.since <= day and (place.until is None or place.until >= day):
            return place.path
    return places[0].path if places else otherwise
