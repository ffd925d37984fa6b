"""The second factor: who must have one, how it is asked for, how it is lost and mended."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from django.conf import settings as current
from django.test import Client
from django.urls import reverse
from tests.cast import AT, PASSWORD, Cast, client_of
from tests.web.test_entry_invitations import make_slip
from tests.web.test_entry_password import NEW, sign_in

from zhibu.ledger.models import Entry
from zhibu.org.models import Grant
from zhibu.org.services import grant_role
from zhibu.people.models import Person
from zhibu.people.roles import EXCLUSIVE, Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_dir", "codes_stand")]


def code_for(secret: str, *, step: int = 0) -> str:
    """What a telephone would show now, or half a minute before or after."""
    counter = int(auth.time.time()) // 30 + step
    return str(auth.format_hotp_value(auth.hotp_value(secret, counter)))


def set_up_totp(client: Client) -> str:
    """Through the pages; the secret."""
    page = client.get(reverse("mfa_activate_totp"))
    assert page.status_code == 200, page["Location"]
    secret: str = page.context["form"].secret
    answer = client.post(reverse("mfa_activate_totp"), {"code": code_for(secret, step=-1)})
    assert answer["Location"] == reverse("mfa_view_recovery_codes")
    return secret


def enrolled(person: Person) -> tuple[Client, str]:
    """A browser in which the person has just set up a code, and the secret."""
    client = Client()
    assert sign_in(client, person.username, PASSWORD).status_code == 302
    return client, set_up_totp(client)


def ask_for_code(person: Person, password: str = PASSWORD) -> Client:
    """A new browser, at the second step."""
    client = Client()
    answer = sign_in(client, person.username, password)
    assert answer["Location"] == reverse("mfa_authenticate")
    return client


def give(client: Client, code: str) -> Any:
    return client.post(reverse("mfa_authenticate"), {"code": code})


@pytest.mark.parametrize("who", ["system_admin", "security_admin", "audit_admin"])
def test_a_role_that_demands_it_opens_nothing_before(cast: Cast, settings: Any, who: str) -> None:
    """Every page leads to the set-up; once it is there, all is open; others are not asked."""
    settings.MFA_ROLES = EXCLUSIVE
    person = getattr(cast, who)
    client = Client()
    sign_in(client, person.username, PASSWORD)
    for address in (reverse("home"), reverse("accounts"), reverse("account"), reverse("ledger")):
        assert client.get(address)["Location"] == reverse("mfa_index"), address
    assert client.post(reverse("account-open"), {"username": "x"}).status_code == 302
    assert "须设置第二重验证" in client.get(reverse("mfa_index")).content.decode()
    set_up_totp(client)
    assert client.get(reverse("account")).status_code == 200
    other = Client()
    sign_in(other, "secretary", PASSWORD)
    assert other.get(reverse("account")).status_code == 200


def test_a_role_granted_at_noon_demands_at_the_next_request(cast: Cast, settings: Any) -> None:
    """And one that is taken back no longer does."""
    settings.MFA_ROLES = frozenset({Role.OFFICE})
    client = client_of(cast.nobody)
    assert client.get(reverse("account")).status_code == 200
    grant_role(
        person=cast.nobody, role=Role.OFFICE, organization=cast.committee, since=AT, by=None, at=AT
    )
    assert client.get(reverse("account"))["Location"] == reverse("mfa_index")
    Grant.objects.filter(person=cast.nobody).delete()
    assert client.get(reverse("account")).status_code == 200


def test_password_alone_does_not_open_an_account_with_a_second_factor(cast: Cast) -> None:
    """Until the code is there nobody is signed in; the right one opens, and the key is new."""
    _, secret = enrolled(cast.member)
    client = ask_for_code(cast.member)
    assert client.get(reverse("account")).status_code == 302
    assert "_auth_user_id" not in client.session
    before = client.session.session_key
    assert give(client, "000000").status_code == 422
    assert give(client, code_for(secret))["Location"] == reverse("home")
    assert client.session.session_key != before
    assert client.get(reverse("account")).status_code == 200


def test_a_code_is_good_once(cast: Cast) -> None:
    """Not for a second browser, nor one of an earlier half-minute after a later one."""
    _, secret = enrolled(cast.member)
    code = code_for(secret)
    first, second = ask_for_code(cast.member), ask_for_code(cast.member)
    assert give(first, code).status_code == 302
    for again in (code, code_for(secret, step=-1)):
        answer = give(second, again)
        assert answer.status_code == 422
        assert "不正确" in answer.content.decode()


def test_five_wrong_codes_lock_as_five_wrong_passwords_do(cast: Cast) -> None:
    """The sixth is not looked at, right or wrong; a password does not begin the count anew."""
    _, secret = enrolled(cast.member)
    for number in range(4):
        client = ask_for_code(cast.member)
        assert give(client, "000000").status_code == 422, number
    assert give(client, "000000").status_code == 429
    assert give(client, code_for(secret)).status_code == 429
    assert sign_in(Client(), "member", PASSWORD).status_code == 429
    assert Entry.objects.filter(verb="lock_out", subject_id=cast.member.pk).count() == 1


def test_a_recovery_code_opens_once(cast: Cast) -> None:
    """Eight of them, shown after the set-up; each is gone when it was used."""
    client, _ = enrolled(cast.member)
    page = client.get(reverse("mfa_view_recovery_codes")).content.decode()
    codes = re.findall(r"<code>(\d+)</code>", page)
    assert len(codes) == 8
    assert give(ask_for_code(cast.member), codes[3]).status_code == 302
    assert give(ask_for_code(cast.member), codes[3]).status_code == 422
    assert give(ask_for_code(cast.member), codes[4]).status_code == 302


def test_the_secret_is_encrypted_where_it_lies(cast: Cast) -> None:
    """Whoever copies the database alone can make no code."""
    _, secret = enrolled(cast.member)
    kept = Authenticator.objects.get(type="totp")
    assert secret not in str(kept.data)
    assert kept.wrap().validate_code(code_for(secret, step=1))


def test_without_its_key_a_factor_does_not_open_and_can_be_taken_away(cast: Cast) -> None:
    """A database restored without its keys: no failure of the program; the administrator helps."""
    _, secret = enrolled(cast.member)
    (current.KEYS_DIR / "factor-key").write_text("00" * 32, encoding="ascii")
    from zhibu.ledger import keys

    keys._read_master.cache_clear()
    assert give(ask_for_code(cast.member), code_for(secret)).status_code == 422
    make_slip(cast, cast.member, without_factors="on")
    assert not Authenticator.objects.filter(user=cast.member).exists()


def test_an_administrator_takes_it_away_with_a_trace(cast: Cast, settings: Any) -> None:
    """The lost telephone: new slip, no factor, told at the next sign-in, demanded again at once."""
    settings.MFA_ROLES = frozenset({Role.MEMBER})
    inside, _ = enrolled(cast.member)
    code = make_slip(cast, cast.member, without_factors="on")
    assert inside.get(reverse("account")).status_code == 302
    line = Entry.objects.get(verb="recover")
    assert line.person == cast.system_admin
    assert line.detail["factors_removed"] is True
    client = Client()
    client.post(reverse("invitation", args=[code]), {"new_password": NEW, "repeated": NEW})
    assert client.get(reverse("home"))["Location"] == reverse("mfa_index")
    assert "由管理员重置" in client.get(reverse("mfa_index")).content.decode()
    set_up_totp(client)


def test_a_reset_alone_leaves_the_second_factor(cast: Cast) -> None:
    """Whoever got hold of a slip still needs the telephone."""
    _, secret = enrolled(cast.member)
    code = make_slip(cast, cast.member)
    client = Client()
    answer = client.post(reverse("invitation", args=[code]), {"new_password": NEW, "repeated": NEW})
    assert answer["Location"] == reverse("mfa_authenticate")
    assert client.get(reverse("account")).status_code == 302
    assert give(client, code_for(secret)).status_code == 302


def test_the_last_factor_stays_while_a_role_demands_it(
    cast: Cast, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    """Others may take it away, and the recovery codes go with it."""
    with django_capture_on_commit_callbacks(execute=True):
        client, _ = enrolled(cast.member)
    settings.MFA_ROLES = frozenset({Role.MEMBER})
    address = reverse("mfa_deactivate_totp")
    assert "不能移除最后一种" in client.get(address).content.decode()
    client.post(address)
    assert Authenticator.objects.filter(user=cast.member, type="totp").exists()
    settings.MFA_ROLES = frozenset()
    assert client.post(address).status_code == 302
    assert not Authenticator.objects.filter(user=cast.member).exists()
    verbs = Entry.objects.filter(subject_id=cast.member.pk).values_list("verb", flat=True)
    assert {"add_factor", "remove_factor"} <= set(verbs)


@pytest.mark.parametrize(
    "name", ["mfa_activate_totp", "mfa_add_webauthn", "mfa_generate_recovery_codes"]
)
def test_an_open_computer_is_not_enough_to_change_it(cast: Cast, name: str) -> None:
    """Who signed in long ago is asked for the password again, and then comes where they wanted."""
    client = client_of(cast.member)  # without a moment of signing in by password
    answer = client.get(reverse(name))
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    assert client.post(answer["Location"], {"password": "wrong"}).status_code == 200
    passed = client.post(answer["Location"], {"password": PASSWORD})
    assert passed["Location"] == reverse(name)
    assert client.get(reverse(name)).status_code == 200


@pytest.mark.parametrize("code", ["", "12345", "1" * 500, "<b>", "𠮷", "\0", "１２３４５６"])
def test_a_hostile_code_gets_the_page(cast: Cast, code: str) -> None:
    """At sign-in and at the set-up."""
    enrolled(cast.member)
    assert give(ask_for_code(cast.member), code).status_code == 422
    other = Client()
    sign_in(other, "deputy", PASSWORD)
    other.get(reverse("mfa_activate_totp"))
    assert other.post(reverse("mfa_activate_totp"), {"code": code}).status_code == 200


@pytest.mark.parametrize("credential", ["", "{}", "[]", "null", "x", '{"id": 1, "response": {}}'])
def test_a_hostile_key_gets_the_page(cast: Cast, credential: str) -> None:
    """Nobody is signed in by a passkey that is none; nothing fails."""
    client = Client()
    assert client.get(reverse("mfa_login_webauthn"), headers={"Accept": "application/json"}).json()
    answer = client.post(reverse("mfa_login_webauthn"), {"credential": credential})
    assert answer.status_code in {200, 302}
    assert client.get(reverse("account")).status_code == 302
    enrolled(cast.member)
    second = ask_for_code(cast.member)
    assert second.post(reverse("mfa_authenticate"), {"credential": credential}).status_code == 422
    inside = Client()
    sign_in(inside, "deputy", PASSWORD)
    inside.get(reverse("mfa_add_webauthn"))
    form = {"credential": credential, "name": "甲"}
    assert inside.post(reverse("mfa_add_webauthn"), form).status_code == 200


def test_the_pages_keep_to_the_policy_and_speak_chinese(cast: Cast) -> None:
    """No script or style in the page; nothing of the library's English."""
    client, _ = enrolled(cast.member)
    asked = ask_for_code(cast.member)
    pages = [asked.get(reverse("mfa_authenticate"))]
    pages += [
        client.get(reverse(name))
        for name in (
            "account", "mfa_index", "mfa_deactivate_totp", "mfa_view_recovery_codes",
            "mfa_generate_recovery_codes", "mfa_list_webauthn", "mfa_add_webauthn", "password",
            "account_reauthenticate", "mfa_reauthenticate",
        )
    ]  # fmt: skip
    for page in pages:
        assert page.status_code == 200, page.request["PATH_INFO"]
        body = page.content.decode()
        assert "script-src 'self'" in page["Content-Security-Policy"]
        assert not re.search(r"<script(?![^>]*(src=|type=\"application/json\"))", body)
        assert not re.search(r"\son\w+=|style=", body.split("<body", 1)[1])
        text = re.sub(r"<script.*?</script>|<[^>]+>", " ", body.split("<h1", 1)[1], flags=re.DOTALL)
        assert not re.search(r"[a-z]{5,}", text.replace("member", "")), text
