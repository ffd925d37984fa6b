"""Rosters as Excel files: the template to fill in, the full export, and the marked faulty rows.

Text stays text: nothing that a cell holds becomes a formula or a link when the file is opened.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from zhibu.documents.literal import clean
from zhibu.documents.table_writing import LONGEST_CELL, new_workbook

NOTES_SHEET: Final = "填写说明"
NUMBER_COLUMN: Final = "原行号"
FAULT_COLUMN: Final = "问题与处理"
_ROWS_TO_FILL: Final = 5_000  # rows of the template that have lists and formats
_FIRST_EXCEL_DAY: Final = date(1900, 3, 1)  # before it Excel counts a day that never was
_DAY_FORMAT: Final = "yyyy-mm-dd"
_LONGEST_LIST: Final = 255  # characters of a list that stands in the cell's own rule


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """One column: its heading, what to write there, a list to choose from, whether it holds days.

    `width` is in characters; `examples` are shown in the notes, never among the data.
    """

    heading: str
    note: str = ""
    choices: tuple[str, ...] = ()
    is_day: bool = False
    is_needed: bool = False
    width: int = 12
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MarkedRow:
    """A row that has faults: its number in the file, its cells, the faulty places (from 0), words."""

    number: int
    cells: Sequence[Any]
    places: frozenset[int] = frozenset()
    words: str = ""
    warned: frozenset[int] = field(default_factory=frozenset)


def write_template(title: str, columns: Sequence[SheetColumn], notes: Sequence[str]) -> bytes:
    """An empty table to fill in: headings, lists, formats, and a sheet that explains each column."""
    out = io.BytesIO()
    workbook = new_workbook(out, clean(title))
    formats = _formats(workbook)
    sheet = workbook.add_worksheet(clean(title)[:31])
    _write_headings(sheet, formats, columns, 0)
    for index, column in enumerate(columns):
        style = formats["day" if column.is_day else "open"]
        sheet.set_column(index, index, column.width, style)
        if column.note:
            sheet.write_comment(0, index, clean(column.note)[:500], {"x_scale": 1.6, "author": ""})
        _add_list(sheet, index, column)
    sheet.freeze_panes(1, 1)
    _for_printing(sheet)
    _write_notes(workbook, formats, title, columns, notes)
    workbook.close()
    return out.getvalue()


def write_roster(
    title: str, columns: Sequence[SheetColumn], rows: Iterable[Sequence[Any]], *, sheet: str = ""
) -> bytes:
    """All rows under the headings of the template, so that the file can be imported again.

    A cell is text, a whole number, a day or None. The table begins in the first row: programs that
    sort and filter need no title above it.
    """
    out = io.BytesIO()
    workbook = new_workbook(out, clean(title))
    formats = _formats(workbook)
    page = workbook.add_worksheet(clean(sheet or title)[:31])
    _write_headings(page, formats, columns, 0)
    for index, column in enumerate(columns):
        page.set_column(index, index, column.width)
    number = 0
    for number, row in enumerate(rows, 1):
        for index, value in enumerate(row):
            _write_cell(page, number, index, value, formats, "text", "date")
    page.autofilter(0, 0, max(number, 1), len(columns) - 1)
    page.freeze_panes(1, 1)
    _for_printing(page)
    workbook.close()
    return out.getvalue()


def write_marked(title: str, headings: Sequence[str], rows: Iterable[MarkedRow]) -> bytes:
    """The faulty rows as they were, the faulty cells coloured, with what to do in the last column.

    The file can be mended and imported itself: its two own columns are known and left out.
    """
    out = io.BytesIO()
    workbook = new_workbook(out, clean(title))
    formats = _formats(workbook)
    page = workbook.add_worksheet(clean(title)[:31])
    columns = [
        SheetColumn(NUMBER_COLUMN, width=8),
        *(SheetColumn(one, width=14) for one in headings),
    ]
    columns.append(SheetColumn(FAULT_COLUMN, width=70))
    _write_headings(page, formats, columns, 0)
    for index, column in enumerate(columns):
        page.set_column(index, index, column.width)
    number = 0
    last = len(columns) - 1
    for number, row in enumerate(rows, 1):
        page.write_number(number, 0, row.number, formats["text"])
        for index in range(len(headings)):
            value = row.cells[index] if index < len(row.cells) else ""
            mark = "wrong" if index in row.places else "doubt" if index in row.warned else ""
            style, day = (mark, f"{mark}_day") if mark else ("text", "date")
            _write_cell(page, number, index + 1, value, formats, style, day)
        page.write_string(number, last, clean(row.words)[:LONGEST_CELL], formats["words"])
        page.set_row(number, _height(row.words))
    page.autofilter(0, 0, max(number, 1), last)
    page.freeze_panes(1, 0)
    _for_printing(page)
    workbook.close()
    return out.getvalue()


def _height(words: str) -> float:
    """Row height in points for the wrapped words: not every program works it out when it opens."""
    # The column holds about 33 Chinese characters a line.
    lines = sum(1 + len(line) // 33 for line in words.split("\n"))
    return min(16.0 * max(lines, 1), 400.0)


def _formats(workbook: Any) -> dict[str, Any]:
    ruled = {"border": 1, "valign": "vcenter", "font_size": 11}
    wrong = ruled | {"bg_color": "#F8D7D4", "font_color": "#8C1B12", "bold": True}
    doubt = ruled | {"bg_color": "#FDF1CF"}
    day = {"num_format": _DAY_FORMAT}
    return {
        "heading": workbook.add_format(
            ruled | {"bold": True, "bg_color": "#EFEAE4", "text_wrap": True, "align": "center"}
        ),
        "needed": workbook.add_format(
            ruled
            | {
                "bold": True,
                "bg_color": "#EFEAE4",
                "font_color": "#A3130C",
                "text_wrap": True,
                "align": "center",
            }
        ),
        "open": workbook.add_format({"num_format": "@", "font_size": 11}),
        "day": workbook.add_format(day | {"font_size": 11}),
        "text": workbook.add_format(ruled),
        "date": workbook.add_format(ruled | day),
        "wrong": workbook.add_format(wrong),
        "wrong_day": workbook.add_format(wrong | day),
        "doubt": workbook.add_format(doubt),
        "doubt_day": workbook.add_format(doubt | day),
        "words": workbook.add_format(ruled | {"text_wrap": True, "valign": "top"}),
        "note": workbook.add_format({"text_wrap": True, "valign": "top", "font_size": 11}),
        "title": workbook.add_format({"bold": True, "font_size": 16}),
    }


def _write_headings(
    sheet: Any, formats: Mapping[str, Any], columns: Sequence[SheetColumn], row: int
) -> None:
    sheet.set_row(row, 30)
    for index, column in enumerate(columns):
        style = formats["needed" if column.is_needed else "heading"]
        sheet.write_string(row, index, clean(column.heading), style)
    sheet.repeat_rows(row)


def _write_cell(
    sheet: Any, row: int, column: int, value: Any, formats: Mapping[str, Any], text: str, day: str
) -> None:
    if value is None or value == "":
        sheet.write_blank(row, column, None, formats[text])
    elif isinstance(value, bool):
        sheet.write_string(row, column, "是" if value else "否", formats[text])
    elif isinstance(value, date):
        on = value.date() if isinstance(value, datetime) else value
        if on < _FIRST_EXCEL_DAY:
            sheet.write_string(row, column, on.isoformat(), formats[text])
        else:
            moment = datetime(on.year, on.month, on.day)  # noqa: DTZ001  a day has no time zone
            sheet.write_datetime(row, column, moment, formats[day])
    elif isinstance(value, (int, float)) and abs(value) < 1e15 and value == value:  # noqa: PLR0124 - NaN is not equal to itself
        sheet.write_number(row, column, value, formats[text])
    else:
        sheet.write_string(row, column, clean(str(value))[:LONGEST_CELL], formats[text])


def _add_list(sheet: Any, index: int, column: SheetColumn) -> None:
    if column.choices and len(",".join(column.choices)) <= _LONGEST_LIST:
        sheet.data_validation(
            1,
            index,
            _ROWS_TO_FILL,
            index,
            {
                "validate": "list",
                "source": list(column.choices),
                "error_type": "warning",
                "error_title": "请核对",
                "error_message": "请从列表中选择。",
            },
        )


def _write_notes(
    workbook: Any,
    formats: Mapping[str, Any],
    title: str,
    columns: Sequence[SheetColumn],
    notes: Sequence[str],
) -> None:
    sheet = workbook.add_worksheet(NOTES_SHEET)
    for index, width in enumerate((18, 8, 60, 40)):
        sheet.set_column(index, index, width)
    sheet.write_string(0, 0, f"{clean(title)}{NOTES_SHEET}", formats["title"])
    row = 1
    for note in notes:
        sheet.merge_range(row, 0, row, 3, clean(note), formats["note"])
        sheet.set_row(row, 15.0 * (1 + len(note) // 55) + 3)
        row += 1
    row += 1
    # "列名" and not the names of fields: this sheet must not look like the table itself.
    for index, word in enumerate(("列名", "必填", "怎样填写", "举例")):
        sheet.write_string(row, index, word, formats["heading"])
    for column in columns:
        row += 1
        words = column.note + (f"可选：{'、'.join(column.choices)}。" if column.choices else "")
        sheet.write_string(row, 0, clean(column.heading), formats["words"])
        sheet.write_string(row, 1, "必填" if column.is_needed else "", formats["words"])
        sheet.write_string(row, 2, clean(words), formats["words"])
        sheet.write_string(row, 3, clean("；".join(column.examples)), formats["words"])
        sheet.set_row(row, 16.0 * (1 + len(words) // 30))
    _for_printing(sheet)


def _for_printing(sheet: Any) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&C— &P —")
