"""Forms of bringing in rosters."""

from __future__ import annotations

from typing import Any, Final

from django import forms

from zhibu.org.models import RosterImport
from zhibu.web.forms.fields import DayField

MOST_BYTES: Final = 50 * 1024 * 1024


class ImportForm(forms.Form):
    """Which file, of what, from which day."""

    kind = forms.ChoiceField(
        label="内容", choices=RosterImport.Kind.choices, widget=forms.RadioSelect
    )
    file = forms.FileField(
        label="文件",
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xls,.ods,.csv"}),
        help_text="Excel（xlsx、xls）、ods 或 csv，不超过50MB。单位现有的表可以直接使用，不必改成模板的样式。",
        error_messages={
            "required": "请选择文件。",
            "invalid": "请选择文件。",
            "empty": "文件是空的，请检查是否选错文件。",
            "missing": "请选择文件。",
        },
    )
    effective_on = DayField(
        label="起算日期", help_text="表中没有写明编入支部、任职日期的，从这一天算起。"
    )

    def clean_file(self) -> Any:
        """A file of a size that a roster can have."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError("文件超过50MB，请检查是否选错文件，或者分成几份导入。")
        return file
