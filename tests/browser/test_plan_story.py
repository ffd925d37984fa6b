"""The year's table with a real browser: drafted, moved, adopted, amended, waived, out and in again."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from openpyxl import load_workbook
from playwright.sync_api import expect
from tests.browser.walking import expect_text, fits, sign_in
from tests.cast import Cast, make_cast
from tests.ground.walks import DESK, PHONE, OpenPage
from tests.web.plan_story import adopted, line_of, load_norms

from zhibu.plans.models import LineChange, Plan

if TYPE_CHECKING:
    from playwright.sync_api import Page

TODAY = date(2026, 11, 23)


@pytest.fixture
def cast(transactional_db: None, freeze: Callable[[date], None]) -> Cast:
    """The cast in November, when next year's table is due; the norms are loaded."""
    freeze(TODAY)
    cast = make_cast()
    load_norms(cast)
    return cast


def test_a_year_from_draft_to_amendment(cast: Cast, open_page: OpenPage, tmp_path: Path) -> None:
    """A secretary drafts 2027, sees a clash arise, mends it, adopts, amends; the office waives."""
    desk = open_page(DESK)
    sign_in(desk, cast.secretary)
    address = reverse("plan", args=[cast.branch.pk, 2027])
    desk.goto(address)
    desk.get_by_role("link", name="起草2027年度安排表").click()
    expect_text(desk, "main", "节假日安排尚未公布")
    desk.get_by_role("button", name="起草").click()
    desk.wait_for_url(f"**{address}")
    plan = Plan.objects.get(branch=cast.branch, year=2027)
    expect_text(desk, "#plan", "暂定")

    # Moved in its row onto the day of another meeting of the same people: the clash is named.
    meeting, other = line_of(plan, "members_meeting"), line_of(plan, "theme_day", 1)
    row = desk.locator(f"#l{meeting.pk}")
    row.get_by_role("link", name="修改").click()
    desk.fill("#id_planned_on", other.planned_on.isoformat())
    desk.fill("#id_topic", "研究全年工作")
    desk.get_by_role("button", name="保存", exact=True).click()
    desk.get_by_text("已保存“支部党员大会”").wait_for()
    expect_text(desk, "#findings", "请错开或者合并召开")
    expect_text(desk, f"#l{meeting.pk}", "研究全年工作")

    # Back to its own day: the clash is gone, without the page being loaded anew.
    desk.locator(f"#l{meeting.pk}").get_by_role("link", name="修改").click()
    desk.get_by_role("button", name="放弃修改").click()
    desk.locator(f"#l{meeting.pk}").get_by_role("link", name="修改").click()
    desk.fill("#id_planned_on", meeting.planned_on.isoformat())
    desk.get_by_role("button", name="保存", exact=True).click()
    desk.get_by_text("请错开或者合并召开").first.wait_for(state="detached")

    # A value that cannot be is refused in the row.
    desk.locator(f"#l{meeting.pk}").get_by_role("link", name="修改").click()
    desk.fill("#id_planned_on", "2028-01-05")
    desk.get_by_role("button", name="保存", exact=True).click()
    desk.get_by_text("计划日期须在2027年之内").wait_for()
    desk.get_by_role("button", name="放弃修改").click()

    desk.get_by_role("link", name="核对并通过").click()
    desk.get_by_role("button", name="通过", exact=True).click()
    desk.wait_for_url(f"**{address}")
    plan.refresh_from_db()
    assert plan.state == Plan.State.ADOPTED

    # From now on a change wants a reason, and is traced.
    desk.locator(f"#l{meeting.pk}").get_by_role("link", name="修改").click()
    desk.fill("#id_presenter", "甲一明")
    desk.get_by_role("button", name="保存", exact=True).click()
    desk.get_by_text("安排表通过后再作调整，须写明理由").first.wait_for()
    expect(desk.locator("#id_presenter")).to_have_value("甲一明")
    desk.fill("#id_reason", "支委会分工")
    desk.get_by_role("button", name="保存", exact=True).click()
    desk.get_by_text("已保存“支部党员大会”").wait_for()
    assert LineChange.objects.get(line_id=meeting.pk).reason == "支委会分工"

    # The office waives one line; the branch reads why.
    office = open_page(DESK)
    sign_in(office, cast.office)
    lesson = line_of(plan, "lesson")
    office.goto(address)
    office.locator(f"#l{lesson.pk}").get_by_role("link", name="党课").click()
    office.get_by_role("link", name="免除").click()
    office.fill("#id_reason", "一季度统一授课")
    office.get_by_role("button", name="免除").click()
    office.get_by_text("已免除“党课”").wait_for()
    desk.goto(address)
    expect_text(desk, f"#l{lesson.pk}", "一季度统一授课")
    take_out_and_in(desk, plan, tmp_path)


