"""Mistakes that others made with lists of people: open to anybody, and without pages."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.cast import AT, FOUNDED, Cast, client_of

from zhibu.org.choices import add_own_field
from zhibu.org.models import Member, Membership, MemberSpell, Post
from zhibu.people.models import Person

pytestmark = pytest.mark.django_db
MANY = 5_000
MOST_BYTES = 200_000
MOST_QUERIES = 12


def may_open(cast: Cast, name: str, *args: object) -> set[str]:
    """The parts of the cast for whom a page opens; for all others it is not there."""
    answers = {
        part: client_of(person).get(reverse(name, args=args)).status_code
        for part, person in cast.people().items()
    }
    assert set(answers.values()) <= {200, 404}, answers
    return {part for part, status in answers.items() if status == 200}


def test_no_list_of_people_is_open_to_any_member(cast: Cast) -> None:
    """Mistake 2: accounts, roles and rosters open for those who keep them, and for nobody else."""
    branch = cast.branch.pk
    assert may_open(cast, "accounts") == {"system_admin"}
    assert may_open(cast, "invitations", cast.commission.pk) == {"system_admin"}
    assert may_open(cast, "grants", branch) == {"security_admin"}
    assert may_open(cast, "ledger") == {"audit_admin"}
    rosters = may_open(cast, "roster", branch)
    assert {"secretary", "office"} <= rosters
    others = {"member", "group_leader", "neighbour", "stranger", "far_office", "nobody"}
    assert not rosters & (others | {"system_admin", "security_admin", "audit_admin"})
    assert may_open(cast, "imports", branch) == {"secretary", "office"}


def crowd(cast: Cast) -> None:
    """Five thousand members in one branch, some with an office, a special time, an own text."""
    field = add_own_field(
        organization=cast.branch, about="member", label="志愿服务组别", hint="", options=(),
        is_required=False, since=FOUNDED, by=cast.secretary, at=AT,
    )  # fmt: skip
    members = [
        Member(
            name=f"成员{at}", joined_on=date(2005, 7, 1), full_on=date(2006, 7, 1), sex="f",
            born_on=date(1980, 1, 1), own={field.key: "第一组"} if at % 9 == 0 else {},
        )
        for at in range(MANY)
    ]  # fmt: skip
    Member.objects.bulk_create(members)
    Membership.objects.bulk_create(
        Membership(member=each, branch=cast.branch, since=FOUNDED, group=cast.group)
        for each in members
    )
    Post.objects.bulk_create(
        Post(member=each, organization=cast.branch, office="committee_member", since=FOUNDED)
        for each in members[::100]
    )
    MemberSpell.objects.bulk_create(
        MemberSpell(member=each, kind="away", since=FOUNDED) for each in members[::7]
    )


def test_a_list_of_five_thousand_has_pages(cast: Cast) -> None:
    """Mistake 12: roster, accounts and organisation: at most 12 queries and 200 KB a page."""
    crowd(cast)
    Person.objects.bulk_create(
        Person(username=f"someone{at}", name=f"人员{at}", password="!") for at in range(MANY)
    )
    for person, address in (
        (cast.office, reverse("roster", args=(cast.branch.pk,))),
        (cast.office, reverse("roster", args=(cast.branch.pk,)) + "?page=90"),
        (cast.office, reverse("organization", args=(cast.branch.pk,))),
        (cast.system_admin, reverse("accounts")),
        (cast.audit_admin, reverse("ledger")),
    ):
        client = client_of(person)
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(address)
        assert answer.status_code == 200, address
        assert len(queries) <= MOST_QUERIES, (address, len(queries))
        assert len(answer.content) <= MOST_BYTES, (address, len(answer.content))
    roster = client_of(cast.office).get(reverse("roster", args=(cast.branch.pk,)))
    assert len(roster.context["page"].rows) <= 100
    assert roster.context["page"].rows.paginator.count == MANY + len(cast.members)
