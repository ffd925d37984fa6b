"""Lines of the ledger for what the library of sign-in does: it tells by signals, so here we listen."""

from __future__ import annotations

from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa import signals as factors
from allauth.socialaccount import signals as sign_on
from axes.signals import user_locked_out
from django.contrib import messages
from django.contrib.auth import signals as auth
from django.http import HttpRequest
from django.utils import timezone

from zhibu.ledger.services import note
from zhibu.people.models import Person
from zhibu.web import clock
from zhibu.web.entry import lock
from zhibu.web.entry.guard import begin_session

FACTORS = {"totp": "动态口令", "webauthn": "通行密钥", "recovery_codes": "备用码"}
MEANS = {"password": "密码", "mfa": "第二重验证", "socialaccount": "单点登录", "invitation": "邀请"}


def listen() -> None:
    """Connect all of them; called once, when the pages are loaded."""
    for signal, receiver in (
        (auth.user_logged_in, signed_in),
        (auth.user_logged_out, signed_out),
        (auth.user_login_failed, failed),
        (user_locked_out, locked_out),
        (factors.authenticator_added, factor_added),
        (factors.authenticator_removed, factor_removed),
        (factors.authenticator_reset, factor_added),
        (factors.authentication_failed, factor_failed),
        (sign_on.social_account_added, linked),
        (sign_on.social_account_removed, unlinked),
    ):
        signal.connect(receiver, dispatch_uid=f"zhibu-{receiver.__name__}-{id(signal)}")


def _note(verb: str, person: Person | None, by: Person | None, **detail: Any) -> None:
    note(
        by=by, verb=verb, organization_id=None, subject=person, at=clock.now(), detail=detail
    )  # fmt: skip


def signed_in(request: HttpRequest | None, user: Person, **_rest: Any) -> None:
    """Somebody is in. Who was reset by an administrator meanwhile is told so, once."""
    if request is None:
        return
    begin_session(request, clock.now())
    means = {str(each["method"]) for each in get_authentication_records(request, user)}
    _note("sign_in", user, user, address=lock.address_of(request), means=sorted(means))
    if user.recovered_at is not None and hasattr(request, "_messages"):
        at = timezone.localtime(user.recovered_at)
        messages.warning(
            request,
            f"您的账号于 {at.year}年{at.month}月{at.day}日 {at:%H:%M} 由管理员重置。"
            "如非本人要求，请立即告知审计管理员。",
        )
        user.recovered_at = None
        user.save(update_fields=["recovered_at"])


def signed_out(request: HttpRequest, user: Person | None, **_rest: Any) -> None:
    """Somebody left, or was put out by the clock."""
    if user is not None and user.is_authenticated:
        _note(getattr(request, "zhibu_left_by", "sign_out"), user, user)


def failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_rest: Any) -> None:
    """A wrong password or code for an account that exists.

    Names that are nobody's leave no line: a password typed into the wrong field must not stand in
    the ledger, and a stranger must not be able to fill it. Nor do attempts while the lock is on.
    """
    name = str(credentials.get("username") or "")
    if request is None or (request_is_locked(request) and not falls_now(request)):
        return
    if person := Person.objects.filter(username__iexact=name).first():
        _note("fail_sign_in", person, None, name=person.username, address=lock.address_of(request))


def locked_out(request: HttpRequest, username: str | None, **_rest: Any) -> None:
    """The lock fell just now (it is told of every attempt while it is on; one line is enough)."""
    if not falls_now(request):
        return
    if person := Person.objects.filter(username__iexact=username or "").first():
        _note("lock_out", person, None, name=person.username, address=lock.address_of(request))


def request_is_locked(request: HttpRequest) -> bool:
    """Whether axes has turned this request away, or is about to."""
    return bool(getattr(request, "axes_locked_out", False))


def falls_now(request: HttpRequest) -> bool:
    """Whether this failure was counted; those after the lock fell are not."""
    return bool(getattr(request, "axes_failures_since_start", None))


def factor_added(user: Person, authenticator: Any, **_rest: Any) -> None:
    """A second factor was set up, or recovery codes were drawn anew."""
    _note("add_factor", user, user, name=FACTORS[authenticator.type])


def factor_removed(user: Person, authenticator: Any, **_rest: Any) -> None:
    """A second factor was taken away by its owner."""
    _note("remove_factor", user, user, name=FACTORS[authenticator.type])


def factor_failed(request: HttpRequest, user: Person, **_rest: Any) -> None:
    """A wrong code counts as a wrong password does."""
    auth.user_login_failed.send(
        sender=__name__, credentials={"username": user.username}, request=request
    )


def linked(request: HttpRequest, sociallogin: Any, **_rest: Any) -> None:
    """An identity of single sign-on was linked."""
    by = request.user if request.user.is_authenticated else sociallogin.user
    _note("link_identity", sociallogin.user, by, name=_way(sociallogin.account.provider))


def unlinked(socialaccount: Any, **_rest: Any) -> None:
    """The link was taken away."""
    person = socialaccount.user
    _note("unlink_identity", person, person, name=_way(socialaccount.provider))


def _way(key: str) -> str:
    from zhibu.web.entry.sign_on import label_of

    return label_of(key)
