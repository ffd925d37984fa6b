"""The tree of organisations: seen and edited by those who reach it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from zhibu.org import queries, services
from zhibu.org.models import Organization, Post
from zhibu.people.roles import Verb
from zhibu.plans.services import begin_use
from zhibu.web import access, clock
from zhibu.web.forms.organization import (
    AppointForm,
    EndForm,
    FoundForm,
    OrganizationForm,
    TermForm,
    UseForm,
)
from zhibu.web.once import once
from zhibu.web.pages.forms import FormPage
from zhibu.web.pages.organizations import build_organization, crumbs_to
from zhibu.web.paging import page_of


def show(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One organisation and what lies right below it."""
    organization = access.get_organization(request, pk, Verb.SEE_ORGANIZATION)
    day = clock.today()
    children = page_of(request, queries.children_of(organization, day))
    posts = page_of(request, queries.posts_of(organization, day), name="posts")
    page = build_organization(organization, access.reach(request), children, posts)
    return render(request, "web/organization.html", {"page": page})


def edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Names, the fixed theme day, the pilot mark."""
    organization = access.get_organization(request, pk, Verb.EDIT_ORGANIZATION)
    initial = {
        name: getattr(organization, name)
        for name in ("name", "short_name", "field", "theme_day", "is_pilot")
    }
    form = OrganizationForm(request.POST or None, initial=initial)
    if organization.kind == Organization.Kind.GROUP:
        form.ask_as_group()
    if organization.parent_id and not access.reach(request).may(
        Verb.EDIT_ORGANIZATION, organization.path[:-4]
    ):
        form.keep_names()
    if request.method == "POST" and form.is_valid():
        services.edit_organization(
            organization=organization, by=access.person_of(request), at=clock.now(), **form.cleaned_data
        )  # fmt: skip
        messages.success(request, "已保存。")
        return redirect("organization", pk)
    return ask(request, organization, form, title="修改组织信息", submit="保存")


@once
def found(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A new organisation below this one."""
    parent = access.get_organization(request, pk, Verb.EDIT_ORGANIZATION)
    kinds = [
        (kind.value, kind.label) for kind in Organization.Kind if kind in services.may_hold(parent)
    ]
    form = FoundForm(
        request.POST or None, kinds=kinds, initial={"field": parent.field, "founded_on": clock.today()}
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        try:
            made = services.found_organization(
                parent=parent, by=access.person_of(request), at=clock.now(), **form.cleaned_data
            )
        except services.Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"已设立“{made.name}”。")
            return redirect("organization", made.pk)
    title = "设立党小组" if parent.kind == Organization.Kind.BRANCH else "设立下级组织"
    return ask(request, parent, form, title=title, submit="设立")


def use(request: HttpRequest, pk: UUID) -> HttpResponse:
    """From which day on the system is in use: said by the level above, by the highest for itself."""
    organization = access.get_organization(request, pk, Verb.EDIT_ORGANIZATION)
    if organization.parent_id:
        access.require(request, Verb.EDIT_ORGANIZATION, organization.path[:-4])
    if organization.kind == Organization.Kind.GROUP:
        raise Http404
    form = UseForm(request.POST or None, initial={"in_use_since": organization.in_use_since})
    if request.method == "POST" and form.is_valid():
        done = begin_use(
            organization=organization, since=form.cleaned_data["in_use_since"],
            by=access.person_of(request), at=clock.now(),
        )  # fmt: skip
        messages.success(
            request,
            f"启用日期已登记：涉及{done.organizations}个党组织，{done.lines}项未完成的安排随之变动。",
        )
        return redirect("organization", pk)
    return ask(
        request, organization, form, title=f"{organization.short_name}：启用日期", submit="保存",
        intro="年中开始使用系统的，登记从哪一天起用。",
        consequences=(
            "在这一天之前到期、尚未完成的安排列为“启用前”：不算逾期，不计入应完成数。",
            "已经起草的安排表和已经归档的记录都不删除；以前的活动仍可补写记录，照常计为完成。",
            "以后起草的安排表不再列这一天之前到期的事项。",
            "原来与本组织同一天启用（或同样没有登记）的下级一并改；另有登记的下级不变。",
        ),
    )  # fmt: skip


def term(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A term of office."""
    organization = access.get_organization(request, pk, Verb.EDIT_ORGANIZATION)
    newest = queries.terms_of(organization).first()
    initial = {"number": newest.number + 1 if newest else 1, "began_on": clock.today()}
    form = TermForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        services.set_term(
            organization=organization, by=access.person_of(request), at=clock.now(), **form.cleaned_data
        )  # fmt: skip
        messages.success(request, "届次已登记。")
        return redirect("organization", pk)
    return ask(request, organization, form, title="登记届次", submit="保存")


@once
def appoint(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A member takes an office here."""
    organization = access.get_organization(request, pk, Verb.EDIT_ORGANIZATION)
    branch = organization.parent if organization.kind == Organization.Kind.GROUP else organization
    assert branch is not None  # noqa: S101  (a group has a parent: constraint)
    members = queries.members_of(branch, clock.today())
    form = AppointForm(request.POST or None, members=members, initial={"since": clock.today()})
    if request.method == "POST" and form.is_valid():
        try:
            services.appoint(
                organization=organization, by=access.person_of(request), at=clock.now(), **form.cleaned_data
            )  # fmt: skip
        except services.Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "任职已登记。")
            return redirect("organization", pk)
    return ask(
        request, organization, form, title="登记任职", submit="保存",
        intro="登记新书记后，现任书记自前一日起免职。" if organization.kind != Organization.Kind.GROUP else "",
    )  # fmt: skip


def relieve(request: HttpRequest, pk: UUID) -> HttpResponse:
    """An office ends."""
    post = access.get_visible(
        request,
        Post.objects.filter(until__isnull=True).select_related("organization", "member"),
        Verb.EDIT_ORGANIZATION,
        prefix="organization__",
        pk=pk,
    )
    form = EndForm(request.POST or None, initial={"until": clock.today()})
    if request.method == "POST" and form.is_valid():
        try:
            services.relieve(
                post=post, by=access.person_of(request), at=clock.now(), **form.cleaned_data
            )
        except services.Refused as refusal:
            form.add_error("until", str(refusal))
        else:
            messages.success(request, "免职已登记。")
            return redirect("organization", post.organization_id)
    title = f"免去{post.member.name}的{post.get_office_display()}职务"
    return ask(request, post.organization, form, title=title, submit="保存")


def ask(
    request: HttpRequest,
    organization: Organization,
    form: Any,
    *,
    title: str,
    submit: str,
    **more: Any,
) -> HttpResponse:
    """The page of a small form about an organisation; 422 when it did not hold."""
    page = FormPage(
        title=title,
        form=form,
        submit=submit,
        back=reverse("organization", args=(organization.pk,)),
        crumbs=crumbs_to(organization, access.reach(request)),
        **more,
    )
    status = 422 if form.is_bound else 200
    return render(request, "web/form.html", {"page": page}, status=status)
