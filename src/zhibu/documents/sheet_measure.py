"""How much a workbook will take in memory, measured on its bytes before a reader sees it.

The reader lays a sheet out as a full rectangle and copies a shared text into each of its cells, so
two cells at opposite corners, or one long text named a million times, would take all memory there
is. What is measured here is what the reader would make: rows × columns, and characters.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import Final
from xml.parsers import expat

from zhibu.documents.roster_faults import (
    FileBroken,
    FileKindUnknown,
    FileLocked,
    FileTooLarge,
    TooManyRows,
)

MOST_ROWS: Final = 200_000
MOST_COLUMNS: Final = 256
MOST_AREA: Final = 4_000_000  # cells of the rectangle; the reader needs 32 bytes for each
MOST_TEXT: Final = 96 * 1024 * 1024  # bytes of all texts, each as often as it is named
LARGEST_UNPACKED: Final = 400 * 1024 * 1024
LARGEST_STRINGS: Final = 48 * 1024 * 1024
LARGEST_SLOW: Final = 120 * 1024 * 1024
MOST_MEMBERS: Final = 2_000
_PIECE: Final = 1 << 20
_TOO_WIDE: Final = "工作表太大（内容散布得太远）。请只保留名册所在的行和列，删去多余内容后重试。"
TOO_MANY: Final = f"超过{MOST_ROWS // 10_000}万行。请按单位分成几个文件，分次导入。"

# As Excel, WPS, LibreOffice and the usual libraries write a cell; anything else goes the slow way.
_ANY_CELL: Final = re.compile(rb"<(?:\w+:)?c[ \t\r\n/>]")
_CELL: Final = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})"([^<>]*)>')
_UNNUMBERED: Final = re.compile(
    rb'<c r="[A-Z]{1,3}\d{1,7}"[^<>]*><f[^<>]*(?:/>|>[^<]*</f>)(?:<v ?/>|<v></v>)?</c>'
)
_SHARED: Final = re.compile(rb'<c r="[^"<>]*"[^<>]*t="s"[^<>]*><v>(\d{1,9})</v>')
_NEW_STRING: Final = re.compile(rb"<(?:\w+:)?si[ \t\r\n/>]")
_CORNER: Final = re.compile(rb'r="([A-Z]+)(\d+)"')


class Extent:
    """How far the filled cells of one sheet reach, and which formulas have no stored value."""

    def __init__(self) -> None:
        self.row = 0
        self.column = 0
        self.unvalued: list[tuple[int, int]] = []  # row and column, from 1
        self.named: Counter[int] = Counter()  # shared text → how often

    def reach(self, row: int, column: int) -> None:
        """A filled cell; raises when the rectangle becomes too large."""
        self.row = max(self.row, row)
        self.column = max(self.column, column)
        if self.row > MOST_ROWS:
            raise TooManyRows(TOO_MANY)
        if self.column > MOST_COLUMNS or self.row * self.column > MOST_AREA:
            raise FileTooLarge(_TOO_WIDE)


def column_number(letters: str | bytes) -> int:
    """1 for A, 28 for AB."""
    number = 0
    for letter in letters.encode() if isinstance(letters, str) else letters:
        number = number * 26 + letter - 64
    return number


def measure_package(content: bytes) -> dict[str, Extent]:
    """Every part of an XLSX or ODS package, with the extent of those that hold cells.

    Raises a RosterFileError for a package that is broken, locked, of another kind or too large.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            return _measure_package(package)
    except (zipfile.BadZipFile, expat.ExpatError, zlib.error, EOFError, OSError) as error:
        raise FileBroken from error
    except (NotImplementedError, RuntimeError, ValueError, LookupError) as error:
        raise FileBroken from error  # a packing that is not known, or numbers that lie


def _measure_package(package: zipfile.ZipFile) -> dict[str, Extent]:
    members = package.infolist()
    if len(members) > MOST_MEMBERS:
        raise FileTooLarge
    if any(member.flag_bits & 1 for member in members):
        raise FileLocked
    names = {member.filename.lower() for member in members}
    if len(names) != len(members):
        raise FileBroken
    _tell_kind(package, names)
    return _measure_members(package, members)


