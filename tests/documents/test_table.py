"""The annual table to Excel and back."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.documents.samples import make_table

from zhibu.documents.literal import clean
from zhibu.documents.table import AnnualTable, TableLine
from zhibu.documents.table_reading import (
    LONGEST_TEXT,
    MOST_ROWS,
    SheetFault,
    read_day,
    read_table_xlsx,
)
from zhibu.documents.table_writing import write_table_xlsx

HEADER = ("序号", "月份", "时间", "类别", "会议（活动）类别", "主题内容", "安排编号")


def sheet_of(*rows: tuple[Any, ...]) -> bytes:
    """A workbook with these rows, written as a stranger would write it."""
    out = io.BytesIO()
    workbook = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = workbook.add_worksheet("表一")
    day = workbook.add_format({"num_format": "yyyy-mm-dd"})
    for at, row in enumerate(rows):
        for column, value in enumerate(row):
            if isinstance(value, datetime):
                sheet.write_datetime(at, column, value, day)
            else:
                sheet.write(at, column, value)
    workbook.close()
    return out.getvalue()


def words(size: int) -> st.SearchStrategy[str]:
    return st.text(max_size=size).map(lambda t: clean(t).strip())


LINES = st.builds(
    TableLine,
    key=st.uuids().map(str),
    period=words(10),
    planned_on=st.none() | st.dates(date(1949, 10, 1), date(2100, 12, 31)),
    practice_class=st.sampled_from("BTX"),
    activity=words(20).filter(bool),
    topic=words(200),
    form=words(20),
    attendees=words(20),
    presenter=words(20),
    responsible=words(20),
    state=words(20),
    remark=words(50),
)
TABLES = st.builds(
    AnnualTable,
    branch=words(30),
    year=st.integers(1950, 2100),
    lines=st.lists(LINES, max_size=8, unique_by=lambda line: line.key).map(tuple),
    plan=st.uuids().map(str),
    revision=st.integers(0, 10**8),
    norm=words(30),
    notes=st.lists(words(20), max_size=2).map(tuple),
)


@settings(max_examples=60)
@given(TABLES)
def test_what_was_written_is_read_back(table: AnnualTable) -> None:
    """Every line with every field, its id, and what the table was made from."""
    sheet = read_table_xlsx(write_table_xlsx(table))
    assert sheet.faults == ()
    assert (sheet.plan, sheet.revision, sheet.year) == (table.plan, table.revision, table.year)
    assert sheet.has_keys
    read = [
        TableLine(
            row.key, row.period or "", row.planned_on, row.practice_class, row.activity,
            row.topic or "", row.form or "", row.attendees or "", row.presenter or "",
            row.responsible or "", row.state or "", row.remark or "",
        )
        for row in sheet.rows
    ]  # fmt: skip
    assert read == list(table.lines)
    assert [row.row for row in sheet.rows] == list(range(4, 4 + len(table.lines)))


def test_the_sheet_is_laid_out_as_such_tables_circulate() -> None:
    """A4 across, one page wide, header frozen and repeated, id column and marks hidden."""
    workbook = openpyxl.load_workbook(io.BytesIO(write_table_xlsx(make_table())))
    sheet: Any = workbook["年度安排表"]
    assert sheet["A1"].value == "党支部学习活动年度安排表"
    assert sheet["A2"].value.startswith("口岸检疫处党支部　2026年度（已通过）")
    assert [cell.value for cell in sheet[3]][:6] == [
        "序号", "月份", "时间", "类别", "会议（活动）类别", "主题内容",
    ]  # fmt: skip
    assert sheet.page_setup.orientation == "landscape"
    assert str(sheet.page_setup.paperSize) == "9"
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) in {(1, 0), (None, 0)}
    assert sheet.freeze_panes == "A4"
    assert sheet.print_title_rows == "$3:$3"
    assert sheet.column_dimensions["M"].hidden
    assert workbook["zhibu"].sheet_state == "veryHidden"
    assert isinstance(sheet["C4"].value, datetime)


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|' /C calc'!A0", "-2", "@SUM(A1)", "http://a.b", "{=1}"]
)
def test_text_is_never_a_formula(text: str) -> None:
    """What begins like a formula, a link or a number is written as the text that it is."""
    table = replace(make_table(1), lines=(replace(make_table(1).lines[0], topic=text),))
    cell: Any = openpyxl.load_workbook(io.BytesIO(write_table_xlsx(table)))["年度安排表"]["F4"]
    assert (cell.value, cell.data_type, cell.hyperlink) == (text, "s", None)
    assert read_table_xlsx(write_table_xlsx(table)).rows[0].topic == text


def test_the_same_table_gives_the_same_bytes() -> None:
    """No clock in the file."""
    assert write_table_xlsx(make_table()) == write_table_xlsx(make_table())


DAYS = [
    (datetime(2026, 3, 5), date(2026, 3, 5)),
    (date(2026, 3, 5), date(2026, 3, 5)),
    ("2026-3-5", date(2026, 3, 5)),
    ("2026/03/05", date(2026, 3, 5)),
    ("2026.3.5", date(2026, 3, 5)),
    ("2026年3月5日", date(2026, 3, 5)),
    (" ２０２６年３月５日 ", date(2026, 3, 5)),
    ("2026年3月5日（周四）", date(2026, 3, 5)),
    ("3月5日", date(2026, 3, 5)),
    ("3-5", date(2026, 3, 5)),
    ("1949年10月1日", date(1949, 10, 1)),
    ("2100-12-31", date(2100, 12, 31)),
    (46086, date(2026, 3, 5)),
    (46086.0, date(2026, 3, 5)),
    ("46086", date(2026, 3, 5)),
    ("", None),
    ("  ", None),
]


@pytest.mark.parametrize(("value", "expected"), DAYS)
def test_days_are_read_as_people_write_them(value: object, expected: date | None) -> None:
    """Real dates, text with and without a year, serial numbers, full-width digits."""
    assert read_day(value, 2026) == expected


NO_DAYS: list[tuple[object, str]] = [
    ("三月五日", "不是日期"),
    ("2026年2月30日", "不存在"),
    ("1899-12-31", "超出可用范围"),
    ("1949-9-30", "超出可用范围"),
    ("2101-1-1", "超出可用范围"),
    (datetime(1899, 12, 31), "超出可用范围"),
    (-1, "不是日期"),
    (10**9, "不是日期"),
    (float("inf"), "不是日期"),
    (float("nan"), "不是日期"),
    (True, "不是日期"),
    (time(9), "不是日期"),
    ("2026年3月", "不是日期"),
    ("0000-1-1", "不存在"),
]


@pytest.mark.parametrize(("value", "reason"), NO_DAYS)
def test_what_is_no_day_is_told_why(value: object, reason: str) -> None:
    """The reason is in Chinese."""
    with pytest.raises(ValueError, match=reason):
        read_day(value, 2026)


def test_a_day_without_a_year_needs_one() -> None:
    """Where neither the caller nor the hidden sheet says the year."""
    with pytest.raises(ValueError, match="缺少年份"):
        read_day("3月5日", None)


@given(st.text() | st.floats() | st.integers() | st.booleans() | st.datetimes())
def test_reading_a_day_never_fails_otherwise(value: object) -> None:
    """A day, nothing, or ValueError: no other exception."""
    try:
        day = read_day(value, 2026)
    except ValueError:
        return
    assert day is None or date(1949, 10, 1) <= day <= date(2100, 12, 31)


def test_columns_are_found_in_any_order_and_under_other_names() -> None:
    """Order, spaces and brackets of the header do not matter; no id column: all rows are new."""
    content = sheet_of(
        ("某党支部",),
        ("活动内容", " 会议(活动) 类别", "负责人", "日期", "类 别"),
        ("学习", "党课", "沈启明", "3月5日", "ｂ"),
    )
    sheet = read_table_xlsx(content, year=2026)
    assert sheet.faults == ()
    assert not sheet.has_keys
    (row,) = sheet.rows
    assert (row.row, row.key, row.practice_class, row.activity) == (3, "", "B", "党课")
    assert (row.topic, row.responsible, row.planned_on) == ("学习", "沈启明", date(2026, 3, 5))
    assert row.remark is None


def test_faults_name_row_and_column() -> None:
    """Each bad row is left out and named; the good ones are read."""
    content = sheet_of(
        HEADER,
        (1, "1月", "2026-1-5", "B", "党课", "甲", "k1"),
        (2, "2月", "明天", "B", "党课", "乙", "k2"),
        (3, "3月", "2026-3-5", "", "党课", "丙", "k3"),
        (4, "4月", "2026-4-5", "T", "", "字" * 2001, "k4"),
        (5, "5月", "2026-5-5", "X", "其他", "戊", "k1"),
    )
    sheet = read_table_xlsx(content)
    assert [row.row for row in sheet.rows] == [2]
    assert {(fault.row, fault.column) for fault in sheet.faults} == {
        (3, "时间"), (4, "类别"), (5, "会议（活动）类别"), (5, "主题内容"), (6, "安排编号"),
    }  # fmt: skip


def test_blank_rows_and_notes_are_passed_over() -> None:
    """Running numbers alone are no line, nor is a note below the table."""
    content = sheet_of(
        HEADER,
        (1, "1月", datetime(2026, 1, 5), "B", "党课", "甲", ""),
        (2, "", "", "", "", "", ""),
        ("注：完成情况截至今日",),
        (3, "2月", 46086, "T", "主题党日", "乙", ""),
    )
    sheet = read_table_xlsx(content)
    assert sheet.faults == ()
    assert [(row.row, row.planned_on) for row in sheet.rows] == [
        (2, date(2026, 1, 5)),
        (5, date(2026, 3, 5)),
    ]


def test_a_line_that_begins_like_a_note_is_a_line() -> None:
    """A note stands alone in its row."""
    header = ("主题内容", "类别", "会议（活动）类别", "备注")
    content = sheet_of(header, ("注：学习党章", "B", "党课", ""), ("注：以上按规范", "", "", ""))
    assert [row.topic for row in read_table_xlsx(content).rows] == ["注：学习党章"]


def test_a_sheet_without_header_or_required_column_is_refused() -> None:
    """The fault says what is missing."""
    (fault,) = read_table_xlsx(sheet_of(("甲", "乙"), (1, 2))).faults
    assert fault.row == 0
    assert "没有找到表头" in fault.reason
    (fault,) = read_table_xlsx(sheet_of(("时间", "类别", "主题"), ("3月5日", "B", "学"))).faults
    assert fault == SheetFault(1, "会议（活动）类别", "缺少这一列。")


def test_rows_beyond_the_limit_are_not_read() -> None:
    """2,000 lines are read, and the 2,001st is named."""
    rows = [(n, "1月", "2026-1-5", "B", "党课", "甲", "") for n in range(MOST_ROWS + 5)]
    sheet = read_table_xlsx(sheet_of(HEADER, *rows))
    assert len(sheet.rows) == MOST_ROWS
    (fault,) = sheet.faults
    assert (fault.row, str(MOST_ROWS) in fault.reason) == (MOST_ROWS + 2, True)


def test_numbers_typed_as_text_cells_read_as_seen() -> None:
    """A topic that Excel keeps as a number or a date reads as the person saw it."""
    content = sheet_of(
        HEADER,
        (1, 3, "2026-1-5", "B", "党课", 2026, ""),
        (2, 3.5, "2026-1-6", "B", "党课", datetime(2026, 7, 1), ""),
        (3, "", "2026-1-7", "B", "党课", True, ""),
    )
    rows = read_table_xlsx(content).rows
    assert [(row.period, row.topic) for row in rows] == [
        ("3", "2026"),
        ("3.5", "2026年7月1日"),
        ("", "是"),
    ]


@pytest.mark.parametrize(("titles", "is_found"), [(19, True), (20, False)])
def test_the_header_is_in_the_first_twenty_rows(titles: int, is_found: bool) -> None:
    """Below whatever titles there are; further down nobody would look either."""
    line = (1, "1月", "2026-1-5", "B", "党课", "甲", "")
    sheet = read_table_xlsx(sheet_of(*[("标题",)] * titles, HEADER, line))
    assert [row.row for row in sheet.rows] == [titles + 2] * is_found
    assert bool(sheet.faults) is not is_found


def test_of_two_tables_the_first_is_read() -> None:
    """A second header below is no better one, and its row is said to be none."""
    content = sheet_of(HEADER, (1, "1月", "2026-1-5", "B", "党课", "甲", ""), HEADER)
    sheet = read_table_xlsx(content)
    assert [row.row for row in sheet.rows] == [2]
    assert {fault.row for fault in sheet.faults} == {3}


def test_the_longest_text_is_kept_whole() -> None:
    """Two thousand characters are read, one more is named."""
    for length, rows in ((LONGEST_TEXT, 1), (LONGEST_TEXT + 1, 0)):
        line = (1, "1月", "2026-1-5", "B", "党课", "字" * length, "")
        assert len(read_table_xlsx(sheet_of(HEADER, line)).rows) == rows
