"""On a telephone: installed, a record written without a network, filed later, once; nobody else sees it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from django.http import HttpResponse
from django.urls import reverse
from playwright.sync_api import expect
from tests.browser.test_record_story import start
from tests.browser.walking import expect_text, fits, seen, sign_in
from tests.cast import Cast, make_cast
from tests.ground.walks import DESK, PHONE, Complaints, OpenPage
from tests.web.record_story import MINUTES, a_line, make_table

from zhibu.handbook.models import Record, RecordVersion
from zhibu.plans.models import Plan
from zhibu.web.views import mobile

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

pytestmark = pytest.mark.usefixtures("data_dir")
TODAY = date(2026, 3, 12)


@pytest.fixture
def cast(transactional_db: None, freeze: Callable[[date], None]) -> Cast:
    freeze(TODAY)
    return make_cast()


@pytest.fixture
def plan(cast: Cast, data_dir: Path) -> Plan:
    return make_table(cast)


LOST = (
    "ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "htmx:afterRequest", "htmx:sendError",
    "htmx:responseError", "502", "Status Error Code 403",
)  # fmt: skip


@pytest.fixture
def phone(open_page: OpenPage, complaints: Complaints) -> Page:
    """A telephone on which the worker runs."""
    for part in LOST:
        complaints.expect(part)
    return open_page(PHONE, worker=True)


@pytest.fixture(params=["worker", "no-https"])
def any_phone(request: pytest.FixtureRequest, open_page: OpenPage, complaints: Complaints) -> Page:
    """A telephone with the worker, and one in an intranet without HTTPS, where there can be none."""
    for part in LOST:
        complaints.expect(part)
    is_plain = request.param == "no-https"
    return open_page(PHONE, worker=not is_plain, plain=is_plain)


ITEMS = "Object.keys(localStorage).filter((name) => name.startsWith('zhibu:item:'))"


def until(page: Page, expression: str) -> None:
    """Until this holds; asked again and again, since the policy lets no page evaluate text."""
    for _ in range(100):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(150)
    raise AssertionError(expression)


def ready(page: Page) -> None:
    """Until the worker is in charge of the page."""
    until(page, "navigator.serviceWorker.controller !== null")


def write(page: Page, topic: str = "一季度党员大会", absent: str = "") -> None:
    page.get_by_label("支部党员大会").check()
    page.fill("#later-topic", topic)
    page.fill("#later-day", "2026-03-10")
    page.fill("#later-began", "14:30")
    page.fill("#later-ended", "16:00")
    page.fill("#later-place", "三楼会议室")
    page.fill("#later-presider", "甲一明")
    page.fill("#later-agenda", "听取工作报告，讨论计划。")
    page.fill("#later-minutes", MINUTES)
    page.fill("#later-absent", absent)


def fill_form(page: Page, topic: str = "一季度工作") -> None:
    """All that the form of a members' meeting asks for."""
    for field, value in (
        ("topic", topic), ("day", "2026-03-10"), ("began", "14:30"), ("ended", "16:00"),
        ("place", "三楼会议室"), ("presider", "甲一明"), ("agenda", "听取工作报告。"),
        ("minutes", MINUTES),
    ):  # fmt: skip
        page.fill(f"#{field}", value)


def until_sent(page: Page) -> None:
    until(page, f"{ITEMS}.length === 0")


def test_written_without_a_network_and_filed_once(
    cast: Cast, plan: Plan, phone: Page, open_page: OpenPage
) -> None:
    """Filled in offline, the page closed and opened again, back in the network: filed exactly once."""
    sign_in(phone, cast.secretary)
    ready(phone)
    context = phone.context
    context.set_offline(True)
    phone.goto(reverse("record-list", args=[cast.branch.pk]))
    expect(phone.locator("h1")).to_have_text("离线记录")
    assert fits(phone)
    write(phone, absent="丙三强（出差）")
    phone.get_by_role("button", name="写好了，联网后归档").click()
    expect_text(phone, "#later-state", "已存在本机")
    phone.close()

    again, other = context.new_page(), context.new_page()
    for page in (again, other):
        page.goto(reverse("home"))
        expect_text(page, "#later-kept", "一季度党员大会")
    assert not RecordVersion.objects.exists()
    context.set_offline(False)  # both tabs hear of it
    until_sent(again)
    until_sent(other)
    for page in (again, other):
        page.goto(reverse("record-list", args=[cast.branch.pk]))
    version = RecordVersion.objects.get()
    assert Record.objects.count() == 1
    assert version.topic == "一季度党员大会"
    assert version.happened_on == date(2026, 3, 10)
    line = a_line(plan, "members_meeting")
    assert line.discharged_by == version.record_id