def take_out_and_in(desk: Page, plan: Plan, folder: Path) -> None:
    """Exports, changes one cell as Excel would, sees the difference, confirms with a reason."""
    desk.locator("#plan summary", has_text="更多").click()
    with desk.expect_download() as waiting:
        desk.get_by_role("link", name="导出 Excel").click()
    assert waiting.value.suggested_filename == "第一党支部2027年度安排表.xlsx"
    book = load_workbook(io.BytesIO(Path(waiting.value.path()).read_bytes()))
    cell = next(
        cell
        for row in book.worksheets[0].iter_rows()
        for cell in row
        if cell.value == "研究全年工作"
    )
    cell.value = "研究全年重点工作"
    book.save(folder / "edited.xlsx")
    desk.get_by_role("link", name="导入修改过的 Excel").click()
    desk.set_input_files("#id_file", folder / "edited.xlsx")
    desk.get_by_role("button", name="核对改动").click()
    expect_text(desk, "main", "研究全年工作 改为 研究全年重点工作")
    desk.fill("#id_reason", "支部讨论")
    desk.get_by_role("button", name="确认导入").click()
    desk.get_by_text("已按表格调整1项安排").wait_for()
    assert plan.lines.filter(topic="研究全年重点工作").count() == 1


def test_on_a_telephone_months_fold(cast: Cast, open_page: OpenPage) -> None:
    """This month is open and comes first, another opens at a touch; nothing is wider than the screen."""
    plan = adopted(cast)
    phone = open_page(PHONE)
    sign_in(phone, cast.secretary)
    phone.goto(reverse("plan", args=[cast.branch.pk, 2026]))
    current, march = line_of(plan, "theme_day", 10), line_of(plan, "theme_day", 2)
    expect(phone.locator(f"#l{current.pk}")).to_be_visible()
    expect(phone.locator(f"#l{march.pk}")).to_be_hidden()
    top = phone.locator(".plan-sheet tbody").evaluate_all(
        "all => [...all].sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)[0].id"
    )
    assert top == "month-11"
    phone.locator(".month-strip").get_by_text("3月").click()
    phone.locator(f"#l{march.pk}").wait_for(state="visible")
    # Folded again by its own box, with a finger or the keyboard, and opened by the same way again.
    phone.locator("#month-3 .fold").click()
    phone.locator(f"#l{march.pk}").wait_for(state="hidden")
    phone.locator(".month-strip").get_by_text("3月").click()
    phone.locator(f"#l{march.pk}").wait_for(state="visible")
    box = phone.get_by_role("checkbox", name=re.compile("展开 ?3月"))
    box.focus()
    phone.keyboard.press("Space")
    phone.locator(f"#l{march.pk}").wait_for(state="hidden")
    phone.keyboard.press("Space")
    expect(box).to_be_checked()
    assert fits(phone)
    small = phone.locator("#plan a.button:visible, #plan button:visible").evaluate_all(
        "all => all.map(e => e.getBoundingClientRect()).filter(r => r.height < 36 || r.width < 36).length"
    )
    assert small == 0
    phone.locator(f"#l{current.pk}").get_by_role("link", name="修改").click()
    phone.fill("#id_topic", "手机上改的")
    phone.fill("#id_reason", "补充主题")
    phone.get_by_role("button", name="保存", exact=True).click()
    phone.get_by_text("已保存“主题党日”").wait_for()
    # The message comes a moment before the table.
    phone.locator(f"#l{current.pk}").get_by_text("手机上改的").wait_for()
    expect(phone.locator(f"#l{march.pk}")).to_be_visible()
    assert fits(phone)
    # A line that is named in the address is shown, whatever its month.
    may = line_of(plan, "theme_day", 4)
    phone.goto(f"{reverse('plan', args=[cast.branch.pk, 2026])}#l{may.pk}")
    phone.locator(f"#l{may.pk}").wait_for(state="visible")
    phone.reload()
    phone.locator(f"#l{may.pk}").wait_for(state="visible")
    expect(phone.locator(f"#l{march.pk}")).to_be_hidden()


