"""Tables that are text: csv in the encodings and with the marks that offices use, and HTML.

Old Chinese systems export HTML and call it .xls; Excel's own "Unicode text" is UTF-16 with tabs.
"""

from __future__ import annotations

import csv
import io
import re
import time
from html.parser import HTMLParser
from typing import Any, Final

from zhibu.documents.roster_faults import (
    FileBroken,
    FileKindUnknown,
    FileTooLarge,
    FileUndecodable,
    TooManyRows,
)
from zhibu.documents.sheet_measure import MOST_AREA, MOST_COLUMNS, MOST_ROWS, TOO_MANY

Row = tuple[int, list[Any]]

LARGEST_MARKUP: Final = 12 * 1024 * 1024
LONGEST_READING: Final = 20  # seconds
_PIECE: Final = 1 << 15
_HTML: Final = re.compile(
    r"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|meta|table|style|div)",
    re.IGNORECASE | re.DOTALL,
)
_XML: Final = re.compile(r"\s*<\?xml")
_WORKBOOK: Final = re.compile(r"urn:schemas-microsoft-com:office:spreadsheet")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_MARKS: Final = (",", "\t", ";", "，", "|")
_NAMES: Final = {"utf-8": "UTF-8", "gb18030": "GB18030", "utf-16": "UTF-16"}


