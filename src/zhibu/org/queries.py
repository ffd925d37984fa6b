"""Reads of the tree and the roster."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Final
from uuid import UUID

from django.db.models import Count, F, Min, OuterRef, Prefetch, Q, QuerySet, Subquery, UUIDField
from django.db.models.functions import Coalesce

from zhibu.org import paths
from zhibu.org.models import (
    Activist,
    CorrectionRequest,
    Grant,
    Member,
    Membership,
    MemberSpell,
    Organization,
    Place,
    Post,
    Term,
)
from zhibu.people.prepared import Given, GivenMany, Prepared


def ancestors_of(organization: Organization) -> list[Organization]:
    """The levels above, the root first."""
    above = paths.ancestors(organization.path)
    return _AT_PATHS.objects(paths=above) if above else []


_AT_PATHS: Final = Prepared(
    lambda: Organization.objects.filter(path__in=GivenMany("paths")).order_by("path")
)


def children_of(organization: Organization, day: date) -> QuerySet[Organization]:
    """The levels right below that stand on this day, in the order of the tree.

    The members are counted for the rows that are read, not joined: a page of fifty must not count
    those of all.
    """
    members = Membership.objects.filter(holding(day), branch=OuterRef("pk")).order_by()
    counted = members.values("branch").annotate(number=Count("pk")).values("number")
    return (
        Organization.objects.filter(parent=organization)
        .standing_on(day)
        .annotate(member_count=Coalesce(Subquery(counted), 0))
        .order_by("path")
    )


def places_of(organization: Organization) -> QuerySet[Place]:
    """Where it hung and what it was called, the newest first."""
    return (
        Place.objects.filter(organization=organization).select_related("parent").order_by("-since")
    )


@dataclass(frozen=True, slots=True)
class ChildrenBetween:
    """What hung right below on at least one day of the span and stood then, in the tree's order.

    Groups are part of their branch and not among them. One may have thousands: read by the slice.
    """

    parent: UUID
    since: date
    until: date

    def count(self) -> int:
        """How many there are."""
        found = _COUNTED.rows(parent=self.parent, since=self.since, until=self.until)
        return int(found[0][0]) if found else 0

    def __getitem__(self, part: slice) -> list[Organization]:
        asked = _slice_of_children(part.start or 0, part.stop)
        return asked.objects(parent=self.parent, since=self.since, until=self.until)


def _standing_between(prefix: str = "") -> Q:
    """The condition on organisations, or on rows whose field `prefix` leads to one."""
    stood = Q(**{f"{prefix}dissolved_on": None}) | Q(**{f"{prefix}dissolved_on__gte": _SINCE})
    is_group = Q(**{f"{prefix}kind": Organization.Kind.GROUP})
    return Q(**{f"{prefix}founded_on__lte": _UNTIL}) & stood & ~is_group


_PARENT: Final = Given("parent")
_SINCE: Final = Given("since")
_UNTIL: Final = Given("until")
_COUNTED: Final = Prepared(
    lambda: (
        Place.objects.filter(
            Q(until=None) | Q(until__gte=_SINCE), parent=_PARENT, since__lte=_UNTIL
        )
        .filter(_standing_between("organization__"))
        .order_by()
        .values("parent")
        .annotate(number=Count("organization", distinct=True))
        .values_list("number")
    )
)


def _children() -> QuerySet[Organization]:
    return (
        Organization.objects.filter(
            Q(places__until=None) | Q(places__until__gte=_SINCE),
            places__parent=_PARENT,
            places__since__lte=_UNTIL,
        )
        .filter(_standing_between())
        # where it hung here first, not where it may hang now
        .alias(first=Min("places__path"))
        .order_by("first")
    )


@lru_cache(maxsize=64)
def _slice_of_children(start: int, stop: int | None) -> Prepared[Organization]:
    return Prepared(lambda: _children()[start:stop])


def places_of_all(organizations: Iterable[Organization]) -> list[Place]:
    """Where these hung and what they were called, each one's earliest first."""
    keys = [organization.pk for organization in organizations]
    if not keys:
        return []
    return _PLACES.objects(keys=keys)


_PLACES: Final = Prepared(
    lambda: Place.objects.filter(organization__in=GivenMany("keys")).order_by(
        "organization_id", "since"
    )
)


def place_on(organization: Organization | UUID, day: date) -> Place | None:
    """The place, and with it the name, of an organisation on a day; its first before that."""
    had = Place.objects.filter(organization=organization)
    return had.filter(since__lte=day).order_by("-since").first() or had.order_by("since").first()


