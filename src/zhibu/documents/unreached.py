"""Whom a text has not reached yet, as an Excel file to work through."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, Final

from zhibu.documents.literal import clean
from zhibu.documents.table_writing import LONGEST_CELL, new_workbook

_A4: Final = 9
_HEADER_ROW: Final = 2
_COLUMNS: Final = (
    ("序号", 6),
    ("党组织", 30),
    ("党支部", 26),
    ("姓名", 14),
    ("情况", 34),
    ("备注", 24),
)
_FONTS: Final = {"font_name": "仿宋", "font_size": 11}


@dataclass(frozen=True, slots=True)
class UnreachedRow:
    """One member: where they belong, and what keeps the text from them."""

    above: str  # the organisation that the branch hangs under
    branch: str
    name: str
    why: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class UnreachedList:
    """Everybody below one organisation whom one text has not reached, in the order of the tree."""

    title: str
    subtitle: str
    rows: tuple[UnreachedRow, ...]
    notes: tuple[str, ...] = ()


def write_unreached_xlsx(values: UnreachedList) -> bytes:
    """The list as XLSX: A4 on its side, header repeated, filter on."""
    out = io.BytesIO()
    workbook = new_workbook(out, clean(values.title))
    ruled = {**_FONTS, "border": 1, "text_wrap": True, "valign": "vcenter"}
    text = workbook.add_format(ruled)
    centred = workbook.add_format({**ruled, "align": "center"})
    header = workbook.add_format({**ruled, "align": "center", "font_name": "黑体"})
    sheet = workbook.add_worksheet("未传达名单")
    _write_head(workbook, sheet, values)
    for column, (name, width) in enumerate(_COLUMNS):
        sheet.set_column(column, column, width)
        sheet.write_string(_HEADER_ROW, column, name, header)
    for number, row in enumerate(values.rows, 1):
        at = _HEADER_ROW + number
        sheet.write_number(at, 0, number, centred)
        for column, value in enumerate((row.above, row.branch, row.name, row.why, row.remark), 1):
            sheet.write_string(at, column, clean(value)[:LONGEST_CELL], text)
    end = _HEADER_ROW + len(values.rows)
    plain = workbook.add_format(_FONTS)
    for at, note in enumerate(values.notes, end + 1):
        sheet.write_string(at, 0, clean(note), plain)
    sheet.autofilter(_HEADER_ROW, 0, end, len(_COLUMNS) - 1)
    sheet.freeze_panes(_HEADER_ROW + 1, 0)
    sheet.set_paper(_A4)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(_HEADER_ROW)
    sheet.set_footer("&C— &P —")
    workbook.close()
    return out.getvalue()


def _write_head(workbook: Any, sheet: Any, values: UnreachedList) -> None:
    last = len(_COLUMNS) - 1
    title = {"font_name": "方正小标宋简体", "font_size": 18, "align": "center"}
    subtitle = {"font_name": "楷体", "font_size": 12, "align": "center"}
    sheet.merge_range(0, 0, 0, last, clean(values.title), workbook.add_format(title))
    sheet.merge_range(1, 0, 1, last, clean(values.subtitle), workbook.add_format(subtitle))
    sheet.set_row(0, 32)
