"""Any table file that an office keeps its people in → rows of plain values, with their numbers.

xlsx, xls, ods, csv (UTF-8, UTF-16, GB18030; comma, semicolon, tab) and HTML under the name of .xls.
What a file is, its bytes say; its name says nothing. Each fault is a `RosterFileError` whose message
tells what to do.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import python_calamine
from defusedxml import ElementTree

from zhibu.documents import plain_tables
from zhibu.documents.literal import clean
from zhibu.documents.old_workbook import MAGIC, measure_old
from zhibu.documents.roster_faults import (
    FileBroken,
    FileEmpty,
    FileKindUnknown,
    FileLocked,
    FileTooLarge,
    RosterFileError,
    TooManyRows,
)
from zhibu.documents.sheet_measure import MOST_ROWS, TOO_MANY, Extent, measure_package

LARGEST_FILE: Final = 32 * 1024 * 1024
MOST_SHEETS: Final = 60
_LOOKED_AT: Final = 60  # rows from the top that are shown to the judge of sheets
_MOST_CELL: Final = 2_000

Cell = Any  # str, int, float, bool, date, datetime, time or timedelta; "" for an empty cell
Row = tuple[int, list[Cell]]
Liking = Callable[[Sequence[Row]], int]

_OTHERS: Final = (
    (b"%PDF", "这是 PDF 文件，不是表格。请上传 xlsx、xls、ods 或 csv 文件。"),
    (b"\x89PNG", "这是图片，不是表格。请上传 xlsx、xls、ods 或 csv 文件。"),
    (b"\xff\xd8\xff", "这是图片，不是表格。请上传 xlsx、xls、ods 或 csv 文件。"),
    (b"GIF8", "这是图片，不是表格。请上传 xlsx、xls、ods 或 csv 文件。"),
    (b"Rar!", "这是压缩文件，不是表格。请先解压，再上传其中的表格文件。"),
    (b"7z\xbc\xaf", "这是压缩文件，不是表格。请先解压，再上传其中的表格文件。"),
    (b"\x1f\x8b", "这是压缩文件，不是表格。请先解压，再上传其中的表格文件。"),
    (b"{\\rtf", "这是文字文档，不是表格。请把表格复制到 Excel 或 WPS 表格中，保存后上传。"),
    (b"SQLite format 3", "这是数据库文件，不是表格。请上传 xlsx、xls、ods 或 csv 文件。"),
)


@dataclass(frozen=True, slots=True)
class ReadSheet:
    """One sheet as it stands: rows that hold something, each with its number as Excel shows it.

    `remarks` say in Chinese what the reader should know: which sheet was taken, which encoding.
    `unvalued` are cells (row, column; both from 1) whose formula has no stored result.
    `is_text` says that the file knows no numbers and dates, only text (csv, HTML).
    """

    kind: str
    sheet: str
    rows: list[Row]
    remarks: tuple[str, ...] = ()
    unvalued: frozenset[tuple[int, int]] = frozenset()
    is_text: bool = False


def read_roster_file(content: bytes, name: str = "", *, liking: Liking | None = None) -> ReadSheet:
    """Read the sheet that looks most like the table that is wanted.

    `liking` gives a number to the first rows of a sheet, the higher the better; without it, or
    when it likes none, the sheet with the most rows is taken. Raises RosterFileError, and nothing
    else, whatever the bytes are.
    """
    if not content.strip(b"\0 \t\r\n"):
        raise FileEmpty
    if len(content) > LARGEST_FILE:
        limit = LARGEST_FILE // 1024 // 1024
        raise FileTooLarge(
            f"文件超过{limit} MB。请删去图片和无关的工作表，或者按单位分成几个文件后重试。"
        )
    try:
        return _read(content, name, liking or (lambda _rows: 0))
    except (RosterFileError, KeyboardInterrupt, SystemExit):
        raise
    except python_calamine.PasswordError as error:
        raise FileLocked from error
    except BaseException as error:  # a reader written in another language may even panic
        raise FileBroken from error


def _read(content: bytes, name: str, liking: Liking) -> ReadSheet:
    if content.startswith(b"PK"):
        return _read_package(content, liking)
    if content.startswith(MAGIC):
        extents = measure_old(content)
        return _read_workbook("xls", content, liking, dict(enumerate(extents)))
    for magic, message in _OTHERS:
        if content.startswith(magic):
            raise FileKindUnknown(message)
    text, encoding = plain_tables.decode(content)
    kind, rows, remarks = plain_tables.read_text(text, encoding)
    if not rows:
        raise FileEmpty
    sheet = clean(name.rsplit("/", 1)[-1].rsplit("\\", 1)[-1])[:100]
    return ReadSheet(kind, sheet, rows, remarks, is_text=True)


def _read_package(content: bytes, liking: Liking) -> ReadSheet:
    extents = measure_package(content)
    if "content.xml" in extents:
        return _read_workbook("ods", content, liking, {})
    by_sheet = _parts_of_sheets(content, extents)
    return _read_workbook("xlsx", content, liking, by_sheet)


def _parts_of_sheets(content: bytes, extents: dict[str, Extent]) -> dict[int, Extent]:
    """Number of the sheet → what was measured of its part. FileBroken for a part not measured."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        names = {each.lower(): each for each in package.namelist()}
        rels_name = names.get("xl/_rels/workbook.xml.rels")
        if rels_name is None:
            raise FileBroken
        rels = ElementTree.fromstring(package.read(rels_name), forbid_dtd=True)
        book = ElementTree.fromstring(package.read(names["xl/workbook.xml"]), forbid_dtd=True)
    targets: dict[str, str] = {}
    for relation in rels:
        if str(relation.get("Type", "")).lower().endswith("/worksheet"):
            target = str(relation.get("Target", "")).lower().lstrip("/")
            part = target if target.startswith("xl/") else f"xl/{target}"
            if part in names and part not in extents:
                raise FileBroken
            targets[str(relation.get("Id", ""))] = part
    found: dict[int, Extent] = {}
    sheets = [node for node in book.iter() if node.tag.rsplit("}", 1)[-1] == "sheet"]
    for number, node in enumerate(sheets):
        key = next((v for k, v in node.attrib.items() if k.rsplit("}", 1)[-1] == "id"), "")
        if (extent := extents.get(targets.get(key, ""))) is not None:
            found[number] = extent
    return found


