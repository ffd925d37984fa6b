"""The table to Excel and back: nothing changes by reading, all or nothing when confirmed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plans.story import AT, Cast

from zhibu.documents.table_reading import SheetRow, TableSheet, read_table_xlsx
from zhibu.documents.table_writing import write_table_xlsx
from zhibu.org.services import Refused
from zhibu.plans.models import LineChange, Plan
from zhibu.plans.services import (
    ImportPreview,
    LineRefused,
    PlanConflict,
    add_line,
    apply_import,
    discharge_lines,
    draft_plan,
    edit_line,
    plan_table,
    preview_import,
    renew_preview,
)

TODAY = date(2026, 3, 1)
NEW = SheetRow(
    row=40, key="", practice_class="X", activity="读书会", planned_on=date(2026, 5, 8),
    has_day_column=True, topic="=HYPERLINK(1)",
)  # fmt: skip


def read_back(plan: Plan) -> TableSheet:
    return read_table_xlsx(write_table_xlsx(plan_table(plan, today=TODAY)))


def changed(sheet: TableSheet, **values: object) -> TableSheet:
    """The sheet with its first row changed."""
    first, *rest = sheet.rows
    return replace(sheet, rows=(replace(first, **values), *rest))  # type: ignore[arg-type]


def test_an_untouched_copy_changes_nothing(draft: Plan) -> None:
    """All lines come back, none with a difference."""
    preview = preview_import(draft, read_back(draft))
    assert (preview.changes, preview.faults, preview.kept) == ((), (), ())
    assert preview.unchanged == draft.lines.count()


def test_what_cannot_be_printed_is_no_difference(cast: Cast, draft: Plan) -> None:
    """Pasted from elsewhere, left out of the sheet: coming back it is not taken for a change."""
    nasty = "\u200b零宽\u00ad字符\u202e·𠮷 "
    fields = ("topic", "form", "presenter", "responsible", "remark")
    line = draft.lines.all()[3]
    edit_line(line=line, revision=1, by=cast.secretary, at=AT, changes=dict.fromkeys(fields, nasty))
    values = {"title": nasty, "planned_on": date(2026, 4, 9)}
    add_line(plan=draft, revision=2, by=cast.secretary, at=AT, values=values)
    # Also of a duty, whose name a pack gave.
    draft.lines.filter(requirement="D1").update(title=nasty)
    line.refresh_from_db()
    assert "\u200b" in line.topic
    preview = preview_import(draft, read_back(draft))
    assert (preview.changes, preview.faults, preview.kept) == ((), (), ())


def test_a_preview_changes_nothing_and_says_what_would(cast: Cast, adopted: Plan) -> None:
    """A moved day, a new topic, a new line: said, then applied with a reason and a trace."""
    sheet = changed(read_back(adopted), planned_on=date(2026, 1, 20), topic="新主题")
    sheet = replace(sheet, rows=(*sheet.rows, NEW))
    preview = preview_import(adopted, sheet)
    assert [change.row for change in preview.changes] == [sheet.rows[0].row, 40]
    assert {one.field for one in preview.changes[0].changes} == {"planned_on", "topic"}
    assert not LineChange.objects.exists()
    again = ImportPreview.from_data(json.loads(json.dumps(preview.to_data())))
    assert again == preview
    with pytest.raises(LineRefused):
        apply_import(plan=adopted, preview=again, revision=2, by=cast.secretary, at=AT)
    apply_import(
        plan=adopted, preview=again, revision=2, by=cast.secretary, at=AT, reason="年中调整"
    )
    line = adopted.lines.get(pk=sheet.rows[0].key)
    assert (line.planned_on, line.topic) == (date(2026, 1, 20), "新主题")
    own = adopted.lines.get(practice_class="X")
    assert (own.title, own.topic) == ("读书会", "=HYPERLINK(1)")
    assert LineChange.objects.count() == 2


def test_a_table_changed_meanwhile_is_not_overwritten(cast: Cast, draft: Plan) -> None:
    """The preview that was seen is no longer true."""
    preview = preview_import(draft, changed(read_back(draft), topic="新主题"))
    edit_line(
        line=draft.lines.all()[3], revision=1, by=cast.office, at=AT, changes={"topic": "别人"}
    )
    with pytest.raises(PlanConflict):
        apply_import(
            plan=draft, preview=preview, revision=preview.revision, by=cast.secretary, at=AT
        )


@pytest.mark.parametrize(
    ("values", "column"),
    [
        ({"practice_class": "X"}, "类别"),
        ({"activity": "别的会议"}, "会议（活动）类别"),
        ({"planned_on": None}, "时间"),
        ({"planned_on": date(2027, 1, 1)}, "时间"),
        ({"topic": "长" * 501}, "主题"),
        ({"key": "01a207ce-5e40-74be-a594-35431dcc1a0d"}, "安排编号"),
        ({"key": ""}, "类别"),
    ],
)
def test_a_faulty_row_is_named(draft: Plan, values: dict[str, object], column: str) -> None:
    """By its number and column; the other rows are previewed all the same."""
    sheet = changed(read_back(draft), **values)
    preview = preview_import(draft, sheet)
    assert [(fault.row, fault.column) for fault in preview.faults] == [(sheet.rows[0].row, column)]
    assert preview.unchanged == draft.lines.count() - 1


def test_who_takes_part_is_said_where_it_is_known(cast: Cast, draft: Plan) -> None:
    """All members, the group, or nothing: nobody says who comes to what a branch does of its own."""
    values = {"title": "读书会", "planned_on": date(2026, 4, 9)}
    add_line(plan=draft, revision=draft.revision, by=cast.secretary, at=AT, values=values)
    said = {line.activity: line.attendees for line in plan_table(draft, today=TODAY).lines}
    assert said == {
        "支部党员大会": "全体党员", "党课": "全体党员", "主题党日": "全体党员",
        "党小组会": "第一党小组", "读书会": "",
    }  # fmt: skip


def test_the_same_sheet_once_more_adds_nothing(cast: Cast, draft: Plan) -> None:
    """A row without a key is the own line of its title and day, if there is one that no row names."""
    sheet = read_back(draft)
    sheet = replace(sheet, rows=(*sheet.rows, NEW, replace(NEW, row=41, activity="联学")))
    for added in (2, 0):
        draft.refresh_from_db()
        preview = preview_import(draft, sheet)
        assert [change.line for change in preview.changes] == [""] * added
        if added:
            apply_import(
                plan=draft, preview=preview, revision=draft.revision, by=cast.secretary, at=AT
            )
    assert not preview.kept
    # Edited further in the file that was imported already.
    again = replace(sheet, rows=(*sheet.rows[:-1], replace(sheet.rows[-1], topic="改过的主题")))
    (change,) = preview_import(draft, again).changes
    assert draft.lines.get(pk=change.line).title == "联学"
    assert [(one.field, one.after) for one in change.changes] == [("topic", "改过的主题")]
    # In an untouched copy both have their keys.
    assert preview_import(draft, read_back(draft)).changes == ()


def test_a_sheet_sorted_without_its_keys_is_noticed(draft: Plan) -> None:
    """A row that bears another duty's name is a fault, whatever else it says."""
    sheet = read_back(draft)
    first = sheet.rows[0]
    other = next(row for row in sheet.rows if row.activity != first.activity)
    mixed = tuple(replace(row, key=first.key) if row is other else row for row in sheet.rows[1:])
    preview = preview_import(draft, replace(sheet, rows=mixed))
    (fault,) = preview.faults
    assert (fault.row, fault.column) == (other.row, "会议（活动）类别")
    assert first.activity in fault.reason
    assert not preview.changes


