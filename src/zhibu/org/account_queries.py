"""Reads of accounts: who may be invited, whom an administrator may touch."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from zhibu.org.models import Grant, Member, Membership, Organization
from zhibu.org.reach import Reach
from zhibu.people.models import Invitation, Person
from zhibu.people.roles import Verb


def holding_at(at: datetime) -> Q:
    """The condition that a grant holds at that moment or will later."""
    return Q(until__isnull=True) | Q(until__gt=at)


def people_within(reach: Reach, at: datetime) -> QuerySet[Person]:
    """Whom an account administrator may touch: whose every grant, and whose branch, is within reach.

    Somebody who also holds a role or belongs elsewhere is not theirs: who can give a password can
    take the account over. Who holds nothing and belongs nowhere any more stays with whoever they
    were with; an account that never was anybody's is anybody's to hand out.
    """
    held = Grant.objects.filter(person=OuterRef("pk"))
    belonged = Membership.objects.filter(member__person=OuterRef("pk"))
    seat = reach.within(Verb.EDIT_ACCOUNTS, "organization__")
    branch = reach.within(Verb.EDIT_ACCOUNTS, "branch__")
    return Person.objects.filter(
        Exists(held.filter(seat))
        | Exists(belonged.filter(branch))
        | Q(member__isnull=True) & ~Exists(held),
        ~Exists(held.filter(holding_at(at), ~seat)),
        ~Exists(belonged.filter(~branch, until__isnull=True)),
    )


def people_to_invite(organization: Organization, reach: Reach, at: datetime) -> QuerySet[Person]:
    """Those at or below the organisation who never signed in and have no invitation that holds."""
    below = Organization.objects.under(organization.path).values("pk")
    grants = Grant.objects.filter(holding_at(at), organization__in=below)
    members = Member.objects.filter(
        person__isnull=False, memberships__until__isnull=True, memberships__branch__in=below
    )
    waiting = Invitation.objects.waiting().filter(expires_at__gt=at)
    return (
        people_within(reach, at)
        .filter(is_active=True, is_demonstration=False, last_login__isnull=True)
        .filter(Q(pk__in=grants.values("person_id")) | Q(pk__in=members.values("person_id")))
        .exclude(pk__in=waiting.values("person_id"))
        .order_by("username")
    )
