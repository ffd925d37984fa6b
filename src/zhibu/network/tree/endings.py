"""What else follows from the end of an organisation, in rooms that the tree does not know.

A room says at its start what it wants to do (`follow_ending`). It is called inside the transaction
that ends the organisation, in the rehearsal as well, so that what it says is what it does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from zhibu.org.models import Organization
from zhibu.people.models import Person


@dataclass(frozen=True, slots=True)
class Ending:
    """An organisation that ends with `last_day`. `heir` is what it was merged into, if anything."""

    organization: Organization
    heir: Organization | None
    last_day: date
    reason: str
    by: Person
    at: datetime


class Follower(Protocol):
    """Settles what is still open; says in short sentences what becomes of it."""

    def __call__(self, ending: Ending, /) -> Iterable[str]: ...


_followers: list[Follower] = []


def follow_ending(follower: Follower) -> None:
    """Have it called for each ending. Said twice, called once."""
    if follower not in _followers:
        _followers.append(follower)


def tell_ended(ending: Ending) -> tuple[str, ...]:
    """Call all followers; what they say, in the order in which they came."""
    return tuple(said for follower in _followers for said in follower(ending))
