"""Forms of 反映."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID, uuid4

from django import forms

from zhibu.rules.feedback import About, CaseState
from zhibu.rules.wording import labels_of

NAMED, NAMELESS = "named", "nameless"
_LONGEST: Final = 2000


def _words(
    label: str, *, longest: int, hint: str = "", rows: int = 4, missing: str = "", style: str = ""
) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=longest,
        help_text=hint,
        widget=forms.Textarea(attrs={"rows": rows, "class": style} if style else {"rows": rows}),
        error_messages={"required": missing or f"请填写{label}。"},
    )


class FeedbackForm(forms.Form):
    """What is wrong, about which of the four, with or without name; `way` is from whom to whom."""

    text = _words(
        "哪里不好用、不合理，或者怎样更好", longest=_LONGEST,
        missing="请写明要反映的问题。", style="short",
    )  # fmt: skip
    about = forms.ChoiceField(label="关于", choices=labels_of(About))
    name = forms.ChoiceField(
        label="是否具名",
        choices=((NAMED, "具名，便于答复"), (NAMELESS, "不具名，凭查询码看答复")),
        widget=forms.RadioSelect,
        initial=NAMED,
    )
    way = forms.ChoiceField(label="由谁办理", help_text="不具名的，一律由人数较多的上级办理。")
    # What nobody types: whatever comes is made the best of, since nobody could put it right.
    at = forms.Field(required=False, widget=forms.HiddenInput)
    secret = forms.Field(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, ways: Sequence[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        way = self.fields["way"]
        assert isinstance(way, forms.ChoiceField)  # noqa: S101 - it stands above
        way.choices = ways
        way.initial = ways[0][0] if ways else ""
        if len(ways) < 2:
            way.required = False
            way.widget = forms.HiddenInput()

    def clean(self) -> dict[str, Any]:
        """Before there is any organisation, nobody could handle it."""
        way = self.fields["way"]
        assert isinstance(way, forms.ChoiceField)  # noqa: S101 - it stands above
        if not way.choices:
            raise forms.ValidationError("现在没有党组织可以办理，请与系统管理员联系。")
        return super().clean() or {}

    def chosen(self) -> tuple[UUID, UUID]:
        """The seat and whom it goes to."""
        picked = self.cleaned_data["way"] or self.fields["way"].initial
        seat, _, to = picked.partition(" ")
        return UUID(seat), UUID(to)

    def secret_of_form(self) -> str:
        """What makes the same form sent twice one sending; a new one where it was lost."""
        try:
            return str(UUID(self.cleaned_data["secret"] or ""))
        except ValueError:
            return str(uuid4())


class AgainForm(forms.Form):
    """Why the asker asks once more."""

    reason = _words("为什么还要继续办理", longest=500)


class CodeForm(forms.Form):
    """The code of something sent without a name."""

    code = forms.CharField(
        label="查询码",
        max_length=60,
        help_text="反映后显示的16位字母和数字，大小写、横线和空格都不影响。",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
        error_messages={"required": "请填写查询码。"},
    )


class SummaryForm(forms.Form):
    """The office's own words."""

    summary = _words(
        "事项摘要", longest=500, hint="用自己的话概括问题，不照抄原文，不写人名；大家都能看到。"
    )


class SendUpForm(SummaryForm):
    """What the level above is asked."""


class AnswerForm(forms.Form):
    """The answer."""

    answer = _words("答复", longest=_LONGEST, hint="反映人和一并反映的同志都能看到。")


class RefusalForm(forms.Form):
    """Why nothing will come of it."""

    reason = _words("不予采纳的理由", longest=_LONGEST, hint="反映人和一并反映的同志都能看到。")


class CloseForm(SummaryForm):
    """What changed because of it."""

    outcome = _words("改进了什么", longest=_LONGEST, hint="没有改动的，写明怎样说明解释。")


class MoveForm(SummaryForm):
    """To whom, and why. The organisation is named, so that the form is as short for a city."""

    to = forms.CharField(
        label="移交给",
        max_length=200,
        help_text="上级，或者本组织的下级；填写全称或简称。对方只看到摘要，看不到原文和姓名。",
        widget=forms.TextInput(attrs={"list": "move-targets", "autocomplete": "off"}),
        error_messages={"required": "请填写移交给哪个党组织。"},
    )
    reason = _words("移交的理由", longest=500, hint="反映人能看到。")
    field_order = ("to", "summary", "reason")


class SplitForm(forms.Form):
    """Why one is handled by itself again."""

    reason = forms.CharField(
        label="拆分的理由",
        max_length=500,
        help_text="反映人能看到。",
        error_messages={"required": "请填写拆分的理由。"},
    )


class TakeForm(forms.Form):
    """Why the level above takes it over."""

    reason = _words("提级办理的理由", longest=500, hint="反映人和原办理组织都能看到。")


class JoinForm(forms.Form):
    """Which cases are handled together with this one."""

    others = forms.TypedMultipleChoiceField(
        label="相近的事项",
        coerce=UUID,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "请选择要合并的事项。",
            "invalid_choice": "选择的事项已经不在办理中，请刷新后重新选择。",
        },
    )

    def __init__(self, *args: Any, cases: Iterable[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.offer(cases)

    def offer(self, cases: Iterable[tuple[str, str]]) -> None:
        """Show these to be chosen from."""
        others = self.fields["others"]
        assert isinstance(others, forms.TypedMultipleChoiceField)  # noqa: S101 - it stands above
        others.choices = list(cases)


class DeskForm(forms.Form):
    """Which cases are listed."""

    state = forms.ChoiceField(
        label="状态", choices=(("", "正在办理"), *labels_of(CaseState)), required=False
    )
    about = forms.ChoiceField(
        label="关于", choices=(("", "全部"), *labels_of(About)), required=False
    )


class AboutForm(forms.Form):
    """Which improvements are listed."""

    about = forms.ChoiceField(
        label="关于", choices=(("", "全部"), *labels_of(About)), required=False
    )
