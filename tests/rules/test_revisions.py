"""What changed between two versions: every word of both is shown, as what it is."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from zhibu.rules.revisions import ChangeKind, Piece, compare_paragraphs, is_same

TEXTS = st.lists(st.text(alphabet="甲乙丙丁。 a", max_size=12), max_size=8).map("\n".join)


def paragraphs(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


@given(TEXTS, TEXTS)
def test_both_versions_can_be_read_from_the_changes(old: str, new: str) -> None:
    """Nothing is left out and nothing is made up, inside paragraphs too."""
    changes = compare_paragraphs(old, new)
    assert [change.old for change in changes if change.old] == paragraphs(old)
    assert [change.new for change in changes if change.new] == paragraphs(new)
    assert is_same(changes) == (paragraphs(old) == paragraphs(new))
    for change in changes:
        if change.pieces:
            kept = [p.text for p in change.pieces if p.kind is not ChangeKind.ADDED]
            made = [p.text for p in change.pieces if p.kind is not ChangeKind.REMOVED]
            assert ("".join(kept), "".join(made)) == (change.old, change.new)


def test_inside_a_paragraph() -> None:
    """A changed date is shown as a changed date."""
    first, second = compare_paragraphs(
        "请于三月底前完成学习。\n特此通知。", "请于四月底前完成学习。\n特此通知。"
    )
    assert second.kind is ChangeKind.SAME
    assert first.kind is ChangeKind.CHANGED
    assert Piece(ChangeKind.REMOVED, "三") in first.pieces
    assert Piece(ChangeKind.ADDED, "四") in first.pieces


def test_long_texts_are_compared_in_no_time() -> None:
    """Hostile input: as many equal or different lines as a text can hold."""
    pairs = [
        ("一\n" * 50_000, "二\n" * 50_000),
        ("一\n" * 50_000, "一\n二\n" * 25_000),
        ("一" * 50_000 + "\n" + "二" * 49_000, "二" * 50_000 + "\n" + "一" * 49_000),
        ("\n".join("一二" * 300 for _ in range(160)), "\n".join("二一" * 300 for _ in range(160))),
    ]
    started = time.process_time()
    for old, new in pairs:
        assert compare_paragraphs(old, new)
    assert time.process_time() - started < 20
