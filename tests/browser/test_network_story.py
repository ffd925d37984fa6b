"""The tree, the roster and getting in with a real browser, from the files that an office really has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from django.urls import reverse
from playwright.sync_api import expect
from tests.browser.walking import expect_text, fits, seen, sign_in
from tests.cast import AT, PASSWORD, Cast, make_cast
from tests.ground.walks import DESK, PHONE, OpenPage
from tests.web.plan_story import load_norms
from tests.web.test_entry_password import NEW

from zhibu.org.models import Member, Organization
from zhibu.org.services import grant_role, open_account
from zhibu.people.models import Person
from zhibu.people.roles import Role
from zhibu.plans.services import adopt_plan, draft_plan

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.usefixtures("data_dir")
HEADINGS = [
    "序号",
    "姓 名",
    "性别",
    "出生年月",
    "入党时间",
    "转正时间",
    "党员类别",
    "所在党支部",
    "身份证号",
    "备注",
]
GOOD: tuple[list[Any], ...] = (
    [1, "子一明", "男", "1985.03", "2012.07", "2013年7月1日", "正式党员", "第一党支部", "not-kept", ""],
    [2, "丑 二", "女", 31107, date(2014, 7, 1), "２０１５－７－１", "中共党员", "第一党支部", "", "借调"],
    [3, "寅三芳", "女", "199002", "2025-7-1", "", "预备党员", "第二党支部", "", ""],
)  # fmt: skip
BAD: tuple[list[Any], ...] = (
    GOOD[0],
    [2, "丑 二", "女", 31107, "2014年13月", "２０１５－７－１", "中共党员", "第一党支部", "", "借调"],
    [3, "寅三芳", "女", "199002", "2025-7-1", "", "预备党员", "第二支部筹备组", "", ""],
    [4, "", "男", "1980.1", "2001.7", "2002.7", "正式党员", "第一党支部", "", ""],
)  # fmt: skip


@pytest.fixture
def cast(transactional_db: None, freeze: Callable[[date], None]) -> Cast:
    """The cast with the norm, and the branch's adopted tables of last year and of this."""
    freeze(date(2026, 3, 12))
    made = make_cast()
    load_norms(made)
    for year in (2025, 2026):
        at = datetime(year, 1, 5, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
        plan = draft_plan(branch=made.branch, year=year, by=made.secretary, at=at)
        adopt_plan(plan=plan, revision=plan.revision, by=made.secretary, at=at)
    return made


@pytest.fixture
def upper(cast: Cast) -> Person:
    """The office of the commission, which keeps both committees."""
    person = open_account(
        username="gongwei",
        name="工委办",
        password=PASSWORD,
        must_set_password=False,
        by=None,
        at=AT,
    )
    grant_role(
        person=person, role=Role.OFFICE, organization=cast.commission, with_below=True, since=AT,
        by=None, at=AT,
    )  # fmt: skip
    return person


def roster_file(path: Path, rows: Sequence[list[Any]]) -> Path:
    """A roster as offices keep it: merged titles above, the maker's name below."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["市局直属机关党委党员花名册"])
    sheet.append(["填报单位：办公室", *[""] * 7, "2026年3月"])
    sheet.merge_cells("A1:J1")
    sheet.append(HEADINGS)
    for row in rows:
        sheet.append(row)
    sheet.append(["填表人：办公室"])
    book.save(path)
    return path


def upload(page: Page, cast: Cast, path: Path) -> None:
    page.goto(reverse("imports", args=[cast.committee.pk]))
    page.get_by_role("link", name="导入党员花名册").click()
    page.set_input_files("#id_file", path)
    page.get_by_role("button", name="上传并核对").click()
    page.get_by_role("heading", name=path.name).wait_for()


def test_a_roster_as_it_is_is_mended_taken_in_and_taken_back(
    cast: Cast, open_page: OpenPage, tmp_path: Path
) -> None:
    """Faults by row, a marked file, the mended file confirmed, the branch sees them; then undone."""
    office = open_page(DESK)
    sign_in(office, cast.office)
    upload(office, cast, roster_file(tmp_path / "花名册.xlsx", BAD))
    said = seen(office)
    for part in ("有3行需要改正", "第5行", "第6行", "第7行", "第二支部筹备组"):
        assert part in said
    expect(office.get_by_role("button", name="确认导入")).to_have_count(0)
    with office.expect_download() as waiting:
        office.get_by_role("link", name="下载标出差错的文件").click()
    assert waiting.value.suggested_filename == "标出差错-花名册.xlsx"
    assert not Member.objects.filter(name="子一明").exists()

    upload(office, cast, roster_file(tmp_path / "花名册（改正）.xlsx", GOOD))
    assert "not-kept" not in office.content()
    if "需要您确认" in seen(office):
        pytest.fail(seen(office))
    expect_text(office, "main", "核对通过：新增3")
    office.get_by_role("button", name="确认导入").click()
    office.get_by_text("已经全部导入").wait_for()
    address = office.url

    phone = open_page(PHONE)
    sign_in(phone, cast.secretary)
    phone.goto(reverse("roster", args=[cast.branch.pk]))
    said = seen(phone)
    assert "子一明" in said
    assert "丑二" in said
    assert "寅三芳" not in said  # of the neighbouring branch
    assert fits(phone)
    phone.get_by_role("link", name="丑二").click()
    expect_text(phone, "main", "1985年3月1日")
    expect_text(phone, "main", "2014年7月1日")
    assert fits(phone)

    upload(office, cast, roster_file(tmp_path / "再次导入.xlsx", GOOD))
    expect_text(office, "main", "名册与文件一致")
    office.goto(address)
    office.get_by_role("button", name="撤销这次导入").click()
    office.get_by_text("名册恢复到导入之前").first.wait_for()
    phone.goto(reverse("roster", args=[cast.branch.pk]))
    assert "子一明" not in seen(phone)
    expect_text(phone, "main", cast.members[1].name)


def year_of(page: Page, committee: Organization, year: int) -> str:
    """The row of the branch in the overview of a year: its last cell, done of all."""
    page.goto(f"{reverse('overview', args=[committee.pk])}?year={year}")
    row = page.locator(".matrix tbody tr").filter(has_text="第一党支部")
    return row.inner_text() if row.count() else ""


def total_in(row: str) -> int:
    """What had to be done in the whole year: behind the last stroke of the row."""
    return int(row.strip().rsplit("/", 1)[1].split()[0])


def test_a_branch_moves_and_last_year_stays(cast: Cast, upper: Person, open_page: OpenPage) -> None:
    """What follows is seen before it is done; each superior keeps its own part of the years."""
    desk = open_page(DESK)
    sign_in(desk, upper)
    last, this = (year_of(desk, cast.committee, year) for year in (2025, 2026))
    assert year_of(desk, cast.far_committee, 2026) == ""
    desk.goto(reverse("organization", args=[cast.branch.pk]))
    desk.get_by_text("组织变动").click()
    desk.get_by_role("link", name="划转").click()
    desk.select_option("#id_parent", str(cast.far_committee.pk))
    desk.fill("#id_on", "2026-03-02")
    desk.get_by_role("button", name="下一步").click()
    said = seen(desk)
    for part in ("还没有办理", "改变计入上级的事项", "从此不能查看的人员", "外单位党办"):
        assert part in said
    assert Organization.objects.get(pk=cast.branch.pk).parent_id == cast.committee.pk
    desk.get_by_role("button", name="确认划转").click()
    desk.get_by_text("已办理").wait_for()
    expect_text(desk, "main", "沿革")

    assert year_of(desk, cast.committee, 2025) == last
    left = year_of(desk, cast.committee, 2026)
    came = year_of(desk, cast.far_committee, 2026)
    assert "至3月1日" in left
    assert "3月2日划入" in came
    assert 0 < total_in(left) < total_in(this)
    assert total_in(left) + total_in(came) == total_in(this)
    assert year_of(desk, cast.far_committee, 2025) == ""

    # The secretary goes on where the branch is now, on a telephone, and nothing is lost.
    phone = open_page(PHONE)
    sign_in(phone, cast.secretary)
    phone.goto(reverse("plan", args=[cast.branch.pk, 2026]))
    assert fits(phone)
    phone.goto(reverse("organization", args=[cast.branch.pk]))
    expect_text(phone, "main", "隶属邻局直属机关党委")
    assert fits(phone)
    office = open_page(DESK)
    sign_in(office, cast.office)
    answer = office.goto(reverse("organization", args=[cast.branch.pk]))
    assert answer is not None
    assert answer.status == 404


def test_a_slip_lets_in_and_a_role_taken_back_shuts_out(cast: Cast, open_page: OpenPage) -> None:
    """Three administrators, one newcomer on a telephone: in by the link, out with the next click."""
    system = open_page(DESK)
    sign_in(system, cast.system_admin)
    system.goto(reverse("account-open"))
    system.fill("#id_username", "xinweiyuan")
    system.fill("#id_name", "未委员")
    system.get_by_role("button", name="建立并生成邀请单").click()
    system.locator(".slip svg").wait_for()
    link = seen(system, ".slip-link")

    security = open_page(DESK)
    sign_in(security, cast.security_admin)
    security.goto(reverse("grants", args=[cast.branch.pk]))
    security.fill("#id_username", "xinweiyuan")
    security.select_option("#id_role", Role.COMMITTEE_MEMBER)
    security.get_by_role("button", name="授予").click()
    security.get_by_text("立即生效").wait_for()

    phone = open_page(PHONE)
    phone.goto(link)
    phone.fill("#id_new_password", NEW)
    phone.fill("#id_repeated", NEW)
    phone.get_by_role("button", name="设定密码并登录").click()
    phone.wait_for_url(f"**{reverse('branch-home', args=[cast.branch.pk])}")
    assert fits(phone)
    roster = reverse("roster", args=[cast.branch.pk])
    answer = phone.goto(roster)
    assert answer is not None
    assert answer.status == 200
    assert fits(phone)

    row = security.locator("ul.items li").filter(has_text="xinweiyuan")
    row.locator("summary").click()
    row.get_by_role("button", name="确认收回").click()
    security.get_by_text("已收回未委员").wait_for()
    with phone.expect_navigation() as waiting:
        phone.get_by_role("link", name=cast.members[0].name).click()
    assert waiting.value.status == 404
    again = phone.goto(roster)
    assert again is not None
    assert again.status == 404

    audit = open_page(DESK)
    sign_in(audit, cast.audit_admin)
    audit.goto(reverse("ledger"))
    said = seen(audit)
    assert "未委员" in said
    for part in ("查看名册", "授予角色", "收回角色"):
        assert part in said


def test_a_long_name_leaves_the_screen_to_the_page(cast: Cast, open_page: OpenPage) -> None:
    """Two lines of it at the head of a telephone; the page itself says it in full."""
    name = "滨江检验检疫技术研究与应急保障中心第二综合业务处财务与资产管理科联合临时党支部"
    Organization.objects.filter(pk=cast.branch.pk).update(short_name=name)
    phone = open_page(PHONE)
    sign_in(phone, cast.secretary)
    assert fits(phone)
    head = phone.locator(".top").bounding_box()
    assert head is not None
    assert head["height"] < 90
    phone.goto(reverse("organization", args=[cast.branch.pk]))
    expect_text(phone, "main", cast.branch.name)
