"""Writing a draft: the form, its saving, the step before filing, giving up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from zhibu.handbook.facts import attachment_notes, read_draft
from zhibu.handbook.models import Attachment, Record
from zhibu.handbook.services import (
    DraftConflict,
    RecordIncomplete,
    RecordMoved,
    RecordRefused,
    correct_record,
    discard_draft,
    file_record,
    save_draft,
)
from zhibu.people.roles import Verb
from zhibu.rules.records import ContentError, RecordContent
from zhibu.web import clock
from zhibu.web.access import person_of
from zhibu.web.answers import lead_on, see_other
from zhibu.web.forms.record_form import do_deed, read_record, too_long, without_blanks
from zhibu.web.once import once
from zhibu.web.pages.record_conflict import build_conflict, merge_parts, read_mine
from zhibu.web.pages.record_desk import Desk, lay_out
from zhibu.web.pages.record_filing import build_filing, is_renewed, mark_of, what_is_shown
from zhibu.web.pages.record_form import RecordFormPage, build_record_form
from zhibu.web.record_access import Pen, get_record, need_pen
from zhibu.web.views import attachments
from zhibu.web.visits import forget, last_save, note_leftover, note_save, read_leftover

ROW_DEEDS = ("add-decision", "remove-decision", "add-candidate", "remove-candidate", "refresh")


@dataclass(slots=True)
class Sitting:
    """One request of one writer on one draft."""

    request: HttpRequest
    record: Record
    pen: Pen
    files: list[Attachment]
    page_key: str
    revision: int
    is_saved: bool = False  # by this request
    faults: dict[str, str] = field(default_factory=dict)


@require_GET
def edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The form of a draft."""
    sitting = _sit_down(request, pk)
    if sitting is None:
        return _no_draft(request, pk)
    desk = _lay(sitting, read_draft(sitting.record))
    return _show(sitting, desk, leftover=read_leftover(request, pk))


