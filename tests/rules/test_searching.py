"""Any part of a text is found by what was typed of it, and what is shown as a hit is one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhibu.rules.searching import (
    SNIPPET,
    Asked,
    fold,
    holds,
    mark,
    mark_of,
    pairs,
    read_query,
    snippet,
    terms_of,
    year_mark,
)

CHARACTERS = "党员大会支部学习一表甲乙𠮷𠀀ＡbB１2，。、 \n“”ßﬁ㎡½İǅ"
TEXTS = st.text(alphabet=CHARACTERS, max_size=80)
ANY = st.text(max_size=60)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("党员大会", ("党员大会",)),
        ("  党员　大会 ", ("党员", "大会")),
        ("党员、大会", ("党员", "大会")),
        ("ＰＰＴ", ("ppt",)),
        ("第３季度", ("第3季度",)),
        ("党员 党员", ("党员",)),
        ("<script>", ("script",)),
        ("' OR 1=1 --", ("or", "1")),
        ("", ()),
        ("。，！", ()),
        ("𠮷野", ("𠮷野",)),
        ("\x00党\x00员", ("党", "员")),
    ],
)
def test_a_query_is_read_as_words(typed: str, words: tuple[str, ...]) -> None:
    """Width and case make no difference; signs part words; nothing is said twice."""
    found = read_query(typed).words
    assert set(found) >= set(words) if "1=1" in typed else found == words


@pytest.mark.parametrize(
    ("typed", "is_enough"), [("党", False), ("党 员", False), ("党员", True), ("党 党员", True)]
)
def test_two_characters_must_stand_together(typed: str, is_enough: bool) -> None:
    """A single character is too little to look for, beside a word it narrows."""
    assert read_query(typed).is_long_enough is is_enough


@given(TEXTS, st.data())
def test_every_part_of_a_text_finds_it(text: str, data: st.DataObject) -> None:
    """Each stretch of two or more characters: its numbers are those of the text, its words hold."""
    start = data.draw(st.integers(0, len(text)))
    part = text[start : data.draw(st.integers(start, len(text)))]
    asked = read_query(part)
    if len(fold(part)) <= 100 and len(fold(part).split()) <= 8:
        assert asked.terms <= terms_of([text])
        assert holds([text], asked)
        if asked.words:
            assert any(piece.is_hit for piece in snippet(text, asked))


@given(TEXTS, TEXTS)
def test_what_holds_has_the_numbers(text: str, typed: str) -> None:
    """The index never misses what the check would let pass."""
    asked = read_query(typed)
    if holds([text], asked):
        assert asked.terms <= terms_of([text])


@given(ANY, ANY)
def test_hits_are_what_was_asked(text: str, typed: str) -> None:
    """The pieces are the text itself, cut; each hit, folded, is made of words of the query."""
    asked = read_query(typed)
    pieces = mark(text, asked)
    assert "".join(piece.text for piece in pieces) == text
    for piece in pieces:
        if piece.is_hit:
            assert any(word in fold(piece.text) for word in asked.words)


@given(TEXTS, TEXTS)
def test_a_snippet_is_short_and_of_the_text(text: str, typed: str) -> None:
    """Nothing is shown that is not there, and nothing at all where nothing is hit."""
    asked = read_query(typed)
    shown = snippet(text, asked, length=12)
    plain = "".join(piece.text for piece in shown if piece != shown[0] or piece.text != "…")
    assert plain.removesuffix("…").removeprefix("…") in text
    longest = max([12, *(4 * len(word) for word in asked.words)])
    assert sum(len(piece.text) for piece in shown) <= longest + 2
    assert bool(shown) is any(piece.is_hit for piece in mark(text, asked))


@given(ANY)
def test_folding_twice_is_folding_once(text: str) -> None:
    """And it does not depend on the neighbours."""
    assert fold(fold(text)) == fold(text)
    assert fold(text + text) == fold(text) * 2


@given(ANY)
def test_numbers_fit_a_column(text: str) -> None:
    """Four bytes with a sign; no text can pass for a mark."""
    for number in pairs(fold(text)):
        assert -(2**31) <= number < 2**31
        assert not 0xD8000000 <= number % 2**32 < 0xE0000000


def test_marks_are_told_apart() -> None:
    """A place is no year; years follow each other."""
    assert year_mark(2026) - year_mark(2025) == 1
    assert mark_of("place", "0001") != mark_of("place", "0002")
    assert mark_of("place", "0001") % 2**32 < year_mark(1) % 2**32


def test_the_snippet_begins_before_the_hit() -> None:
    """Enough around it to be understood, with dots where it was cut."""
    text = "甲" * 100 + "党员大会" + "乙" * 100
    shown = snippet(text, Asked(("党员",)))
    assert [piece.text for piece in shown if piece.is_hit] == ["党员"]
    assert shown[0].text == shown[-1].text == "…"
    assert sum(len(piece.text) for piece in shown) == SNIPPET + 2


def test_a_short_text_is_shown_whole() -> None:
    """Nothing is cut, so no dots; a long hit is shown to its end."""
    asked = read_query("党员大会")
    assert [piece.text for piece in snippet("支部党员大会", asked)] == ["支部", "党员大会"]
    long = "党员" * 50
    shown = snippet("甲" * 30 + long + "乙" * 30, read_query(long))
    assert [piece.text for piece in shown if piece.is_hit] == [long]


@pytest.mark.parametrize(
    ("text", "typed", "hits"),
    [("党员大会", "党员 员大", ["党员大"]), ("党员大会", "党员 大会", ["党员", "大会"]), ("党员党员", "党员", ["党员"] * 2),
     ("ﬁ甲", "fi", ["ﬁ"]), ("甲㎡乙", "m2", ["㎡"])],
)  # fmt: skip
def test_hits_that_meet(text: str, typed: str, hits: list[str]) -> None:
    """One over another is one hit; a character that is two when folded is hit as it stands."""
    assert [piece.text for piece in mark(text, read_query(typed)) if piece.is_hit] == hits
