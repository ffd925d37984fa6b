"""The overview of an organisation as an Excel file: its children by months."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, Final

from zhibu.documents.literal import clean
from zhibu.documents.table_writing import LONGEST_CELL, new_workbook

_A4: Final = 9
_HEADER_ROW: Final = 2


@dataclass(frozen=True, slots=True)
class OverviewCell:
    """One child in one month: what the cell says (已完成3项，逾期1项) and its counts."""

    text: str
    counts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class OverviewRow:
    """One child organisation, in the order of the tree; `depth` indents it."""

    name: str
    cells: tuple[OverviewCell, ...]
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Overview:
    """An organisation's children by columns.

    `columns` name the cells of each row (1月 … 12月、全年); `measures` name the counts of a cell
    (应完成、已完成、逾期 …), which fill the second sheet.
    """

    title: str
    subtitle: str
    columns: tuple[str, ...]
    rows: tuple[OverviewRow, ...]
    measures: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def overview_xlsx(overview: Overview) -> bytes:
    """The overview as XLSX: one sheet to read and print, one with the counts as numbers."""
    out = io.BytesIO()
    workbook = new_workbook(out, clean(overview.title))
    styles = _styles(workbook)
    _write_sheet(workbook.add_worksheet("总览"), overview, styles)
    if overview.measures:
        _write_counts(workbook.add_worksheet("明细"), overview, styles)
    workbook.close()
    return out.getvalue()


def _styles(workbook: Any) -> dict[str, Any]:
    ruled = {
        "border": 1,
        "text_wrap": True,
        "valign": "vcenter",
        "font_name": "仿宋",
        "font_size": 11,
    }
    centred = ruled | {"align": "center"}
    styles = {
        "title": {"font_name": "方正小标宋简体", "font_size": 18, "align": "center"},
        "subtitle": {"font_name": "楷体", "font_size": 12, "align": "center"},
        "header": centred | {"font_name": "黑体"},
        "text": ruled,
        "centred": centred,
        "note": {"font_name": "仿宋", "font_size": 11},
    }
    return {name: workbook.add_format(style) for name, style in styles.items()}


def _write_sheet(sheet: Any, overview: Overview, styles: dict[str, Any]) -> None:
    last = len(overview.columns)
    _write_merged(sheet, 0, last, clean(overview.title), styles["title"])
    _write_merged(sheet, 1, last, clean(overview.subtitle), styles["subtitle"])
    for column, name in enumerate(("党组织", *overview.columns)):
        sheet.write_string(_HEADER_ROW, column, clean(name), styles["header"])
    for at, row in enumerate(overview.rows, _HEADER_ROW + 1):
        sheet.write_string(at, 0, "　" * row.depth + clean(row.name)[:LONGEST_CELL], styles["text"])
        for column, cell in enumerate(row.cells, 1):
            sheet.write_string(at, column, clean(cell.text)[:LONGEST_CELL], styles["centred"])
    for at, note in enumerate(overview.notes, _HEADER_ROW + len(overview.rows) + 1):
        sheet.write_string(at, 0, clean(note), styles["note"])
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, last, 10)
    sheet.set_default_row(24)
    sheet.set_row(0, 32)
    _set_paper(sheet, _HEADER_ROW)
    sheet.freeze_panes(_HEADER_ROW + 1, 1)


def _set_paper(sheet: Any, header: int) -> None:
    """A4 on its side, as wide as the sheet, the header on each page, the page's number below."""
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(header)
    sheet.set_footer("&C— &P —")


def _write_merged(sheet: Any, row: int, last: int, text: str, style: Any) -> None:
    if last:
        sheet.merge_range(row, 0, row, last, text, style)
    else:
        sheet.write_string(row, 0, text, style)


def _write_counts(sheet: Any, overview: Overview, styles: dict[str, Any]) -> None:
    """One row for each child and column, so that Excel can filter and add up."""
    for column, name in enumerate(("党组织", "时间", *overview.measures)):
        sheet.write_string(0, column, clean(name), styles["header"])
    at = 1
    for row in overview.rows:
        for name, cell in zip(overview.columns, row.cells, strict=False):
            sheet.write_string(at, 0, clean(row.name)[:LONGEST_CELL], styles["text"])
            sheet.write_string(at, 1, clean(name), styles["centred"])
            for column, count in enumerate(cell.counts, 2):
                sheet.write_number(at, column, count, styles["centred"])
            at += 1
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1 + len(overview.measures), 10)
    sheet.set_default_row(20)
    _set_paper(sheet, 0)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(at - 1, 0), 1 + len(overview.measures))
