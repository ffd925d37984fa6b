"""One line of the table: editing in its place and without script, adding, taking up, waiving."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.urls import reverse
from tests.cast import Cast
from tests.web.plan_story import (
    AT,
    address,
    adopted,
    client,
    drafted,
    line_address,
    line_of,
    load_norms,
    text,
    values,
)

from zhibu.people.keys import new_key
from zhibu.plans.models import LineChange, Plan, PlanLine
from zhibu.plans.services import adopt_plan, discharge_lines, edit_line

HTMX = {"HTTP_HX_REQUEST": "true"}


def main_of(response: HttpResponse) -> str:
    """What the page itself says, without the frame."""
    return text(response).partition("<main")[2].partition("</main>")[0]


@pytest.fixture
def draft(cast: Cast) -> Plan:
    load_norms(cast)
    return drafted(cast)


@pytest.fixture
def plan(cast: Cast) -> Plan:
    load_norms(cast)
    return adopted(cast)


def test_a_line_says_why_and_on_what_it_rests(cast: Cast, plan: Plan) -> None:
    """State with its reason, the text of the rule and its article, how to do it well."""
    page = text(client(cast.member).get(line_address("line", line_of(plan))))
    assert "逾期未完成" in page
    assert "至今没有记录" in page
    assert "《支部工作条例（试行）》第十二条" in page
    assert reverse("norm-requirement", args=["branch", "2018", "D2"]) in page
    assert "免除" not in page


def test_editing_a_draft_without_script(cast: Cast, draft: Plan) -> None:
    """A page of its own; saved, it leads back to the line in the table and says so."""
    line = line_of(draft, at=4)
    browser, at = client(cast.deputy), line_address("line-edit", line)
    assert "调整理由" not in text(browser.get(at))
    sent = values(line, planned_on="2026-05-20", topic="研究发展党员", presenter="甲一明")
    response = browser.post(at, sent, follow=False)
    assert response.status_code == 303
    assert response["Location"] == f"{address('plan', draft)}#l{line.pk}"
    line.refresh_from_db()
    assert (line.planned_on, line.topic, line.presenter) == (
        date(2026, 5, 20), "研究发展党员", "甲一明",
    )  # fmt: skip
    assert "已保存“支部委员会会议”" in text(browser.get(address("plan", draft)))


def test_editing_in_the_row(cast: Cast, draft: Plan) -> None:
    """Htmx gets the row as a form, and after saving the table with the clash that arose."""
    first, second = line_of(draft, "members_meeting"), line_of(draft, "theme_day", 1)
    browser, at = client(cast.secretary), line_address("line-edit", first)
    row = text(browser.get(at, **HTMX))
    assert row.lstrip().startswith(f'<tr id="l{first.pk}"')
    assert f'hx-post="{at}"' in row
    response = browser.post(at, values(first, planned_on=second.planned_on), **HTMX)
    assert response.status_code == 200
    assert response["HX-Retarget"] == "#plan"
    part = text(response)
    assert part.lstrip().startswith('<div id="plan"')
    assert "请错开或者合并召开" in part
    assert "已保存“支部党员大会”" in part


def test_going_on_to_the_next_line(cast: Cast, draft: Plan) -> None:
    """The line below is open for changes next, even when the saved one moved far away."""
    first, second = line_of(draft), line_of(draft, at=1)
    browser, url = client(cast.secretary), f"http://testserver{address('plan', draft)}"
    moved = values(first, planned_on=date(2026, 1, 30), then="next")
    part = text(
        browser.post(
            line_address("line-edit", first), moved, **HTMX,
            HTTP_HX_CURRENT_URL=f"{url}?kind=committee_meeting",
        )
    )  # fmt: skip
    goes_on = f'<tr id="l{second.pk}" class="line" data-following'
    assert goes_on in part
    assert f'hx-get="{line_address("line-edit", second)}"' in part
    # Without script the next page is the next line.
    response = browser.post(
        line_address("line-edit", second), values(second, topic="学习", then="next")
    )
    assert response.status_code == 303
    assert response["Location"].endswith("/edit/")
    assert "autofocus" in text(browser.get(response["Location"]))
    # After the last line there is only the table.
    last = draft.lines.order_by("-planned_on", "-id")[0]
    response = browser.post(line_address("line-edit", last), values(last, then="next"))
    assert response["Location"] == f"{address('plan', draft)}#l{last.pk}"


def test_the_reason_goes_on_to_the_next_line(cast: Cast, plan: Plan) -> None:
    """Several days moved for one reason: it is typed once."""
    line = line_of(plan, at=5)
    response = client(cast.secretary).post(
        line_address("line-edit", line),
        values(
            line, planned_on=line.planned_on + timedelta(days=1), reason="统一部署", then="next"
        ),
    )
    assert response.status_code == 303
    assert "统一部署" in text(client(cast.secretary).get(response["Location"]))


def test_the_filter_outlives_an_edit_in_the_row(cast: Cast, draft: Plan) -> None:
    """Who looked at committee meetings only still does after saving one."""
    line = line_of(draft)
    url = f"http://testserver{address('plan', draft)}?kind=committee_meeting"
    part = text(
        client(cast.secretary).post(
            line_address("line-edit", line), values(line, topic="学习"), **HTMX,
            HTTP_HX_CURRENT_URL=url,
        )
    )  # fmt: skip
    assert f'id="l{line_of(draft, "lesson").pk}"' not in part
    assert f'id="l{line.pk}"' in part


def test_amending_needs_a_reason_and_leaves_a_trace(cast: Cast, plan: Plan) -> None:
    """Without a reason nothing is changed and what was typed stays; with one it is traced."""
    line = line_of(plan, at=5)
    browser, at = client(cast.secretary), line_address("line-edit", line)
    response = browser.post(at, values(line, topic="打到一半的主题"))
    assert response.status_code == 422
    assert "须写明理由" in text(response)
    assert "打到一半的主题" in text(response)
    assert not LineChange.objects.exists()
    assert browser.post(at, values(line, topic="新主题", reason="上级统一部署")).status_code == 303
    change = LineChange.objects.get()
    assert (change.reason, change.after) == ("上级统一部署", {"topic": "新主题"})
    page = text(client(cast.member).get(line_address("line", line)))
    assert "上级统一部署" in page


def test_after_adoption_a_committee_member_is_told_who_amends(cast: Cast, plan: Plan) -> None:
    """The page says so; a write is refused as if there were nothing."""
    line = line_of(plan)
    browser = client(cast.deputy)
    for at in (
        line_address("line-edit", line), line_address("line-remove", line),
        address("plan-add", plan), address("plan-offers", plan), address("plan-upload", plan),
        address("plan-redraft", plan), address("plan-holidays", plan),
    ):  # fmt: skip
        assert "由党支部书记办理" in text(browser.get(at)), at
        assert browser.post(at, values(line, reason="x")).status_code == 404
    assert "修改" not in text(browser.get(address("plan", plan)))


def test_two_people_edit_one_table(cast: Cast, draft: Plan) -> None:
    """The second is told, sees what the first wrote, keeps the own text, and may save it then."""
    line = line_of(draft)
    mine = values(line, topic="我的主题")
    edit_line(
        line=line, revision=draft.revision, by=cast.deputy, at=AT,
        changes={"topic": "别人的主题", "form": "分组讨论", "remark": "请自带材料"},
    )  # fmt: skip
    browser, at = client(cast.secretary), line_address("line-edit", line)
    response = browser.post(at, mine)
    assert response.status_code == 409
    page = text(response)
    assert "已被他人修改" in page
    for theirs in ("主题“别人的主题”", "形式“分组讨论”", "备注“请自带材料”"):
        assert theirs in page
    assert "我的主题" in page
    line.refresh_from_db()
    assert line.topic == "别人的主题"
    part = browser.post(at, mine, **HTMX)
    assert part.status_code == 409
    assert text(part).lstrip().startswith("<tr")
    assert browser.post(at, {**mine, "revision": str(draft.revision + 1)}).status_code == 303
    line.refresh_from_db()
    assert line.topic == "我的主题"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"planned_on": "1899-01-01"}, "日期过早"),
        ({"planned_on": "2100-01-01"}, "计划日期须在2026年之内"),
        ({"planned_on": "2026-02-30"}, "请填写日期"),
        ({"planned_on": ""}, "请填写日期"),
        ({"topic": "长" * 501}, "500"),
        ({"presenter": "名" * 201}, "200"),
        ({"revision": "x"}, "页面已过期"),
    ],
)
def test_values_that_a_line_cannot_take(
    cast: Cast, draft: Plan, changes: dict[str, str], said: str
) -> None:
    """Said beside the field, in the row as on the page; nothing is stored."""
    line = line_of(draft)
    at = line_address("line-edit", line)
    for more in ({}, HTMX):
        response = client(cast.secretary).post(at, values(line, **changes), **more)
        assert response.status_code == 422
        assert said in text(response)
    assert Plan.objects.get(pk=draft.pk).revision == draft.revision


def test_an_empty_form_is_answered(cast: Cast, plan: Plan) -> None:
    """Nothing at all sent: a message at every form, no failure."""
    line = line_of(plan)
    browser = client(cast.secretary)
    for at in (
        line_address("line-edit", line), line_address("line-remove", line),
        address("plan-add", plan), address("plan-offers", plan), address("plan-redraft", plan),
        address("plan-holidays", plan), address("plan-upload", plan),
    ):  # fmt: skip
        assert browser.post(at, {}).status_code == 422, at
    assert client(cast.office).post(line_address("line-waive", line), {}).status_code == 422


def test_rare_names_and_scripts_are_kept_as_they_are(cast: Cast, draft: Plan) -> None:
    """𠮷, ·, quotes and script go in and come out as text (mistake 6)."""
    line = line_of(draft)
    name, nasty = "买买提·𠮷" + "名" * 190, "<script>alert(1)</script>"
    sent = values(line, presenter=name, remark=nasty)
    browser = client(cast.secretary)
    assert browser.post(line_address("line-edit", line), sent).status_code == 303
    page = text(browser.get(line_address("line-edit", line)))
    assert name in page
    assert nasty not in page
    assert nasty not in text(browser.get(line_address("line-edit", line), **HTMX))


def test_adding_a_line_of_the_branch(cast: Cast, draft: Plan) -> None:
    """Title, activity and day; it stands under X, in the month for which it is planned."""
    browser, at = client(cast.secretary), address("plan-add", draft)
    sent = {
        "revision": draft.revision,
        "title": "青年读书会",
        "activity": "study",
        "planned_on": "2026-04-23",
    }
    response = browser.post(at, sent)
    assert response.status_code == 303
    line = draft.lines.get(practice_class="X")
    assert (line.title, line.opens_on, line.due_on) == (
        "青年读书会", date(2026, 4, 1), date(2026, 4, 30),
    )  # fmt: skip
    assert f"#l{line.pk}" in response["Location"]
    # Somebody was quicker by now: told, nothing lost, and the second press counts.
    again = browser.post(at, sent)
    assert again.status_code == 409
    assert "青年读书会" in text(again)
    assert draft.lines.filter(practice_class="X").count() == 1
    for wrong in ({"title": ""}, {"activity": "<b>"}, {"planned_on": "1899-12-31"}):
        assert browser.post(at, {**sent, **wrong}).status_code == 422


def test_an_own_line_may_be_renamed_and_removed_a_duty_may_not(cast: Cast, draft: Plan) -> None:
    """X is the branch's own; B stays whatever is sent."""
    browser = client(cast.secretary)
    sent = {
        "revision": draft.revision,
        "title": "读书会",
        "activity": "study",
        "planned_on": "2026-04-23",
    }
    browser.post(address("plan-add", draft), sent)
    own, duty = draft.lines.get(practice_class="X"), line_of(draft)
    edited = browser.post(line_address("line-edit", own), values(own, title="书友会"))
    assert edited.status_code == 303
    own.refresh_from_db()
    assert own.title == "书友会"
    revision = Plan.objects.get(pk=draft.pk).revision
    refused = browser.post(line_address("line-remove", duty), {"revision": revision})
    assert refused.status_code == 422
    assert "必做（B类）事项不能删除" in text(refused)
    assert browser.post(line_address("line-remove", own), {"revision": revision}).status_code == 303
    assert not PlanLine.objects.filter(pk=own.pk).exists()
    assert PlanLine.objects.filter(pk=duty.pk).exists()
    assert client(cast.secretary).get(line_address("line", own)).status_code == 404


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_duty_is_refused_without_a_form(cast: Cast, plan: Plan, method: str) -> None:
    """取消 of a B line: the refusal alone, and the level that may waive it; nothing to fill in."""
    duty = line_of(plan)
    sent = {"revision": plan.revision, "reason": "时间冲突"} if method == "post" else {}
    answer = getattr(client(cast.secretary), method)(line_address("line-remove", duty), sent)
    page = main_of(answer)
    assert answer.status_code == (422 if method == "post" else 200)
    assert page.count("必做（B类）事项不能删除") == 1
    assert f"请向{cast.committee.name}说明理由，由其办理免除" in page
    assert "<form" not in page
    assert line_address("line-edit", duty) in page
    assert line_address("line-waive", duty) not in page, "a branch never waives its own"
    assert PlanLine.objects.filter(pk=duty.pk).exists()


