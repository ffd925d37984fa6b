"""The verbs of the handbook: drafts, filing, attachments, redaction."""

from __future__ import annotations

from zhibu.handbook.refusals import (
    AttachmentRefused,
    DraftConflict,
    RecordIncomplete,
    RecordMoved,
    RecordRefused,
)
from zhibu.handbook.services.attachments import add_attachment, remove_attachment
from zhibu.handbook.services.drafts import (
    discard_draft,
    save_draft,
    start_correction,
    start_record,
)
from zhibu.handbook.services.filing import correct_record, file_record, void_record
from zhibu.handbook.services.redaction import redact_part, showing_parts

__all__ = [
    "AttachmentRefused",
    "DraftConflict",
    "RecordIncomplete",
    "RecordMoved",
    "RecordRefused",
    "add_attachment",
    "correct_record",
    "discard_draft",
    "file_record",
    "redact_part",
    "remove_attachment",
    "save_draft",
    "showing_parts",
    "start_correction",
    "start_record",
    "void_record",
]
