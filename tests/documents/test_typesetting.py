"""The book as PDF."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache

import pypdf
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.documents.samples import DIGEST, HOSTILE, make_book, make_record

from zhibu.documents.blocks import Grid, Paragraph
from zhibu.documents.book import Book, RecordSection
from zhibu.documents.literal import REDACTED
from zhibu.documents.typesetting import draw_code, plain, typeset_book

MILLIMETRE = 72 / 25.4


@lru_cache(maxsize=1)
def sample() -> bytes:
    return typeset_book(make_book())


def read(pdf: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(pdf))


def page_texts(pdf: bytes) -> list[str]:
    return ["".join(page.extract_text().split()) for page in read(pdf).pages]


def book_of(**changes: object) -> Book:
    record = make_record(1, **changes)
    return replace(make_book(), sections=(RecordSection("支部党员大会记录", (record,)),))


def test_the_pages_are_a4_and_the_tables_lie_across() -> None:
    """A4 upright; roster and table on A4 across."""
    pdf = read(sample())
    sizes = {
        tuple(round(float(side) / MILLIMETRE) for side in page.mediabox[2:]) for page in pdf.pages
    }
    assert sizes == {(210, 297), (297, 210)}


def test_every_part_is_there() -> None:
    """Cover, contents, notes, chapters, seal page; an empty section says so."""
    said = "".join(page_texts(sample()))
    for words in (
        "党支部工作手册", "2026年度", "目录", "使用说明", "一、党支部基本情况", "九、封存页",
        "本年度无谈心谈话记录", "（依法遮盖）", "（已作废）", "2026年11月23日编印", "第11次封存",
        "加签单位",
    ):  # fmt: skip
        assert words in said, words


def test_page_numbers_begin_after_the_contents() -> None:
    """Cover and contents have none; 使用说明 is page 1 on a right-hand sheet."""
    pages = page_texts(sample())
    first = next(n for n, text in enumerate(pages) if "—1—" in text)
    assert first % 2 == 0  # counted from nought: a sheet on the right
    assert "使用说明" in pages[first]
    assert all("—" not in text.replace("——", "") for text in pages[:first])
    assert "—2—" in pages[first + 1]


def test_the_contents_name_the_right_pages() -> None:
    """The number in the contents is the number at the foot of the chapter."""
    pages = page_texts(sample())
    contents = next(text for text in pages if text.startswith("目录"))
    number = contents.split("九、封存页")[1].lstrip("·")[:2]
    seal_page = next(text for text in pages if text.startswith("九、封存页"))
    assert f"—{number}—" in seal_page


def test_what_people_wrote_is_literal() -> None:
    """Markup of any kind is printed as it stands."""
    said = "".join(page_texts(typeset_book(book_of(minutes=HOSTILE, title="#1 [a] $x$ *b* _c_"))))
    for word in ("".join(HOSTILE.split()), "#1[a]$x$*b*_c_"):
        assert word in said


def test_a_digest_can_be_copied_out() -> None:
    """Breaking a long run leaves no mark in the text of the file."""
    pages = page_texts(sample())
    assert any(DIGEST in text for text in pages)
    assert not any("\u200b" in text for text in pages)


def test_long_unbroken_text_stays_on_the_page() -> None:
    """300 letters without a space are all there and wrap within the type area."""
    content = typeset_book(book_of(minutes="x" * 300, topic="y" * 300, place="ئ" * 80))
    reach = 0.0
    for page in pypdfium2.PdfDocument(content):
        if page.get_width() < page.get_height():
            text = page.get_textpage()
            boxes = (text.get_charbox(at) for at in range(text.count_chars()))
            # A line end has a box without width, where the stop before it would end uncompressed.
            reach = max(reach, *(box[2] for box in boxes if box[2] > box[0]), 0.0)
    assert (210 - 30) * MILLIMETRE < reach < (210 - 26 + 1) * MILLIMETRE
    said = "".join(page_texts(content))
    assert said.count("x") >= 300
    assert said.count("y") >= 300


def test_long_tables_repeat_their_header() -> None:
    """Every page of the annual table begins with the names of its columns."""
    pages = [text for text in page_texts(sample()) if "主题内容" in text]
    assert len(pages) > 2


def test_headings_are_not_left_behind() -> None:
    """No page ends in a heading: behind each comes at least the beginning of its table or text."""
    records = tuple(make_record(n, minutes="字" * 28 * n, title="标题") for n in range(1, 40))
    section = RecordSection("支部党员大会记录", records, has_page_each=False)
    pages = page_texts(typeset_book(replace(make_book(), sections=(section,))))
    ends = [text.rsplit("—", 2)[0] for text in pages if text.endswith("—")]
    assert len(ends) > 40
    left = ("标题", "版", "议题", "会议（活动）内容", "决议", "附件")
    assert [end[-20:] for end in ends if end.endswith(left)] == []


def test_the_same_book_gives_the_same_bytes() -> None:
    """Also when several are set at once."""
    with ThreadPoolExecutor(4) as pool:
        books = list(pool.map(lambda _: typeset_book(make_book(meetings=1)), range(4)))
    assert len(set(books)) == 1


def test_the_file_names_itself() -> None:
    """Title and author are in the file, and it is PDF/A."""
    pdf = read(sample())
    assert pdf.metadata is not None
    assert pdf.metadata.title == "口岸检疫处党支部2026年度党支部工作手册"
    assert b"pdfaid" in sample()


def test_a_character_that_no_font_has_does_not_stop_the_book() -> None:
    """PDF/A forbids it; the book prints all the same, without the mark of PDF/A."""
    pdf = typeset_book(book_of(minutes="生僻字\U0003fffd\U000f0000"))
    assert b"pdfaid" not in pdf
    assert "生僻字" in "".join(page_texts(pdf))


@settings(max_examples=15)
@given(st.text(max_size=200), st.text(max_size=60), st.text(max_size=200))
def test_no_text_breaks_the_book(title: str, label: str, minutes: str) -> None:
    """Whatever people write, there is a PDF."""
    book = replace(book_of(title=title, kinds=label, minutes=minutes), table=None, roster=())
    assert typeset_book(book).startswith(b"%PDF")


@pytest.mark.parametrize("text", ["", "ZHIBU:1:" + DIGEST, "汉" * 300])
def test_the_code_is_drawn(text: str) -> None:
    """SVG without script; an empty text draws a code as well."""
    svg = draw_code(text or "x")
    assert svg.startswith("<?xml")
    assert "<script" not in svg


def test_a_text_is_cut_in_pieces_beforehand() -> None:
    """Only runs too long for a line; a digest in pieces of 16, in a narrow column of 4."""
    assert plain("第12号") == "第12号"
    assert plain(REDACTED) is None
    assert plain(f"摘要码：{DIGEST}。") == [
        "摘要码：", [DIGEST[at : at + 16] for at in range(0, 64, 16)], "。",
    ]  # fmt: skip
    assert plain("a" * 14) == [["aaaa", "aaaa", "aaaa", "aa"]]
    roster = plain(Grid(("备注",), ((DIGEST,),), (1,)))
    assert roster["rows"] == [[[[DIGEST[at : at + 4] for at in range(0, 64, 4)]]]]
    assert plain(Paragraph(" 一 \n\n二\r\n"))["lines"] == ["一", "二"]
    assert plain(Paragraph(REDACTED))["lines"] == [None]


def test_a_key_stands_on_one_page() -> None:
    """Wherever the page of seals breaks, a fingerprint is whole; nobody signs on an empty sheet."""
    book = replace(make_book(), sections=(), table=None, roster=())
    seal = book.seals[0]
    for count in range(1, 5):
        pages = page_texts(typeset_book(replace(book, seals=(seal,) * count, keys=book.keys * 3)))
        after = pages[next(at for at, text in enumerate(pages) if text.startswith("五、封存页")) :]
        assert sum(page.count("A1B2C3D4E5F60718293A4B5C6D7E8F90") for page in after) == count + 3
        assert sum(page.count("YmFy" * 22) for page in after) == count
        assert [page for page in after if "党组织算法" in page and "2026年1月1日" not in page] == []
        assert "扫描二维码" in next(page for page in after if "党支部书记（签名）" in page)
