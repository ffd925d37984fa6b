"""Styles, fonts and fields of the Word book: GB/T 9704 in the terms of Word."""

from __future__ import annotations

from typing import Any, Final

from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import (
    WD_ALIGN_PARAGRAPH,
    WD_LINE_SPACING,
    WD_TAB_ALIGNMENT,
    WD_TAB_LEADER,
)
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Length, Mm, Pt, RGBColor
from lxml import etree

TITLE: Final = "方正小标宋简体"
FANG: Final = "仿宋_GB2312"
KAI: Final = "楷体_GB2312"
HEI: Final = "黑体"
SONG: Final = "宋体"
# What Word takes when the first one is not installed.
_STAND_INS: Final = {
    TITLE: "FZXiaoBiaoSong-B05S,华文中宋,STZhongsong",
    FANG: "仿宋,FangSong,STFangsong",
    KAI: "楷体,KaiTi,STKaiti",
    HEI: "SimHei,STHeiti",
    SONG: "SimSun,STSong",
}
_NONE: Final = Pt(0)
_PITCH: Final = Pt(28.95)  # 225 mm for 22 lines
_TWO_CHARACTERS: Final = Pt(32)
_TYPE_AREA: Final = Mm(156)
_BLACK: Final = RGBColor(0, 0, 0)
_RED: Final = RGBColor(0xB0, 0x1E, 0x23)
_LEFT: Final = WD_ALIGN_PARAGRAPH.LEFT
_CENTRE: Final = WD_ALIGN_PARAGRAPH.CENTER
_RIGHT: Final = WD_ALIGN_PARAGRAPH.RIGHT
_JUSTIFY: Final = WD_ALIGN_PARAGRAPH.JUSTIFY


def element(tag: str, attributes: dict[str, str] | None = None) -> Any:
    """An XML element of Word; names with their prefix, e.g. ``w:tbl``."""
    made = OxmlElement(tag)
    for name, value in (attributes or {}).items():
        made.set(qn(name), value)
    return made


def add_styles(document: Document) -> None:
    """All styles that the book uses; the built-in headings keep their names for navigation."""
    _style(document, "Normal", FANG, 16)
    _speak_chinese(document)
    _style(document, "ZhibuBody", FANG, 16, indent=_TWO_CHARACTERS, align=_JUSTIFY)
    _style(document, "ZhibuSmall", FANG, 12, pitch=Pt(18))
    _style(document, "ZhibuAside", FANG, 12, align=_RIGHT, pitch=Pt(18))
    _style(document, "ZhibuCentred", FANG, 14, align=_CENTRE, pitch=None)
    _style(document, "ZhibuSignatures", FANG, 14, align=_CENTRE, before=Pt(18))
    _style(document, "ZhibuGap", FANG, 4, pitch=Pt(6))
    _style(document, "ZhibuPageNumber", SONG, 14, pitch=None, side=Pt(14))
    _style(document, "ZhibuTitle", TITLE, 22, align=_CENTRE, pitch=Pt(36), after=Pt(18))
    _style(
        document,
        "ZhibuCoverTitle",
        TITLE,
        36,
        align=_CENTRE,
        pitch=Pt(54),
        before=Pt(110),
        after=Pt(24),
        colour=_RED,
    )
    _style(document, "ZhibuCoverLine", FANG, 16, pitch=Pt(36), left=Pt(50))
    _style(document, "Heading 1", HEI, 16, align=_CENTRE, after=Pt(14), keeps=True, colour=_BLACK)
    _style(document, "Heading 2", KAI, 16, before=Pt(8), keeps=True, colour=_BLACK)
    _style(document, "ZhibuLabel", HEI, 16, indent=_TWO_CHARACTERS, keeps=True)
    _style(document, "toc 1", HEI, 14, pitch=Pt(26))
    _style(document, "toc 2", FANG, 14, pitch=Pt(22), left=Pt(28))
    for name in ("toc 1", "toc 2"):
        document.styles[name].paragraph_format.tab_stops.add_tab_stop(
            _TYPE_AREA, WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS
        )
    for name, size in (("ZhibuCell", 12), ("ZhibuCellSmall", 10.5), ("ZhibuCellLarge", 14)):
        pitch = Pt(size * 1.4)
        _style(document, name, FANG, size, pitch=pitch, before=Pt(2), after=Pt(2))
        _style(document, f"{name}Centred", FANG, size, _CENTRE, pitch, before=Pt(2), after=Pt(2))
        _style(document, f"{name}Label", HEI, size, _CENTRE, pitch, before=Pt(2), after=Pt(2))
    _frame(_style(document, "ZhibuNotice", HEI, 14, pitch=Pt(22), colour=_RED, keeps=True))
    document.styles.add_style("ZhibuHei", WD_STYLE_TYPE.CHARACTER)
    _set_fonts(document.styles["ZhibuHei"], HEI)
    covered = document.styles.add_style("ZhibuCovered", WD_STYLE_TYPE.CHARACTER)
    _set_fonts(covered, KAI)
    covered.element.get_or_add_rPr().append(
        element("w:shd", {"w:val": "clear", "w:color": "auto", "w:fill": "E0E0E0"})
    )


