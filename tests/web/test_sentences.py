"""The sentences of Django's forms are those of an office, not a translation word by word."""

from __future__ import annotations

import gettext
import re
from pathlib import Path
from typing import Final

import pytest
from django import forms

import zhibu.web

FOLDER: Final = Path(zhibu.web.__file__).parent / "locale" / "zh_Hans" / "LC_MESSAGES"


class Example(forms.Form):
    """A field of each kind that the pages use."""

    name = forms.CharField(max_length=5)
    number = forms.IntegerField(min_value=1)
    kind = forms.ChoiceField(choices=[("a", "甲")])


@pytest.mark.parametrize(
    ("sent", "field", "sentence"),
    [
        ({}, "name", "请填写这一项。"),
        ({"name": "一二三四五六"}, "name", "不能超过5个字，现有6个字。"),
        ({"number": "x"}, "number", "请填写整数。"),
        ({"number": "0"}, "number", "不能小于1。"),
        ({"kind": "乙"}, "kind", "请从列表中选择，“乙”不在其中。"),
        ({"name": "a\0"}, "name", "内容中有不能保存的字符，请删去后再试。"),
    ],
)
def test_forms_say_what_to_do(sent: dict[str, str], field: str, sentence: str) -> None:
    """What is missing or wrong is said in a sentence that tells what to write."""
    assert sentence in Example(sent).errors[field]


def test_the_compiled_sentences_are_those_written() -> None:
    """django.mo was made from django.po as it stands."""
    with (FOLDER / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    text = (FOLDER / "django.po").read_text(encoding="utf-8")
    written = re.findall(
        r'^msgid "(.+)"\n(?:msgid_plural "(.+)"\n)?msgstr(?:\[0\])? "(.+)"$', text, re.MULTILINE
    )
    assert len(written) == text.count("\nmsgid ") - 1
    for one, many, said in written:
        assert (compiled.ngettext(one, many, 2) if many else compiled.gettext(one)) == said
