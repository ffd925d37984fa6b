"""On a telephone: installed, a record written without a network, filed later, once; nobody else sees it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.http import HttpResponse
from django.urls import reverse
from tests.browser.test_record_story import fits, sign_in, start, wait_for_text
from tests.cast import Cast, make_cast
from tests.ground.walks import PHONE, Complaints, OpenPage
from tests.web.record_story import MINUTES, a_line, make_table

from zhibu.handbook.models import Record, RecordVersion
from zhibu.plans.models import Plan
from zhibu.web.views import mobile

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


@pytest.fixture
def phone(open_page: OpenPage, complaints: Complaints) -> Page:
    """A telephone on which the worker runs."""
    for part in ("ERR_INTERNET_DISCONNECTED", "htmx:afterRequest", "htmx:sendError"):
        complaints.expect(part)
    return open_page(PHONE, worker=True)


def until(page: Page, expression: str) -> None:
    """Until this holds; asked again and again, since the policy lets no page evaluate text."""
    for _ in range(100):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(150)
    raise AssertionError(expression)


def ready(page: Page) -> None:
    """Until the worker is in charge of the page and knows who is here."""
    until(page, "navigator.serviceWorker.controller !== null")
    until(page, "beside.ask({ ask: 'list' }).then((kept) => Boolean(kept?.who))")


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


def until_sent(page: Page) -> None:
    until(page, "beside.ask({ ask: 'list' }).then((kept) => !kept.items.length)")


def test_written_without_a_network_and_filed_once(
    cast: Cast, plan: Plan, phone: Page, open_page: OpenPage
) -> None:
    """Filled in offline, the page closed and opened again, back in the network: filed exactly once."""
    sign_in(phone, cast.secretary)
    ready(phone)
    context = phone.context
    context.set_offline(True)
    phone.goto(reverse("record-list", args=[cast.branch.pk]))
    assert phone.inner_text("h1") == "离线记录"
    assert fits(phone)
    write(phone, absent="丙三强（出差）")
    phone.get_by_role("button", name="写好了，联网后归档").click()
    wait_for_text(phone, "#later-state", "已存在本机")
    phone.close()

    again, other = context.new_page(), context.new_page()
    for page in (again, other):
        page.goto(reverse("home"))
        wait_for_text(page, "#later-kept", "一季度党员大会")
    assert not RecordVersion.objects.exists()
    context.set_offline(False)  # both tabs hear of it
    until_sent(again)
    until_sent(other)
    for page in (again, other):
        page.goto(reverse("record-list", args=[cast.branch.pk]))
        page.evaluate("beside.ask({ ask: 'send' })")
    version = RecordVersion.objects.get()
    assert Record.objects.count() == 1
    assert version.topic == "一季度党员大会"
    assert version.happened_on == date(2026, 3, 10)
    line = a_line(plan, "members_meeting")
    assert line.discharged_by == version.record_id


def test_an_open_form_survives_the_network(cast: Cast, plan: Plan, phone: Page) -> None:
    """A form that was open is sent when the network is back: saved and filed, once."""
    sign_in(phone, cast.secretary)
    start(phone, cast, a_line(plan, "members_meeting"))
    ready(phone)
    phone.context.set_offline(True)
    phone.fill("#topic", "一季度工作")
    phone.fill("#day", "2026-03-10")
    phone.fill("#began", "14:30")
    phone.fill("#ended", "16:00")
    phone.fill("#place", "三楼会议室")
    phone.fill("#presider", "甲一明")
    phone.fill("#agenda", "听取工作报告。")
    phone.fill("#minutes", MINUTES)
    wait_for_text(phone, "#save-state", "已存在本机")
    phone.get_by_role("button", name="下一步：归档").click()
    phone.wait_for_url("**/offline/#kept")
    wait_for_text(phone, "#later-kept", "一季度工作")
    phone.context.set_offline(False)
    until_sent(phone)
    assert RecordVersion.objects.get().topic == "一季度工作"
    wait_for_text(phone, "#messages", "已归档")


def test_filing_whose_answer_is_lost_files_once(cast: Cast, plan: Plan, phone: Page) -> None:
    """The last step without a network is kept with the form's own key and filed once."""
    sign_in(phone, cast.secretary)
    start(phone, cast, a_line(plan, "members_meeting"))
    for field, value in (
        ("topic", "一季度工作"), ("day", "2026-03-10"), ("began", "14:30"), ("ended", "16:00"),
        ("place", "三楼会议室"), ("presider", "甲一明"), ("agenda", "听取报告。"), ("minutes", MINUTES),
    ):  # fmt: skip
        phone.fill(f"#{field}", value)
    wait_for_text(phone, "#save-state", "已保存")
    phone.get_by_role("button", name="下一步：归档").click()
    phone.wait_for_url("**/file/")
    ready(phone)
    phone.context.set_offline(True)
    phone.locator("main button.primary").click()
    phone.wait_for_url("**/offline/#kept")
    phone.context.set_offline(False)
    until_sent(phone)
    assert RecordVersion.objects.count() == 1


def test_what_was_kept_is_nobody_elses(
    cast: Cast, plan: Plan, phone: Page, complaints: Complaints
) -> None:
    """After signing out nothing is readable; another person sees and sends nothing of it."""
    sign_in(phone, cast.secretary)
    ready(phone)
    phone.context.set_offline(True)
    phone.goto(reverse("home"))
    write(phone, topic="只有本人可见")
    phone.get_by_role("button", name="存草稿").click()
    wait_for_text(phone, "#later-state", "已存在本机")
    # The session ends elsewhere; nothing is sent, and the sign-in page says that something waits.
    cookies = phone.context.cookies()
    phone.context.clear_cookies()
    phone.context.set_offline(False)
    phone.goto(reverse("sign-in"))
    wait_for_text(phone, "#messages", "登录后自动提交")
    assert not Record.objects.exists()
    phone.context.add_cookies(cookies)  # type: ignore[arg-type]
    phone.route("**/later/", lambda route: route.abort())
    phone.goto(reverse("own"))
    ready(phone)
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
    wait_for_text(phone, "#later-state", "已存在本机")
    with monkeypatch.context() as broken:
        broken.setattr(mobile, "take", _fail)
        phone.context.set_offline(False)
        phone.goto(reverse("own"))
        told = phone.evaluate("beside.ask({ ask: 'send' })")
        assert [one["state"] for one in told] == ["waiting"]
        phone.get_by_role("button", name="退出").click()
        phone.wait_for_url("**/sign-in/**")
    phone.context.set_offline(True)
    phone.goto(reverse("home"))
    assert phone.inner_text("h1") == "离线记录"
    assert phone.locator("#later-form").is_hidden()
    assert "只有本人可见" not in phone.inner_text("body")
    phone.context.set_offline(False)
    sign_in(phone, cast.deputy)
    ready(phone)
    assert phone.evaluate("beside.ask({ ask: 'list' }).then((kept) => kept.items)") == []
    phone.get_by_role("button", name="退出").click()
    phone.wait_for_url("**/sign-in/**")
    assert not Record.objects.exists()
    sign_in(phone, cast.secretary)
    ready(phone)
    until_sent(phone)
    assert Record.objects.get().drafted_by == cast.secretary


def _fail(*_: Any) -> HttpResponse:
    raise RuntimeError("down")
