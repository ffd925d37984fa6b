"""Accounts for a whole roster: opened by the one administrator, given their role by the other."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from zhibu.ledger.services import note
from zhibu.org.account_queries import holding_at
from zhibu.org.models import Grant, Member, Membership, Organization
from zhibu.people.models import Person
from zhibu.people.roles import Role


def members_without_account(organization: Organization) -> QuerySet[Member]:
    """Those on the rosters at and below the organisation whom no account belongs to."""
    below = Organization.objects.under(organization.path).values("pk")
    here = Membership.objects.filter(until__isnull=True, branch__in=below)
    return Member.objects.filter(person__isnull=True, pk__in=here.values("member_id"))


def members_without_role(organization: Organization, at: datetime) -> QuerySet[Membership]:
    """Those on the rosters who have an account and hold no role on their own branch."""
    below = Organization.objects.under(organization.path).values("pk")
    held = Grant.objects.filter(holding_at(at)).values("person_id")
    return (
        Membership.objects.filter(until__isnull=True, branch__in=below)
        .filter(member__person__is_active=True)
        .exclude(member__person__in=held)
        .select_related("member__person", "branch")
        .order_by("branch__path", "member_id")
    )


@transaction.atomic
def open_member_accounts(
    *, organization: Organization, by: Person | None, at: datetime, most: int
) -> int:
    """An account for each member who has none, `most` at once; how many were opened.

    The user name is drawn (`dy` and eight figures) and stands on the slip. Nobody can sign in with
    it before an invitation, and it opens nothing before a role.
    """
    waiting = members_without_account(organization).select_for_update()
    members = list(waiting.order_by("id")[:most])
    names = _draw_names(len(members))
    people = []
    for member, name in zip(members, names, strict=True):
        person = Person(username=name, name=member.name)
        person.set_unusable_password()
        people.append(person)
    Person.objects.bulk_create(people)
    for member, person in zip(members, people, strict=True):
        member.person = person
        note(by=by, verb="open_account", organization_id=None, subject=person, at=at)
    Member.objects.bulk_update(members, ["person"])
    return len(members)


def _draw_names(count: int) -> list[str]:
    """User names that nobody has."""
    names: set[str] = set()
    while len(names) < count:
        drawn = {f"dy{secrets.randbelow(10**8):08}" for _ in range(count - len(names))}
        taken = Person.objects.filter(username__in=drawn).values_list("username", flat=True)
        names |= drawn - set(taken)
    return sorted(names)


@transaction.atomic
def grant_members(*, organization: Organization, by: Person | None, at: datetime, most: int) -> int:
    """The role of a member on their own branch, for those who hold none yet; how many."""
    chosen = [
        (person, row.branch)
        for row in members_without_role(organization, at)[:most]
        if (person := row.member.person) is not None and (by is None or person.pk != by.pk)
    ]
    # Two who do this at once queue here; the second sees what the first gave.
    keys = [person.pk for person, _ in chosen]
    list(Person.objects.select_for_update().filter(pk__in=keys).order_by("pk"))
    held = set(
        Grant.objects.filter(holding_at(at), person__in=keys).values_list("person_id", flat=True)
    )
    chosen = [(person, branch) for person, branch in chosen if person.pk not in held]
    Grant.objects.bulk_create(
        Grant(person=person, role=Role.MEMBER, organization=branch, since=at)
        for person, branch in chosen
    )
    for person, branch in chosen:
        note(
            by=by, verb="grant", organization_id=branch.pk, subject=person, at=at,
            detail={"role": Role.MEMBER, "with_below": False, "until": None},
        )  # fmt: skip
    return len(chosen)
