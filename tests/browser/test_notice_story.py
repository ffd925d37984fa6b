"""A secretary is told: the bell, the list, the mail address with its code, a robot; also without script."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from playwright.sync_api import expect
from tests.browser.walking import expect_text, fits, sign_in
from tests.cast import Cast, make_cast
from tests.ground.walks import DESK, PHONE, OpenPage
from tests.network.servers import Hook, Post, chat_tool, mail_server

from zhibu.network.notices.models import Kind
from zhibu.network.notices.services import tell
from zhibu.ops.couriers import deliver, spread_and_verify
from zhibu.people.roles import Verb

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.usefixtures("data_dir")
NOW = datetime(2026, 3, 12, 10, 30, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def cast(transactional_db: None, freeze: Callable[[datetime], None]) -> Cast:
    freeze(NOW)
    made = make_cast()
    for once, title in (("a", "请于3月31日前报送整改情况"), ("b", "新文件：学习安排")):
        tell(
            people=[made.secretary.pk], kind=Kind.TASK, title=title, once=once, subject="", at=NOW,
            address=reverse("branch-home", args=[made.branch.pk]), verb=Verb.SEE_BRANCH,
            organization_id=made.branch.pk,
        )  # fmt: skip
    return made


@pytest.fixture
def post(settings: Any) -> Iterator[Post]:
    with mail_server(settings) as server:
        yield server


@pytest.fixture
def hook(settings: Any) -> Iterator[Hook]:
    with chat_tool(settings) as server:
        yield server


def _set_mail(page: Page, post: Post) -> None:
    page.goto(reverse("notice-settings"))
    assert fits(page)
    page.get_by_label("邮箱", exact=True).fill("jia@example.org")
    page.get_by_role("button", name="发送验证码").click()
    page.get_by_text("验证码正在发送").wait_for()
    spread_and_verify()
    code = re.search(r"\d{6}", post.mails[0]["Subject"])
    assert code is not None
    page.get_by_label("验证码", exact=True).fill(code[0])
    page.get_by_role("button", name="验证", exact=True).click()
    page.get_by_text("邮箱已经验证").wait_for()


def test_told_on_the_telephone(
    cast: Cast, open_page: OpenPage, post: Post, freeze: Callable[[datetime], None]
) -> None:
    """The number, the list, opening one; then by mail, tried, and what is new comes there."""
    page = open_page(PHONE)
    sign_in(page, cast.secretary)
    expect_text(page, "#unread .unread", "2")
    page.locator("a.tool", has=page.locator("#unread")).click()
    expect(page.locator("h1")).to_have_text("通知")
    assert fits(page)
    page.get_by_role("link", name="新文件：学习安排").click()
    page.wait_for_url(re.compile(str(cast.branch.pk)))
    expect_text(page, "#unread .unread", "1")
    page.goto(reverse("notice-list"))
    expect(page.locator(".notices .new")).to_have_count(1)
    page.get_by_role("button", name="全部标为已读").click()
    page.get_by_text("已将1条通知标为已读").wait_for()
    expect(page.locator("#unread .unread")).to_have_count(0)

    _set_mail(page, post)
    page.get_by_role("button", name="发一条试试").click()
    page.get_by_text("正在发送，结果稍后显示").wait_for()
    assert fits(page)
    deliver()
    # The part asks again by itself.
    expect_text(page, "#channels .state", "可以使用")
    assert "试发" in post.mails[1]["Subject"]


def test_a_robot_at_the_desk(cast: Cast, open_page: OpenPage, hook: Hook) -> None:
    """Added, tried, refused by the tool with a reason, in order again."""
    page = open_page(DESK)
    sign_in(page, cast.secretary)
    page.goto(reverse("more"))
    page.get_by_role("link", name="群机器人").click()
    page.get_by_role("link", name="添加群机器人").click()
    page.get_by_label("机器人的网址").fill("https://example.org/")
    page.get_by_role("button", name="保存").click()
    page.get_by_text("请完整复制").wait_for()
    page.get_by_label("机器人的网址").fill(f"{hook.address}/cgi-bin/webhook/send?key=abcdef123456")
    page.get_by_label("名称").fill("一支部工作群")
    page.get_by_role("button", name="保存").click()
    hook.manner = "refuses"
    page.get_by_role("button", name="发一条试试").click()
    deliver()
    expect_text(page, "#robots .state", "发送不成功")
    expect_text(page, "#robots", "没有接受（代码 93000）")
    assert "abcdef123456" not in page.content()
    assert fits(page)


def test_without_script(cast: Cast, open_page: OpenPage, post: Post) -> None:
    """The bell is a plain link; everything is a form that comes back with a message."""
    page = open_page(PHONE, javascript=False)
    sign_in(page, cast.secretary)
    page.locator("a.tool", has=page.locator("#unread")).click()
    expect(page.locator(".notices .new")).to_have_count(2)
    page.get_by_role("link", name="通知设置").first.click()
    _set_mail(page, post)
    page.get_by_role("button", name="发一条试试").click()
    deliver()
    page.goto(reverse("notice-settings"))
    expect_text(page, "#channels", "可以使用")
    page.get_by_label("什么时候发").select_option("17")
    page.get_by_role("button", name="保存").click()
    page.get_by_text("接收时间已保存").wait_for()
