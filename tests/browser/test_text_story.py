"""A text on one morning: sent at nine, passed on in a meeting, read on telephones, followed at noon."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from tests.browser.test_record_story import start
from tests.browser.walking import expect_text, fits, seen, sign_in
from tests.cast import AT, FOUNDED, PASSWORD, Cast, make_cast
from tests.ground.walks import DESK, PHONE, OpenPage
from tests.web.record_story import MINUTES, a_line, make_table
from tests.web.text_story import PDF, ZONE, members_of, read, tie, work

from zhibu.network.dissemination.models import Receipt, Text
from zhibu.network.notices.models import Notice
from zhibu.org.models import Member, Organization
from zhibu.org.services import admit_member, found_organization, open_account
from zhibu.people.models import Person
from zhibu.plans.models import PlanLine

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.usefixtures("data_dir")
Freeze = Callable[[date | datetime], None]
TITLE = "关于传达学习会议精神的通知"


def at(hour: int, minute: int = 0) -> datetime:
    """A moment of that morning."""
    return datetime(2026, 3, 12, hour, minute, tzinfo=ZONE)


@pytest.fixture
def cast(transactional_db: None, freeze: Freeze) -> Cast:
    freeze(at(9))
    return make_cast()


@pytest.fixture
def line(cast: Cast, data_dir: Path) -> PlanLine:
    return a_line(make_table(cast), "members_meeting")


@pytest.fixture
def third(cast: Cast) -> Organization:
    """A branch of eight, and six more members for the second: nine, eight and nine to be reached."""
    made = found_organization(
        name="第三党支部", short_name="第三党支部", kind=Organization.Kind.BRANCH,
        parent=cast.committee, founded_on=FOUNDED, by=None, at=AT,
    )  # fmt: skip
    for branch, number in ((made, 8), (cast.other_branch, 6)):
        for each in range(number):
            admit_member(
                name=f"{branch.name[1]}支部{each}", branch=branch, joined_on=date(2010, 7, 1),
                full_on=date(2011, 7, 1), since=FOUNDED, by=None, at=AT,
            )  # fmt: skip
    return made


def account(member: Member, username: str) -> Person:
    """The member's own account."""
    person = open_account(
        username=username, name=member.name, password=PASSWORD, must_set_password=False, by=None,
        at=AT,
    )  # fmt: skip
    tie(member, person)
    return person


def send_down(office: Page, folder: Path) -> Text:
    """Written, checked and sent; the page says whom it goes to before anything is saved."""
    file = folder / "学习材料.pdf"
    file.write_bytes(PDF)
    office.get_by_role("link", name="传达", exact=True).first.click()
    office.get_by_role("link", name="下发文件").click()
    office.fill("#id_title", TITLE)
    office.fill("#id_body", "各党支部：\n请在本周内传达到每一名党员。")
    office.set_input_files("#id_attachments", file)
    office.fill("#id_reach_by", "2026-03-18")
    office.get_by_label("书记", exact=True).check()
    expect_text(office, "#goes-to", "书记")
    office.get_by_label("全体党员").check()
    expect_text(office, "#goes-to", "约26人")
    office.get_by_role("button", name="下一步：预览").click()
    office.wait_for_url("**/issue/")
    expect_text(office, "main", "约26人")
    expect_text(office, "main", "学习材料.pdf")
    office.get_by_role("button", name="下发", exact=True).click()
    expect_text(office, "#messages", "已下发")
    return Text.objects.get()


