"""Marks: what an entry is found by beside its words, so that nobody looks through others' things.

A mark narrows and never decides: whether a find may be seen is asked of the tree of today.
"""

from __future__ import annotations

from collections.abc import Iterable

from zhibu.network.search.models import SearchEntry
from zhibu.org import paths
from zhibu.rules.searching import mark_of, year_mark


def marks_of(kind: str, path: str, year: int, sent_from: str = "") -> set[int]:
    """The marks of an entry: its kind, its year, and where it hangs.

    `path` is that of its organisation today. A record hangs on all levels above it but the highest,
    whose people look everywhere. A text is for those below who sent it and hangs on that path of
    the day of issue (`sent_from`); those who look after what is sent below them find it by the
    levels of both paths.
    """
    marks = {mark_of("kind", kind), year_mark(year)}
    if kind == SearchEntry.Kind.RECORD:
        return marks | {mark_of("place", level) for level in _levels(path)[1:]}
    sent = {mark_of("sent", level) for level in {*_levels(path), *_levels(sent_from)}}
    return marks | sent | {mark_of("from", sent_from)}


def marks_of_records(seats: Iterable[str]) -> set[int]:
    """The marks of the records at and below these paths."""
    return {mark_of("place", path) for path in seats}


def marks_of_texts(own: Iterable[str], watched: Iterable[str]) -> set[int]:
    """The marks of the texts that came down to one of these paths, or were sent below one.

    `own` are those at which somebody reads, `watched` those at which they see how far texts get.
    """
    watched = set(watched)
    above = {level for path in {*own, *watched} for level in _levels(path)}
    return {mark_of("from", path) for path in above} | {mark_of("sent", path) for path in watched}


def _levels(path: str) -> tuple[str, ...]:
    """A path and all above it, the highest first."""
    return (*paths.ancestors(path), path) if path else ()
