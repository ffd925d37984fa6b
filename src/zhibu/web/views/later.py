"""What was written on a device without a network, sent later: taken once, however often it comes.

The device's own key for it is the submission of what it files, and the key of a record that it
begins. Whatever a form that is sent at once is told, this is told too: it goes through the same views.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from django.contrib.messages import get_messages
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, QueryDict
from django.urls import reverse

from zhibu.handbook.facts import read_draft
from zhibu.handbook.models import Record, RecordVersion
from zhibu.handbook.services import RecordRefused, start_record
from zhibu.people.roles import Verb
from zhibu.rules.contents import Attendance, AttendanceStatus, RecordContent
from zhibu.rules.contents_data import ContentError
from zhibu.web import clock
from zhibu.web.access import get_organization, person_of
from zhibu.web.forms.record_form import clean, read_record, without_blanks
from zhibu.web.pages.record_desk import lay_out, read_roster
from zhibu.web.pages.record_start import first_content
from zhibu.web.record_access import get_record, need_pen
from zhibu.web.views import drafts
from zhibu.web.visits import last_save

_ABSENT: Final = re.compile(r"\s*([^（()）]+?)\s*(?:[（(]([^）)]*)[）)])?\s*$")
_BETWEEN: Final = re.compile(r"[、，,;；\n]+(?![^（(]*[）)])")
_OTHER: Final = "这份内容属于另一位用户，由本人登录后提交。"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it: filed, draft (saved, not filed), conflict, refused, waiting."""

    state: str
    said: str = ""
    address: str = ""


def take(request: HttpRequest) -> Outcome:
    """Do what the device was asked to do when it had no network."""
    given = request.POST
    if given.get("later-person") != str(person_of(request).pk):
        return Outcome("waiting", _OTHER)
    submission = _key(given.get("later-submission", ""))
    if submission is None:
        return Outcome("refused", "内容不完整，无法提交。")
    deed = given.get("later-deed", "")
    try:
        if deed in {"new", "new-file"}:
            return _take_new(request, submission, is_to_file=deed == "new-file")
        return _take_form(request, submission, deed)
    except Http404:
        return Outcome(
            "refused", "这份记录已经不在，或者您不能再填写。内容仍存在本机，可以复制后删去。"
        )


def _take_new(request: HttpRequest, submission: UUID, *, is_to_file: bool) -> Outcome:
    if found := _filed(request, submission):
        return found
    record = Record.objects.filter(pk=submission).first()
    unknown: tuple[str, ...] = ()
    if record is None:
        branch = _key(request.POST.get("later-branch", ""))
        if branch is None:
            raise Http404
        try:
            record = _begin(request, branch, submission)
        except IntegrityError:  # sent by two tabs at once
            record = Record.objects.get(pk=submission)
        except (RecordRefused, ContentError) as error:
            return Outcome("refused", str(error))
    get_record(request, record.pk, Verb.DRAFT_RECORD)
    if record.draft is not None:  # the answer that named them may have been lost
        unknown = mark_absent(read_draft(record), request.POST.get("absent", ""))[1]
    if unknown:
        said = f"已存为草稿。未到会人员“{'、'.join(unknown)}”不在名册中，请核对后归档。"
        return Outcome("draft", said, reverse("record-edit", args=(record.pk,)))
    # Whoever went on writing since files by hand.
    is_untouched = record.draft is not None and record.revision == 1
    if is_to_file and is_untouched:
        return _file(request, record, submission)
    return _filed(request, submission) or _saved(record)


@transaction.atomic
def _begin(request: HttpRequest, key: UUID, submission: UUID) -> Record:
    """A draft with all that was typed and all that is known."""
    branch = get_organization(request, key, Verb.DRAFT_RECORD)
    pen = need_pen(request, branch)
    by, today = person_of(request), clock.today()
    base = first_content(
        branch, lines=(), activities=(), by=by, today=today, pen=pen,
        roster=read_roster(branch, today),
    )  # fmt: skip
    typed = pen.confine(read_record(request.POST, before=base).content)
    desk = lay_out(
        branch, typed, record_id=None, today=today, before=replace(typed, activities=()),
        groups=pen.groups,
    )  # fmt: skip
    content, _ = mark_absent(desk.content, request.POST.get("absent", ""))
    return start_record(
        branch=branch, by=by, at=clock.now(), draft=without_blanks(content), key=submission
    )


