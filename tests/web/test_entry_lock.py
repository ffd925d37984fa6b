"""The lock after five failures: by account and address, the same for accounts that do not exist."""

from __future__ import annotations

import re
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.test import Client, RequestFactory
from django.urls import reverse
from tests.cast import PASSWORD, Cast, client_of
from tests.web.test_entry_password import sign_in

from zhibu.ledger.models import Entry
from zhibu.org.accounts import set_active, unlock_person
from zhibu.org.services import open_account
from zhibu.web import clock
from zhibu.web.entry.lock import address_of

pytestmark = pytest.mark.django_db
_CHANGING = re.compile(r'value="[\w-]+"|"X-CSRFToken": "\w+"|\d\d:\d\d')


def fail(username: str, times: int, **more: Any) -> Any:
    answer = None
    for _ in range(times):
        answer = Client(**more).post(
            reverse("sign-in"), {"username": username, "password": "falsch"}
        )
    return answer


def test_the_fifth_failure_locks_and_says_until_when(cast: Cast) -> None:
    """Then not even the right password opens; the message says when to come back."""
    assert fail("secretary", 4).status_code == 422
    locked = fail("secretary", 1)
    assert locked.status_code == 429
    assert re.search(r"请在 \d\d:\d\d 以后再试", locked.content.decode())
    assert sign_in(Client(), "secretary", PASSWORD).status_code == 429
    assert sign_in(Client(), "SECRETARY", PASSWORD).status_code == 429
    assert sign_in(Client(), " Secretary ", PASSWORD).status_code == 429


def test_a_try_while_locked_does_not_make_it_longer(cast: Cast) -> None:
    """What was said of when to come back stays true."""
    fail("secretary", 5)
    before = AccessAttempt.objects.get().attempt_time
    fail("secretary", 3)
    assert AccessAttempt.objects.get().attempt_time == before


def test_another_address_and_another_account_are_not_locked(cast: Cast) -> None:
    """Nobody locks somebody else out from afar."""
    fail("secretary", 5)
    assert sign_in(Client(REMOTE_ADDR="10.1.2.3"), "secretary", PASSWORD).status_code == 302
    assert sign_in(Client(), "deputy", PASSWORD).status_code == 302


def test_guessing_from_many_addresses_locks_the_account(cast: Cast, settings: Any) -> None:
    """Fifty failures, four from each address, so that none of them is locked by itself."""
    settings.AXES_FAILURE_LIMIT = 5
    for number in range(12):
        fail("secretary", 4, REMOTE_ADDR=f"10.2.0.{number}")
    elsewhere = {"REMOTE_ADDR": "10.3.0.1"}
    assert sign_in(Client(**elsewhere), "secretary", PASSWORD).status_code == 302  # 48 are not yet
    for number in range(12):
        fail("secretary", 4, REMOTE_ADDR=f"10.4.0.{number}")
    fail("secretary", 2, REMOTE_ADDR="10.4.1.1")
    locked = sign_in(Client(**elsewhere), "secretary", PASSWORD)
    assert locked.status_code == 429
    assert re.search(r"请在 \d\d:\d\d 以后再试", locked.content.decode())
    assert sign_in(Client(**elsewhere), "deputy", PASSWORD).status_code == 302


def test_capitals_do_not_give_more_tries(cast: Cast) -> None:
    """However the name is written, it is one account."""
    for name in ("secretary", "Secretary", "SECRETARY", "sEcretary"):
        fail(name, 1)
    assert fail("secretarY", 1).status_code == 429


def test_nobody_learns_whether_an_account_exists(cast: Cast) -> None:
    """A wrong name, a wrong password, a closed account: the same page, before and after the lock."""
    set_active(person=cast.member, is_active=False, by=None, at=clock.now())
    closed = sign_in(Client(), "member", PASSWORD)
    wrong, unknown = fail("deputy", 1), fail("nobody-at-all", 1)
    pages = [_CHANGING.sub("", each.content.decode()) for each in (closed, wrong, unknown)]
    assert {each.status_code for each in (closed, wrong, unknown)} == {422}
    assert len(set(pages)) == 1
    fives = [fail(name, 4) for name in ("deputy", "nobody-at-all", "member")]
    assert {each.status_code for each in fives} == {429}
    assert len({_CHANGING.sub("", each.content.decode()) for each in fives}) == 1


