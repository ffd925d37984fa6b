"""Invitations: slips for one or for many; the page behind the link."""

from __future__ import annotations

import secrets
from uuid import UUID

from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from zhibu.org import accounts
from zhibu.org.account_queries import people_to_invite
from zhibu.org.member_accounts import members_without_account, open_member_accounts
from zhibu.people.invitations import ALPHABET
from zhibu.people.roles import Verb
from zhibu.web import access, clock
from zhibu.web.answers import see_other
from zhibu.web.forms.entry import CodeForm, NewPasswordForm
from zhibu.web.pages.entry import InvitationPage, InvitationsPage, print_slips
from zhibu.web.pages.forms import FormPage
from zhibu.web.pages.organizations import crumbs_to

MOST = 200  # slips at once: 25 sheets
_NONCE = "slips_nonce"

TROUBLES = {
    accounts.NoSuchInvitation: (404, "这个链接不能使用。请核对邀请单上的网址或邀请码是否输完整。"),
    accounts.Spent: (410, "这份邀请已经用过，或已由新的邀请代替。已设密码的，请直接登录；否则请系统管理员重发邀请。"),
    accounts.RunOut: (410, "这份邀请已过有效期。请与发给您邀请单的系统管理员联系，重新领取一份。"),
}  # fmt: skip


@never_cache
def invitations(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Slips for all at and below an organisation who never signed in."""
    organization = access.get_with_below(request, pk, Verb.EDIT_ACCOUNTS)
    at = clock.now()
    people = people_to_invite(organization, access.reach(request), at)
    if request.method == "POST" and request.POST.get("do") == "open":
        count = open_member_accounts(
            organization=organization, by=access.person_of(request), at=at, most=MOST
        )
        messages.success(request, f"已为 {count} 名党员开立账号，请安全管理员授予角色。")
        return see_other("invitations", pk)
    if request.method == "POST":
        # A page that is loaded again must not make the slips void that were just printed.
        if not request.POST.get("nonce") or request.POST["nonce"] != request.session.pop(
            _NONCE, ""
        ):
            messages.info(request, "邀请单只显示一次。没有印好的，请在“账号”中对本人重发邀请。")
            return see_other("invitations", pk)
        slips = accounts.invite_many(people=people[:MOST], by=access.person_of(request), at=at)
        page = print_slips(
            request,
            slips,
            back=reverse("invitations", args=(pk,)),
            left=people_to_invite(organization, access.reach(request), at).count(),
        )
        return render(request, "web/slips.html", {"page": page})
    nonce = request.session[_NONCE] = secrets.token_urlsafe(12)
    shown = InvitationsPage(
        organization=organization,
        crumbs=crumbs_to(organization, access.reach(request)),
        count=people.count(),
        names=tuple(f"{person.name}（{person.username}）" for person in people[:20]),
        most=MOST,
        days=settings.INVITATION_TIME.days,
        nonce=nonce,
        members=members_without_account(organization).count(),
    )
    return render(request, "web/invitations.html", {"page": shown})


@login_not_required
def code(request: HttpRequest) -> HttpResponse:
    """For a slip without a camera: the code typed by hand."""
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        plain = "".join(each for each in form.cleaned_data["code"].lower() if each in ALPHABET)
        if plain:
            return see_other("invitation", plain)
        form.add_error("code", "请输入邀请单上的邀请码。")
    page = FormPage(title="使用邀请码", form=form, submit="下一步", back=reverse("sign-in"))
    return render(request, "web/form.html", {"page": page}, status=422 if form.is_bound else 200)


@login_not_required
@sensitive_post_parameters()
@never_cache
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Who is meant, and the form for the password. Looking at it uses nothing up."""
    at = clock.now()
    try:
        found = accounts.find_invitation(token=token, at=at)
    except tuple(TROUBLES) as trouble:
        return _trouble(request, trouble)
    form = NewPasswordForm(request.POST or None, person=found.person)
    if request.method == "POST" and form.is_valid():
        try:
            person = accounts.accept_invitation(
                token=token, password=form.cleaned_data["new_password"], at=at
            )
        except tuple(TROUBLES) as trouble:
            return _trouble(request, trouble)
        if request.user.is_authenticated:
            logout(request)  # somebody else sat here before
        messages.success(request, "密码已设定。今后用这个用户名和密码登录。")
        record_authentication(request, person, method="password")
        answer: HttpResponse = perform_login(request, person)
        return answer
    page = InvitationPage(form=form, name=found.person.name, username=found.person.username)
    return render(
        request, "web/invitation.html", {"page": page}, status=422 if form.is_bound else 200
    )


def _trouble(request: HttpRequest, trouble: Exception) -> HttpResponse:
    status, words = TROUBLES[type(trouble)]
    page = InvitationPage(form=None, trouble=words)
    return render(request, "web/invitation.html", {"page": page}, status=status)
