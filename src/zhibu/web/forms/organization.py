"""Forms of the tree, the roster and the accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.db.models import QuerySet

from zhibu.org.models import Member, MemberSpell, Organization, OwnField, Post
from zhibu.people.models import Person
from zhibu.people.roles import LABELS, Role
from zhibu.web import clock
from zhibu.web.forms.fields import DayField, DecidedDayField
from zhibu.web.forms.tree import organization_field

_WEEKDAYS = (
    ("monday", "星期一"),
    ("tuesday", "星期二"),
    ("wednesday", "星期三"),
    ("thursday", "星期四"),
    ("friday", "星期五"),
)
_ORDINALS = (
    ("1", "第一个"),
    ("2", "第二个"),
    ("3", "第三个"),
    ("4", "第四个"),
    ("last", "最后一个"),
)

THEME_DAYS = [
    ("", "未固定"),
    *((f"day:{number}", f"每月{number}日") for number in range(1, 29)),
    *(
        (f"{weekday}:{ordinal}", f"每月{ordinal_label}{label}")
        for weekday, label in _WEEKDAYS
        for ordinal, ordinal_label in _ORDINALS
    ),
]


class OrganizationForm(forms.Form):
    """What may be changed of an organisation."""

    name = forms.CharField(label="全称", max_length=200)
    short_name = forms.CharField(label="简称", max_length=60, help_text="列表和总览里使用。")
    field = forms.ChoiceField(label="领域", choices=Organization.Field.choices)
    theme_day = forms.ChoiceField(
        label="主题党日固定日",
        choices=THEME_DAYS,
        required=False,
        help_text="遇节假日顺延到下一个工作日。",
    )
    is_pilot = forms.BooleanField(label="试点单位", required=False)

    def keep_names(self) -> None:
        """The names are shown, and changed by the level above alone: by 更名, with its date."""
        for name in ("name", "short_name", "is_pilot"):
            self.fields[name].disabled = True
        self.fields["name"].help_text = "名称有误或需要更名的，请上级党组织办理。"

    def ask_as_group(self) -> None:
        """Of a group only its names are asked: the rest is its branch's."""
        for name in ("field", "theme_day", "is_pilot"):
            self.fields[name].widget = forms.HiddenInput()


class FoundForm(OrganizationForm):
    """A new organisation."""

    kind = forms.ChoiceField(label="类型")
    founded_on = DecidedDayField(label="成立日期")

    field_order = ["kind", "name", "short_name", "founded_on"]

    def __init__(self, *args: Any, kinds: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]
        if [kind for kind, _ in kinds] == [Organization.Kind.GROUP]:
            self.initial["kind"] = Organization.Kind.GROUP
            self.fields["kind"].widget = forms.HiddenInput()
            self.ask_as_group()


class UseForm(forms.Form):
    """From which day on the system is in use."""

    in_use_since = DayField(
        label="启用日期",
        required=False,
        help_text="这一天及以后到期的事项在系统内作要求。不填表示全部作要求。",
    )


class TermForm(forms.Form):
    """A term of office."""

    number = forms.IntegerField(label="第几届", min_value=1, max_value=99)
    began_on = DecidedDayField(label="开始日期")
    ends_on = DayField(label="届满日期", help_text="以批复或党章、条例规定的任期为准。")

    def clean(self) -> dict[str, Any]:
        """A term ends after it begins."""
        data = super().clean() or {}
        if (began := data.get("began_on")) and (ends := data.get("ends_on")) and ends < began:
            self.add_error("ends_on", "届满日期不能早于开始日期。")
        return data


