"""The locator says on which line each table and key of a TOML text stands."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhibu.rules.packs_locate import Path, line_of, locate_keys

TEXT = '''\
# 说明
top = 1

[pack]  # 表头后的注释
id = "a # 不是注释"
"quoted.key" = 2
dotted.inner = true
title = """
[not_a_header]
key = "not a key"
"""
last = \'\'\'
it""s\'\'\'

[[requirement]]
code = "D1"
must = [
  "topic",  # 逗号和括号 ], }
  "place",
]
cadence = { unit = "month", months = [1, 2] }
[requirement.scope]
per = "group"

[[requirement]]
code = "D2"
model = """引号在末尾"""""
after = """反斜杠 \\\\"""
end = 1979-05-27 07:32:00
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("pack",), 4),
        (("pack", "id"), 5),
        (("pack", "quoted.key"), 6),
        (("pack", "dotted"), 7),
        (("pack", "dotted", "inner"), 7),
        (("pack", "title"), 8),
        (("pack", "last"), 12),
        (("requirement",), 15),
        (("requirement", 0), 15),
        (("requirement", 0, "must"), 17),
        (("requirement", 0, "must", 0), 18),
        (("requirement", 0, "must", 1), 19),
        (("requirement", 0, "cadence", "unit"), 21),
        (("requirement", 0, "cadence", "months", 1), 21),
        (("requirement", 0, "scope"), 22),
        (("requirement", 0, "scope", "per"), 23),
        (("requirement", 1), 25),
        (("requirement", 1, "code"), 26),
        (("requirement", 1, "after"), 28),
        (("requirement", 1, "end"), 29),
    ],
)
def test_each_key_has_its_line(path: Path, line: int) -> None:
    """Comments, quotes, brackets and headers inside strings do not mislead the locator."""
    tomllib.loads(TEXT)
    assert locate_keys(TEXT)[path] == line


def test_nothing_inside_a_string_is_taken_for_a_key() -> None:
    """A multi-line string may look like TOML itself."""
    assert not any("not_a_header" in path or "key" in path for path in locate_keys(TEXT))


def test_windows_line_ends_count_once() -> None:
    """A file written on Windows has the same line numbers."""
    assert locate_keys(TEXT.replace("\n", "\r\n")) == locate_keys(TEXT)


def test_the_line_of_something_not_written_is_that_of_its_surroundings() -> None:
    """A missing key is reported at the head of its table."""
    lines = locate_keys(TEXT)
    assert line_of(lines, ("requirement", 1, "cadence", "unit")) == 25
    assert line_of(lines, ("labels", "B")) == 1


KEYS = st.text(alphabet="abcxyz_-09", min_size=1, max_size=6) | st.sampled_from(
    ["含汉字", "with space", "do.t", 'qu"ote', "#", "[", "=", ""]
)
PLAIN = st.text(alphabet="ab中\"'#[]{}=,. 𠮷", max_size=12)
LINES = st.lists(PLAIN, min_size=1, max_size=4).map("\n".join)
SCALARS = st.integers(-9, 9) | st.booleans() | LINES | st.dates()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
TABLES = st.dictionaries(KEYS, VALUES, max_size=4)


class Writer:
    """Writes TOML and notes the line of everything as it does so."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        self.parts: list[str] = []
        self.lines: dict[Path, int] = {}

    @property
    def line(self) -> int:
        return 1 + sum(part.count("\n") for part in self.parts)

    def put(self, text: str) -> None:
        self.parts.append(text)

    def gap(self) -> None:
        self.put(self.draw(st.sampled_from(["", "\n", '# [x] = "\n', "  \n\t"])))

    def key(self, name: str) -> None:
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        is_bare = name.isascii() and name.replace("_", "a").replace("-", "a").isalnum()
        self.put(name if is_bare and self.draw(st.booleans()) else f'"{escaped}"')

    def text(self, value: str) -> None:
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        if self.draw(st.booleans()):
            self.put('"""\n' + escaped + '"""')
        elif "'" not in value and self.draw(st.booleans()):
            self.put("'''\n" + value + "'''")
        else:
            self.put('"' + escaped.replace("\n", "\\n") + '"')

    def value(self, value: Any, path: Path, *, is_inline: bool = False) -> None:
        if isinstance(value, str):
            self.text(value)
        elif isinstance(value, dict):
            self.put("{ ")
            for index, (name, item) in enumerate(value.items()):
                self.put(", " if index else "")
                self.pair(name, item, path, is_inline=True)
            self.put(" }")
        elif isinstance(value, list):
            self.put("[")
            for index, item in enumerate(value):
                self.gap()
                self.lines[(*path, index)] = self.line
                self.value(item, (*path, index), is_inline=is_inline)
                self.put(",")
                self.gap()
            self.put("]")
        else:
            self.put(str(value).lower() if isinstance(value, bool) else str(value))

    def pair(self, name: str, value: Any, path: Path, *, is_inline: bool = False) -> None:
        self.lines[(*path, name)] = self.line
        self.key(name)
        self.put(" = ")
        self.value(value, (*path, name), is_inline=is_inline)

    def table(self, table: dict[str, Any], path: Path) -> None:
        for name, value in table.items():
            self.gap()
            self.pair(name, value, path)
            self.put(self.draw(st.sampled_from(["\n", " # 注\n"])))


@given(st.data(), TABLES, st.lists(TABLES, max_size=3))
def test_every_key_that_was_written_is_found_on_its_line(
    data: st.DataObject, top: dict[str, Any], tables: list[dict[str, Any]]
) -> None:
    """For any document, however it is laid out, the lines are those on which it was written."""
    writer = Writer(data.draw)
    top.pop("条", None)
    writer.table(top, ())
    for index, table in enumerate(tables):
        writer.gap()
        writer.lines[("条", index)] = writer.line
        writer.put('[["条"]]\n')
        writer.table(table, ("条", index))
    text = "".join(writer.parts)
    expected = {**top, "条": tables} if tables else top
    assert tomllib.loads(text) == expected
    found = locate_keys(text)
    assert {path: found.get(path) for path in writer.lines} == writer.lines
