"""What we want otherwise than the library of sign-in does by itself."""

from __future__ import annotations

import base64
import io
import logging
import time
from typing import Any, ClassVar

import segno
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.base.constants import AuthProcess
from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from zhibu.ledger.keys import kept_secret
from zhibu.people.models import Person
from zhibu.web import clock
from zhibu.web.entry import factors, sign_on

logger = logging.getLogger("zhibu.entry")
_KEY = "factor-key"
_WRONG = "用户名或密码不正确，请重新输入。密码区分大小写。"
_TOLD = {
    "mfa/messages/totp_activated.txt": "动态口令已启用。",
    "mfa/messages/totp_deactivated.txt": "动态口令已停用。",
    "mfa/messages/webauthn_added.txt": "通行密钥已添加。",
    "mfa/messages/webauthn_removed.txt": "通行密钥已移除。",
    "mfa/messages/recovery_codes_generated.txt": "备用码已生成，请妥善保存。",
    "socialaccount/messages/account_connected.txt": "已关联，今后可以由此登录。",
    "socialaccount/messages/account_connected_updated.txt": "这一身份早已关联。",
    "socialaccount/messages/account_connected_other.txt": "这一身份已关联到别的账号，不能再关联。",
    "socialaccount/messages/account_disconnected.txt": "已取消关联。",
}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Signing in by user name; nobody signs up; no mail."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": _WRONG,
        "incorrect_password": "密码不正确。",
        "too_many_login_attempts": "尝试次数过多，请稍后再试。",
        "rate_limited": "尝试次数过多，请稍后再试。",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - the library's signature
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Person | None:
        """A closed account is told nothing that a wrong password is not told."""
        person: Person | None = super().authenticate(request, **credentials)
        return person if person is not None and person.is_active else None

    def respond_user_inactive(self, request: HttpRequest, user: Person) -> HttpResponse:  # noqa: ARG002 - the library's signature
        messages.error(request, "账号已停用，请与系统管理员联系。")
        return redirect("sign-in")

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,  # noqa: ARG002 - the library's signature
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """Our words for what happened; nothing where there is nothing to say."""
        if said := message or _TOLD.get(message_template or ""):
            messages.add_message(request, level, said, extra_tags=extra_tags)

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """The ledger has it."""

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:  # noqa: ARG002 - the library's signature
        """Who has signed in just now need not do it again."""
        request = context.request
        records = get_authentication_records(request, request.user)
        latest = max((float(each["at"]) for each in records), default=0.0)
        return time.time() - latest > settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors: their secrets are encrypted at rest, their picture is drawn by segno."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultMFAAdapter.error_messages,
        "cannot_delete_authenticator": "您担任的角色须有第二重验证，不能移除最后一种。",
        "cannot_generate_recovery_codes": "请先设置动态口令或通行密钥，再生成备用码。",
        "incorrect_code": "验证码不正确，或已经用过。请核对手机时间，输入新的验证码。",
    }

    def _fernet(self) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(kept_secret(_KEY)))

    def encrypt(self, text: str) -> str:
        return self._fernet().encrypt(text.encode()).decode("ascii")

    def decrypt(self, encrypted_text: str) -> str:
        try:
            return self._fernet().decrypt(encrypted_text.encode("ascii")).decode()
        except InvalidToken:
            # The key was lost, or the database came from another installation: no code fits any
            # more, and an administrator takes the factor away.
            logger.exception("ZHIBU: the key of the second factors (%s) does not fit", _KEY)
            return str(generate_totp_secret())

    def _get_site_name(self) -> str:
        return "支部"

    def build_totp_svg(self, url: str) -> str:
        picture = io.BytesIO()
        segno.make(url, error="m").save(picture, kind="svg", scale=5, border=2, xmldecl=False)
        return picture.getvalue().decode("utf-8")

    def generate_authenticator_name(self, user: Person, type: Authenticator.Type) -> str:  # noqa: A002 - the library's name
        count = Authenticator.objects.filter(user=user, type=type).count()
        return f"通行密钥 {count + 1}"

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return not (
            factors.is_last_factor(authenticator)
            and factors.is_demanded_of(authenticator.user, clock.now())
        )


class SignOnAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Single sign-on opens an account that is there; it never makes one."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultSocialAccountAdapter.error_messages,
        "connected_other": "这一身份已关联到别的账号，不能再关联。",
        "no_password": "账号还没有密码，取消关联后将无法登录，请先设置密码。",
    }

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:  # noqa: ARG002 - the library's signature
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Who comes for the first time is known by the claim that the settings name, or not at all."""
        if sociallogin.state.get("process") == AuthProcess.CONNECT:
            if not request.user.is_authenticated:
                raise ImmediateHttpResponse(redirect("sign-in"))
            return
        if sociallogin.is_existing:
            return
        way = sociallogin.account.provider
        person = sign_on.person_by_claim(way, getattr(sociallogin, "claims", {}))
        if person is None:
            messages.error(
                request,
                f"这一身份没有关联本系统的账号。请先用用户名登录，在“密码与登录”中关联{sign_on.label_of(way)}；"
                "没有账号的，请与系统管理员联系。",
            )
            raise ImmediateHttpResponse(redirect("sign-in"))
        sociallogin.connect(request, person)

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Any = None,  # noqa: ARG002 - the library's signature
        extra_context: Any = None,  # noqa: ARG002 - the library's signature
    ) -> None:
        """Back to where one came from, with a sentence."""
        if error == "cancelled":
            messages.info(request, "已取消。")
        else:
            label = getattr(provider.app, "name", "") or provider.name
            messages.error(request, f"{label}登录没有成功，请重试，或用用户名和密码登录。")
        raise ImmediateHttpResponse(
            redirect("account" if request.user.is_authenticated else "sign-in")
        )

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: Any) -> str:  # noqa: ARG002 - the library's signature
        return reverse("account")

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """The ledger has it."""