def _tell_kind(package: zipfile.ZipFile, names: set[str]) -> None:
    if "content.xml" in names and "xl/workbook.xml" not in names:
        kind = package.read("mimetype")[:100] if "mimetype" in names else b""
        if b"spreadsheet" not in kind:
            raise FileKindUnknown(
                "这是文稿或演示文件，不是表格。请上传 xlsx、xls、ods 或 csv 文件。"
            )
        if b"encryption-data" in package.read("META-INF/manifest.xml")[:1_000_000]:
            raise FileLocked
        return
    if any(name.startswith("word/") for name in names):
        raise FileKindUnknown(
            "这是 Word 文档，不是表格。请把表格复制到 Excel 或 WPS 表格中，保存后上传。"
        )
    if any(name.startswith("ppt/") for name in names):
        raise FileKindUnknown("这是演示文稿，不是表格。请上传 xlsx、xls、ods 或 csv 文件。")
    if "xl/workbook.bin" in names:
        raise FileKindUnknown("这是二进制工作簿（.xlsb）。请另存为“Excel 工作簿（.xlsx）”后重试。")
    if "xl/workbook.xml" not in names:
        raise FileKindUnknown("这是压缩文件，不是表格。请先解压，再上传其中的表格文件。")
    if "content.xml" in names:  # two workbooks in one: which would be read is not to be guessed
        raise FileBroken


