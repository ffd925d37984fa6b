"""What lies right below an organisation is read by the page, however much of it there is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from django.db.models.signals import post_init
from django.urls import reverse
from tests.cast import AT, FOUNDED, Cast, client_of

from zhibu.org import queries
from zhibu.org.models import Membership, Organization, Place
from zhibu.org.services import appoint

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 12)
YEAR = (date(2026, 1, 1), date(2026, 12, 31))
SHOWN = 50


def add_branches(above: Organization, number: int) -> list[Organization]:
    """So many branches right below, each with its place."""
    branches = [
        Organization(
            kind="branch", name=f"支部{at}", short_name=f"支部{at}", parent=above,
            path=f"{above.path}y{at:03d}", founded_on=FOUNDED,
        )
        for at in range(number)
    ]  # fmt: skip
    Organization.objects.bulk_create(branches)
    Place.objects.bulk_create(
        Place(
            organization=b, parent=above, path=b.path, name=b.name, short_name=b.short_name,
            since=FOUNDED,
        )
        for b in branches
    )  # fmt: skip
    return branches


@contextmanager
def built() -> Iterator[list[str]]:
    """The names of the organisations that are made from rows meanwhile."""
    names: list[str] = []

    def note(instance: Organization, **_: object) -> None:
        names.append(instance.name)

    post_init.connect(note, sender=Organization)
    try:
        yield names
    finally:
        post_init.disconnect(note, sender=Organization)


@pytest.mark.parametrize("page", ["", "?page=2"])
@pytest.mark.parametrize("name", ["overview", "organization"])
def test_a_page_reads_the_rows_it_shows(cast: Cast, name: str, page: str) -> None:
    """The fifty of the page, the next one, and the few levels above: not all two hundred."""
    add_branches(cast.committee, 4 * SHOWN)
    client = client_of(cast.office)
    with built() as names:
        response = client.get(reverse(name, args=[cast.committee.pk]) + page)
    assert response.status_code == 200
    assert "支部7<" in response.content.decode() or page
    assert SHOWN <= len(names) <= SHOWN + 10


def test_below_in_a_year_is_what_hung_there(cast: Cast) -> None:
    """Once each, in the order of where it hung here, without groups; what came later is not."""
    moved, gone, back, new = add_branches(cast.committee, 4)
    elsewhere = cast.far_committee
    # Moved away in March of the year; the first of them hangs elsewhere now.
    Place.objects.filter(organization=moved).update(until=date(2026, 2, 28))
    Place.objects.create(
        organization=moved, parent=elsewhere, path=f"{elsewhere.path}z001", name="划出",
        short_name="划出", since=date(2026, 3, 1),
    )  # fmt: skip
    Organization.objects.filter(pk=moved.pk).update(parent=elsewhere, path=f"{elsewhere.path}z001")
    Organization.objects.filter(pk=gone.pk).update(dissolved_on=date(2025, 12, 31))
    Place.objects.filter(organization=back).update(until=date(2026, 1, 31))
    Place.objects.create(
        organization=back, parent=cast.committee, path=f"{cast.committee.path}z002", name="回来",
        short_name="回来", since=date(2026, 5, 1),
    )  # fmt: skip
    Place.objects.filter(organization=new).update(since=date(2027, 1, 1))
    found = queries.ChildrenBetween(cast.committee.pk, *YEAR)
    assert found[:9] == [cast.branch, cast.other_branch, moved, back]
    assert found[1:3] == [cast.other_branch, moved]
    assert found.count() == 4
    of_branch = queries.ChildrenBetween(cast.branch.pk, *YEAR)  # groups alone
    assert (of_branch[:9], of_branch.count()) == ([], 0)


def test_members_of_each_child_are_those_of_the_day(cast: Cast) -> None:
    """Counted for each, nothing where there are none, without those who left or are to come."""
    here, later, empty = add_branches(cast.committee, 3)
    first, second, third = cast.members[:3]
    Membership.objects.filter(member__in=(first, second, third)).delete()
    Membership.objects.create(member=first, branch=here, since=FOUNDED)
    Membership.objects.create(member=second, branch=here, since=FOUNDED, until=date(2026, 3, 11))
    Membership.objects.create(member=third, branch=later, since=date(2026, 3, 13))
    rows = {row.pk: row.member_count for row in queries.children_of(cast.committee, TODAY)}  # type: ignore[attr-defined]
    assert (rows[here.pk], rows[later.pk], rows[empty.pk]) == (1, 0, 0)


def test_posts_are_those_here_and_in_the_groups(cast: Cast) -> None:
    """Of a branch with its groups; of a committee without those of its branches."""
    given = {"by": None, "at": AT, "since": FOUNDED}
    member = cast.members[0]
    appoint(member=member, organization=cast.group, office="group_leader", **given)  # type: ignore[arg-type]
    of_branch = queries.posts_of(cast.branch, TODAY)
    assert {post.organization for post in of_branch} == {cast.branch, cast.group}
    assert not queries.posts_of(cast.committee, TODAY)