def add_official_styles(document: Document) -> None:
    """What a document that is issued uses besides: title, 主送, numbered heads, signature, annex."""
    _style(document, "ZhibuOfficialTitle", TITLE, 22, align=_CENTRE, pitch=Pt(34), after=Pt(28.95))
    _style(document, "ZhibuAddressee", FANG, 16)
    _style(document, "ZhibuOfficialHead", HEI, 16, indent=_TWO_CHARACTERS, keeps=True)
    _style(document, "ZhibuSigner", FANG, 16, align=_RIGHT)
    _style(document, "ZhibuAnnexMark", HEI, 16, after=Pt(12))
    outline = element("w:outlineLvl", {"w:val": "0"})
    document.styles["ZhibuOfficialHead"].element.get_or_add_pPr().append(outline)


def _speak_chinese(document: Document) -> None:
    """Simplified Chinese throughout, or a viewer may draw the forms and stops of another script."""
    defaults = document.styles.element.find(qn("w:docDefaults"))
    for language in defaults.iter(qn("w:lang")):
        language.set(qn("w:val"), "zh-CN")
        language.set(qn("w:eastAsia"), "zh-CN")


def _style(
    document: Document,
    name: str,
    font: str,
    size: float,
    align: Any = _LEFT,
    pitch: Length | None = _PITCH,
    *,
    before: Length = _NONE,
    after: Length = _NONE,
    indent: Length = _NONE,
    left: Length = _NONE,
    side: Length = _NONE,
    keeps: bool = False,
    colour: RGBColor = _BLACK,
) -> Any:
    """Makes or changes one paragraph style. `pitch` is the exact line pitch, None for automatic."""
    known = {style.name for style in document.styles}
    style: Any = (
        document.styles[name]
        if name in known
        else document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    )
    style.font.size, style.font.bold, style.font.italic = Pt(size), False, False
    style.font.color.rgb = colour
    _set_fonts(style, font)
    layout = style.paragraph_format
    layout.alignment, layout.keep_with_next, layout.widow_control = align, keeps, True
    layout.space_before, layout.space_after, layout.first_line_indent = before, after, indent
    layout.left_indent, layout.right_indent = left or side, side
    if pitch is None:
        layout.line_spacing_rule = WD_LINE_SPACING.SINGLE
    else:
        layout.line_spacing_rule, layout.line_spacing = WD_LINE_SPACING.EXACTLY, pitch
    return style


