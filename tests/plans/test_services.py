"""The verbs of the annual table: what they do, what they refuse, what trace they leave."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from tests.plans.story import AT, PACK, Cast, requirement

from zhibu.ledger.models import Entry
from zhibu.norms.services import load_pack
from zhibu.org.services import Refused, found_organization
from zhibu.plans.facts import judge_plan, line_key
from zhibu.plans.models import LineChange, Plan, PlanLine
from zhibu.plans.queries import find_plan, lines_at_hand, suggest_lines
from zhibu.plans.services import (
    LineKept,
    LineRefused,
    PlanConflict,
    PlanExists,
    add_line,
    adopt_plan,
    apply_redraft,
    discharge_lines,
    draft_plan,
    edit_line,
    lapse_lines,
    redraft,
    release_lines,
    remove_line,
    restore_line,
    take_up,
    waive_line,
)
from zhibu.rules.norm import Activity
from zhibu.rules.schedule import Theme
from zhibu.rules.verdicts import Severity


def line_of(plan: Plan, code: str = "D1", ordinal: int = 1) -> PlanLine:
    return plan.lines.get(requirement=code, ordinal=ordinal)


def test_draft_has_a_line_for_each_duty(cast: Cast, draft: Plan) -> None:
    """4 meetings, 4 lessons, 12 theme days, 12 meetings of the one group; none on a day off."""
    assert draft.lines.count() == 32
    assert draft.state == Plan.State.DRAFT
    assert not draft.is_provisional
    assert [v for v in judge_plan(draft) if v.severity is Severity.ERROR] == []
    assert {line.group_id for line in draft.lines.filter(requirement="D4")} == {cast.group.id}
    assert Entry.objects.filter(verb="draft_plan", subject_id=draft.pk).count() == 1


def test_draft_of_an_unknown_year_is_provisional(cast: Cast) -> None:
    """Where no holidays are published, the table says that its days may change."""
    assert draft_plan(branch=cast.branch, year=2190, by=cast.secretary, at=AT).is_provisional


def test_draft_twice_is_refused(cast: Cast, draft: Plan) -> None:
    """One table a year; the one that is there is named."""
    with pytest.raises(PlanExists) as refusal:
        draft_plan(branch=cast.branch, year=2026, by=cast.secretary, at=AT)
    assert refusal.value.plan == draft


@pytest.mark.parametrize("year", [2017, 2201])
def test_draft_of_an_impossible_year_is_refused(cast: Cast, year: int) -> None:
    """Before the branch was founded, or beyond what a table can say."""
    with pytest.raises(Refused):
        draft_plan(branch=cast.branch, year=year, by=cast.secretary, at=AT)


def test_only_a_branch_has_a_table(cast: Cast) -> None:
    """A committee drafts none."""
    with pytest.raises(Refused):
        draft_plan(branch=cast.bureau, year=2026, by=cast.secretary, at=AT)


def test_a_branch_founded_in_may_owes_nothing_for_april(cast: Cast) -> None:
    """No line is due before the first whole month."""
    young = found_organization(
        kind="branch", name="新设党支部", parent=cast.bureau, founded_on=date(2026, 5, 6),
        by=None, at=AT,
    )  # fmt: skip
    plan = draft_plan(branch=young, year=2026, by=cast.secretary, at=AT)
    assert min(line.opens_on for line in plan.lines.all()) == date(2026, 6, 1)
    assert not plan.lines.filter(requirement="D4").exists()


def test_topics_come_from_themes_and_last_year(cast: Cast, adopted: Plan) -> None:
    """A theme wins; what no theme fits is carried over, with who is responsible."""
    line = line_of(adopted, "D1", 2)
    edit_line(
        line=line, revision=adopted.revision, by=cast.secretary, at=AT, reason="补充",
        changes={"topic": "半年小结", "responsible": "组织委员"},
    )  # fmt: skip
    theme = Theme("学党章", activities=(Activity.THEME_DAY,))
    plan = draft_plan(branch=cast.branch, year=2027, by=cast.secretary, at=AT, themes=[theme])
    carried = line_of(plan, "D1", 2)
    assert (carried.topic, carried.responsible) == ("半年小结", "组织委员")
    assert {line.topic for line in plan.lines.filter(activity="theme_day")} == {"学党章"}


def test_each_group_goes_on_with_its_own_topics(cast: Cast) -> None:
    """Not with those of the group next to it; what a group had none of it gets none of."""
    second = found_organization(
        kind="group", name="第二党小组", short_name="第二党小组", parent=cast.branch,
        founded_on=date(2018, 3, 1), by=None, at=AT,
    )  # fmt: skip
    plan = draft_plan(branch=cast.branch, year=2026, by=cast.secretary, at=AT)
    meetings = plan.lines.filter(requirement="D4")
    meetings.filter(group=cast.group).update(topic="学党章")
    meetings.filter(group=second, ordinal__gt=6).update(topic="学条例")
    again = draft_plan(branch=cast.branch, year=2027, by=cast.secretary, at=AT).lines
    topics = dict(again.filter(group=second).values_list("ordinal", "topic"))
    assert topics == {at: "学条例" if at > 6 else "" for at in range(1, 13)}
    assert set(again.filter(group=cast.group).values_list("topic", flat=True)) == {"学党章"}


def test_draft_is_edited_freely(cast: Cast, draft: Plan) -> None:
    """Without a reason and without a trace."""
    line = line_of(draft)
    edit_line(
        line=line, revision=1, by=cast.secretary, at=AT,
        changes={"planned_on": date(2026, 3, 12), "topic": "  学习\n文件 "},
    )  # fmt: skip
    line.refresh_from_db()
    assert (line.planned_on, line.topic) == (date(2026, 3, 12), "学习 文件")
    assert not LineChange.objects.exists()
    draft.refresh_from_db()
    assert draft.revision == 2


def test_amendment_leaves_a_trace(cast: Cast, adopted: Plan) -> None:
    """After adoption: what it was, what it is, why, who."""
    line = line_of(adopted)
    was = line.planned_on
    edit_line(
        line=line, revision=adopted.revision, by=cast.secretary, at=AT, reason="临时任务",
        changes={"planned_on": date(2026, 3, 3)},
    )  # fmt: skip
    change = LineChange.objects.get(line_id=line.pk)
    assert change.before == {"planned_on": was.isoformat()}
    assert change.after == {"planned_on": "2026-03-03"}
    assert (change.reason, change.by) == ("临时任务", cast.secretary)


def test_amendment_without_a_reason_is_refused(cast: Cast, adopted: Plan) -> None:
    """And nothing is changed."""
    line = line_of(adopted)
    with pytest.raises(LineRefused) as refusal:
        edit_line(
            line=line, revision=adopted.revision, by=cast.secretary, at=AT, reason=" ",
            changes={"topic": "x"},
        )  # fmt: skip
    assert refusal.value.field == "reason"


def test_an_old_revision_is_refused(cast: Cast, draft: Plan) -> None:
    """Who read an older table is told, and gets the one that is there."""
    edit_line(line=line_of(draft), revision=1, by=cast.secretary, at=AT, changes={"topic": "甲"})
    with pytest.raises(PlanConflict) as refusal:
        edit_line(line=line_of(draft), revision=1, by=cast.office, at=AT, changes={"topic": "乙"})
    assert refusal.value.plan.revision == 2
    assert line_of(draft).topic == "甲"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("planned_on", date(2025, 12, 31)),
        ("planned_on", None),
        ("topic", "长" * 501),
        ("presenter", "名" * 201),
        ("title", "别的事项"),
    ],
)
def test_values_that_a_line_cannot_take(cast: Cast, draft: Plan, field: str, value: object) -> None:
    """Are refused by name, and nothing is lost."""
    with pytest.raises(LineRefused) as refusal:
        edit_line(line=line_of(draft), revision=1, by=cast.secretary, at=AT, changes={field: value})
    assert refusal.value.field == field


def test_lines_of_one_event_move_together(cast: Cast, draft: Plan) -> None:
    """Within their windows; outside of them they part."""
    lesson = line_of(draft, "D2")
    host = draft.lines.get(event=lesson.event, requirement="D3")
    day = host.due_on.replace(day=20)
    edit_line(line=host, revision=1, by=cast.secretary, at=AT, changes={"planned_on": day})
    lesson.refresh_from_db()
    assert lesson.planned_on == day
    far = date(2026, 1, 5) if host.opens_on.month != 1 else date(2026, 3, 5)
    edit_line(line=lesson, revision=2, by=cast.secretary, at=AT, changes={"planned_on": far})
    lesson.refresh_from_db()
    host.refresh_from_db()
    assert (lesson.planned_on, lesson.event, host.planned_on) == (far, None, day)


def test_x_lines_are_free(cast: Cast, adopted: Plan) -> None:
    """Added, changed in all they say, and taken out again, each with its trace."""
    line = add_line(
        plan=adopted, revision=2, by=cast.secretary, at=AT, reason="支部特色",
        values={"title": "读书会", "activity": "study", "planned_on": date(2026, 4, 9)},
    )  # fmt: skip
    assert (line.opens_on, line.due_on) == (date(2026, 4, 1), date(2026, 4, 30))
    edit_line(
        line=line, revision=3, by=cast.secretary, at=AT, reason="改期",
        changes={"title": "读书分享会", "planned_on": date(2026, 5, 9)},
    )  # fmt: skip
    line.refresh_from_db()
    assert (line.title, line.due_on) == ("读书分享会", date(2026, 5, 31))
    remove_line(line=line, revision=4, by=cast.secretary, at=AT, reason="不再开展")
    assert [c.kind for c in LineChange.objects.filter(line_id=line.pk)] == [
        "add",
        "change",
        "remove",
    ]


def test_a_b_line_is_never_removed(cast: Cast, draft: Plan, adopted: Plan) -> None:
    """Not from a draft, not from an adopted table, whatever the reason."""
    with pytest.raises(LineKept):
        remove_line(line=line_of(adopted), revision=2, by=cast.secretary, at=AT, reason="不想开")
    assert line_of(adopted)


def test_take_up_brings_the_lines_of_a_recommendation(cast: Cast, draft: Plan) -> None:
    """Both halves of the year; once only; and they may be taken out again."""
    lines = take_up(plan=draft, requirement="D5", revision=1, by=cast.secretary, at=AT)
    assert [line.practice_class for line in lines] == ["T", "T"]
    with pytest.raises(Refused):
        take_up(plan=draft, requirement="D5", revision=2, by=cast.secretary, at=AT)
    remove_line(line=lines[0], revision=2, by=cast.secretary, at=AT)
    with pytest.raises(Refused):
        take_up(plan=draft, requirement="D1", revision=3, by=cast.secretary, at=AT)


@pytest.mark.parametrize(("hour", "lines"), [(15, 2), (16, 1)])
def test_take_up_counts_days_as_they_are_here(
    cast: Cast, adopted: Plan, hour: int, lines: int
) -> None:
    """At midnight in Beijing the half-year is over, whatever day it is in Greenwich."""
    at = datetime(2026, 6, 30, hour, 30, tzinfo=UTC)
    made = take_up(
        plan=adopted, requirement="D5", revision=2, by=cast.secretary, at=at, reason="研究决定"
    )
    assert len(made) == lines


def test_waive_and_restore(cast: Cast, adopted: Plan) -> None:
    """A waived line cannot be discharged; restored it can."""
    line = line_of(adopted)
    with pytest.raises(LineRefused):
        waive_line(line=line, reason="", by=cast.office, at=AT)
    waive_line(line=line, reason="任务冲突", by=cast.office, at=AT)
    with pytest.raises(Refused):
        discharge(cast, line)
    restore_line(line=line, reason="任务结束", by=cast.office, at=AT)
    discharge(cast, line)
    with pytest.raises(LineRefused):
        waive_line(line=line, reason="晚了", by=cast.office, at=AT)


def test_what_lapses_with_a_branch_is_told_without_a_query_for_each_line(
    cast: Cast, adopted: Plan, django_assert_max_num_queries: Any
) -> None:
    """Lines due after the last day lapse with the reason, those due before stay owed."""
    day = date(2026, 6, 30)
    later = adopted.lines.filter(due_on__gt=day).count()
    assert later > 12
    with django_assert_max_num_queries(12):
        lapsed = lapse_lines(
            organization=cast.branch, last_day=day, reason="撤销", by=cast.office, at=AT
        )
    assert len(lapsed) == adopted.lines.filter(waive_reason="撤销").count() == later


def discharge(cast: Cast, *lines: PlanLine, **more: object) -> list[PlanLine]:
    return discharge_lines(
        lines=lines, record_id=uuid4(), happened_on=date(2026, 3, 10),
        filed_on=date(2026, 3, 11), by=cast.secretary, **more,
    )  # type: ignore[arg-type]  # fmt: skip


def test_a_line_has_one_record(cast: Cast, adopted: Plan) -> None:
    """Another record cannot take it; released it is free again."""
    (held,) = discharge(cast, line_of(adopted))
    with pytest.raises(Refused):
        discharge(cast, line_of(adopted))
    assert held.discharged_by is not None
    release_lines(record_id=held.discharged_by, by=cast.secretary)
    discharge(cast, line_of(adopted))


def test_lines_of_another_branch_are_out_of_reach(cast: Cast, adopted: Plan) -> None:
    """A record of the neighbour discharges nothing here."""
    with pytest.raises(Refused):
        discharge(cast, line_of(adopted), branch=cast.neighbour)
    assert line_of(adopted).discharged_by is None


def test_suggestions_put_open_windows_first(cast: Cast, adopted: Plan) -> None:
    """On 2 April the April theme day comes before the one of March that is late."""
    found = suggest_lines(cast.branch, [Activity.THEME_DAY], date(2026, 4, 2))
    assert (found[0].line.due_on, found[0].is_open) == (date(2026, 4, 30), True)
    assert date(2026, 3, 31) in {one.line.due_on for one in found if not one.is_open}
    assert all(one.line.opens_on <= date(2026, 5, 31) for one in found)


def test_in_december_the_next_table_may_be_begun(cast: Cast, adopted: Plan) -> None:
    """What is done early in December is January's, as it would be in any other month."""
    following = draft_plan(branch=cast.branch, year=2027, by=cast.secretary, at=AT)
    found = suggest_lines(cast.branch, [Activity.THEME_DAY], date(2026, 12, 28))
    early = [one.line for one in found if one.line.plan_id == following.pk]
    assert [line.due_on for line in early] == [date(2027, 1, 31)]
    assert (found[0].line.due_on, found[0].is_open) == (date(2026, 12, 31), True)


