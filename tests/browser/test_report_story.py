"""The month's report and the responsibilities with a real browser: office, level above, secretary."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from tests.browser.walking import expect_text, fits, seen, sign_in
from tests.ground.walks import DESK, PHONE, OpenPage
from tests.handbook.scene import Scene, make_scene
from tests.network.test_reports import lesson, office_of_commission

from zhibu.network.reports.models import Report, ReportVersion
from zhibu.people.models import Person

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.usefixtures("data_dir")
NOW = datetime(2026, 4, 3, 9, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def scene(transactional_db: None, freeze: Callable[..., None]) -> Scene:
    freeze(NOW)
    made = make_scene()
    lesson(made, 3, datetime(2026, 3, 12, 9, tzinfo=NOW.tzinfo))
    return made


@pytest.fixture
def upper(scene: Scene) -> Person:
    person = office_of_commission(scene.cast)
    person.password = scene.cast.office.password
    person.must_set_password = False
    person.save()
    return person


def enter(open_page: OpenPage, person: Person, size: dict[str, int], **more: bool) -> Page:
    page = open_page(size, **more)
    sign_in(page, person)
    return page


@pytest.mark.parametrize("javascript", [True, False])
def test_a_month_goes_up_and_is_signed_for(
    scene: Scene, upper: Person, open_page: OpenPage, javascript: bool
) -> None:
    """The office finds it written, adds a sentence, sends it up; the level above signs for it."""
    office = enter(open_page, scene.cast.office, DESK, javascript=javascript)
    office.goto(reverse("more"))
    office.get_by_role("link", name="月度工作报告", exact=True).click()
    office.get_by_role("link", name="2026年3月", exact=True).first.click()
    assert "年度安排表中应于3月完成的事项2项，其中按时完成1项、逾期未完成1项。" in seen(office)
    office.get_by_role("link", name="补充内容").click()
    office.fill("#id_proposals", "建议增加党务培训")
    office.get_by_role("button", name="保存").click()
    expect_text(office, "article", "建议增加党务培训")
    office.get_by_role("button", name="上报市直机关工委").click()
    office.get_by_text("2026年3月的报告已上报").wait_for()
    assert fits(office)

    above = enter(open_page, upper, PHONE, javascript=javascript)
    above.goto(reverse("report-below", args=[scene.cast.commission.pk, 2026, 3]))
    assert fits(above)
    above.get_by_role("link", name="市局直属机关党委", exact=True).click()
    expect_text(above, "article", "建议增加党务培训")
    assert fits(above)
    above.get_by_role("button", name="签收").click()
    above.get_by_text("已签收市局直属机关党委2026年3月的报告").wait_for()
    assert Report.objects.get().state == Report.State.RECEIVED

    office.reload()
    expect_text(office, "main", "上级已签收")
    # What is recorded afterwards shows when it is worked out anew, not in what went up.
    before = seen(office, "article")
    scene.file(at=NOW)
    office.reload()
    assert seen(office, "article") == before
    assert ReportVersion.objects.count() == 1


def test_it_is_taken_along(scene: Scene, open_page: OpenPage) -> None:
    """Word and PDF by a click."""
    page = enter(open_page, scene.cast.office, DESK)
    page.goto(reverse("report", args=[scene.cast.committee.pk, 2026, 3]))
    for label, ending, mark in (("下载 Word", "docx", b"PK"), ("下载 PDF", "pdf", b"%PDF")):
        with page.expect_download() as waiting:
            page.get_by_role("link", name=label).click()
        assert waiting.value.suggested_filename.endswith(ending)
        assert waiting.value.path().read_bytes().startswith(mark)


def test_each_sees_what_to_do(scene: Scene, open_page: OpenPage) -> None:
    """The secretary on a telephone, with the way to where it was read; the office the posts below."""
    phone = enter(open_page, scene.cast.secretary, PHONE)
    phone.goto(reverse("more"))
    phone.get_by_role("link", name="我的责任清单", exact=True).click()
    text = seen(phone)
    assert "有4项逾期未办" in text or "有3项逾期未办" in text
    assert "由本人自行掌握" in text
    assert fits(phone)
    phone.get_by_role("link", name="安排表", exact=True).nth(1).click()
    phone.get_by_role("heading", name="2026").first.wait_for()

    desk = enter(open_page, scene.cast.office, DESK)
    desk.goto(reverse("more"))
    desk.get_by_role("link", name="责任清单", exact=True).click()
    expect_text(desk, "main", "不排名")
    desk.get_by_role("link", name="第一党支部", exact=True).click()
    desk.get_by_text("党支部书记 · 甲一明").wait_for()
    desk.get_by_text("逐项查看").first.wait_for()
    expect_text(desk, "main", "召集支部党员大会")
    assert fits(desk)
