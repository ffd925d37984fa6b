"""Forms of the annual table: drafting, a line, a reason."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from django import forms

from zhibu.network.themes.models import Theme as ServedTheme
from zhibu.rules import wording
from zhibu.rules.lines import Theme
from zhibu.rules.norm import Activity
from zhibu.web.forms.fields import DayField
from zhibu.web.forms.themes import ServedThemes

ACTIVITIES: Final = tuple((a.value, wording.label(a)) for a in Activity)

# A start to work from, kept to days that stand in every year; a branch writes its own over it.
COMMON_THEMES: Final = """\
1月 主题党日：总结上年工作，谋划全年安排
2月 主题党日：走访慰问党员群众
3月 主题党日：学雷锋志愿服务
4月 主题党日：缅怀先烈、国家安全教育
5月 主题党日：立足岗位作贡献
6月 主题党日：重温入党誓词
7月 主题党日：庆祝党的生日，学习党的历史
8月 主题党日：联系服务群众
9月 主题党日：纪律教育和警示教育
10月 主题党日：爱国主义教育
11月 主题党日：消防安全和岗位规范
12月 主题党日：学习宪法法律
"""

_MONTHS: Final = re.compile(r"^(?P<months>\d{1,2}(?:\s*[-—–~至、,，]\s*\d{1,2})*)\s*月份?\s*")
_RANGE: Final = re.compile(r"(\d{1,2})\s*[-—–~至]\s*(\d{1,2})|(\d{1,2})")


class ThemeList(forms.CharField):
    """A list of themes, one a line: “3月 主题党日：学雷锋志愿服务”; month and activity may be left out."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.Textarea(attrs={"rows": 12}))
        options.setdefault("max_length", 20_000)
        options.setdefault("required", False)
        super().__init__(**options)

    def clean(self, value: Any) -> tuple[Theme, ...]:
        """The themes; raises ValidationError naming the line that makes no sense."""
        text: str = super().clean(value)
        themes = []
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip():
                themes.append(read_theme(line.strip(), number))
        if len(themes) > 200:
            raise forms.ValidationError("主题清单不能超过200行。")
        return tuple(themes)


def read_theme(line: str, number: int) -> Theme:
    """One line of a list of themes. Raises ValidationError for an impossible month or length."""
    months: tuple[int, ...] = ()
    if found := _MONTHS.match(line):
        months = _read_months(found["months"])
        if not months:
            raise forms.ValidationError(f"主题清单第{number}行：月份应在1至12之间。")
        line = line[found.end() :]
    activities: tuple[Activity, ...] = ()
    head, mark, rest = line.replace(":", "：", 1).partition("：")
    if mark:
        activities = tuple(a for a in Activity if wording.label(a) == head.strip())
        if activities:
            line = rest
    topic = line.strip()
    if not topic:
        raise forms.ValidationError(f"主题清单第{number}行：没有写主题。")
    if len(topic) > 500:
        raise forms.ValidationError(f"主题清单第{number}行：主题不能超过500字。")
    return Theme(topic=topic, months=months, activities=activities)


def _read_months(text: str) -> tuple[int, ...]:
    months: list[int] = []
    for first, last, single in _RANGE.findall(text):
        months += range(int(first), int(last) + 1) if first else [int(single)]
    return tuple(months) if months and all(1 <= month <= 12 for month in months) else ()


class DraftForm(forms.Form):
    """Where the topics of a new table come from."""

    class Source:
        LAST_YEAR = "last_year"
        THEMES = "themes"

    source = forms.ChoiceField(
        label="主题来源",
        choices=[
            (Source.LAST_YEAR, "沿用上年同一事项的主题"),
            (Source.THEMES, "用主题清单，清单没有的沿用上年"),
        ],
        widget=forms.RadioSelect,
        initial=Source.LAST_YEAR,
        error_messages={
            "required": "请选择主题来源。",
            "invalid_choice": "请选择主题来源。",
        },
    )
    themes = ThemeList(
        label="主题清单",
        initial=COMMON_THEMES,
        help_text="一行一个主题，可在前面写月份和活动，例如“3月 主题党日：学雷锋志愿服务”“4—6月 党课：……”。",
    )

    def clean(self) -> dict[str, Any]:
        """Who chose the list has one."""
        data = super().clean() or {}
        if data.get("source") == self.Source.THEMES and data.get("themes") == ():
            self.add_error("themes", "请填写主题清单，一行一个主题。")
        return data

    def chosen_themes(self) -> tuple[Theme, ...]:
        """The themes, if the list was chosen."""
        if self.cleaned_data["source"] != self.Source.THEMES:
            return ()
        themes: tuple[Theme, ...] = self.cleaned_data["themes"]
        return themes


