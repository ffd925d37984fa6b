"""The numbers of reach at paths of the tree: tallies and what is not folded in, in one statement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import OuterRef, Subquery, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from zhibu.network.dissemination.models import DELTA, UNFOLDED, Expected, Reached, Receipt, Text
from zhibu.org import paths
from zhibu.org.models import Organization, Place
from zhibu.rules.reach import Coverage


class Spot(NamedTuple):
    """One version of a text at one path."""

    text: UUID
    version: int
    path: str


def numbers_at(spots: Sequence[Spot]) -> list[Coverage]:
    """How far these have got, in their order: one statement, so that no fold comes in between.

    What is expected and reached is read from the tallies, and what is not folded in is added.
    Written by hand: the ORM knows no list of pairs to join with.
    """
    if not spots:
        return []
    key = Text._meta.pk.get_db_prep_value
    values = [
        value
        for number, (text, version, path) in enumerate(spots)
        for value in (number, key(text, connection), version, path, paths.successor(path))
    ]
    found = [Coverage()] * len(spots)
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT.format(spots=", ".join([_SPOT] * len(spots))), values)
        for number, *numbers in cursor.fetchall():
            found[number] += Coverage(*numbers)
    return found


# Each number once as such: a value alone in a list would be a text to PostgreSQL.
_SPOT: Final = "(CAST(%s AS integer), %s, CAST(%s AS integer), %s, %s)"
_STATEMENT: Final = f"""
WITH spot(number, text_id, version, path, beyond) AS (VALUES {{spots}})
SELECT s.number, e.number, 0, 0, 0 FROM spot s
JOIN {Expected._meta.db_table} e ON e.text_id = s.text_id AND e.path = s.path
UNION ALL
SELECT s.number, 0, r.number, r.by_meeting, r.by_visit FROM spot s
JOIN {Reached._meta.db_table} r
    ON r.text_id = s.text_id AND r.version = s.version AND r.path = s.path
UNION ALL
SELECT s.number, 0,
    SUM(CASE WHEN r.is_valid THEN 1 ELSE 0 END - CASE WHEN r.counted_as = '' THEN 0 ELSE 1 END),
    SUM(CASE WHEN r.is_valid AND r.how = 'meeting' THEN 1 ELSE 0 END
        - CASE WHEN r.counted_as = 'meeting' THEN 1 ELSE 0 END),
    SUM(CASE WHEN r.is_valid AND r.how = 'visit' THEN 1 ELSE 0 END
        - CASE WHEN r.counted_as = 'visit' THEN 1 ELSE 0 END)
FROM spot s
JOIN {Receipt._meta.db_table} r
    ON r.text_id = s.text_id AND r.version = s.version AND r.path >= s.path AND r.path < s.beyond
WHERE NOT r.is_folded
GROUP BY s.number
"""  # noqa: S608 - names of our own models


def coverages(text: Text, at: Iterable[str], *, version: int | None = None) -> dict[str, Coverage]:
    """How far a text has got at several paths; the version in force unless another is named."""
    version = text.version if version is None else version
    spots = [Spot(text.pk, version, path) for path in dict.fromkeys(at)]
    return {spot.path: found for spot, found in zip(spots, numbers_at(spots), strict=True)}


def coverages_of_texts(texts: Iterable[Text], organization: Organization) -> dict[UUID, Coverage]:
    """How far each of these texts has got at one organisation: two queries for any number."""
    places = list(Place.objects.filter(organization=organization).order_by("since"))
    spots = [
        Spot(text.pk, text.version, _path_on(places, text.issue_day, organization.path))
        for text in texts
    ]
    return {spot.text: found for spot, found in zip(spots, numbers_at(spots), strict=True)}


def _path_on(places: list[Place], day: date, otherwise: str) -> str:
    for place in places:
        if place.since <= day and (place.until is None or place.until >= day):
            return place.path
    return places[0].path if places else otherwise


def reached_beside() -> Combinable:
    """For rows of `Expected`: how many the text's present version has reached there, folded or not."""
    folded = Reached.objects.filter(
        text=OuterRef("text"), version=OuterRef("text__version"), path=OuterRef("path")
    )
    fresh = (
        Receipt.objects.filter(
            text=OuterRef("text"),
            version=OuterRef("text__version"),
            path__startswith=OuterRef("path"),
        )
        .filter(UNFOLDED)
        .order_by()
        .values("text")
        .annotate(number=Sum(DELTA))
    )
    return Coalesce(Subquery(folded.values("number")[:1]), 0) + Coalesce(
        Subquery(fresh.values("number")[:1]), 0
    )
