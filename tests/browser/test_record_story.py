"""A meeting recorded on a telephone: written, lost and found again, filed, in the table and the book."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from playwright.sync_api import expect
from tests.browser.walking import expect_text, fits, sign_in
from tests.cast import Cast, make_cast
from tests.ground.walks import DESK, PHONE, Complaints, OpenPage
from tests.web.record_story import MINUTES, a_line, make_table

from zhibu.handbook.models import Record, RecordVersion
from zhibu.plans.models import Plan, PlanLine

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.usefixtures("data_dir")
TODAY = date(2026, 3, 12)


@pytest.fixture
def cast(transactional_db: None, freeze: Callable[[date], None]) -> Cast:
    freeze(TODAY)
    return make_cast()


@pytest.fixture
def plan(cast: Cast, data_dir: Path) -> Plan:
    return make_table(cast)


def start(page: Page, cast: Cast, line: PlanLine) -> None:
    """From the table's line to the open form."""
    page.goto(f"{reverse('record-new', args=[cast.branch.pk])}?line={line.pk}")
    page.get_by_role("button", name="开始记录").click()
    page.wait_for_url("**/edit/")


def test_a_meeting_on_a_telephone(cast: Cast, plan: Plan, open_page: OpenPage) -> None:
    """Recorded with one thumb; what is missing is said; filed once; the line is done, the book has it."""
    phone = open_page(PHONE)
    line = a_line(plan, "members_meeting")
    sign_in(phone, cast.secretary)
    start(phone, cast, line)
    assert fits(phone)
    expect(phone.locator("details.attendee")).to_have_count(9)
    expect_text(phone, "#still", "还缺")

    phone.fill("#topic", "一季度工作")
    phone.fill("#day", "2026-03-10")
    phone.fill("#began", "14:30")
    phone.fill("#ended", "16:00")
    phone.fill("#place", "三楼会议室")
    phone.fill("#presider", "甲一明")
    phone.fill("#minutes", MINUTES)
    expect_text(phone, "#save-state", "已保存")

    # One was away: tapped, counted, and the reason is asked for until it is there.
    away = phone.locator("details.attendee").filter(has_text="丙三强")
    away.locator("summary").click()
    away.get_by_label("请假").check()
    expect_text(phone, "#counts", "请假1人")
    expect_text(phone, "#still", "丙三强请假，请写明原因")
    away.get_by_placeholder("原因").fill("出差")
    expect_text(phone, "#still", "内容齐全")
    assert fits(phone)

    # A vote: the row comes without the page being loaded anew, the majority is judged beside it.
    phone.get_by_role("button", name="增加一项决议").click()
    phone.fill("#decision-1-text", "通过一季度工作安排")
    phone.fill("[name=decision-1-for]", "7")
    expect_text(phone, "#says-decisions-1", "通过")
    expect(phone.locator("#minutes")).to_have_value(MINUTES)

    # Another kind brings its own fields and its line, and takes them away again.
    phone.locator("#field-activities summary").click()
    phone.get_by_label("党课", exact=True).check()
    phone.locator("#element-lecturer").wait_for()
    expect(phone.locator("#field-lines input:checked")).to_have_count(2)
    # Drawn anew, the kinds are folded again.
    if not phone.locator("#field-activities details[open]").count():
        phone.locator("#field-activities summary").click()
    phone.get_by_label("党课", exact=True).uncheck()
    phone.locator("#element-lecturer").wait_for(state="detached")
    expect_text(phone, "#still", "内容齐全")

    phone.get_by_role("button", name="下一步：归档").click()
    phone.wait_for_url("**/file/")
    assert fits(phone)
    expect_text(phone, "main", "请假")
    phone.get_by_role("button", name="归档", exact=True).dblclick()
    expect_text(phone, "#messages", "已归档")
    assert RecordVersion.objects.count() == 1
    expect_text(phone, "main", "摘要码")
    assert fits(phone)
    # On paper it begins on the sheet of its heading, however long it is.
    phone.emulate_media(media="print")
    breaks = "getComputedStyle(document.querySelector('.card.sheet')).breakInside"
    assert phone.evaluate(breaks) == "auto"
    phone.emulate_media(media="screen")

    line.refresh_from_db()
    assert line.happened_on == date(2026, 3, 10)
    phone.goto(reverse("book", args=[cast.branch.pk, 2026]))
    expect_text(phone, "main", "一季度工作")
    phone.get_by_role("button", name="封存").click()
    expect_text(phone, "#messages", "已封存至第1号")
    assert fits(phone)
    phone.goto(reverse("plan", args=[cast.branch.pk, 2026]))
    assert phone.locator(f"#l{line.pk} .state.done").count() >= 1
    kept = "Object.keys(localStorage).filter(key => key.startsWith('zhibu:item:')).length"
    assert phone.evaluate(kept) == 0, "what was filed leaves no copy in the browser"