def mark_absent(content: RecordContent, said: str) -> tuple[RecordContent, tuple[str, ...]]:
    """Those who were not there, by name: with a reason on leave, without one absent.

    The names that are not on the list, or that two have, are given back, and written at the end of
    the minutes so that they are not lost.
    """
    rows: dict[str, Attendance] = {row.member: row for row in content.attendance}
    unknown = []
    for part in _BETWEEN.split(clean(said)):
        found = _ABSENT.match(part)
        if not found:
            continue
        name, reason = found[1], (found[2] or "").strip()
        same = [row for row in content.attendance if row.name == name]
        if len(same) != 1:
            unknown.append(name)
            continue
        status = AttendanceStatus.LEAVE if reason else AttendanceStatus.ABSENT
        rows[same[0].member] = replace(same[0], status=status, reason=reason[:200])
    attendance = tuple(rows[row.member] for row in content.attendance)
    content = replace(content, attendance=attendance)
    if unknown:
        minutes = f"{content.minutes}\n（未到会：{'、'.join(unknown)}）".strip()
        content = replace(content, minutes=minutes)
    return content, tuple(unknown)


def _take_form(request: HttpRequest, submission: UUID, deed: str) -> Outcome:
    """The form of a draft, or the step that files it."""
    if found := _filed(request, submission):
        return found
    key = _key(request.POST.get("later-record", ""))
    if key is None:
        raise Http404
    record = get_record(request, key, Verb.DRAFT_RECORD)
    if deed == "filing":
        return _file(request, record, submission)
    if record.draft is not None and _is_older(request, record):
        return _saved(record)
    _send(request, do="save")
    answer = drafts.save(request, key)
    record.refresh_from_db()
    if record.draft is None:
        said = _said(request) or "这份记录已经归档，离线填写的内容没有保存。"
        return Outcome("refused", said, reverse("record", args=(key,)))
    address = reverse("record-edit", args=(key,))
    if answer.status_code == 409:
        said = "他人在此期间修改了这份草稿，请打开核对，两份内容都还在。"
        return Outcome("conflict", said, address)
    if "X-Draft-Saved" not in answer:
        return Outcome("refused", "有的内容无法保存，仍存在本机，请打开草稿恢复并修改。", address)
    if answer.status_code != 303:
        return Outcome("draft", "有的内容无法识别，已存为草稿，请核对。", address)
    return _file(request, record, submission) if deed == "file" else _saved(record)


def _file(request: HttpRequest, record: Record, submission: UUID) -> Outcome:
    """File through the view of that step; what is not complete stays a draft."""
    _said(request)  # that the draft was saved goes without saying
    reason = request.POST.get("reason", "")
    revision = request.POST.get("revision", "") if "submission" in request.POST else record.revision
    _send(request, revision=str(revision), submission=str(submission), reason=reason)
    drafts.file(request, record.pk)
    said = _said(request)
    if found := _filed(request, submission):
        return found
    record.refresh_from_db()
    if record.draft is None:
        return Outcome(
            "refused", said or "这份记录已经归档。", reverse("record", args=(record.pk,))
        )
    return Outcome(
        "draft", said or "内容还不齐全，已存为草稿，请补充后归档。",
        reverse("record-edit", args=(record.pk,)),
    )  # fmt: skip


def _filed(request: HttpRequest, submission: UUID) -> Outcome | None:
    """What this submission filed before, if whoever asks may see it."""
    version = RecordVersion.objects.filter(submission=submission).first()
    if version is None:
        return None
    get_record(request, version.record_id)
    address = reverse("record", args=(version.record_id,))
    return Outcome("filed", f"已归档，编号第{version.sequence}号。", address)


def _saved(record: Record) -> Outcome:
    return Outcome("draft", "已存为草稿。", reverse("record-edit", args=(record.pk,)))


def _is_older(request: HttpRequest, record: Record) -> bool:
    """Whether the same page has saved more than this since."""
    page_key, _, typed = last_save(request, record.pk)
    now = request.POST.get("typed", "")
    return page_key == request.POST.get("page_key") and now.isdecimal() and int(now) < typed


def _send(request: HttpRequest, **fields: str) -> None:
    """Let the request say this as well."""
    data = QueryDict(mutable=True)
    data.update(request.POST)
    for name, value in fields.items():
        data[name] = value
    request.POST = data  # type: ignore[assignment]


def _said(request: HttpRequest) -> str:
    """What was to be said on the next page: it is said at once."""
    return " ".join(str(message) for message in get_messages(request))


def _key(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
