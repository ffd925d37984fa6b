"""The book of a year: on the screen, and to take along."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from zhibu.handbook.models import RecordVersion
from zhibu.org.models import Organization
from zhibu.people.roles import Verb
from zhibu.web.access import get_organization, reach
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


def _rights(request: HttpRequest, branch: Organization) -> BookRights:
    held = reach(request)
    return BookRights(
        may_write=pen_of(request, branch) is not None,
        may_seal=held.may(Verb.SEAL, branch.path),
        may_export=held.may(Verb.EXPORT, branch.path),
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