def test_what_was_written_offline_is_opened_again_and_dropped(
    cast: Cast, plan: Plan, phone: Page
) -> None:
    """Before it is sent it can be changed, and given up after one more question."""
    sign_in(phone, cast.secretary)
    ready(phone)
    phone.context.set_offline(True)
    phone.goto(reverse("home"))
    phone.get_by_role("button", name="存草稿").click()
    expect(phone.locator("#later-kept li")).to_have_count(0)
    write(phone, topic="先写的题目")
    phone.get_by_role("button", name="存草稿").click()
    expect_text(phone, "#later-kept", "先写的题目")
    phone.get_by_role("button", name="修改").click()
    expect(phone.locator("#later-minutes")).to_have_value(MINUTES)
    expect(phone.get_by_label("支部党员大会")).to_be_checked()
    phone.fill("#later-topic", "改过的题目")
    phone.get_by_role("button", name="存草稿").click()
    expect_text(phone, "#later-kept", "改过的题目")
    expect(phone.locator("#later-kept li")).to_have_count(1)
    phone.get_by_text("删去", exact=True).click()
    phone.get_by_role("button", name="确认删去").click()
    phone.locator("#later-kept li").wait_for(state="detached")
    assert fits(phone)


def test_an_open_form_survives_the_network(cast: Cast, plan: Plan, any_phone: Page) -> None:
    """A form that was open is sent when the network is back: saved and filed, once."""
    phone = any_phone
    sign_in(phone, cast.secretary)
    start(phone, cast, a_line(plan, "members_meeting"))
    phone.context.set_offline(True)
    fill_form(phone)
    expect_text(phone, "#save-state", "已存在本机")
    phone.get_by_role("button", name="下一步：归档").click()
    expect_text(phone, "#save-state", "联网后自动归档")
    expect(phone.locator("#minutes")).to_have_value(MINUTES)
    phone.context.set_offline(False)
    until_sent(phone)
    expect_text(phone, "#messages", "已归档")
    assert RecordVersion.objects.get().topic == "一季度工作"


def test_whoever_writes_on_files_by_hand(cast: Cast, plan: Plan, any_phone: Page) -> None:
    """Filing asked for without a network is withdrawn by the next letter: only the draft is saved."""
    phone = any_phone
    sign_in(phone, cast.secretary)
    start(phone, cast, a_line(plan, "members_meeting"))
    phone.context.set_offline(True)
    fill_form(phone)
    phone.get_by_role("button", name="下一步：归档").click()
    expect_text(phone, "#save-state", "联网后自动归档")
    phone.fill("#topic", "还没有写完")
    expect_text(phone, "#save-state", "联网后自动保存")
    phone.context.set_offline(False)
    until_sent(phone)
    draft = Record.objects.get().draft
    assert draft is not None
    assert draft["topic"] == "还没有写完"
    assert not RecordVersion.objects.exists()
    phone.get_by_role("button", name="下一步：归档").click()
    phone.wait_for_url("**/file/")


@pytest.mark.parametrize("how", ["offline", "dead", "lost"])
def test_filing_that_gets_no_answer_files_once(
    cast: Cast, plan: Plan, open_page: OpenPage, complaints: Complaints, how: str
) -> None:
    """No network, a dead server, an answer that was lost on the way back: filed exactly once."""
    for part in LOST:
        complaints.expect(part)
    phone = open_page(PHONE, plain=how != "lost")
    sign_in(phone, cast.secretary)
    start(phone, cast, a_line(plan, "members_meeting"))
    fill_form(phone)
    expect_text(phone, "#save-state", "已保存")
    phone.get_by_role("button", name="下一步：归档").click()
    phone.wait_for_url("**/file/")
    if how == "offline":
        phone.context.set_offline(True)
    else:
        phone.route("**/file/", _kill if how == "dead" else _lose)
    phone.locator("main button.primary").click()
    expect_text(phone, "#save-state", "联网后自动归档")
    context = phone.context
    phone.close()
    context.set_offline(False)
    again = context.new_page()
    again.goto(reverse("home"))
    expect_text(again, "#messages", "一季度工作”：已归档")
    until_sent(again)
    assert RecordVersion.objects.count() == 1


def _kill(route: Route) -> None:
    route.fulfill(status=502, body="")


def _lose(route: Route) -> None:
    route.fetch(max_redirects=0)
    route.abort()


def test_two_who_wrote_meanwhile_see_both_texts(
    cast: Cast, plan: Plan, open_page: OpenPage, complaints: Complaints
) -> None:
    """What comes too late is not put over another's: it stays here, is offered, and both are shown."""
    for part in LOST:
        complaints.expect(part)
    phone, desk = open_page(PHONE, plain=True), open_page(DESK)
    sign_in(phone, cast.secretary)
    sign_in(desk, cast.deputy)
    start(phone, cast, a_line(plan, "members_meeting"))
    path = urlsplit(phone.url).path
    phone.context.set_offline(True)
    phone.fill("#minutes", "书记离线写的一段")
    expect_text(phone, "#save-state", "已存在本机")
    context = phone.context
    phone.close()
    desk.goto(path)
    desk.fill("#minutes", "委员写的一段")
    expect_text(desk, "#save-state", "已保存")
    context.set_offline(False)
    again = context.new_page()
    again.goto(reverse("home"))
    again.locator("#messages").get_by_role("link", name="查看").click()
    again.wait_for_url(f"**{path}")
    expect(again.locator("#minutes")).to_have_value("委员写的一段")
    again.get_by_role("button", name="恢复这些内容").click()
    expect_text(again, "main", "两人同时修改")
    again.get_by_label("两份都留").check()
    again.get_by_role("button", name="按选择保存").click()
    expect_text(again, "#messages", "已按您的选择保存")
    assert "书记离线写的一段" in again.input_value("#minutes")
    expect(again.locator("#kept")).to_be_hidden()
    until_sent(again)


