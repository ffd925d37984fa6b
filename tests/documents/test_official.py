"""A document as an organ issues it: the paper, the fonts and the order of GB/T 9704, as PDF and Word."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date

import docx
import pypdf
import pytest
from docx.shared import Mm, Pt
from hypothesis import given, settings
from hypothesis import strategies as st

from zhibu.documents.blocks import Grid
from zhibu.documents.fonts import FontMissing
from zhibu.documents.official import (
    OfficialDocument,
    OfficialSection,
    section_heads,
    typeset_official,
    write_official_docx,
)

SAMPLE = OfficialDocument(
    title="市局直属机关党委\n关于2026年3月党建工作情况的报告",
    addressee="市直机关工委",
    opening=("现将2026年3月党建工作情况报告如下。",),
    sections=(
        OfficialSection("总体进展", ("本月应完成事项36项。", "与上月持平。")),
        OfficialSection("存在问题", ("一是<b>逾期</b>4项。\n二是*没有*。", "")),
    ),
    signer="市局直属机关党委",
    signed_on=date(2026, 4, 3),
    annex_title="2026年3月应完成事项情况表",
    annex=Grid(("事项", "应完成"), (("党课", "3"), ("合计", "36")), (3, 1), (1,)),
    annex_note="截至2026年4月3日。",
)


def text_of(pdf: bytes) -> str:
    return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


def test_the_pdf_is_a4_and_says_everything_in_order() -> None:
    """Title, 主送, numbered heads, annex named, signature, then the annex on a sheet of its own."""
    pdf = typeset_official(SAMPLE)
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    assert [round(float(size) / 72 * 25.4) for size in pages[0].mediabox[2:]] == [210, 297]
    text = text_of(pdf).replace("\n", "")
    wanted = (
        "关于2026年3月党建工作情况的报告", "市直机关工委：", "一、总体进展", "二、存在问题",
        "附件：2026年3月应完成事项情况表", "市局直属机关党委2026年4月3日", "事项应完成", "合计",
    )  # fmt: skip
    places = [text.replace(" ", "").index(each) for each in wanted]
    assert places == sorted(places)
    assert "合计" in pages[-1].extract_text()
    assert len(pages) == 2


def test_what_people_wrote_is_text_never_markup() -> None:
    """Stars, brackets and dollars stand as they were written, in both."""
    pdf = text_of(typeset_official(SAMPLE))
    words = [
        line.text for line in docx.Document(io.BytesIO(write_official_docx(SAMPLE))).paragraphs
    ]
    for each in ("<b>逾期</b>", "*没有*"):
        assert each in pdf
        assert any(each in line for line in words)


def test_word_has_the_measures_of_the_standard() -> None:
    """Margins 37, 35, 28 and 26 mm; title 22 pt 小标宋, text 16 pt 仿宋, heads 黑体, date last."""
    made = docx.Document(io.BytesIO(write_official_docx(SAMPLE)))
    section = made.sections[0]
    for found, wanted in (
        (section.top_margin, 37), (section.bottom_margin, 35), (section.left_margin, 28),
        (section.right_margin, 26),
    ):  # fmt: skip
        assert abs(found - Mm(wanted)) < Mm(0.1)
    styles = made.styles
    assert (styles["ZhibuOfficialTitle"].font.size, styles["ZhibuBody"].font.size) == (
        Pt(22),
        Pt(16),
    )
    assert styles["ZhibuOfficialTitle"].font.name == "方正小标宋简体"
    assert styles["ZhibuBody"].font.name == "仿宋_GB2312"
    assert styles["ZhibuOfficialHead"].font.name == "黑体"
    lines = [line.text for line in made.paragraphs if line.text]
    assert lines[:3] == [*SAMPLE.title.split("\n"), "市直机关工委："]
    assert lines.index("市局直属机关党委", 1) + 1 == lines.index("2026年4月3日")
    assert len(made.tables) == 1


def test_without_superior_and_annex() -> None:
    """No 主送 and no 附件 where there are none."""
    plain = replace(SAMPLE, addressee="", annex=None)
    for text in (
        text_of(typeset_official(plain)),
        "\n".join(p.text for p in docx.Document(io.BytesIO(write_official_docx(plain))).paragraphs),
    ):
        assert "附件" not in text
        assert "工委：" not in text
    assert len(pypdf.PdfReader(io.BytesIO(typeset_official(plain))).pages) == 1


def test_a_long_report_runs_over_pages() -> None:
    """Nothing is lost between two pages, and the pages are numbered."""
    long = replace(
        SAMPLE, sections=(OfficialSection("总体进展", tuple(f"第{n}段。" * 12 for n in range(60))),)
    )
    pages = pypdf.PdfReader(io.BytesIO(typeset_official(long))).pages
    assert len(pages) > 3
    text = "".join(page.extract_text() for page in pages)
    assert all(f"第{n}段。" in text for n in range(60))
    assert "— 2 —" in pages[1].extract_text()


@pytest.mark.parametrize("count", range(9, 17))
def test_the_signature_never_stands_alone(count: int) -> None:
    """Wherever the text ends, its last paragraph is on the sheet of the signature."""
    paragraphs = (*("一段话。" * 14 for _ in range(count)), "这是最后一段。")
    document = replace(SAMPLE, sections=(OfficialSection("总体进展", paragraphs),), annex=None)
    pages = pypdf.PdfReader(io.BytesIO(typeset_official(document))).pages
    assert "这是最后一段。" in pages[-1].extract_text()
    assert "2026年4月3日" in pages[-1].extract_text()


def test_the_same_document_gives_the_same_pdf() -> None:
    """No moment of making in it."""
    assert typeset_official(SAMPLE) == typeset_official(SAMPLE)


def test_without_a_chinese_font_it_says_what_to_install() -> None:
    """No page of empty boxes."""
    with pytest.raises(FontMissing):
        typeset_official(SAMPLE, has_system_fonts=False)


@settings(max_examples=15)
@given(st.text(max_size=80), st.text(min_size=1, max_size=400))
def test_any_text_is_typeset(title: str, paragraph: str) -> None:
    """Markup, control characters, lone surrogates, other scripts: a document all the same."""
    document = replace(
        SAMPLE, title=title, sections=(OfficialSection(title, (paragraph,)),), signer=title
    )
    assert typeset_official(document).startswith(b"%PDF")
    assert write_official_docx(document).startswith(b"PK")
    assert len(section_heads(document)) == 1


def test_word_asks_nothing_on_opening() -> None:
    """It has no contents to number, so Word isn't told to ask whether to update fields."""
    settings_part = docx.Document(io.BytesIO(write_official_docx(SAMPLE))).settings.element
    assert not [node for node in settings_part if node.tag.endswith("}updateFields")]
