"""Passwords: what they must be like, when they must be changed, and what a change ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from tests.cast import PASSWORD, Cast, client_of

from zhibu.ledger.models import Entry
from zhibu.org.accounts import change_password, end_sessions
from zhibu.org.services import Refused
from zhibu.people.models import Person
from zhibu.web import clock

pytestmark = pytest.mark.django_db
NEW = "Xin-De-Kou-Ling-7"


def sign_in(client: Client, username: str, password: str, **more: str) -> Any:
    return client.post(reverse("sign-in"), {"username": username, "password": password, **more})


@pytest.mark.parametrize(
    ("password", "is_good"),
    [
        (NEW, True),
        ("Abcdef12!", False),  # nine signs
        ("Abcdefgh12", True),
        ("abcdefghij", False),  # one kind
        ("abcdefgh12", False),  # two kinds
        ("abcdefgh-12", True),
        ("一步一个脚印把工作做细做实做到位见成效有回音", True),  # long enough to be a sentence
        ("短句子1a", False),
        ("Password123", False),  # common
        ("Secretary-2026", False),  # the user name
        ("甲一明-Abc12345", False),  # the name
        ("", False),
        ("\0\0\0\0Aa1-\0\0\0", True),
    ],
)
def test_a_password_is_long_mixed_and_nobodys_name(
    cast: Cast, password: str, is_good: bool
) -> None:
    """As 等保 2.0 asks; a long sentence needs no mixture."""
    try:
        validate_password(password, cast.secretary)
    except ValidationError:
        assert not is_good
    else:
        assert is_good


def test_the_last_passwords_do_not_come_back(cast: Cast, settings: Any) -> None:
    """Neither the present one nor the last five; the sixth may."""
    person = cast.secretary
    used = [f"{NEW}-{number}" for number in range(6)]
    for number, password in enumerate(used):
        change_password(
            person=person, password=password, by=person,
            at=clock.now() + timedelta(minutes=number),
        )  # fmt: skip
    for password in used[1:]:
        with pytest.raises(ValidationError):
            validate_password(password, person)
    validate_password(used[0], person)
    validate_password(PASSWORD, person)
    settings.PASSWORD_HISTORY = 0
    validate_password(used[5], person)


def test_a_change_ends_the_sessions_elsewhere_and_leaves_a_line(cast: Cast) -> None:
    """This browser stays, with a new key; the other is out; the old password does not work."""
    here, elsewhere = Client(), Client()
    for client in (here, elsewhere):
        assert sign_in(client, "secretary", PASSWORD).status_code == 302
    before = here.session.session_key
    form = {"old_password": PASSWORD, "new_password": NEW, "repeated": NEW}
    assert here.post(reverse("password"), form).status_code == 303
    assert here.session.session_key != before
    assert here.get(reverse("account")).status_code == 200
    assert elsewhere.get(reverse("account"))["Location"].startswith(reverse("sign-in"))
    assert sign_in(Client(), "secretary", PASSWORD).status_code == 422
    assert sign_in(Client(), "secretary", NEW).status_code == 302
    line = Entry.objects.get(verb="change_password")
    assert (line.person, line.subject_id) == (cast.secretary, cast.secretary.pk)
    assert NEW not in str(line.detail)


@pytest.mark.parametrize(
    "form",
    [
        {"old_password": ""},
        {"old_password": "wrong", "new_password": NEW, "repeated": NEW},
        {"old_password": PASSWORD, "new_password": NEW, "repeated": "other"},
        {"old_password": PASSWORD, "new_password": PASSWORD, "repeated": PASSWORD},
        {"old_password": PASSWORD, "new_password": "短", "repeated": "短"},
        {"old_password": PASSWORD, "new_password": "A1-" + "x" * 5000, "repeated": "x"},
    ],
)
def test_a_faulty_change_changes_nothing(cast: Cast, form: dict[str, str]) -> None:
    """The form comes back with what is wrong beside the field."""
    answer = client_of(cast.secretary).post(reverse("password"), form)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert Person.objects.get(pk=cast.secretary.pk).check_password(PASSWORD)


def test_the_present_password_cannot_be_guessed_at(cast: Cast, settings: Any) -> None:
    """At a computer that was left open: after as many failures as at sign-in it is locked."""
    client = client_of(cast.secretary)
    form = {"new_password": NEW, "repeated": NEW}
    for number in range(settings.AXES_FAILURE_LIMIT):
        client.post(reverse("password"), {**form, "old_password": f"Wrong-Guess-{number}"})
    assert client.post(reverse("password"), {**form, "old_password": PASSWORD}).status_code == 422
    cast.secretary.refresh_from_db()
    assert cast.secretary.check_password(PASSWORD)
    assert sign_in(Client(), "secretary", PASSWORD).status_code == 429
    verbs = list(Entry.objects.filter(subject_id=cast.secretary.pk).values_list("verb", flat=True))
    assert (verbs.count("lock_out"), verbs.count("fail_sign_in")) == (1, 5)


@pytest.mark.parametrize(
    "change", [{"password": "!reset"}, {"session_round": 1}, {"is_active": False}]
)
def test_who_was_put_out_meanwhile_sets_no_password(cast: Cast, change: dict[str, Any]) -> None:
    """Between reading who it is and writing: an administrator's reset stands."""
    person = Person.objects.get(pk=cast.secretary.pk)
    Person.objects.filter(pk=person.pk).update(**change)
    with pytest.raises(Refused):
        change_password(person=person, password=NEW, by=person, at=clock.now())
    after = Person.objects.get(pk=person.pk)
    assert not after.check_password(NEW)
    assert all(getattr(after, name) == value for name, value in change.items())


