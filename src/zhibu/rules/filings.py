"""What the ledger noted of a branch's filings: which entries of a chain were ever filed.

Links need no key, so whoever writes to the database can make an entry that looks like one. What was
never filed has no line in the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from zhibu.rules.digests import Identity


class NotedFiling(NamedTuple):
    """One line of the ledger: a filing, correction or voiding. Keys are hex without hyphens."""

    sequence: int
    record: str
    version: int
    link: str


class Filings:
    """All that was noted of one branch. `has_link` says whether an entry with a link is stored."""

    __slots__ = ("_by_place", "_has_link", "_names")

    def __init__(
        self, noted: Iterable[NotedFiling], has_link: Callable[[str], bool] = lambda _: False
    ) -> None:
        self._by_place = {filing.sequence: filing for filing in noted}
        self._names = {(filing.record, filing.version) for filing in self._by_place.values()}
        self._has_link = has_link

    @property
    def last(self) -> int:
        """The highest place of which anything was noted; 0 when nothing was."""
        return max(self._by_place, default=0)

    def first_unnoted(self, last: int) -> int:
        """The first place up to `last` of which nothing was noted; 0 when there is none."""
        places = range(1, last + 1)
        return next((place for place in places if place not in self._by_place), 0)

    def is_forged(self, identity: Identity, link: str) -> bool:
        """Whether this entry was never filed. False as well when the ledger cannot tell."""
        place = identity.sequence
        if not self._by_place or (identity.record, identity.version) in self._names:
            return False
        noted = self._by_place.get(place)
        if noted is None:
            # Lines that are gone from the ledger prove nothing against an entry.
            return place > self.last and not self.first_unnoted(self.last)
        # Another entry was filed here. When that one is still stored, this one pushed it aside.
        return noted.link != link and self._has_link(noted.link)
