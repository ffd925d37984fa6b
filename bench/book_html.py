"""The book as HTML and CSS for WeasyPrint, as somebody would who had to print it with that.

The same composition that `book.typ` gets, in the same measures: A4 with the type area of GB/T 9704,
22 lines of 28 characters of 16 pt, every table with the columns, rules and sizes that the template
gives it, wide parts on landscape pages, page numbers at the outer edge, contents with page numbers.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator

from zhibu.documents.blocks import (
    Block,
    Code,
    Composition,
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
from zhibu.documents.fonts import Role, require_fonts
from zhibu.documents.literal import COVER_TEXT, Covered, Text, clean
from zhibu.documents.typesetting import draw_code

STYLE = """
@page { size: A4; margin: 37mm 26mm 35mm 28mm }
@page :left { margin: 37mm 28mm 35mm 26mm;
  @bottom-left { content: "— " counter(page) " —"; %(number)s } }
@page :right { @bottom-right { content: "— " counter(page) " —"; %(number)s } }
@page bare { @bottom-left { content: none } @bottom-right { content: none } }
@page bare:left { @bottom-left { content: none } }
@page bare:right { @bottom-right { content: none } }
@page wide { size: A4 landscape; margin: 27mm 37mm 27mm 35mm }
@page wide:left { margin: 27mm 37mm 27mm 35mm }
html { font: 16pt/28.99pt %(body)s; letter-spacing: -.207pt; text-align: justify }
body, h1, h2, p, table, div { margin: 0; padding: 0 }
p { text-indent: 31.59pt }
h1 { font: inherit; font-family: %(hei)s; font-weight: %(heavy)s; text-align: center;
  break-before: page; break-after: avoid; margin-bottom: 28.99pt }
.wide { page: wide }
.heading { display: table; width: 100%%; margin: 28.99pt 0 13pt; break-after: avoid }
.heading h2, .heading span { display: table-cell }
h2 { font: inherit; font-family: %(kai)s; text-align: left }
.heading span { font-size: 12pt; text-align: right; vertical-align: bottom }
.page { break-before: page; margin-top: 0 }
.label { font-family: %(hei)s; font-weight: %(heavy)s; text-indent: 31.59pt; margin-top: 19pt;
  break-after: avoid }
