"""Forms of getting in."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from zhibu.people.models import Person
from zhibu.people.passwords import rules_in_words

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
    """The same for somebody who has one: it is asked for, so that an open computer is not enough."""

    old_password = forms.CharField(
        label="现用密码",
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ("old_password", "new_password", "repeated")

    def clean_old_password(self) -> str:
        """It is the one that is in use."""
        password: str = self.cleaned_data["old_password"]
        if not self.person.check_password(password):
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