def test_what_is_recorded_is_refused_without_a_form(cast: Cast, draft: Plan) -> None:
    """取消 of an own line that has its record: the refusal and the way to the record."""
    browser = client(cast.secretary)
    sent = {"title": "读书会", "activity": "study", "planned_on": "2026-03-05"}
    browser.post(address("plan-add", draft), {"revision": draft.revision, **sent})
    plan = Plan.objects.get(pk=draft.pk)
    plan = adopt_plan(plan=plan, revision=plan.revision, by=cast.secretary, at=AT)
    own = plan.lines.get(practice_class="X")
    record = new_key()
    discharge_lines(
        lines=[own], record_id=record, happened_on=date(2026, 3, 5),
        filed_on=date(2026, 3, 6), by=cast.secretary,
    )  # fmt: skip
    page = main_of(browser.get(line_address("line-remove", own)))
    assert "该项已有记录，不能删除" in page
    assert reverse("record", args=[record]) in page
    assert "<form" not in page
    assert "免除" not in page


def test_taking_up_what_is_recommended(cast: Cast, plan: Plan) -> None:
    """Offered with cadence and guide; into an adopted table with a reason; once only."""
    browser, at = client(cast.secretary), address("plan-offers", plan)
    page = text(browser.get(at))
    assert "推荐" in page
    assert 'name="requirement"' in page
    code = page.partition('name="requirement" value="')[2].partition('"')[0]
    sent = {"revision": plan.revision, "requirement": code}
    assert browser.post(at, sent).status_code == 422
    assert browser.post(at, {**sent, "reason": "支部大会决定"}).status_code == 303
    assert plan.lines.filter(practice_class="T", requirement=code).exists()
    assert "已列入安排表" in text(browser.get(at))
    revision = Plan.objects.get(pk=plan.pk).revision
    for wrong in (code, "D1", "", "x" * 500, "\x00"):
        answer = browser.post(at, {"revision": revision, "requirement": wrong, "reason": "再来"})
        assert answer.status_code == 422


