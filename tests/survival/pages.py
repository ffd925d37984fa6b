"""The forms of a page as a browser sees them, and what no sensible person would write into them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Final

_KEYS: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+")
_VISIBLE: Final = re.compile(r"<(script|style|title)\b.*?</\1>|<[^>]*>", re.DOTALL)
SCRIPT: Final = "<script>alert(1)</script>"
BROKEN_OUT: Final = "\"'><img src=x onerror=alert(1)>"
FORMULA: Final = '=HYPERLINK("http://x.example","点我")'
RARE: Final = "𠮷田·买买提·吐尔逊"

NASTY: Final[dict[str, str]] = {
    "empty": "",
    "blank": " \u3000\t ",
    "nul": "甲\x00乙",
    "bell": "甲\x07\x1b[31m乙",
    "turned": "甲\u202e乙\u2066丙\u200b",
    "script": SCRIPT,
    "broken out": BROKEN_OUT,
    "template": "{{ 7|add:7 }}{% debug %}",
    "formula": FORMULA,
    "sql": "'; DROP TABLE org_member; --",
    "200": "很" * 200,
    "201": "很" * 201,
    "long": "长" * 120_000,
    "rare": RARE,
    "minus": "-1",
    "huge": "9" * 30,
    "int32": "2147483648",
    "float": "1e400",
    "superscript": "²",
    "arabic": "١٢",
    "1899": "1899-12-31",
    "1900": "1900-01-01",
    "2100": "2100-12-31",
    "year 1": "0001-01-01",
    "year 9999": "9999-12-31",
    "no day": "2026-02-30",
    "no choice": "no-such-choice",
    "no key": "00000000-0000-7000-8000-000000000000",
    "traversal": "../../../etc/passwd\\..\\boot.ini",
    "nested": "[" * 3_000,
}
"""What is written into one field at a time, by what is wrong with it."""

# Words of the framework that a reader of Chinese would be left alone with.
ENGLISH: Final = re.compile(
    r"Ensure|Enter a|Select a valid|This field|is required|invalid|must be|Traceback|Exception"
    r"|Bad Request|Not Found|Server Error|Forbidden|DoesNotExist|ValueError",
)
CHINESE: Final = re.compile(r"[\u4e00-\u9fff]")


@dataclass
class Field:
    """One field of a form, with what a browser would send for it untouched."""

    name: str
    kind: str
    value: str = ""
    is_sent: bool = True
    options: list[str] = field(default_factory=list)

    @property
    def shape(self) -> str:
        """Its name without keys and numbers."""
        return shape_of(self.name)


@dataclass
class Form:
    """One form of a page."""

    method: str
    action: str
    fields: list[Field] = field(default_factory=list)

    def data(self) -> dict[str, list[str]]:
        """What a browser would send, with sense in what is still empty."""
        sent: dict[str, list[str]] = {}
        for one in self.fields:
            if one.is_sent and one.kind not in {"file", "submit"}:
                sent.setdefault(one.name, []).append(one.value or self._sense(one))
        return sent

    @staticmethod
    def _sense(one: Field) -> str:
        usual = {
            "name": "第九党支部", "short_name": "九支部", "username": "somebody-new",
            "password": "correct-Horse-battery", "reason": "按上级要求调整", "title": "志愿服务",
            "topic": "学习", "revision": "1",
        }  # fmt: skip
        if one.kind == "select":
            return next((option for option in one.options if option), "")
        if one.kind == "date":
            return "2026-03-15"
        return usual.get(one.name, "")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: set[str] = set()
        self._open: Form | None = None
        self._area: Field | None = None
        self._select: Field | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in a:
            self.links.add(a["href"])
        if tag == "form":
            self._open = Form(a.get("method", "get").lower(), a.get("action", ""))
            self.forms.append(self._open)
        elif self._open is not None and "disabled" not in a:
            self._put(tag, a, self._open)

    def _put(self, tag: str, a: dict[str, str], form: Form) -> None:
        name, value = a.get("name", ""), a.get("value", "")
        if tag == "option" and self._select is not None:
            self._select.options.append(value)
            if "selected" in a:
                self._select.value = value
        if not name or name == "csrfmiddlewaretoken":
            return
        if tag == "input":
            kind = a.get("type", "text")
            is_sent = kind not in {"checkbox", "radio"} or "checked" in a
            form.fields.append(Field(name, kind, value, is_sent))
        elif tag == "textarea":
            self._area = Field(name, "textarea")
            form.fields.append(self._area)
        elif tag == "select":
            self._select = Field(name, "select")
            form.fields.append(self._select)
        elif tag == "button":
            form.fields.append(Field(name, "submit", value, is_sent=False))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "textarea":
            self._area = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area.value += data


def forms_of(page: bytes) -> list[Form]:
    """The forms of a page, but the one that signs out."""
    reader = _Reader()
    reader.feed(page.decode())
    return [form for form in reader.forms if form.fields]


def links_of(page: bytes) -> set[str]:
    """Where the page leads."""
    reader = _Reader()
    reader.feed(page.decode())
    return reader.links


def words_of(page: bytes) -> str:
    """What a person reads."""
    return _VISIBLE.sub(" ", page.decode())


def spoiled(
    form: Form, address: str, seen: set[tuple[str, str]]
) -> Iterator[tuple[Field, str, dict[str, Any]]]:
    """The form with one field spoiled at a time: the field, what is wrong, what is sent.

    `seen` are the fields that were spoiled already, here or in a form that is sent to its like.
    """
    for one in form.fields:
        key = (shape_of(address), one.shape)
        if key in seen or one.kind == "file":
            continue
        seen.add(key)
        for what, value in NASTY.items():
            yield one, what, {**form.data(), one.name: value}


def shape_of(address: str) -> str:
    """An address or a name without keys and numbers: one of a hundred stands for all."""
    return _KEYS.sub("*", address.partition("?")[0])
