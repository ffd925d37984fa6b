"""Who a session belongs to, and what they may, is asked at each request."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.template import Context, Template
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.cast import Cast, client_of

from zhibu.org.models import Grant
from zhibu.people.models import Person
from zhibu.web import clock
from zhibu.web.addresses import address_of

pytestmark = pytest.mark.django_db


def overview(cast: Cast) -> str:
    """The page of the office."""
    return reverse("overview", args=(cast.committee.pk,))


def test_session_person_and_rights_take_two_queries(cast: Cast) -> None:
    """Before a page asks for anything of its own."""
    client = client_of(cast.office)
    client.get(reverse("more"))
    with CaptureQueriesContext(connection) as seen:
        assert client.get(reverse("more")).status_code == 200
    assert len(seen) == 2


def test_what_is_taken_back_is_gone_at_the_next_request(cast: Cast) -> None:
    """The right, then the account, then the session: each by whatever process it was done."""
    client = client_of(cast.office)
    assert client.get(overview(cast)).status_code == 200
    Grant.objects.filter(person=cast.office).update(until=clock.now())
    assert client.get(overview(cast)).status_code == 404
    Grant.objects.filter(person=cast.office).update(until=None)
    assert client.get(overview(cast)).status_code == 200
    Person.objects.filter(pk=cast.office.pk).update(is_active=False)
    assert client.get(overview(cast)).status_code == 302
    Person.objects.filter(pk=cast.office.pk).update(is_active=True)
    assert client_of(cast.office).get(overview(cast)).status_code == 200


@pytest.mark.parametrize("change", [{"session_round": 1}, {"password": "!other"}])
def test_a_new_round_or_password_ends_the_session(cast: Cast, change: dict[str, Any]) -> None:
    """The mark that the session carries is compared with the row that was just read."""
    client = client_of(cast.office)
    assert client.get(overview(cast)).status_code == 200
    Person.objects.filter(pk=cast.office.pk).update(**change)
    assert client.get(overview(cast)).status_code == 302


def test_a_session_that_was_deleted_or_ran_out_is_none(cast: Cast) -> None:
    """The row is asked each time, and until when it lasts."""
    client = client_of(cast.office)
    Session.objects.update(expire_date=clock.now().replace(year=2000))
    assert client.get(overview(cast)).status_code == 302
    client = client_of(cast.office)
    Session.objects.all().delete()
    assert client.get(overview(cast)).status_code == 302


@pytest.mark.parametrize("key", ['"abcdefgh\\000ijkl"', "a b c d e f g h", "'--%s", "x" * 5000])
def test_a_cookie_that_is_no_key_is_no_session(cast: Cast, key: str) -> None:
    """Whatever it says, a NUL too, one is led to the door."""
    answer = Client().get(overview(cast), HTTP_COOKIE=f"sessionid={key}")
    assert answer.status_code == 302


def test_addresses_in_templates_are_those_of_django(cast: Cast) -> None:
    """With and without arguments, into a variable, quoted for HTML; an unknown one is a fault."""
    key = cast.branch.pk
    text = "{% url 'plan' key 2026 %} {% url 'own' %} {% url 'plan' branch=key year=2026 as x %}{{ x }}"
    plan = reverse("plan", args=(key, 2026))
    for _ in range(2):
        assert Template(text).render(Context({"key": key})) == f"{plan} {reverse('own')} {plan}"
    quoted = Template("{% url 'import-template' key kind %}")
    assert "&amp;&#x27;" in quoted.render(Context({"key": key, "kind": "&'"}))
    assert address_of("plan", key, 2026) == plan
