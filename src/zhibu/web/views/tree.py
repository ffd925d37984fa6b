"""Changes of the tree: asked for, shown with all that follows, confirmed, done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from zhibu.network.tree import services as tree
from zhibu.network.tree.outcomes import Outcome, rehearse
from zhibu.org import paths, queries
from zhibu.org.models import Organization
from zhibu.org.services import Refused, holders_of
from zhibu.people.roles import Verb
from zhibu.web import access, clock
from zhibu.web.forms.tree import DissolveForm, MergeForm, MoveForm, RenameForm, SplitForm
from zhibu.web.pages.organizations import crumbs_to
from zhibu.web.pages.tree import ChangePage, consequences_of, fingerprint_of
from zhibu.web.views.organizations import ask

Act = Callable[..., Outcome]


def rename(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Another name from a day; a mistyped name is put right on the page of the organisation."""
    organization = _from_above(request, pk)
    form = RenameForm(request.POST or None, initial={
        "name": organization.name, "short_name": organization.short_name, "on": clock.today(),
    })  # fmt: skip
    return _change(
        request, organization, form, tree.rename, title=f"“{organization.name}”更名", submit="更名",
        summary="记录、安排表和手册里以前的名称不变。",
    )  # fmt: skip


def move(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Another superior from a day."""
    organization = _from_above(request, pk)
    if organization.kind == Organization.Kind.GROUP:
        raise Http404
    parents = (
        _editable(request)
        .filter(kind__in=holders_of(organization.kind))
        .exclude(path__startswith=organization.path)
        .exclude(pk=organization.parent_id)
    )
    form = MoveForm(request.POST or None, parents=parents, initial={"on": clock.today()})
    return _change(
        request, organization, form, tree.move, title=f"划转“{organization.name}”", submit="划转",
        summary="连同全部下级组织一起划转。以往年度的总览保持原样；谁能查看，自办理时起按新的隶属关系。",
    )  # fmt: skip


def merge(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Into another organisation of its kind."""
    organization = _from_above(request, pk)
    if organization.kind == Organization.Kind.GROUP:
        raise Http404
    targets = _editable(request).filter(kind=organization.kind).exclude(pk=pk)
    form = MergeForm(request.POST or None, targets=targets, initial={"on": clock.today()})
    return _change(
        request, organization, form, tree.merge, subject="source", title=f"将“{organization.name}”并入其他组织",
        submit="合并", summary="原有的安排表、记录和手册保留在原组织名下，可以继续查阅。",
    )  # fmt: skip


def split(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A new organisation beside this one."""
    organization = _from_above(request, pk)
    if organization.kind == Organization.Kind.GROUP or organization.parent_id is None:
        raise Http404
    what: dict[str, Any] = (
        {"members": queries.members_of(organization, clock.today())}
        if organization.kind == Organization.Kind.BRANCH
        else {"children": organization.children.filter(dissolved_on=None).order_by("path")}
    )
    form = SplitForm(request.POST or None, initial={"on": clock.today()}, **what)

    def act(**given: Any) -> Outcome:
        keys = {name: [row.pk for row in given.get(name, ())] for name in ("members", "children")}
        return tree.split(**{**given, **keys})

    return _change(
        request, organization, form, act, title=f"从“{organization.name}”分设新组织", submit="分设",
        summary="新组织与本组织隶属同一上级，自成立之日起的次月（一日成立的自当月）开始计算应做事项。",
    )  # fmt: skip


def dissolve(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The end of an organisation, by the level above it."""
    organization = _from_above(request, pk)
    if organization.parent_id is None:
        raise Http404
    form = DissolveForm(request.POST or None, initial={"last_day": clock.today()})
    return _change(
        request, organization, form, tree.dissolve, title=f"撤销“{organization.name}”", submit="撤销",
        summary="以往的安排表、记录和手册保持原样，可以继续查阅。",
    )  # fmt: skip


def _from_above(request: HttpRequest, pk: UUID) -> Organization:
    """The standing organisation, for who may edit the level above it (itself where none is)."""
    organization = access.get_organization(request, pk, Verb.EDIT_ORGANIZATION)
    above = paths.parent(organization.path) or organization.path
    access.require(request, Verb.EDIT_ORGANIZATION, above)
    if organization.dissolved_on is not None:
        raise Http404
    return organization


def _editable(request: HttpRequest) -> Any:
    return access.only_visible(
        request,
        Organization.objects.filter(dissolved_on=None),
        Verb.EDIT_ORGANIZATION,
        prefix="",
    )


def _change(
    request: HttpRequest,
    organization: Organization,
    form: forms.Form,
    act: Act,
    *,
    title: str,
    submit: str,
    summary: str,
    subject: str = "organization",
) -> HttpResponse:
    """First what would follow, then, confirmed and unchanged, the change itself."""
    if request.method != "POST" or not form.is_valid():
        return ask(request, organization, form, title=title, submit="下一步", intro=summary)
    given = {
        subject: organization, **form.cleaned_data, "by": access.person_of(request), "at": clock.now(),
    }  # fmt: skip
    try:
        with transaction.atomic():
            expected = consequences_of(rehearse(lambda: act(**given)))
            shown, now = request.POST.get("shown", ""), fingerprint_of(expected)
            if shown == now:
                # The rehearsal left its marks on the object, though not on the row.
                organization.refresh_from_db()
                outcome = act(**given)
                messages.success(request, f"{title}：已办理。")
                return redirect("organization", outcome.result.pk)
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return ask(request, organization, form, title=title, submit="下一步", intro=summary)
    page = ChangePage(
        title=title,
        summary=summary,
        consequences=expected,
        fingerprint=now,
        has_changed=bool(shown),
        form=form,
        submit=f"确认{submit}",
        back=reverse("organization", args=(organization.pk,)),
        crumbs=crumbs_to(organization, access.reach(request)),
    )
    return render(request, "web/tree_change.html", {"page": page})
