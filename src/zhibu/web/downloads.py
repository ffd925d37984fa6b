"""Files that a page hands out."""

from __future__ import annotations

from typing import Final

from django.http import HttpResponse
from django.utils.http import content_disposition_header

TYPES: Final = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
    "zip": "application/zip",
}


def download(content: bytes, name: str) -> HttpResponse:
    """The file under this name; what it is follows from its ending."""
    ending = name.rpartition(".")[2]
    response = HttpResponse(content, content_type=TYPES.get(ending, "application/octet-stream"))
    header = content_disposition_header(as_attachment=True, filename=name)
    response["Content-Disposition"] = header or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    return response
