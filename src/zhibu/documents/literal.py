"""Text that people wrote, made safe to print literally: no markup, no control characters."""

from __future__ import annotations

import re
from datetime import date
from enum import Enum
from typing import Final


class Covered(Enum):
    """The one value that stands for text which was blacked out by law."""

    REDACTED = "redacted"


REDACTED: Final = Covered.REDACTED
COVER_TEXT: Final = "（依法遮盖）"

Text = str | Covered

_NEWLINES = re.compile("\r\n?|[\u0085\u2028\u2029\v\f]")
# Control characters, characters without a width that could hide or reorder text, surrogates and
# non-characters: neither XML nor a font can carry them, and none of them is Chinese text.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffc\ufffe\uffff]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")
_DIGITS = "〇一二三四五六七八九"
MAX_CHINESE_NUMBER: Final = 99


def clean(text: str) -> str:
    """The text with plain line ends and without what cannot be printed.

    Lone halves of a surrogate pair become U+FFFD.
    """
    if text.isprintable() and "\ufffc" not in text:  # the one of them that counts as printable
        return text
    text = _NEWLINES.sub("\n", text).replace("\t", " ")
    return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", _UNPRINTABLE.sub("", text))


def clean_line(text: str) -> str:
    """`clean` on one line: line ends become spaces."""
    return " ".join(clean(text).split("\n")).strip()


def chinese_date(day: date) -> str:
    """2026年3月12日, without leading zeros (GB/T 9704: 不编虚位)."""
    return f"{day.year}年{day.month}月{day.day}日"


def chinese_number(number: int) -> str:
    """一 … 九十九, for headings. Raises ValueError outside 1–99."""
    if not 0 < number <= MAX_CHINESE_NUMBER:
        raise ValueError(f"no heading number for {number}")
    tens, ones = divmod(number, 10)
    if not tens:
        return _DIGITS[ones]
    return ("" if tens == 1 else _DIGITS[tens]) + "十" + (_DIGITS[ones] if ones else "")
