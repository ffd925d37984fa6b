"""Forms of what an organisation chooses for itself."""

from __future__ import annotations

from typing import Final

from django import forms

from zhibu.org.models import OwnField
from zhibu.rules.norm import PracticeClass
from zhibu.web.forms.fields import DayField

MOST_OPTIONS: Final = 30
LONGEST_OPTION: Final = 60


class ChoicesForm(forms.Form):
    """Reminders and words."""

    soon_days = forms.IntegerField(
        label="提前几天提示“临近到期”", min_value=1, max_value=60, help_text="1至60天。"
    )
    B = forms.CharField(label="B类叫作", max_length=8, required=False)
    T = forms.CharField(label="T类叫作", max_length=8, required=False)
    X = forms.CharField(
        label="X类叫作", max_length=8, required=False, help_text="不填的用规范里的名称，如“必做”。"
    )

    @property
    def class_labels(self) -> dict[str, str]:
        """What the classes are called; call after `is_valid`."""
        return {key.value: self.cleaned_data[key.value].strip() for key in PracticeClass}


class OwnFieldForm(forms.Form):
    """A field of one's own."""

    about = forms.ChoiceField(label="用于", choices=OwnField.About.choices)
    label = forms.CharField(label="栏目名称", max_length=40)
    hint = forms.CharField(label="填写说明", max_length=200, required=False)
    options = forms.CharField(
        label="可选内容",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="每行一项；不填则自由填写。",
    )
    is_required = forms.BooleanField(
        label="必填", required=False, help_text="每多一栏，每个支部每次都要多填一次，请慎用。"
    )
    since = DayField(label="启用日期")

    def clean_options(self) -> list[str]:
        """The lines that say something, each once."""
        lines = (line.strip() for line in self.cleaned_data["options"].splitlines())
        options = list(dict.fromkeys(line for line in lines if line))
        if len(options) > MOST_OPTIONS:
            raise forms.ValidationError(f"最多{MOST_OPTIONS}项，现有{len(options)}项。")
        if any(len(option) > LONGEST_OPTION for option in options):
            raise forms.ValidationError(f"每项最多{LONGEST_OPTION}字。")
        return options
