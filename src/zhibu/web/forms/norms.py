"""Forms of those who keep the norms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django import forms

from zhibu.norms.models import NormVersion
from zhibu.web.forms.fields import DayField

MOST_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack to choose: its id, and what it is called."""

    key: str
    name: str


class PackForm(forms.Form):
    """The text of a pack: from a file, or as it stands in the field."""

    file = forms.FileField(
        label="规范包文件",
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": ".toml"}),
        help_text="TOML 文件，UTF-8 编码，不超过1MB。可以先到现行规范的页面下载文件，照着修改。",
        error_messages={"empty": "文件是空的，请检查是否选错文件。"},
    )
    text = forms.CharField(
        label="或者在这里粘贴、修改内容",
        required=False,
        max_length=MOST_BYTES,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false", "class": "code"}),
    )

    def clean_file(self) -> Any:
        """A file of a size that a pack can have, in UTF-8."""
        file = self.cleaned_data["file"]
        if file is None:
            return None
        if file.size > MOST_BYTES:
            raise forms.ValidationError("文件超过1MB，请检查是否选错文件。")
        try:
            return file.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise forms.ValidationError(
                "文件不是 UTF-8 编码，请在编辑器中另存为 UTF-8 后再选。"
            ) from None

    def clean(self) -> dict[str, Any]:
        """One of the two; the file counts where both are there."""
        data = super().clean() or {}
        if not self.errors and not (data.get("file") or data.get("text", "").strip()):
            self.add_error("file", "请选择文件，或者粘贴内容。")
        return data

    @property
    def pack_text(self) -> str:
        """What was given; call after `is_valid`."""
        return str(self.cleaned_data["file"] or self.cleaned_data["text"])


class NormChoiceForm(forms.Form):
    """Which pack, from which day."""

    pack = forms.TypedChoiceField(label="执行的规范")
    since = DayField(label="启用日期", help_text="年度安排表按年末执行的规范编制。")

    def __init__(self, *args: Any, versions: Iterable[NormVersion], **options: Any) -> None:
        super().__init__(*args, **options)
        packs = {version.pack: version.title for version in versions}
        field = self.fields["pack"]
        assert isinstance(field, forms.TypedChoiceField)  # noqa: S101  (declared above)
        field.choices = [("", "请选择"), *packs.items()]
        field.coerce = lambda key: Pack(key, packs[key])
