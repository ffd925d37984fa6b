"""Seeds → rows of the tree and its people, as the verbs of `zhibu.org.services` write them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from django.utils import timezone

from zhibu.ops.demo.seeds import BranchSeed, MemberSeed
from zhibu.ops.demo.shelf import Shelf
from zhibu.org import paths
from zhibu.org.models import Grant, Member, Membership, MemberSpell, Organization, Place, Post, Term
from zhibu.people.models import Person
from zhibu.people.roles import Role


@dataclass(frozen=True, slots=True)
class Population:
    """A branch with all its people as rows; `secretary` writes and files."""

    seed: BranchSeed
    branch: Organization
    groups: tuple[Organization, ...]
    members: tuple[Member, ...]
    secretary: Person
    ancestors: tuple[str, ...]

    def names(self) -> dict[str, str]:
        """The members' names by their keys."""
        return {str(member.id): member.name for member in self.members}


def morning(day: date, hour: int = 9, minute: int = 0) -> datetime:
    """A moment of a day, local time."""
    return timezone.make_aware(datetime.combine(day, time(hour, minute)))


def put_organization(
    shelf: Shelf,
    *,
    parent: Organization | None,
    number: int,
    name: str,
    short_name: str,
    kind: str,
    founded_on: date,
    at: datetime,
    field: str = Organization.Field.ORGAN,
    is_pilot: bool = False,
    theme_day: str = "",
) -> Organization:
    """The n-th child of its parent, founded."""
    row = Organization(
        kind=kind,
        field=field,
        name=name,
        short_name=short_name,
        parent=parent,
        path=(parent.path if parent else "") + paths.segment(number),
        founded_on=founded_on,
        is_pilot=is_pilot,
        theme_day=theme_day,
    )
    shelf.put(row)
    shelf.put(
        Place(
            organization=row, parent=parent, path=row.path, name=name, short_name=short_name,
            since=founded_on,
        )
    )  # fmt: skip
    shelf.note(
        verb="found", organization_id=row.pk, subject=row, at=at,
        detail={"name": name, "kind": str(kind)},
    )  # fmt: skip
    return row


def put_branch(
    shelf: Shelf,
    seed: BranchSeed,
    *,
    parent: Organization,
    number: int,
    bureau: str,
    username: str,
    password: str,
    at: datetime,
) -> Population:
    """A branch with its groups, terms, members, posts and the account of its secretary.

    `password` is encoded already.
    """
    sketch = seed.sketch
    branch = put_organization(
        shelf, parent=parent, number=number, name=f"中共{bureau}{sketch.name}支部委员会"
        if len(seed.members) >= 7
        else f"中共{bureau}{sketch.name}支部",
        short_name=f"{sketch.name}党支部", kind=Organization.Kind.BRANCH,
        founded_on=seed.founded_on, field=sketch.field, is_pilot=sketch.is_pilot,
        theme_day=sketch.theme_day, at=at,
    )  # fmt: skip
    groups = tuple(
        put_organization(
            shelf, parent=branch, number=at_, name=f"{sketch.name}党支部第{_COUNT[at_]}党小组",
            short_name=f"第{_COUNT[at_]}党小组", kind=Organization.Kind.GROUP,
            founded_on=seed.founded_on, field=sketch.field, at=at,
        )
        for at_ in range(1, sketch.groups + 1)
    )  # fmt: skip
    for at_, span in enumerate(seed.terms, start=1):
        assert span.until is not None  # noqa: S101 - terms run out
        term = Term(organization=branch, number=at_, began_on=span.since, ends_on=span.until)
        shelf.put(term)
        shelf.note(
            verb="set_term", organization_id=branch.pk, subject=term, at=at,
            detail={"number": at_, "ends_on": span.until.isoformat()},
        )  # fmt: skip
    secretary = Person(
        username=username,
        name=seed.members[0].name,
        is_demonstration=True,
        password=password,
        created_at=at,
    )
    shelf.put(secretary)
    shelf.note(verb="open_account", organization_id=None, subject=secretary, at=at)
    members = tuple(
        _put_member(shelf, member, branch, groups, secretary if at_ == 0 else None, at)
        for at_, member in enumerate(seed.members)
    )
    put_grant(shelf, secretary, Role.SECRETARY, branch, since=at)
    return Population(
        seed, branch, groups, members, secretary, (*paths.ancestors(branch.path), branch.path)
    )


_COUNT = "零一二三四五六七八九"


def put_grant(
    shelf: Shelf,
    person: Person,
    role: Role,
    organization: Organization,
    *,
    since: datetime,
    with_below: bool = False,
) -> None:
    """A role for a person."""
    shelf.put(
        Grant(
            person=person, role=role.value, organization=organization, with_below=with_below,
            since=since,
        )
    )  # fmt: skip
    shelf.note(
        verb="grant", organization_id=organization.pk, subject=person, at=since,
        detail={"role": role.value, "with_below": with_below},
    )  # fmt: skip


def _put_member(
    shelf: Shelf,
    seed: MemberSeed,
    branch: Organization,
    groups: tuple[Organization, ...],
    person: Person | None,
    at: datetime,
) -> Member:
    member = Member(
        person=person,
        name=seed.name,
        sex=seed.sex,
        born_on=seed.born_on,
        joined_on=seed.joined_on,
        full_on=seed.full_on,
        is_leader=seed.is_leader,
    )
    group = groups[seed.group] if seed.group is not None else None
    shelf.put(member, Membership(member=member, branch=branch, group=group, since=seed.since))
    shelf.note(verb="admit", organization_id=branch.pk, subject=member, at=at)
    for office, span in seed.offices:
        name, _, number = office.partition(":")
        seat = groups[int(number)] if number else branch
        post = Post(
            member=member, organization=seat, office=name, since=span.since, until=span.until
        )
        shelf.put(post)
        shelf.note(
            verb="appoint", organization_id=seat.pk, subject=post, at=at,
            detail={"office": name, "member": str(member.pk)},
        )  # fmt: skip
    for kind, span in seed.spells:
        shelf.put(MemberSpell(member=member, kind=kind, since=span.since, until=span.until))
        shelf.note(
            verb="begin_spell", organization_id=branch.pk, subject=member, at=at,
            detail={"kind": str(kind)},
        )  # fmt: skip
    return member


def leader_of(population: Population, group: UUID | None) -> str:
    """The name of whoever leads a group; of the secretary for the whole branch."""
    seed = population.seed
    if group is None:
        return seed.members[0].name
    for number, row in enumerate(population.groups):
        if row.id == group:
            office = f"{Post.Office.GROUP_LEADER}:{number}"
            for member in seed.members:
                if any(name == office for name, _ in member.offices):
                    return member.name
    return seed.members[0].name
