"""Files that a page hands out."""

from __future__ import annotations

from typing import IO, Final

from django.http import FileResponse, HttpResponse
from django.utils.http import content_disposition_header

TYPES: Final = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
    "zip": "application/zip",
}


def download_stream(stream: IO[bytes], name: str) -> FileResponse:
    """The same piece by piece; the stream is closed when all of it has been sent."""
    return FileResponse(
        stream,
        as_attachment=True,
        filename=name,
        headers={"X-Content-Type-Options": "nosniff"},
        content_type=TYPES[name.rpartition(".")[2]],
    )


def download(content: bytes, name: str) -> HttpResponse:
    """The file under this name; what it is follows from its ending."""
    ending = name.rpartition(".")[2]
    response = HttpResponse(content, content_type=TYPES.get(ending, "application/octet-stream"))
    header = content_disposition_header(as_attachment=True, filename=name)
    response["Content-Disposition"] = header or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    return response
