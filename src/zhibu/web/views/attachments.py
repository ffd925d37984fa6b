"""Files of a record: taken in with the form, given out only with the right to read the record."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from zhibu.handbook.models import Attachment, Record
from zhibu.handbook.services import (
    AttachmentRefused,
    RecordRefused,
    add_attachment,
    remove_attachment,
)
from zhibu.people.roles import Verb
from zhibu.web import clock
from zhibu.web.access import get_visible, person_of
from zhibu.web.forms.record_form import read_key
from zhibu.web.record_access import get_record

# Pictures that every browser draws and that can hold no script.
SHOWN_IN_PLACE: Final = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})


def take_files(request: HttpRequest, record: Record, deed: str) -> dict[str, str]:
    """Add the files that the form sent, take out the one it names; what was refused, by field."""
    faults: list[str] = []
    by, at = person_of(request), clock.now()
    try:
        for file in request.FILES.getlist("files"):
            try:
                add_attachment(record=record, name=file.name or "", stream=file, by=by, at=at)
            except AttachmentRefused as refused:
                faults.append(str(refused))
        verb, _, key = deed.partition(":")
        if verb == "detach" and (wanted := read_key(key)):
            held = Attachment.objects.filter(record=record, pk=wanted).select_related("record")
            for attachment in held:
                remove_attachment(attachment=attachment, by=by, at=at)
    except RecordRefused as refused:
        faults.append(str(refused))
    return {"attachments": " ".join(faults)} if faults else {}


@require_safe
def download(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The bytes of a file, for whoever may read its record."""
    attachment = get_visible(
        request,
        Attachment.objects.select_related("record"),
        Verb.SEE_BRANCH,
        prefix="record__branch__",
        pk=pk,
    )
    record = get_record(request, attachment.record_id)
    if not attachment.is_filed:
        # Not named by any version yet: only for those who write the draft.
        get_record(request, record.pk, Verb.DRAFT_RECORD)
    try:
        stream = attachment.file.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    answer = FileResponse(stream, content_type=attachment.media_type)
    is_saved = attachment.media_type not in SHOWN_IN_PLACE or "download" in request.GET
    answer["Content-Disposition"] = (
        content_disposition_header(is_saved, attachment.name) or "attachment"
    )
    answer["Content-Length"] = str(attachment.size)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Cache-Control"] = "private, no-store"
    return answer