def test_who_must_change_the_password_comes_to_nothing_else(cast: Cast) -> None:
    """Every page leads there, htmx too; leaving is allowed; afterwards all is open."""
    person = cast.secretary
    Person.objects.filter(pk=person.pk).update(must_set_password=True)
    client = client_of(person)
    home = reverse("branch-home", args=[cast.branch.pk])
    for address in (reverse("home"), home, reverse("account"), reverse("mfa_index")):
        assert client.get(address)["Location"] == reverse("password"), address
    assert client.get(home, headers={"HX-Request": "true"})["HX-Redirect"] == reverse("password")
    assert client.post(reverse("record-new", args=[cast.branch.pk])).status_code == 302
    page = client.get(reverse("password")).content.decode()
    assert page.count("由他人设定") == 1
    form = {"old_password": PASSWORD, "new_password": NEW, "repeated": NEW}
    assert client.post(reverse("password"), form).status_code == 303
    assert client.get(home).status_code == 200


def test_an_old_password_must_be_changed_but_not_that_of_a_demonstration(
    cast: Cast, freeze: Callable[..., None], settings: Any
) -> None:
    """After so many days; never where the setting is 0, nor for an account shown on a screen."""
    person = cast.secretary
    at = clock.now()
    change_password(person=person, password=NEW, by=person, at=at)
    client = client_of(person)
    address = reverse("account")
    freeze(at + timedelta(days=90))
    assert client.get(address).status_code == 200
    freeze(at + timedelta(days=90, seconds=1))
    assert client.get(address)["Location"] == reverse("password")
    settings.PASSWORD_DAYS = 0
    assert client.get(address).status_code == 200
    settings.PASSWORD_DAYS = 90
    Person.objects.filter(pk=person.pk).update(is_demonstration=True, must_set_password=True)
    assert client.get(address).status_code == 200


def test_signing_out_everywhere_leaves_this_browser(cast: Cast) -> None:
    """The other devices are out at their next request, whatever they ask."""
    here, elsewhere = client_of(cast.member), client_of(cast.member)
    assert here.post(reverse("sessions-end")).status_code == 303
    assert here.get(reverse("account")).status_code == 200
    assert elsewhere.get(reverse("account")).status_code == 302
    assert Entry.objects.filter(verb="end_sessions", person=cast.member).exists()
    end_sessions(person=cast.member, by=cast.member, at=clock.now())
    assert here.get(reverse("account")).status_code == 302


def test_a_session_ends_when_idle_and_when_it_is_long(
    cast: Cast, freeze: Callable[..., None], settings: Any
) -> None:
    """Thirty minutes without a request; twelve hours with as many as one likes."""
    settings.IDLE_TIME, settings.SESSION_TIME = timedelta(minutes=30), timedelta(hours=12)
    at = clock.now()
    client = client_of(cast.secretary)
    address = reverse("account")
    for minutes in (0, 29, 58, 87):
        freeze(at + timedelta(minutes=minutes))
        assert client.get(address).status_code == 200, minutes
    freeze(at + timedelta(minutes=118))
    answer = client.get(address)
    assert answer["Location"] == f"{reverse('sign-in')}?next={address}"
    assert "没有操作" in client.get(reverse("sign-in")).content.decode()
    assert Entry.objects.filter(verb="time_out", person=cast.secretary).count() == 1
    client = client_of(cast.secretary)
    began = at + timedelta(minutes=118)
    for quarter in range(1, 49):
        freeze(began + timedelta(minutes=15 * quarter))
        assert client.get(address).status_code == 200, quarter
    freeze(began + timedelta(hours=12, seconds=1))
    assert client.post(reverse("sessions-end"))["Location"] == reverse("sign-in")


def test_the_guard_costs_no_query_of_its_own(
    cast: Cast, django_assert_max_num_queries: Any
) -> None:
    """The account page: session, person, reach, and what it shows."""
    client = client_of(cast.secretary)
    with django_assert_max_num_queries(8):
        client.get(reverse("account"))
