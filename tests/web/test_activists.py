"""入党积极分子 on the roster's page: who enters, who sees, what is told, how many queries."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.cast import AT, Cast, client_of

from zhibu.org.activists import enrol_activist
from zhibu.org.models import Activist

pytestmark = pytest.mark.django_db
TYPED = {"name": "钱九明", "since": "2026-03-10", "until": ""}


@pytest.mark.parametrize(
    ("who", "sees", "enters"),
    [
        ("secretary", True, True),
        ("office", True, True),
        ("deputy", True, False),
        ("member", False, False),
        ("group_leader", False, False),
        ("neighbour", False, False),
        ("stranger", False, False),
    ],
)
def test_who_sees_and_who_enters(cast: Cast, who: str, sees: bool, enters: bool) -> None:
    """As with the roster itself."""
    client = client_of(getattr(cast, who))
    enrol = reverse("activist-enrol", args=[cast.branch.pk])
    assert client.post(enrol, TYPED).status_code == (302 if enters else 404)
    assert Activist.objects.count() == int(enters)
    if not enters:
        enrol_activist(branch=cast.branch, name="钱九明", since=date(2026, 3, 10), by=None, at=AT)
    change = reverse("activist-change", args=[Activist.objects.get().pk])
    assert client.get(change).status_code == (200 if enters else 404)
    roster = client.get(reverse("roster", args=[cast.branch.pk]))
    assert roster.status_code == (200 if sees else 404)
    if sees:
        assert "钱九明" in roster.content.decode()
        assert (change in roster.content.decode()) is enters


def test_entered_told_and_ended(cast: Cast) -> None:
    """What follows for the table is said; an end shows with its day."""
    client = client_of(cast.secretary)
    roster = reverse("roster", args=[cast.branch.pk])
    assert "没有登记入党积极分子" in client.get(roster).content.decode()
    page = client.post(reverse("activist-enrol", args=[cast.branch.pk]), TYPED, follow=True)
    assert "自下一个月起每半年应考察一次" in page.content.decode()
    assert "入党积极分子（1名）" in page.content.decode()
    change = reverse("activist-change", args=[Activist.objects.get().pk])
    page = client.post(change, {**TYPED, "until": "2026-03-11"}, follow=True).content.decode()
    assert "入党积极分子（0名）" in page
    assert "已结束" in page


@pytest.mark.parametrize(
    "typed",
    [
        {"name": ""},
        {"name": "名" * 201},
        {"since": ""},
        {"since": "1899-01-01"},
        {"since": "2101-01-01"},
        {"until": "2026-03-01"},
        {"until": "昨天"},
    ],
)
def test_what_makes_no_sense_is_told(cast: Cast, typed: dict[str, str]) -> None:
    """The form comes back with what was typed."""
    address = reverse("activist-enrol", args=[cast.branch.pk])
    answer = client_of(cast.secretary).post(address, {**TYPED, **typed})
    assert answer.status_code == 422
    assert 'class="missing"' in answer.content.decode()
    assert not Activist.objects.exists()


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "𠮷·买买提", "名" * 200])
def test_any_name_is_a_name(cast: Cast, name: str) -> None:
    """Script is text, rare characters stay, the longest fits; sent twice it is there once."""
    client = client_of(cast.secretary)
    address = reverse("activist-enrol", args=[cast.branch.pk])
    assert client.post(address, {**TYPED, "name": name}).status_code == 302
    assert client.post(address, {**TYPED, "name": name}).status_code == 422
    assert Activist.objects.get().name == name
    page = client.get(reverse("roster", args=[cast.branch.pk])).content.decode()
    assert "<script>alert" not in page


def test_no_query_more_for_many(cast: Cast) -> None:
    """One read, however many there are."""
    client, address = client_of(cast.secretary), reverse("roster", args=[cast.branch.pk])

    def count() -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    enrol_activist(branch=cast.branch, name="甲", since=date(2026, 1, 1), by=None, at=AT)
    few = count()
    for number in range(30):
        enrol_activist(
            branch=cast.branch, name=f"积极分子{number}", since=date(2026, 1, 1), by=None, at=AT
        )
    assert count() <= few
