"""The page of the year: what it shows to whom, how it begins, how it is adopted."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.cast import Cast
from tests.web.plan_story import (
    AT,
    address,
    adopted,
    client,
    drafted,
    line_of,
    load_norms,
    text,
)

from zhibu.people.keys import new_key
from zhibu.plans.models import LineChange, Plan, PlanLine
from zhibu.plans.services import (
    add_line,
    adopt_plan,
    discharge_lines,
    edit_line,
    remove_line,
    waive_line,
)
from zhibu.plans.services.editing import drop_lines

HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def norms(cast: Cast) -> None:
    load_norms(cast)


@pytest.fixture
def plan(cast: Cast, norms: None) -> Plan:
    return adopted(cast)


def test_every_line_stands_with_its_state_and_why(cast: Cast, plan: Plan) -> None:
    """Each state has its word, each line its reason; the current month is marked."""
    late, done, waived = (line_of(plan, at=n) for n in (0, 1, 2))
    discharge_lines(
        lines=[done], record_id=new_key(), happened_on=date(2026, 2, 10),
        filed_on=date(2026, 3, 11), by=cast.secretary,
    )  # fmt: skip
    waive_line(line=waived, reason="处室合并", by=cast.office, at=AT)
    page = text(client(cast.member).get(address("plan", plan)))
    assert "逾期未完成" in page
    assert "应于1月31日（周六）前（含当日）完成，至今没有记录" in page
    assert "已于2月10日（周二）完成" in page
    assert "属于事后补记" in page
    assert "处室合并" in page
    assert "办公室批准免除" in page
    assert "3月（本月）" in page
    assert f'id="l{late.pk}"' in page


def test_the_day_of_adoption_is_the_one_here(cast: Cast, plan: Plan) -> None:
    """Adopted early in the morning, when it was still yesterday in Greenwich."""
    early = datetime(2026, 1, 8, 7, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
    Plan.objects.filter(pk=plan.pk).update(adopted_at=early)
    assert "2026年1月8日（周四）通过" in text(client(cast.member).get(address("plan", plan)))


def test_class_labels_come_from_the_norm(cast: Cast, plan: Plan) -> None:
    """A pack that calls its classes otherwise is shown as it says."""
    source = plan.norm.source.replace('B = "必做"', 'B = "规定"')
    plan.norm.source, plan.norm.digest = source, "f" * 64
    plan.norm.save()
    page = text(client(cast.member).get(address("plan", plan)))
    assert "B 规定" in page
    assert "B 必做" not in page


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("secretary", 200), ("deputy", 200), ("group_leader", 200), ("member", 200),
        ("office", 200), ("leader", 200), ("neighbour", 404), ("stranger", 404),
        ("far_office", 404), ("system_admin", 404), ("nobody", 404),
    ],
)  # fmt: skip
def test_who_sees_the_table(cast: Cast, plan: Plan, who: str, status: int) -> None:
    """Those of the branch and of the levels above; nobody of a neighbouring branch."""
    assert client(cast.people()[who]).get(address("plan", plan)).status_code == status


def test_a_member_is_offered_nothing_to_change(cast: Cast, plan: Plan) -> None:
    """Buttons are there for those who may press them."""
    page = text(client(cast.member).get(address("plan", plan)))
    assert "修改" not in page
    assert "导出 Excel" not in page
    assert "?line=" not in page


def test_a_draft_offers_nothing_to_record(cast: Cast, norms: None) -> None:
    """Its lines are not yet the branch's; adopted, they are."""
    plan = drafted(cast)
    browser = client(cast.secretary)
    assert "?line=" not in text(browser.get(address("plan", plan)))
    assert "?line=" not in text(browser.get(reverse("line", args=[line_of(plan).pk])))
    adopt_plan(plan=plan, revision=plan.revision, by=cast.secretary, at=AT)
    assert "?line=" in text(browser.get(address("plan", plan)))
    assert "?line=" in text(browser.get(reverse("line", args=[line_of(plan).pk])))


def test_a_group_leader_records_only_meetings_of_the_own_group(cast: Cast, plan: Plan) -> None:
    """The button stands beside the meetings of their group and nowhere else."""
    page = text(client(cast.group_leader).get(address("plan", plan)))
    own = set(plan.lines.filter(group=cast.group).values_list("pk", flat=True))
    offered = {line.pk for line in plan.lines.all() if f"?line={line.pk}" in page}
    assert offered == own