.small { font-size: 12pt; line-height: 18pt; letter-spacing: 0; text-indent: 0 }
.notice { border: 1.2pt solid #b01e23; color: #b01e23; padding: 8pt; font: 14pt/22pt %(hei)s }
table { border-collapse: collapse; width: 100%%; table-layout: fixed; letter-spacing: 0;
  text-align: left; margin-top: 13pt; overflow-wrap: anywhere }
td, th { border: .5pt solid black; vertical-align: middle; font-weight: inherit }
.pairs { font-size: 14pt; line-height: 20.3pt } .pairs td, .pairs th { padding: 6.5pt 5pt }
.pairs .first { width: 100pt } .pairs .third { width: 58pt }
.proof { font-size: 10pt; line-height: 14.5pt } .proof td, .proof th { padding: 4pt 5pt }
.proof .first { width: 52pt } .proof .third { width: 42pt }
.keep { break-inside: avoid }
th { font-family: %(hei)s; font-weight: %(heavy)s; text-align: center }
.g9 { font-size: 9pt; line-height: 13.05pt } .g9 td, .g9 th { padding: 3.5pt }
.g10 { font-size: 10.5pt; line-height: 15.2pt } .g12 { font-size: 12pt; line-height: 17.4pt }
.g10 td, .g10 th, .g12 td, .g12 th { padding: 4.5pt 3.5pt }
.mid { text-align: center }
.signatures { display: table; width: 100%%; margin-top: 32pt; font-size: 14pt; break-inside: avoid }
.signatures div { display: table-cell }
.signatures i { display: inline-block; width: 7em; border-bottom: .5pt solid black }
.code { text-align: center; break-inside: avoid; break-after: avoid; margin-top: 29pt; font-size: 12pt }
.code svg { width: 38mm; height: 38mm; display: block; margin: auto }
.cover { page: bare; text-align: center; height: 225mm }
.cover h3 { font: 36pt %(title)s; letter-spacing: 4pt; color: #b01e23; margin: 38mm 0 12mm }
.cover table { width: 86%%; margin: 40mm auto 0; font-size: 16pt }
.cover td { border: 0; border-bottom: .5pt solid black; padding: 9mm 3mm 3mm }
.contents { page: bare; break-before: right; font-size: 14pt }
.contents a { display: block; color: black; text-decoration: none; line-height: 22pt }
.contents a::after { content: leader(dotted) target-counter(attr(href), page) }
.contents .part { font-family: %(hei)s; font-weight: %(heavy)s; margin-top: 14pt }
.contents .record { margin-left: 2em }
.body { break-before: right }
"""


def as_html(book: Book) -> str:
    """The whole book as one page of HTML."""
    composition = compose_book(book)
    report = require_fonts()
    names = {role.value: _families(report.font(role).families) for role in Role}
    number = f"font: 14pt {names['song']}; letter-spacing: 0; white-space: nowrap; "
    number += "vertical-align: top; padding-top: 7mm"
    style = STYLE % {**names, "number": number, "heavy": "bold"}
    body = "".join((
        _cover(composition), *_contents(composition), '<div class="body">',
        *(_part(at, part) for at, part in enumerate(composition.parts)), "</div>",
    ))  # fmt: skip
    return f"<html lang=zh><meta charset=utf-8><style>{style}</style><body>{body}</body></html>"


def _families(families: Iterable[str]) -> str:
    return ", ".join(f"'{family}'" for family in families)


def _say(value: Text) -> str:
    text = COVER_TEXT if isinstance(value, Covered) else clean(value)
    return html.escape(text).replace("\n", "<br>")


def _cover(composition: Composition) -> str:
    cover = composition.cover
    rows = "".join(
        f"<tr><td>{_say(name)}</td><td>{_say(value)}</td></tr>" for name, value in cover.lines
    )
    foot = "".join(f"<div>{_say(line)}</div>" for line in cover.foot)
    head = f"<h3>{_say(cover.title)}</h3><div>{_say(cover.year)}</div>"
    return f'<div class="cover">{head}<table>{rows}</table>{foot}</div>'


def _contents(composition: Composition) -> Iterator[str]:
    yield '<div class="contents"><div class="mid">目　录</div>'
    for at, part in enumerate(composition.parts):
        yield f'<a class="part" href="#p{at}">{_say(part.title)}</a>'
        for number, block in enumerate(part.blocks):
            if isinstance(block, Heading):
                yield f'<a class="record" href="#p{at}-{number}">{_say(block.text)}</a>'
    yield "</div>"


def _part(at: int, part: Part) -> str:
    blocks = "".join(_block(block, f"p{at}-{number}") for number, block in enumerate(part.blocks))
    kind = ' class="wide"' if part.is_landscape else ""
    return f'<div{kind}><h1 id="p{at}">{_say(part.title)}</h1>{blocks}</div>'


def _block(block: Block, key: str) -> str:
    match block:
        case Heading():
            kind = "heading page" if block.starts_page else "heading"
            aside = f"<span>{_say(block.aside)}</span>"
            return f'<div class="{kind}" id="{key}"><h2>{_say(block.text)}</h2>{aside}</div>'
        case Label():
            return f'<div class="label">{_say(block.text)}</div>'
        case Paragraph():
            return _paragraph(block)
        case Notice():
            return f'<div class="notice">{_say(block.text)}</div>'
        case Pairs():
            return _pairs(block)
        case Grid():
            return _grid(block)
        case Signatures():
            names = "".join(f"<div>{_say(name)}（签名）：<i></i></div>" for name in block.names)
            return f'<div class="signatures">{names}</div>'
        case Code():
            picture = draw_code(block.text).partition("?>")[2]
            return f'<div class="code">{picture}{_say(block.caption)}</div>'


def _paragraph(block: Paragraph) -> str:
    if block.is_small or isinstance(block.text, Covered):
        kind = ' class="small"' if block.is_small else ""
        return f"<p{kind}>{_say(block.text)}</p>"
    lines = (line.strip() for line in block.text.split("\n"))
    return "".join(f"<p>{_say(line)}</p>" for line in lines if line)


def _pairs(block: Pairs) -> str:
    rows = []
    for row in block.rows:
        if len(row) == 1:
            cells = f"<th>{_say(row[0][0])}</th><td colspan=3>{_say(row[0][1])}</td>"
        else:
            cells = "".join(f"<th>{_say(name)}</th><td>{_say(value)}</td>" for name, value in row)
        rows.append(f"<tr>{cells}</tr>")
    kind = "proof" if block.is_small else "pairs"
    keep = " keep" if block.keeps_together else ""
    columns = "<col class=first><col><col class=third><col>"
    return f'<table class="{kind}{keep}">{columns}{"".join(rows)}</table>'


def _grid(block: Grid) -> str:
    count = len(block.header)
    kind = "g9" if count > 10 else "g10" if count > 6 or block.is_small else "g12"
    whole = sum(block.widths)
    columns = "".join(f'<col style="width: {width / whole:.2%}">' for width in block.widths)
    head = "".join(f"<th>{_say(name)}</th>" for name in block.header)
    rows = "".join(
        "<tr>" + "".join(_cell(cell, at in block.centred) for at, cell in enumerate(row)) + "</tr>"
        for row in block.rows
    )
    keep = " keep" if block.keeps_together else ""
    return f'<table class="{kind}{keep}">{columns}<thead><tr>{head}</tr></thead>{rows}</table>'


def _cell(value: Text, is_centred: bool) -> str:
    return f"<td{' class=mid' if is_centred else ''}>{_say(value)}</td>"