class MemberForm(forms.Form):
    """What is kept about a member: only what the work needs."""

    name = forms.CharField(label="姓名", max_length=200)
    sex = forms.ChoiceField(
        label="性别", choices=[("", "未填"), *Member.Sex.choices], required=False
    )
    born_on = DecidedDayField(label="出生日期", required=False)
    joined_on = DecidedDayField(label="入党时间", help_text="支部大会通过接收为预备党员之日。")
    full_on = DecidedDayField(label="转正时间", required=False, help_text="预备党员不填。")
    is_leader = forms.BooleanField(
        label="党员领导干部", required=False, help_text="参加双重组织生活。"
    )

    def __init__(
        self,
        *args: Any,
        own: Sequence[OwnField] = (),
        held: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self._held = dict(held or {})
        self._own = [field.key for field in own]
        for field in own:
            self.fields[field.key] = _own_field(field, self._held.get(field.key, ""))

    @property
    def details(self) -> dict[str, Any]:
        """What is kept, with the organisation's own fields in one; call after `is_valid`."""
        given = {key: value for key, value in self.cleaned_data.items() if key not in self._own}
        own = {**self._held, **{key: self.cleaned_data[key] for key in self._own}}
        return {**given, "own": {key: text for key, text in own.items() if text}}

    def clean(self) -> dict[str, Any]:
        """Full membership comes after admission."""
        data = super().clean() or {}
        if (joined := data.get("joined_on")) and (full := data.get("full_on")) and full < joined:
            self.add_error("full_on", "转正时间不能早于入党时间。")
        return data


class AdmitForm(MemberForm):
    """A member comes onto the roster."""

    since = DecidedDayField(label="编入本支部日期")
    group = forms.ModelChoiceField(
        label="党小组", queryset=Organization.objects.none(), required=False, empty_label="不编组"
    )

    def __init__(self, *args: Any, branch: Organization, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["group"].queryset = _groups(branch)  # type: ignore[attr-defined]


class TransferForm(forms.Form):
    """A member moves to a branch or a group; the choice is what the editor reaches."""

    on = DecidedDayField(label="转接日期")

    def __init__(self, *args: Any, seats: QuerySet[Organization], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["seat"] = organization_field(seats, "转入")
        self.order_fields(["seat", "on"])


class SpellForm(forms.Form):
    """A time during which something special holds."""

    kind = forms.ChoiceField(label="情形", choices=MemberSpell.Kind.choices)
    since = DecidedDayField(label="开始日期")
    until = DayField(label="结束日期", required=False, help_text="尚未结束的不填。")

    def clean(self) -> dict[str, Any]:
        """A spell ends after it begins."""
        data = super().clean() or {}
        if (since := data.get("since")) and (until := data.get("until")) and until < since:
            self.add_error("until", "结束日期不能早于开始日期。")
        return data


class ActivistForm(forms.Form):
    """Whom a branch prepares for admission: only what the duty needs."""

    name = forms.CharField(label="姓名", max_length=200)
    since = DayField(
        label="列入日期", help_text="确定为入党积极分子之日；从外单位转来的，填转入本支部之日。"
    )
    until = DayField(
        label="结束日期",
        required=False,
        help_text="接收为预备党员、调离或者取消资格的，填最后一天。确定为发展对象后仍在列。",
    )

    def clean(self) -> dict[str, Any]:
        """It ends after it begins."""
        data = super().clean() or {}
        if (since := data.get("since")) and (until := data.get("until")) and until < since:
            self.add_error("until", "结束日期不能早于列入日期。")
        return data


class CorrectionForm(forms.Form):
    """What is wrong in what is kept about oneself."""

    text = forms.CharField(
        label="哪一项不对，应当是什么", max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )


class AnswerForm(forms.Form):
    """What was done about it."""

    answer = forms.CharField(
        label="答复", max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )


class EndForm(forms.Form):
    """The last day of something."""

    until = DecidedDayField(label="结束日期")


class AppointForm(forms.Form):
    """A member takes an office."""

    member = forms.ModelChoiceField(
        label="党员", queryset=Member.objects.none(), empty_label="请选择"
    )
    office = forms.ChoiceField(label="职务", choices=Post.Office.choices)
    since = DecidedDayField(label="任职日期")

    def __init__(self, *args: Any, members: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["member"].queryset = members  # type: ignore[attr-defined]


class AccountForm(forms.Form):
    """A new account."""

    username = forms.RegexField(
        label="用户名",
        regex=r"^[A-Za-z0-9][A-Za-z0-9._-]{2,63}$",
        help_text="3 至 64 位字母、数字、点、横线或下划线。",
        error_messages={"invalid": "用户名只能用字母、数字、点、横线、下划线，3 至 64 位。"},
    )
    name = forms.CharField(label="姓名", max_length=200)

    def clean_username(self) -> str:
        """A user name is given once, however it is written."""
        username: str = self.cleaned_data["username"]
        if Person.objects.filter(username__iexact=username).exists():
            raise forms.ValidationError("这个用户名已经有人使用，请换一个。")
        return username


class GrantForm(forms.Form):
    """A role for an account on the organisation that the page is of."""

    username = forms.CharField(label="用户名", max_length=64)
    role = forms.ChoiceField(label="角色", choices=[(role.value, LABELS[role]) for role in Role])
    with_below = forms.BooleanField(
        label="含下级组织",
        required=False,
        help_text="党支部以上的组织不选的，只对本组织自身有效：不能查看总览、名册和传达情况，也不能向下部署、导出和报告。",
    )
    until = DayField(label="有效至（当日止）", required=False, help_text="代理时填写；不填为长期。")

    def keep_to_itself(self) -> None:
        """Whoever does not reach what lies below cannot give it away."""
        self.fields["with_below"].disabled = True
        self.fields["with_below"].help_text = "您的角色不含下级组织，只能授予本组织自身的角色。"

    def clean_until(self) -> date | None:
        """Not before today."""
        until: date | None = self.cleaned_data["until"]
        if until is not None and until < clock.today():
            raise forms.ValidationError("不能早于今天。")
        return until

    def clean_username(self) -> Person:
        """The account of that name."""
        person = Person.objects.filter(
            username__iexact=self.cleaned_data["username"], is_active=True
        ).first()
        if person is None:
            raise forms.ValidationError("没有这个用户名的启用账号，请核对。")
        return person


def _own_field(field: OwnField, value: str) -> forms.Field:
    """A field that an organisation added; what was chosen from an older list can be kept."""
    given: dict[str, Any] = {
        "label": field.label, "help_text": field.hint, "required": field.is_required,
        "initial": value,
    }  # fmt: skip
    if not field.options:
        return forms.CharField(max_length=500, **given)
    options = dict.fromkeys((*field.options, *([value] if value else ())))
    return forms.ChoiceField(
        choices=[("", "未选"), *((option, option) for option in options)], **given
    )


def _groups(branch: Organization) -> Any:
    return Organization.objects.filter(
        parent=branch, kind=Organization.Kind.GROUP, dissolved_on__isnull=True
    )