def test_the_office_waives_and_restores(cast: Cast, plan: Plan) -> None:
    """With a reason, shown to the branch with who did it; taken back with a reason too."""
    line = line_of(plan, "lesson", 1)
    office = client(cast.office)
    assert "免除" in text(office.get(line_address("line", line)))
    at = line_address("line-waive", line)
    assert office.post(at, {"reason": " "}).status_code == 422
    assert office.post(at, {"reason": "长" * 501}).status_code == 422
    assert office.post(at, {"reason": "集中轮训，统一授课"}).status_code == 303
    page = text(client(cast.member).get(line_address("line", line)))
    assert "已免除" in page
    assert "集中轮训，统一授课" in page
    assert "办公室" in page
    trace = text(client(cast.member).get(reverse("plan-changes", args=[cast.branch.pk, plan.year])))
    assert trace.count("集中轮训，统一授课") == 1
    again = office.post(at, {"reason": "再一次"})
    assert again.status_code == 422
    assert "已经免除" in text(again)
    assert (
        office.post(line_address("line-restore", line), {"reason": "轮训取消"}).status_code == 303
    )
    line.refresh_from_db()
    assert line.waived_at is None


@pytest.mark.parametrize(
    "who", ["secretary", "deputy", "member", "leader", "neighbour", "far_office"]
)
def test_nobody_else_waives(cast: Cast, plan: Plan, who: str) -> None:
    """A branch does not let itself off, nor does a stranger."""
    for name in ("line-waive", "line-restore"):
        at = line_address(name, line_of(plan))
        browser = client(cast.people()[who])
        assert browser.get(at).status_code == 404
        assert browser.post(at, {"reason": "自己免除"}).status_code == 404