def test_a_password_is_hashed_for_an_account_that_does_not_exist(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same work, so that the time tells nothing either."""
    hashed: list[str] = []
    from django.contrib.auth import hashers

    real = hashers.MD5PasswordHasher.encode

    def counted(self: Any, password: str, salt: str) -> str:
        hashed.append(password)
        return real(self, password, salt)

    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", counted)
    counts = []
    for name in ("deputy", "nobody-at-all"):
        hashed.clear()
        fail(name, 1)
        counts.append(len(hashed))
    assert counts[0] == counts[1] >= 1


def test_an_administrator_unlocks_and_the_ledger_has_it_all(cast: Cast) -> None:
    """Five failures, one lock, one unlocking; then the right password opens."""
    fail("secretary", 7)
    client = client_of(cast.system_admin)
    page = client.get(reverse("account-show", args=[cast.secretary.pk])).content.decode()
    assert "登录已锁定" in page
    assert client.post(reverse("account-unlock", args=[cast.secretary.pk])).status_code == 303
    assert sign_in(Client(), "secretary", PASSWORD).status_code == 302
    lines = list(
        Entry.objects.filter(subject_id=cast.secretary.pk)
        .exclude(verb__in=["open_account", "grant"])
        .order_by("id")
        .values_list("verb", flat=True)
    )
    assert sorted(lines[:6]) == ["fail_sign_in"] * 5 + ["lock_out"]
    assert lines[6:] == ["unlock", "sign_in"]


def test_a_password_typed_as_a_name_stands_nowhere(cast: Cast) -> None:
    """Neither in the ledger nor, readable, in what is kept of the request."""
    fail("Mein-Geheimnis-1", 1)
    assert not Entry.objects.filter(verb="fail_sign_in").exists()
    kept = AccessAttempt.objects.get()
    assert "falsch" not in kept.post_data
    assert "Mein-Geheimnis-1" not in kept.post_data


@pytest.mark.parametrize(
    ("proxies", "header", "expected"),
    [
        (0, "1.2.3.4", "9.9.9.9"),  # nobody of ours stands in front: the header is the caller's
        (1, "1.2.3.4", "1.2.3.4"),
        (1, "6.6.6.6, 1.2.3.4", "1.2.3.4"),  # what the caller wrote before it counts for nothing
        (2, "6.6.6.6, 1.2.3.4, 10.0.0.1", "1.2.3.4"),
        (2, "1.2.3.4", "9.9.9.9"),
        (1, "", "9.9.9.9"),
    ],
)
def test_the_address_is_what_our_own_proxy_saw(
    settings: Any, proxies: int, header: str, expected: str
) -> None:
    """A forged header does not give a new address to try from."""
    settings.PROXIES = proxies
    request = RequestFactory().get("/", headers={"X-Forwarded-For": header}, REMOTE_ADDR="9.9.9.9")
    assert address_of(request) == expected


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"username": "x" * 5000, "password": "y" * 50_000},
        {"username": "\0", "password": "\0"},
        {"username": "<script>", "password": "𠮷"},
        {"username": ["a", "b"], "password": []},
        {"login": "secretary", "password": PASSWORD},
    ],
)
def test_a_hostile_form_gets_the_page(cast: Cast, form: dict[str, Any]) -> None:
    """No failure of the program, nobody signed in."""
    client = Client()
    assert client.post(reverse("sign-in"), form).status_code in {422, 429}
    assert client.get(reverse("account")).status_code == 302


def test_where_one_was_going_is_kept_and_nowhere_else(cast: Cast) -> None:
    """An address of ours is gone to after signing in, one of another site is not."""
    ours = reverse("roster", args=[cast.branch.pk])
    assert sign_in(Client(), "secretary", PASSWORD, next=ours)["Location"] == ours
    answer = sign_in(Client(), "secretary", PASSWORD, next="https://evil.example/")
    assert "evil" not in answer["Location"]


@pytest.mark.parametrize("name", ["ß" * 64, "İstanbul" * 8, "ﬃ" * 30])
def test_a_name_that_grows_when_it_is_folded_is_unlocked_too(cast: Cast, name: str) -> None:
    """Attempts are counted under the beginning of the name; the same beginning is forgotten."""
    person = open_account(username=name, name="卯长名", password=PASSWORD, by=None, at=clock.now())
    assert fail(name, 5).status_code == 429
    assert unlock_person(person=person, by=cast.system_admin, at=clock.now()) == 1
    assert not AccessAttempt.objects.exists()