def _measure_members(package: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> dict[str, Extent]:
    found: dict[str, Extent] = {}
    lengths: list[int] = []
    room = LARGEST_UNPACKED
    for member in members:
        name = member.filename.lower()
        if name == "content.xml":
            extent = _measure_ods(package, member)
            found[name] = extent
        elif name.startswith("xl/") and "sharedstrings" in name:
            lengths = _string_lengths(_whole(package, member, LARGEST_STRINGS))
        elif name.endswith(".xml") and "sheet" in name.rsplit("/", 1)[-1]:
            room -= _measure_sheet(package, member, room, found.setdefault(name, Extent()))
        else:
            for piece in _pieces(package, member, room):
                room -= len(piece)
                if name.endswith((".xml", ".rels")) and b"<!DOCTYPE" in piece:
                    raise FileBroken
    for extent in found.values():
        if lengths and extent.named:
            _weigh(extent.named, lengths)
    return found


def _weigh(named: Counter[int], lengths: list[int]) -> None:
    total = sum(lengths[index] * count for index, count in named.items() if index < len(lengths))
    if total > MOST_TEXT:
        raise FileTooLarge


def _pieces(package: zipfile.ZipFile, member: zipfile.ZipInfo, room: int) -> Iterator[bytes]:
    """The member unpacked; the size that the archive declares may be a lie."""
    with package.open(member) as stream:
        while piece := stream.read(_PIECE):
            room -= len(piece)
            if room < 0:
                raise FileTooLarge
            yield piece


def _whole(package: zipfile.ZipFile, member: zipfile.ZipInfo, room: int) -> bytes:
    return b"".join(_pieces(package, member, room))


def _string_lengths(part: bytes) -> list[int]:
    """Bytes of each shared text with its marks: at least what the text takes."""
    if b"<!DOCTYPE" in part or b"\0" in part:
        raise FileBroken
    starts = [match.start() for match in _NEW_STRING.finditer(part)]
    ends = [*starts[1:], len(part)][: len(starts)]
    return [end - start for start, end in zip(starts, ends, strict=True)]


def _measure_sheet(
    package: zipfile.ZipFile, member: zipfile.ZipInfo, room: int, extent: Extent
) -> int:
    """Look at a sheet piece by piece; gives the bytes that were unpacked."""
    used = 0
    rest = b""
    for piece in _pieces(package, member, room):
        used += len(piece)
        part = rest + piece
        # The last cell may be cut: it waits for the next piece.
        cut = max(part.rfind(b"<c "), part.rfind(b"<row"), 0)
        part, rest = part[:cut], part[cut:]
        if len(rest) > 4 * _PIECE:
            raise FileBroken
        if not _look_at_cells(part, extent):
            _measure_slowly(package, member, extent)
            return used
    if not _look_at_cells(rest, extent):
        _measure_slowly(package, member, extent)
    return used


def _look_at_cells(part: bytes, extent: Extent) -> bool:
    """Take the cells of a piece; False when they are not written in the usual way."""
    if b"<!DOCTYPE" in part or b"\0" in part:
        raise FileBroken
    cells = _CELL.findall(part)
    if len(cells) != len(_ANY_CELL.findall(part)):
        return False
    filled = [(letters, row) for letters, row, more in cells if not more.endswith(b"/")]
    if filled:
        widest = max({letters for letters, _ in filled}, key=lambda one: (len(one), one))
        farthest = max(int(row) for row in {row for _, row in filled})
        extent.reach(farthest, column_number(widest))
    if b"<f" in part:
        for match in _UNNUMBERED.finditer(part):
            corner = _CORNER.search(match.group())
            if corner is not None and len(extent.unvalued) < MOST_ROWS:
                extent.unvalued.append((int(corner[2]), column_number(corner[1])))
    extent.named.update(map(int, _SHARED.findall(part)))
    return True


class _Cells:
    """Counts cells as the reader would place them, whatever their prefix and order of attributes."""

    def __init__(self, extent: Extent) -> None:
        self.extent = extent
        self.row = self.column = 0
        self.inside = self.is_shared = False
        self.text: list[str] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rsplit(":", 1)[-1]
        if name == "row":
            given = attributes.get("r", "")
            self.row = int(given) if given.isdecimal() else self.row + 1
            self.column = 0
        elif name == "c":
            self._place(attributes.get("r"))
            self.is_shared = attributes.get("t") == "s"
            self.inside = True
        elif self.inside:
            self.extent.reach(self.row, self.column)
            self.text.clear()

    def data(self, text: str) -> None:
        if self.inside:
            self.text.append(text)

    def end(self, tag: str) -> None:
        name = tag.rsplit(":", 1)[-1]
        if name == "c":
            self.inside = False
        elif name == "v" and self.is_shared:
            number = "".join(self.text)
            if number.isdecimal() and len(number) < 10:
                self.extent.named[int(number)] += 1

    def _place(self, reference: str | None) -> None:
        if reference is None:
            self.column += 1
            return
        match = re.fullmatch(r"([A-Za-z]{1,3})(\d{1,7})", reference)
        if match is None:
            raise FileBroken
        self.row, self.column = int(match[2]), column_number(match[1].upper())


class _TableCells:
    """The same for an ODS: repeated rows and cells count as often as they are repeated."""

    def __init__(self, extent: Extent) -> None:
        self.extent = extent
        self.text_size = 0
        self._begin()
        self.cell_repeat = self.row_repeat = 1
        self.size = 0
        self.inside = False

    def _begin(self) -> None:
        self.row = self.column = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rsplit(":", 1)[-1]
        if name == "table":
            self._begin()
        elif name == "table-row":
            self.row_repeat = _repeat(attributes, "table:number-rows-repeated")
            self.row += 1
            self.column = 0
        elif name in {"table-cell", "covered-table-cell"}:
            self.cell_repeat = _repeat(attributes, "table:number-columns-repeated")
            self.column += 1
            self.inside, self.size = True, 0
            if any(key.startswith("office:") and key.endswith("value") for key in attributes):
                self._fill(len(attributes.get("office:string-value", "")))
        elif self.inside and name == "p":
            self._fill(0)

    def _fill(self, size: int) -> None:
        self.size += size
        self.extent.reach(self.row + self.row_repeat - 1, self.column + self.cell_repeat - 1)
        self.text_size += size * self.cell_repeat * self.row_repeat
        if self.text_size > MOST_TEXT:
            raise FileTooLarge

    def data(self, text: str) -> None:
        if self.inside:
            self._fill(len(text.encode()))

    def end(self, tag: str) -> None:
        name = tag.rsplit(":", 1)[-1]
        if name in {"table-cell", "covered-table-cell"}:
            self.column += self.cell_repeat - 1
            self.inside = False
        elif name == "table-row":
            self.row += self.row_repeat - 1


def _repeat(attributes: dict[str, str], name: str) -> int:
    given = attributes.get(name, "1")
    return int(given) if given.isdecimal() and len(given) < 10 else 1


def _measure_slowly(package: zipfile.ZipFile, member: zipfile.ZipInfo, extent: Extent) -> None:
    extent.named.clear()
    extent.unvalued.clear()
    _parse(package, member, _Cells(extent))


def _measure_ods(package: zipfile.ZipFile, member: zipfile.ZipInfo) -> Extent:
    extent = Extent()
    _parse(package, member, _TableCells(extent))
    return extent


def _parse(package: zipfile.ZipFile, member: zipfile.ZipInfo, cells: _Cells | _TableCells) -> None:
    parser = expat.ParserCreate()
    parser.StartElementHandler = cells.start
    parser.EndElementHandler = cells.end
    parser.CharacterDataHandler = cells.data
    parser.StartDoctypeDeclHandler = _refuse
    for piece in _pieces(package, member, LARGEST_SLOW):
        parser.Parse(piece, False)
    parser.Parse(b"", True)


def _refuse(*_: object) -> None:
    raise FileBroken
