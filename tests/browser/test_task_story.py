"""A decision of last month's meeting stands on this month's agenda until it is done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from playwright.sync_api import expect
from tests.browser.walking import expect_text, fits, seen, sign_in
from tests.cast import Cast, make_cast
from tests.ground.walks import DESK, PHONE, OpenPage
from tests.web.record_story import MINUTES, make_table

from zhibu.handbook.models import Record
from zhibu.network.tasks.models import Assignment, Task
from zhibu.network.tasks.services import spread_assignment
from zhibu.plans.models import Plan

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.usefixtures("data_dir")


@pytest.fixture
def cast(transactional_db: None, freeze: Callable[[date], None]) -> Cast:
    freeze(date(2026, 3, 12))
    return make_cast()


@pytest.fixture
def plan(cast: Cast, data_dir: Path) -> Plan:
    return make_table(cast)


def write_meeting(page: Page, cast: Cast, day: str) -> None:
    """A members' meeting of that day with all that it needs, on the open form."""
    page.goto(reverse("record-new", args=[cast.branch.pk]))
    page.get_by_text("安排表以外的活动").click()
    page.get_by_label("支部党员大会", exact=True).check()
    page.get_by_role("button", name="开始记录").last.click()
    page.wait_for_url("**/edit/")
    for field, text in (
        ("topic", "党员大会"), ("day", day), ("began", "14:30"), ("ended", "16:00"),
        ("place", "三楼会议室"), ("presider", "甲一明"), ("minutes", MINUTES),
    ):  # fmt: skip
        page.fill(f"#{field}", text)


def file(page: Page) -> None:
    page.get_by_role("button", name="下一步：归档").click()
    page.wait_for_url("**/file/")
    page.get_by_role("button", name="归档", exact=True).click()
    expect_text(page, "#messages", "已归档")


def test_a_decision_is_seen_through(
    cast: Cast, plan: Plan, open_page: OpenPage, freeze: Callable[[date], None]
) -> None:
    """Decided on a telephone in March, at the owner's home, on April's agenda, done, on no agenda."""
    phone = open_page(PHONE)
    sign_in(phone, cast.secretary)
    write_meeting(phone, cast, "2026-03-10")
    phone.get_by_role("button", name="增加一项决议").click()
    phone.fill("#decision-1-text", "调整窗口值班安排")
    phone.locator(".task-note summary").click()
    phone.select_option("#decision-1-owner", label="乙二芳")
    phone.fill("#decision-1-proof", "新值班表已公示")
    expect_text(phone, "#says-decisions-1", "请填写办理期限")
    phone.fill("#decision-1-due", "2026-04-10")
    expect_text(phone, "#still", "内容齐全")
    assert fits(phone)
    file(phone)
    expect_text(phone, "main", "形成任务：乙二芳办理")
    task = Task.objects.get()

    # The owner sees it at home, with its date, and reports.
    freeze(date(2026, 4, 8))
    desk = open_page(DESK)
    sign_in(desk, cast.deputy)
    expect_text(desk, "main", "调整窗口值班安排")
    desk.get_by_role("link", name="调整窗口值班安排").click()
    desk.get_by_role("link", name="报告办理情况").click()
    desk.fill("#id_words", "新值班表已起草，征求了各科室意见")
    desk.get_by_role("button", name="报告").click()
    expect_text(desk, "#messages", "已报告")

    # April's meeting has it on its agenda; said to go on, it stands on the next one's too.
    freeze(date(2026, 4, 13))
    write_meeting(phone, cast, "2026-04-09")
    row = phone.locator("fieldset.follow").filter(has_text="调整窗口值班安排")
    row.get_by_label("继续办理").check()
    row.get_by_placeholder("进展、结果或理由").fill("月中公示")
    expect_text(phone, "#still", "内容齐全")
    assert fits(phone)
    file(phone)
    expect_text(phone, "main", "调整窗口值班安排：继续办理（月中公示）")
    write_meeting(phone, cast, "2026-04-12")
    row = phone.locator("fieldset.follow").filter(has_text="调整窗口值班安排")
    assert "逾期未办结" in row.inner_text()
    row.get_by_label("不再办理").check()
    expect_text(phone, f"#says-follow-{task.pk}", "请写明理由")
    row.get_by_label("已办结").check()
    row.get_by_placeholder("进展、结果或理由").fill("已公示，四月十三日起执行")
    expect_text(phone, "#still", "内容齐全")
    file(phone)
    task.refresh_from_db()
    assert (task.state, task.ended_on) == ("closed", date(2026, 4, 12))
    write_meeting(phone, cast, "2026-04-13")
    expect(phone.locator("fieldset.follow")).to_have_count(0)

    # All of it stands in the task's trace.
    phone.goto(reverse("task", args=[task.pk]))
    trace = seen(phone)
    for words in ("征求了各科室意见", "月中公示", "四月十三日起执行", "逾期办结"):
        assert words in trace
    assert fits(phone)
    assert Record.objects.filter(state="filed").count() == 3


def test_what_is_given_from_above_is_followed(cast: Cast, plan: Plan, open_page: OpenPage) -> None:
    """The office gives a task to all branches; one closes it; the office sees which has not."""
    desk, phone = open_page(DESK), open_page(PHONE)
    sign_in(desk, cast.office)
    desk.get_by_role("link", name="任务").first.click()
    desk.get_by_role("link", name="向下级交办").click()
    desk.get_by_role("link", name="交办任务").click()
    desk.fill("#id_title", "排查安全隐患")
    desk.fill("#id_due_on", "2026-03-20")
    desk.fill("#id_meeting", "局党委第3次会议")
    desk.get_by_label("党支部", exact=True).check()
    desk.get_by_role("button", name="交办").click()
    expect_text(desk, "#messages", "任务已交办")
    spread_assignment(key=Assignment.objects.get().pk, at=Assignment.objects.get().made_at)

    sign_in(phone, cast.secretary)
    phone.goto(reverse("task-list", args=[cast.branch.pk]))
    phone.get_by_role("link", name="排查安全隐患").click()
    expect_text(phone, "main", "局党委第3次会议")
    assert fits(phone)
    phone.get_by_role("link", name="办结", exact=True).click()
    phone.fill("#id_words", "已排查，清单已报")
    phone.get_by_role("button", name="办结").click()
    expect_text(phone, "#messages", "任务已办结")
    desk.reload()
    expect_text(desk, ".next-step", "2个组织中1个已办结，1个在办")
    desk.get_by_role("link", name="在办").click()
    expect_text(desk, "main", "第二党支部")
    assert "第一党支部" not in seen(desk)