def test_a_lost_network_loses_nothing(
    cast: Cast, plan: Plan, open_page: OpenPage, complaints: Complaints
) -> None:
    """Typed without a network: saved when it is back; a closed browser offers the text again."""
    complaints.expect("ERR_INTERNET_DISCONNECTED")
    complaints.expect("htmx:sendError")
    complaints.expect("htmx:afterRequest")  # htmx tells the console what it could not send
    phone = open_page(PHONE)
    sign_in(phone, cast.secretary)
    start(phone, cast, a_line(plan, "members_meeting"))
    address, key = phone.url, phone.url.split("/")[4]

    phone.context.set_offline(True)
    phone.fill("#minutes", "断网时写下的一段")
    expect_text(phone, "#save-state", "存在本机")
    phone.context.set_offline(False)
    expect_text(phone, "#save-state", "已保存")
    draft = Record.objects.get(pk=key).draft
    assert draft is not None
    assert draft["minutes"] == "断网时写下的一段"

    phone.context.set_offline(True)
    phone.fill("#minutes", "断网时写下的一段，又写了一段")
    expect_text(phone, "#save-state", "存在本机")
    again = phone.context.new_page()
    phone.close()
    again.context.set_offline(False)
    again.goto(address)
    again.locator("#kept").wait_for()
    expect(again.locator("#minutes")).to_have_value("断网时写下的一段")
    again.get_by_role("button", name="恢复这些内容").click()
    expect_text(again, "#messages", "草稿已保存")
    expect(again.locator("#minutes")).to_have_value("断网时写下的一段，又写了一段")
    expect(again.locator("#kept")).to_be_hidden()

    # What a button saved is not offered again.
    again.fill("#topic", "按按钮保存的主题")
    again.get_by_role("button", name="保存草稿").last.click()
    expect_text(again, "#messages", "草稿已保存")
    expect(again.locator("#kept")).to_be_hidden()
    expect(again.locator("#topic")).to_have_value("按按钮保存的主题")


@pytest.fixture
def again(cast: Cast, plan: Plan, open_page: OpenPage, complaints: Complaints) -> Page:
    """A draft opened again, with what a page that was closed without a network left of it."""
    for part in ("ERR_INTERNET_DISCONNECTED", "htmx:sendError", "htmx:afterRequest"):
        complaints.expect(part)
    phone = open_page(PHONE)
    sign_in(phone, cast.secretary)
    start(phone, cast, a_line(plan, "members_meeting"))
    phone.context.set_offline(True)
    phone.fill("#minutes", "断网时写下的一段")
    expect_text(phone, "#save-state", "存在本机")
    address, context = phone.url, phone.context
    phone.close()  # before there is a network again: this page would send it
    context.set_offline(False)
    again = context.new_page()
    again.goto(address)
    again.locator("#kept").wait_for()
    return again


def test_what_is_offered_waits_for_an_answer(again: Page) -> None:
    """A button that is pressed before the question is answered does not throw away the older text."""
    again.get_by_role("button", name="增加一项决议").click()
    again.locator("#decision-1-text").wait_for()
    again.reload()
    again.locator("#kept").wait_for()
    again.get_by_role("button", name="不需要，删去").click()
    again.reload()
    expect(again.locator("#kept")).to_be_hidden()


def test_writing_on_does_not_write_over_what_is_offered(again: Page) -> None:
    """Whoever types on past the older text keeps both, and both are laid beside each other."""
    again.fill("#minutes", "后来写下的一段")
    expect_text(again, "#save-state", "已保存")
    again.reload()
    again.locator("#kept").wait_for()
    expect(again.locator("#minutes")).to_have_value("后来写下的一段")
    again.get_by_role("button", name="恢复这些内容").click()
    expect_text(again, "main", "断网时写下的一段")
    expect_text(again, "main", "后来写下的一段")
    again.get_by_label("两份都留").check()
    again.get_by_role("button", name="按选择保存").click()
    expect_text(again, "#messages", "已按您的选择保存")
    expect(again.locator("#minutes")).to_have_value("断网时写下的一段\n\n后来写下的一段")
    expect(again.locator("#kept")).to_be_hidden()


