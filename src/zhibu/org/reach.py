"""How far a person reaches: which verbs on which part of the tree, from the grants that hold now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Final
from uuid import UUID

from django.db.models import Q

from zhibu.org import paths
from zhibu.org.models import Grant, Organization
from zhibu.people.models import Person
from zhibu.people.roles import FROM_ABOVE, TABLE, Role, Verb


@dataclass(frozen=True, slots=True)
class Hold:
    """One grant that is in force."""

    role: Role
    organization_id: UUID
    parent_id: UUID | None
    kind: str
    name: str
    path: str
    with_below: bool

    @property
    def seat(self) -> str:
        """The path that the role is exercised on: a group's leader works in the group's branch."""
        return paths.parent(self.path) if self.kind == Organization.Kind.GROUP else self.path

    @property
    def seat_id(self) -> UUID:
        """The organisation at the seat."""
        if self.kind == Organization.Kind.GROUP and self.parent_id is not None:
            return self.parent_id
        return self.organization_id


@dataclass(frozen=True, slots=True)
class Reach:
    """All grants of one person at one moment."""

    holds: tuple[Hold, ...]

    def with_verb(self, verb: Verb) -> tuple[Hold, ...]:
        """The holds whose role may do this verb somewhere."""
        return tuple(hold for hold in self.holds if verb in TABLE[hold.role])

    def may(self, verb: Verb, path: str) -> bool:
        """Whether this verb may be done on what hangs at this path."""
        return any(_covers(hold, verb, path) for hold in self.with_verb(verb))

    def has(self, verb: Verb) -> bool:
        """Whether this verb may be done anywhere."""
        return bool(self.with_verb(verb))

    def within(self, verb: Verb, prefix: str = "") -> Q:
        """The condition on organisations (or on rows whose field `prefix` leads to one)."""
        holds = self.with_verb(verb)
        if not holds:
            return Q(pk__in=[])
        return reduce(or_, (_range(hold, verb, prefix) for hold in holds))

    def groups(self, branch_path: str) -> tuple[UUID, ...]:
        """The groups of this branch whose leader the person is."""
        return tuple(
            hold.organization_id
            for hold in self.holds
            if hold.role is Role.GROUP_LEADER and hold.seat == branch_path
        )


def _covers(hold: Hold, verb: Verb, path: str) -> bool:
    if verb in FROM_ABOVE:
        return hold.with_below and path != hold.seat and path.startswith(hold.seat)
    if path == hold.seat:
        return True
    # A branch's groups are part of it, whatever the grant says of levels below.
    below = hold.with_below or hold.kind == Organization.Kind.BRANCH
    return below and path.startswith(hold.seat)


def _range(hold: Hold, verb: Verb, prefix: str) -> Q:
    field = f"{prefix}path"
    if verb in FROM_ABOVE:
        inside = Q(**{f"{field}__gt": hold.seat, f"{field}__lt": paths.successor(hold.seat)})
        return inside if hold.with_below else Q(pk__in=[])
    if hold.with_below or hold.kind == Organization.Kind.BRANCH:
        return Q(**{f"{field}__gte": hold.seat, f"{field}__lt": paths.successor(hold.seat)})
    return Q(**{field: hold.seat})


def reach_of(person: Person, at: datetime) -> Reach:
    """What the person holds at that moment: one query. Nothing where the account is closed."""
    if not person.is_active:
        return Reach(())
    grants = (
        Grant.objects.filter(person=person, since__lte=at)
        .filter(Q(until__isnull=True) | Q(until__gt=at))
        .order_by("organization__path", "role")
        .values_list("role", "organization_id", *_OF_ORGANIZATION, "with_below")
    )
    return Reach(tuple(Hold(Role(role), *others) for role, *others in grants))


# In the order of the fields of a hold. Asked for on every page: rows of models take twice as long.
_OF_ORGANIZATION: Final = tuple(
    f"organization__{name}" for name in ("parent_id", "kind", "short_name", "path")
)


def reaches_of(people: Iterable[UUID], at: datetime) -> dict[UUID, Reach]:
    """The same of many accounts, of open ones only: two queries for up to some hundreds."""
    holds: dict[UUID, list[Hold]] = {
        key: []
        for key in Person.objects.filter(pk__in=people, is_active=True).values_list("pk", flat=True)
    }
    grants = (
        Grant.objects.filter(person__in=holds, since__lte=at)
        .filter(Q(until__isnull=True) | Q(until__gt=at))
        .order_by("organization__path", "role")
        .values_list("person_id", "role", "organization_id", *_OF_ORGANIZATION, "with_below")
    )
    for person, role, *others in grants:
        holds[person].append(Hold(Role(role), *others))
    return {key: Reach(tuple(found)) for key, found in holds.items()}
