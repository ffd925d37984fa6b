"""Addresses of records, their files, the book of a year and its seals."""

from __future__ import annotations

from typing import Final

from django.urls import URLPattern, path

from zhibu.people.roles import Verb
from zhibu.web.views import attachments, books, drafts, records, redactions, seals

_BOOK = "b/<uuid:branch>/book/<int:year>/"

urlpatterns: list[URLPattern] = [
    path("b/<uuid:branch>/records/", records.record_list, name="record-list"),
    path("b/<uuid:branch>/records/new/", records.new, name="record-new"),
    path("r/<uuid:pk>/", records.show, name="record"),
    path("r/<uuid:pk>/correct/", records.correct, name="record-correct"),
    path("r/<uuid:pk>/void/", records.void, name="record-void"),
    path("r/<uuid:pk>/redact/", redactions.redact, name="record-redact"),
    path("r/<uuid:pk>/edit/", drafts.edit, name="record-edit"),
    path("r/<uuid:pk>/save/", drafts.save, name="record-save"),
    path("r/<uuid:pk>/file/", drafts.file, name="record-file"),
    path("r/<uuid:pk>/discard/", drafts.discard, name="record-discard"),
    path("a/<uuid:pk>/", attachments.download, name="attachment"),
    path(_BOOK, books.book, name="book"),
    path(f"{_BOOK}book.pdf", books.pdf, name="book-pdf"),
    path(f"{_BOOK}book.docx", books.docx, name="book-docx"),
    path(f"{_BOOK}book.zip", books.bundle, name="book-zip"),
    path("b/<uuid:branch>/seal/", seals.seal, name="seal"),
    path("seals/<uuid:pk>/countersign/", seals.countersign, name="seal-countersign"),
]

RIGHTS: Final[dict[str, Verb | str]] = {
    "record-list": Verb.SEE_BRANCH,
    "record-new": Verb.DRAFT_RECORD,
    "record": Verb.SEE_BRANCH,
    "record-correct": Verb.AMEND_RECORD,
    "record-void": Verb.AMEND_RECORD,
    "record-redact": Verb.REDACT,
    "record-edit": Verb.DRAFT_RECORD,
    "record-save": Verb.DRAFT_RECORD,
    "record-file": Verb.FILE_RECORD,
    "record-discard": Verb.DRAFT_RECORD,
    "attachment": Verb.SEE_BRANCH,
    "book": Verb.SEE_BRANCH,
    "book-pdf": Verb.EXPORT,
    "book-docx": Verb.EXPORT,
    "book-zip": Verb.EXPORT,
    "seal": Verb.SEAL,
    "seal-countersign": Verb.COUNTERSIGN,
}
