"""A document as an organ issues it (GB/T 9704-2012): title, 主送, numbered sections, annex, signature.

Values in, PDF or DOCX out. Text is placed as text, never as markup.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import docx
import typst
from docx.document import Document
from docx.shared import Pt

from zhibu.documents.blocks import Grid
from zhibu.documents.fonts import load_fonts, require_fonts
from zhibu.documents.literal import chinese_date, chinese_number, clean, clean_line
from zhibu.documents.typesetting import TypesettingFailed, font_data, plain
from zhibu.documents.word import draw_grid, number_pages, put_line, set_page
from zhibu.documents.word_styles import (
    add_font_table,
    add_official_styles,
    add_styles,
    mirror_margins,
)

# The annex follows 附件 at the head of a sheet of its own.
_ANNEX: Final = "附件"


@dataclass(frozen=True, slots=True)
class OfficialSection:
    """一、标题, then its paragraphs."""

    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OfficialDocument:
    """What is issued. Each line of the title stands on a line of its own.

    `addressee` (主送) is without its colon; empty where nobody stands above.
    """

    title: str
    addressee: str
    opening: tuple[str, ...]
    sections: tuple[OfficialSection, ...]
    signer: str
    signed_on: date
    annex_title: str = ""
    annex: Grid | None = None
    annex_note: str = ""


def typeset_official(
    document: OfficialDocument, *, font_dirs: Sequence[Path] = (), has_system_fonts: bool = True
) -> bytes:
    """The document as PDF (PDF/A-2b where its characters allow).

    Raises FontMissing when this machine has no Chinese font, TypesettingFailed when Typst refuses.
    """
    report = require_fonts(font_dirs, has_system_fonts=has_system_fonts)
    data = _data(document) | {"fonts": font_data(report)}
    compiler = typst.Compiler(
        font_paths=load_fonts(tuple(font_dirs), has_system_fonts=has_system_fonts),
        sys_inputs={"document": json.dumps(data, ensure_ascii=False)},
    )
    signed_at = datetime.combine(document.signed_on, time(), UTC)
    standards: tuple[Any, ...] = ("a-2b", [])
    message = ""
    for standard in standards:
        try:
            pdf = compiler.compile(
                _template(), format="pdf", timestamp=signed_at, pdf_standards=standard
            )
        except typst.TypstError as error:
            message = error.message
        else:
            if isinstance(pdf, bytes):
                return pdf
    raise TypesettingFailed(f"文件排印失败：{message}")


def write_official_docx(document: OfficialDocument) -> bytes:
    """The same as DOCX."""
    made = docx.Document()
    add_styles(made)
    add_official_styles(made)
    add_font_table(made)
    mirror_margins(made)
    _describe(made, document)
    set_page(made.sections[0], is_landscape=False)
    number_pages(made.sections[0])
    _draw(made, document)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def section_heads(document: OfficialDocument) -> tuple[str, ...]:
    """一、总体情况 … as they are printed."""
    return tuple(
        f"{chinese_number(number)}、{clean_line(section.title)}"
        for number, section in enumerate(document.sections, 1)
    )


def title_lines(document: OfficialDocument) -> list[str]:
    """The title, line by line."""
    return _split((document.title,))


@lru_cache(maxsize=1)
def _template() -> bytes:
    return files("zhibu.documents").joinpath("official.typ").read_bytes()


def _data(document: OfficialDocument) -> dict[str, Any]:
    annex = document.annex
    sections = [
        {"title": plain(head), "paragraphs": [plain(text) for text in _split(each.paragraphs)]}
        for head, each in zip(section_heads(document), document.sections, strict=True)
    ]
    # Set together with the signature.
    last = sections[-1]["paragraphs"].pop() if sections and sections[-1]["paragraphs"] else ""
    return {
        "name": "".join(title_lines(document)),
        "title": [plain(line) for line in title_lines(document)],
        "addressee": plain(clean_line(document.addressee)),
        "opening": [plain(text) for text in _split(document.opening)],
        "sections": sections,
        "last": last,
        "author": clean_line(document.signer),
        "signer": plain(clean_line(document.signer)),
        "date": chinese_date(document.signed_on),
        "annex-title": [plain(clean_line(document.annex_title))],
        "annex": None if annex is None else plain(annex),
        "annex-note": plain(clean_line(document.annex_note)),
    }


def _split(texts: Sequence[str]) -> list[str]:
    """Each line of what people wrote is a paragraph of its own; blank ones are dropped."""
    lines = (line.strip() for text in texts for line in clean(text).split("\n"))
    return [line for line in lines if line]


def _describe(made: Document, document: OfficialDocument) -> None:
    properties = made.core_properties
    properties.title = "".join(title_lines(document))[:255]
    properties.author = clean_line(document.signer)[:255]
    properties.comments = ""
    properties.language = "zh-CN"
    day = document.signed_on
    signed_at = datetime(day.year, day.month, day.day)  # noqa: DTZ001  the format knows no zone
    properties.created = properties.modified = signed_at


def _draw(made: Document, document: OfficialDocument) -> None:
    _draw_head(made, document)
    last = None
    for head, section in zip(section_heads(document), document.sections, strict=True):
        put_line(made, head, "ZhibuOfficialHead")
        for text in _split(section.paragraphs):
            last = put_line(made, text, "ZhibuBody")
    if last is not None:  # the signature never stands on a sheet without text
        last.paragraph_format.keep_with_next = last.paragraph_format.keep_together = True
    if document.annex is None:
        _sign(made, document)
        return
    note = put_line(made, f"{_ANNEX}：{clean_line(document.annex_title)}", "ZhibuBody")
    note.paragraph_format.space_before = Pt(28.95)
    note.paragraph_format.keep_with_next = True
    _sign(made, document)
    mark = put_line(made, _ANNEX, "ZhibuAnnexMark")
    mark.paragraph_format.page_break_before = True
    put_line(made, clean_line(document.annex_title), "ZhibuOfficialTitle")
    draw_grid(made, document.annex)
    if document.annex_note:
        put_line(made, document.annex_note, "ZhibuSmall")


def _draw_head(made: Document, document: OfficialDocument) -> None:
    lines = title_lines(document)
    for line in lines:
        title = put_line(made, line, "ZhibuOfficialTitle")
        if line is not lines[-1]:
            title.paragraph_format.space_after = Pt(0)
    if document.addressee:
        put_line(made, f"{clean_line(document.addressee)}：", "ZhibuAddressee")
    for text in _split(document.opening):
        put_line(made, text, "ZhibuBody")


def _sign(made: Document, document: OfficialDocument) -> None:
    """Without a seal: the signer two characters in from the right, the date centred under it."""
    signer, day = clean_line(document.signer), chinese_date(document.signed_on)
    longer = max(_width(signer), _width(day))
    for text, before in ((signer, Pt(57.9)), (day, Pt(0))):
        line = put_line(made, text, "ZhibuSigner")
        line.paragraph_format.space_before = before
        line.paragraph_format.right_indent = Pt(32 + (longer - _width(text)) * 8)
        line.paragraph_format.keep_together = True
        line.paragraph_format.keep_with_next = text == signer


def _width(text: str) -> float:
    """In characters of size 3; a digit takes half of one."""
    return sum(0.5 if char.isascii() else 1.0 for char in text)
