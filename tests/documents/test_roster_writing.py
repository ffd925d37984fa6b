"""The template, the export and the marked file: read again as they were meant, harmless to open."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from typing import Any

import openpyxl
import pytest

from zhibu.documents.roster_reading import read_roster_file
from zhibu.documents.roster_writing import (
    FAULT_COLUMN,
    NUMBER_COLUMN,
    MarkedRow,
    SheetColumn,
    write_marked,
    write_roster,
    write_template,
)
from zhibu.rules.roster_columns import RosterField, find_heading, likeness

COLUMNS = (
    SheetColumn("姓名", "身份证上的姓名。", is_needed=True, examples=("张三", "李四")),
    SheetColumn("性别", "填男或女。", ("男", "女")),
    SheetColumn("入党时间", "如2012-07-01。", is_day=True, is_needed=True),
)
DANGEROUS = ("=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x","y")', "http://x.example", "\t=1", "a\x00b\ud800")  # fmt: skip


def test_template_is_a_roster_without_rows() -> None:
    """The template has the headings, the lists and the notes; imported empty it holds nobody."""
    content = write_template("党员花名册", COLUMNS, ("一人一行。", "带红字的列必填。"))
    sheet = read_roster_file(content, liking=likeness)
    assert sheet.sheet == "党员花名册"
    found = find_heading(sheet.rows)
    assert found is not None
    assert found.fields == {RosterField.NAME, RosterField.SEX, RosterField.JOINED_ON}
    assert [number for number, _ in sheet.rows] == [1]
    book = openpyxl.load_workbook(io.BytesIO(content))
    (rule,) = book["党员花名册"].data_validations.dataValidation
    assert rule.formula1 == '"男,女"'
    notes = [str(cell.value) for row in book["填写说明"].iter_rows() for cell in row if cell.value]
    assert "张三；李四" in notes
    assert "可选：男、女。" in "".join(notes)


def test_export_keeps_values() -> None:
    """Days are days, also before 1900; text is text; yes is 是."""
    rows = [["张三", True, date(2012, 7, 1)], ["李四", None, date(1899, 1, 2)]]
    read = read_roster_file(write_roster("名册", COLUMNS, rows)).rows
    assert read[1] == (2, ["张三", "是", date(2012, 7, 1)])
    assert read[2] == (3, ["李四", "", "1899-01-02"])


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (date(1900, 2, 28), "1900-02-28"),  # Excel counts a day too many until then
        (date(1900, 3, 1), date(1900, 3, 1)),
        (2026, 2026.0),
        (10**15, "1000000000000000"),  # more digits than Excel keeps
        ("长" * 300, "长" * 300),
    ],
)
def test_cells_keep_what_they_hold(value: Any, read: Any) -> None:
    """Whatever Excel would spoil is written as text."""
    ((_, heading), (_, cells)) = read_roster_file(
        write_roster("名册", COLUMNS[:2], [["甲", value]])
    ).rows
    assert heading == ["姓名", "性别"]
    assert cells[1] == read


@pytest.mark.parametrize(("length", "has_list"), [(126, True), (127, False)])
def test_a_list_that_is_too_long_for_excel_is_left_out(length: int, has_list: bool) -> None:
    """255 characters with the commas; the words still stand in the notes."""
    columns = (SheetColumn("姓名"), SheetColumn("组别", "", ("甲" * length, "乙" * 128)))
    book = openpyxl.load_workbook(io.BytesIO(write_template("名册", columns, ())))
    assert bool(book["名册"].data_validations.dataValidation) is has_list


@pytest.mark.parametrize("text", DANGEROUS)
def test_nothing_becomes_a_formula(text: str) -> None:
    """What looks like a formula or a link is written as the text it is."""
    marked = [MarkedRow(7, [text, "男"], frozenset({0}), text)]
    for content in (
        write_roster("名册", COLUMNS, [[text]]),
        write_marked("x", ["姓名", "性别"], marked),
    ):
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            names = package.namelist()
            sheet = package.read("xl/worksheets/sheet1.xml")
        assert b"<f>" not in sheet
        assert b"<hyperlink" not in sheet
        assert not [name for name in names if "external" in name.lower()]
        book = openpyxl.load_workbook(io.BytesIO(content))
        assert {cell.data_type for row in book.worksheets[0].iter_rows() for cell in row} <= {
            "s",
            "n",
        }


def test_marked_rows() -> None:
    """The faulty cells are coloured, the doubtful ones in another colour; number and words beside."""
    rows = [
        MarkedRow(
            9, ["", "男", date(2012, 7, 1)], frozenset({0}), "姓名：没有填写姓名。", frozenset({2})
        )
    ]
    content = write_marked("花名册问题", ["姓名", "性别", "入党时间"], rows)
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    assert [cell.value for cell in sheet[1]] == [
        NUMBER_COLUMN,
        "姓名",
        "性别",
        "入党时间",
        FAULT_COLUMN,
    ]
    assert sheet["A2"].value == 9
    assert sheet["E2"].value == "姓名：没有填写姓名。"
    fills = [sheet.cell(2, n).fill.fgColor.rgb for n in (2, 3, 4)]
    assert fills == ["FFF8D7D4", "00000000", "FFFDF1CF"]


def test_marked_file_is_a_roster() -> None:
    """Mended, the marked file is imported itself: its own two columns are left out in silence."""
    rows = [MarkedRow(9, ["张三", "男", date(2012, 7, 1)], words="注")]
    sheet = read_roster_file(
        write_marked("问题", ["姓名", "性别", "入党时间"], rows), liking=likeness
    )
    found = find_heading(sheet.rows)
    assert found is not None
    assert len(found.columns) == 3
    assert found.left == ()
