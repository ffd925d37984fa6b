"""The book as a Word file."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import docx
from docx.oxml.ns import qn
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from tests.documents.samples import HOSTILE, make_book
from tests.documents.test_composition import texts
from tests.documents.test_typesetting import book_of

from zhibu.documents.blocks import Code
from zhibu.documents.composition import compose_book
from zhibu.documents.literal import COVER_TEXT, Covered, clean
from zhibu.documents.word import write_book_docx


def body_text(content: bytes) -> str:
    document: Any = docx.Document(io.BytesIO(content))
    return "".join(node.text or "" for node in document.element.iter(qn("w:t")))


def squeezed(text: str) -> str:
    return "".join(text.split())


def test_word_says_all_that_the_composition_says() -> None:
    """PDF and Word are drawn from one composition; nothing is lost on the way."""
    book = make_book()
    said = squeezed(body_text(write_book_docx(book)))
    composition = compose_book(book)
    codes = {b.text for p in composition.parts for b in p.blocks if isinstance(b, Code)}
    for text in texts(composition):
        if text in codes:
            continue
        words = COVER_TEXT if isinstance(text, Covered) else clean(text)
        assert squeezed(words) in said, words


def test_what_people_wrote_is_literal() -> None:
    """No markup is interpreted."""
    assert squeezed(HOSTILE) in squeezed(body_text(write_book_docx(book_of(minutes=HOSTILE))))


def test_pages_are_laid_out_for_binding() -> None:
    """A4, 37/35/28/26 mm, mirrored; tables across; page 1 after the contents."""
    document = docx.Document(io.BytesIO(write_book_docx(make_book())))
    first, body = document.sections[0], document.sections[2]
    margins = [
        round(side.mm) for side in (body.top_margin, body.bottom_margin, body.left_margin,
                                    body.right_margin) if side is not None
    ]  # fmt: skip
    assert margins == [37, 35, 28, 26]
    assert first._sectPr.find(qn("w:pgNumType")) is None
    starts = [s._sectPr.find(qn("w:pgNumType")) is not None for s in document.sections]
    assert starts.index(True) == 2
    assert sum(starts) == 1
    widths = {round(s.page_width.mm) for s in document.sections if s.page_width is not None}
    assert widths == {210, 297}
    assert document.settings.odd_and_even_pages_header_footer is True
    assert document.settings.element.find(qn("w:mirrorMargins")) is not None


def test_headings_can_be_navigated() -> None:
    """Chapters and records are real headings, and the contents are a field."""
    document: Any = docx.Document(io.BytesIO(write_book_docx(make_book())))
    headings = [p.text for p in document.paragraphs if p.style.name == "Heading 1"]
    assert headings[0] == "使用说明"
    assert headings[-1] == "九、封存页"
    codes = [node.text for node in document.element.iter(qn("w:instrText"))]
    assert any("TOC" in code for code in codes)
    # Word is asked to number the pages of the contents; until it does, each entry leads to its heading.
    assert document.settings.element.find(qn("w:updateFields")) is not None
    marks = {
        mark.get(qn("w:name")): "".join(mark.getparent().itertext())
        for mark in document.element.iter(qn("w:bookmarkStart"))
    }
    links = {
        link.get(qn("w:anchor")): "".join(link.itertext())
        for link in document.element.iter(qn("w:hyperlink"))
    }
    assert marks == links
    assert len(links) > len(headings)


def test_table_headers_repeat() -> None:
    """The first row of the annual table is marked as a header."""
    document: Any = docx.Document(io.BytesIO(write_book_docx(make_book())))
    table = next(t for t in document.tables if t.rows[0].cells[0].text == "序号")
    assert table.rows[0]._tr.find(f"{qn('w:trPr')}/{qn('w:tblHeader')}") is not None


def test_fonts_have_stand_ins() -> None:
    """Word is told what to take where 小标宋 or 仿宋_GB2312 is not installed."""
    with zipfile.ZipFile(io.BytesIO(write_book_docx(make_book()))) as package:
        fonts = etree.fromstring(package.read("word/fontTable.xml"))
    names = {font.get(qn("w:name")): font[0].get(qn("w:val")) for font in fonts}
    assert "华文中宋" in names["方正小标宋简体"]
    assert "仿宋" in names["仿宋_GB2312"]


@settings(max_examples=10)
@given(st.text(max_size=200), st.text(max_size=200))
def test_no_text_breaks_the_file(title: str, minutes: str) -> None:
    """Whatever people write, python-docx reads it back."""
    docx.Document(io.BytesIO(write_book_docx(book_of(title=title, minutes=minutes))))