def meet(phone: Page, cast: Cast, line: PlanLine) -> None:
    """The meeting is recorded; the text is ticked on its agenda; one was away."""
    start(phone, cast, line)
    phone.fill("#topic", "传达学习会议精神")
    phone.fill("#day", "2026-03-12")
    phone.fill("#began", "10:00")
    phone.fill("#ended", "11:00")
    phone.fill("#place", "三楼会议室")
    phone.fill("#presider", "甲一明")
    phone.fill("#minutes", MINUTES)
    phone.get_by_label(TITLE).check()
    away = phone.locator("details.attendee").filter(has_text="丙三强")
    away.locator("summary").click()
    away.get_by_label("请假").check()
    expect_text(phone, "#counts", "请假1人")
    expect_text(phone, "#still", "丙三强请假，请写明原因")
    away.get_by_placeholder("原因").fill("出差")
    expect_text(phone, "#still", "内容齐全")
    assert fits(phone)
    phone.get_by_role("button", name="下一步：归档").click()
    phone.wait_for_url("**/file/")
    phone.get_by_role("button", name="归档", exact=True).click()
    expect_text(phone, "#messages", "已归档")


def read_on_telephone(phone: Page, person: Person) -> None:
    """From the list to the text and its one button."""
    sign_in(phone, person)
    phone.goto(reverse("text-reading"))
    assert fits(phone)
    expect_text(phone, "main", "请您阅读（1件）")
    phone.get_by_role("link", name=TITLE).click()
    assert fits(phone)
    expect_text(phone, "main", "请在本周内传达到每一名党员")
    phone.get_by_role("button", name="已阅知").click()
    expect_text(phone, "#messages", "已记下您阅知")
    expect_text(phone, "main", "没有需要您阅读的文件")


def test_a_text_on_one_morning(
    cast: Cast, line: PlanLine, third: Organization, open_page: OpenPage, freeze: Freeze,
    tmp_path: Path,
) -> None:  # fmt: skip
    """At noon the office sees two branches and eleven people, and reminds only them."""
    office = open_page(DESK)
    sign_in(office, cast.office)
    text = send_down(office, tmp_path)
    work(at(9, 5))

    freeze(at(11, 20))
    secretary = open_page(PHONE)
    sign_in(secretary, cast.secretary)
    secretary.goto(reverse("branch-home", args=[cast.branch.pk]))
    expect_text(secretary, "main", TITLE)
    assert fits(secretary)
    meet(secretary, cast, line)
    secretary.goto(reverse("text-reach", args=[text.pk, cast.branch.pk]))
    expect_text(secretary, "main", "还有1人没有传达到")
    expect_text(secretary, "main", "丙三强")
    assert fits(secretary)

    # Who was away reads it on a telephone; so do six of the second branch, one without JavaScript.
    read_on_telephone(open_page(PHONE), account(cast.members[2], "bing"))
    others = members_of(cast.other_branch)
    read_on_telephone(open_page(PHONE), account(others[0], "yi"))
    read_on_telephone(open_page(PHONE, javascript=False), account(others[1], "er"))
    for member in others[2:6]:
        read(text, member, at=at(11, 30))
    work(at(11, 40))
    assert Receipt.objects.filter(is_valid=True).count() == 15
    waiting = account(others[8], "jiu"), account(members_of(third)[0], "san")
    Notice.objects.all().delete()

    freeze(at(12))
    office.reload()
    said = seen(office)
    assert "应传达26人，还有11人没有传达到，在2个党组织" in said
    office.get_by_role("link", name="未传达名单", exact=True).click()
    office.wait_for_url("**part=left")
    names = seen(office, "main table")
    assert names.count("未传达") == 11
    assert "丙三强" not in names
    office.get_by_role("button", name="提醒未传达的").click()
    expect_text(office, "#messages", "已提醒还没有传达到的2人")
    work(at(12, 1))
    assert set(Notice.objects.values_list("person", flat=True)) == {one.pk for one in waiting}

    # The reminder is on the telephone of whom it is for, and leads to the text.
    late = open_page(PHONE)
    sign_in(late, waiting[0])
    late.goto(Notice.objects.get(person=waiting[0]).address)
    late.get_by_role("button", name="已阅知").click()
    expect_text(late, "#messages", "已记下您阅知")
    office.reload()
    expect_text(office, "main", "还有10人没有传达到")
