"""The table to Excel and back: nothing changes by reading, all or nothing when confirmed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plans.story import AT, Cast

from zhibu.documents.table_reading import SheetRow, TableSheet, read_table_xlsx
from zhibu.documents.table_writing import write_table_xlsx
from zhibu.plans.models import LineChange, Plan
from zhibu.plans.services import (
    ImportPreview,
    LineRefused,
    PlanConflict,
    apply_import,
    edit_line,
    plan_table,
    preview_import,
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
