"""What a password must be like, as 等保 2.0 level 2 asks. Django calls these from its settings."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError

from zhibu.people.models import Person

LONG_ENOUGH: Final = 20  # as long as this, a sentence needs no mixture
KINDS: Final = 3


class MixedCharacters:
    """Three of four kinds of characters, or a long sentence."""

    def validate(self, password: str, user: Person | None = None) -> None:  # noqa: ARG002 - the library's signature
        """Raises ValidationError for a short password of fewer than three kinds."""
        kinds = (
            any(sign.islower() for sign in password),
            any(sign.isupper() for sign in password),
            any(sign.isdigit() for sign in password),
            any(not sign.isalnum() or ord(sign) > 127 for sign in password),
        )
        if sum(kinds) < KINDS and len(password) < LONG_ENOUGH:
            raise ValidationError(self.get_help_text(), code="password_too_plain")

    def get_help_text(self) -> str:
        """The rule in one line."""
        return f"须含大写字母、小写字母、数字、符号中的三种；{LONG_ENOUGH} 位以上的不限。"


class NotTheName:
    """Neither the user name nor the person's name stands in it."""

    def validate(self, password: str, user: Person | None = None) -> None:
        """Raises ValidationError for a password that holds a name of three letters or more."""
        plain = password.casefold()
        for name in (user.username, user.name) if user else ():
            word = name.casefold().strip()
            if word and (len(word) >= 3 or not word.isascii()) and word in plain:
                raise ValidationError("密码不能含有用户名或姓名。", code="password_has_name")

    def get_help_text(self) -> str:
        """The rule in one line."""
        return "不能含有用户名或姓名。"


class NotUsedBefore:
    """Not the present password nor one of the last that the person had."""

    def validate(self, password: str, user: Person | None = None) -> None:
        """Raises ValidationError for a password that was used lately."""
        if user is None or not user.password:
            return
        known = list(
            user.past_passwords.order_by("-set_at", "-id").values_list("encoded", flat=True)[
                : settings.PASSWORD_HISTORY
            ]
        )
        if user.password not in known:
            known.append(user.password)
        if settings.PASSWORD_HISTORY and any(check_password(password, each) for each in known):
            raise ValidationError(self.get_help_text(), code="password_used_before")

    def get_help_text(self) -> str:
        """The rule in one line."""
        return f"不能是最近 {settings.PASSWORD_HISTORY} 次用过的密码。"


def rules_in_words() -> str:
    """All rules in one line, for beside the field."""
    return (
        f"不少于 {settings.PASSWORD_LENGTH} 位，含大写字母、小写字母、数字、符号中的三种"
        f"（{LONG_ENOUGH} 位以上的不限）；不能含用户名、姓名，不能是常见密码。"
    )


def must_change(person: Person, at: datetime) -> str:
    """Why the person must choose a new password before anything else; empty when there is no need.

    An account of the demonstration never has to: its password is shown on the screen.
    """
    if person.is_demonstration or not person.has_usable_password():
        return ""
    if person.must_set_password:
        return "现用的密码由他人设定，请先改为只有本人知道的密码。"
    days: int = settings.PASSWORD_DAYS
    if days and person.password_set_at and at - person.password_set_at > timedelta(days=days):
        return f"现用的密码已超过 {days} 天，请先更换。"
    return ""