def decode(content: bytes) -> tuple[str, str]:
    """The text and its encoding. Raises FileUndecodable, or FileKindUnknown for what is no text."""
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if content.startswith(mark):
            return _decode(content, encoding), _NAMES["utf-8" if mark[0] == 0xEF else "utf-16"]
    if b"\0" in content[:4096]:
        raise FileKindUnknown
    for encoding in ("utf-8", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if len(_CONTROL.findall(text[:20_000])) > 8:
            raise FileKindUnknown
        return text, _NAMES[encoding]
    if _CONTROL.search(content[:4096].decode("latin-1")):
        raise FileKindUnknown
    raise FileUndecodable


def _decode(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise FileUndecodable from error


def read_text(text: str, encoding: str) -> tuple[str, list[Row], tuple[str, ...]]:
    """Kind, rows that hold something, and remarks."""
    if _HTML.match(text[:2000]):
        return "html", _read_html(text), ("文件实际是网页格式（旧系统导出的表格），已按表格读取。",)
    head = text[:4000]
    if _XML.match(head) and _WORKBOOK.search(head):
        raise FileKindUnknown(
            "这是“XML 电子表格 2003”。请用 Excel 或 WPS 打开，另存为“Excel 工作簿（.xlsx）”后重试。"
        )
    if _XML.match(head) or head.lstrip()[:1] in {"{", "["} or head.startswith("MIME-Version"):
        raise FileKindUnknown(
            "不是可以直接读取的表格。请用 Excel 或 WPS 打开，另存为“Excel 工作簿（.xlsx）”后重试。"
        )
    remarks = (
        ()
        if encoding == "UTF-8"
        else (f"按 {encoding} 编码读取。如有乱码，请另存为“Excel 工作簿（.xlsx）”后重试。",)
    )
    return "csv", _read_csv(text), remarks


def _read_csv(text: str) -> list[Row]:
    text, mark = _told_mark(text)
    rows: list[Row] = []
    area = number = 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark or _find_mark(text))
    try:
        for number, cells in enumerate(reader, 1):
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > MOST_COLUMNS and any(cells[MOST_COLUMNS:]):
                raise FileTooLarge(
                    f"第{number}行超过{MOST_COLUMNS}列。请检查分隔符，或者另存为“Excel 工作簿（.xlsx）”后重试。"
                )
            rows.append((number, cells))
            area += len(cells)
            if len(rows) > MOST_ROWS:
                raise TooManyRows(TOO_MANY)
            if area > MOST_AREA:
                raise FileTooLarge
    except csv.Error as error:
        raise FileBroken(
            f"第{number + 1}行附近读不下去，多半是引号不成对。请改正，或者另存为“Excel 工作簿（.xlsx）”后重试。"
        ) from error
    return rows


def _told_mark(text: str) -> tuple[str, str]:
    """A first line ``sep=;`` tells the mark; Excel writes it, and does not count it away."""
    match = re.match(r"sep=(.)\r?\n", text)
    return (text[4:], match[1]) if match and match[1] in _MARKS else (text, "")


def _find_mark(text: str) -> str:
    """The mark that most of the first lines agree on."""
    lines = [line for line in text[:50_000].splitlines()[:40] if line.strip()]
    counts = {mark: sorted(line.count(mark) for line in lines) for mark in _MARKS}
    # The middle count: a title line has none, a remark may have many.
    return max(_MARKS, key=lambda mark: counts[mark][len(lines) // 2] if lines else 0)


def _read_html(text: str) -> list[Row]:
    if len(text) > LARGEST_MARKUP:
        raise FileTooLarge
    reader = _Tables()
    end = time.monotonic() + LONGEST_READING
    for at in range(0, len(text), _PIECE):
        # Marks that are never closed are looked for again and again; somebody may do it on purpose.
        if time.monotonic() > end:
            raise FileTooLarge
        reader.feed(text[at : at + _PIECE])
    reader.close()
    reader.end_row()
    rows = max(reader.tables, key=len, default=[])
    return [(number, row) for number, row in enumerate(rows, 1) if any(c != "" for c in row)]


class _Tables(HTMLParser):
    """Collects the cells of every table; a cell over several rows stands in each of them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[Any]]] = [[]]
        self._row: list[Any] | None = None
        self._cell: list[str] | None = None
        self._span = (1, 1)
        self._hanging: dict[int, tuple[int, str]] = {}  # column → rows left, value
        self._silent = 0
        self._area = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.end_row()
            self.tables.append([])
            self._hanging.clear()
        elif tag == "tr":
            self.end_row()
            self._row = []
        elif tag in {"td", "th"}:
            self._end_cell()
            self._row = [] if self._row is None else self._row
            self._hang()
            found = dict(attrs)
            self._span = (_span(found.get("colspan")), _span(found.get("rowspan")))
            self._cell = []
        elif tag == "br" and self._cell is not None:
            self._cell.append("\n")
        elif tag in {"style", "script"}:
            self._silent += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th"}:
            self._end_cell()
        elif tag in {"tr", "table"}:
            self.end_row()
        elif tag in {"style", "script"}:
            self._silent = max(self._silent - 1, 0)

    def handle_data(self, data: str) -> None:
        if self._cell is not None and not self._silent:
            self._cell.append(data)

    def _hang(self) -> None:
        row = self._row if self._row is not None else []
        while (held := self._hanging.get(len(row))) is not None:
            left, value = held
            if left > 1:
                self._hanging[len(row)] = (left - 1, value)
            else:
                del self._hanging[len(row)]
            row.append(value)

    def _end_cell(self) -> None:
        if self._cell is None or self._row is None:
            return
        lines = "".join(self._cell).replace("\xa0", " ").split("\n")
        value = "\n".join(filter(None, (" ".join(line.split()) for line in lines)))
        across, down = self._span
        for extra in range(across):
            if down > 1:
                self._hanging[len(self._row)] = (down - 1, value if not extra else "")
            self._row.append(value if not extra else "")
        self._cell = None
        self._area += across
        if len(self._row) > MOST_COLUMNS or self._area > MOST_AREA:
            raise FileTooLarge

    def end_row(self) -> None:
        """Close what is open: HTML leaves it to the reader."""
        self._end_cell()
        if self._row is None:
            return
        self._hang()
        self.tables[-1].append(self._row)
        self._row = None
        if len(self.tables[-1]) > MOST_ROWS:
            raise TooManyRows(TOO_MANY)


def _span(value: str | None) -> int:
    return (
        min(int(value), 1000) if value and value.isascii() and value.isdigit() and int(value) else 1
    )
