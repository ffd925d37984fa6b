"""What holds for every verb of the table: the revision, the reason, the trace, the ledger line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from tests.plans.story import AT, PACK, Cast, requirement, tallied
from tests.plans.test_tallies import counted

from zhibu.documents.table_reading import SheetRow, read_table_xlsx
from zhibu.documents.table_writing import write_table_xlsx
from zhibu.ledger.models import Entry
from zhibu.norms.services import load_pack
from zhibu.org.models import Organization
from zhibu.org.services import Refused, found_organization
from zhibu.plans.models import Holiday, LineChange, Plan, PlanLine
from zhibu.plans.queries import lines_at_hand, lines_due, overdue_lines
from zhibu.plans.services import (
    LineKept,
    LineRefused,
    PlanConflict,
    PlanExists,
    add_line,
    adopt_plan,
    apply_holiday_proposals,
    apply_import,
    apply_redraft,
    discharge_lines,
    draft_plan,
    drafting,
    edit_line,
    import_holidays,
    lapse_lines,
    plan_table,
    preview_import,
    redraft,
    remove_line,
    restore_line,
    take_up,
    waive_line,
)

DAY = date(2026, 3, 10)
NEXT = PACK.replace('version = "1"', 'version = "2"').replace("2010-01-01", "2026-01-01") + "".join(
    [
        requirement("D1", unit="half"),
        requirement("D3", title="主题党日", activity="theme_day", unit="month"),
        requirement("D6", title="党务公开", activity="publicity", unit="half"),
    ]
)
Verb = Callable[..., object]


def edit(plan: Plan, **more: Any) -> object:
    return edit_line(line=duty_of(plan), changes={"topic": "新主题"}, **more)


def add(plan: Plan, **more: Any) -> object:
    return add_line(plan=plan, values={"title": "联学", "planned_on": date(2026, 6, 9)}, **more)


def remove(plan: Plan, **more: Any) -> object:
    return remove_line(line=plan.lines.get(practice_class="X"), **more)


def take(plan: Plan, **more: Any) -> object:
    return take_up(plan=plan, requirement="D5", **more)


def change_norm(plan: Plan, **more: Any) -> object:
    load_pack(text=NEXT, by=None, at=AT)
    found = redraft(Plan.objects.select_related("branch", "norm").get(pk=plan.pk))
    return apply_redraft(
        plan=plan, add=[line.duty.key for line in found.new if line.duty],
        end=[line.pk for line in found.ended], shift=[one.line.pk for one in found.shifted], **more,
    )  # fmt: skip


def move_off_holidays(plan: Plan, **more: Any) -> object:
    PlanLine.objects.filter(pk=duty_of(plan).pk).update(planned_on=DAY, event=None)
    import_holidays(text=f"{DAY},特别放假,休", by=None, at=AT)
    return apply_holiday_proposals(plan=plan, lines=[duty_of(plan).pk], **{"reason": "", **more})


def bring_in(plan: Plan, **more: Any) -> object:
    sheet = read_table_xlsx(write_table_xlsx(plan_table(plan, today=DAY)))
    own = next(row for row in sheet.rows if row.practice_class == "X")
    rows = [replace(own, planned_on=date(2026, 9, 9)), replace(own, row=90, key="")]
    return apply_import(plan=plan, preview=preview_import(plan, replace(sheet, rows=rows)), **more)


# Each verb with the ledger line that it leaves, and what the trace of it says.
VERBS: tuple[tuple[Verb, str, set[str]], ...] = (
    (edit, "edit_line", {"change"}),
    (add, "add_line", {"add"}),
    (remove, "remove_line", {"remove"}),
    (take, "take_up", {"add"}),
    (change_norm, "redraft_plan", {"add", "change", "remove"}),
    (move_off_holidays, "apply_holidays", {"change"}),
    (bring_in, "import_plan", {"add", "change"}),
)
each_verb = pytest.mark.parametrize(
    ("verb", "noted", "kinds"), VERBS, ids=[noted for _, noted, _ in VERBS]
)


def duty_of(plan: Plan) -> PlanLine:
    return plan.lines.get(requirement="D1", ordinal=1)


def discharge(cast: Cast, line: PlanLine) -> None:
    discharge_lines(
        lines=[line], record_id=uuid4(), happened_on=DAY, filed_on=DAY, by=cast.secretary
    )


@pytest.fixture
def table(cast: Cast, draft: Plan) -> Plan:
    """Adopted, with one line of the branch's own."""
    values = {"title": "读书会", "planned_on": date(2026, 4, 9)}
    add_line(plan=draft, revision=1, by=cast.secretary, at=AT, values=values)
    return adopt_plan(plan=draft, revision=2, by=cast.secretary, at=AT)


