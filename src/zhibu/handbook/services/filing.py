"""Verbs that make a record permanent: file, correct, void. Each appends one link to the chain."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from zhibu.documents.literal import clean
from zhibu.handbook.facts import Setting, attachment_notes, judge_draft, line_keys, setting_of
from zhibu.handbook.followers import Filed, tell_filed
from zhibu.handbook.models import Attachment, Record, RecordVersion
from zhibu.handbook.refusals import RecordIncomplete, RecordRefused
from zhibu.handbook.services.drafts import check_revision, lock_record
from zhibu.handbook.versions import compose_version, read_version
from zhibu.ledger.models import ChainHead
from zhibu.ledger.services import lock_head, note
from zhibu.org.services import Refused
from zhibu.people.keys import new_key
from zhibu.people.models import Person
from zhibu.plans.models import PlanLine
from zhibu.plans.services import release_lines
from zhibu.plans.services.discharge import discharge_held, hold_lines
from zhibu.rules.contents import RecordContent
from zhibu.rules.records import is_fit_to_file


def file_record(
    *, record: Record, revision: int, submission: UUID, by: Person, at: datetime
) -> RecordVersion:
    """Make the draft permanent: version, digest, link, ledger line, lines of the table, tallies.

    `revision` is the one that the writer read; `submission` is the form's own key: the same one
    again gives the version that it made. Raises RecordIncomplete, DraftConflict, RecordRefused.
    """
    return _file(record, revision, submission, by, at, RecordVersion.Action.FILE, "")


def correct_record(
    *,
    record: Record,
    revision: int,
    submission: UUID,
    by: Person,
    at: datetime,
    reason: str = "",
) -> RecordVersion:
    """File the draft of a correction as a new version that names the one before.

    Raises what `file_record` raises.
    """
    return _file(record, revision, submission, by, at, RecordVersion.Action.CORRECT, reason)


@transaction.atomic
def void_record(
    *, record: Record, reason: str, by: Person, at: datetime, submission: UUID | None = None
) -> RecordVersion:
    """Say that a filed record does not count. It stays in the book, and its lines are open again.

    Raises RecordRefused without a reason, or when there is nothing filed to void.
    """
    reason = clean(reason).strip()
    if not reason:
        raise RecordRefused("作废记录须写明理由。")
    head = lock_head(record.branch_id)
    if submission is not None and (known := _known(submission, record)):
        return known
    current = lock_record(record.pk)
    if current.state != Record.State.FILED or current.current is None:
        raise RecordRefused("只有已归档的记录可以作废。")
    filed = read_version(current.current).content
    said = RecordContent(
        activities=filed.activities,
        began_at=filed.began_at,
        ended_at=filed.ended_at,
        group=filed.group,
        topic=filed.topic,
    )
    version = _append(
        head, current, said, submission or new_key(), by, at, RecordVersion.Action.VOID, reason, ()
    )
    release_lines(record_id=current.id, by=by)
    tell_filed(Filed(current, version, said, filed, by))
    return version


def _file(
    record: Record,
    revision: int,
    submission: UUID,
    by: Person,
    at: datetime,
    action: RecordVersion.Action,
    reason: str,
) -> RecordVersion:
    try:
        draft = record
        if draft.draft is None or draft.revision != revision:
            draft = Record.objects.select_related("branch", "drafted_by").get(pk=record.pk)
        content = check_revision(draft, revision)
        # Reads a good deal: done before the branch's writers are made to wait.
        setting = setting_of(draft.branch, content, today=timezone.localdate(at))
        with transaction.atomic():
            return _file_draft(
                record.pk, revision, content, setting, submission, by, at, action, reason
            )
    except (Refused, IntegrityError):
        # A filed draft is gone, so a form that was sent before is refused first. Only then is it
        # worth asking whether this is one.
        if known := _known(submission, record):
            return known
        raise


def _file_draft(
    key: UUID,
    revision: int,
    content: RecordContent,
    setting: Setting,
    submission: UUID,
    by: Person,
    at: datetime,
    action: RecordVersion.Action,
    reason: str,
) -> RecordVersion:
    """File a content that was read from the draft of this revision: judged once all is held."""
    head = lock_head(setting.branch.id)
    current = lock_record(key)
    _check_action(current, action)
    if current.draft is None or current.revision != revision:
        check_revision(current, revision)  # says why not
    lines = hold_lines(lines=line_keys(content.lines), branch_id=current.branch_id)
    verdicts = judge_draft(content, setting, lines, record_id=key)
    if not is_fit_to_file(verdicts) or content.began_at is None:
        raise RecordIncomplete(verdicts)
    files = list(
        Attachment.objects.select_for_update()
        .filter(record=current, in_draft=True)
        .order_by("added_at", "id")
    )
    content = replace(content, attachments=attachment_notes(files))
    was_filed = current.current_id is not None
    before = read_version(current.current).content if current.current else None
    version = _append(
        head, current, content, submission, by, at, action, clean(reason).strip(), files
    )
    _discharge(current, lines, version, by, was_filed=was_filed)
    tell_filed(Filed(current, version, content, before, by))
    return version


def _known(submission: UUID, record: Record) -> RecordVersion | None:
    """The version that this submission made already."""
    version = RecordVersion.objects.filter(submission=submission).first()
    if version is not None and version.record_id != record.pk:
        raise RecordRefused("这次提交的编号已用于另一份记录，请刷新页面后重新提交。")
    return version


def _check_action(record: Record, action: RecordVersion.Action) -> None:
    is_first = action == RecordVersion.Action.FILE
    if record.state == Record.State.VOIDED:
        raise RecordRefused("这份记录已经作废，不能再归档或更正。")
    if is_first and record.state != Record.State.DRAFT:
        raise RecordRefused("这份记录已经归档，如需修改请办理更正。")
    if not is_first and record.state != Record.State.FILED:
        raise RecordRefused("这份记录尚未归档，可以直接修改草稿。")


def _append(
    head: ChainHead,
    record: Record,
    content: RecordContent,
    submission: UUID,
    by: Person,
    at: datetime,
    action: RecordVersion.Action,
    reason: str,
    files: Iterable[Attachment],
) -> RecordVersion:
    """One more link; `head` and `record` are held by this transaction."""
    files = list(files)
    before = record.current
    version = compose_version(
        record_id=record.id,
        branch_id=record.branch_id,
        sequence=head.sequence + 1,
        previous=head.link,
        version=before.version + 1 if before else 1,
        action=action,
        submission=submission,
        filed_at=at,
        filed_by_id=by.id,
        content=content,
        files=files,
        reason=reason,
        replaces=before.link if before else "",
    )
    version.save(force_insert=True)
    head.sequence, head.link = version.sequence, version.link
    head.save(update_fields=["sequence", "link"])
    is_void = action == RecordVersion.Action.VOID
    record.state = Record.State.VOIDED if is_void else Record.State.FILED
    record.current = version
    record.draft = None
    record.revision += 1
    record.save(update_fields=["state", "current", "draft", "revision"])
    if files:
        keys = [file.pk for file in files]
        Attachment.objects.filter(pk__in=keys).update(is_filed=True)
    note(
        by=by,
        verb=f"{action.value}_record",
        organization_id=record.branch_id,
        subject=record,
        detail={
            "version": version.version,
            "sequence": version.sequence,
            "link": version.link,
            "happened_on": version.happened_on.isoformat(),
            **({"reason": reason} if reason else {}),
        },
        at=at,
    )
    return version


def _discharge(
    record: Record, lines: list[PlanLine], version: RecordVersion, by: Person, *, was_filed: bool
) -> None:
    """Tie the lines to the record. A line that it had before keeps the day on which it was filed."""
    if was_filed:
        release_lines(record_id=record.id, by=by, keep=[line.pk for line in lines])
    today = timezone.localdate(version.filed_at)
    discharge_held(
        held=lines,
        record_id=record.id,
        happened_on=version.happened_on,
        filed_on={line.pk: line.filed_on or today for line in lines},
    )
