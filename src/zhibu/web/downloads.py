"""Files that a page hands out. Whoever takes one leaves a line in the ledger."""

from __future__ import annotations

from typing import IO, Final
from uuid import UUID

from django.db.models import Model
from django.http import FileResponse, HttpRequest, HttpResponse
from django.utils.http import content_disposition_header

from zhibu.ledger.services import note
from zhibu.web import clock
from zhibu.web.access import person_of

TYPES: Final = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
    "zip": "application/zip",
    "csv": "text/csv; charset=utf-8",
}


def note_export(
    request: HttpRequest,
    name: str,
    *,
    verb: str,
    organization_id: UUID | None,
    subject: Model | None = None,
) -> None:
    """The line that says who took which file out."""
    note(
        by=person_of(request), verb=verb, organization_id=organization_id, subject=subject,
        detail={"name": name}, at=clock.now(),
    )  # fmt: skip


def download(
    request: HttpRequest,
    content: bytes,
    name: str,
    *,
    verb: str,
    organization_id: UUID | None,
    subject: Model | None = None,
) -> HttpResponse:
    """The file under this name, noted; what it is follows from the ending of the name."""
    note_export(request, name, verb=verb, organization_id=organization_id, subject=subject)
    ending = name.rpartition(".")[2]
    response = HttpResponse(content, content_type=TYPES.get(ending, "application/octet-stream"))
    header = content_disposition_header(as_attachment=True, filename=name)
    response["Content-Disposition"] = header or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def download_stream(
    request: HttpRequest, stream: IO[bytes], name: str, *, verb: str, organization_id: UUID | None
) -> FileResponse:
    """The same piece by piece; the stream is closed when all of it has been sent."""
    note_export(request, name, verb=verb, organization_id=organization_id)
    return FileResponse(
        stream,
        as_attachment=True,
        filename=name,
        headers={"X-Content-Type-Options": "nosniff"},
        content_type=TYPES[name.rpartition(".")[2]],
    )
