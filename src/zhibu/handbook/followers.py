"""What follows from a filed record in the rooms above, which this one does not know.

A room says at its start what it wants to do (`follow`). It is called inside the transaction that
files, corrects, voids or blacks out: what it writes stands or falls with the record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from zhibu.handbook.models import Record, RecordVersion
from zhibu.people.models import Person
from zhibu.rules.contents import RecordContent


@dataclass(frozen=True, slots=True)
class Filed:
    """One more version of a record. `version.action` says whether it filed, corrected or voided.

    `before` is what the version before it said, None for the first one.
    """

    record: Record
    version: RecordVersion
    content: RecordContent
    before: RecordContent | None
    by: Person


class Follower(Protocol):
    """Does what follows from a version. Raises `Refused` to refuse the filing."""

    def __call__(self, filed: Filed, /) -> None: ...


class Forgetter(Protocol):
    """Takes away the copies of a part that was blacked out."""

    def __call__(self, record: Record, part: str, /) -> None: ...


_followers: list[Follower] = []
_forgetters: list[Forgetter] = []


def follow(follower: Follower) -> None:
    """Have it called for each version. Said twice, called once."""
    if follower not in _followers:
        _followers.append(follower)


def forget_with(forgetter: Forgetter) -> None:
    """Have it called for each part that is blacked out. Said twice, called once."""
    if forgetter not in _forgetters:
        _forgetters.append(forgetter)


def tell_filed(filed: Filed) -> None:
    """Call all followers, in the order in which they came."""
    for follower in _followers:
        follower(filed)


def tell_redacted(record: Record, part: str) -> None:
    """Call all forgetters."""
    for forgetter in _forgetters:
        forgetter(record, part)
