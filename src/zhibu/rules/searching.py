"""检索: how Chinese text is cut so that any part of it can be found, and how a place found is shown.

A text is folded (full width, compatibility forms and case made one; whatever is neither letter nor
figure parts words) and cut into pairs of neighbouring characters. Each pair is one number, so that an
index holds numbers only and no copy of the text. Pairs that come together need not stand together:
whoever shows a find checks it with `holds` on the text itself.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final
from zlib import crc32

LEAST: Final = 2
"""So many characters must stand together somewhere in a query."""

LONGEST: Final = 100
"""So many characters of a query are read."""

MOST_WORDS: Final = 8
SNIPPET: Final = 60
"""Characters of a snippet, about two lines on a telephone."""

_BEFORE: Final = 18  # of them before the first hit
_PLANE: Final = 0xFFFF
# No text holds surrogates: the numbers of pairs that begin with one are free for other marks.
_MARK, _YEAR = 0xD8000000, 0xDC000000


class _Folds(dict[int, str]):
    """What each character is folded to; filled as characters come."""

    def __missing__(self, code: int) -> str:
        folded = chr(code)
        for _ in range(3):  # until nothing changes: folding twice is folding once
            folded = unicodedata.normalize("NFKC", folded).casefold()
        self[code] = found = "".join(c if c.isalnum() else " " for c in folded) or " "
        return found


_FOLDS: Final = _Folds()


def fold(text: str) -> str:
    """The text as it is compared. Each character is folded by itself, wherever it stands."""
    return text.translate(_FOLDS)


def pairs(folded: str) -> set[int]:
    """The numbers of the pairs of neighbouring characters in a folded text."""
    codes = [ord(c) if c != " " else 0 for c in folded]
    return {_number(one, other) for one, other in pairwise(codes) if one and other}


def _number(one: int, other: int) -> int:
    return _signed(_narrow(one) << 16 | _narrow(other))


def _narrow(code: int) -> int:
    """Rare characters beyond the first plane share the private area."""
    return code if code <= _PLANE else 0xE000 + code % 0x1900


def _signed(number: int) -> int:
    """As a database's integer of four bytes holds it."""
    return number - (1 << 32) if number >= 1 << 31 else number


def mark_of(kind: str, value: str) -> int:
    """The number of something that is not text, e.g. a place in the tree. Two may share one."""
    return _signed(_MARK | crc32(f"{kind}:{value}".encode()) & 0x03FFFFFF)


def year_mark(year: int) -> int:
    """The number of a year; that of the year before is less by one."""
    return _signed(_YEAR + year)


def terms_of(texts: Iterable[str]) -> set[int]:
    """The numbers under which a document with these texts is found."""
    found: set[int] = set()
    for text in texts:
        found |= pairs(fold(text))
    return found


@dataclass(frozen=True, slots=True)
class Asked:
    """A query: its words, each folded. All of them must be found."""

    words: tuple[str, ...] = ()

    @property
    def terms(self) -> frozenset[int]:
        """The numbers that a document must have."""
        return frozenset().union(*(pairs(word) for word in self.words))

    @property
    def is_long_enough(self) -> bool:
        """Whether there is a word of two characters at least."""
        return any(len(word) >= LEAST for word in self.words)


def read_query(text: str) -> Asked:
    """What somebody asks for, whatever they typed."""
    words = dict.fromkeys(fold(text[:LONGEST]).split())
    return Asked(tuple(words)[:MOST_WORDS])


def holds(texts: Iterable[str], asked: Asked) -> bool:
    """Whether each word stands in one of these texts."""
    folded = [fold(text) for text in texts]
    return all(any(word in text for text in folded) for word in asked.words)


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a snippet; `is_hit` for what was asked for."""

    text: str
    is_hit: bool = False


def mark(text: str, asked: Asked) -> tuple[Piece, ...]:
    """The whole text with its hits."""
    return _pieces(text, _spans(text, asked), 0, len(text))


def snippet(text: str, asked: Asked, *, length: int = SNIPPET) -> tuple[Piece, ...]:
    """The part around the first hit, with every hit in it; empty where nothing is hit."""
    spans = _spans(text, asked)
    if not spans:
        return ()
    start = max(0, spans[0][0] - _BEFORE)
    end = min(len(text), max(start + length, spans[0][1]))
    start = max(0, min(start, end - length))
    inside = [(a, min(b, end)) for a, b in spans if a < end]
    found = _pieces(text, inside, start, end)
    before = (Piece("…"),) if start else ()
    return (*before, *found, *((Piece("…"),) if end < len(text) else ()))


def _spans(text: str, asked: Asked) -> list[tuple[int, int]]:
    """Where hits begin and end in the text as it was written, in order, none over another."""
    folded = fold(text)
    places = _places(text) if len(folded) != len(text) else None
    found: list[tuple[int, int]] = []
    for word in asked.words:
        at = folded.find(word)
        while at >= 0:
            last = at + len(word) - 1
            found.append((places[at], places[last] + 1) if places else (at, last + 1))
            at = folded.find(word, last + 1)
    return _joined(sorted(found))


def _places(text: str) -> list[int]:
    """For each character of the folded text the place of the one that it came from."""
    return [at for at, char in enumerate(text) for _ in _FOLDS[ord(char)]]


def _joined(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _pieces(text: str, spans: Sequence[tuple[int, int]], start: int, end: int) -> tuple[Piece, ...]:
    found, at = [], start
    for first, last in spans:
        found += [Piece(text[at:first]), Piece(text[first:last], is_hit=True)]
        at = last
    found.append(Piece(text[at:end]))
    return tuple(piece for piece in found if piece.text)