def holding(day: date, prefix: str = "") -> Q:
    """The condition that a row with `since` and `until` holds on this day."""
    return Q(**{f"{prefix}since__lte": day}) & (
        Q(**{f"{prefix}until__isnull": True}) | Q(**{f"{prefix}until__gte": day})
    )


def posts_of(organization: Organization, day: date) -> QuerySet[Post]:
    """Who holds which office here, or in a group below, on this day."""
    # Named by their keys: an "or" over the joined tree would read everybody's posts.
    here = Organization.objects.filter(
        Q(pk=organization.pk) | Q(parent=organization, kind=Organization.Kind.GROUP)
    )
    return (
        Post.objects.filter(holding(day), organization__in=here.values("pk"))
        .select_related("member", "organization")
        .order_by("organization__path", "since", "id")
    )


def terms_of(organization: Organization) -> QuerySet[Term]:
    """The terms of office, the newest first."""
    return Term.objects.filter(organization=organization).order_by("-number")


def roster_of(branch: Organization, day: date) -> QuerySet[Membership]:
    """The members of a branch on this day, by group, in the order in which they came."""
    return (
        Membership.objects.filter(holding(day), branch=branch)
        .select_related("member", "group")
        .prefetch_related(
            Prefetch("member__spells", queryset=MemberSpell.objects.filter(holding(day))),
            Prefetch("member__posts", queryset=Post.objects.filter(holding(day))),
        )
        .order_by("group__path", "since", "member_id")
    )


def members_of(branch: Organization, day: date) -> QuerySet[Member]:
    """The same as people, for a choice."""
    return Member.objects.filter(
        pk__in=Membership.objects.filter(holding(day), branch=branch).values("member_id")
    ).order_by("id")


def grants_on(organization: Organization, at: datetime) -> QuerySet[Grant]:
    """The grants on exactly this organisation that hold at that moment or later."""
    return (
        Grant.objects.filter(organization=organization)
        .filter(Q(until__isnull=True) | Q(until__gt=at))
        .select_related("person")
        .order_by("role", "person__username")
    )


def branch_of_member(member_id: UUID) -> Membership | None:
    """Where a member belongs now."""
    return (
        Membership.objects.filter(member_id=member_id, until__isnull=True)
        .select_related("branch", "group", "member")
        .first()
    )


def activists_of(branch: Organization) -> QuerySet[Activist]:
    """Whom the branch prepares for admission, then the last it prepared."""
    return Activist.objects.filter(branch=branch).order_by(
        F("until").desc(nulls_first=True), "since", "id"
    )[:50]


@dataclass(frozen=True, slots=True)
class Transfer:
    """Somebody came to a branch or left it; `elsewhere` is the other branch, empty for none."""

    on: date
    member: Member
    is_arrival: bool
    elsewhere: str


def transfers_of(branch: Organization, since: date) -> tuple[Transfer, ...]:
    """Who came to a branch and who left it since a day, the newest first: one query.

    Another group of the same branch is no transfer.
    """
    theirs = Membership.objects.filter(member=OuterRef("member"))
    before = theirs.filter(until__lt=OuterRef("since")).order_by("-until")
    after = theirs.filter(since__gt=OuterRef("until")).order_by("since")
    rows = (
        Membership.objects.filter(Q(since__gte=since) | Q(until__gte=since), branch=branch)
        .select_related("member")
        .annotate(
            came_from=Subquery(before.values("branch")[:1], output_field=UUIDField()),
            came_from_name=Subquery(before.values("branch__short_name")[:1]),
            went_to=Subquery(after.values("branch")[:1], output_field=UUIDField()),
            went_to_name=Subquery(after.values("branch__short_name")[:1]),
        )
    )
    found = []
    for row in rows:
        if row.since >= since and row.came_from not in (None, branch.pk):
            found.append(Transfer(row.since, row.member, True, row.came_from_name))
        if row.until is not None and row.until >= since and row.went_to != branch.pk:
            found.append(Transfer(row.until, row.member, False, row.went_to_name or ""))
    found.sort(key=lambda one: (one.on, one.member.pk), reverse=True)
    return tuple(found)


def open_corrections(branch: Organization) -> QuerySet[CorrectionRequest]:
    """What members who belong to the branch now have asked and nobody has answered."""
    of_branch = Membership.objects.filter(branch=branch, until__isnull=True)
    return (
        CorrectionRequest.objects.filter(
            answered_at__isnull=True, member__in=of_branch.values("member")
        )
        .select_related("member")
        .order_by("asked_at")
    )
