"""The book as PDF, set by Typst.

The template (`book.typ`, package data) is fixed; the book travels beside it as JSON, so nothing
that people wrote is ever read as markup.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, date, datetime, time
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import segno
import typst

from zhibu.documents.blocks import Code, Grid, Paragraph
from zhibu.documents.book import Book
from zhibu.documents.composition import compose_book
from zhibu.documents.fonts import FontReport, Role, load_fonts, require_fonts
from zhibu.documents.literal import Covered, Text, clean

# A Latin run of more characters than this (an address, a digest) may be broken; so may any other
# run without a space that no word of any script is as long as.
LONGEST_RUN = 12
LONGEST_WORD = 30
# It breaks after so many characters: few enough for the narrowest column. Digests stand in wide ones
# and are most of a book's long runs; each piece is a box to be set.
_STEP = 4
_WIDE_STEP = 16
_LONG_RUN = re.compile(
    rf"[!-~\u00a1-\u02ff]{{{LONGEST_RUN + 1},}}|[^\s\u2e80-\U0010ffff]{{{LONGEST_WORD + 1},}}"
)
_DIGEST = re.compile("[0-9a-f]{32,}")
# A stand-in for 小标宋 or 黑体 is set bold, since those two are heavy by themselves.
_HEAVY = "bold"


class TypesettingFailed(RuntimeError):
    """The book could not be set; the message says in Chinese what the typesetter reported."""


def typeset_book(
    book: Book, *, font_dirs: Sequence[Path] = (), has_system_fonts: bool = True
) -> bytes:
    """The book as PDF (PDF/A-2b where its characters allow).

    The same book gives the same bytes on the same fonts. Raises FontMissing when this machine has
    no Chinese font, TypesettingFailed when Typst refuses the book.
    """
    report = require_fonts(font_dirs, has_system_fonts=has_system_fonts)
    data = _book_json(book, report)
    compiler = typst.Compiler(
        font_paths=load_fonts(tuple(font_dirs), has_system_fonts=has_system_fonts),
        sys_inputs={"book": data},
    )
    try:
        return _compile(compiler, book.issued_on)
    finally:
        _memory.note(compiler, len(data))


def _compile(compiler: typst.Compiler, issued_on: date) -> bytes:
    issued_at = datetime.combine(issued_on, time(), UTC)
    # A character that no installed font has is forbidden in PDF/A; the book must print all the same.
    standards: tuple[Any, ...] = ("a-2b", [])
    message = ""
    for standard in standards:
        try:
            pdf = compiler.compile(
                _template(), format="pdf", timestamp=issued_at, pdf_standards=standard
            )
        except typst.TypstError as error:
            message = error.message
        else:
            if isinstance(pdf, bytes):
                return pdf
    raise TypesettingFailed(f"工作手册排印失败：{message}")


class _Memory:
    """Lets Typst drop what it remembers of former books.

    Typst keeps what it laid out for ten further compilations, about 90 MB for a book of 200 pages.
    Ten empty ones make it forget; they take 0.06 s, so they are left until enough has gathered.
    """

    enough = 600_000  # characters of JSON: three books of 200 pages
    generations = 11

    def __init__(self) -> None:
        self.gathered = 0

    def note(self, compiler: typst.Compiler, size: int) -> None:
        """Count a book of this size; two threads that count at once do no harm."""
        self.gathered += size
        if self.gathered < self.enough:
            return
        self.gathered = 0
        for _ in range(self.generations):
            compiler.compile(b" ", format="svg", sys_inputs={})


_memory = _Memory()


@lru_cache(maxsize=1)
def _template() -> bytes:
    return files("zhibu.documents").joinpath("book.typ").read_bytes()


def _book_json(book: Book, report: FontReport) -> str:
    composition = compose_book(book)
    data: dict[str, Any] = plain(composition)
    data["name"] = clean(f"{book.branch}{book.year}年度{book.title}")
    data["author"] = clean(book.branch)
    data["fonts"] = font_data(report)
    return json.dumps(data, ensure_ascii=False)


def font_data(report: FontReport) -> dict[str, Any]:
    """The families of every role as a template reads them, and how heavy a stand-in is set."""
    data: dict[str, Any] = {role.value: list(report.font(role).families) for role in Role}
    for role in (Role.TITLE, Role.HEI):
        data[f"{role.value}-weight"] = _HEAVY if report.font(role).is_stand_in else "regular"
    return data


def plain(value: Any, *, digest_step: int = _WIDE_STEP) -> Any:
    """Blocks as JSON data.

    A text is a string; null where it was covered; where it holds runs too long for a line, a list
    of strings and of lists, which are the runs in pieces. The template has nothing left to cut:
    what it calls for each text is by far the dearest part of reading a book.
    """
    if isinstance(value, str):
        return _in_pieces(clean(value), digest_step)
    if isinstance(value, Covered):
        return None
    if isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, tuple):
        return [plain(item, digest_step=digest_step) for item in value]
    if isinstance(value, Paragraph):
        return {"kind": value.kind, "is_small": value.is_small, "lines": _lines(value.text)}
    if isinstance(value, Grid) and not value.is_small:
        digest_step = _STEP
    data = {
        field.name: plain(getattr(value, field.name), digest_step=digest_step)
        for field in fields(value)
    }
    if isinstance(value, Code):
        data["svg"] = draw_code(value.text)
    return data


def _lines(text: Text) -> list[Any]:
    """Each line of running text as a paragraph of its own; blank ones are dropped."""
    if isinstance(text, Covered):
        return [None]
    lines = (line.strip() for line in clean(text).split("\n"))
    return [_in_pieces(line, _WIDE_STEP) for line in lines if line]


def _in_pieces(text: str, digest_step: int) -> Any:
    if len(text) <= LONGEST_RUN:
        return text
    pieces: list[Any] = []
    end = 0
    for found in _LONG_RUN.finditer(text):
        run, at = found.group(), found.start()
        step = digest_step if _DIGEST.fullmatch(run) else _STEP
        pieces += [text[end:at]] if at > end else []
        pieces.append([run[start : start + step] for start in range(0, len(run), step)])
        end = found.end()
    if not pieces:
        return text
    return [*pieces, text[end:]] if end < len(text) else pieces


def draw_code(text: str) -> str:
    """A QR code as SVG, error correction M, with the quiet zone of four modules."""
    out = io.BytesIO()
    segno.make_qr(clean(text), error="m").save(out, kind="svg", border=4, scale=4)
    return out.getvalue().decode("utf-8")
