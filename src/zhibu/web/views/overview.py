"""总览: an organisation's children by months, down to the branch and the line."""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from uuid import UUID

from django.core.cache import cache
from django.core.paginator import Page
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from zhibu.documents.charts import draw_year_course
from zhibu.documents.overview import overview_xlsx
from zhibu.org import queries
from zhibu.org.models import Organization
from zhibu.org.reach import Reach
from zhibu.people.roles import Verb
from zhibu.plans.facts import standing_of
from zhibu.plans.models import PlanLine
from zhibu.plans.queries import lines_due, overdue_lines
from zhibu.rules.norm import PracticeClass
from zhibu.web import access, clock
from zhibu.web.downloads import download
from zhibu.web.pages.forms import Crumb
from zhibu.web.pages.home import Item
from zhibu.web.pages.overview import (
    OverviewPage,
    build_overview,
    course_of,
    overview_address,
    overview_values,
)
from zhibu.web.paging import page_of

EXPORTED = 2000  # rows of one Excel file; what lies deeper is exported from there


def overview(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The children of an organisation by months, in the order of the tree."""
    return render(request, "web/overview.html", {"page": _page(request, pk, Verb.SEE_OVERVIEW)})


def export(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The same as Excel."""
    page = _page(request, pk, Verb.EXPORT, size=EXPORTED)
    name = f"{page.organization.short_name}{page.year}年度总览.xlsx"
    content = overview_xlsx(overview_values(page))
    return download(
        request, content, name, verb="export_overview", organization_id=page.organization.pk
    )


def course(request: HttpRequest, pk: UUID, year: int) -> HttpResponse:
    """The year's course as a picture; drawn once for the same numbers."""
    organization = access.get_organization(request, pk, Verb.SEE_OVERVIEW)
    months = course_of(organization, _sane(year), clock.today())
    key = "course2-" + sha256(repr(months).encode()).hexdigest()
    picture = cache.get(key)
    if picture is None:
        picture = draw_year_course(months, width=470, height=190)  # as wide as half a page
        cache.set(key, picture, 86_400)
    response = HttpResponse(picture, content_type="image/svg+xml")
    # The picture carries its own style attributes and nothing that runs.
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    response["Cache-Control"] = "private, max-age=60"
    return response


def cell(request: HttpRequest, pk: UUID, year: int, month: int) -> HttpResponse:
    """The lines of one branch that are due in one month, each with its why."""
    branch = access.get_visible(
        request, Organization.objects.branches(), Verb.SEE_OVERVIEW, prefix="", pk=pk
    )
    if not 1 <= month <= 12:
        raise Http404
    rows = page_of(request, lines_due(branch, _sane(year), month))
    title = f"{branch.short_name} {year}年{month}月到期事项"
    return _lines(request, branch, rows, title, year)


def overdue(request: HttpRequest, pk: UUID) -> HttpResponse:
    """All that is overdue below an organisation today, in the order of the tree."""
    organization = access.get_organization(request, pk, Verb.SEE_OVERVIEW)
    day = clock.today()
    rows = page_of(request, overdue_lines(organization, day))
    return _lines(request, organization, rows, f"{organization.short_name}逾期清单", day.year)


def _lines(
    request: HttpRequest, organization: Organization, rows: Page[PlanLine], title: str, year: int
) -> HttpResponse:
    day = clock.today()
    items = []
    for line in rows:
        record = reverse("record", args=(line.discharged_by,)) if line.discharged_by else ""
        items.append(Item(line, standing_of(line, day), record, False))
    reach = access.reach(request)
    return render(
        request,
        "web/overview_lines.html",
        {
            "title": title,
            "organization": organization,
            "crumbs": _crumbs(organization, reach, year, itself=True),
            "items": items,
            "rows": rows,
        },
    )


def _page(request: HttpRequest, pk: UUID, verb: Verb, size: int = 50) -> OverviewPage:
    organization = access.get_organization(request, pk, verb)
    day = clock.today()
    asked = request.GET.get("year", "")
    year = _sane(int(asked)) if asked.isdecimal() and len(asked) == 4 else day.year
    wanted = request.GET.get("class", "")
    reach = access.reach(request)
    # The tree of that year: what moved away in it is shown as far as it was here.
    below: queries.ChildrenBetween | list[Organization] = [organization]
    if organization.kind != Organization.Kind.BRANCH:
        below = queries.ChildrenBetween(organization.pk, date(year, 1, 1), date(year, 12, 31))
    return build_overview(
        organization,
        page_of(request, below, size),
        reach,
        year=year,
        practice_class=wanted if wanted in set(PracticeClass) else "",
        day=day,
        crumbs=_crumbs(organization, reach, year, itself=False),
    )


def _crumbs(
    organization: Organization, reach: Reach, year: int, *, itself: bool
) -> tuple[Crumb, ...]:
    way = [*queries.ancestors_of(organization), *([organization] if itself else [])]
    return tuple(
        Crumb(each.short_name, overview_address(each, year))
        for each in way
        if reach.may(Verb.SEE_OVERVIEW, each.path)
    )


def _sane(year: int) -> int:
    if not 1949 <= year <= 2100:
        raise Http404
    return year
