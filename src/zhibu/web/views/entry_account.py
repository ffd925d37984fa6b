"""本人账号: one's password, sessions, links and seat."""

from __future__ import annotations

from uuid import UUID

from allauth.account.internal.flows.login import record_authentication
from allauth.socialaccount.internal.flows.connect import disconnect as drop_link
from allauth.socialaccount.models import SocialAccount
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from zhibu.org import accounts
from zhibu.org.services import Refused
from zhibu.web import access, clock
from zhibu.web.answers import see_other
from zhibu.web.entry.factors import is_demanded
from zhibu.web.entry.seats import choose_seat
from zhibu.web.forms.entry import PasswordForm
from zhibu.web.frame import frame
from zhibu.web.pages.entry import build_account, build_seats
from zhibu.web.pages.forms import FormPage


@never_cache
def account(request: HttpRequest) -> HttpResponse:
    """How one gets in, and what can be done about it."""
    reach = access.reach(request)
    page = build_account(
        access.person_of(request),
        clock.now(),
        demanded=is_demanded(reach),
        seats=len({hold.organization_id for hold in reach.holds}),
    )
    return render(request, "web/account.html", {"page": page})


@sensitive_post_parameters()
@never_cache
def password(request: HttpRequest) -> HttpResponse:
    """A new password; all other sessions of the person end."""
    person = access.person_of(request)
    if not person.has_usable_password():
        messages.info(request, "您的账号没有密码，由单点登录进入。需要密码的，请系统管理员发邀请。")
        return see_other("account")
    form = PasswordForm(request.POST or None, person=person)
    if request.method == "POST" and form.is_valid():
        try:
            accounts.change_password(
                person=person, password=form.cleaned_data["new_password"], by=person, at=clock.now()
            )
        except Refused as refusal:
            messages.error(request, str(refusal))
            return see_other("password")
        update_session_auth_hash(request, person)  # rotates the key too; this session goes on
        record_authentication(request, person, method="password")
        messages.success(request, "密码已修改，其他设备上的登录已经退出。")
        return see_other("home")
    page = FormPage(
        title="修改密码",
        form=form,
        submit="修改密码",
        back="/account/",
        intro="修改后，其他设备上的登录会退出。",
    )
    return render(request, "web/form.html", {"page": page}, status=422 if form.is_bound else 200)


@require_POST
def end_sessions(request: HttpRequest) -> HttpResponse:
    """Signs out everywhere but here."""
    person = access.person_of(request)
    accounts.end_sessions(person=person, by=person, at=clock.now())
    update_session_auth_hash(request, person)
    messages.success(request, "其他设备上的登录都已退出，本机仍保持登录。")
    return see_other("account")


@require_POST
def unlink(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes one's own link of single sign-on away."""
    person = access.person_of(request)
    link = get_object_or_404(SocialAccount, pk=pk, user=person)
    if not person.has_usable_password():
        messages.error(request, "账号还没有密码，取消关联后将无法登录，请先请系统管理员发邀请。")
        return see_other("account")
    try:
        drop_link(request, link)
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    return see_other("account")


def seats(request: HttpRequest) -> HttpResponse:
    """Where one may act; chooses one of them."""
    holds = access.reach(request).holds
    if request.method == "POST":
        wanted = request.POST.get("seat", "")
        found = [hold for hold in holds if str(hold.organization_id) == wanted]
        if not found:
            raise Http404
        choose_seat(request, UUID(wanted))
        messages.success(request, f"现在的身份：{found[0].name}。")
        return see_other("home")
    return render(request, "web/seats.html", {"page": build_seats(holds, frame(request)["seat"])})
