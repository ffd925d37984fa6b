"""三员, deputies, and the seat in which a person acts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from tests.cast import AT, Cast, client_of, make_cast

from zhibu.org.models import Grant
from zhibu.org.services import Refused, grant_role, open_account, revoke_role
from zhibu.people.roles import EXCLUSIVE, Role
from zhibu.web import clock


@pytest.mark.django_db
@pytest.mark.parametrize(("first", "second"), list(permutations(sorted(EXCLUSIVE), 2)))
def test_two_of_the_three_are_never_in_one_hand(cast: Cast, first: Role, second: Role) -> None:
    """Wherever they are held, at any one time: also for a while, also later."""
    person = open_account(username="one", name="甲", by=None, at=AT)
    at = clock.now()

    def give(role: Role, organization: Any, since: Any, until: Any = None) -> Grant:
        return grant_role(
            person=person, role=role, organization=organization, since=since, until=until,
            by=cast.security_admin, at=at,
        )  # fmt: skip

    held = give(first, cast.commission, at + timedelta(days=10), at + timedelta(days=20))
    for since, until in ((0, None), (0, 11), (15, 16), (19, None)):
        ends = None if until is None else at + timedelta(days=until)
        with pytest.raises(Refused, match="不同的人"):
            give(second, cast.far_branch, at + timedelta(days=since), ends)
    give(second, cast.far_branch, at, at + timedelta(days=10))  # one after the other
    revoke_role(grant=held, until=at + timedelta(days=12), by=None, at=at)
    give(second, cast.commission, at + timedelta(days=12))


@pytest.mark.django_db(transaction=True)
def test_two_who_grant_at_once_do_not_join_what_is_to_be_apart(
    freeze: Callable[..., None],
) -> None:
    """Eight at once, two roles: one kind is given, the other refused."""
    cast = make_cast()
    person = open_account(username="one", name="甲", by=None, at=AT)
    places = (cast.commission, cast.committee, cast.branch, cast.far_branch)
    start = threading.Barrier(8)

    def give(role: Role, organization: Any) -> None:
        start.wait()
        try:
            grant_role(
                person=person, role=role, organization=organization, since=AT, by=None, at=AT
            )
        except Refused:
            pass
        finally:
            connection.close()

    threads = [
        threading.Thread(target=give, args=(role, place))
        for place in places
        for role in (Role.SYSTEM_ADMIN, Role.AUDIT_ADMIN)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    given = list(Grant.objects.filter(person=person).values_list("role", flat=True))
    assert len(set(given)) == 1
    assert len(given) == 4


@pytest.mark.django_db
def test_nobody_grants_to_themselves_nor_the_same_twice(cast: Cast) -> None:
    """A security administrator goes through another; a second click gives no second grant."""
    with pytest.raises(Refused, match="自己"):
        grant_role(
            person=cast.security_admin, role=Role.OFFICE, organization=cast.commission, since=AT,
            by=cast.security_admin, at=AT,
        )  # fmt: skip
    client = client_of(cast.security_admin)
    address = reverse("grants", args=[cast.branch.pk])
    form = {"username": "nobody", "role": "member"}
    assert client.post(address, form).status_code == 302
    again = client.post(address, form)
    assert again.status_code == 422
    assert "已有这一角色" in again.content.decode()


@pytest.mark.django_db
def test_a_deputy_acts_until_the_day_is_over(cast: Cast, freeze: Callable[..., None]) -> None:
    """Granted to a day, seen with it, over at midnight, taken back before where need be."""
    client = client_of(cast.security_admin)
    address = reverse("grants", args=[cast.branch.pk])
    form = {"username": "nobody", "role": "secretary", "until": "2026-03-20"}
    assert client.post(address, {**form, "until": "2026-03-11"}).status_code == 422
    assert client.post(address, {**form, "until": "1899-01-01"}).status_code == 422
    assert client.post(address, form).status_code == 302
    assert "（代理）" in client.get(address).content.decode()
    deputy = client_of(cast.nobody)
    home = reverse("branch-home", args=[cast.branch.pk])
    at = clock.now()
    freeze(at.replace(day=20, hour=23, minute=59))
    assert deputy.get(home).status_code == 200
    freeze(at.replace(day=21, hour=0, minute=0))
    assert deputy.get(home).status_code == 404
    assert "（代理）" not in client.get(address).content.decode()
    freeze(at)
    grant = Grant.objects.get(person=cast.nobody)
    assert client.post(reverse("grant-revoke", args=[grant.pk])).status_code == 302
    assert deputy.get(home).status_code == 404


@pytest.mark.django_db
def test_a_person_with_two_seats_chooses_one(cast: Cast) -> None:
    """Home, the frame and the entries go to the chosen one; rights are those of all roles."""
    person = cast.secretary
    grant_role(
        person=person, role=Role.COMMITTEE_MEMBER, organization=cast.other_branch, since=AT,
        by=None, at=AT,
    )  # fmt: skip
    office = grant_role(
        person=person, role=Role.OFFICE, organization=cast.committee, with_below=True, since=AT,
        by=None, at=AT,
    )  # fmt: skip
    client = client_of(person)
    home = reverse("home")
    assert client.get(home)["Location"] == reverse("branch-home", args=[cast.branch.pk])
    page = client.get(reverse("seats")).content.decode()
    assert page.count('name="seat"') == 2
    assert "切换" in page

    def choose(organization: Any) -> Any:
        return client.post(reverse("seats"), {"seat": str(organization.pk)})

    assert choose(cast.other_branch).status_code == 303
    other = reverse("branch-home", args=[cast.other_branch.pk])
    assert client.get(home)["Location"] == other
    frame = client.get(other).context
    assert frame["seat"].name == "第二党支部"
    assert frame["role_label"] == "支部委员"
    assert client.get(reverse("roster", args=[cast.branch.pk])).status_code == 200
    choose(cast.committee)
    assert client.get(home)["Location"] == reverse("overview", args=[cast.committee.pk])
    labels = [way.label for way in client.get(other).context["ways"]]
    assert "今天" not in labels
    # What was chosen and is lost does not stay.
    revoke_role(grant=office, until=clock.now(), by=None, at=clock.now())
    assert client.get(home)["Location"] == reverse("branch-home", args=[cast.branch.pk])


@pytest.mark.django_db
@pytest.mark.parametrize("seat", ["", "x", "00000000-0000-7000-8000-000000000000"])
def test_a_seat_that_one_does_not_hold_is_not_there(cast: Cast, seat: str) -> None:
    """404, whatever is sent."""
    assert client_of(cast.secretary).post(reverse("seats"), {"seat": seat}).status_code == 404


@pytest.mark.django_db
def test_who_has_one_seat_is_offered_no_switch(cast: Cast) -> None:
    """Nor who has none."""
    for person in (cast.member, cast.nobody):
        client = client_of(person)
        assert "切换</a>" not in client.get(reverse("account")).content.decode()
        assert client.get(reverse("seats")).status_code == 200
