"""Forms of themes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from django import forms

from zhibu.network.themes.models import KINDS, Theme
from zhibu.web.forms.fields import DayField

LATEST_REVISION: Final = 2_000_000_000


class ThemeForm(forms.Form):
    """What a theme says."""

    title = forms.CharField(
        label="专题名称", max_length=100, error_messages={"required": "请填写专题名称。"}
    )
    text = forms.CharField(
        label="工作要求",
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="要求各支部做什么、做到什么程度。",
        error_messages={"required": "请填写工作要求。"},
    )
    since = DayField(label="开始日期")
    until = DayField(label="结束日期", required=False, help_text="长期坚持的专题不填。")
    kinds = forms.MultipleChoiceField(
        label="适用组织",
        choices=KINDS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="不选即本组织和全部下级组织。",
        error_messages={"invalid_choice": "请从列表中选择。"},
    )
    revision = forms.IntegerField(
        widget=forms.HiddenInput, min_value=0, max_value=LATEST_REVISION, initial=0, required=False
    )

    def clean(self) -> dict[str, Any]:
        """It ends no earlier than it begins."""
        data = super().clean() or {}
        since, until = data.get("since"), data.get("until")
        if since and until and until < since:
            self.add_error("until", "结束日期不能早于开始日期。")
        return data

    def values(self) -> dict[str, Any]:
        """What the theme says; call after `is_valid`."""
        return {
            name: self.cleaned_data[name] for name in ("title", "text", "since", "until", "kinds")
        }


class EndThemeForm(forms.Form):
    """The last day, and why."""

    on = DayField(label="结束日期", help_text="专题的最后一天。")
    reason = forms.CharField(
        label="结束理由",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "请写明结束的理由。"},
    )
    revision = forms.IntegerField(
        widget=forms.HiddenInput, min_value=0, max_value=LATEST_REVISION, required=False
    )


class ServedThemes(forms.MultipleChoiceField):
    """Which of the running themes something serves. The keys are those of the themes."""

    def __init__(self, themes: Iterable[Theme]) -> None:
        super().__init__(
            label="专题",
            choices=[
                (str(theme.pk), f"{theme.title}（{theme.organization.short_name}）")
                for theme in themes
            ],
            required=False,
            widget=forms.CheckboxSelectMultiple,
            error_messages={"invalid_choice": "所选专题中有的已不适用于本支部，请刷新后重新选择。"},
        )

    def clean(self, value: Any) -> list[UUID]:
        """The keys of the chosen themes."""
        return [UUID(key) for key in super().clean(value)]


class LineThemesForm(forms.Form):
    """Which themes a line of the table serves."""

    def __init__(self, *args: Any, themes: Iterable[Theme], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["themes"] = ServedThemes(themes)
