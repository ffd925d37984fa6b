"""What a page is made of, whatever it is printed with: a few kinds of block.

`composition` makes them, `typesetting` (PDF) and `word` (DOCX) draw them. `kind` names the block
in the data that the Typst template reads.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from zhibu.documents.literal import Text


@dataclass(frozen=True, slots=True)
class Cover:
    """The cover: title in large type, then named lines."""

    title: str
    year: str
    lines: tuple[tuple[str, str], ...]
    foot: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of the second level, in the contents; `aside` stands at the right margin."""

    text: str
    aside: str = ""
    starts_page: bool = False
    kind: str = field(default="heading", init=False)


@dataclass(frozen=True, slots=True)
class Label:
    """A small heading inside a record, not in the contents."""

    text: str
    kind: str = field(default="label", init=False)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; each line of it begins two characters in."""

    text: Text
    is_small: bool = False
    kind: str = field(default="paragraph", init=False)


@dataclass(frozen=True, slots=True)
class Notice:
    """A framed remark that nobody should overlook."""

    text: Text
    kind: str = field(default="notice", init=False)


@dataclass(frozen=True, slots=True)
class Pairs:
    """A ruled table of named values; a row holds one or two of them.

    `keeps_together` keeps it on one page; it must then be short.
    """

    rows: tuple[tuple[tuple[str, Text], ...], ...]
    is_small: bool = False
    keeps_together: bool = False
    kind: str = field(default="pairs", init=False)


@dataclass(frozen=True, slots=True)
class Grid:
    """A ruled table with a header that repeats on every page; `widths` are shares of the width.

    Columns named in `centred` (by index) are centred. `keeps_together` is that of `Pairs`.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[Text, ...], ...]
    widths: tuple[float, ...]
    centred: tuple[int, ...] = ()
    is_small: bool = False
    keeps_together: bool = False
    kind: str = field(default="grid", init=False)


@dataclass(frozen=True, slots=True)
class Signatures:
    """Lines to sign by hand."""

    names: tuple[str, ...]
    kind: str = field(default="signatures", init=False)


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code with its caption."""

    text: str
    caption: str
    kind: str = field(default="code", init=False)


Block = Heading | Label | Paragraph | Notice | Pairs | Grid | Signatures | Code


@dataclass(frozen=True, slots=True)
class Part:
    """A chapter: it starts on a new page and is in the contents."""

    title: str
    blocks: tuple[Block, ...]
    is_landscape: bool = False


@dataclass(frozen=True, slots=True)
class Composition:
    """A whole book, ready to be drawn."""

    cover: Cover
    parts: tuple[Part, ...]
