"""Getting in with a real browser: slip, link, password, second factor, passkey, with and without script."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse
from tests.browser.walking import expect_text, fits, seen
from tests.cast import Cast, make_cast
from tests.ground.walks import DESK, PHONE, OpenPage
from tests.web.test_entry_factors import code_for
from tests.web.test_entry_password import NEW

from zhibu.org.services import grant_role
from zhibu.people.models import Person
from zhibu.people.roles import Role
from zhibu.web import clock

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.usefixtures("data_dir", "codes_stand")
SIGN_IN = "/sign-in/"


@pytest.fixture
def cast(transactional_db: None, freeze: Callable[[date], None], settings: Any) -> Cast:
    """The cast; whoever is secretary must have a second factor."""
    freeze(date(2026, 3, 12))
    made = make_cast()
    settings.MFA_ROLES = frozenset({Role.SECRETARY})
    return made


def sign_in(page: Page, username: str, password: str) -> None:
    page.goto(SIGN_IN)
    page.fill("#id_username", username)
    page.fill("#id_password", password)
    page.get_by_role("button", name="登录", exact=True).click()


def add_authenticator(page: Page) -> None:
    """What a telephone or a computer with a fingerprint has built in."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


def print_slip(page: Page) -> str:
    """The system administrator opens an account and reads the link off the slip."""
    sign_in(page, "system", "test-only-Passw0rd")
    page.goto(reverse("account-open"))
    page.fill("#id_username", "xinshuji")
    page.fill("#id_name", "午书记")
    page.get_by_role("button", name="建立并生成邀请单").click()
    page.locator(".slip svg").wait_for()
    assert fits(page)
    return seen(page, ".slip-link")


@pytest.mark.parametrize("javascript", [True, False])
def test_from_the_slip_to_the_first_page(cast: Cast, open_page: OpenPage, javascript: bool) -> None:
    """A new secretary, on a telephone: link, password, TOTP, home; the next time with the code."""
    link = print_slip(open_page(DESK, javascript=javascript))
    person = Person.objects.get(username="xinshuji")
    at = clock.now()
    grant_role(
        person=person, role=Role.SECRETARY, organization=cast.branch, since=at, by=None, at=at
    )
    phone = open_page(PHONE, javascript=javascript)
    phone.goto(link)
    expect_text(phone, "main", "午书记")
    phone.fill("#id_new_password", "zhibu")
    phone.fill("#id_repeated", "zhibu")
    phone.get_by_role("button", name="设定密码并登录").click()
    expect_text(phone, "main", "不少于")
    phone.fill("#id_new_password", NEW)
    phone.fill("#id_repeated", NEW)
    phone.get_by_role("button", name="设定密码并登录").click()

    phone.wait_for_url(f"**{reverse('mfa_index')}")
    expect_text(phone, "#messages", "须设置第二重验证")
    phone.get_by_role("link", name="设置动态口令").click()
    phone.locator("img[alt^=二维码]").wait_for()
    secret = seen(phone, "main code")
    phone.fill("#id_code", "000000")
    phone.get_by_role("button", name="启用").click()
    expect_text(phone, "main", "不正确")
    phone.fill("#id_code", code_for(secret))
    phone.get_by_role("button", name="启用").click()
    phone.wait_for_url(f"**{reverse('mfa_view_recovery_codes')}")
    assert len(re.findall(r"\d{8}", seen(phone))) == 8
    phone.get_by_role("link", name="已保存，继续").click()
    phone.wait_for_url(f"**{reverse('branch-home', args=[cast.branch.pk])}")
    assert fits(phone) if javascript else True

    phone.get_by_role("button", name="退出").click()
    sign_in(phone, "xinshuji", NEW)
    phone.wait_for_url(f"**{reverse('mfa_authenticate')}")
    phone.fill("#id_code", code_for(secret, step=1))
    phone.get_by_role("button", name="登录", exact=True).click()
    phone.wait_for_url(f"**{reverse('branch-home', args=[cast.branch.pk])}")
    phone.goto(link)
    expect_text(phone, "main", "已经用过")


def test_a_passkey_added_used_alone_and_after_the_password(cast: Cast, open_page: OpenPage) -> None:
    """The ceremony runs under our policy; without a key of one's own there is a sentence."""
    page = open_page(PHONE)
    add_authenticator(page)
    sign_in(page, "member", "test-only-Passw0rd")
    home = f"**{reverse('branch-home', args=[cast.branch.pk])}"
    page.wait_for_url(home)
    page.goto(reverse("mfa_index"))
    page.get_by_role("link", name="添加通行密钥").click()
    page.fill("#id_name", "本人手机")
    page.get_by_role("button", name="添加", exact=True).click()
    page.wait_for_url(f"**{reverse('mfa_view_recovery_codes')}")
    page.goto(reverse("mfa_list_webauthn"))
    expect_text(page, "main", "本人手机")
    expect_text(page, "main", "可以单独登录")
    assert fits(page)

    page.get_by_role("button", name="退出").click()
    page.get_by_role("button", name="用通行密钥登录").click()
    page.wait_for_url(home)

    page.get_by_role("button", name="退出").click()
    sign_in(page, "member", "test-only-Passw0rd")
    page.wait_for_url(f"**{reverse('mfa_authenticate')}")
    page.get_by_role("button", name="用通行密钥").click()
    page.wait_for_url(home)

    other = open_page(DESK)
    session = other.context.new_cdp_session(other)
    session.send("WebAuthn.enable")
    other.goto(SIGN_IN)
    other.evaluate(
        "() => { navigator.credentials.get = async () => {"
        " throw new DOMException('', 'NotAllowedError'); }; }"
    )
    other.get_by_role("button", name="用通行密钥登录").click()
    other.get_by_text("没有完成，请重试").wait_for()