def test_filters_leave_out(cast: Cast, plan: Plan) -> None:
    """Class, state and activity; what makes no sense finds nothing and says so."""
    get = client(cast.member).get
    page = text(get(address("plan", plan), {"kind": "theme_day"}))
    shown = [line for line in plan.lines.all() if f'id="l{line.pk}"' in page]
    assert {line.activity for line in shown} == {"theme_day"}
    assert len(shown) == 12
    assert "没有符合条件的安排" in text(get(address("plan", plan), {"state": "<script>"}))
    part = text(get(address("plan", plan), {"class": "X"}, **HTMX))
    assert part.lstrip().startswith('<div id="plan"')


def test_ten_times_the_lines_cost_no_more_queries(cast: Cast, plan: Plan) -> None:
    """At most 12 queries with 300 lines and more, and at most 60 KB on the way (mistake 12)."""
    browser = client(cast.secretary)
    browser.get(address("plan", plan))  # the norm is parsed once a process
    with CaptureQueriesContext(
        connection,
    ) as few:
        browser.get(address("plan", plan))
    PlanLine.objects.bulk_create(
        PlanLine(
            plan=plan, branch=cast.branch, year=2026, practice_class="X", activity="other",
            title=f"自选活动{number}", topic="联合兄弟支部学习" * 3,
            opens_on=date(2026, number % 12 + 1, 1), due_on=date(2026, number % 12 + 1, 28),
            planned_on=date(2026, number % 12 + 1, number % 27 + 1),
        )
        for number in range(300)
    )  # fmt: skip
    with CaptureQueriesContext(connection) as many:
        response = browser.get(address("plan", plan))
    assert len(many) == len(few)
    assert len(many) <= 12, [query["sql"][:90] for query in many.captured_queries]
    assert len(gzip.compress(response.content)) < 60_000


def test_hostile_text_is_shown_as_text(cast: Cast, plan: Plan) -> None:
    """A script in a topic is text in the table, its trace and its line (mistake 6)."""
    nasty = "<script>alert(1)</script>𠮷·“"
    line = line_of(plan)
    edit_line(
        line=line, revision=plan.revision, changes={"topic": nasty}, by=cast.secretary, at=AT,
        reason=nasty,
    )  # fmt: skip
    for at in (
        address("plan", plan),
        address("plan-changes", plan),
        reverse("line", args=[line.pk]),
    ):
        page = text(client(cast.member).get(at))
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;𠮷·" in page


def test_a_year_without_a_table_says_how_to_begin(cast: Cast, norms: None) -> None:
    """The secretary is led to drafting, a member is told who does it; senseless years are no pages."""
    at = reverse("plan", args=[cast.branch.pk, 2027])
    assert "起草2027年度安排表" in text(client(cast.secretary).get(at))
    page = text(client(cast.member).get(at))
    assert "由支部书记或支部委员起草" in page
    assert "plan/2027/draft" not in page
    assert client(cast.stranger).get(at).status_code == 404
    for year in (0, 1899, 2201, 99999999):
        wrong = reverse("plan", args=[cast.branch.pk, year])
        assert client(cast.secretary).get(wrong).status_code == 404


def test_drafting_next_year_is_provisional(
    cast: Cast, norms: None, freeze: Callable[[date], None]
) -> None:
    """The page says what will be made and that holidays are not known; topics come from the list."""
    freeze(date(2026, 11, 23))
    browser, at = client(cast.secretary), reverse("plan-draft", args=[cast.branch.pk, 2027])
    page = text(browser.get(at))
    assert "支部党员大会" in page
    assert "节假日安排尚未公布" in page
    response = browser.post(
        at, {"source": "themes", "themes": "3月 主题党日：学雷锋志愿服务\n党课：讲规矩"}
    )
    assert response.status_code == 303
    plan = Plan.objects.get(branch=cast.branch, year=2027)
    assert plan.is_provisional
    march = plan.lines.get(activity="theme_day", planned_on__month=3)
    assert march.topic == "学雷锋志愿服务"
    assert line_of(plan, "lesson").topic == "讲规矩"
    assert "按双休日和法定节假日暂定" in text(browser.get(address("plan", plan)))
    assert browser.get(at).status_code == 302 or browser.get(at).status_code == 303


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "请选择主题来源"),
        ({"source": "x"}, "请选择主题来源"),
        ({"source": "themes", "themes": "13月 主题"}, "第1行：月份应在1至12之间"),
        ({"source": "themes", "themes": "好\n3月 主题党日："}, "第2行：没有写主题"),
        ({"source": "themes", "themes": "长" * 501}, "不能超过500字"),
    ],
)
def test_a_list_of_themes_that_makes_no_sense(
    cast: Cast, norms: None, sent: dict[str, str], said: str
) -> None:
    """Named by its line; nothing is made and nothing typed is lost."""
    at = reverse("plan-draft", args=[cast.branch.pk, 2027])
    response = client(cast.secretary).post(at, sent)
    assert response.status_code == 422
    assert said in text(response)
    assert not Plan.objects.exists()
    if themes := sent.get("themes"):
        assert themes.splitlines()[0] in text(response)


