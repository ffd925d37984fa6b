"""The verbs of the tree and its people: at the same time, twice, and on days that overlap."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from tests.cast import AT, FOUNDED, Cast, make_cast
from tests.handbook.test_concurrency import at_once

from zhibu.org import tree
from zhibu.org.models import Member, Membership, MemberSpell, Organization, Place, Post
from zhibu.org.queries import transfers_of
from zhibu.org.services import (
    Refused,
    admit_member,
    appoint,
    begin_spell,
    dissolve_organization,
    edit_organization,
    found_organization,
    transfer_member,
)

LATER = date(2015, 6, 1)


def emptied(cast: Cast) -> Organization:
    """A branch of the committee with nobody in it."""
    return found_organization(
        name="第三党支部", kind=Organization.Kind.BRANCH, parent=cast.committee, founded_on=FOUNDED,
        by=None, at=AT,
    )  # fmt: skip


def dissolving(branch: Organization) -> Callable[[], Any]:
    return lambda: dissolve_organization(organization=branch, dissolved_on=LATER, by=None, at=AT)


@pytest.mark.django_db
def test_nothing_is_founded_or_seated_in_what_has_ended() -> None:
    """No group below it, no member, no office in it; and it ends once."""
    cast = make_cast()
    branch = emptied(cast)
    dissolving(branch)()
    given: dict[str, Any] = {"by": None, "at": AT}
    for verb in (
        dissolving(branch),
        lambda: found_organization(
            name="组", kind="group", parent=branch, founded_on=LATER, **given
        ),
        lambda: admit_member(name="新", branch=branch, joined_on=FOUNDED, since=LATER, **given),
        lambda: transfer_member(member=cast.members[4], branch=branch, on=LATER, **given),
        lambda: appoint(
            member=cast.members[4], organization=branch, office="publicity", since=LATER, **given
        ),
    ):
        with pytest.raises(Refused, match="已经撤销"):
            verb()
    assert Organization.objects.get(pk=branch.pk).dissolved_on == LATER


@pytest.mark.django_db(transaction=True)
def test_ending_and_filling_at_once() -> None:
    """Whoever comes second is refused: no member is left in a branch that has ended."""
    cast = make_cast()
    branch = emptied(cast)
    answers = at_once(
        dissolving(branch),
        lambda: transfer_member(member=cast.members[4], branch=branch, on=LATER, by=None, at=AT),
    )
    assert sum(isinstance(answer, Refused) for answer in answers) == 1, answers
    branch.refresh_from_db()
    inside = Membership.objects.filter(branch=branch, until__isnull=True).exists()
    assert inside is (branch.dissolved_on is None)


@pytest.mark.django_db(transaction=True)
def test_two_transfers_at_once() -> None:
    """One is done; the other is told to look again, and nobody belongs to two branches."""
    cast = make_cast()
    member = cast.members[4]
    answers = at_once(
        *(
            lambda to=to: transfer_member(member=member, branch=to, on=LATER, by=None, at=AT)
            for to in (cast.other_branch, cast.far_branch)
        )
    )
    assert sum(isinstance(answer, Refused) for answer in answers) == 1, answers
    assert Membership.objects.filter(member=member, until__isnull=True).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_secretaries_at_once() -> None:
    """One is appointed, the other refused with a reason."""
    cast = make_cast()
    members = Member.objects.filter(memberships__branch=cast.other_branch).order_by("pk")[:2]
    answers = at_once(
        *(
            lambda member=member: appoint(
                member=member,
                organization=cast.other_branch,
                office="secretary",
                since=LATER,
                by=None,
                at=AT,
            )
            for member in members
        )
    )
    assert sum(isinstance(answer, Refused) for answer in answers) == 1, answers


@pytest.mark.django_db
def test_an_office_is_held_once() -> None:
    """The form sent twice enters one office."""
    cast = make_cast()
    holder = cast.members[1]
    with pytest.raises(Refused, match="已任组织委员"):
        appoint(
            member=holder, organization=cast.branch, office="organization", since=LATER, by=None,
            at=AT,
        )  # fmt: skip
    assert Post.objects.filter(member=holder, until__isnull=True).count() == 1


@pytest.mark.django_db
def test_an_office_that_began_after_the_transfer_ends_on_its_first_day() -> None:
    """The day of the transfer is entered late: the transfer stands, no date runs backwards."""
    cast = make_cast()
    member = cast.members[4]
    began = date(2015, 7, 1)
    appoint(
        member=member, organization=cast.branch, office="committee_member", since=began, by=None,
        at=AT,
    )  # fmt: skip
    transfer_member(member=member, branch=cast.other_branch, on=LATER, by=None, at=AT)
    post = Post.objects.get(member=member)
    assert (post.since, post.until) == (began, began)


@pytest.mark.django_db
def test_an_office_outside_the_branch_is_kept_in_a_transfer() -> None:
    """Those of the branch and its groups end the day before; one in the committee goes on."""
    cast = make_cast()
    member = cast.members[4]
    for organization, office in (
        (cast.branch, Post.Office.COMMITTEE_MEMBER),
        (cast.group, Post.Office.GROUP_LEADER),
        (cast.committee, Post.Office.PUBLICITY),
    ):
        appoint(
            member=member, organization=organization, office=office, since=FOUNDED, by=None, at=AT
        )
    transfer_member(member=member, branch=cast.other_branch, on=LATER, by=None, at=AT)
    until = dict(Post.objects.filter(member=member).values_list("organization", "until"))
    last = date(2015, 5, 31)
    assert until == {cast.branch.pk: last, cast.group.pk: last, cast.committee.pk: None}


@pytest.mark.django_db
def test_an_older_look_does_not_take_a_new_name_back() -> None:
    """The theme day is saved on a page that was opened before the organisation was renamed."""
    cast = make_cast()
    opened = Organization.objects.get(pk=cast.other_branch.pk)
    tree.rename_organization(
        organization=cast.other_branch, name="新二支部", short_name="新二", on=LATER, by=None,
        at=AT.replace(month=7),
    )  # fmt: skip
    edit_organization(organization=opened, theme_day="day:20", by=None, at=AT)
    row = Organization.objects.get(pk=opened.pk)
    place = Place.objects.get(organization=row, until__isnull=True)
    assert (row.name, row.theme_day) == ("新二支部", "day:20")
    assert (place.name, place.short_name) == ("新二支部", "新二")


@pytest.mark.django_db
def test_a_special_time_is_entered_once() -> None:
    """Sent twice it is one; another kind, and another time after its end, are others."""
    cast = make_cast()
    given: dict[str, Any] = {"member": cast.members[4], "branch": cast.branch, "by": None, "at": AT}
    begin_spell(kind="infirm", since=LATER, until=date(2015, 8, 1), **given)
    for since, until in ((LATER, None), (FOUNDED, LATER), (date(2015, 8, 1), None)):
        with pytest.raises(Refused, match="已经登记"):
            begin_spell(kind="infirm", since=since, until=until, **given)
    begin_spell(kind="away", since=LATER, **given)
    begin_spell(kind="infirm", since=date(2015, 8, 2), **given)
    assert MemberSpell.objects.filter(member=cast.members[4]).count() == 3


@pytest.mark.parametrize(
    ("name", "office", "title"),
    [
        ("第一党小组", "group_leader", "第一党小组组长"),
        ("青年理论小组", "group_leader", "青年理论小组党小组长"),
        ("政工处党支部", "secretary", "政工处党支部书记"),
        ("检验检疫局机关党委", "deputy_secretary", "检验检疫局机关党委副书记"),
    ],
)
def test_a_post_is_called_as_people_call_it(name: str, office: str, title: str) -> None:
    """Nobody says 第一党小组党小组长."""
    assert Post(organization=Organization(short_name=name), office=office).title == title


@pytest.mark.django_db
def test_another_group_of_the_branch_is_no_transfer() -> None:
    """Who leaves the branch left it; who goes to a group of it did not."""
    cast = make_cast()
    member, other = cast.members[4], emptied(cast)
    transfer_member(member=member, branch=cast.branch, group=cast.group, on=LATER, by=None, at=AT)
    assert transfers_of(cast.branch, LATER) == transfers_of(other, LATER) == ()
    transfer_member(member=member, branch=other, on=date(2015, 7, 1), by=None, at=AT)
    (left,) = transfers_of(cast.branch, LATER)
    (came,) = transfers_of(other, LATER)
    assert (left.member, left.is_arrival, left.elsewhere) == (member, False, other.short_name)
    assert (came.on, came.is_arrival) == (date(2015, 7, 1), True)