def test_what_was_kept_is_nobody_elses(
    cast: Cast, plan: Plan, phone: Page, complaints: Complaints
) -> None:
    """The session ends: nothing is sent, and the sign-in page says that something waits."""
    sign_in(phone, cast.secretary)
    ready(phone)
    phone.context.set_offline(True)
    phone.goto(reverse("home"))
    write(phone, topic="只有本人可见")
    phone.get_by_role("button", name="存草稿").click()
    expect_text(phone, "#later-state", "已存在本机")
    cookies = phone.context.cookies()
    phone.context.clear_cookies()
    phone.context.set_offline(False)
    phone.goto(reverse("sign-in"))
    expect_text(phone, "#messages", "登录后自动提交")
    assert not Record.objects.exists()
    assert "只有本人可见" not in seen(phone, "body")
    phone.context.add_cookies(cookies)  # type: ignore[arg-type]
    phone.goto(reverse("own"))
    until_sent(phone)
    page_text = phone.evaluate(
        "caches.keys().then(async (names) => (await Promise.all(names.map(async (name) =>"
        " (await (await caches.open(name)).keys()).map((r) => new URL(r.url).pathname)))).flat())"
    )
    assert all(path.startswith("/static/") or path == reverse("offline") for path in page_text)


def test_signing_out_forgets_who_was_here(
    cast: Cast, plan: Plan, phone: Page, complaints: Complaints, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server fails: it is kept. Signed out nothing shows, nor to the next one; then it is sent."""
    complaints.expect("later/")
    complaints.expect("500")
    sign_in(phone, cast.secretary)
    ready(phone)
    phone.context.set_offline(True)
    phone.goto(reverse("home"))
    write(phone, topic="只有本人可见")
    phone.get_by_role("button", name="存草稿").click()
    expect_text(phone, "#later-state", "已存在本机")
    with monkeypatch.context() as broken:
        broken.setattr(mobile, "take", _fail)
        # It is sent as soon as there is a network, by this page or the next one.
        with phone.expect_response(lambda answer: answer.request.method == "POST") as sent:
            phone.context.set_offline(False)
            phone.goto(reverse("own"))
        assert sent.value.status == 500
        phone.get_by_role("button", name="退出").click()
        phone.wait_for_url("**/sign-in/**")
    phone.context.set_offline(True)
    phone.goto(reverse("home"))
    expect(phone.locator("h1")).to_have_text("离线记录")
    expect(phone.locator("#later-form")).to_be_hidden()
    assert "只有本人可见" not in seen(phone, "body")
    phone.context.set_offline(False)
    sign_in(phone, cast.deputy)
    phone.goto(reverse("offline"))
    phone.locator("#later-form").wait_for()
    assert "只有本人可见" not in seen(phone, "body")
    phone.get_by_role("button", name="退出").click()
    phone.wait_for_url("**/sign-in/**")
    assert not Record.objects.exists()
    sign_in(phone, cast.secretary)
    until_sent(phone)
    assert Record.objects.get().drafted_by == cast.secretary


def test_an_open_form_is_not_sent_by_the_next_person(
    cast: Cast, plan: Plan, open_page: OpenPage, complaints: Complaints
) -> None:
    """Another signs in at the same device while a form is open: it is not saved in their name."""
    for part in LOST:
        complaints.expect(part)
    phone = open_page(PHONE, plain=True)
    sign_in(phone, cast.secretary)
    start(phone, cast, a_line(plan, "members_meeting"))
    other = phone.context.new_page()
    other.goto(reverse("home"))
    other.get_by_role("button", name="退出").click()
    other.wait_for_url("**/sign-in/**")
    sign_in(other, cast.deputy)
    phone.fill("#minutes", "书记写的一段")
    expect_text(phone, "#save-state", "没有提交")
    other.goto(reverse("offline"))
    other.locator("#later-form").wait_for()
    expect(other.locator("#later-kept")).to_be_hidden()
    record = Record.objects.get()
    assert record.draft is not None
    assert record.draft.get("minutes", "") == ""
    assert record.drafted_by == cast.secretary


def test_without_script_the_offline_page_says_so(open_page: OpenPage, cast: Cast) -> None:
    """Nothing on it can be pressed in vain."""
    page = open_page(PHONE, javascript=False)
    page.goto(reverse("offline"))
    expect_text(page, "main", "需要浏览器允许脚本运行")
    expect(page.locator("#later-form")).to_be_hidden()


def _fail(*_: Any) -> HttpResponse:
    raise RuntimeError("down")