def _set_fonts(style: Any, font: str) -> None:
    properties = style.element.get_or_add_rPr()
    for old in properties.findall(qn("w:rFonts")):
        properties.remove(old)
    names = {f"w:{kind}": font for kind in ("ascii", "hAnsi", "eastAsia", "cs")}
    properties.insert(0, element("w:rFonts", names))


def _frame(style: Any) -> None:
    borders = element("w:pBdr")
    for side in ("top", "left", "bottom", "right"):
        line = {"w:val": "single", "w:sz": "10", "w:space": "4", "w:color": "B01E23"}
        borders.append(element(f"w:{side}", line))
    properties = style.element.get_or_add_pPr()
    # The order of the schema: pBdr stands after keepNext, keepLines and widowControl.
    at = 0
    for index, child in enumerate(properties):
        if child.tag in {qn("w:keepNext"), qn("w:keepLines"), qn("w:widowControl")}:
            at = index + 1
    properties.insert(at, borders)


def add_font_table(document: Document) -> None:
    """Names, for each official font, what Word may use in its place."""
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    root = etree.Element(f"{{{space}}}fonts", nsmap={"w": space})
    for name, others in _STAND_INS.items():
        font = etree.SubElement(root, f"{{{space}}}font", {f"{{{space}}}name": name})
        etree.SubElement(font, f"{{{space}}}altName", {f"{{{space}}}val": others})
        etree.SubElement(font, f"{{{space}}}charset", {f"{{{space}}}val": "86"})
    part: Any = document.part.part_related_by(RELATIONSHIP_TYPE.FONT_TABLE)
    part._blob = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def mirror_margins(document: Document) -> None:
    """Two-sided binding: the wide margin and the page number change sides."""
    settings = document.settings.element
    # The schema fixes the order: zoom, mirrorMargins, …, updateFields, compat.
    settings.find(qn("w:zoom")).addnext(element("w:mirrorMargins"))
    document.settings.odd_and_even_pages_header_footer = True


def add_contents(document: Document, entries: list[tuple[str, str]]) -> None:
    """The contents: a field that Word fills, holding links to the headings until it does.

    Word asks on opening whether to fill it (`updateFields`). No page number is written beforehand:
    only who lays the file out knows the pages, they aren't those of the PDF, and a wrong number is
    worse than none. `mark_headings` sets what the links lead to.
    """
    compat = document.settings.element.find(qn("w:compat"))
    compat.addprevious(element("w:updateFields", {"w:val": "true"}))
    last = len(entries) - 1
    for number, (text, style) in enumerate(entries):
        paragraph = document.add_paragraph(style=style)._p
        if not number:
            code = element("w:instrText", {"xml:space": "preserve"})
            code.text = ' TOC \\o "1-2" \\h \\z '
            for mark in (_field_mark("begin"), code, _field_mark("separate")):
                paragraph.append(_in_run(mark))
        link = element("w:hyperlink", {"w:anchor": _mark(number), "w:history": "1"})
        words = element("w:t", {"xml:space": "preserve"})
        words.text = text
        link.append(_in_run(words))
        paragraph.append(link)
        if number == last:
            paragraph.append(_in_run(_field_mark("end")))


def mark_headings(document: Document) -> None:
    """Sets the mark that the contents name at each heading, in their order."""
    styles = {document.styles[name].style_id for name in ("Heading 1", "Heading 2")}
    number = 0
    for paragraph in document.element.body.iterchildren(qn("w:p")):
        if paragraph.style not in styles:
            continue
        name = {"w:id": str(number), "w:name": _mark(number)}
        paragraph.insert(1, element("w:bookmarkStart", name))  # behind the properties
        paragraph.append(element("w:bookmarkEnd", {"w:id": str(number)}))
        number += 1


def _mark(number: int) -> str:
    return f"_Toc{number + 1:06d}"


def _field_mark(kind: str) -> Any:
    return element("w:fldChar", {"w:fldCharType": kind})


def _in_run(content: Any) -> Any:
    run = element("w:r")
    run.append(content)
    return run
