"""How far a person reaches: which verbs on which part of the tree, from the grants that hold now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Final
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS
from django.db.models import FilteredRelation, Q

from zhibu.org import paths
from zhibu.org.models import Grant, Organization
from zhibu.people.models import Person
from zhibu.people.prepared import Given, Prepared
from zhibu.people.roles import FROM_ABOVE, OVER_BELOW, TABLE, Role, Verb


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
    def is_whole(self) -> bool:
        """Whether it reaches all that lies below: a branch's groups are part of it anyway."""
        return self.with_below or self.kind in {
            Organization.Kind.BRANCH,
            Organization.Kind.GROUP,
        }

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
        return tuple(
            hold
            for hold in self.holds
            if verb in TABLE[hold.role] and (hold.is_whole or verb not in OVER_BELOW)
        )

    def may(self, verb: Verb, path: str) -> bool:
        """Whether this verb may be done on what hangs at this path."""
        return any(_covers(hold, verb, path) for hold in self.with_verb(verb))

    def may_below(self, verb: Verb, path: str) -> bool:
        """Whether it may be done at this path and on all that lies below."""
        return any(hold.is_whole and _covers(hold, verb, path) for hold in self.with_verb(verb))

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
    rows = _GRANTS.rows(person=person.pk, at=at)
    return Reach(tuple(Hold(Role(role), *others) for role, *others in rows))


def person_with_reach(key: UUID, at: datetime) -> tuple[Person, Reach] | None:
    """An account with what it holds at that moment, in one query; None where there is none."""
    rows = _PERSON_WITH_GRANTS.rows(person=key, at=at)
    if not rows:
        return None
    person = Person.from_db(DEFAULT_DB_ALIAS, _OF_PERSON, rows[0][: len(_OF_PERSON)])
    grants = [row[len(_OF_PERSON) :] for row in rows] if person.is_active else []
    holds = (Hold(Role(role), *others) for role, *others in grants if role is not None)
    return person, Reach(tuple(holds))


def _in_force(at: datetime | Given, prefix: str = "") -> Q:
    """The condition on grants, or on rows whose field `prefix` leads to one."""
    return Q(**{f"{prefix}since__lte": at}) & (
        Q(**{f"{prefix}until__isnull": True}) | Q(**{f"{prefix}until__gt": at})
    )


# In the order of the fields of a hold.
_OF_ORGANIZATION: Final = tuple(
    f"organization__{name}" for name in ("parent_id", "kind", "short_name", "path")
)
_OF_GRANT: Final = ("role", "organization_id", *_OF_ORGANIZATION, "with_below")
_OF_PERSON: Final = tuple(field.attname for field in Person._meta.concrete_fields)
# Asked for on every page.
_GRANTS: Final = Prepared(
    lambda: (
        Grant.objects.filter(_in_force(Given("at")), person=Given("person"))
        .order_by("organization__path", "role")
        .values_list(*_OF_GRANT)
    )
)
_PERSON_WITH_GRANTS: Final = Prepared(
    lambda: (
        Person.objects.filter(pk=Given("person"))
        .annotate(held=FilteredRelation("grants", condition=_in_force(Given("at"), "grants__")))
        .order_by("held__organization__path", "held__role")
        .values_list(*_OF_PERSON, *(f"held__{name}" for name in _OF_GRANT))
    )
)
