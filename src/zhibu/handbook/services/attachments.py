"""Verbs of attachments. They come and go with a draft; what a version names stays."""

from __future__ import annotations

from datetime import datetime
from typing import IO

from django.conf import settings
from django.core.files.base import File
from django.db import transaction

from zhibu.handbook.models import Attachment, Record
from zhibu.handbook.refusals import AttachmentRefused, RecordRefused
from zhibu.handbook.services.drafts import lock_record
from zhibu.handbook.uploads import inspect_upload
from zhibu.ledger.services import note
from zhibu.people.keys import new_key
from zhibu.people.models import Person

MOST_FILES = 50  # of one record


def add_attachment(
    *, record: Record, name: str, stream: IO[bytes], by: Person, at: datetime
) -> Attachment:
    """Add a file to what is being written. Raises AttachmentRefused, RecordRefused.

    `stream` is read from its beginning and must be seekable. The same file twice is there once.
    """
    upload = inspect_upload(name, stream, max_bytes=settings.ATTACHMENT_MAX_BYTES)
    attachment = Attachment(
        id=new_key(),
        record=record,
        name=upload.name,
        media_type=upload.media_type,
        size=upload.size,
        digest=upload.digest,
        added_at=at,
        added_by=by,
    )
    with transaction.atomic():
        current = _writable(record)
        held = Attachment.objects.filter(record=current, in_draft=True)
        same = held.filter(digest=upload.digest, name=upload.name).first()
        if same is not None:
            return same
        if held.count() >= MOST_FILES:
            raise AttachmentRefused(f"一份记录最多 {MOST_FILES} 个附件。")
        stream.seek(0)
        attachment.file.save(upload.name, File(stream), save=False)
        try:
            attachment.save(force_insert=True)
            note(
                by=by,
                verb="add_attachment",
                organization_id=current.branch_id,
                subject=current,
                detail={"name": upload.name, "digest": upload.digest},
                at=at,
            )
        except Exception:
            attachment.file.delete(save=False)
            raise
    return attachment


@transaction.atomic
def remove_attachment(*, attachment: Attachment, by: Person, at: datetime) -> None:
    """Take a file out of what is being written. One that a version names stays with that version."""
    current = _writable(attachment.record)
    held = Attachment.objects.filter(pk=attachment.pk, record=current, in_draft=True).first()
    if held is None:
        return
    note(
        by=by,
        verb="remove_attachment",
        organization_id=current.branch_id,
        subject=current,
        detail={"name": held.name, "digest": held.digest},
        at=at,
    )
    if held.is_filed:
        Attachment.objects.filter(pk=held.pk).update(in_draft=False)
        return
    held.delete()
    transaction.on_commit(lambda: held.file.delete(save=False), robust=True)


def _writable(record: Record) -> Record:
    current = lock_record(record.pk)
    if current.draft is None:
        raise RecordRefused("附件只能在填写草稿时增减。已归档的记录请先办理更正。")
    return current