def test_a_form_that_opens_leaves_the_finger_where_it_is(cast: Cast, open_page: OpenPage) -> None:
    """Whoever taps into a field as soon as the form is there goes on typing in that field.

    The form used to take the focus to its first field a moment after it was drawn; on a slow
    machine what was typed went nowhere, and the line was saved without it.
    """
    plan = adopted(cast)
    phone = open_page(PHONE)
    sign_in(phone, cast.secretary)
    phone.goto(reverse("plan", args=[cast.branch.pk, 2026]))
    phone.evaluate(
        """() => new MutationObserver((_, watch) => {
          const field = document.getElementById("id_topic");
          if (field) { field.focus(); watch.disconnect(); }
        }).observe(document.body, { childList: true, subtree: true })"""
    )
    current = line_of(plan, "theme_day", 10)
    phone.locator(f"#l{current.pk}").get_by_role("link", name="修改").click()
    phone.locator("#id_topic").wait_for()
    phone.wait_for_timeout(300)
    assert phone.evaluate("document.activeElement.id") == "id_topic"


def test_without_script_months_fold_and_a_line_is_edited(cast: Cast, open_page: OpenPage) -> None:
    """This month shows, the others at a touch; filters have their button, editing a page of its own."""
    plan = adopted(cast)
    phone = open_page(PHONE, javascript=False)
    sign_in(phone, cast.secretary)
    address = reverse("plan", args=[cast.branch.pk, 2026])
    phone.goto(address)
    line, march = line_of(plan, "theme_day", 11), line_of(plan, "theme_day", 2)
    expect(phone.locator(f"#l{march.pk}")).to_be_hidden()
    phone.locator(".month-strip").get_by_text("3月").click()
    expect(phone.locator(f"#l{march.pk}")).to_be_visible()
    for month in phone.locator(".fold").all():
        if not month.get_by_role("checkbox").is_checked():
            month.click()
    assert phone.locator(".plan-sheet tr.line:visible").count() == plan.lines.count()
    phone.locator(f"#l{line.pk}").get_by_role("link", name="修改").click()
    phone.fill("#id_topic", "没有脚本")
    phone.fill("#id_reason", "补充")
    phone.get_by_role("button", name="保存", exact=True).click()
    expect_text(phone, f"#l{line.pk}", "没有脚本")
    phone.get_by_text("筛选", exact=True).first.click()
    phone.select_option("#f-kind", "theme_day")
    phone.get_by_role("button", name="筛选").click()
    expect(phone.locator(".plan-sheet tr.line:visible")).to_have_count(12)
    for name, args in (
        ("norm-list", []),
        ("norm", ["branch", "2018"]),
        ("norm-requirement", ["branch", "2018", "D1"]),
    ):
        phone.goto(reverse(name, args=args))
        assert fits(phone), name


def test_the_table_prints_on_sheets_lying_across(cast: Cast, open_page: OpenPage) -> None:
    """Every sheet is A4 landscape, the first one too, and a year is not a stack of them."""
    plan = adopted(cast)
    desk = open_page(DESK)
    sign_in(desk, cast.secretary)
    desk.goto(reverse("plan", args=[cast.branch.pk, plan.year]))
    sizes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", desk.pdf(prefer_css_page_size=True))
    assert 2 <= len(sizes) <= 8
    assert all(float(width) > float(height) for width, height in sizes)
