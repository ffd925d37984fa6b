"""The reference of the pack format names everything that the format has, and its examples work."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from zhibu.rules.norm import Activity, Attendees, Basis, Field, Happening, Per, Unit
from zhibu.rules.packs import check_pack, shelve_packs
from zhibu.rules.packs_build import RECORD_FIELDS
from zhibu.rules.packs_shape import DOCUMENT_KEYS, REQUIREMENT_KEYS, TIGHTENING_KEYS, Key

PAGE = (Path(__file__).parents[2] / "docs/reference/norm-packs.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


def names_in(keys: Mapping[str, Key]) -> set[str]:
    inner = [names_in(key.inner) for key in keys.values() if key.inner]
    each = [names_in(key.each.inner) for key in keys.values() if key.each and key.each.inner]
    return set(keys).union(*inner, *each)


NAMES = names_in(DOCUMENT_KEYS) | names_in(REQUIREMENT_KEYS) | names_in(TIGHTENING_KEYS)
VALUES = {
    v.value for kind in (Activity, Attendees, Basis, Field, Happening, Per, Unit) for v in kind
}


@pytest.mark.parametrize("name", sorted(NAMES | VALUES | set(RECORD_FIELDS)))
def test_the_page_names_it(name: str) -> None:
    """Every key, every value and every field of a record."""
    assert re.search(rf"[`\[.]{re.escape(name)}[`\].]", PAGE)


def test_the_examples_are_sound() -> None:
    """The first is a whole pack; the second tightens it in a pack that extends it."""
    whole, part = EXAMPLES
    assert check_pack(whole, shelve_packs([])) == ()
    head = whole[: whole.index("[labels]")].replace('"example"', '"more"')
    outline = '[element.lesson_outline]\nlabel = "党课提纲"\n'
    text = head + 'extends = "example@2026"\n' + outline + part
    assert check_pack(text, shelve_packs([whole])) == ()