def test_what_is_done_is_not_edited_from_the_table(cast: Cast, plan: Plan) -> None:
    """Its day stays; the table offers its record instead of a change."""
    line = line_of(plan)
    record = new_key()
    discharge_lines(
        lines=[line], record_id=record, happened_on=date(2026, 1, 9), filed_on=date(2026, 1, 9),
        by=cast.secretary,
    )  # fmt: skip
    browser = client(cast.secretary)
    page = text(browser.get(address("plan", plan)))
    assert reverse("record", args=[record]) in page
    assert f'id="l{line.pk}"' in page
    assert line_address("line-edit", line) not in page
    response = browser.post(
        line_address("line-edit", line), values(line, planned_on="2026-01-20", reason="改")
    )
    assert response.status_code == 422
    assert "已经完成" in text(response)


def test_lines_of_other_branches_do_not_exist(cast: Cast, plan: Plan) -> None:
    """Every address of a line answers a stranger as it answers for a line that never was."""
    line = line_of(plan)
    for name in ("line", "line-edit", "line-remove", "line-waive", "line-restore"):
        for who in (cast.neighbour, cast.stranger):
            assert client(who).get(line_address(name, line)).status_code == 404
        never = reverse(name, args=[uuid4()])
        assert client(cast.secretary).get(never).status_code == 404