@each_verb
def test_an_adopted_table_changes_with_a_reason_and_a_trace(
    cast: Cast, table: Plan, verb: Verb, noted: str, kinds: set[str]
) -> None:
    """Who, why and what stand in the trace; one ledger line; the tallies are the count."""
    before = Entry.objects.count()
    prepared = 1 if verb in (change_norm, move_off_holidays) else 0  # the pack, the holidays
    verb(table, revision=table.revision, by=cast.secretary, at=AT, reason="统一部署")
    changes = LineChange.objects.filter(plan=table)
    assert set(changes.values_list("kind", flat=True)) == kinds
    assert set(changes.values_list("reason", "by")) == {("统一部署", cast.secretary.pk)}
    assert Entry.objects.count() == before + prepared + 1
    assert Entry.objects.filter(verb=noted, person=cast.secretary).exists()
    assert tallied(cast.bureau) == counted(cast.bureau)
    assert Plan.objects.get(pk=table.pk).revision > table.revision


@each_verb
@pytest.mark.parametrize("reason", ["", " \n"])
def test_an_adopted_table_never_changes_without_a_reason(
    cast: Cast, table: Plan, verb: Verb, noted: str, kinds: set[str], reason: str
) -> None:
    """Refused beside the reason, and nothing is stored."""
    refused(table, verb, LineRefused, cast, revision=table.revision, reason=reason)


@each_verb
def test_nobody_writes_over_what_they_have_not_seen(
    cast: Cast, table: Plan, verb: Verb, noted: str, kinds: set[str]
) -> None:
    """An old revision is a conflict, and nothing is stored."""
    refused(table, verb, PlanConflict, cast, revision=table.revision - 1, reason="统一部署")


def refused(plan: Plan, verb: Verb, error: type[Exception], cast: Cast, **more: Any) -> None:
    lines = sorted(plan.lines.exclude(pk=duty_of(plan).pk).values_list("pk", "topic", "planned_on"))
    noted = Entry.objects.filter(subject_id=plan.pk).count()
    with pytest.raises(error):
        verb(plan, by=cast.secretary, at=AT, **more)
    assert lines == sorted(
        plan.lines.exclude(pk=duty_of(plan).pk).values_list("pk", "topic", "planned_on")
    )
    assert Plan.objects.get(pk=plan.pk).revision == plan.revision
    assert not LineChange.objects.exists()
    assert Entry.objects.filter(subject_id=plan.pk).count() == noted


@each_verb
def test_a_draft_changes_without_a_trace(
    cast: Cast, draft: Plan, verb: Verb, noted: str, kinds: set[str]
) -> None:
    """No reason is asked for, nothing is counted, the ledger has its line all the same."""
    values = {"title": "读书会", "planned_on": date(2026, 4, 9)}
    add_line(plan=draft, revision=1, by=cast.secretary, at=AT, values=values)
    verb(draft, revision=2, by=cast.secretary, at=AT)
    assert not LineChange.objects.exists()
    assert not tallied(cast.bureau)
    assert Entry.objects.filter(verb=noted).exists()


