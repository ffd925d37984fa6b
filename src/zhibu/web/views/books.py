"""The book of a year: on the screen, and to take along."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from zhibu.documents.fonts import FontMissing
from zhibu.documents.typesetting import TypesettingFailed, typeset_book
from zhibu.documents.word import write_book_docx
from zhibu.handbook.books import bind_book
from zhibu.handbook.bundle import ExportFailed, export_bundle
from zhibu.handbook.models import RecordVersion
from zhibu.org.models import Organization
from zhibu.people.roles import Verb
from zhibu.web import clock
from zhibu.web.access import get_organization, reach
from zhibu.web.downloads import download, download_stream
from zhibu.web.pages.book import BookRights, build_book
from zhibu.web.pages.record_list import filed_records
from zhibu.web.record_access import may_read_talks, pen_of, without_talks


@require_safe
def book(request: HttpRequest, branch: UUID, year: int) -> HttpResponse:
    """The year's records by kind, and the seals over them."""
    organization = get_organization(request, branch, Verb.SEE_BRANCH)
    if not 1921 <= year <= 2200:
        raise Http404
    records = filed_records(organization).filter(current__year=year).reverse()
    if not may_read_talks(request, organization):
        records = without_talks(records)
    years = RecordVersion.objects.filter(branch=organization).order_by("year")
    page = build_book(
        organization,
        year,
        records=list(records),
        years=list(years.values_list("year", flat=True).distinct()),
        rights=_rights(request, organization),
    )
    return render(request, "web/book.html", {"page": page})


@require_safe
def pdf(request: HttpRequest, branch: UUID, year: int) -> HttpResponse:
    """The book as it is printed and bound."""
    return _take(request, branch, year, "pdf")


@require_safe
def docx(request: HttpRequest, branch: UUID, year: int) -> HttpResponse:
    """The book as a Word file."""
    return _take(request, branch, year, "docx")


@require_safe
def bundle(request: HttpRequest, branch: UUID, year: int) -> HttpResponseBase:
    """The book with its records, files and signatures: it verifies on any machine by itself."""
    organization = _to_take(request, branch, year)
    # On the disk, not in memory: a year's pictures may be larger than the machine.
    with ExitStack() as undone:
        stream = undone.enter_context(tempfile.TemporaryFile())
        try:
            pdf = typeset_book(bind_book(organization, year, today=clock.today()))
            export_bundle(stream, branch=organization, year=year, at=clock.now(), pdf=pdf)
        except (FontMissing, TypesettingFailed, ExportFailed) as error:
            messages.error(request, str(error))
            return redirect("book", branch, year)
        stream.seek(0)
        undone.pop_all()  # the answer closes it
        name = _file_name(organization, year, "zip")
        return download_stream(
            request, stream, name, verb="export_book", organization_id=organization.pk
        )


def _take(request: HttpRequest, branch: UUID, year: int, form: str) -> HttpResponse:
    organization = _to_take(request, branch, year)
    bound = bind_book(organization, year, today=clock.today())
    try:
        content = typeset_book(bound) if form == "pdf" else write_book_docx(bound)
    except (FontMissing, TypesettingFailed) as error:
        messages.error(request, str(error))
        return redirect("book", branch, year)
    name = _file_name(organization, year, form)
    return download(request, content, name, verb="export_book", organization_id=organization.pk)


def _to_take(request: HttpRequest, branch: UUID, year: int) -> Organization:
    organization = get_organization(request, branch, Verb.EXPORT)
    # The bound book holds the talks too: who may not read them takes no book.
    if not 1921 <= year <= 2200 or not may_read_talks(request, organization):
        raise Http404
    return organization


def _file_name(branch: Organization, year: int, form: str) -> str:
    return f"{branch.short_name}{year}年工作手册.{form}"


def _rights(request: HttpRequest, branch: Organization) -> BookRights:
    held = reach(request)
    may_export = held.may(Verb.EXPORT, branch.path)
    may_read_all = may_read_talks(request, branch)
    return BookRights(
        may_write=pen_of(request, branch) is not None,
        may_seal=held.may(Verb.SEAL, branch.path),
        may_export=may_export and may_read_all,
        lacks_talks=may_export and not may_read_all,
        countersigner=countersigner(request, branch),
    )


def countersigner(request: HttpRequest, branch: Organization) -> Organization | None:
    """The organisation above the branch for which this person signs: the nearest one."""
    if not reach(request).may(Verb.COUNTERSIGN, branch.path):
        return None
    above = [
        hold
        for hold in reach(request).with_verb(Verb.COUNTERSIGN)
        if hold.with_below and branch.path.startswith(hold.path) and branch.path != hold.path
    ]
    nearest = max(above, key=lambda hold: len(hold.path), default=None)
    if nearest is None:
        return None
    return Organization.objects.filter(pk=nearest.organization_id).first()
