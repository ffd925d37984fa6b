"""The table as an Excel file: out, and in again with a preview of every difference."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from zhibu.documents.table_reading import read_table_xlsx
from zhibu.documents.table_writing import write_table_xlsx
from zhibu.people.roles import Verb
from zhibu.plans.services import (
    ImportPreview,
    apply_import,
    plan_table,
    preview_import,
    renew_preview,
)
from zhibu.web import clock
from zhibu.web.access import person_of
from zhibu.web.answers import see_other
from zhibu.web.downloads import download
from zhibu.web.forms.plans import RevisionForm, SheetForm
from zhibu.web.pages.plan_sheets import build_sheet_page
from zhibu.web.views.plans import FORM_METHODS
from zhibu.web.views.tables import Desk, attempt, closed, find_desk, tell

_SALT: Final = "zhibu.plan-preview"
STALE: Final = "预览已经失效，请重新选择文件。"


@require_safe
def export(request: HttpRequest, branch: UUID, year: int) -> HttpResponse:
    """The table as it circulates."""
    desk = find_desk(request, branch, year, Verb.EXPORT)
    plan = desk.plan
    content = write_table_xlsx(plan_table(plan, today=clock.today()))
    name = f"{plan.branch.short_name}{year}年度安排表.xlsx"
    return download(
        request, content, name, verb="export_table", organization_id=plan.branch_id, subject=plan
    )


@FORM_METHODS
def upload(request: HttpRequest, branch: UUID, year: int) -> HttpResponse:
    """An edited copy comes back: first what it would change, then, confirmed, the change."""
    desk = find_desk(request, branch, year, Verb.DRAFT_PLAN)
    if not desk.rights.may_edit:
        return closed(request, desk)
    if request.method != "POST":
        return _ask(request, desk, SheetForm())
    if "preview" in request.POST:
        return _confirm(request, desk)
    form = SheetForm(request.POST, request.FILES)
    if not form.is_valid():
        return _ask(request, desk, form, status=422)
    sheet = read_table_xlsx(form.content(), year=year)
    preview = preview_import(desk.plan, sheet)
    return _show(request, desk, preview, _confirmation(desk))


def _confirm(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Apply what was shown; shown again where it cannot be."""
    preview = _unseal(request.POST["preview"], desk)
    if preview is None:
        messages.error(request, STALE)
        return see_other("plan-upload", desk.plan.branch_id, desk.plan.year)
    form = _confirmation(desk, request.POST)

    def act() -> HttpResponse:
        apply_import(
            plan=desk.plan, preview=preview, revision=form.cleaned_data["revision"],
            by=person_of(request), at=clock.now(), reason=form.stated_reason,
        )  # fmt: skip
        tell(request, f"已按表格调整{len(preview.changes)}项安排。")
        return see_other("plan", desk.plan.branch_id, desk.plan.year)

    answer, status = attempt(request, form, act)
    if answer is not None:
        return answer
    if status != 409:
        return _show(request, desk, preview, form, status=status)
    desk.plan.refresh_from_db(fields=["revision"])
    renewed = renew_preview(desk.plan, preview)
    if not renewed.changes and not renewed.faults:
        tell(request, "表格中的改动已经在安排表中，不需要再次导入。")
        return see_other("plan", desk.plan.branch_id, desk.plan.year)
    return _show(request, desk, renewed, form, status=status)


def _ask(request: HttpRequest, desk: Desk, form: SheetForm, status: int = 200) -> HttpResponse:
    return render(request, "web/plan_upload.html", {"desk": desk, "form": form}, status=status)


def _show(
    request: HttpRequest, desk: Desk, preview: ImportPreview, form: RevisionForm, status: int = 200
) -> HttpResponse:
    page = build_sheet_page(preview, sealed=_seal(preview, desk))
    context = {"desk": desk, "page": page, "form": form}
    return render(request, "web/plan_preview.html", context, status=status)


def _confirmation(desk: Desk, data: Any = None) -> RevisionForm:
    return RevisionForm(
        data,
        needs_reason=desk.is_adopted,
        initial={"revision": desk.plan.revision, "reason": "按照修改后的表格调整"},
    )


def _seal(preview: ImportPreview, desk: Desk) -> str:
    """The preview in the page itself, so that what is confirmed is what was seen."""
    return signing.dumps(preview.to_data(), salt=f"{_SALT}:{desk.plan.pk}", compress=True)


def _unseal(text: str, desk: Desk) -> ImportPreview | None:
    try:
        data = signing.loads(text, salt=f"{_SALT}:{desk.plan.pk}", max_age=24 * 3600)
        return ImportPreview.from_data(data)
    except (signing.BadSignature, ValueError):
        return None
