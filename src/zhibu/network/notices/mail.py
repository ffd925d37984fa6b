"""Mail through Django, for a bounded time; why a mail did not go, in words."""

from __future__ import annotations

import smtplib
import socket
from email.utils import parseaddr
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend

from zhibu.network.notices.wire import SECONDS, Errand, Rejected, Unreachable, is_timeout, watched

HOST: Final = "邮件服务器"
"""What stands for the mail server where the hosts of robots stand."""


class _Watched(smtplib.SMTP):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return watched(super()._get_socket(host, port, timeout))  # type: ignore[misc]


class _WatchedTLS(smtplib.SMTP_SSL, _Watched):
    """Over TLS from the beginning: what is watched is the bare socket underneath."""


class Backend(EmailBackend):
    """Django's, whose sockets end with the errand."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _WatchedTLS if self.use_ssl else _Watched


def message_id(parcel_hex: str) -> str:
    """The same for each try of a parcel, so that a repeated mail can be recognised."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].partition("@")[2] or "localhost"
    return f"<{parcel_hex}@{domain}>"


def send_mail(*, to: str, subject: str, body: str, identity: str, seconds: float = SECONDS) -> None:
    """Send one mail, now. Raises Unreachable or Rejected with a reason in Chinese."""
    mail = EmailMessage(
        subject,
        body,
        settings.DEFAULT_FROM_EMAIL,
        [to],
        headers={"Message-ID": message_id(identity), "Auto-Submitted": "auto-generated"},
        connection=Backend(),
    )
    with Errand(seconds):
        try:
            mail.send()
        except Exception as error:
            raise _failure(error) from error


def _failure(error: Exception) -> Unreachable | Rejected:
    """What went wrong, without what the server said in its own words and without the address."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        return Rejected(f"邮件服务器不接受这个地址（{codes[0] if codes else '原因不明'}）")
    if isinstance(error, smtplib.SMTPSenderRefused | smtplib.SMTPDataError):
        return Rejected(f"邮件服务器拒收（{error.smtp_code}）")
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return Unreachable("邮件服务器的用户名或密码不对")
    if is_timeout(error):
        return Unreachable("邮件服务器超时没有应答")
    if isinstance(error, smtplib.SMTPException | OSError):
        return Unreachable("邮件服务器连接不上")
    return Rejected(f"邮件不能发出（{type(error).__name__}）")


def is_mail_set() -> bool:
    """Whether the operator has named a mail server."""
    return bool(settings.MAIL_IS_SET)
