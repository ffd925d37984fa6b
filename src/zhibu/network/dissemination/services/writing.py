"""Verbs of a draft: write it, attach files, throw it away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import IO, Final
from uuid import UUID

from django.conf import settings
from django.core.files.base import File
from django.db import transaction
from django.utils import timezone

from zhibu.documents.literal import clean, clean_line
from zhibu.handbook.refusals import AttachmentRefused
from zhibu.handbook.uploads import inspect_upload
from zhibu.ledger.services import note
from zhibu.network.dissemination.facts import TextDraft
from zhibu.network.dissemination.models import Audience, Text, TextFile, TextQuerySet
from zhibu.network.dissemination.refusals import TextConflict, TextRefused
from zhibu.org.models import Organization
from zhibu.org.services import Refused
from zhibu.people.keys import new_key
from zhibu.people.models import Person
from zhibu.rules.reach import MOST_ORGANIZATIONS, TITLE_LENGTH

MOST_FILES: Final = 20  # of one text
UNTITLED: Final = "未命名文件"


@transaction.atomic
def draft_text(*, organization: Organization, draft: TextDraft, by: Person, at: datetime) -> Text:
    """Begin a text that this organisation is to send down. Raises Refused."""
    if organization.kind == Organization.Kind.GROUP:
        raise Refused("党小组不下发文件，请由党支部下发。")
    if organization.dissolved_on is not None and organization.dissolved_on < timezone.localdate(at):
        raise Refused(f"“{organization.name}”已经撤销，不能下发文件。")
    text = Text(id=new_key(), organization=organization, drafted_by=by, drafted_at=at)
    _fill(text, draft)
    text.save(force_insert=True)
    _address(text, draft.organizations)
    note(by=by, verb="draft_text", organization_id=organization.pk, subject=text, at=at)
    return text


@transaction.atomic
def save_text(*, text: Text, revision: int, draft: TextDraft, by: Person, at: datetime) -> Text:
    """Write the draft anew. Raises TextConflict when somebody saved it since, TextRefused."""
    held = hold_draft(text, revision)
    _fill(held, draft)
    held.revision += 1
    held.save()
    _address(held, draft.organizations)
    note(by=by, verb="edit_text", organization_id=held.organization_id, subject=held, at=at)
    return held


@transaction.atomic
def discard_text(*, text: Text, by: Person, at: datetime) -> None:
    """Throw a draft away, with its files. Raises TextRefused for what was issued."""
    held = hold_draft(text, None)
    note(
        by=by, verb="discard_text", organization_id=held.organization_id, subject=held, at=at,
        detail={"title": held.title},
    )  # fmt: skip
    for file in TextFile.objects.filter(text=held):
        _delete_file(file)
    held.delete()


def add_file(*, text: Text, name: str, stream: IO[bytes], by: Person, at: datetime) -> TextFile:
    """Attach a file to a draft. Raises AttachmentRefused, TextRefused.

    `stream` is read from its beginning and must be seekable. The same file twice is there once.
    """
    made = inspect_file(text, name, stream, by, at)
    with bytes_go_with([made]), transaction.atomic():
        held = hold_draft(text, None)
        return keep_file(held, made, stream, by, at)


@transaction.atomic
def remove_file(*, file: TextFile, by: Person, at: datetime) -> None:
    """Take a file off a draft. Raises TextRefused for what was issued."""
    held = hold_draft(file.text, None)
    found = TextFile.objects.filter(pk=file.pk, text=held).first()
    if found is None:
        return
    note(
        by=by, verb="remove_text_file", organization_id=held.organization_id, subject=held, at=at,
        detail={"name": found.name},
    )  # fmt: skip
    _delete_file(found)


def hold_text(text: Text) -> Text:
    """The row of a text, held until the transaction ends: here those who change it queue."""
    return _held().get(pk=text.pk)


def _held() -> TextQuerySet:
    return Text.objects.select_for_update(of=("self",), no_key=True).select_related("organization")


def hold_draft(text: Text, revision: int | None) -> Text:
    """A draft, held. Raises TextRefused when it is none, TextConflict for an old revision."""
    held = _held().filter(pk=text.pk).first()
    if held is None:
        raise TextRefused("这份草稿已被删除。")
    if not held.is_draft:
        raise TextRefused("这份文件已经下发，不能再作为草稿修改。")
    if revision is not None and held.revision != revision:
        raise TextConflict(held)
    return held


def inspect_file(text: Text, name: str, stream: IO[bytes], by: Person, at: datetime) -> TextFile:
    """The row of a file that was looked at, not stored. Raises AttachmentRefused."""
    upload = inspect_upload(name, stream, max_bytes=settings.ATTACHMENT_MAX_BYTES)
    return TextFile(
        id=new_key(), text=text, name=upload.name, media_type=upload.media_type,
        size=upload.size, digest=upload.digest, added_at=at, added_by=by,
    )  # fmt: skip


def keep_file(held: Text, made: TextFile, stream: IO[bytes], by: Person, at: datetime) -> TextFile:
    """Store a file of a text that is held by this transaction, inside `bytes_go_with`."""
    current = TextFile.objects.filter(text=held, is_current=True)
    if same := current.filter(digest=made.digest, name=made.name).first():
        return same
    if current.count() >= MOST_FILES:
        raise AttachmentRefused(f"一份文件最多 {MOST_FILES} 个附件。")
    stream.seek(0)
    made.file.save(made.name, File(stream), save=False)
    made.save(force_insert=True)
    note(
        by=by, verb="add_text_file", organization_id=held.organization_id, subject=held,
        detail={"name": made.name, "digest": made.digest}, at=at,
    )  # fmt: skip
    return made


@contextmanager
def bytes_go_with(made: Iterable[TextFile]) -> Iterator[None]:
    """The bytes that were stored for these rows go when the transaction inside fails."""
    try:
        yield
    except Exception:
        for row in made:
            if row.file:
                row.file.delete(save=False)
        raise


def _delete_file(file: TextFile) -> None:
    file.delete()
    transaction.on_commit(lambda: file.file.delete(save=False), robust=True)


def _fill(text: Text, draft: TextDraft) -> None:
    text.title = (clean_line(draft.title) or UNTITLED)[:TITLE_LENGTH]
    text.body = clean(draft.body).strip()
    text.readers = draft.readers.value
    text.kinds = _listed(draft.kinds, Organization.Kind.values)
    text.fields = _listed(draft.fields, Organization.Field.values)
    text.mode = draft.mode.value
    text.reach_by = draft.reach_by
    text.theme_id = draft.theme_id


def _listed(chosen: Iterable[str], known: list[str]) -> str:
    """The known ones as they are stored; all of them are the same as none."""
    wanted = [value for value in known if value in set(chosen)]
    return f",{','.join(wanted)}," if 0 < len(wanted) < len(known) else ""


def _address(text: Text, organizations: Iterable[UUID]) -> None:
    """Whom it is for, written anew. Raises Refused for more than can be named."""
    wanted = set(organizations)
    if len(wanted) > MOST_ORGANIZATIONS:
        raise Refused(f"最多选择{MOST_ORGANIZATIONS}个党组织，请改选它们共同的上级。")
    rows = Organization.objects.filter(pk__in=wanted).exclude(kind=Organization.Kind.GROUP)
    Audience.objects.filter(text=text).delete()
    Audience.objects.bulk_create(
        Audience(text=text, organization_id=key, path=path)
        for key, path in rows.order_by("path").values_list("pk", "path")
    )