def test_what_several_pages_left_is_offered_in_turn(
    cast: Cast, plan: Plan, open_page: OpenPage, complaints: Complaints
) -> None:
    """Two pages closed without a network: the older is asked about first, then the other."""
    for part in ("ERR_INTERNET_DISCONNECTED", "htmx:sendError", "htmx:afterRequest"):
        complaints.expect(part)
    phone = open_page(PHONE)
    sign_in(phone, cast.secretary)
    start(phone, cast, a_line(plan, "members_meeting"))
    address, context = phone.url, phone.context
    for text in ("先写的一段", "后写的一段"):
        context.set_offline(True)
        phone.fill("#minutes", text)
        expect_text(phone, "#save-state", "存在本机")
        phone.close()
        context.set_offline(False)
        phone = context.new_page()
        phone.goto(address)
        phone.locator("#kept").wait_for()
    phone.get_by_role("button", name="不需要，删去").click()
    expect(phone.locator("#kept")).to_be_visible()
    phone.get_by_role("button", name="恢复这些内容").click()
    expect_text(phone, "#messages", "草稿已保存")
    expect(phone.locator("#minutes")).to_have_value("后写的一段")
    expect(phone.locator("#kept")).to_be_hidden()


def test_two_at_one_draft(cast: Cast, plan: Plan, open_page: OpenPage) -> None:
    """The second to save is told at once, sees both texts, keeps what they choose."""
    phone, desk = open_page(PHONE), open_page(DESK)
    sign_in(phone, cast.secretary)
    sign_in(desk, cast.deputy)
    start(phone, cast, a_line(plan, "members_meeting"))
    desk.goto(phone.url)
    desk.fill("#minutes", "委员写的一段<script>alert(1)</script>")
    expect_text(desk, "#save-state", "已保存")
    phone.fill("#minutes", "书记写的一段")
    expect_text(phone, "#save-state", "乙二芳")
    phone.get_by_role("button", name="对照两份内容").click()
    expect_text(phone, "main", "委员写的一段<script>")
    assert fits(phone)
    phone.get_by_label("两份都留").check()
    phone.get_by_role("button", name="按选择保存").click()
    expect_text(phone, "#messages", "已按您的选择保存")
    both = phone.input_value("#minutes")
    assert both.startswith("书记写的一段")
    assert "委员写的一段" in both


def test_without_javascript(cast: Cast, plan: Plan, open_page: OpenPage) -> None:
    """Buttons do by hand what the script does by itself; nothing typed is lost on the way."""
    page = open_page(PHONE, javascript=False)
    line = a_line(plan, "members_meeting")
    sign_in(page, cast.secretary)
    start(page, cast, line)
    page.fill("#day", "2026-03-10")
    page.fill("#began", "14:30")
    page.fill("#topic", "一季度工作")
    page.fill("#place", "三楼会议室")
    page.fill("#presider", "甲一明")
    page.fill("#minutes", MINUTES)
    page.locator("#field-activities summary").click()
    page.get_by_label("党课", exact=True).check()
    page.get_by_role("button", name="更新栏目").click()
    page.fill("#element-lecturer", "甲一明，支部书记")
    page.get_by_role("button", name="增加一项决议").click()
    page.fill("#decision-1-text", "通过")
    expect(page.locator("#element-lecturer")).to_have_value("甲一明，支部书记")
    page.get_by_role("button", name="删去第1项").click()
    away = page.locator("details.attendee").filter(has_text="戊五伟")
    away.locator("summary").click()
    away.get_by_label("缺席").check()
    away.get_by_placeholder("原因").fill("值班")
    page.get_by_role("button", name="下一步：归档").click()
    page.wait_for_url("**/file/")
    expect_text(page, "main", "戊五伟（值班）")
    page.get_by_role("button", name="归档", exact=True).click()
    expect_text(page, "#messages", "已归档")
    assert PlanLine.objects.filter(discharged_by__isnull=False).count() == 2
