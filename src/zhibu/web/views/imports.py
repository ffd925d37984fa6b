"""Bringing in rosters and organisations from files: seen first, then all or nothing, and undone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from zhibu.org import imports
from zhibu.org.models import Organization, RosterImport
from zhibu.org.services import Refused
from zhibu.people.roles import Verb
from zhibu.web import access, clock
from zhibu.web.downloads import download
from zhibu.web.forms.imports import ImportForm
from zhibu.web.once import once
from zhibu.web.pages.forms import Crumb
from zhibu.web.pages.imports import (
    ImportPage,
    ImportsPage,
    advise,
    choose_part,
    lists_of,
    parts_of,
    percent_of,
)
from zhibu.web.pages.organizations import crumbs_to
from zhibu.web.paging import page_of

KINDS = RosterImport.Kind


@require_safe
def index(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What was brought in here; where one begins."""
    organization = _organization(request, pk)
    reach = access.reach(request)
    page = ImportsPage(
        organization=organization,
        crumbs=crumbs_to(organization, reach),
        rows=page_of(request, imports.imports_of(organization)),
        may_import_organizations=_may_import_organizations(request, organization),
        may_export=_may_export(request, organization),
    )
    return render(request, "web/imports.html", {"page": page})


@once
def start(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Takes the file in; what it would do is on the page that follows."""
    organization = _organization(request, pk)
    asked = request.GET.get("kind", KINDS.MEMBERS)
    form = ImportForm(
        request.POST or None,
        request.FILES or None,
        initial={
            "kind": asked if asked in KINDS else KINDS.MEMBERS, "effective_on": clock.today(),
        },
    )  # fmt: skip
    if not _may_import_organizations(request, organization):
        form.fields["kind"].choices = [(KINDS.MEMBERS.value, KINDS.MEMBERS.label)]  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        held = imports.start_import(
            organization=organization, kind=given["kind"], content=given["file"].read(),
            file_name=given["file"].name, effective_on=given["effective_on"],
            by=access.person_of(request), at=clock.now(),
        )  # fmt: skip
        return redirect("import", held.pk)
    context = {
        "form": form,
        "organization": organization,
        "crumbs": _crumbs(request, organization),
    }
    status = 422 if form.is_bound else 200
    return render(request, "web/import_start.html", context, status=status)


@require_safe
def show(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What the file would do, or did; looks again by itself while a job is at it."""
    return _show(request, _held(request, pk))


@require_POST
def decide(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The answers to what was asked."""
    held = _held(request, pk)
    answers = {
        name.removeprefix("q:"): value
        for name, value in request.POST.items()
        if isinstance(value, str) and name.startswith("q:") and value
    }
    if not answers:
        return _show(request, held, error="还没有选择，请逐项选择后提交。")
    return _do(request, held, imports.decide_questions, "已按您的选择重新核对。", answers=answers)


@require_POST
def confirm(request: HttpRequest, pk: UUID) -> HttpResponse:
    """All of it, or nothing."""
    return _do(request, _held(request, pk), imports.confirm_import, "")


@require_POST
def discard(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Not this file."""
    return _do(request, _held(request, pk), imports.discard_import, "已放弃，名册没有变动。")


@require_POST
def undo(request: HttpRequest, pk: UUID) -> HttpResponse:
    """As it was before, unless something depends on it by now; then it says what."""
    held = _held(request, pk)
    try:
        imports.undo_import(held=held, by=access.person_of(request), at=clock.now())
    except imports.ImportKept as kept:
        return _show(request, _held(request, pk), error=str(kept), problems=kept.reasons)
    except Refused as refusal:
        return _show(request, _held(request, pk), error=str(refusal))
    messages.success(request, "已撤销，名册恢复到导入之前。")
    return redirect("import", pk)


@require_safe
def marked(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The rows with faults, each marked with what to do; not there once the rows are gone."""
    held = _held(request, pk)
    if not held.cells:
        raise Http404
    return download(
        request, imports.marked_xlsx(held), f"标出差错-{_stem(held.file_name)}.xlsx", verb="export_roster",
        organization_id=held.organization_id,
    )  # fmt: skip


@require_safe
def template(request: HttpRequest, pk: UUID, kind: str) -> HttpResponse:
    """An empty table with the right headings, examples and lists."""
    organization = _organization(request, pk)
    if kind not in KINDS:
        raise Http404
    return download(
        request, imports.template_xlsx(kind), f"{KINDS(kind).label}模板.xlsx", verb="export_template",
        organization_id=organization.pk,
    )  # fmt: skip


@require_safe
def export(request: HttpRequest, pk: UUID, kind: str) -> HttpResponse:
    """Every field of all members, or organisations, here and below."""
    organization = access.get_organization(request, pk, Verb.EXPORT)
    if kind not in KINDS or not _may_export(request, organization):
        raise Http404
    write = imports.roster_xlsx if kind == KINDS.MEMBERS else imports.organizations_xlsx
    today = clock.today()
    name = f"{organization.short_name}{KINDS(kind).label}{today:%Y%m%d}.xlsx"
    return download(
        request, write(organization, on=today), name, verb="export_roster",
        organization_id=organization.pk,
    )  # fmt: skip


def _do(
    request: HttpRequest, held: RosterImport, verb: Any, said: str, **more: Any
) -> HttpResponse:
    try:
        done: RosterImport = verb(held=held, by=access.person_of(request), at=clock.now(), **more)
    except Refused as refusal:
        return _show(request, _held(request, held.pk), error=str(refusal))
    if done.state == RosterImport.State.APPLIED:
        said = "已经全部导入。"
    if said:
        messages.success(request, said)
    return redirect("import", held.pk)


def _show(
    request: HttpRequest, held: RosterImport, *, error: str = "", problems: tuple[str, ...] = ()
) -> HttpResponse:
    report = imports.read_report(held)
    part = choose_part(report, request.GET.get("show", ""))
    page = ImportPage(
        held=held,
        report=report,
        crumbs=_crumbs(request, held.organization),
        parts=parts_of(report, part),
        part=part,
        rows=page_of(request, list(lists_of(report)[part])),
        next_step=advise(held, report),
        percent=percent_of(held),
        problems=problems,
    )
    name = "web/import.html#state" if request.htmx and held.is_running else "web/import.html"  # type: ignore[attr-defined]
    response = render(request, name, {"page": page, "error": error}, status=409 if error else 200)
    if request.htmx and not held.is_running and request.method == "GET":  # type: ignore[attr-defined]
        response["HX-Refresh"] = "true"
    return response


def _held(request: HttpRequest, pk: UUID) -> RosterImport:
    held = access.get_visible(
        request,
        RosterImport.objects.select_related("organization", "made_by").defer(
            "content", "cells", "made"
        ),
        Verb.EDIT_ROSTER,
        prefix="organization__",
        pk=pk,
    )
    if held.kind == KINDS.ORGANIZATIONS:
        access.require(request, Verb.EDIT_ORGANIZATION, held.organization.path)
    return held


def _organization(request: HttpRequest, pk: UUID) -> Organization:
    found = access.get_organization(request, pk, Verb.EDIT_ROSTER)
    if found.kind == Organization.Kind.GROUP:
        raise Http404
    return found


def _may_import_organizations(request: HttpRequest, organization: Organization) -> bool:
    return access.reach(request).may(Verb.EDIT_ORGANIZATION, organization.path)


def _may_export(request: HttpRequest, organization: Organization) -> bool:
    """Every field means the personal ones too, and all below means with what lies below."""
    reach = access.reach(request)
    return all(reach.may(verb, organization.path) for verb in (Verb.EXPORT, Verb.SEE_PERSONAL))


def _crumbs(request: HttpRequest, organization: Organization) -> tuple[Crumb, ...]:
    back = Crumb("导入导出", reverse("imports", args=(organization.pk,)))
    return (*crumbs_to(organization, access.reach(request)), back)


def _stem(name: str) -> str:
    return name.rpartition(".")[0] or name