def test_what_was_not_waived_is_not_restored(cast: Cast, adopted: Plan) -> None:
    """No trace of something that never was."""
    with pytest.raises(LineRefused, match="没有免除"):
        restore_line(line=duty_of(adopted), reason="恢复", by=cast.office, at=AT)
    waive_line(line=duty_of(adopted), reason="合并", by=cast.office, at=AT)
    with pytest.raises(LineRefused) as refusal:
        restore_line(line=duty_of(adopted), reason=" ", by=cast.office, at=AT)
    assert refusal.value.field == "reason"
    assert list(LineChange.objects.values_list("kind", flat=True)) == ["waive"]


def test_what_is_done_leaves_the_table_by_no_way(cast: Cast, table: Plan) -> None:
    """Neither taken out nor ended nor given another window by a new norm."""
    own = table.lines.get(practice_class="X")
    for line in (own, duty_of(table)):
        discharge(cast, line)
    with pytest.raises(LineKept):
        remove_line(line=own, revision=table.revision, by=cast.secretary, at=AT, reason="x")
    load_pack(text=NEXT, by=None, at=AT)
    found = redraft(table)
    assert duty_of(table).pk not in {one.line.pk for one in found.shifted}
    keys = [own.pk, duty_of(table).pk]
    apply_redraft(
        plan=table, revision=table.revision, add=[], end=keys, shift=keys, by=cast.secretary,
        at=AT, reason="规范更新",
    )  # fmt: skip
    assert table.lines.filter(pk__in=keys, discharged_by__isnull=False).count() == 2


def test_what_is_still_asked_is_never_ended(cast: Cast, table: Plan) -> None:
    """Whatever keys a form sends, a B line that the norm asks for stays."""
    keys = list(table.lines.values_list("pk", flat=True))
    apply_redraft(
        plan=table, revision=table.revision, add=[], end=keys, shift=[], by=cast.secretary,
        at=AT, reason="全部取消",
    )  # fmt: skip
    assert set(table.lines.values_list("pk", flat=True)) == set(keys)


def test_a_line_that_somebody_took_out_is_a_conflict(cast: Cast, table: Plan) -> None:
    """Not a failure."""
    own = table.lines.get(practice_class="X")
    PlanLine.objects.filter(pk=own.pk).delete()
    with pytest.raises(PlanConflict):
        edit_line(
            line=own, revision=table.revision, changes={"topic": "x"}, by=cast.secretary, at=AT,
            reason="x",
        )  # fmt: skip


def test_a_companion_that_is_done_stays_on_its_day(cast: Cast, adopted: Plan) -> None:
    """The lesson is moved without the theme day that has its record."""
    lesson = adopted.lines.filter(requirement="D2", event__isnull=False).first()
    assert lesson is not None
    host = adopted.lines.get(event=lesson.event, requirement="D3")
    discharge(cast, host)
    day = next(
        day for day in (host.due_on.replace(day=n) for n in (3, 4)) if day != host.planned_on
    )
    edit_line(
        line=lesson, revision=adopted.revision, changes={"planned_on": day}, by=cast.secretary,
        at=AT, reason="改期",
    )  # fmt: skip
    planned = host.planned_on
    host.refresh_from_db()
    assert (host.planned_on, host.event) == (planned, None)


@pytest.mark.parametrize("value", ["", "meeting", "支部党员大会"])
def test_an_activity_is_one_of_the_list(cast: Cast, draft: Plan, value: str) -> None:
    """Whoever calls, not only the form."""
    values = {"title": "读书会", "activity": value, "planned_on": DAY}
    with pytest.raises(LineRefused) as refusal:
        add_line(plan=draft, revision=1, by=cast.secretary, at=AT, values=values)
    assert refusal.value.field == "activity"


def test_an_empty_table_is_not_adopted(cast: Cast, draft: Plan) -> None:
    """There would be nothing to keep to."""
    draft.lines.all().delete()
    with pytest.raises(Refused, match="还没有任何安排"):
        adopt_plan(plan=draft, revision=1, by=cast.secretary, at=AT)