def test_at_hand_is_what_this_month_asks(cast: Cast, adopted: Plan) -> None:
    """Late lines of earlier months and those of this one; nothing of a draft."""
    lines = list(lines_at_hand(cast.branch, date(2026, 2, 10)))
    assert all(line.planned_on <= date(2026, 2, 28) for line in lines)
    assert {line.due_on for line in lines} >= {date(2026, 1, 31), date(2026, 2, 28)}


def test_adopting_twice_is_refused(cast: Cast, adopted: Plan) -> None:
    """It is adopted already."""
    with pytest.raises(Refused):
        adopt_plan(plan=adopted, revision=2, by=cast.secretary, at=AT)


def test_the_database_keeps_one_line_for_each_duty(cast: Cast, draft: Plan) -> None:
    """Written twice by whatever mistake, the second is refused."""
    line = line_of(draft)
    line.pk = uuid4()
    with pytest.raises(IntegrityError), transaction.atomic():
        line.save(force_insert=True)


NEXT = PACK.replace('version = "1"', 'version = "2"').replace("2010-01-01", "2026-01-01") + "".join(
    [
        requirement("D1", unit="half"),
        requirement("D3", title="主题党日", activity="theme_day", unit="month"),
        requirement("D6", title="党务公开", activity="publicity", unit="half"),
    ]
)


