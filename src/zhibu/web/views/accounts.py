"""Accounts, and who holds which role where."""

from __future__ import annotations

from datetime import date, datetime, time
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import Prefetch, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from zhibu.documents.literal import clean_line
from zhibu.org import queries, services
from zhibu.org.account_queries import holding_at, people_within
from zhibu.org.accounts import invite_person
from zhibu.org.member_accounts import grant_members, members_without_role
from zhibu.org.models import Grant
from zhibu.people.models import Person
from zhibu.people.roles import Role, Verb
from zhibu.web import access, clock
from zhibu.web.forms.organization import AccountForm, GrantForm
from zhibu.web.pages.accounts import AccountsPage, GrantsPage
from zhibu.web.pages.entry import print_slips
from zhibu.web.pages.forms import FormPage
from zhibu.web.pages.organizations import crumbs_to
from zhibu.web.paging import page_of

MOST = 1000  # roles given at once


def accounts(request: HttpRequest) -> HttpResponse:
    """All accounts whose every role lies within reach, and those that have none yet."""
    _require_somewhere(request, Verb.EDIT_ACCOUNTS)
    sought = clean_line(request.GET.get("q", ""))[:64]
    rows = people_within(access.reach(request), clock.now())
    if sought:
        rows = rows.filter(Q(username__icontains=sought) | Q(name__icontains=sought))
    rows = rows.prefetch_related(
        Prefetch(
            "grants",
            queryset=Grant.objects.filter(holding_at(clock.now())).select_related("organization"),
            to_attr="open_grants",
        )
    ).order_by("username")
    holds = access.reach(request).with_verb(Verb.EDIT_ACCOUNTS)
    page = AccountsPage(
        rows=page_of(request, rows),
        sought=sought,
        organization_id=next((hold.organization_id for hold in holds if hold.is_whole), None),
    )
    return render(request, "web/accounts.html", {"page": page})


def open_account(request: HttpRequest) -> HttpResponse:
    """A new account and its slip; its roles are granted by the security administrator."""
    _require_somewhere(request, Verb.EDIT_ACCOUNTS)
    form = AccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        by, at = access.person_of(request), clock.now()
        try:
            with transaction.atomic():
                person = services.open_account(by=by, at=at, **form.cleaned_data)
                slip = invite_person(person=person, by=by, at=at)
        except services.Refused as refusal:
            form.add_error("username", str(refusal))
        else:
            messages.success(request, f"账号“{person.username}”已建立，请安全管理员授予角色。")
            page = print_slips(request, [slip], back=reverse("account-show", args=(person.pk,)))
            return render(request, "web/slips.html", {"page": page})
    shown = FormPage(
        title="新建账号",
        form=form,
        submit="建立并生成邀请单",
        back=reverse("accounts"),
        intro="建立后显示邀请单，印出或抄下交给本人，由本人设定密码。"
        "账号没有任何权限，由安全管理员在组织页面授予角色。",
    )
    return render(request, "web/form.html", {"page": shown}, status=422 if form.is_bound else 200)


def grants(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Who holds a role on this organisation; gives one."""
    organization = access.get_organization(request, pk, Verb.GRANT)
    is_whole = access.reach(request).may_below(Verb.GRANT, organization.path)
    if request.method == "POST" and request.POST.get("do") == "members":
        if not is_whole:
            raise Http404
        count = grant_members(
            organization=organization, by=access.person_of(request), at=clock.now(), most=MOST
        )
        messages.success(request, f"已授予 {count} 名党员“党员”角色，立即生效。")
        return redirect("grants", pk)
    form = GrantForm(request.POST or None)
    if not is_whole:
        form.keep_to_itself()
    if request.method == "POST" and form.is_valid():
        last: date | None = form.cleaned_data["until"]
        person: Person = form.cleaned_data["username"]
        try:
            services.grant_role(
                person=person, role=Role(form.cleaned_data["role"]), organization=organization,
                with_below=form.cleaned_data["with_below"], since=clock.now(),
                until=timezone.make_aware(datetime.combine(last, time.max)) if last else None,
                by=access.person_of(request), at=clock.now(),
            )  # fmt: skip
        except services.Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"已授予{person.name}角色，立即生效。")
            return redirect("grants", pk)
    page = GrantsPage(
        organization=organization,
        crumbs=crumbs_to(organization, access.reach(request)),
        rows=page_of(request, queries.grants_on(organization, clock.now())),
        form=form,
        members=members_without_role(organization, clock.now()).count() if is_whole else 0,
    )
    return render(request, "web/grants.html", {"page": page}, status=422 if form.is_bound else 200)


@require_POST
def revoke(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Takes a role back, at once."""
    grant = access.get_visible(
        request,
        Grant.objects.filter(holding_at(clock.now())).select_related("person", "organization"),
        Verb.GRANT,
        prefix="organization__",
        pk=pk,
    )
    services.revoke_role(
        grant=grant, until=clock.now(), by=access.person_of(request), at=clock.now()
    )
    messages.success(request, f"已收回{grant.person.name}的“{grant.get_role_display()}”角色。")
    return redirect("grants", grant.organization_id)


def _require_somewhere(request: HttpRequest, verb: Verb) -> None:
    if not access.reach(request).has(verb):
        raise Http404
