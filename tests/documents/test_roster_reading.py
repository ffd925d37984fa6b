"""Files in which offices keep their people, good and broken: rows, or a sentence that says what to do.

The two hundred broken files of the survival list: made by hand below, and by Hypothesis. Each gives
a RosterFileError and nothing else, within memory and time.
"""

from __future__ import annotations

import io
import random
import re
import struct
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from zhibu.documents import sheet_measure
from zhibu.documents.old_workbook import MAGIC, CompoundFile, measure_old
from zhibu.documents.roster_faults import (
    FileBroken,
    FileEmpty,
    FileKindUnknown,
    FileLocked,
    FileTooLarge,
    FileUndecodable,
    RosterFileError,
    TooManyRows,
)
from zhibu.documents.roster_reading import ReadSheet, read_roster_file
from zhibu.documents.sheet_guard import SheetRefusedError, open_sheets
from zhibu.rules.roster_columns import likeness

HEAD = ["姓名", "性别", "入党时间"]
ROWS: list[list[Any]] = [["张三", "男", "2012.07"], ["李四", "女", "2013-01-05"]]
TEXT = [(1, HEAD), *enumerate(ROWS, 2)]
SPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def xlsx(*sheets: list[list[Any]], names: tuple[str, ...] = ()) -> bytes:
    """A workbook with these sheets."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"default_date_format": "yyyy-mm-dd"})
    for number, rows in enumerate(sheets or ([HEAD, *ROWS],)):
        sheet = book.add_worksheet(names[number] if names else None)
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)
    book.close()
    return out.getvalue()


GOOD = xlsx()
SHEET = "xl/worksheets/sheet1.xml"


def repacked(changes: dict[str, bytes], *, drop: str = "", content: bytes = GOOD) -> bytes:
    """The good file with some members replaced, added or dropped."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        members = {name: source.read(name) for name in source.namelist() if name != drop}
        for name, data in (members | changes).items():
            target.writestr(name, data)
    return out.getvalue()


def part(name: str, content: bytes = GOOD) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return package.read(name)


def sheet(cells: str, more: str = "") -> bytes:
    return f"<worksheet {SPACE}><sheetData>{cells}</sheetData>{more}</worksheet>".encode()


def with_sheet(cells: str) -> bytes:
    return repacked({SHEET: sheet(cells)})


ODS_HEAD = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
    '<table:table table:name="名册">'
)
ODS_TAIL = "</table:table></office:spreadsheet></office:body></office:document-content>"
ODS_MIME = b"application/vnd.oasis.opendocument.spreadsheet"


def ods_cell(text: str, more: str = "") -> str:
    return (
        f'<table:table-cell office:value-type="string" {more}><text:p>{text}</text:p>'
        "</table:table-cell>"
    )


def ods(body: str, *, mime: bytes = ODS_MIME, manifest: bytes = b"<manifest/>") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("mimetype", mime)
        package.writestr("META-INF/manifest.xml", manifest)
        package.writestr("content.xml", f"{ODS_HEAD}{body}{ODS_TAIL}")
    return out.getvalue()


def ods_rows() -> str:
    return "".join(
        f"<table:table-row>{''.join(map(ods_cell, row))}</table:table-row>" for row in [HEAD, *ROWS]
    )


# ------------------------------------------------------------------------------ an .xls by hand


def record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def bof(kind: int) -> bytes:
    return record(0x809, struct.pack("<HHHHII", 0x600, kind, 0, 0, 0, 0))


def label(row: int, column: int, text: str) -> bytes:
    data = text.encode("utf-16-le")
    return record(0x204, struct.pack("<HHHHB", row, column, 0, len(text), 1) + data)


def records(*cells: bytes, globally: bytes = b"") -> bytes:
    """A Workbook stream with one sheet."""
    name = "名册".encode("utf-16-le")
    body = struct.pack("<BB", 2, 1) + name
    first = bof(0x05) + globally
    end = record(0x0A, b"")
    size = len(first) + 4 + 6 + len(body) + len(end)
    return (
        first + record(0x85, struct.pack("<IH", size, 0) + body) + end + bof(0x10)
        + b"".join(cells) + end
    )  # fmt: skip


