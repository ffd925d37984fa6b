"""What changed between two versions of a text, paragraph by paragraph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final

MOST_COMPARISONS: Final = 2_000_000
"""Pairs of characters that are looked at inside changed paragraphs; beyond, old and new are shown."""


class ChangeKind(StrEnum):
    """What became of a paragraph, or of a piece of one."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Piece:
    """Some characters of a changed paragraph: the same, added or removed."""

    kind: ChangeKind
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """One paragraph. `old` is "" for an added one, `new` for a removed one.

    `pieces` says what changed inside; empty where the two have too little in common.
    """

    kind: ChangeKind
    old: str = ""
    new: str = ""
    pieces: tuple[Piece, ...] = ()


def compare_paragraphs(old: str, new: str) -> tuple[Change, ...]:
    """All paragraphs of both, in order, each with what became of it. Empty lines count for nothing."""
    before, after = _paragraphs(old), _paragraphs(new)
    budget = MOST_COMPARISONS
    changes: list[Change] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after).get_opcodes():
        if tag == "equal":
            changes += [Change(ChangeKind.SAME, text, text) for text in before[i1:i2]]
            continue
        pairs = min(i2 - i1, j2 - j1) if tag == "replace" else 0
        for one, other in zip(before[i1 : i1 + pairs], after[j1 : j1 + pairs], strict=True):
            cost = len(one) * len(other)
            changes += _changed(one, other, is_close=cost <= budget)
            budget -= cost if cost <= budget else 0
        changes += [Change(ChangeKind.REMOVED, old=text) for text in before[i1 + pairs : i2]]
        changes += [Change(ChangeKind.ADDED, new=text) for text in after[j1 + pairs : j2]]
    return tuple(changes)


def is_same(changes: Sequence[Change]) -> bool:
    """Whether nothing changed."""
    return all(change.kind is ChangeKind.SAME for change in changes)


def _paragraphs(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _changed(old: str, new: str, *, is_close: bool) -> Iterator[Change]:
    """One changed paragraph with its pieces; two where they have little in common."""
    if not is_close:
        yield Change(ChangeKind.CHANGED, old, new)
        return
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < 0.3:
        yield Change(ChangeKind.REMOVED, old=old)
        yield Change(ChangeKind.ADDED, new=new)
        return
    pieces: list[Piece] = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            pieces.append(Piece(ChangeKind.SAME, old[i1:i2]))
            continue
        if i2 > i1:
            pieces.append(Piece(ChangeKind.REMOVED, old[i1:i2]))
        if j2 > j1:
            pieces.append(Piece(ChangeKind.ADDED, new[j1:j2]))
    yield Change(ChangeKind.CHANGED, old, new, tuple(pieces))