@require_POST
def save(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Save what the form holds; `do` says what else was asked for by the button."""
    sitting = _sit_down(request, pk)
    if sitting is None:
        return _no_draft(request, pk)
    deed = request.POST.get("do", "")
    if deed in {"resolve", "keep-mine", "take-theirs"}:
        return _resolve(sitting, deed)
    before = read_draft(sitting.record)
    typed = read_record(request.POST, before=before)
    sitting.faults = dict(typed.faults)
    sitting.faults.update(attachments.take_files(request, sitting.record, deed))
    sitting.files = _files(sitting.record)
    content = do_deed(sitting.pen.confine(typed.content), deed)
    if deed in {"file", "save"}:
        content = without_blanks(content)
    desk = _lay(sitting, content, before=before)
    try:
        _store(sitting, desk.content)
    except DraftConflict as conflict:
        return _say_conflict(sitting, desk, conflict, deed)
    except ContentError as error:
        sitting.faults[error.field] = error.reason
    except RecordRefused:
        return _no_draft(request, pk)
    return _answer(sitting, desk, deed)


@require_http_methods(["GET", "POST"])
def file(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show what is going to be filed; then file it, once."""
    if request.method == "POST":
        return lead_on(request, _file(request, pk))
    sitting = _sit_down(request, pk, Verb.FILE_RECORD)
    if sitting is None:
        return _no_draft(request, pk)
    return _show_filing(sitting)


@require_http_methods(["GET", "POST"])
@once
def discard(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask once more, then give up the draft."""
    sitting = _sit_down(request, pk)
    if sitting is None:
        return _no_draft(request, pk)
    record = sitting.record
    if request.method == "POST":
        try:
            discard_draft(
                record=record, revision=sitting.revision, by=person_of(request), at=clock.now()
            )
        except DraftConflict as conflict:
            messages.warning(request, str(conflict))
            return see_other("record-discard", pk)
        except RecordRefused as refused:
            messages.warning(request, str(refused))
            return _no_draft(request, pk)
        forget(request, pk)
        messages.success(request, "草稿已放弃。")
        if record.current_id:
            return see_other("record", pk)
        return see_other("record-list", record.branch_id)
    return render(request, "web/record_discard.html", {"record": record})


def _sit_down(request: HttpRequest, pk: UUID, verb: Verb = Verb.DRAFT_RECORD) -> Sitting | None:
    """The draft with the right to write it; None when the record has none any more."""
    record = get_record(request, pk, verb)
    pen = need_pen(request, record.branch, verb)
    if record.draft is None:
        return None
    revision = request.POST.get("revision", "")
    return Sitting(
        request=request,
        record=record,
        pen=pen,
        files=_files(record),
        page_key=request.POST.get("page_key", "")[:36] or str(uuid4()),
        revision=int(revision) if revision.isdecimal() and len(revision) < 9 else 0,
    )


def _files(record: Record) -> list[Attachment]:
    return list(Attachment.objects.filter(record=record, in_draft=True).order_by("added_at", "id"))


def _no_draft(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The draft was filed or given up in the meantime."""
    record = get_record(request, pk)
    if record.current is None:
        raise Http404
    if request.method == "POST":
        messages.warning(
            request,
            "这份记录已经归档，没有正在填写的草稿。刚才提交的内容没有保存；如需修改请办理更正。",
        )
    return lead_on(request, see_other("record", pk))


def _lay(
    sitting: Sitting,
    content: RecordContent,
    *,
    before: RecordContent | None = None,
    stored: RecordContent | None = None,
) -> Desk:
    return lay_out(
        sitting.record.branch,
        replace(content, attachments=attachment_notes(sitting.files)),
        record_id=sitting.record.pk,
        today=clock.today(),
        before=before,
        stored=stored,
        groups=sitting.pen.groups,
    )


def _store(sitting: Sitting, content: RecordContent) -> None:
    """Save the draft. A page whose own last answer was lost on the way is no second writer."""
    request, record = sitting.request, sitting.record
    try:
        saved = save_draft(
            record=record,
            revision=sitting.revision,
            draft=content,
            by=person_of(request),
            at=clock.now(),
        )
    except DraftConflict as conflict:
        is_same = conflict.draft == content
        if not is_same and last_save(request, record.pk)[:2] != (
            sitting.page_key,
            conflict.revision,
        ):
            raise
        saved = save_draft(
            record=record,
            revision=conflict.revision,
            draft=content,
            by=person_of(request),
            at=clock.now(),
        )
    sitting.record, sitting.revision, sitting.is_saved = saved, saved.revision, True
    typed = request.POST.get("typed", "")
    note_save(
        request,
        record.pk,
        page_key=sitting.page_key,
        revision=saved.revision,
        typed=int(typed) if typed.isdecimal() and len(typed) < 9 else 0,
    )


def _answer(sitting: Sitting, desk: Desk, deed: str) -> HttpResponse:
    """What a saved draft is answered with: a part for htmx, else a redirect or the page with faults."""
    request, pk = sitting.request, sitting.record.pk
    if getattr(request, "htmx", False) and deed not in {"save", "file"}:
        return _answer_part(sitting, desk, deed)
    if sitting.faults:
        return _lead_on(sitting, _show(sitting, desk, status=422))
    if deed == "file":
        return _lead_on(sitting, see_other("record-file", pk))
    verb = deed.partition(":")[0]
    if verb in ROW_DEEDS:
        anchor = "field-activities" if verb == "refresh" else "field-decisions"
        return see_other("record-edit", pk, anchor=anchor)
    if verb in {"attach", "detach"}:
        return see_other("record-edit", pk, anchor="field-attachments")
    moment = timezone.localtime(sitting.record.drafted_at)
    messages.success(request, f"草稿已保存（{moment:%H:%M}）。")
    return _lead_on(sitting, see_other("record-edit", pk))


def _lead_on(sitting: Sitting, answer: HttpResponse) -> HttpResponse:
    return _tell_saved(sitting, lead_on(sitting.request, answer))


def _tell_saved(sitting: Sitting, answer: HttpResponse) -> HttpResponse:
    """Say that the text is stored; where it is not, the browser keeps its own copy."""
    if sitting.is_saved:
        answer["X-Draft-Saved"] = str(sitting.record.revision)
    return answer


def _answer_part(sitting: Sitting, desk: Desk, deed: str) -> HttpResponse:
    page = _page(sitting, desk)
    is_redrawn = deed.partition(":")[0] in ROW_DEEDS or (
        sitting.request.POST.get("shape") != page.shape
    )
    context = {"page": page, "saved_at": sitting.record.drafted_at if sitting.is_saved else None}
    if is_redrawn:
        answer = render(sitting.request, "web/record/redrawn.html", context)
        answer["HX-Retarget"] = "#record-body"
        answer["HX-Reswap"] = "outerHTML"
    else:
        answer = render(sitting.request, "web/record/answer.html", context)
    return _tell_saved(sitting, answer)


def _page(
    sitting: Sitting, desk: Desk, leftover: Mapping[str, str] | None = None
) -> RecordFormPage:
    return build_record_form(
        desk,
        record=sitting.record,
        revision=sitting.record.revision,
        page_key=sitting.page_key,
        files=sitting.files,
        faults=sitting.faults,
        leftover=leftover,
        groups=sitting.pen.groups,
        today=clock.today(),
    )


def _show(
    sitting: Sitting,
    desk: Desk,
    *,
    status: int = 200,
    leftover: Mapping[str, str] | None = None,
) -> HttpResponse:
    page_key, _, typed = last_save(sitting.request, sitting.record.pk)
    context: dict[str, Any] = {
        "page": _page(sitting, desk, leftover),
        "saved_mark": f"{page_key} {typed}",
    }
    return render(sitting.request, "web/record_form.html", context, status=status)


def _say_conflict(sitting: Sitting, desk: Desk, conflict: DraftConflict, deed: str) -> HttpResponse:
    """Two people write one draft: both are shown, nothing is overwritten."""
    request = sitting.request
    page = build_conflict(
        record=sitting.record,
        mine=desk.content,
        theirs=conflict.draft,
        who=conflict.by.name if conflict.by else "他人",
        at=conflict.at,
        revision=conflict.revision,
        page_key=sitting.page_key,
        roster=desk.roster,
    )
    is_part = getattr(request, "htmx", False) and deed != "compare"
    template = "web/record/conflict_note.html" if is_part else "web/record_conflict.html"
    return render(request, template, {"page": page}, status=409)


def _resolve(sitting: Sitting, deed: str) -> HttpResponse:
    """Save what was chosen between the two; what was not chosen is shown once more."""
    request = sitting.request
    try:
        mine = read_mine(request.POST.get("mine", ""))
    except ValueError:
        messages.error(request, "没有收到您的内容，请返回上一页重新选择。")
        return see_other("record-edit", sitting.record.pk)
    theirs = read_draft(sitting.record)
    merged, left = merge_parts(mine, theirs, deed, request.POST)
    desk = _lay(sitting, sitting.pen.confine(merged), stored=theirs)
    try:
        _store(sitting, desk.content)
    except DraftConflict as conflict:
        desk = _lay(sitting, sitting.pen.confine(mine), stored=theirs)
        return _say_conflict(sitting, desk, conflict, "compare")
    note_leftover(request, sitting.record.pk, left(desk.roster))
    messages.success(request, "已按您的选择保存。")
    return see_other("record-edit", sitting.record.pk)


def _show_filing(
    sitting: Sitting, *, status: int = 200, reason: str = "", submission: str = ""
) -> HttpResponse:
    desk = _lay(sitting, read_draft(sitting.record))
    page = build_filing(
        desk,
        record=sitting.record,
        files=sitting.files,
        submission=submission or str(uuid4()),
        reason=reason,
        now=clock.now(),
    )
    return render(sitting.request, "web/record_file.html", {"page": page}, status=status)


def _file(request: HttpRequest, pk: UUID) -> HttpResponse:
    record = get_record(request, pk, Verb.FILE_RECORD, related=("branch",))
    need_pen(request, record.branch, Verb.FILE_RECORD)
    try:
        submission = UUID(request.POST.get("submission", ""))
        revision = int(request.POST.get("revision", ""))
    except ValueError:
        messages.error(request, "提交的内容不完整，请重新核对后归档。")
        return see_other("record-file", pk)
    if record.draft is not None and too_long(read_draft(record)):
        return see_other("record-file", pk)  # which says what is too long
    reason = request.POST.get("reason", "").strip()[:500]
    given: dict[str, Any] = {
        "record": record,
        "revision": revision,
        "submission": submission,
        "by": person_of(request),
        "at": clock.now(),
    }
    try:
        if request.POST.get("renewed"):
            _renew(request, given)
        if _is_correction(record, submission):
            if record.draft is None and not record.versions.filter(submission=submission).exists():
                return _no_draft(request, pk)  # somebody else was quicker
            need_pen(request, record.branch, Verb.AMEND_RECORD)
            if not reason:
                return _show_filing_again(request, pk)
            version = correct_record(**given, reason=reason)
        else:
            version = file_record(**given)
    except (DraftConflict, RecordMoved) as moved:
        messages.warning(request, f"{moved} 请核对新的内容后再归档。")
        return see_other("record-file", pk)
    except RecordIncomplete as refused:
        messages.error(request, str(refused))
        return see_other("record-file", pk)
    except RecordRefused as refused:
        messages.error(request, str(refused))
        return (
            see_other("record", pk)
            if record.current_id
            else see_other("record-list", record.branch_id)
        )
    forget(request, pk)
    done = "已归档" if version.version == 1 else "更正已归档"
    messages.success(request, f"{done}，编号第{version.sequence}号。")
    return see_other("record", pk)


def _renew(request: HttpRequest, given: dict[str, Any]) -> None:
    """Save what the step before filing showed and the draft does not hold. Raises RecordMoved."""
    record, revision = given["record"], given["revision"]
    if record.draft is None:
        return  # filed already, or given up: filing tells
    pen = need_pen(request, record.branch, Verb.FILE_RECORD)
    stored = read_draft(record)
    desk = _lay(Sitting(request, record, pen, _files(record), "", revision), stored)
    if mark_of(desk) != request.POST["renewed"]:
        if record.revision != revision:
            return  # somebody else has saved: filing tells who
        raise RecordMoved
    # Sent again after an answer that never came, it is saved already, under the next revision.
    if is_renewed(desk, stored):
        shown, by = what_is_shown(desk), person_of(request)
        record = save_draft(record=record, revision=revision, draft=shown, by=by, at=clock.now())
    given["record"], given["revision"] = record, record.revision


def _show_filing_again(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The step before filing once more: a correction needs a reason."""
    sitting = _sit_down(request, pk, Verb.FILE_RECORD)
    if sitting is None:
        return _no_draft(request, pk)
    messages.error(request, "请写明更正理由，再归档更正。")
    return _show_filing(sitting, status=422, submission=request.POST.get("submission", ""))


def _is_correction(record: Record, submission: UUID) -> bool:
    """Whether this form was made for a correction: the first filing, sent again, was not."""
    if record.current is None:
        return False
    first = record.versions.filter(version=1, submission=submission)
    return not first.exists()