def test_nobody_drafts_without_a_norm_or_a_right(cast: Cast) -> None:
    """Without a norm the page says who must choose one; a member finds no such page."""
    at = reverse("plan-draft", args=[cast.branch.pk, 2027])
    page = client(cast.secretary).get(at)
    assert page.status_code == 200
    assert "还没有选定当时有效的工作规范" in text(page)
    assert client(cast.secretary).post(at, {"source": "last_year"}).status_code == 422
    for who in (cast.member, cast.office, cast.neighbour):
        assert client(who).get(at).status_code == 404


def test_adopting_shows_gaps_first_and_then_adopts(cast: Cast, norms: None) -> None:
    """A missing duty is named with its article; the button adopts; the second press does nothing."""
    plan = drafted(cast)
    plan.lines.filter(activity="lesson").first().delete()
    browser = client(cast.secretary)
    page = text(browser.get(address("plan-adopt", plan)))
    assert "缺少“党课”的安排" in page
    assert "《支部工作条例（试行）》第十六条" in page
    sent = {"revision": plan.revision}
    assert browser.post(address("plan-adopt", plan), sent).status_code == 303
    plan.refresh_from_db()
    assert plan.state == Plan.State.ADOPTED
    assert plan.adopted_by == cast.secretary
    assert browser.post(address("plan-adopt", plan), sent).status_code == 303
    assert client(cast.deputy).get(address("plan-adopt", plan)).status_code == 404


def test_adopting_a_table_that_changed_meanwhile(cast: Cast, norms: None) -> None:
    """The reader is told and sees the table as it stands; pressed again it is adopted."""
    plan = drafted(cast)
    seen = plan.revision
    edit_line(line=line_of(plan), revision=seen, changes={"topic": "新"}, by=cast.deputy, at=AT)
    browser = client(cast.secretary)
    response = browser.post(address("plan-adopt", plan), {"revision": seen})
    assert response.status_code == 409
    assert "已被他人修改" in text(response)
    assert f'value="{seen + 1}"' in text(response)
    for nonsense in ("", "x", "-1", "9" * 30):
        answer = browser.post(address("plan-adopt", plan), {"revision": nonsense})
        assert answer.status_code == 422
        assert "页面已过期" in text(answer)
    plan.refresh_from_db()
    assert plan.state == Plan.State.DRAFT


def test_missing_duties_are_offered_and_put_in(cast: Cast, norms: None) -> None:
    """What the norm asks and the table lacks comes in by a tick; what is not ticked stays out."""
    plan = drafted(cast)
    gone = list(plan.lines.filter(activity="lesson"))[:2]
    PlanLine.objects.filter(pk__in=[line.pk for line in gone]).delete()
    browser, at = client(cast.secretary), address("plan-redraft", plan)
    assert text(browser.get(at)).count('name="add"') == 2
    key = f"{gone[0].requirement}||{gone[0].ordinal}"
    sent = {"revision": plan.revision, "add": [key, "junk", "D4||x", "\x00"]}
    # Somebody was quicker: what was ticked and what was not stays as it was.
    refused = browser.post(at, {**sent, "revision": plan.revision - 1})
    assert refused.status_code == 409
    assert text(refused).count('name="add"') == 2
    assert re.findall(r'name="add" value="([^"]+)" checked', text(refused)) == [key]
    assert browser.post(at, sent).status_code == 303
    assert plan.lines.filter(activity="lesson").count() == 3
    assert text(browser.get(at)).count('name="add"') == 1