def compound(
    stream: bytes, name: str = "Workbook", *, fat_change: dict[int, int] | None = None
) -> bytes:
    """A compound file with one stream; `fat_change` spoils links of its chain."""
    data = stream.ljust(max(4096, -(-len(stream) // 512) * 512), b"\0")
    count = len(data) // 512
    sectors = count + 1
    fats = 1
    while (sectors + fats) > fats * 128:
        fats += 1
    links = [*range(1, count), 0xFFFFFFFE, 0xFFFFFFFE, *[0xFFFFFFFD] * fats]
    for at, value in (fat_change or {}).items():
        links[at] = value
    links += [0xFFFFFFFF] * (fats * 128 - len(links))
    head = MAGIC + b"\0" * 16 + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 10
    head += struct.pack("<IIIIIIII", fats, count, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    head += struct.pack(
        "<109I", *[count + 1 + n for n in range(fats)], *[0xFFFFFFFF] * (109 - fats)
    )

    def entry(title: str, kind: int, first: int, size: int, child: int) -> bytes:
        raw = (title + "\0").encode("utf-16-le")
        return (
            raw.ljust(64, b"\0") + struct.pack("<HBB", len(raw), kind, 1)
            + struct.pack("<III", 0xFFFFFFFF, 0xFFFFFFFF, child) + b"\0" * 36
            + struct.pack("<III", first, size, 0)
        )  # fmt: skip

    directory = entry("Root Entry", 5, 0xFFFFFFFE, 0, 1) + entry(name, 2, 0, len(data), 0xFFFFFFFF)
    return head + data + directory.ljust(512, b"\0") + struct.pack(f"<{fats * 128}I", *links)


OLD_CELLS = [
    label(at, n, str(t)) for at, row in enumerate([HEAD, *ROWS]) for n, t in enumerate(row)
]
OLD = compound(records(*OLD_CELLS))


# ------------------------------------------------------------------------------------- the good

CSV = "姓名,性别,入党时间\r\n张三,男,2012.07\r\n李四,女,2013-01-05\r\n"
HTML = (
    "<html><head><meta charset=gb2312><style>td{x}</style></head><body><table border=1>"
    "<tr><td>姓名<td>性别<td>入党时间</tr><tr><td>张三</td><td>男</td><td>2012.07</td></tr>"
    "<tr><td>李四</td><td>女</td><td>2013-01-05</td></tr></table></body></html>"
)
READABLE: dict[str, tuple[bytes, str]] = {
    "xlsx": (GOOD, "xlsx"),
    "xlsx named .xls": (GOOD, "xlsx"),
    "xls": (OLD, "xls"),
    "ods": (ods(ods_rows()), "ods"),
    "csv utf-8": (CSV.encode(), "csv"),
    "csv utf-8 with mark": (CSV.encode("utf-8-sig"), "csv"),
    "csv gb18030": (CSV.encode("gb18030"), "csv"),
    "csv utf-16": (CSV.encode("utf-16"), "csv"),
    "csv big-endian": (b"\xfe\xff" + CSV.encode("utf-16-be"), "csv"),
    "csv semicolons": (CSV.replace(",", ";").encode(), "csv"),
    "csv tabs": (CSV.replace(",", "\t").encode("utf-16"), "csv"),
    "csv full-width commas": (CSV.replace(",", "，").encode(), "csv"),
    "csv old line ends": (CSV.replace("\r\n", "\r").encode(), "csv"),
    "csv quoted": (CSV.replace("张三", '"张三"').encode(), "csv"),
    "csv with a told mark": (b"sep=;\r\n" + CSV.replace(",", ";").encode(), "csv"),
    "html": (HTML.encode(), "html"),
    "html gb2312": (HTML.encode("gb18030"), "html"),
    "ods with empty rows to the end": (
        ods(ods_rows() + '<table:table-row table:number-rows-repeated="1048000"><table:table-cell '
            'table:number-columns-repeated="16384"/></table:table-row>'), "ods"),
    "xlsx with another prefix": (
        repacked({SHEET: part(SHEET).replace(b"<c ", b"<x:c ").replace(b"</c>", b"</x:c>")
                  .replace(b"<worksheet ", b'<worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main" ')}), "xlsx"),
}  # fmt: skip


@pytest.mark.parametrize("name", READABLE)
def test_readable(name: str) -> None:
    """The same two people, whatever the file is; what it is, its bytes say and not its name."""
    content, kind = READABLE[name]
    found = read_roster_file(content, "名册.xls", liking=likeness)
    assert found.kind == kind
    rows = [(number, [cell for cell in cells if cell != ""]) for number, cells in found.rows]
    assert [cells for _, cells in rows] == [cells for _, cells in TEXT]
    if "told" not in name:
        assert [number for number, _ in rows] == [1, 2, 3]
    assert found.is_text is (kind in {"csv", "html"})


def test_values_keep_their_kind() -> None:
    """Days are days, numbers numbers, yes is yes; columns are counted from A, rows from 1."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"default_date_format": "yyyy-mm-dd"})
    page = book.add_worksheet()
    page.write_row(4, 2, ["a", datetime(2012, 7, 1), 2012.07, True])
    book.close()
    (row,) = read_roster_file(out.getvalue()).rows
    assert row == (5, ["", "", "a", date(2012, 7, 1), 2012.07, True])


def test_the_sheet_that_looks_like_the_table() -> None:
    """Of several sheets the one that is liked is read, and said."""
    content = xlsx([["说明"]] * 40, [HEAD, *ROWS], [["x", "y"]] * 9, names=("说明", "名册", "其他"))
    found = read_roster_file(content, liking=likeness)
    assert found.sheet == "名册"
    assert found.remarks == ("文件中有3张工作表，读取的是“名册”。",)


def test_merged_cells_stand_in_each_row() -> None:
    """One branch beside three members is the branch of all three; a title stays where it is."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    page = book.add_worksheet()
    page.merge_range(0, 0, 0, 2, "花名册")
    page.write_row(1, 0, ["党支部", "姓名"])
    page.merge_range(2, 0, 4, 0, "第一党支部")
    for at, name in enumerate(("甲", "乙", "丙"), 2):
        page.write(at, 1, name)
    page.write_row(5, 0, ["第二党支部", "丁"])
    book.close()
    rows = dict(read_roster_file(out.getvalue()).rows)
    assert [cell for cell in rows[1] if cell] == ["花名册"]
    assert [rows[n][0] for n in (3, 4, 5, 6)] == ["第一党支部"] * 3 + ["第二党支部"]


def test_merged_cells_of_a_page() -> None:
    """The same in HTML."""
    page = (
        "<table><tr><td>支部<td>姓名<tr><td rowspan=2>一支部<td>甲<tr><td>乙"
        "<tr><td colspan=2>合计</table>"
    )
    rows = [cells for _, cells in read_roster_file(page.encode()).rows]
    assert rows == [["支部", "姓名"], ["一支部", "甲"], ["一支部", "乙"], ["合计", ""]]


def test_formulas() -> None:
    """The stored result is taken; a formula without one is named and counted."""
    rows = (
        '<row r="1"><c r="A1" t="str"><f>UPPER("a")</f><v>甲</v></c><c r="B1"><f>1+1</f></c>'
        '<c r="C1"><f>2+2</f><v></v></c></row>'
    )
    found = read_roster_file(with_sheet(rows))
    assert found.rows[0][1][0] == "甲"
    assert found.unvalued == {(1, 2), (1, 3)}
    assert "有2个单元格是公式" in found.remarks[-1]


def test_million_empty_rows() -> None:
    """Formats down to the last row take no room: what holds something is read."""
    empty = "".join(f'<row r="{n}" ht="15"><c r="A{n}" s="1"/></row>' for n in range(3, 300_000))
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="A2"><v>2</v></c></row>' + empty
    rows += '<row r="1048576"><c r="XFD1048576" s="1"/></row>'
    found = read_roster_file(with_sheet(rows))
    assert [number for number, _ in found.rows] == [1, 2]


# ----------------------------------------------------------------------------------- the broken


def bomb(name: str, size: int) -> bytes:
    """Zeros without end, packed piece by piece: the maker must not weigh what the reader may not."""
    out = io.BytesIO(repacked({}, drop=name))
    with (
        zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as target,
        target.open(name, "w", force_zip64=True) as member,
    ):
        for _ in range(size >> 20):
            member.write(bytes(1 << 20))
    return out.getvalue()


def far_cells() -> bytes:
    return with_sheet(
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    )


def wide() -> bytes:
    """As many cells as the rectangle may have."""
    return with_sheet(
        '<row r="1"><c r="T1"><v>1</v></c></row>'
        + "".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(2, 199_000))
    )


def amplified() -> bytes:
    """One text of a megabyte that two thousand cells name."""
    text = "长" * 350_000
    cells = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 2001))
    strings = f'<sst {SPACE} count="2000" uniqueCount="1"><si><t>{text}</t></si></sst>'
    return repacked({SHEET: sheet(cells), "xl/sharedStrings.xml": strings.encode()})


def old_amplified() -> bytes:
    text = ("长" * 4000).encode("utf-16-le")
    strings = struct.pack("<II", 60000, 1) + struct.pack("<HB", 4000, 1) + text
    cells = [record(0xFD, struct.pack("<HHHI", n % 60000, n // 60000, 0, 0)) for n in range(60000)]
    return compound(records(*cells, globally=record(0xFC, strings)))


def encrypted_zip() -> bytes:
    """Marked as encrypted in both places."""
    raw = bytearray(GOOD)
    for match in re.finditer(b"PK\x03\x04", GOOD):
        raw[match.start() + 6] |= 1
    for match in re.finditer(b"PK\x01\x02", GOOD):
        raw[match.start() + 8] |= 1
    return bytes(raw)


def many_rows(count: int) -> bytes:
    return "姓名,性别\n".encode() + "张,男\n".encode() * count


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for name, data in members.items():
            package.writestr(name.replace("__", "/").replace("_xml", ".xml"), data)
    return out.getvalue()


def fake_workbook(**members: bytes) -> bytes:
    return zipped(xl__workbook_xml=b"<workbook/>", **members)


BROKEN: dict[str, tuple[Callable[[], bytes], type[RosterFileError]]] = {
    "nothing": (lambda: b"", FileEmpty),
    "blanks": (lambda: b" \r\n\t ", FileEmpty),
    "only zeros": (lambda: b"\0" * 4096, FileEmpty),
    "only a byte order mark": (lambda: b"\xef\xbb\xbf", FileEmpty),
    "empty workbook": (lambda: xlsx([]), FileEmpty),
    "csv of commas": (lambda: b",,,\n,,,\n", FileEmpty),
    "html without a table": ("<html><body>你好</body></html>".encode, FileEmpty),
    "pdf": (lambda: b"%PDF-1.7\n" + b"x" * 900, FileKindUnknown),
    "png": (lambda: b"\x89PNG\r\n\x1a\n" + b"\0" * 900, FileKindUnknown),
    "jpeg": (lambda: b"\xff\xd8\xff\xe0" + b"\0" * 900, FileKindUnknown),
    "gif": (lambda: b"GIF89a" + b"\0" * 90, FileKindUnknown),
    "rar": (lambda: b"Rar!\x1a\x07" + b"\0" * 90, FileKindUnknown),
    "7z": (lambda: b"7z\xbc\xaf\x27\x1c" + b"\0" * 90, FileKindUnknown),
    "gzip": (lambda: b"\x1f\x8b\x08" + b"\0" * 90, FileKindUnknown),
    "rtf": (lambda: b"{\\rtf1 hello}", FileKindUnknown),
    "sqlite": (lambda: b"SQLite format 3\0" + b"\0" * 90, FileKindUnknown),
    "json": (lambda: b'{"a": 1}', FileKindUnknown),
    "xml": (lambda: b'<?xml version="1.0"?><a/>', FileKindUnknown),
    "xml spreadsheet 2003": (
        lambda: b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>',
        FileKindUnknown,
    ),
    "mhtml": (lambda: b"MIME-Version: 1.0\nContent-Type: multipart/related", FileKindUnknown),
    "program": (lambda: b"MZ\x90\x00" + bytes(range(256)) * 4, FileKindUnknown),
    "control characters": (lambda: b"\x01\x02\x03\x04\x05\x06\x07\x08\x0e\x0f" * 9, FileKindUnknown),
    "undecodable": (lambda: "姓名,性别\n".encode() + b"\x80\xff\xfe\xfd,\xff\n", FileUndecodable),
    "utf-16 cut in two": (lambda: CSV.encode("utf-16")[:-1], FileUndecodable),
    "zip of other things": (lambda: zipped(a=b"1"), FileKindUnknown),
    "word": (lambda: zipped(word__document_xml=b"<x/>"), FileKindUnknown),
    "slides": (lambda: zipped(ppt__presentation_xml=b"<x/>"), FileKindUnknown),
    "xlsb": (lambda: repacked({"xl/workbook.bin": b"x"}, drop="xl/workbook.xml"), FileKindUnknown),
    "odt": (lambda: ods("", mime=b"application/vnd.oasis.opendocument.text"), FileKindUnknown),
    "old word": (lambda: compound(b"x" * 5000, "WordDocument"), FileKindUnknown),
    "compound file of nothing": (lambda: compound(b"x" * 5000, "Other"), FileKindUnknown),
    "encrypted ooxml": (lambda: compound(b"x" * 5000, "EncryptedPackage"), FileLocked),
    "xls with a password": (
        lambda: compound(records(*OLD_CELLS, globally=record(0x2F, b"\x01\0\x01\0" + b"x" * 50))),
        FileLocked,
    ),
    "encrypted zip": (encrypted_zip, FileLocked),
    "ods with a password": (
        lambda: ods(ods_rows(), manifest=b"<manifest:encryption-data/>"), FileLocked,
    ),
    "zip header alone": (lambda: b"PK\x03\x04" + b"\0" * 200, FileBroken),
    "xlsx cut off": (lambda: GOOD[: len(GOOD) // 2], FileBroken),
    "xlsx without its end": (lambda: GOOD[:-22], FileBroken),
    "workbook is no xml": (lambda: repacked({"xl/workbook.xml": b"no"}), FileBroken),
    "relations missing": (lambda: repacked({}, drop="xl/_rels/workbook.xml.rels"), FileBroken),
    "sheet is no xml": (lambda: repacked({SHEET: b"<worksheet><sheetData><row"}), FileBroken),
    "sheet missing": (lambda: repacked({}, drop=SHEET), FileBroken),
    "fake workbook": (fake_workbook, FileBroken),
    "two workbooks in one": (lambda: repacked({"content.xml": b"<x/>"}), FileBroken),
    "cell beyond Z": (lambda: with_sheet('<row r="1"><c r="ZZZZ1"><v>1</v></c></row>'), FileBroken),
    "entities": (
        lambda: repacked({SHEET: b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + part(SHEET)}), FileBroken,
    ),
    "entities in the texts": (
        lambda: repacked({"xl/sharedStrings.xml": b'<!DOCTYPE x [<!ENTITY a "aa">]><sst/>'}),
        FileBroken,
    ),
    "entities in the styles": (
        lambda: repacked({"xl/styles.xml": b'<!DOCTYPE x [<!ENTITY a "aa">]><styleSheet/>'}),
        FileBroken,
    ),
    "sheet in utf-16": (
        lambda: repacked({SHEET: part(SHEET).decode().encode("utf-16")}), FileBroken,
    ),
    "sheet under another name": (
        lambda: repacked({
            "xl/_rels/workbook.xml.rels": part("xl/_rels/workbook.xml.rels").replace(
                b"worksheets/sheet1.xml", b"media/a.png"),
            "xl/media/a.png": part(SHEET)}),
        FileBroken,
    ),
    "names that differ in case": (lambda: repacked({"XL/WORKBOOK.XML": b"<x/>"}), FileBroken),
    "ods is no xml": (lambda: ods("<table:table-row>"), FileBroken),
    "ods with entities": (
        lambda: repacked({"content.xml": b'<!DOCTYPE x [<!ENTITY a "a">]><x>&a;</x>'}, content=ods("")),
        FileBroken,
    ),
    "csv with an open quote": (('姓名,性别\n"张三,男\n' + "李四,女\n" * 40_000).encode, FileBroken),
    "xls header alone": (lambda: MAGIC + b"\0" * 100, FileBroken),
    "xls of zeros": (lambda: MAGIC + b"\0" * 5000, FileBroken),
    "xls cut off": (lambda: OLD[: len(OLD) // 2], FileBroken),
    "xls whose chain runs in a circle": (
        lambda: compound(records(*OLD_CELLS), fat_change={3: 1}), FileBroken,
    ),
    "xls whose chain leaves the file": (
        lambda: compound(records(*OLD_CELLS), fat_change={2: 99_999}), FileBroken,
    ),
    "too large a file": (lambda: b"PK\x03\x04" + b"\0" * (33 * 1024 * 1024), FileTooLarge),
    "bomb of zeros": (lambda: bomb("xl/media/a.png", 450 * 1024 * 1024), FileTooLarge),
    "bomb in the texts": (lambda: bomb("xl/sharedStrings.xml", 60 * 1024 * 1024), FileTooLarge),
    "bomb of small texts": (
        lambda: repacked({"xl/sharedStrings.xml": b"<sst>" + b"<si><t>a</t></si>" * 4_000_000}),
        FileTooLarge,
    ),
    "thousands of members": (
        lambda: repacked({f"xl/a{n}.xml": b"" for n in range(2100)}), FileTooLarge,
    ),
    "cells at far corners": (far_cells, TooManyRows),
    "cells far to the right": (
        lambda: with_sheet('<row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>1</v></c></row>'),
        FileTooLarge,
    ),
    "wide and long": (
        lambda: with_sheet('<row r="1"><c r="IV1"><v>1</v></c></row><row r="150000"><c r="A150000"><v>1</v></c></row>'),
        FileTooLarge,
    ),
    "last row without numbers": (
        lambda: with_sheet('<row r="1048576"><c><v>1</v></c></row>'), TooManyRows,
    ),
    "one long text named often": (amplified, FileTooLarge),
    "the same in an xls": (old_amplified, FileTooLarge),
    "xls at far corners": (
        lambda: compound(records(label(65535, 255, "x"), label(0, 0, "y"))), FileTooLarge,
    ),
    "ods that repeats rows": (
        lambda: ods(f'<table:table-row table:number-rows-repeated="1000000">{ods_cell("x")}</table:table-row>'),
        TooManyRows,
    ),
    "ods that repeats cells": (
        lambda: ods("<table:table-row>" + ods_cell("x", 'table:number-columns-repeated="16384"') + "</table:table-row>"),
        FileTooLarge,
    ),
    "ods that repeats long texts": (
        lambda: ods(
            '<table:table-row table:number-rows-repeated="100000">' + ods_cell("长" * 2000) + "</table:table-row>"),
        FileTooLarge,
    ),
    "csv of too many rows": (lambda: many_rows(200_100), TooManyRows),
    "csv of too many columns": (lambda: ",".join(f"列{n}" for n in range(400)).encode(), FileTooLarge),
    "html that spans a thousand columns": (
        ("<table><tr>" + "<td colspan=1000>x" * 5000 + "</table>").encode, FileTooLarge,
    ),
    "html of too many rows": (("<table>" + "<tr><td>张" * 200_100).encode, TooManyRows),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_broken_by_hand(name: str) -> None:
    """Each fault is told apart, in Chinese, with what to do about it."""
    make, expected = BROKEN[name]
    with pytest.raises(RosterFileError) as caught:
        read_roster_file(make(), "名册.xlsx", liking=likeness)
    assert type(caught.value) is expected
    message = str(caught.value)
    assert message.endswith("。")
    assert "请" in message
    assert re.search(r"[\u4e00-\u9fff]{4}", message)


def test_tables_are_weighed_too() -> None:
    """The annual table's reader refuses a long text that many cells name as well."""
    with pytest.raises(SheetRefusedError, match="解压后过大"):
        open_sheets(amplified())


def settled(content: bytes) -> ReadSheet | RosterFileError:
    """What comes of these bytes; anything but the two is a failure."""
    try:
        return read_roster_file(content, "名册.xlsx", liking=likeness)
    except RosterFileError as error:
        return error


SEEDS = {
    "xlsx": GOOD,
    "xls": OLD,
    "ods": ods(ods_rows()),
    "csv": CSV.encode(),
    "html": HTML.encode(),
}


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("kind", SEEDS)
def test_broken_by_chance(kind: str, seed: int) -> None:
    """150 files with bytes turned, cut out, doubled or added: read, or a sentence."""
    rng = random.Random(f"{kind}{seed}")
    content = bytearray(SEEDS[kind])
    for _ in range(rng.randrange(1, 12)):
        at = rng.randrange(len(content))
        what = rng.randrange(4)
        if what == 0:
            content[at] = rng.randrange(256)
        elif what == 1:
            del content[at : at + rng.randrange(1, 200)]
        elif what == 2:
            content[at:at] = content[at : at + rng.randrange(1, 200)]
        else:
            content[at:at] = rng.randbytes(rng.randrange(1, 30))
        if not content:
            break
    settled(bytes(content))


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=600), st.sampled_from([b"", b"PK\x03\x04", MAGIC, b"\xff\xfe", b"<html>"])
)
def test_any_bytes(data: bytes, start: bytes) -> None:
    """Whatever the bytes are, it is rows or a sentence."""
    settled(start + data)


@settings(max_examples=80, deadline=None)
@given(
    st.text(st.characters(codec="utf-8"), max_size=300),
    st.sampled_from(["utf-8", "gb18030", "utf-16"]),
)
def test_any_text(text: str, encoding: str) -> None:
    """The same for text."""
    settled(text.encode(encoding))


@settings(max_examples=60, deadline=None)
@given(st.text("rsct=\"AZ19<>/ vfi'x:", max_size=120))
def test_any_sheet(cells: str) -> None:
    """The same for what stands inside a sheet."""
    settled(with_sheet(cells))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([0x203, 0xFD, 0x204, 0xBD, 0x06, 0xFC, 0x3C, 0x809, 0x85]),
            st.binary(max_size=40),
        ),
        max_size=30,
    )
)
def test_any_records(pairs: list[tuple[int, bytes]]) -> None:
    """The same for the records of an .xls."""
    settled(compound(records(*(record(kind, data) for kind, data in pairs))))


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=700), min_size=1, max_size=40),
)  # fmt: skip
def test_measured_as_it_is(texts: list[str]) -> None:
    """The measure of an .xls agrees with the texts in it, wherever a continuation cuts them."""
    from zhibu.documents.old_workbook import _text_lengths

    data = struct.pack("<II", len(texts), len(texts))
    blocks, block = [], data
    for text in texts:
        raw = text.encode("utf-16-le")
        count = len(raw) // 2
        block += struct.pack("<HB", count, 1)
        while raw:
            room = max(0, 1000 - len(block)) // 2 * 2
            block += raw[:room]
            raw = raw[room:]
            if raw:
                blocks.append(block)
                block = b"\x01"
        if len(block) > 900:
            blocks.append(block)
            block = b""
    blocks.append(block)
    assert _text_lengths([one for one in blocks if one]) == [
        len(text.encode("utf-16-le")) // 2 * 3 for text in texts
    ]


def test_streams_of_a_compound_file() -> None:
    """The stream is what was put in, and the sheet's extent is known."""
    stream = records(*OLD_CELLS)
    assert CompoundFile(OLD).read("workbook").rstrip(b"\0") == stream.rstrip(b"\0")
    (extent,) = measure_old(OLD)
    assert (extent.row, extent.column) == (3, 3)


def test_numbers_in_one_record() -> None:
    """A record of several numbers reaches as far as the last of them."""
    numbers = struct.pack("<HH", 4, 2) + b"\0" * 6 * 3 + struct.pack("<H", 4)
    (extent,) = measure_old(compound(records(record(0xBD, numbers))))
    assert (extent.row, extent.column) == (5, 5)


def test_repeated_rows_are_measured_before_they_are_made() -> None:
    """What an ODS repeats counts as often as it is repeated."""
    rows = f'<table:table-row table:number-rows-repeated="{{}}">{ods_cell("x")}</table:table-row>'
    extent = sheet_measure.measure_package(ods(rows.format(200_000)))["content.xml"]
    assert (extent.row, extent.column) == (200_000, 1)
    with pytest.raises(TooManyRows):
        sheet_measure.measure_package(ods(rows.format(200_001)))


def test_a_title_does_not_hide_the_mark() -> None:
    """What separates the cells is what most lines agree on."""
    for mark in ",;\t，":
        content = f"党员花名册\n填报单位：某局\n{CSV.replace(',', mark)}".encode()
        rows = read_roster_file(content, liking=likeness).rows
        assert [cells for _, cells in rows[2:]] == [HEAD, *ROWS]


def test_pieces_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    """However a sheet is cut into pieces while it is measured, the measure is the same."""
    rows = [[f"名{n}", n, "2012.07"] for n in range(300)]
    content = xlsx(rows)
    whole = sheet_measure.measure_package(content)[SHEET]
    monkeypatch.setattr(sheet_measure, "_PIECE", 97)
    cut = sheet_measure.measure_package(content)[SHEET]
    assert (
        (cut.row, cut.column, cut.named)
        == (whole.row, whole.column, whole.named)
        == (300, 3, whole.named)
    )


MEASURE = """
import io, pathlib, re, resource, sys, time
from tests.documents import test_roster_reading as made
from zhibu.documents.roster_faults import RosterFileError
from zhibu.documents.roster_reading import read_roster_file

content = eval(sys.argv[1])(made)
start = time.monotonic()
try:
    found = len(read_roster_file(content).rows)
except RosterFileError as error:
    found = type(error).__name__
seconds = time.monotonic() - start
# Linux counts the size of the process that began this one into ru_maxrss; VmHWM is our own.
status = pathlib.Path("/proc/self/status")
own = re.search(r"VmHWM:\\s+(\\d+)", status.read_text()) if status.exists() else None
peak = int(own[1]) if own else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(found, seconds, peak / 1024)
"""
HEAVY = {
    "a bomb": "lambda made: made.BROKEN['bomb of zeros'][0]()",
    "many small texts": "lambda made: made.BROKEN['bomb of small texts'][0]()",
    "one long text": "lambda made: made.amplified()",
    "far corners": "lambda made: made.far_cells()",
    "as large as is allowed": "lambda made: made.xlsx([['名%d' % n, n, '2012.07', '男'] * 2 for n in range(100_000)])",
    "as wide as is allowed": "lambda made: made.wide()",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HEAVY)
@pytest.mark.skipif(sys.platform == "win32", reason="resource is POSIX")
def test_memory(name: str) -> None:
    """The worst files stay under 500 MB and half a minute, the maker of the file included."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(MEASURE), HEAVY[name]],
        capture_output=True, text=True, check=True, timeout=240,
    )  # fmt: skip
    _, seconds, megabytes = done.stdout.split()
    assert float(megabytes) < 500, done.stdout
    assert float(seconds) < 30, done.stdout