def test_redraft_offers_the_difference_and_drops_nothing(cast: Cast, adopted: Plan) -> None:
    """A new version: new duties, ended ones, other windows; what is done stays."""
    assert redraft(adopted).is_empty
    load_pack(text=NEXT, by=None, at=AT)
    done = line_of(adopted, "D1", 4)
    discharge(cast, done)
    difference = redraft(adopted)
    assert {line.requirement for line in difference.new} == {"D6"}
    assert {line.requirement for line in difference.ended} == {"D1", "D2", "D4"}
    assert {shift.line.requirement for shift in difference.shifted} == {"D1"}
    assert done.pk not in {line.pk for line in difference.ended}
    before = adopted.lines.count()
    ended = difference.ended[:2]
    apply_redraft(
        plan=adopted, revision=adopted.revision, by=cast.secretary, at=AT, reason="规范更新",
        add=[line.duty.key for line in difference.new if line.duty],
        end=[line.pk for line in ended], shift=[one.line.pk for one in difference.shifted],
    )  # fmt: skip
    adopted.refresh_from_db()
    assert adopted.lines.count() == before + len(difference.new) - 2
    assert adopted.norm.version == "2"
    assert not redraft(adopted).shifted
    assert LineChange.objects.filter(plan=adopted, kind="remove").count() == 2
    assert {line_key(line) for line in adopted.lines.filter(requirement="D6")}


def test_find_plan_is_one_query(
    cast: Cast, adopted: Plan, django_assert_num_queries: object
) -> None:
    """With branch and norm."""
    with django_assert_num_queries(1):  # type: ignore[operator]
        plan = find_plan(cast.branch, 2026)
        assert plan is not None
        assert plan.branch.name
        assert plan.norm.title
