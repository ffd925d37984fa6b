"""Forms of getting in."""

from __future__ import annotations

import struct
from typing import Any

from allauth.account.forms import LoginForm
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.mfa.utils import decrypt
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from cryptography.exceptions import InvalidSignature
from django import forms
from django.contrib.auth import user_login_failed
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from zhibu.people.models import Person
from zhibu.people.passwords import rules_in_words
from zhibu.web.entry.lock import is_locked

_LOCKED = "连续多次不正确，已暂时锁定，请稍后再试。"
_NEW = {"autocomplete": "new-password"}


class SignInForm(LoginForm):  # type: ignore[misc]
    """User name and password."""

    def add_prefix(self, field_name: str) -> str:
        """The library's `login` is called by what it is."""
        name: str = super().add_prefix(field_name)
        return "username" if name == "login" else name


class NewPasswordForm(forms.Form):
    """A password that its owner chooses, twice."""

    new_password = forms.CharField(
        label="新密码", strip=False, max_length=128, widget=forms.PasswordInput(attrs=_NEW)
    )
    repeated = forms.CharField(
        label="再输入一次", strip=False, max_length=128, widget=forms.PasswordInput(attrs=_NEW)
    )

    def __init__(self, *args: Any, person: Person, **options: Any) -> None:
        super().__init__(*args, **options)
        self.person = person
        self.fields["new_password"].help_text = rules_in_words()

    def clean_new_password(self) -> str:
        """The rules of the settings."""
        password: str = self.cleaned_data["new_password"]
        validate_password(password, self.person)
        return password

    def clean_repeated(self) -> str:
        """The same again."""
        repeated: str = self.cleaned_data["repeated"]
        first = self.cleaned_data.get("new_password")
        if first is not None and first != repeated:
            raise ValidationError("两次输入的密码不一致。")
        return repeated


class PasswordForm(NewPasswordForm):
    """The same for somebody who has one: it is asked for, so that an open computer is not enough.

    Nor may it be guessed at there: a wrong one counts as it does at sign-in.
    """

    old_password = forms.CharField(
        label="现用密码",
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ("old_password", "new_password", "repeated")

    def clean_old_password(self) -> str:
        """It is the one that is in use."""
        request, password = context.request, str(self.cleaned_data["old_password"])
        if is_locked(request, self.person.username):
            raise ValidationError(_LOCKED)
        if not self.person.check_password(password):
            credentials = {"username": self.person.username}
            user_login_failed.send(sender=__name__, credentials=credentials, request=request)
            raise ValidationError("现用密码不正确。")
        return password


class CodeForm(forms.Form):
    """The code of a slip, typed by hand."""

    code = forms.CharField(
        label="邀请码",
        max_length=60,
        help_text="邀请单上的四组字母和数字，不分大小写，横线可以不写。",
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off"}),
    )


class InviteForm(forms.Form):
    """What an administrator decides when inviting one person."""

    without_factors = forms.BooleanField(
        label="同时解除第二重验证（手机遗失、更换时）", required=False
    )


class OnceForm(forms.Form):
    """A code counts once, in whatever process it comes, and not at all while the lock is on.

    The library remembers a used code in the memory of one process, for less time than it is good.
    """

    def clean_code(self) -> str:
        """The code, if nobody has used it."""
        if is_locked(context.request, self.user.username):  # type: ignore[attr-defined]
            raise ValidationError(_LOCKED)
        code: str = super().clean_code()  # type: ignore[misc]
        used: Authenticator = self.authenticator  # type: ignore[attr-defined]
        if used.type == Authenticator.Type.TOTP and not _is_first_use(used, code):
            self._emit_authentication_failed(used)  # type: ignore[attr-defined]
            raise get_adapter().validation_error("incorrect_code")
        return code


def _is_first_use(authenticator: Authenticator, code: str) -> bool:
    """Whether no code of this half-minute or a later one was taken before; takes it."""
    with transaction.atomic():
        row = Authenticator.objects.select_for_update().get(pk=authenticator.pk)
        secret = decrypt(row.data["secret"])
        plain = "".join(each for each in code if each.isdigit())
        counter = max(
            (each for each in yield_hotp_counters_from_time()
             if format_hotp_value(hotp_value(secret, each)) == plain),
            default=-1,
        )  # fmt: skip
        if counter <= row.data.get("counter", -1):
            return False
        row.data["counter"] = counter
        row.save(update_fields=["data"])
        return True


class SecondFactorForm(OnceForm, AuthenticateForm):  # type: ignore[misc]
    """The code that is asked for at sign-in."""


class ConfirmForm(OnceForm, ReauthenticateForm):  # type: ignore[misc]
    """The code that is asked for again before a change."""


# What the parts of a passkey's answer raise when they are not what they should be; the library
# takes only some of it for a wrong answer.
_BROKEN = (
    KeyError,
    IndexError,
    AttributeError,
    TypeError,
    ValueError,
    struct.error,
    InvalidSignature,
)


class AskedKey:
    """A passkey's answer that is no answer is a wrong one."""

    def clean_credential(self) -> Any:
        """The passkey, if the answer is whole."""
        try:
            return super().clean_credential()  # type: ignore[misc]
        except _BROKEN as error:
            raise get_adapter().validation_error("incorrect_code") from error


class KeySignInForm(AskedKey, LoginWebAuthnForm):  # type: ignore[misc]
    """By passkey alone."""


class KeyFactorForm(AskedKey, AuthenticateWebAuthnForm):  # type: ignore[misc]
    """By passkey after the password."""


class KeyConfirmForm(AskedKey, ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """By passkey before a change."""


class NewKeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey."""

    def clean(self) -> dict[str, Any]:
        """The same for what a new one says of itself."""
        try:
            cleaned: dict[str, Any] = super().clean()
        except _BROKEN as error:
            raise get_adapter().validation_error("incorrect_code") from error
        return cleaned
