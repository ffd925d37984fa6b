"""The annual table as an Excel file, in the shape in which such tables circulate."""

from __future__ import annotations

import io
import math
from datetime import UTC, date, datetime
from typing import Any, Final

import xlsxwriter

from zhibu.documents.literal import clean
from zhibu.documents.table import COLUMNS, KEY_COLUMN, MARK_SHEET, AnnualTable, TableLine

SHEET: Final = "年度安排表"
HEADER_ROW: Final = 2  # zero-based: title, subtitle, header
_WIDTHS: Final = (5, 8, 13, 6, 17, 32, 11, 13, 12, 11, 16, 14)
_CENTRED: Final = frozenset(
    ("number", "period", "planned_on", "practice_class", "form", "attendees", "presenter")
)
# What one cell of the format can hold; longer text is cut there by Excel itself.
LONGEST_CELL: Final = 32_767
_A4: Final = 9
_FIRST_EXCEL_DAY: Final = date(1900, 3, 1)  # before it Excel counts a day that never was


def new_workbook(out: io.BytesIO, title: str) -> Any:
    """A workbook in which text stays text: no formula, no link and no number is ever guessed."""
    workbook = xlsxwriter.Workbook(
        out,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    # A fixed moment: the same table gives the same bytes.
    workbook.set_properties({"title": title, "created": datetime(2017, 9, 29, tzinfo=UTC)})
    return workbook


def write_table_xlsx(table: AnnualTable) -> bytes:
    """The table as XLSX: A4 landscape, one page wide, header frozen and repeated.

    The id of each line is in a hidden column, plan, revision and norm in a hidden sheet, so that
    `zhibu.documents.table_reading` can match an edited copy.
    """
    out = io.BytesIO()
    title = f"{table.branch}{table.year}年度{table.title}"
    workbook = new_workbook(out, clean(title))
    sheet = workbook.add_worksheet(SHEET)
    formats = _formats(workbook)
    last = len(COLUMNS)
    sheet.merge_range(0, 0, 0, last - 1, clean(table.title), formats["title"])
    subtitle = "　　".join(filter(None, (table.heading(), table.legend())))
    sheet.merge_range(1, 0, 1, last - 1, clean(subtitle), formats["subtitle"])
    for column, (_, names) in enumerate(COLUMNS):
        sheet.set_column(column, column, _WIDTHS[column])
        sheet.write_string(HEADER_ROW, column, names[0], formats["header"])
    sheet.write_string(HEADER_ROW, last, KEY_COLUMN, formats["header"])
    sheet.set_column(last, last, 38, None, {"hidden": True})
    for number, line in enumerate(table.lines, 1):
        _write_line(sheet, formats, number, line)
    _write_notes(sheet, formats, table)
    _lay_out(sheet, table, last)
    _write_marks(workbook, table)
    workbook.close()
    return out.getvalue()


def _formats(workbook: Any) -> dict[str, Any]:
    ruled = {
        "border": 1,
        "text_wrap": True,
        "valign": "vcenter",
        "font_name": "仿宋",
        "font_size": 11,
    }
    centred = ruled | {"align": "center"}
    return {
        "title": workbook.add_format(
            {"font_name": "方正小标宋简体", "font_size": 20, "align": "center", "valign": "vcenter"}
        ),
        "subtitle": workbook.add_format(
            {"font_name": "楷体", "font_size": 12, "align": "center", "valign": "vcenter"}
        ),
        "header": workbook.add_format(centred | {"font_name": "黑体"}),
        "text": workbook.add_format(ruled),
        "centred": workbook.add_format(centred),
        "day": workbook.add_format(centred | {"num_format": 'yyyy"年"m"月"d"日"'}),
        "note": workbook.add_format({"font_name": "仿宋", "font_size": 11, "text_wrap": True}),
    }


def _write_line(sheet: Any, formats: dict[str, Any], number: int, line: TableLine) -> None:
    row = HEADER_ROW + number
    for column, (field, _) in enumerate(COLUMNS):
        style = formats["centred" if field in _CENTRED else "text"]
        if field == "number":
            sheet.write_number(row, column, number, style)
        elif field == "planned_on":
            _write_day(sheet, row, column, line.planned_on, formats)
        else:
            sheet.write_string(row, column, clean(getattr(line, field))[:LONGEST_CELL], style)
    sheet.write_string(row, len(COLUMNS), line.key)
    sheet.set_row(row, _height(line))


def _height(line: TableLine) -> float:
    """Row height in points for the wrapped text: not every program works it out when it opens."""
    rows = 1
    for column, (field, _) in enumerate(COLUMNS):
        if field not in ("number", "planned_on"):
            text = str(getattr(line, field))
            # A Chinese character is about two widths of a digit, the unit of a column.
            rows = max(rows, *(_rows(part, _WIDTHS[column]) for part in text.split("\n")))
    return min(max(rows * 15.0 + 6.0, 24.0), 400.0)


def _rows(text: str, width: int) -> int:
    units = sum(1 if character.isascii() else 2.1 for character in text)
    return max(1, math.ceil(units / (width - 1)))


def _write_day(
    sheet: Any, row: int, column: int, day: date | None, formats: dict[str, Any]
) -> None:
    if day is None:
        sheet.write_blank(row, column, None, formats["centred"])
    elif day < _FIRST_EXCEL_DAY:
        sheet.write_string(row, column, f"{day.year}年{day.month}月{day.day}日", formats["centred"])
    else:
        moment = datetime(day.year, day.month, day.day)  # noqa: DTZ001  a day has no time zone
        sheet.write_datetime(row, column, moment, formats["day"])


def _write_notes(sheet: Any, formats: dict[str, Any], table: AnnualTable) -> None:
    row = HEADER_ROW + len(table.lines) + 1
    for note in table.notes:
        # The mark tells the reader of an edited copy that the lines end here.
        sheet.merge_range(row, 0, row, len(COLUMNS) - 1, f"注：{clean(note)}", formats["note"])
        row += 1


def _lay_out(sheet: Any, table: AnnualTable, last: int) -> None:
    end = HEADER_ROW + len(table.lines) + len(table.notes)
    sheet.set_row(0, 34)
    sheet.set_row(1, 20)
    sheet.set_row(HEADER_ROW, 32)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.set_margins(left=0.6, right=0.6, top=0.8, bottom=0.8)
    sheet.repeat_rows(HEADER_ROW)
    sheet.fit_to_pages(1, 0)
    sheet.print_area(0, 0, end, last - 1)
    sheet.center_horizontally()
    sheet.set_footer("&C— &P —")
    sheet.freeze_panes(HEADER_ROW + 1, 0)
    if table.classes and table.lines:
        sheet.data_validation(
            HEADER_ROW + 1,
            _column("practice_class"),
            HEADER_ROW + len(table.lines),
            _column("practice_class"),
            {
                "validate": "list",
                "source": [letter for letter, _ in table.classes],
                "error_title": "类别有误",
                "error_message": "请从列表中选择类别。",
            },
        )


def _column(field: str) -> int:
    return next(index for index, (name, _) in enumerate(COLUMNS) if name == field)


def _write_marks(workbook: Any, table: AnnualTable) -> None:
    sheet = workbook.add_worksheet(MARK_SHEET)
    marks = (
        ("plan", table.plan),
        ("revision", str(table.revision)),
        ("norm", table.norm),
        ("year", str(table.year)),
        ("branch", table.branch),
    )
    for row, (name, value) in enumerate(marks):
        sheet.write_string(row, 0, name)
        sheet.write_string(row, 1, clean(value))
    sheet.very_hidden()
