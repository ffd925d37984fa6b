"""The ledger: read by the audit administrator alone. That someone read it leaves a line too."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header

from zhibu.ledger.models import Entry
from zhibu.ledger.services import note
from zhibu.org.models import Organization
from zhibu.people.roles import Verb
from zhibu.web import access, clock
from zhibu.web.forms.ledger import LedgerForm
from zhibu.web.pages.accounts import LedgerPage
from zhibu.web.pages.ledger import COLUMNS, as_row, word_lines
from zhibu.web.paging import page_of

_AT_ONCE = 2000
LISTED = 10_000
"""So many lines are turned through; of more nobody finds one by turning, and all would be counted."""


def ledger(request: HttpRequest) -> HttpResponse:
    """Who did what when, the newest first."""
    form = LedgerForm(request.GET)
    rows = _found(request, form)
    shown = page_of(request, rows.select_related("person")[:LISTED])
    page = LedgerPage(
        rows=shown, lines=word_lines(list(shown)), form=form, query=request.GET.urlencode(),
        is_cut=shown.paginator.count >= LISTED,
    )  # fmt: skip
    _note(request, "see_ledger", form)
    status = 200 if form.is_valid() else 422
    return render(request, "web/ledger.html", {"page": page}, status=status)


def export(request: HttpRequest) -> StreamingHttpResponse:
    """The same lines, all of them, for a spreadsheet."""
    form = LedgerForm(request.GET)
    rows = _found(request, form)
    _note(request, "export_ledger", form)
    response = StreamingHttpResponse(_lines(rows), content_type="text/csv; charset=utf-8")
    name = f"台账{clock.today():%Y%m%d}.csv"
    header = content_disposition_header(as_attachment=True, filename=name)
    response["Content-Disposition"] = header or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _found(request: HttpRequest, form: LedgerForm) -> QuerySet[Entry]:
    reach = access.reach(request)
    if not reach.has(Verb.SEE_LEDGER):
        raise Http404
    within = Organization.objects.filter(reach.within(Verb.SEE_LEDGER))
    # Lines without an organisation (accounts, norms, sign-ins) belong to the whole system.
    rows = Entry.objects.filter(
        Q(organization_id__in=within.values("pk")) | Q(organization_id=None)
    )
    return form.narrow(rows).order_by("-at", "-id")


def _note(request: HttpRequest, verb: str, form: LedgerForm) -> None:
    asked = {key: str(value) for key, value in form.cleaned_data.items() if value}
    note(
        by=access.person_of(request), verb=verb, organization_id=None, subject=None, detail=asked,
        at=clock.now(),
    )  # fmt: skip


class _Echo:
    """What `csv` writes to, and gives back at once."""

    def write(self, value: str) -> str:
        return value


def _lines(rows: QuerySet[Entry]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(COLUMNS)
    batch: list[Entry] = []
    for entry in rows.select_related("person").iterator(chunk_size=_AT_ONCE):
        batch.append(entry)
        if len(batch) == _AT_ONCE:
            yield from (writer.writerow(as_row(line)) for line in word_lines(batch))
            batch = []
    yield from (writer.writerow(as_row(line)) for line in word_lines(batch))
