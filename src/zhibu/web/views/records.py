"""Records: the list, starting one, reading one, correcting and voiding."""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from zhibu.handbook.models import Record, RecordVersion
from zhibu.handbook.services import RecordRefused, start_correction, start_record, void_record
from zhibu.people.roles import Verb
from zhibu.rules.norm import Activity
from zhibu.web import clock
from zhibu.web.access import get_organization, person_of, reach
from zhibu.web.answers import see_other
from zhibu.web.forms.record_form import read_key
from zhibu.web.once import once
from zhibu.web.pages.record_desk import lay_out, read_roster
from zhibu.web.pages.record_list import Sought, build_list, drafts_for, filed_records
from zhibu.web.pages.record_start import build_start, first_content, lines_to_record, same_draft
from zhibu.web.pages.record_view import build_record
from zhibu.web.paging import page_of
from zhibu.web.record_access import get_record, may_read_talks, need_pen, pen_of, without_talks

_NOTHING_CHOSEN: Final = {
    False: "还没有选择。请选中这次完成的事项，或选择活动类别，再按“开始记录”。",
    True: "所选事项已经完成或不在安排表中，请重新选择。",
}


@require_safe
def record_list(request: HttpRequest, branch: UUID) -> HttpResponse:
    """Drafts on top, then what was filed."""
    organization = get_organization(request, branch, Verb.SEE_BRANCH)
    sought, pen = Sought.of(request.GET.dict()), pen_of(request, organization)
    records = filed_records(organization)
    if not may_read_talks(request, organization):
        records = without_talks(records)
    page = build_list(
        organization,
        paged=page_of(request, sought.narrow(records)),
        sought=sought,
        years=list(
            RecordVersion.objects.filter(branch=organization)
            .order_by("-year")
            .values_list("year", flat=True)
            .distinct()
        ),
        drafts=page_of(request, drafts_for(organization, pen), name="drafts") if pen else None,
        today=clock.today(),
    )
    return render(request, "web/record_list.html", {"page": page})


@require_http_methods(["GET", "POST"])
@once
def new(request: HttpRequest, branch: UUID) -> HttpResponse:
    """Choose what to record; the draft then begins with all that is known."""
    organization = get_organization(request, branch, Verb.DRAFT_RECORD)
    pen = need_pen(request, organization)
    asked = (
        request.POST.getlist("lines") if request.method == "POST" else request.GET.getlist("line")
    )
    lines = lines_to_record(organization, filter(None, map(read_key, asked[:50])), pen)
    kinds = [
        Activity(value) for value in request.POST.getlist("activities") if value in set(Activity)
    ]
    if pen.groups is not None:
        kinds = [Activity.GROUP_MEETING]
    is_begun = request.method == "POST"
    if not is_begun or not (lines or kinds):
        # A draft of nothing would only stand in the list until somebody gives it up.
        page = build_start(organization, chosen=lines, today=clock.today(), pen=pen)
        fault = _NOTHING_CHOSEN[bool(asked)] if is_begun else ""
        context = {"page": page, "fault": fault}
        return render(request, "web/record_start.html", context, status=422 if fault else 200)
    by, today = person_of(request), clock.today()
    roster = read_roster(organization, today)
    content = first_content(
        organization, lines=lines, activities=kinds, by=by, today=today, pen=pen, roster=roster
    )
    if known := same_draft(organization, content, by, clock.now()):
        return see_other("record-edit", known.pk)
    # Nothing was chosen before: what the lines carry is ticked with them.
    desk = lay_out(
        organization, content, record_id=None, today=today, before=replace(content, lines=()),
        groups=pen.groups,
    )  # fmt: skip
    record = start_record(branch=organization, by=by, at=clock.now(), draft=desk.content)
    return see_other("record-edit", record.pk)


@require_safe
def show(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A filed record as it reads; a draft is opened where it is written."""
    record = get_record(request, pk)
    if record.current is None:
        return redirect("record-edit", pk)
    page = build_record(
        record,
        may_amend=reach(request).may(Verb.AMEND_RECORD, record.branch.path),
        may_draft=pen_of(request, record.branch) is not None,
        may_redact=reach(request).may(Verb.REDACT, record.branch.path),
    )
    return render(request, "web/record.html", {"page": page})


@require_http_methods(["GET", "POST"])
def correct(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Open a correction: a draft that begins with what was filed."""
    record = get_record(request, pk, Verb.AMEND_RECORD)
    if record.state != Record.State.FILED:
        messages.warning(request, "只有已归档的记录可以更正。")
        return redirect("record", pk)
    if request.method != "POST":
        return render(request, "web/record_correct.html", {"record": record})
    try:
        start_correction(record=record, by=person_of(request), at=clock.now())
    except RecordRefused as refused:
        messages.error(request, str(refused))
        return see_other("record", pk)
    return see_other("record-edit", pk)


@require_http_methods(["GET", "POST"])
@once
def void(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say that a record does not count, and why."""
    record = get_record(request, pk, Verb.AMEND_RECORD)
    submission = _submission(request)
    context = {"record": record, "submission": submission, "reason": "", "fault": ""}
    if request.method != "POST":
        return render(request, "web/record_void.html", context)
    reason = request.POST.get("reason", "").strip()
    if not reason or len(reason) > 500:
        fault = "请写明作废理由。" if not reason else "作废理由不超过500字。"
        context |= {"reason": reason, "fault": fault}
        return render(request, "web/record_void.html", context, status=422)
    try:
        void_record(
            record=record,
            reason=reason,
            by=person_of(request),
            at=clock.now(),
            submission=submission,
        )
    except RecordRefused as refused:
        messages.error(request, str(refused))
        return see_other("record", pk)
    messages.success(request, "记录已作废，相关安排已恢复为未完成。")
    return see_other("record", pk)


def _submission(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("submission", ""))
    except ValueError:
        return uuid4()
