"""Files that are no table, or an attack: refused with a reason, never an exception of a library."""

from __future__ import annotations

import contextlib
import io
import zipfile

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.documents.samples import make_table

from zhibu.documents.sheet_guard import LARGEST_FILE, SheetRefusedError, open_sheets
from zhibu.documents.table_reading import read_table_xlsx
from zhibu.documents.table_writing import write_table_xlsx

SHEET = "xl/worksheets/sheet1.xml"
GOOD = write_table_xlsx(make_table(3))
SPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def packed(changes: dict[str, bytes], *, drop: str = "") -> bytes:
    """The good file with some members replaced, added or dropped."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(GOOD)) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        members = {name: source.read(name) for name in source.namelist() if name != drop}
        for name, content in (members | changes).items():
            target.writestr(name, content)
    return out.getvalue()


def sheet(cells: str) -> bytes:
    return f"<worksheet {SPACE}><sheetData>{cells}</sheetData></worksheet>".encode()


def renamed_sheet() -> bytes:
    with zipfile.ZipFile(io.BytesIO(GOOD)) as source:
        rels = source.read("xl/_rels/workbook.xml.rels").replace(b"sheet1.xml", b"sheet1.png")
    return packed({"xl/_rels/workbook.xml.rels": rels, "xl/worksheets/sheet1.png": sheet("")})


def many_sheets(count: int) -> bytes:
    """A workbook of sheets that each hold two cells, as far from each other as one sheet may."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    for _ in range(count):
        page = book.add_worksheet()
        page.write(0, 0, 1)
        page.write(9_999, 255, 2)
    book.close()
    return out.getvalue()


REFUSED = [
    (b"", "不是 .xlsx"),
    (b"%PDF-1.7 not a workbook", "不是 .xlsx"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "不是 .xlsx"),
    (b"PK\x03\x04" + b"\0" * 100, "已损坏"),
    (b"PK\x03\x04" + b"\0" * LARGEST_FILE, "超过5 MB"),
    (GOOD[:-30], "已损坏"),
    (packed({}, drop="xl/workbook.xml"), "不是 .xlsx"),
    (packed({"content.xml": b"<x/>"}), "不是 .xlsx"),
    (packed({"xl/media/bomb.png": b"\0" * (30 * 1024 * 1024)}), "解压后过大"),
    (packed({f"xl/a{n}.bin": b"" for n in range(500)}), "解压后过大"),
    (packed({SHEET: sheet('<row r="1"><c r="A1"><v>1</v></c></row>'
                          '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')}), "工作表过大"),
    (packed({SHEET: sheet('<row r="1048576"><c><v>1</v></c></row>')}), "工作表过大"),
    (packed({SHEET: sheet('<row r="1"><c r="ZZZZ1"><v>1</v></c></row>')}), "已损坏"),
    (packed({SHEET: b'<!DOCTYPE a [<!ENTITY b "c">]>' + sheet("")}), "已损坏"),
    (packed({SHEET: b"<worksheet><sheetData>"}), "已损坏"),
    (renamed_sheet(), "已损坏"),
    (many_sheets(2), "工作表过大"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "reason"), REFUSED)
def test_bad_files_are_refused_with_a_reason(content: bytes, reason: str) -> None:
    """One fault for the whole file, in Chinese."""
    result = read_table_xlsx(content)
    assert result.rows == ()
    (fault,) = result.faults
    assert fault.row == 0
    assert reason in fault.reason


def test_one_sheet_may_reach_as_far_as_one_may() -> None:
    """What is laid out for nothing is refused in all, not the corner of a single sheet."""
    assert len(open_sheets(many_sheets(1))["Sheet1"]) == 10_000


def test_empty_formatted_cells_far_away_do_no_harm() -> None:
    """WPS leaves formats on thousands of empty rows; such a file is read."""
    content = packed(
        {
            SHEET: sheet(
                '<row r="1"><c r="A1"><v>1</v></c></row>'
                '<row r="1048576"><c r="XFD1048576" s="1"/></row>'
            )
        }
    )
    assert open_sheets(content)["年度安排表"][0][0] == 1.0


@settings(max_examples=150)
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_no_altered_byte_makes_the_reader_fail(at: int, byte: int) -> None:
    """A flipped byte gives a table or a refusal, nothing else."""
    altered = GOOD[:at] + bytes([byte]) + GOOD[at + 1 :]
    with contextlib.suppress(SheetRefusedError):
        open_sheets(altered)
    read_table_xlsx(altered)
