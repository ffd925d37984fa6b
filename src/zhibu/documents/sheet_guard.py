"""Opens an Excel file that came from outside without trusting it.

Size, packing and the reach of its cells are measured first: the reader lays a sheet out as a full
rectangle, so two cells at opposite corners would otherwise take all the memory there is.
"""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any, Final

import python_calamine
from defusedxml import ElementTree

from zhibu.documents.literal import clean
from zhibu.documents.roster_faults import FileTooLarge, RosterFileError, TooManyRows
from zhibu.documents.sheet_measure import measure_package

LARGEST_FILE: Final = 5 * 1024 * 1024
LARGEST_UNPACKED: Final = 24 * 1024 * 1024
MOST_MEMBERS: Final = 400
MOST_CELLS_DOWN: Final = 10_000
MOST_CELLS_ACROSS: Final = 256
MOST_AREA: Final = 4_000_000  # cells of all sheets together, empty ones too: all are laid out
_PIECE: Final = 1 << 20
_REFERENCE: Final = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_BROKEN: Final = "文件已损坏，无法打开。请重新下载或另存后重试。"
_TOO_LARGE: Final = "文件解压后过大，已拒绝读取。"
_TOO_WIDE: Final = "工作表过大，请删去多余的工作表、行和列后重试。"
_NO_WORKBOOK: Final = "文件不是 .xlsx 格式。请在 Excel 或 WPS 中另存为“Excel 工作簿（.xlsx）”。"

Cells = list[list[Any]]


class SheetRefusedError(Exception):
    """The whole file cannot be read; the message says why, in Chinese."""


def open_sheets(content: bytes) -> dict[str, Cells]:
    """Sheet name → rows of cells (str, float, int, bool, date, datetime, time, timedelta).

    Raises SheetRefusedError, and nothing else, for a file that is not an Excel workbook, is broken,
    locked or larger than the limits of this module.
    """
    if len(content) > LARGEST_FILE:
        limit = LARGEST_FILE // 1024 // 1024
        raise SheetRefusedError(f"文件超过{limit} MB，请删去无关的工作表和图片后重试。")
    if not content.startswith(b"PK\x03\x04"):
        raise SheetRefusedError(_NO_WORKBOOK)
    try:
        _measure(content)
        _weigh(content)
        workbook = python_calamine.load_workbook(io.BytesIO(content))
        return {
            clean(name): workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
            for name in workbook.sheet_names
        }
    except (SheetRefusedError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        raise SheetRefusedError(_BROKEN) from error


def _measure(content: bytes) -> None:
    """Unpack every member within the limits and look how far its cells reach."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        members = package.infolist()
        names = {member.filename.lower() for member in members}
        if len(members) > MOST_MEMBERS or len(names) != len(members):
            raise SheetRefusedError(_TOO_LARGE if len(members) > MOST_MEMBERS else _BROKEN)
        # Another kind of workbook hidden in the package would be tried by the reader as well.
        if "xl/workbook.xml" not in names or names & {"content.xml", "xl/workbook.bin"}:
            raise SheetRefusedError(_NO_WORKBOOK)
        room, area = LARGEST_UNPACKED, 0
        for member in members:
            unpacked = _unpack(package, member, room)
            room -= len(unpacked)
            name = member.filename.lower()
            if name.endswith(".xml"):
                area += _look_at_cells(unpacked)
                if area > MOST_AREA:
                    raise SheetRefusedError(_TOO_WIDE)
            elif name.endswith("workbook.xml.rels"):
                _look_at_targets(unpacked)


def _weigh(content: bytes) -> None:
    """Refuse a long text that many cells name: the reader copies it into each of them."""
    try:
        measure_package(content)
    except (FileTooLarge, TooManyRows) as error:
        raise SheetRefusedError(_TOO_LARGE) from error
    except RosterFileError as error:
        raise SheetRefusedError(_BROKEN) from error


def _unpack(package: zipfile.ZipFile, member: zipfile.ZipInfo, room: int) -> bytes:
    """The member's bytes; the size that the archive declares may be a lie."""
    if member.flag_bits & 1:
        raise SheetRefusedError("文件设有密码，请取消密码后重试。")
    pieces: list[bytes] = []
    with package.open(member) as stream:
        while piece := stream.read(_PIECE):
            pieces.append(piece)
            room -= len(piece)
            if room < 0:
                raise SheetRefusedError(_TOO_LARGE)
    return b"".join(pieces)


def _look_at_targets(rels: bytes) -> None:
    """A sheet under another name than .xml would not have been looked at."""
    for relation in ElementTree.fromstring(rels, forbid_dtd=True):
        is_sheet = str(relation.get("Type", "")).lower().endswith("sheet")
        if is_sheet and not str(relation.get("Target", "")).lower().endswith(".xml"):
            raise SheetRefusedError(_BROKEN)


def _look_at_cells(part: bytes) -> int:
    """Cells of the rectangle that holds all filled ones; empty formatted cells take no room.

    A sheet that reaches too far is refused.
    """
    row = column = down = across = 0
    for event, node in ElementTree.iterparse(
        io.BytesIO(part), events=("start", "end"), forbid_dtd=True
    ):
        tag = node.tag.rsplit("}", 1)[-1]
        if tag == "row" and event == "start":
            row, column = _row_number(node.get("r"), row), 0
        elif tag == "c" and event == "start":
            row, column = _position(node.get("r"), row, column)
        elif tag == "c":
            if len(node):
                down, across = max(down, row), max(across, column)
            if down > MOST_CELLS_DOWN or across > MOST_CELLS_ACROSS:
                raise SheetRefusedError(_TOO_WIDE)
        elif tag == "row":
            node.clear()
    return down * across


def _row_number(reference: str | None, before: int) -> int:
    return int(reference) if reference and reference.isdecimal() else before + 1


def _position(reference: str | None, row: int, column: int) -> tuple[int, int]:
    if reference is None:
        return row, column + 1
    match = _REFERENCE.fullmatch(reference.upper())
    if match is None:
        raise SheetRefusedError(_BROKEN)
    letters, number = match.groups()
    across = 0
    for letter in letters:
        across = across * 26 + ord(letter) - ord("A") + 1
    return int(number), across
