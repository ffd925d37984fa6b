"""Forms of notices: mail, code, hours, robots."""

from __future__ import annotations

from typing import Any, Final, cast

from django import forms

from zhibu.network.notices.models import SAID_IN_CHATS, Channel, Kind
from zhibu.rules.notices import QUIET_FROM, QUIET_UNTIL, Hours

HOURS: Final = [(str(hour), f"{hour}:00") for hour in range(24)]
AT_ONCE: Final = "now"


class MailForm(forms.Form):
    """One's own mail address."""

    address = forms.CharField(
        label="邮箱",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text="填写后会收到一封带验证码的邮件，验证之后才往这里发通知。",
    )


class CodeForm(forms.Form):
    """The code that came by mail."""

    code = forms.CharField(
        label="验证码",
        max_length=12,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
        help_text="邮件中的6位数字，30分钟内有效。",
    )


class HoursForm(forms.Form):
    """When one wants to be told."""

    digest = forms.ChoiceField(
        label="什么时候发", choices=[(AT_ONCE, "有通知就发"), *(
            (value, f"每天{label}汇总成一条") for value, label in HOURS
        )],
    )  # fmt: skip
    quiet_from = forms.ChoiceField(label="免打扰，从", choices=HOURS)
    quiet_until = forms.ChoiceField(
        label="到", choices=HOURS, help_text="两个时间相同，就是不设免打扰。"
    )
    days_off = forms.BooleanField(
        label="休息日和节假日也发",
        required=False,
        help_text="不选的，休息日只发传达文件和系统通知，其他的等到上班再发。",
    )

    @classmethod
    def of(cls, hours: Hours) -> HoursForm:
        """Filled in with what holds."""
        digest = AT_ONCE if hours.digest_hour is None else str(hours.digest_hour)
        return cls(
            initial={
                "digest": digest, "quiet_from": str(hours.quiet_from),
                "quiet_until": str(hours.quiet_until), "days_off": hours.days_off,
            }
        )  # fmt: skip

    @property
    def hours(self) -> Hours:
        """What was chosen; call after `is_valid`."""
        chosen = self.cleaned_data
        return Hours(
            quiet_from=int(chosen.get("quiet_from", QUIET_FROM)),
            quiet_until=int(chosen.get("quiet_until", QUIET_UNTIL)),
            digest_hour=None if chosen["digest"] == AT_ONCE else int(chosen["digest"]),
            days_off=chosen["days_off"],
        )


class _KindsForm(forms.Form):
    """Chooses what goes through a channel; of an organisation's robots there is less to choose."""

    def __init__(self, *args: Any, of_organization: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if of_organization:
            kinds = cast("forms.MultipleChoiceField", self.fields["kinds"])
            kinds.choices = [(kind.value, kind.label) for kind in SAID_IN_CHATS]


def _kinds_field() -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label="发哪些",
        required=False,
        choices=Kind.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text="都不选就是全部。",
    )


class ChannelForm(_KindsForm):
    """A channel that is there."""

    is_on = forms.BooleanField(label="启用", required=False)
    label = forms.CharField(
        label="名称", max_length=60, required=False, help_text="例如“一支部工作群”，只是便于辨认。"
    )
    kinds = _kinds_field()

    @classmethod
    def of(cls, channel: Channel) -> ChannelForm:
        """Filled in with what holds."""
        return cls(initial={"is_on": channel.is_on, "label": channel.label, "kinds": channel.kinds})


class RobotForm(_KindsForm):
    """A new chat robot. What was typed as address or secret is not shown again."""

    tool = forms.ChoiceField(
        label="聊天工具",
        choices=[choice for choice in Channel.Tool.choices if choice[0] != Channel.Tool.MAIL],
    )
    address = forms.CharField(
        label="机器人的网址",
        max_length=600,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="在群里添加“自定义机器人”，把得到的 Webhook 网址完整复制到这里。"
        "凡是知道这个网址的人都能往群里发消息，所以保存以后不再显示。"
        "其他聊天工具用 Apprise 的写法，见使用说明。",
    )
    secret = forms.CharField(
        label="加签密钥",
        max_length=200,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="只有钉钉、并且安全设置选了“加签”的才填；选“自定义关键词”的，关键词填“支部”。",
    )
    label = forms.CharField(
        label="名称", max_length=60, required=False, help_text="例如“一支部工作群”，只是便于辨认。"
    )
    kinds = _kinds_field()

    def values(self) -> dict[str, Any]:
        """For the service."""
        return dict(self.cleaned_data)
