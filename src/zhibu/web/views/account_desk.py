"""One account, for the administrator of accounts: invite, reset, unlock, close."""

from __future__ import annotations

import secrets
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from zhibu.org import accounts
from zhibu.org.account_queries import people_within
from zhibu.org.services import Refused
from zhibu.people.models import Person
from zhibu.people.roles import Verb
from zhibu.web import access, clock
from zhibu.web.answers import see_other
from zhibu.web.forms.entry import InviteForm
from zhibu.web.pages.entry import build_account_desk, print_slips

_NONCE = "slip_nonce"


def _find(request: HttpRequest, pk: UUID) -> Person:
    """The account, if every role of it lies within reach; else 404."""
    reach = access.reach(request)
    if not reach.has(Verb.EDIT_ACCOUNTS):
        raise Http404
    return get_object_or_404(people_within(reach, clock.now()), pk=pk)


@never_cache
def show(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What there is to know and to do about one account."""
    person = _find(request, pk)
    nonce = request.session[_NONCE] = secrets.token_urlsafe(12)
    page = build_account_desk(
        person, clock.now(), viewer=access.person_of(request), form=InviteForm()
    )
    return render(request, "web/account_desk.html", {"page": page, "nonce": nonce})


@never_cache
@require_POST
def invite(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A slip for this person; a person who had a password loses it and is out everywhere."""
    person = _find(request, pk)
    form = InviteForm(request.POST)
    # A page that is loaded again must not make the slip void that was just printed.
    nonce, known = request.POST.get("nonce"), request.session.pop(_NONCE, "")
    if not form.is_valid() or not nonce or nonce != known:
        messages.info(request, "邀请单只显示一次。没有印好的，请重新生成，原来的随即作废。")
        return see_other("account-show", pk)
    try:
        slip = accounts.invite_person(
            person=person,
            by=access.person_of(request),
            at=clock.now(),
            without_factors=form.cleaned_data["without_factors"],
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
        return see_other("account-show", pk)
    page = print_slips(request, [slip], back=reverse("account-show", args=(pk,)))
    return render(request, "web/slips.html", {"page": page})


@require_POST
def unlock(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Lets the person try again at once."""
    person = _find(request, pk)
    accounts.unlock_person(person=person, by=access.person_of(request), at=clock.now())
    messages.success(request, f"已解除“{person.username}”的登录锁定。")
    return see_other("account-show", pk)


@require_POST
def switch(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Closes the account, or opens it again."""
    person = _find(request, pk)
    is_active = request.POST.get("do") == "open"
    try:
        accounts.set_active(
            person=person, is_active=is_active, by=access.person_of(request), at=clock.now()
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "已重新启用。" if is_active else "已停用，立即生效。")
    return see_other("account-show", pk)