def test_nothing_of_a_draft_is_asked_for(cast: Cast, draft: Plan) -> None:
    """Neither at hand nor overdue nor due, until it is adopted."""

    def asked() -> tuple[bool, ...]:
        return (
            lines_at_hand(cast.branch, DAY).exists(),
            overdue_lines(cast.bureau, DAY).exists(),
            lines_due(cast.branch, 2026, 3).exists(),
        )

    assert asked() == (False, False, False)
    adopt_plan(plan=draft, revision=1, by=cast.secretary, at=AT)
    assert asked() == (True, True, True)


def test_an_ended_branch_drafts_nothing_for_later_years(cast: Cast) -> None:
    """For the year of its end it still may."""
    Organization.objects.filter(pk=cast.branch.pk).update(dissolved_on=date(2026, 6, 30))
    branch = Organization.objects.get(pk=cast.branch.pk)
    with pytest.raises(Refused, match="已于2026年撤销"):
        draft_plan(branch=branch, year=2027, by=cast.secretary, at=AT)
    assert draft_plan(branch=branch, year=2026, by=cast.secretary, at=AT)


def test_two_who_draft_at_once_make_one_table(
    cast: Cast, draft: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second looked before the first was stored: it is told, by the database's own rule."""
    real, looks = drafting.find_plan, iter([None])
    monkeypatch.setattr(drafting, "find_plan", lambda *of: next(looks, real(*of)))
    with pytest.raises(PlanExists) as refusal:
        draft_plan(branch=cast.branch, year=2026, by=cast.office, at=AT)
    assert refusal.value.plan == draft
    assert Plan.objects.count() == 1


def test_a_file_of_one_year_leaves_the_others(cast: Cast) -> None:
    """What was imported for other years stays."""
    import_holidays(text="2025-11-24,特别放假,休", by=None, at=AT)
    import_holidays(text="2026-11-24,特别放假,休", by=None, at=AT)
    import_holidays(text="2026-11-25,特别放假,休", by=None, at=AT)
    assert set(Holiday.objects.values_list("day", flat=True)) == {
        date(2025, 11, 24), date(2026, 11, 25),
    }  # fmt: skip


@pytest.mark.parametrize(("count", "faults"), [(200, 0), (201, 1)])
def test_a_sheet_brings_in_only_so_many_lines(draft: Plan, count: int, faults: int) -> None:
    """A file with hundreds of new rows is the wrong one."""
    sheet = read_table_xlsx(write_table_xlsx(plan_table(draft, today=DAY)))
    new = tuple(
        SheetRow(100 + n, "", "X", f"活动{n}", date(2026, 5, 8), has_day_column=True)
        for n in range(count)
    )
    preview = preview_import(draft, replace(sheet, rows=(*sheet.rows, *new)))
    assert len(preview.faults) == faults


def test_what_lapses_with_a_group_is_that_groups(cast: Cast) -> None:
    """The other group's meetings and those of the branch are owed as before, in years to come too."""
    second = found_organization(
        kind="group", name="第二党小组", short_name="第二党小组", parent=cast.branch,
        founded_on=date(2018, 3, 1), by=None, at=AT,
    )  # fmt: skip
    for year in (2026, 2027):
        plan = draft_plan(branch=cast.branch, year=year, by=cast.secretary, at=AT)
        adopt_plan(plan=plan, revision=1, by=cast.secretary, at=AT)
    lapsed = lapse_lines(
        organization=second, last_day=date(2026, 6, 30), reason="撤销", by=cast.office, at=AT
    )
    assert {line.group_id for line in lapsed} == {second.pk}
    assert len(lapsed) == 6 + 12
    assert PlanLine.objects.filter(waived_at__isnull=False).count() == 18
    assert tallied(cast.bureau) == counted(cast.bureau)
    assert LineChange.objects.filter(kind="waive", reason="撤销").count() == 18
