"""What the pages of the tree show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page
from django.urls import reverse

from zhibu.org import queries
from zhibu.org.choices import own_values
from zhibu.org.models import (
    Activist,
    CorrectionRequest,
    Member,
    Membership,
    MemberSpell,
    Organization,
    Place,
    Post,
    Term,
)
from zhibu.org.reach import Reach
from zhibu.people.roles import Verb
from zhibu.web.forms.organization import THEME_DAYS
from zhibu.web.pages.forms import Crumb


@dataclass(frozen=True, slots=True)
class OrganizationPage:
    """One organisation: what it is, who serves, what lies below."""

    organization: Organization
    crumbs: tuple[Crumb, ...]
    children: Page[Organization]
    posts: Page[Any]
    terms: tuple[Term, ...]
    theme_day: str
    may_edit: bool
    may_found: bool
    may_reshape: bool  # rename, move, merge, split, dissolve: from the level above
    places: tuple[Place, ...]
    may_begin: bool
    may_see_roster: bool
    may_import: bool
    may_grant: bool
    may_choose_norm: bool
    is_branch: bool


@dataclass(frozen=True, slots=True)
class RosterPage:
    """The members of a branch."""

    branch: Organization
    crumbs: tuple[Crumb, ...]
    rows: Page[Membership]
    may_edit: bool
    may_see_personal: bool
    corrections: tuple[CorrectionRequest, ...]
    activists: tuple[Activist, ...]  # those of today first

    @property
    def present_activists(self) -> int:
        """How many have not ended."""
        return sum(1 for one in self.activists if one.until is None)


@dataclass(frozen=True, slots=True)
class MemberPage:
    """What is kept about one member."""

    member: Member
    branch: Organization
    crumbs: tuple[Crumb, ...]
    memberships: tuple[Membership, ...]
    posts: tuple[Post, ...]
    spells: tuple[MemberSpell, ...]
    may_edit: bool
    may_see_personal: bool
    own: tuple[tuple[str, str], ...]


def crumbs_to(
    organization: Organization, reach: Reach, *, itself: bool = True
) -> tuple[Crumb, ...]:
    """The way from the highest level within reach down to this organisation."""
    way = [*queries.ancestors_of(organization), *([organization] if itself else [])]
    return tuple(
        Crumb(each.short_name, reverse("organization", args=(each.pk,)))
        for each in way
        if reach.may(Verb.SEE_ORGANIZATION, each.path)
    )


def build_organization(
    organization: Organization, reach: Reach, children: Page[Any], posts: Page[Any]
) -> OrganizationPage:
    """The page of one organisation; the lists are those of one day."""
    path = organization.path
    above = path[:-4]
    return OrganizationPage(
        organization=organization,
        crumbs=crumbs_to(organization, reach, itself=False),
        children=children,
        posts=posts,
        terms=tuple(queries.terms_of(organization)[:3]),
        theme_day=dict(THEME_DAYS).get(organization.theme_day, organization.theme_day),
        may_edit=reach.may(Verb.EDIT_ORGANIZATION, path),
        may_found=reach.may(Verb.EDIT_ORGANIZATION, path)
        and organization.kind != Organization.Kind.GROUP,
        may_reshape=organization.dissolved_on is None
        and reach.may(Verb.EDIT_ORGANIZATION, above or path),
        places=tuple(queries.places_of(organization)),
        may_begin=organization.kind != Organization.Kind.GROUP
        and reach.may(Verb.EDIT_ORGANIZATION, above or path),
        may_see_roster=organization.kind == Organization.Kind.BRANCH
        and reach.may(Verb.SEE_ROSTER, path),
        may_import=organization.kind != Organization.Kind.GROUP
        and reach.may(Verb.EDIT_ROSTER, path),
        may_grant=reach.may(Verb.GRANT, path),
        may_choose_norm=organization.kind != Organization.Kind.GROUP
        and organization.dissolved_on is None
        and reach.may(Verb.EDIT_NORM, path),
        is_branch=organization.kind == Organization.Kind.BRANCH,
    )


def build_member(membership: Membership, reach: Reach) -> MemberPage:
    """The page of one member."""
    member, branch = membership.member, membership.branch
    return MemberPage(
        member=member,
        branch=branch,
        crumbs=(
            *crumbs_to(branch, reach),
            Crumb("党员名册", reverse("roster", args=(branch.pk,))),
        ),
        memberships=tuple(member.memberships.select_related("branch", "group").order_by("-since")),
        posts=tuple(member.posts.select_related("organization").order_by("-since")),
        spells=tuple(member.spells.order_by("-since")),
        may_see_personal=reach.may(Verb.SEE_PERSONAL, branch.path),
        own=own_values(member, branch),
        may_edit=reach.may(Verb.EDIT_ROSTER, branch.path),
    )
