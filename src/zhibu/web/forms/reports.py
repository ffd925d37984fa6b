"""The form of the office's own words on a month."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django import forms

from zhibu.rules.reporting_values import LONGEST_WORDS, OWN_PARTS, PART_TITLES, Part

_HINTS: Final[Mapping[Part, str]] = {
    Part.STANDING_OUT: "数字和名单已经写好，这里只补充系统里看不到的：典型做法、重要活动、值得推广的经验。",
    Part.PROBLEMS: "逾期、反映、未传达的情况已经写好，这里补充原因分析和正在采取的办法。",
    Part.PROPOSALS: "需要上级研究或支持的事项，一行一条。",
}


class WordsForm(forms.Form):
    """One text for each section that takes words."""

    revision = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for part in OWN_PARTS:
            self.fields[part.value] = forms.CharField(
                label=f"补充：{PART_TITLES[part]}",
                required=False,
                max_length=LONGEST_WORDS,
                help_text=_HINTS[part],
                widget=forms.Textarea(attrs={"rows": 5}),
            )

    @property
    def words(self) -> dict[str, str]:
        """The texts by section; call after `is_valid`."""
        return {part.value: self.cleaned_data[part.value] for part in OWN_PARTS}


class IssueForm(forms.Form):
    """What the office had seen when it issued."""

    revision = forms.IntegerField(min_value=0)
    version = forms.IntegerField(min_value=0)


class ReceiveForm(forms.Form):
    """Which version the level above had seen."""

    version = forms.UUIDField()
