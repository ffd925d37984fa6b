"""Looking into the index: the newest first, as many as are shown, never counting them all.

On PostgreSQL a frequent word is found by walking back from the newest entry, a rare one by the GIN
index; which it is, nobody has to guess: the walk is short, and the index is asked only when it did
not find enough. Where somebody may look is one more number that an entry must have, so both ways
cost what there is to find and not how much there is. Whether they may see a find is then asked of
the tree of today (`visible`), in the same statement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db import connection
from django.db.models import Q, QuerySet, Subquery, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from zhibu.network.search.fields import word_of
from zhibu.network.search.models import SearchEntry
from zhibu.rules.searching import Asked, year_mark

WALK: Final = 1500
"""So many of the newest entries are looked at one by one before the index is asked."""

PORTION: Final = 400
"""So many hits the index gives at a time, of which those are taken that may be seen."""

ROUNDS: Final = 25
"""So many portions are looked through at most; what a mark lets pass is hardly ever refused."""

END: Final = (1 << 63) - 1
"""A number greater than that of any entry."""


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for, and where.

    `places` are marks of which an entry has one at least, None for everywhere: they make it quick.
    `visible` is the condition that decides.
    """

    asked: Asked
    visible: Q
    places: tuple[int, ...] | None = None
    marks: tuple[int, ...] = ()  # that an entry must have too

    @property
    def terms(self) -> list[int]:
        """All numbers that an entry must have."""
        return sorted({*self.asked.terms, *self.marks})


def find(search: Search, *, most: int, below: int = END) -> list[SearchEntry]:
    """The newest entries with a number below, at most so many.

    What they say is still to be checked: the pairs of a longer word may stand apart.
    """
    if not search.asked.terms or search.places == ():
        return []
    if connection.vendor != "postgresql":
        return list(_entries(search).filter(pk__in=_matches(search, below))[:most])
    found = _walk(search, below, most)
    return found if len(found) == most else _ask_index(search, below, most)


def _entries(search: Search) -> QuerySet[SearchEntry]:
    return SearchEntry.objects.filter(search.visible).defer("terms").order_by("-number")


def _walk(search: Search, below: int, most: int) -> list[SearchEntry]:
    before = SearchEntry.objects.filter(pk__lt=below).order_by("-pk")
    floor = Subquery(before.values("pk")[WALK : WALK + 1])
    rows = _entries(search).filter(
        pk__lt=below, pk__gte=Coalesce(floor, Value(0)), terms__holds=search.terms
    )
    if search.places is not None:
        rows = rows.filter(terms__meets=search.places)
    return list(rows[:most])


def _ask_index(search: Search, below: int, most: int) -> list[SearchEntry]:
    found: list[SearchEntry] = []
    for _ in range(ROUNDS):
        numbers = _hits(search, below)
        found += _entries(search).filter(pk__in=numbers)[: most - len(found)] if numbers else []
        if len(numbers) < PORTION or len(found) == most:
            break
        below = numbers[-1]
    return found


def _hits(search: Search, below: int) -> list[int]:
    """The newest numbers whose entries have what is asked for, by `search_hits` (PostgreSQL)."""
    places = None if search.places is None else list(search.places)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT search_hits(%s::integer[], %s::integer[], %s, %s, %s)",
            [search.terms, places, below, year_mark(0), PORTION],
        )
        return [number for (number,) in cursor.fetchall()]


def _matches(search: Search, below: int) -> RawSQL:
    """The same on SQLite: FTS5 looks into the words that the numbers are written as."""
    asked = " AND ".join(word_of(term) for term in search.terms)
    if search.places is not None:
        asked += f" AND ({' OR '.join(word_of(place) for place in search.places)})"
    statement = "SELECT rowid FROM search_words WHERE search_words MATCH %s AND rowid < %s"
    return RawSQL(statement, (asked, below))  # noqa: S611 - values go in as parameters
