"""Finding what was said, and taking the year along in a calendar, with a real browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from icalendar import Calendar
from playwright.sync_api import expect
from tests.browser.walking import expect_text, fits, seen, sign_in
from tests.ground.walks import DESK, PHONE, OpenPage
from tests.handbook.scene import AT, Scene, make_scene

from zhibu.network.search.services import index_changes

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.usefixtures("data_dir")


@pytest.fixture
def scene(transactional_db: None, freeze: Callable[[date], None]) -> Scene:
    """A branch that filed two meetings, indexed as the worker does."""
    freeze(AT)
    made = make_scene()
    made.file(
        made.content(topic="学习会议精神", minutes="围绕机关作风建设交流研讨，形成三条意见。" * 2)
    )
    made.file(made.content(topic="讨论发展党员"))
    index_changes(now=AT)
    return made


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_secretary_finds_what_was_said(
    scene: Scene, open_page: OpenPage, size: dict[str, int]
) -> None:
    """From any page, by the magnifier or a key; the place found shows, and opens the record."""
    page: Page = open_page(size)
    sign_in(page, scene.cast.secretary)
    if size is DESK:
        page.keyboard.press("/")
    else:
        page.click("[data-search]")
    page.wait_for_url("**/search/")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.type("作风建设")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/?q=*")
    assert fits(page)
    expect(page.locator(".finds mark").first).to_have_text("作风建设")
    expect_text(page, ".finds", "学习会议精神")
    page.click(".tabs >> text=党员")
    page.wait_for_load_state()
    expect_text(page, "main", "没有找到")
    page.fill("#q", scene.cast.members[3].name)
    page.keyboard.press("Enter")
    page.wait_for_selector(".finds mark")
    page.click(".tabs >> text=全部")
    page.wait_for_load_state()
    page.fill("#q", "机关作风")
    page.click("form.search button")
    page.click(".finds a")
    page.wait_for_url("**/r/**")
    expect_text(page, "main", "机关作风建设")


def test_a_neighbour_finds_nothing_of_it(scene: Scene, open_page: OpenPage) -> None:
    """And is told kindly what to do."""
    page = open_page(PHONE)
    sign_in(page, scene.cast.neighbour)
    page.click("[data-search]")
    page.fill("#q", "作风建设")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/?q=*")
    expect_text(page, "main", "没有找到“作风建设”")


@pytest.mark.parametrize("with_script", [True, False], ids=["script", "no script"])
def test_a_member_takes_the_table_along(
    scene: Scene, open_page: OpenPage, *, with_script: bool
) -> None:
    """From the table to an address, read by a calendar that is not signed in, and ended again."""
    page = open_page(PHONE, javascript=with_script)
    sign_in(page, scene.cast.member)
    page.goto(reverse("plan", args=(scene.branch.pk, 2026)))
    page.click("text=订阅日历")
    page.click("text=生成订阅地址")
    page.wait_for_selector(".secret-code")
    assert fits(page)
    expect(page.locator(".feed-code svg")).to_be_visible()
    address = urlsplit(seen(page, ".secret-code").strip()).path
    read = Client().get(address)
    assert len(Calendar.from_ical(read.content).walk("VEVENT")) > 5
    page.goto(reverse("feeds"))
    assert page.query_selector(".secret-code") is None
    page.click("text=停用")
    page.wait_for_load_state()
    expect_text(page, "#messages", "已停用")
    assert Client().get(address).status_code == 404
