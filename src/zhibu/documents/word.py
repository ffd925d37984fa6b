"""The book as a Word file: the same composition as the PDF, for organs that edit or file in Word."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import docx
import segno
from docx.document import Document
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.section import Section
from docx.shared import Mm, Pt

from zhibu.documents.blocks import (
    Code,
    Composition,
    Cover,
    Grid,
    Heading,
    Label,
    Notice,
    Pairs,
    Paragraph,
    Part,
    Signatures,
)
from zhibu.documents.book import Book
from zhibu.documents.composition import compose_book
from zhibu.documents.literal import COVER_TEXT, Covered, Text, clean
from zhibu.documents.word_styles import (
    add_contents,
    add_font_table,
    add_styles,
    element,
    mark_headings,
    mirror_margins,
)

_WIDE: Final = (Mm(297), Mm(210))
_UPRIGHT: Final = (Mm(210), Mm(297))
_TEXT_WIDTH: Final = {False: 8845, True: 12756}  # twentieths of a point: 156 mm, 225 mm
_CODE_WIDTH: Final = Mm(38)


def write_book_docx(book: Book) -> bytes:
    """The book as DOCX. Word asks on opening it to fill in the page numbers of the contents."""
    composition = compose_book(book)
    document = docx.Document()
    add_styles(document)
    add_font_table(document)
    mirror_margins(document)
    _describe(document, book)
    _draw_cover(document, composition.cover)
    _draw_contents(document, composition)
    _draw_parts(document, composition.parts)
    mark_headings(document)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _describe(document: Document, book: Book) -> None:
    properties = document.core_properties
    # The format allows 255 characters here.
    properties.title = clean(f"{book.branch}{book.year}年度{book.title}")[:255]
    properties.author = clean(book.branch)[:255]
    properties.comments = ""
    properties.language = "zh-CN"
    issued_at = datetime(book.issued_on.year, book.issued_on.month, book.issued_on.day)  # noqa: DTZ001  the format knows no zone
    properties.created = properties.modified = issued_at


def _draw_cover(document: Document, cover: Cover) -> None:
    set_page(document.sections[0], is_landscape=False)
    put_line(document, cover.title, "ZhibuCoverTitle")
    put_line(document, cover.year, "ZhibuTitle")
    for number, (name, value) in enumerate(cover.lines):
        line = put_line(document, "", "ZhibuCoverLine")
        if not number:
            line.paragraph_format.space_before = Pt(130)
        line.add_run(clean(name)).style = "ZhibuHei"
        line.add_run("　")
        line.add_run(_literal(value)).underline = True
    for number, text in enumerate(cover.foot):
        foot = put_line(document, text, "ZhibuCentred")
        if not number:
            foot.paragraph_format.space_before = Pt(150)


def _draw_contents(document: Document, composition: Composition) -> None:
    section = document.add_section(WD_SECTION.ODD_PAGE)
    set_page(section, is_landscape=False)
    put_line(document, "目　录", "ZhibuTitle")
    entries: list[tuple[str, str]] = []
    for part in composition.parts:
        entries.append((clean(part.title), "toc 1"))
        entries += [
            (clean(block.text), "toc 2") for block in part.blocks if isinstance(block, Heading)
        ]
    add_contents(document, entries)


def _draw_parts(document: Document, parts: tuple[Part, ...]) -> None:
    was_landscape = False
    for number, part in enumerate(parts):
        if not number:
            section = document.add_section(WD_SECTION.ODD_PAGE)
            set_page(section, is_landscape=False)
            number_pages(section)
        elif part.is_landscape or was_landscape:
            section = document.add_section(WD_SECTION.NEW_PAGE)
            set_page(section, is_landscape=part.is_landscape)
            _continue_numbers(section)
        heading = put_line(document, part.title, "Heading 1")
        heading.paragraph_format.page_break_before = bool(
            number and not part.is_landscape and not was_landscape
        )
        for block in part.blocks:
            _DRAW[type(block)](document, block, part.is_landscape)
        was_landscape = part.is_landscape


def set_page(section: Section, *, is_landscape: bool) -> None:
    """A4 with the type area of GB/T 9704."""
    section.page_width, section.page_height = _WIDE if is_landscape else _UPRIGHT
    section.orientation = WD_ORIENT.LANDSCAPE if is_landscape else WD_ORIENT.PORTRAIT
    top, bottom, left, right = (27, 27, 37, 35) if is_landscape else (37, 35, 28, 26)
    section.top_margin, section.bottom_margin = Mm(top), Mm(bottom)
    section.left_margin, section.right_margin = Mm(left), Mm(right)
    section.footer_distance = Mm(bottom - 7 - 5)  # the number begins 7 mm below the type area


def number_pages(section: Section) -> None:
    """From 1, outside: right on odd pages, left on even ones."""
    section._sectPr.append(element("w:pgNumType", {"w:start": "1"}))
    for footer, alignment in (
        (section.footer, WD_ALIGN_PARAGRAPH.RIGHT),
        (section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT),
    ):
        footer.is_linked_to_previous = False
        paragraph = footer.paragraphs[0]
        paragraph.style = "ZhibuPageNumber"
        paragraph.alignment = alignment
        paragraph.add_run("— ")
        run = paragraph.add_run()
        for kind in ("begin", "PAGE", "end"):
            if kind == "PAGE":
                code = element("w:instrText")
                code.text = kind
                run._r.append(code)
            else:
                run._r.append(element("w:fldChar", {"w:fldCharType": kind}))
        paragraph.add_run(" —")


def _continue_numbers(section: Section) -> None:
    """python-docx copies the former section; only the first one may start at 1."""
    for start in section._sectPr.findall(qn("w:pgNumType")):
        section._sectPr.remove(start)


def _literal(value: Text) -> str:
    return COVER_TEXT if isinstance(value, Covered) else clean(value)


def put_line(document: Document, text: Text, style: str) -> Any:
    """A paragraph of this style at the end."""
    paragraph = document.add_paragraph(style=style)
    if isinstance(text, Covered):
        paragraph.add_run(COVER_TEXT).style = "ZhibuCovered"
    elif text:
        paragraph.add_run(clean(text))
    return paragraph


def _draw_heading(document: Document, block: Heading, _wide: bool) -> None:
    heading = put_line(document, block.text, "Heading 2")
    heading.paragraph_format.page_break_before = block.starts_page
    if block.aside:
        # Not in the heading itself, or the contents would show it.
        aside = put_line(document, block.aside, "ZhibuAside")
        aside.paragraph_format.keep_with_next = True


def _draw_label(document: Document, block: Label, _wide: bool) -> None:
    put_line(document, block.text, "ZhibuLabel")


def _draw_paragraph(document: Document, block: Paragraph, _wide: bool) -> None:
    style = "ZhibuSmall" if block.is_small else "ZhibuBody"
    if isinstance(block.text, Covered):
        put_line(document, block.text, style)
        return
    for text in clean(block.text).split("\n"):
        if text.strip():
            put_line(document, text.strip(), style)


def _draw_notice(document: Document, block: Notice, _wide: bool) -> None:
    put_line(document, block.text, "ZhibuNotice")


def _draw_signatures(document: Document, block: Signatures, _wide: bool) -> None:
    line = put_line(document, "", "ZhibuSignatures")
    for number, name in enumerate(block.names):
        line.add_run(f"{'　　' if number else ''}{clean(name)}（签名）：")
        line.add_run("　" * 5).underline = True
    line.paragraph_format.keep_with_next = True


def _draw_code(document: Document, block: Code, _wide: bool) -> None:
    picture = io.BytesIO()
    segno.make_qr(clean(block.text), error="m").save(picture, kind="png", border=4, scale=8)
    picture.seek(0)
    paragraph = put_line(document, "", "ZhibuCentred")
    paragraph.paragraph_format.keep_with_next = True
    paragraph.add_run().add_picture(picture, width=_CODE_WIDTH)
    caption = put_line(document, block.caption, "ZhibuCentred")
    caption.paragraph_format.keep_with_next = True  # whoever signs under it signs on its sheet


def _draw_pairs(document: Document, block: Pairs, wide: bool) -> None:
    width = _TEXT_WIDTH[wide]
    label_width = 1400 if block.is_small else 2200
    right_label = 1100 if block.is_small else 1400
    rest = (width - label_width - right_label) // 2
    widths = [label_width, rest, right_label, rest]
    style = "ZhibuCellSmall" if block.is_small else "ZhibuCellLarge"
    label = f"{style}Label"
    table = _table(widths)
    for number, row in enumerate(block.rows, 1):
        keeps = block.keeps_together and number < len(block.rows)
        span = 1 if len(row) > 1 else 3
        cells: list[Any] = []
        for at, (name, value) in enumerate(row):
            cells.append(_cell(name, label, widths[2 * at], keeps_next=keeps))
            room = sum(widths[2 * at + 1 :][:span])
            cells.append(_cell(value, style, room, span=span, keeps_next=keeps))
        table.append(_row(cells, is_whole=block.keeps_together))
    _add(document, table)


def draw_grid(document: Document, block: Grid, wide: bool = False) -> None:
    """A ruled table at the end; `wide` on a page that lies on its side."""
    total = sum(block.widths)
    widths = [int(_TEXT_WIDTH[wide] * share / total) for share in block.widths]
    style = "ZhibuCellSmall" if block.is_small or wide else "ZhibuCell"
    table = _table(widths)
    keeps = block.keeps_together
    header = [
        _cell(name, f"{style}Label", width, keeps_next=keeps)
        for name, width in zip(block.header, widths, strict=True)
    ]
    table.append(_row(header, is_header=True))
    styles = [f"{style}Centred" if at in block.centred else style for at in range(len(widths))]
    for number, row in enumerate(block.rows, 1):
        keeps = block.keeps_together and number < len(block.rows)
        cells = [
            _cell(value, styles[at], widths[at], keeps_next=keeps) for at, value in enumerate(row)
        ]
        table.append(_row(cells, is_whole=True))
    _add(document, table)


def _add(document: Document, table: Any) -> None:
    """Puts a table at the end, and a thin paragraph after it: Word joins two tables otherwise."""
    gap = document.add_paragraph(style="ZhibuGap")
    gap._p.addprevious(table)


# Tables are built from XML elements: the object interface of python-docx looks every cell up anew
# and needs minutes for a book of 200 pages.
def _table(widths: list[int]) -> Any:
    table = element("w:tbl")
    properties = element("w:tblPr")
    properties.append(element("w:tblStyle", {"w:val": "TableGrid"}))
    properties.append(element("w:tblW", {"w:w": str(sum(widths)), "w:type": "dxa"}))
    properties.append(element("w:tblLayout", {"w:type": "fixed"}))
    margins = element("w:tblCellMar")
    for side in ("left", "right"):
        margins.append(element(f"w:{side}", {"w:w": "60", "w:type": "dxa"}))
    properties.append(margins)
    table.append(properties)
    grid = element("w:tblGrid")
    for width in widths:
        grid.append(element("w:gridCol", {"w:w": str(width)}))
    table.append(grid)
    return table


def _row(cells: list[Any], *, is_header: bool = False, is_whole: bool = False) -> Any:
    row = element("w:tr")
    if is_header or is_whole:
        properties = element("w:trPr")
        properties.append(element("w:cantSplit"))
        if is_header:
            properties.append(element("w:tblHeader"))
        row.append(properties)
    row.extend(cells)
    return row


def _cell(value: Text, style: str, width: int, *, span: int = 1, keeps_next: bool = False) -> Any:
    cell = element("w:tc")
    properties = element("w:tcPr")
    properties.append(element("w:tcW", {"w:w": str(width), "w:type": "dxa"}))
    if span > 1:
        properties.append(element("w:gridSpan", {"w:val": str(span)}))
    properties.append(element("w:vAlign", {"w:val": "center"}))
    cell.append(properties)
    for text in _literal(value).split("\n"):
        paragraph = element("w:p")
        paragraph_properties = element("w:pPr")
        paragraph_properties.append(element("w:pStyle", {"w:val": style}))
        if keeps_next:
            paragraph_properties.append(element("w:keepNext"))
        paragraph.append(paragraph_properties)
        paragraph.append(_run(text, is_covered=isinstance(value, Covered)))
        cell.append(paragraph)
    return cell


def _run(text: str, *, is_covered: bool) -> Any:
    run = element("w:r")
    if is_covered:
        properties = element("w:rPr")
        properties.append(element("w:rStyle", {"w:val": "ZhibuCovered"}))
        run.append(properties)
    words = element("w:t", {"xml:space": "preserve"})
    words.text = text
    run.append(words)
    return run


_DRAW: Final[dict[type, Callable[[Document, Any, bool], None]]] = {
    Heading: _draw_heading,
    Label: _draw_label,
    Paragraph: _draw_paragraph,
    Notice: _draw_notice,
    Pairs: _draw_pairs,
    Grid: draw_grid,
    Signatures: _draw_signatures,
    Code: _draw_code,
}
