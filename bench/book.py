"""A book of 200 pages, set by Zhibu (Typst) and by WeasyPrint from the same content."""

from __future__ import annotations

import html
import io
import sys
from dataclasses import fields, is_dataclass

from ground import ROOT, Result, options, seconds_of, tell

sys.path.insert(0, str(ROOT))

import pypdf
from tests.documents.samples import make_book

from zhibu.documents.book import Book
from zhibu.documents.typesetting import typeset_book

STYLE = """@page{size:A4;margin:25mm} body{font:12pt/1.6 'Noto Serif CJK SC',serif}
section{break-before:page} th{text-align:left;width:8em} td,th{border:.5pt solid;padding:2pt}
table{border-collapse:collapse;width:100%}"""


def as_html(book: Book) -> str:
    """Every text of the book as plain HTML: each record a page with a table, the rest in tables."""
    parts = [f"<h1>{html.escape(book.branch)}{book.year}年度{html.escape(book.title)}</h1>"]
    for name in ("facts", "committee", "groups", "roster", "changes", "seals", "keys"):
        rows = "".join(_row(row) for row in getattr(book, name))
        parts.append(f"<section><table>{rows}</table></section>")
    if book.table is not None:
        rows = "".join(_row(line) for line in book.table.lines)
        parts.append(f"<section><table>{rows}</table></section>")
    for section in book.sections:
        parts.append(f"<h2>{html.escape(section.title)}</h2>")
        parts += [f"<section>{_record(record)}</section>" for record in section.records]
    return f"<html lang=zh><style>{STYLE}</style><body>{''.join(parts)}</body></html>"


def _say(value: object) -> str:
    if isinstance(value, tuple):
        return "；".join(_say(one) for one in value)
    if is_dataclass(value):
        return "，".join(_say(getattr(value, field.name)) for field in fields(value))
    return str(value)


def _row(row: object) -> str:
    assert is_dataclass(row)
    cells = (_say(getattr(row, field.name)) for field in fields(row))
    return "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>"


def _record(record: object) -> str:
    assert is_dataclass(record)
    head, long = "", ""
    for field in fields(record):
        said = _say(getattr(record, field.name))
        if field.name == "minutes":
            long = "".join(f"<p>{html.escape(part)}</p>" for part in said.split("\n"))
        else:
            head += f"<tr><th>{field.name}</th><td>{html.escape(said)}</td></tr>"
    return f"<table>{head}</table>{long}"


def measure(meetings: int, paragraphs: int) -> list[Result]:
    """Fonts are loaded before; the book is set once, since Typst remembers what it has set."""
    import weasyprint

    small = make_book(meetings=2)
    typeset_book(small)
    weasyprint.HTML(string=as_html(small)).write_pdf()
    book = make_book(meetings=meetings, paragraphs=paragraphs)
    ours: list[bytes] = []
    seconds = seconds_of(lambda: ours.append(typeset_book(book)))
    theirs = io.BytesIO()
    slow = seconds_of(lambda: weasyprint.HTML(string=as_html(book)).write_pdf(theirs))
    pages, other = (len(pypdf.PdfReader(f).pages) for f in (io.BytesIO(ours[0]), theirs))
    said = (f"Zhibu {seconds:.2f} s for {pages} pages; WeasyPrint {weasyprint.__version__} "
            f"{slow:.1f} s for {other} pages")  # fmt: skip
    print(said)
    return [Result("book", f"a book of {pages} pages, speed against WeasyPrint",
                   slow / seconds, 30, "×", notes=(said,))]  # fmt: skip


if __name__ == "__main__":
    asked = options(__doc__).parse_args()
    tell(measure(20, 3) if asked.quick else measure(45, 4))
