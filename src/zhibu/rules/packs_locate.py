"""On which line of a TOML text each table and each key stands; `tomllib` does not tell."""

from __future__ import annotations

import re
from collections.abc import Mapping

Path = tuple[str | int, ...]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BLANK = re.compile(r"[ \t]*")
_SCALAR = re.compile(r"[^,\]}#\n]*")
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}
_ESCAPE = re.compile(r'\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[btnfr"\\])')


class _Locator:
    """One walk over a text that `tomllib` has already accepted, so nothing is checked twice."""

    def __init__(self, text: str) -> None:
        self.text = text.replace("\r\n", "\n")
        self.at = 0
        self.line = 1
        self.lines: dict[Path, int] = {(): 1}
        self.counts: dict[Path, int] = {}  # how many tables an array of tables has so far

    def locate(self) -> dict[Path, int]:
        here: Path = ()
        while True:
            self._skip_to_content()
            if self.at >= len(self.text):
                return self.lines
            if self.text.startswith("[", self.at):
                here = self._header()
            else:
                self._pair(here)

    def _advance(self, to: int) -> None:
        self.line += self.text.count("\n", self.at, to)
        self.at = to

    def _skip_blank(self) -> None:
        match = _BLANK.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def _skip_to_content(self) -> None:
        """Past blanks, line ends and comments."""
        while True:
            self._skip_blank()
            if self.text.startswith("\n", self.at):
                self._advance(self.at + 1)
            elif self.text.startswith("#", self.at):
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            else:
                return

    def _header(self) -> Path:
        is_array = self.text.startswith("[[", self.at)
        self.at += 2 if is_array else 1
        keys = self._dotted_key()
        self.at += 2 if is_array else 1
        path = self._resolve(keys[:-1])
        if is_array:
            path = (*path, keys[-1])
            self.lines.setdefault(path, self.line)
            index = self.counts.get(path, 0)
            self.counts[path] = index + 1
            path = (*path, index)
        else:
            path = self._resolve(keys)
        self.lines[path] = self.line
        return path

    def _resolve(self, keys: tuple[str, ...]) -> Path:
        """A header's keys as a path: a name of an array of tables means its latest table."""
        path: Path = ()
        for key in keys:
            path = (*path, key)
            self.lines.setdefault(path, self.line)
            if path in self.counts:
                path = (*path, self.counts[path] - 1)
        return path

    def _dotted_key(self) -> tuple[str, ...]:
        keys: list[str] = []
        while True:
            self._skip_blank()
            keys.append(self._simple_key())
            self._skip_blank()
            if not self.text.startswith(".", self.at):
                return tuple(keys)
            self.at += 1

    def _simple_key(self) -> str:
        quote = self.text[self.at]
        if quote in "\"'":
            start = self.at + 1
            self._string()
            raw = self.text[start : self.at - 1]
            return _ESCAPE.sub(_unescape, raw) if quote == '"' else raw
        start = self.at
        match = _BARE_KEY.match(self.text, start)
        self.at = match.end() if match else start + 1  # a valid text always matches
        return self.text[start : self.at]

    def _pair(self, here: Path) -> None:
        path = here
        for key in self._dotted_key():
            path = (*path, key)
            self.lines.setdefault(path, self.line)
        self._skip_blank()
        self.at += 1  # the equals sign
        self._skip_blank()
        self._value(path)

    def _value(self, path: Path) -> None:
        opening = self.text[self.at]
        if opening in "\"'":
            self._string()
        elif opening == "[":
            self._array(path)
        elif opening == "{":
            self._inline_table(path)
        else:
            match = _SCALAR.match(self.text, self.at)
            self.at = match.end() if match else self.at

    def _array(self, path: Path) -> None:
        self.at += 1
        index = 0
        while True:
            self._skip_to_content()
            if self.text.startswith("]", self.at):
                self.at += 1
                return
            if self.text.startswith(",", self.at):
                self.at += 1
                continue
            self.lines[(*path, index)] = self.line
            self._value((*path, index))
            index += 1

    def _inline_table(self, path: Path) -> None:
        self.at += 1
        while True:
            self._skip_to_content()
            if self.text.startswith("}", self.at):
                self.at += 1
                return
            if self.text.startswith(",", self.at):
                self.at += 1
                continue
            self._pair(path)

    def _string(self) -> None:
        quote = self.text[self.at]
        if not self.text.startswith(quote * 3, self.at):
            self.at = self._closing(quote, self.at + 1) + 1
            return
        end = self._closing(quote * 3, self.at + 3) + 3
        while self.text.startswith(quote, end):  # up to two quotes may stand before the closing
            end += 1
        self._advance(end)

    def _closing(self, mark: str, start: int) -> int:
        """Where the closing mark begins; a backslash hides the next character in basic strings."""
        if mark[0] == "'":
            return self.text.index(mark, start)
        while True:
            end = self.text.index(mark, start)
            slash = self.text.find("\\", start, end)
            if slash < 0:
                return end
            start = slash + 2


def _unescape(match: re.Match[str]) -> str:
    code = match.group(1)
    return chr(int(code[1:], 16)) if code[0] in "uU" else _ESCAPES[code]


def locate_keys(text: str) -> Mapping[Path, int]:
    """The line (from 1) of each table and key of a valid TOML text.

    ``("requirement", 2, "cadence", "unit")`` is the key `unit` in the cadence of the third
    requirement. The text must be one that `tomllib` accepts.
    """
    return _Locator(text).locate()


def line_of(lines: Mapping[Path, int], path: Path) -> int:
    """The line of a path, or of the nearest thing around it when it is not written at all."""
    while path not in lines:
        path = path[:-1]
    return lines[path]
