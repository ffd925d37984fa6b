"""Looking into the index: the newest first, as many as are shown, never counting them all.

On PostgreSQL a frequent word is found by walking back from the newest entry, a rare one by the GIN
index; which it is, nobody has to guess: the walk is short, and the index is asked only when it did
not find enough. Where somebody may look is one more number that an entry must have, so both ways
cost what there is to find and not how much there is. Whether they may see a find is then asked of
the tree of today (`visible`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from zhibu.network.search.fields import word_of
from zhibu.network.search.models import SearchEntry
from zhibu.org.models import Membership
from zhibu.rules.searching import LEAST, Asked, year_mark

WALK: Final = 1500
"""So many of the newest entries are looked at one by one before the index is asked."""

PORTION: Final = 100
"""So many hits the index gives at a time, of which those are taken that may be seen."""

ROUNDS: Final = 40
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
    rows = SearchEntry.objects.filter(search.visible).defer("terms").order_by("-number")
    if connection.vendor != "postgresql":
        return list(rows.filter(pk__in=_matches(search, below))[:most])
    return _rounds(rows, search, most, below)


def _rounds(
    rows: QuerySet[SearchEntry], search: Search, most: int, below: int
) -> list[SearchEntry]:
    found: list[SearchEntry] = []
    for _ in range(ROUNDS):
        numbers = _hits(search, below)
        if numbers:
            found += rows.filter(pk__in=numbers)[: most - len(found)]
        if len(numbers) < PORTION or len(found) == most:
            break
        below = numbers[-1]
    return found


def _hits(search: Search, below: int) -> list[int]:
    """The newest numbers whose entries have what is asked for (PostgreSQL)."""
    places = None if search.places is None else list(search.places)
    given = [search.terms, places, below, year_mark(0), PORTION, WALK]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT search_hits(%s::integer[], %s::integer[], %s::bigint, %s, %s, %s)", given
        )
        return [number for (number,) in cursor.fetchall()]


def _matches(search: Search, below: int) -> RawSQL:
    """The same on SQLite: FTS5 looks into the words that the numbers are written as."""
    asked = " AND ".join(word_of(term) for term in search.terms)
    if search.places is not None:
        asked += f" AND ({' OR '.join(word_of(place) for place in search.places)})"
    statement = "SELECT rowid FROM search_words WHERE search_words MATCH %s AND rowid < %s"
    return RawSQL(statement, (asked, below))  # noqa: S611 - letters and figures of our own


_PAIRS: Final = ", ".join(f"substr(lower(name), {at}, 2)" for at in range(1, 10))


def find_members(asked: Asked, within: Q, *, most: int) -> list[Membership]:
    """Who belongs to a branch today and has all words in the name, in the order of names.

    `within` is the condition on memberships that says how far somebody sees. Names are looked for
    where they stand: people come and go every day, and a copy of their names would have to follow.
    """
    words = [word for word in asked.words if len(word) >= LEAST]
    if not words or len(words) != len(asked.words):
        return []
    rows = Membership.objects.filter(within, until=None)
    for word in words:
        rows = rows.filter(member__name__icontains=word)
    if connection.vendor == "postgresql":
        pairs = [pair for word in words for pair in _pairs_of(word)]
        named = f"SELECT id FROM org_member WHERE ARRAY[{_PAIRS}] @> %s::text[]"  # noqa: S608  our own expression; the pairs are a parameter
        rows = rows.filter(member__in=RawSQL(named, (pairs,)))  # noqa: S611  as above
    return list(
        rows.select_related("member", "branch").order_by("member__name", "member_id")[:most]
    )


def _pairs_of(word: str) -> Iterable[str]:
    return (word[at : at + LEAST] for at in range(min(len(word) - 1, 9)))