def _read_workbook(
    kind: str, content: bytes, liking: Liking, extents: dict[int, Extent]
) -> ReadSheet:
    workbook = python_calamine.load_workbook(io.BytesIO(content))
    best: tuple[tuple[int, int], int, list[Row], Any] | None = None
    shown = 0
    for number, metadata in enumerate(workbook.sheets_metadata[:MOST_SHEETS]):
        if metadata.typ != python_calamine.SheetTypeEnum.WorkSheet:
            continue
        if metadata.visible == python_calamine.SheetVisibleEnum.VeryHidden:
            continue
        sheet = workbook.get_sheet_by_index(number)
        rows = _rows_of(sheet)
        if not rows:
            continue
        shown += 1
        is_hidden = metadata.visible != python_calamine.SheetVisibleEnum.Visible
        rank = (liking(rows[:_LOOKED_AT]), 0 if is_hidden else len(rows))
        if best is None or rank > best[0]:
            best = (rank, number, rows, sheet)
    if best is None:
        raise FileEmpty
    _, number, rows, sheet = best
    name = clean(sheet.name)
    remarks = [f"文件中有{shown}张工作表，读取的是“{name}”。"] if shown > 1 else []
    _fill_merged(rows, sheet.merged_cell_ranges or [])
    unvalued = frozenset(extents[number].unvalued) if number in extents else frozenset()
    if unvalued:
        remarks.append(
            f"有{len(unvalued)}个单元格是公式，但文件里没有存下计算结果。"
            "请用 Excel 或 WPS 打开文件，保存后重新上传，或者把公式粘贴为数值。"
        )
    return ReadSheet(kind, name, rows, tuple(remarks), unvalued)


def _rows_of(sheet: Any) -> list[Row]:
    """The rows that hold something; columns counted from A."""
    start = sheet.start
    if start is None:
        return []
    if sheet.total_height > MOST_ROWS:
        raise TooManyRows(TOO_MANY)
    before = [""] * start[1]
    rows: list[Row] = []
    for number, cells in enumerate(sheet.iter_rows(), 1):
        if cells.count("") != len(cells):
            rows.append((number, before + cells if before else cells))
    return rows


def _fill_merged(
    rows: list[Row], ranges: Iterable[tuple[tuple[int, int], tuple[int, int]]]
) -> None:
    """A cell merged over several rows stands in each of them: one branch beside ten members.

    Merged sideways it stays where it is: that is a title, and no two columns have one value.
    """
    tall = [(a, b) for a, b in ranges if b[0] > a[0]]
    if not tall:
        return
    place = {number: at for at, (number, _) in enumerate(rows)}
    left = len(rows) * 64  # more than any honest sheet has
    for (top, column), (bottom, _) in tall:
        first = place.get(top + 1)
        if first is None or column >= len(rows[first][1]):
            continue
        value = rows[first][1][column]
        for at in range(first + 1, len(rows)):
            number, cells = rows[at]
            left -= 1
            if number > bottom + 1 or left < 0:
                break
            if column < len(cells) and cells[column] == "":
                cells[column] = value


def shorten(cell: Cell) -> Cell:
    """A cell that may be shown and kept: text without what cannot be printed, of bearable length."""
    if not isinstance(cell, str) or (cell.isprintable() and len(cell) <= _MOST_CELL):
        return cell
    return clean(cell)[:_MOST_CELL]
