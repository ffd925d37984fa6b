"""Who holds which post, and the organisations that they are shown for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db.models import (
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    UUIDField,
    Value,
)

from zhibu.org.models import Grant, Membership, Organization, Post
from zhibu.org.queries import holding
from zhibu.people.models import Person


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody holds an office, or a role, in an organisation. `home` is the member's own branch."""

    organization_id: UUID
    member_id: UUID | None
    name: str
    office: str  # of a post, or a role
    is_role: bool
    home: UUID | None


_OFFICE_ORDER: Final = {office: at for at, office in enumerate(Post.Office.values)}


def seats_in(
    organizations: Collection[UUID], roles: Collection[str], day: date, at: datetime
) -> tuple[Seat, ...]:
    """Who holds an office or one of these roles in exactly these organisations: one query."""
    posts = Post.objects.filter(holding(day), organization__in=organizations).exclude(
        office=Post.Office.GROUP_LEADER
    )
    grants = (
        Grant.objects.filter(organization__in=organizations, role__in=roles, since__lte=at)
        .filter(Q(until=None) | Q(until__gt=at))
        .filter(person__is_active=True)
    )
    return _read_seats(posts, grants)


def seats_of(person: Person, roles: Collection[str], day: date, at: datetime) -> tuple[Seat, ...]:
    """What one person holds: one query."""
    posts = Post.objects.filter(holding(day), member__person=person).exclude(
        office=Post.Office.GROUP_LEADER
    )
    grants = Grant.objects.filter(person=person, role__in=roles, since__lte=at).filter(
        Q(until=None) | Q(until__gt=at)
    )
    return _read_seats(posts, grants)


def _read_seats(posts: QuerySet[Post], grants: QuerySet[Grant]) -> tuple[Seat, ...]:
    def home(member: str) -> Subquery:
        held = Membership.objects.filter(member=OuterRef(member), until__isnull=True)
        return Subquery(held.values("branch")[:1], output_field=UUIDField())

    columns = ("organization_id", "who", "called", "does", "is_role", "home")
    held = posts.order_by().annotate(
        who=F("member_id"),
        called=F("member__name"),
        does=F("office"),
        is_role=Value(0, output_field=IntegerField()),
        home=home("member"),
    )
    granted = grants.order_by().annotate(
        who=F("person__member__id"),
        called=F("person__name"),
        does=F("role"),
        is_role=Value(1, output_field=IntegerField()),
        home=home("person__member__id"),
    )
    rows = held.values_list(*columns).union(granted.values_list(*columns), all=True)
    seats = [
        Seat(organization, member, name, does, bool(is_role), branch)
        for organization, member, name, does, is_role, branch in rows
    ]
    seats.sort(key=lambda seat: (seat.is_role, _OFFICE_ORDER.get(seat.office, 0), seat.name))
    return tuple(seats)


def organizations_at(key: UUID, day: date) -> QuerySet[Organization]:
    """An organisation and those right below it, groups left out, in the order of the tree.

    The organisation itself comes first; each of the others brings it as its parent.
    """
    below = Q(parent=key) & (Q(dissolved_on=None) | Q(dissolved_on__gte=day))
    return (
        Organization.objects.filter(Q(pk=key) | below)
        .exclude(kind=Organization.Kind.GROUP)
        .select_related("parent")
        .order_by("path")
    )