def test_holidays_that_became_known(cast: Cast, norms: None) -> None:
    """Lines on days off are listed with a proposal; the ticked ones move, with a trace."""
    plan = adopted(cast)
    line = line_of(plan, "dues", 4)
    PlanLine.objects.filter(pk=line.pk).update(planned_on=date(2026, 5, 1))
    browser, at = client(cast.secretary), address("plan-holidays", plan)
    page = text(browser.get(at))
    assert "5月1日（周五）" in page
    assert "5月6日（周三）" in page
    sent = {"revision": plan.revision, "line": [str(line.pk), "junk"], "reason": "节假日公布"}
    ticked = f'value="{line.pk}" checked'
    assert ticked in page
    assert ticked in text(browser.post(at, {**sent, "reason": ""}))
    assert ticked not in text(browser.post(at, {**sent, "line": [], "reason": ""}))
    assert browser.post(at, sent).status_code == 303
    line.refresh_from_db()
    assert line.planned_on == date(2026, 5, 6)
    assert LineChange.objects.get(line_id=line.pk).reason == "节假日公布"


def test_nothing_to_check_before_the_holidays_are_published(cast: Cast, norms: None) -> None:
    """No button that promises to make a table final while nobody knows the year's arrangement."""
    table = drafted(cast, 2031)
    page = text(client(cast.secretary).get(address("plan-holidays", table)))
    assert "2031年节假日安排尚未公布，现在没有可以核对的" in page
    assert "确认后去掉" not in page


def test_the_trace_says_before_and_after_in_words(cast: Cast, plan: Plan) -> None:
    """Who, when, why, from what to what: dates as dates, no name of a field or a value of ours."""
    line = line_of(plan, "group_meeting")
    edit_line(
        line=line, revision=plan.revision, changes={"planned_on": date(2026, 1, 16), "remark": "改期"},
        by=cast.secretary, at=AT, reason="组长出差",
    )  # fmt: skip
    page = text(client(cast.member).get(address("plan-changes", plan)))
    assert "计划日期：" in page
    assert "2026年1月16日（周五）" in page
    assert "组长出差" in page
    assert "甲一明" in page
    assert "planned_on" not in page


def test_the_trace_says_which_line_it_speaks_of(cast: Cast, plan: Plan) -> None:
    """Of which group and which day, as a dozen bear one name; also of a line that is gone."""
    line = line_of(plan, "group_meeting")
    PlanLine.objects.filter(pk=line.pk).update(planned_on=date(2026, 1, 21))
    edit_line(
        line=line, revision=plan.revision, changes={"remark": "改为分组"}, by=cast.secretary,
        at=AT, reason="统一部署",
    )  # fmt: skip
    assert line.group is not None
    page = text(client(cast.member).get(address("plan-changes", plan)))
    assert f"{line.title}（{line.group.short_name}，1月21日）" in page
    plan.refresh_from_db()
    values = {"title": "读书会", "activity": "study", "planned_on": date(2026, 4, 9)}
    own = add_line(
        plan=plan, revision=plan.revision, values=values, by=cast.secretary, at=AT, reason="增加"
    )
    remove_line(line=own, revision=plan.revision + 1, by=cast.secretary, at=AT, reason="不再开展")
    page = text(client(cast.member).get(address("plan-changes", plan)))
    assert page.count("读书会（4月9日）") == 2
    assert reverse("line", args=[own.pk]) not in page
    named = f"{line.title}（{line.group.short_name}，1月21日）"
    line.refresh_from_db()
    drop_lines(plan, [line], reason="规范更新", by=cast.secretary, at=AT)
    page = text(client(cast.member).get(address("plan-changes", plan)))
    assert page.count(named) == 2


def test_the_trace_has_pages(cast: Cast, plan: Plan) -> None:
    """A long trace comes in pages, at the same number of queries."""
    line = line_of(plan)
    LineChange.objects.bulk_create(
        LineChange(
            plan=plan, line_id=line.pk, kind="change", at=AT, by=cast.secretary, reason=f"理由{n}",
            before={"topic": ""}, after={"topic": f"主题{n}"},
        )
        for n in range(95)
    )  # fmt: skip
    browser = client(cast.member)
    with CaptureQueriesContext(connection) as queries:
        page = text(browser.get(address("plan-changes", plan), {"page": "3"}))
    assert "第3页，共4页" in page
    assert len(queries) <= 12
    assert browser.get(address("plan-changes", plan), {"page": "x"}).status_code == 200