def test_a_line_done_since_the_preview_keeps_its_day(cast: Cast, adopted: Plan) -> None:
    """Filing a record changes no revision: the day is refused all the same, with its row."""
    sheet = changed(read_back(adopted), planned_on=date(2026, 1, 20))
    preview = preview_import(adopted, sheet)
    line = adopted.lines.get(pk=sheet.rows[0].key)
    discharge_lines(
        lines=[line], record_id=uuid4(), happened_on=line.planned_on, filed_on=line.planned_on,
        by=cast.secretary,
    )  # fmt: skip
    with pytest.raises(Refused, match=f"第{sheet.rows[0].row}行.*已经完成"):
        apply_import(
            plan=adopted, preview=preview, revision=2, by=cast.secretary, at=AT, reason="调整"
        )


def test_a_preview_is_renewed_after_somebody_else_changed_the_table(
    cast: Cast, draft: Plan
) -> None:
    """What stands there now is said; what is there already, or no more, is not applied."""
    sheet = read_back(draft)
    first, second, third, *rest = sheet.rows
    own = replace(NEW, row=41, activity="联学")
    rows = [replace(row, topic="新主题") for row in (first, second, third)]
    preview = preview_import(draft, replace(sheet, rows=(*rows, *rest, NEW, own)))
    for row, topic in ((first, "新主题"), (second, "别人的")):
        draft.refresh_from_db()
        edit_line(
            line=draft.lines.get(pk=row.key), revision=draft.revision, by=cast.office, at=AT,
            changes={"topic": topic},
        )  # fmt: skip
    draft.lines.get(pk=third.key).delete()
    values = {"title": NEW.activity, "planned_on": NEW.planned_on, "topic": NEW.topic}
    draft.refresh_from_db()
    add_line(plan=draft, revision=draft.revision, by=cast.office, at=AT, values=values)
    draft.refresh_from_db()
    renewed = renew_preview(draft, preview)
    assert renewed.revision == draft.revision
    assert [change.row for change in renewed.changes] == [second.row, 41]
    assert renewed.changes[0].changes[0].before == "别人的"
    assert [fault.row for fault in renewed.faults] == [third.row]
    apply_import(plan=draft, preview=renewed, revision=draft.revision, by=cast.secretary, at=AT)
    assert draft.lines.get(pk=second.key).topic == "新主题"
    assert draft.lines.filter(practice_class="X").count() == 2
    assert renew_preview(draft, renewed).changes == ()


