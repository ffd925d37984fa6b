"""What is kept of the tree and its people, as the rules of importing take it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q

from zhibu.org import paths
from zhibu.org.models import Membership, MemberSpell, Organization, OwnField, Post
from zhibu.rules.norm import Field, OrganizationKind
from zhibu.rules.roster_comparing import KnownMember
from zhibu.rules.roster_judging import OwnColumns
from zhibu.rules.roster_places import KnownPlace, Places
from zhibu.rules.roster_tree import KnownOrganization


def known_places(organization: Organization) -> Places:
    """The branches and groups here and below that still stand; a branch is its own default."""
    rows = (
        Organization.objects.under(organization.path)
        .filter(dissolved_on__isnull=True, kind__in=["branch", "group"])
        .order_by("path")
        .values_list("id", "kind", "name", "short_name", "parent_id")
    )
    branches, groups = [], []
    for key, kind, name, short_name, parent in rows:
        if kind == Organization.Kind.BRANCH:
            branches.append(KnownPlace(str(key), name, short_name))
        else:
            groups.append(KnownPlace(str(key), name, short_name, branch=str(parent)))
    is_branch = organization.kind == Organization.Kind.BRANCH
    return Places(branches, groups, str(organization.pk) if is_branch else "")


def known_members(organization: Organization, today: date) -> list[KnownMember]:
    """Everybody who belongs here or below now, in the order of the tree: five queries."""
    branches = Organization.objects.under(organization.path).values("pk")
    memberships = Membership.objects.filter(branch__in=branches, until__isnull=True)
    posts = _posts(branches)
    spells = _spells(memberships.values("member"), today)
    rows: Any = memberships.order_by("branch__path", "group__path", "since", "member_id").values_list(
        "member_id", "branch_id", "group_id", "since", "member__name", "member__sex",
        "member__born_on", "member__joined_on", "member__full_on", "member__is_leader", "member__own",
    )  # fmt: skip
    labels = {
        branch: {row.key: row.label for row in asked}
        for branch, asked in _own_fields(organization).items()
    }
    elsewhere = _Elsewhere()
    found = []
    names: dict[UUID, str] = {}  # one text for the many who share a branch
    for member, branch, group, since, name, sex, born_on, joined_on, full_on, leads, own in rows:
        branch_key = names.get(branch) or names.setdefault(branch, str(branch))
        found.append(
            KnownMember(
                str(member), name, joined_on, branch_key, since, sex, born_on, full_on, leads,
                str(group or ""),
                tuple((office, day) for seat, office, day in posts.get(member, ()) if seat == branch),
                spells.get(member, ()),
                *(_own(own, labels.get(branch_key, {}), elsewhere) if own else ()),
            )
        )  # fmt: skip
    return found


def members_elsewhere(
    organization: Organization, names: Sequence[str]
) -> Iterable[tuple[str, date, date | None]]:
    """Name, joining and birth of who has one of these names and belongs somewhere else now."""
    path = organization.path
    return (
        Membership.objects.filter(until__isnull=True, member__name__in=names)
        .exclude(branch__path__gte=path, branch__path__lt=paths.successor(path))
        .values_list("member__name", "member__joined_on", "member__born_on")
    )


def own_columns(organization: Organization) -> tuple[dict[str, dict[str, str]], OwnColumns]:
    """The columns that organisations added, by branch here and below: name → key, name → choices.

    A branch has its own and those of the levels above it; the nearest of one name holds. Columns
    that are no longer asked for keep what was written in them.
    """
    asked = _own_fields(organization)
    keys = {branch: {row.label: row.key for row in rows} for branch, rows in asked.items()}
    choices = {
        branch: {row.label: tuple(map(str, row.options)) for row in rows}
        for branch, rows in asked.items()
    }
    return keys, choices


def needed_own(organization: Organization, today: date) -> dict[str, list[str]]:
    """The names of the added columns that must be filled on this day, by branch."""
    found = {
        branch: [
            row.label
            for row in rows
            if row.is_required and row.since <= today and (row.until is None or row.until >= today)
        ]
        for branch, rows in _own_fields(organization).items()
    }
    return {branch: labels for branch, labels in found.items() if labels}


def _own_fields(organization: Organization) -> dict[str, list[OwnField]]:
    """Branch → the fields added there and above; of one name the last is the one that holds."""
    way = Q(organization__path__in=[*paths.ancestors(organization.path), organization.path])
    below = Q(
        organization__path__gt=organization.path,
        organization__path__lt=paths.successor(organization.path),
    )
    rows = list(
        OwnField.objects.filter(way | below, about=OwnField.About.MEMBER).select_related(
            "organization"
        )
    )
    # The last one put in holds: ended ones first, then from the top down.
    rows.sort(key=lambda row: (row.until is None, len(row.organization.path), row.since))
    if not rows:
        return {}
    branches = Organization.objects.under(organization.path).branches()
    return {
        str(key): [row for row in rows if path.startswith(row.organization.path)]
        for key, path in branches.values_list("id", "path")
    }


def own_labels(organization: Organization) -> tuple[str, ...]:
    """The names of all of them, each once, the highest level first."""
    keys, _ = own_columns(organization)
    return tuple(dict.fromkeys(label for names in keys.values() for label in names))


def _posts(branches: Any) -> dict[UUID, list[tuple[UUID, str, date]]]:
    """Member → branch (a group's counts as its branch's), office, since."""
    found: dict[UUID, list[tuple[UUID, str, date]]] = defaultdict(list)
    rows = Post.objects.filter(organization__in=branches, until__isnull=True)
    for member, place, kind, parent, office, since in rows.order_by("since", "id").values_list(
        "member_id", "organization_id", "organization__kind", "organization__parent_id",
        "office", "since",
    ):  # fmt: skip
        seat = parent if kind == Organization.Kind.GROUP and parent is not None else place
        if (seat, office) not in {(one[0], one[1]) for one in found[member]}:
            found[member].append((seat, office, since))
    return found


class _Elsewhere:
    """What fields are called that other branches have; asked for once, and only where needed."""

    def __init__(self) -> None:
        self._labels: dict[str, str] | None = None

    def label(self, key: str) -> str:
        """The name of the field, or a word for one that is gone."""
        if self._labels is None:
            rows = OwnField.objects.filter(about=OwnField.About.MEMBER)
            self._labels = {row.key: row.label for row in rows}
        return self._labels.get(key, "其他")


def _own(
    kept: dict[str, str], labels: dict[str, str], elsewhere: _Elsewhere
) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """What stands in the columns of the branch, and what has none there, with its name."""
    shown: dict[str, tuple[str, str]] = {}  # name → key, text
    for key, label in labels.items():
        if text := kept.get(key):
            shown[label] = (key, text)
    held = {key for key, _ in shown.values()}
    brought = tuple(
        f"{elsewhere.label(key)}：{text}" for key, text in kept.items() if text and key not in held
    )
    return tuple((label, text) for label, (_, text) in shown.items()), brought


def _spells(members: Any, today: date) -> dict[UUID, tuple[tuple[str, date], ...]]:
    found: dict[UUID, tuple[tuple[str, date], ...]] = {}
    rows = MemberSpell.objects.filter(member__in=members, since__lte=today).filter(
        Q(until__isnull=True) | Q(until__gt=today)
    )
    for member, kind, since in rows.order_by("since", "id").values_list(
        "member_id", "kind", "since"
    ):
        if kind not in dict(found.get(member, ())):
            found[member] = (*found.get(member, ()), (kind, since))
    return found


def known_organizations(organization: Organization) -> list[KnownOrganization]:
    """The organisation and all below it that still stand, in the order of the tree."""
    rows = (
        Organization.objects.under(organization.path)
        .filter(dissolved_on__isnull=True)
        .order_by("path")
    )
    return [
        KnownOrganization(
            str(row.pk),
            row.name,
            OrganizationKind(row.kind),
            row.founded_on,
            row.short_name,
            Field(row.field),
            str(row.parent_id) if row.pk != organization.pk and row.parent_id else "",
            row.is_pilot,
            row.theme_day,
        )
        for row in rows
    ]
