"""Text made printable, dates and heading numbers."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhibu.documents.literal import chinese_date, chinese_number, clean, clean_line

CLEANED = [
    ("普通文字", "普通文字"),
    ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
    ("表\t格", "表 格"),
    ("隐\u200b藏\u202e倒\u2066转", "隐藏倒转"),
    ("\x00\x07坏\x1b", "坏"),
    ("半个\ud842字", "半个\ufffd字"),
    ("𠮷·买买提", "𠮷·买买提"),
    ("<script>&#$[]\\", "<script>&#$[]\\"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "expected"), CLEANED)
def test_text_is_cleaned(text: str, expected: str) -> None:
    """What cannot be printed goes, everything else stays as it was written."""
    assert clean(text) == expected


@given(st.text())
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    """A cleaned text is printable and stays the same."""
    once = clean(text)
    assert clean(once) == once
    once.encode("utf-8")


def test_one_line_has_no_line_end() -> None:
    """Line ends become spaces."""
    assert clean_line(" 第一行\n第二行 ") == "第一行 第二行"


def test_dates_have_no_leading_noughts() -> None:
    """GB/T 9704: 2026年3月5日, not 03月05日."""
    assert chinese_date(date(2026, 3, 5)) == "2026年3月5日"


NUMBERS = [
    (1, "一"),
    (9, "九"),
    (10, "十"),
    (11, "十一"),
    (20, "二十"),
    (35, "三十五"),
    (99, "九十九"),
]


@pytest.mark.parametrize(("number", "expected"), NUMBERS)
def test_heading_numbers(number: int, expected: str) -> None:
    """Numbers of headings are Chinese."""
    assert chinese_number(number) == expected


@pytest.mark.parametrize("number", [0, -1, 100])
def test_heading_numbers_end_at_99(number: int) -> None:
    """Beyond that the caller must count otherwise."""
    with pytest.raises(ValueError, match="heading"):
        chinese_number(number)
