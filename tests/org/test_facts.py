"""Rows of the tree → dated facts, in a fixed number of queries."""

from __future__ import annotations

from datetime import date

import pytest
from tests.plans.story import AT, Cast, make_cast

from zhibu.org.facts import branch_facts, facts_of_branches, meeting_facts
from zhibu.org.models import Member, MemberSpell, Post
from zhibu.org.services import admit_member, appoint, begin_spell, transfer_member
from zhibu.rules.branches import Span

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def facts_of(member: Member, cast: Cast, year: int = 2026):  # type: ignore[no-untyped-def]
    rows = branch_facts(cast.branch, year=year).members
    return [row for row in rows if row.member == str(member.id)]


def test_a_branch_with_its_people(cast: Cast) -> None:
    """Members with their group, the secretary on the committee, the term, the group, the day."""
    facts = branch_facts(cast.branch, year=2026)
    assert (len(facts.members), len(facts.groups), len(facts.terms)) == (4, 1, 1)
    assert facts.theme_day == "friday:2"
    assert facts.span == Span(date(2018, 3, 1))
    assert {row.group for row in facts.members} == {str(cast.group.id)}
    assert [row.committee for row in facts.members if row.committee] == [(Span(date(2024, 3, 1)),)]


def test_a_member_who_left_belongs_until_then(cast: Cast) -> None:
    """Last year shows them, next year does not; the branch that they went to has them since."""
    member = Member.objects.order_by("name").last()
    assert member is not None
    transfer_member(member=member, branch=cast.neighbour, on=date(2026, 7, 15), by=None, at=AT)
    (row,) = facts_of(member, cast)
    assert row.span == Span(date(2018, 3, 1), date(2026, 7, 14))
    assert facts_of(member, cast, 2027) == []
    (there,) = branch_facts(cast.neighbour, year=2026).members
    assert there.span == Span(date(2026, 7, 15))


def test_special_times_and_offices(cast: Cast) -> None:
    """Away, infirm and voteless; a group leader is not on the committee."""
    member = Member.objects.order_by("name").last()
    assert member is not None
    since = date(2026, 2, 1)
    for kind in ("away", "infirm", "voteless"):
        begin_spell(member=member, branch=cast.branch, kind=kind, since=since, by=None, at=AT)
    appoint(
        member=member, organization=cast.group, office=Post.Office.GROUP_LEADER, since=since,
        by=None, at=AT,
    )  # fmt: skip
    (row,) = facts_of(member, cast)
    assert (row.away, row.infirm, row.voteless) == ((Span(since),),) * 3
    assert row.committee == ()
    assert facts_of(member, cast, 2025)[0].away == ()


def test_each_time_and_office_is_there_once(cast: Cast) -> None:
    """Two offices and two special times of one member do not multiply; others' stay with them."""
    member = Member.objects.order_by("name").last()
    assert member is not None
    days = [date(2026, month, 1) for month in (1, 2, 3)]
    for day, until in ((days[1], days[1]), (days[0], days[0])):
        MemberSpell.objects.create(member=member, kind="away", since=day, until=until)
        Post.objects.create(
            member=member, organization=cast.branch, office="discipline", since=day, until=until
        )
    MemberSpell.objects.create(member=member, kind="infirm", since=days[2])
    Post.objects.create(
        member=member, organization=cast.neighbour, office="publicity", since=days[0]
    )
    early = (Span(days[0], days[0]), Span(days[1], days[1]))
    (row,) = facts_of(member, cast)
    assert (row.away, row.infirm, row.committee) == (early, (Span(days[2]),), early)
    assert len(branch_facts(cast.branch, year=2026).members) == 4
    facts, names = meeting_facts(cast.branch, days[1], with_groups=True)
    (row,) = (one for one in facts.members if one.member == str(member.id))
    assert (row.away, row.infirm, row.committee) == (early[1:], (), early[1:])
    assert len(facts.members) == len(names) == 4
    assert len(facts.groups) == 1


def test_facts_of_many_take_three_queries(cast: Cast, django_assert_num_queries: object) -> None:
    """Ten more members and another branch cost no more."""
    for number in range(10):
        admit_member(
            name=f"增加{number}", branch=cast.neighbour, joined_on=date(2010, 1, 1),
            since=date(2020, 1, 1), by=None, at=AT,
        )  # fmt: skip
    for branches in ([cast.branch], [cast.branch, cast.neighbour]):
        with django_assert_num_queries(3):  # type: ignore[operator]
            facts_of_branches(branches, year=2026)
