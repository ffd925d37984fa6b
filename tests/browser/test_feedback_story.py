"""反映 with a real browser: from a tap beside a requirement to the answer where it was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from playwright.sync_api import expect
from tests.browser.walking import expect_text, fits, seen, sign_in
from tests.cast import Cast, make_cast
from tests.ground.walks import DESK, PHONE, Complaints, OpenPage
from tests.web.plan_story import load_norms

from zhibu.network.feedback.allowance import ALLOWANCE
from zhibu.network.feedback.models import Feedback
from zhibu.norms.facts import norm_of
from zhibu.norms.queries import list_versions

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.usefixtures("data_dir")
TEXTS = (
    "固定日赶上值班，一半的人来不了",
    "倒班的同志每个月都参加不了固定日的活动",
    "能不能由支部在当月另定一天开展",
)
SUMMARY = "固定日与值班倒班有冲突，建议明确怎样调整"
ANSWER = "由支部委员会研究后可以在当月另定一天"


@pytest.fixture
def cast(transactional_db: None, freeze: Callable[[date], None]) -> Iterator[Cast]:
    """The cast with the norm."""
    freeze(date(2026, 3, 12))
    ALLOWANCE.forget()
    made = make_cast()
    load_norms(made)
    yield made
    ALLOWANCE.forget()


def requirement() -> str:
    """The page of a requirement."""
    version = next(iter(list_versions()))
    code = norm_of(version).requirements[0].code
    return reverse("norm-requirement", args=[version.pack, version.version, code])


def write(page: Page, text: str) -> None:
    """Two taps: beside the requirement, and send."""
    page.goto(requirement())
    page.get_by_role("link", name="反映这项规定").click()
    expect_text(page, "main", "关于规定“")
    expect(page.locator("#id_about")).to_have_value("norm")
    page.fill("#id_text", text)


def told(page: Page, words: str) -> None:
    """The page says that it is done."""
    page.locator(".notice.success", has_text=words).wait_for()


def test_what_does_not_work_is_asked_and_answered(
    cast: Cast, open_page: OpenPage, complaints: Complaints
) -> None:
    """Three branches ask, the office joins and asks the city, the answer arrives with each asker."""
    complaints.expect("422")  # a summary that copies what was written
    phone = open_page(PHONE)
    sign_in(phone, cast.secretary)
    write(phone, TEXTS[0])
    assert fits(phone)
    phone.get_by_role("button", name="发送").click()
    told(phone, "已送达")
    course = phone.url
    for person, text in ((cast.neighbour, TEXTS[1]), (cast.deputy, TEXTS[2])):
        other = open_page(PHONE)
        sign_in(other, person)
        write(other, text)
        if person == cast.deputy:  # to the office, past the own secretary
            other.select_option("#id_way", label=f"{cast.committee.short_name}办理")
        other.get_by_role("button", name="发送").click()
        told(other, "已送达")

    desk = open_page(DESK)
    sign_in(desk, cast.office)
    desk.goto(reverse("feedback-desk", args=[cast.committee.pk]))
    expect_text(desk, "main", "有3件等待受理")
    desk.get_by_role("link", name=TEXTS[0]).click()
    expect_text(desk, "main", cast.secretary.name)
    desk.get_by_role("button", name="受理").click()
    told(desk, "已受理，反映人会看到")
    desk.get_by_role("heading", name="与相近的事项合并").click()
    for box in desk.locator("#join input[type=checkbox]").all():
        box.check()
    desk.get_by_role("button", name="合并办理").click()
    told(desk, "已合并2件")
    desk.get_by_role("heading", name="报上级").click()
    desk.fill("#up textarea", f"有人说{TEXTS[1]}")
    desk.get_by_role("button", name="报上级").click()
    expect_text(desk, "#up", "照抄")
    # What was typed is still there.
    expect(desk.locator("#up textarea")).to_have_value(f"有人说{TEXTS[1]}")
    desk.fill("#up textarea", SUMMARY)
    desk.get_by_role("button", name="报上级").click()
    told(desk, "答复会同时送到反映人")

    city = open_page(DESK)
    sign_in(city, cast.keeper)
    city.goto(reverse("feedback-desk", args=[cast.commission.pk]))
    city.get_by_role("link", name=SUMMARY).click()
    said = seen(city)
    assert "共3件" in said
    for hidden in (*TEXTS, cast.secretary.name, cast.deputy.name):
        assert hidden not in said
    city.get_by_role("button", name="受理").click()
    city.get_by_role("heading", name="答复", exact=True).click()
    city.fill("#answer textarea", ANSWER)
    city.get_by_role("button", name="答复", exact=True).click()
    told(city, "已答复，送到每一位反映人")
    city.fill("#close [name=outcome]", "规范已经写明")
    city.get_by_role("button", name="办结").click()
    told(city, "已办结，列入")

    for page in (phone, other):
        page.goto(course if page is phone else reverse("feedback-mine"))
        if page is other:
            page.get_by_role("link", name=TEXTS[2]).click()
        said = seen(page)
        for words in (
            "与相同的事项合并办理",
            f"报{cast.commission.short_name}",
            ANSWER,
            "规范已经写明",
        ):
            assert words in said
        assert TEXTS[1] not in said
        assert fits(page)
    phone.goto(reverse("feedback-improvements"))
    expect_text(phone, "main", SUMMARY)
    assert TEXTS[0] not in seen(phone)
    assert fits(phone)


def test_without_a_name_the_code_is_the_way_back(cast: Cast, open_page: OpenPage) -> None:
    """The code once; with it any session sees the answer and asks once more; no list holds it."""
    phone = open_page(PHONE)
    sign_in(phone, cast.member)
    phone.get_by_role("link", name="反映问题").click()
    phone.fill("#id_text", "同样的材料报了两遍")
    phone.get_by_label("不具名").check()
    phone.get_by_role("button", name="发送").click()
    phone.get_by_role("heading", name="已经送达").wait_for()
    code = seen(phone, ".secret-code code")
    assert fits(phone)
    assert Feedback.objects.get().person is None
    phone.goto(reverse("feedback-mine"))
    assert "同样的材料" not in seen(phone)

    city = open_page(DESK)
    sign_in(city, cast.keeper)
    city.goto(reverse("feedback-desk", args=[cast.commission.pk]))
    city.get_by_role("link", name="同样的材料报了两遍").click()
    expect_text(city, "main", "不具名")
    assert cast.member.name not in seen(city)
    city.get_by_role("heading", name="不予采纳").click()
    city.fill("#refuse textarea", "两处用途不同")
    city.get_by_role("button", name="不予采纳").click()
    told(city, "已说明不予采纳的理由")

    phone.get_by_role("link", name="凭查询码查看").click()
    phone.fill("#id_code", code.lower().replace("-", " "))
    phone.get_by_role("button", name="查看").click()
    phone.get_by_text("两处用途不同").wait_for()
    phone.get_by_role("heading", name="要求继续办理").click()
    phone.fill("#id_reason", "用途可以合并")
    phone.get_by_role("button", name="要求继续办理").click()
    told(phone, "已要求继续办理")
    assert code not in phone.url
    city.reload()
    expect_text(city, "main", "用途可以合并")