class RevisionForm(forms.Form):
    """What every change of a table carries: the revision that the writer saw; a reason, if adopted."""

    revision = forms.IntegerField(
        widget=forms.HiddenInput,
        min_value=0,
        max_value=2_000_000_000,
    )
    reason = forms.CharField(
        label="调整理由",
        max_length=500,
        help_text="安排表已通过，每次调整都留下痕迹，须写明理由。",
        error_messages={"required": "安排表通过后再作调整，须写明理由。"},
    )

    field_order: Iterable[str] | None = None

    def __init__(self, *args: Any, needs_reason: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        if not needs_reason:
            del self.fields["reason"]
        else:
            self.order_fields([name for name in self.fields if name != "reason"])

    def clean(self) -> dict[str, Any]:
        """A revision that makes no sense is said above the form: its field is not to be seen."""
        data = super().clean() or {}
        if "revision" in self.errors:
            self.add_error(None, "页面已过期，请刷新后再试。")
        return data

    @property
    def stated_reason(self) -> str:
        """The reason; empty where none is asked for."""
        return str(self.cleaned_data.get("reason", ""))

    def values(self) -> dict[str, Any]:
        """What was filled in beside the revision and the reason."""
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if name not in {"revision", "reason", "themes"}
        }


def _text(label: str, length: int, **options: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=length, required=False, **options)


class LineForm(RevisionForm):
    """The fields of a line that a branch decides. Title and activity only of its own (X) lines."""

    planned_on = DayField(label="计划日期")
    topic = _text("主题内容", 500)
    form = _text("形式", 200)
    presenter = _text("主持（主讲）", 200)
    responsible = _text("责任人", 200)
    remark = _text("备注", 500)

    def __init__(self, *args: Any, names: Iterable[str] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        self.names = tuple(names)
        if self.names:
            for field in ("presenter", "responsible"):
                self.fields[field].widget.attrs["list"] = "member-names"

    def look_at_first(self) -> None:
        """Where one begins to type: the first field that is wrong, else the day."""
        wrong = [name for name in self.fields if name in self.errors] if self.is_bound else []
        self.fields[wrong[0] if wrong else "planned_on"].widget.attrs["autofocus"] = True


class OwnLineForm(LineForm):
    """A line of the branch's own."""

    title = forms.CharField(
        label="事项", max_length=200, error_messages={"required": "请填写事项名称。"}
    )
    activity = forms.ChoiceField(
        label="活动类别",
        choices=ACTIVITIES,
        initial=Activity.OTHER.value,
        error_messages=dict.fromkeys(("required", "invalid_choice"), "请从列表中选择活动类别。"),
    )

    def __init__(self, *args: Any, themes: Iterable[ServedTheme] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        self.order_fields(["title", "activity", *self.fields])
        running = tuple(themes)
        if running:
            self.fields["themes"] = ServedThemes(running)

    @property
    def served(self) -> list[UUID]:
        """The themes that the line is to serve; call after `is_valid`."""
        served: list[UUID] = self.cleaned_data.get("themes", [])
        return served


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label="理由",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "请写明理由。"},
    )


class SheetForm(forms.Form):
    """An Excel copy of the table."""

    MOST_BYTES = 5 * 1024 * 1024

    file = forms.FileField(
        label="Excel 文件",
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx"}),
        help_text="从本页导出、修改后的 .xlsx 文件，不超过5MB。",
        error_messages={
            "required": "请选择文件。",
            "invalid": "请选择文件。",
            "empty": "文件是空的，请检查是否选错文件。",
            "missing": "请选择文件。",
        },
    )

    def clean_file(self) -> Any:
        """A file of a size that such a table can have."""
        file = self.cleaned_data["file"]
        if file.size > self.MOST_BYTES:
            raise forms.ValidationError("文件超过5MB，请检查是否选错文件。")
        return file

    def content(self) -> bytes:
        """What the file holds."""
        return bytes(self.cleaned_data["file"].read())
