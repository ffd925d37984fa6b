"""依法遮盖: one part of a filed record goes for good, by the level above, with basis and reason."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from zhibu.handbook.services import RecordRefused, redact_part
from zhibu.people.roles import Verb
from zhibu.web import clock
from zhibu.web.access import person_of
from zhibu.web.answers import see_other
from zhibu.web.pages.redaction import Asked, build_redaction
from zhibu.web.record_access import get_record


@require_http_methods(["GET", "POST"])
def redact(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask for part, basis and reason; show what would go; do it once that was looked at."""
    record = get_record(request, pk, Verb.REDACT)
    if record.current is None:
        raise Http404
    if request.method != "POST":
        return render(request, "web/redact.html", {"page": build_redaction(record)})
    asked = Asked(*(request.POST.get(name, "").strip() for name in ("part", "basis", "reason")))
    if request.POST.get("do") == "again":
        return render(request, "web/redact.html", {"page": build_redaction(record, asked)})
    page = build_redaction(record, asked, wants_check=True)
    if not page.is_checked:
        return render(request, "web/redact.html", {"page": page}, status=422)
    if request.POST.get("do") != "redact":
        return render(request, "web/redact.html", {"page": page})
    if not request.POST.get("understood"):
        page = replace(page, faults={"understood": "请先核对，勾选后才能遮盖。"})
        return render(request, "web/redact.html", {"page": page}, status=422)
    try:
        redact_part(
            record=record, part=asked.part, basis=asked.basis, reason=asked.reason,
            by=person_of(request), at=clock.now(),
        )  # fmt: skip
    except RecordRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"“{page.label}”已遮盖。记录的其余部分照常可以核验。")
    return see_other("record", pk)