def test_lines_that_the_sheet_does_not_name_stay(draft: Plan) -> None:
    """Nothing is dropped because somebody deleted a row."""
    sheet = read_back(draft)
    preview = preview_import(draft, replace(sheet, rows=sheet.rows[5:]))
    assert len(preview.kept) == 5
    assert not preview.changes


def test_the_sheet_of_another_table_is_refused(draft: Plan) -> None:
    """Branch and year are in it."""
    preview = preview_import(draft, replace(read_back(draft), plan="another"))
    assert preview.faults
    assert not preview.changes


def test_the_preview_of_another_table_is_not_applied(cast: Cast, draft: Plan) -> None:
    """Whatever it holds: new lines name no line that could betray them."""
    preview = preview_import(draft, replace(read_back(draft), rows=(NEW,)))
    later = draft_plan(branch=cast.branch, year=2027, by=cast.secretary, at=AT)
    for other, shown in ((later, preview), (draft, replace(preview, changes=()))):
        with pytest.raises(Refused, match="没有需要导入的改动"):
            apply_import(plan=other, preview=shown, revision=1, by=cast.secretary, at=AT)
    assert not later.lines.filter(practice_class="X").exists()


def test_lines_that_part_are_no_longer_held_together(cast: Cast, draft: Plan) -> None:
    """A lesson that was moved away from its theme day."""
    lesson = draft.lines.filter(event__isnull=False, requirement="D2").first()
    assert lesson is not None
    day = next(
        day
        for day in (lesson.due_on.replace(day=number) for number in (2, 3, 4))
        if day != lesson.planned_on
    )
    sheet = read_back(draft)
    rows = tuple(
        replace(row, planned_on=day) if row.key == str(lesson.pk) else row for row in sheet.rows
    )
    preview = preview_import(draft, replace(sheet, rows=rows))
    apply_import(plan=draft, preview=preview, revision=1, by=cast.secretary, at=AT)
    lesson.refresh_from_db()
    assert (lesson.planned_on, lesson.event) == (day, None)


@given(st.dictionaries(st.sampled_from(["plan", "revision", "changes", "faults"]), st.text()))
def test_no_junk_is_taken_for_a_preview(data: dict[str, str]) -> None:
    """What comes back from a form may be anything."""
    with pytest.raises(ValueError, match="not a preview"):
        ImportPreview.from_data(data)
