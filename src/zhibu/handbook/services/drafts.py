"""Verbs of the draft. A draft is free: it can be saved as often as one likes and leaves no trace."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import F

from zhibu.handbook.models import Attachment, Record
from zhibu.handbook.refusals import DraftConflict, RecordRefused
from zhibu.handbook.versions import read_version
from zhibu.ledger.services import note
from zhibu.org.models import Organization
from zhibu.people.keys import new_key
from zhibu.people.models import Person
from zhibu.rules.contents import RecordContent
from zhibu.rules.contents_data import Data, from_data, to_data


@transaction.atomic
def start_record(
    *, branch: Organization, by: Person, at: datetime, draft: RecordContent, key: UUID | None = None
) -> Record:
    """A new record with its draft. Raises ContentError for a content that cannot be stored.

    `key` is the record's, where a device without a network has given it one: IntegrityError when
    it has come before.
    """
    if branch.kind != Organization.Kind.BRANCH:
        raise RecordRefused("只有党支部可以填写记录。")
    record = Record.objects.create(
        id=key or new_key(),
        branch=branch,
        draft=_checked(draft),
        revision=1,
        drafted_by=by,
        drafted_at=at,
    )
    note(
        by=by,
        verb="start_record",
        organization_id=branch.id,
        subject=record,
        detail={"activities": [activity.value for activity in draft.activities]},
        at=at,
    )
    return record


@transaction.atomic
def save_draft(
    *, record: Record, revision: int, draft: RecordContent, by: Person, at: datetime
) -> Record:
    """Save what is being written; `revision` is the one that the writer read.

    Gives the record with its new revision. The same save sent twice counts once. Raises
    DraftConflict when somebody else has saved since, RecordRefused when nothing is being written,
    ContentError for a content that cannot be stored.
    """
    data = _checked(draft)
    saved = Record.objects.filter(pk=record.pk, revision=revision, draft__isnull=False).update(
        draft=data, revision=F("revision") + 1, drafted_by=by, drafted_at=at
    )
    current = Record.objects.select_related("branch", "current", "drafted_by").get(pk=record.pk)
    if saved:
        return current
    if current.draft is None:
        raise RecordRefused("这份记录已经归档或草稿已经放弃，不能再保存草稿。")
    # A telephone that lost the answer sends the same thing again.
    is_repeated = current.revision == revision + 1 and current.drafted_by_id == by.id
    if is_repeated and current.draft == data:
        return current
    raise DraftConflict(
        draft=from_data(current.draft),
        by=current.drafted_by,
        at=current.drafted_at,
        revision=current.revision,
    )


@transaction.atomic
def start_correction(*, record: Record, by: Person, at: datetime) -> Record:
    """Open a draft that begins with what was filed last. One that is open already is given as is."""
    current = lock_record(record.pk)
    if current.state != Record.State.FILED or current.current is None:
        raise RecordRefused("只有已归档的记录可以更正。")
    if current.draft is not None:
        return current
    filed = read_version(current.current).content
    current.draft = to_data(filed)
    current.revision += 1
    current.drafted_by = by
    current.drafted_at = at
    current.save(update_fields=["draft", "revision", "drafted_by", "drafted_at"])
    keys = [UUID(file.key) for file in filed.attachments]
    Attachment.objects.filter(record=current).update(in_draft=False)
    Attachment.objects.filter(record=current, pk__in=keys).update(in_draft=True)
    note(
        by=by,
        verb="start_correction",
        organization_id=current.branch_id,
        subject=current,
        at=at,
    )
    return current


@transaction.atomic
def discard_draft(*, record: Record, revision: int, by: Person, at: datetime) -> None:
    """Give up a draft. A record that was never filed goes with it; what was filed stays.

    Raises DraftConflict when somebody else has saved since `revision`.
    """
    current = lock_record(record.pk)
    check_revision(current, revision)
    note(
        by=by,
        verb="discard_draft",
        organization_id=current.branch_id,
        subject=current,
        at=at,
    )
    files = list(Attachment.objects.filter(record=current, is_filed=False))
    Attachment.objects.filter(pk__in=[file.pk for file in files]).delete()
    for file in files:
        transaction.on_commit(partial(file.file.delete, save=False), robust=True)
    if current.state == Record.State.DRAFT:
        current.delete()
        return
    current.draft = None
    current.revision += 1
    current.save(update_fields=["draft", "revision"])


def lock_record(key: UUID) -> Record:
    """The record, held until the transaction ends.

    Raises RecordRefused when it was given up meanwhile.
    """
    held = Record.objects.select_for_update()
    record = held.filter(pk=key).first()
    if record is None:
        raise RecordRefused("这份草稿刚刚被放弃，没有可以办理的内容。")
    return record


def check_revision(record: Record, revision: int) -> RecordContent:
    """The draft, when it is the one that the writer read. Raises RecordRefused, DraftConflict."""
    if record.draft is None:
        raise RecordRefused("这份记录没有正在填写的草稿。")
    draft = from_data(record.draft)
    if record.revision != revision:
        raise DraftConflict(
            draft=draft, by=record.drafted_by, at=record.drafted_at, revision=record.revision
        )
    return draft


def _checked(draft: RecordContent) -> Data:
    """The data of a draft, read back once: what cannot be read must not be stored."""
    data = to_data(draft)
    from_data(data)
    return data
