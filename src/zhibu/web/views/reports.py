"""月度工作报告: see a month, add words, issue, receive, take it along."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from zhibu.documents.fonts import FontMissing
from zhibu.documents.official import typeset_official, write_official_docx
from zhibu.documents.typesetting import TypesettingFailed
from zhibu.network.reports import queries
from zhibu.network.reports.models import Report, ReportVersion
from zhibu.network.reports.services import (
    ReportConflict,
    issue_report,
    receive_report,
    write_words,
)
from zhibu.org.models import Organization
from zhibu.org.services import Refused
from zhibu.people.roles import Verb
from zhibu.rules.periods import first_of, month_index
from zhibu.rules.reporting_values import OWN_PARTS, PART_TITLES
from zhibu.web import access, clock
from zhibu.web.answers import see_other
from zhibu.web.downloads import download
from zhibu.web.forms.reports import IssueForm, ReceiveForm, WordsForm
from zhibu.web.pages.forms import Crumb
from zhibu.web.pages.report_document import official_of
from zhibu.web.pages.report_sheet import build_report, has_month, pick_version, read_month
from zhibu.web.pages.reports import RECENT, WordsPage, build_below, build_reports
from zhibu.web.paging import page_of


@require_safe
def index(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The months of an organisation: to be written now, and issued."""
    organization = _organization(request, pk, Verb.SEE_OVERVIEW)
    day = clock.today()
    reports = queries.reports_of(organization)
    shown = first_of(month_index(day) - RECENT + 1)  # from here on the months stand above already
    rows = page_of(request, queries.issued_before(organization, shown), 24)
    newest = {(row.year, row.month): row for row in reports[: RECENT + 1]}
    page = build_reports(
        organization,
        rows,
        newest,
        reach=access.reach(request),
        day=day,
        has_below=queries.reporting_below(organization, day).exists(),
        crumbs=_crumbs(organization),
    )
    return render(request, "web/reports/list.html", {"page": page})


@require_safe
def show(request: HttpRequest, pk: UUID, year: int, month: int) -> HttpResponse:
    """A month: the newest version that was issued, or as it is worked out now."""
    organization = _organization(request, pk, Verb.SEE_OVERVIEW)
    return _show(request, organization, year, month)


def _show(
    request: HttpRequest, organization: Organization, year: int, month: int, *, status: int = 200
) -> HttpResponse:
    _check_month(organization, year, month)
    page = build_report(
        organization,
        year,
        month,
        wanted=_version(request),
        reach=access.reach(request),
        day=clock.today(),
        crumbs=_crumbs(organization, has_list=True),
    )
    if page is None:
        raise Http404
    return render(request, "web/reports/report.html", {"page": page}, status=status)


@require_safe
def below(request: HttpRequest, pk: UUID, year: int, month: int) -> HttpResponse:
    """Which organisations right below have reported for a month."""
    organization = _organization(request, pk, Verb.SEE_OVERVIEW)
    _check_month(organization, year, month)
    day = clock.today()
    page = build_below(
        organization,
        page_of(request, queries.reporting_below(organization, day)),
        year,
        month,
        reach=access.reach(request),
        day=day,
        crumbs=_crumbs(organization, has_list=True),
    )
    return render(request, "web/reports/below.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
def write(request: HttpRequest, pk: UUID, year: int, month: int) -> HttpResponse:
    """The office's own words."""
    organization = _organization(request, pk, Verb.WRITE_REPORT)
    _check_month(organization, year, month)
    row = queries.find_report(organization, year, month)
    if request.method != "POST":
        stored = {**row.words, "revision": row.revision} if row else {"revision": 0}
        return _write(request, organization, year, month, WordsForm(initial=stored))
    form = WordsForm(request.POST)
    if not form.is_valid():
        return _write(request, organization, year, month, form, status=422)
    try:
        write_words(
            organization=organization,
            year=year,
            month=month,
            revision=form.cleaned_data["revision"],
            words=form.words,
            by=access.person_of(request),
            at=clock.now(),
        )
    except ReportConflict:
        newest = queries.find_report(organization, year, month)
        return _write(request, organization, year, month, form, status=409, other=newest)
    except Refused as refused:
        form.add_error(None, str(refused))
        return _write(request, organization, year, month, form, status=422)
    messages.success(request, "补充内容已保存。")
    if row is not None and row.latest_id is not None:
        messages.info(request, "要让上级看到补充的内容，请重新上报。")
        return redirect(f"{_address(organization, year, month)}?version=0")
    return see_other("report", pk, year, month)


def _write(
    request: HttpRequest,
    organization: Organization,
    year: int,
    month: int,
    form: WordsForm,
    *,
    status: int = 200,
    other: Report | None = None,
) -> HttpResponse:
    stored: tuple[tuple[str, str], ...] = ()
    if other is not None:
        stored = tuple(
            (PART_TITLES[part], other.words.get(part.value, "") or "（没有内容）")
            for part in OWN_PARTS
        )
        # Sent once more it is meant: what the other wrote has been shown.
        form.data = {**form.data.dict(), "revision": str(other.revision)}  # type: ignore[attr-defined]
    page = WordsPage(
        organization=organization,
        crumbs=_crumbs(organization, has_list=True),
        year=year,
        month=month,
        form=form,
        stored=stored,
        notice="他人刚刚保存了补充内容，列在下面。请合并后再保存；直接保存将以您的内容为准。"
        if stored
        else "",
    )
    return render(request, "web/reports/write.html", {"page": page}, status=status)


@require_POST
def issue(request: HttpRequest, pk: UUID, year: int, month: int) -> HttpResponse:
    """Send the month to the level above, as it is worked out now."""
    organization = _organization(request, pk, Verb.WRITE_REPORT)
    _check_month(organization, year, month)
    form = IssueForm(request.POST)
    if not form.is_valid():
        messages.error(request, "没有上报：页面内容不完整，请重新打开后再试。")
        return _show(request, organization, year, month, status=422)
    try:
        issued = issue_report(
            organization=organization,
            year=year,
            month=month,
            revision=form.cleaned_data["revision"],
            version=form.cleaned_data["version"],
            by=access.person_of(request),
            at=clock.now(),
        )
    except Refused as refused:
        messages.error(request, f"没有上报：{refused}")
        return _show(request, organization, year, month, status=409)
    done = "已印发" if organization.parent_id is None else "已上报"
    again = f"（第{issued.version}版）" if issued.version > 1 else ""
    messages.success(request, f"{year}年{month}月的报告{done}{again}。")
    return see_other("report", pk, year, month)


@require_POST
def receive(request: HttpRequest, pk: UUID, year: int, month: int) -> HttpResponse:
    """The level above confirms that it has the report."""
    organization = _organization(request, pk, Verb.WRITE_REPORT)
    if organization.parent is None:
        raise Http404
    access.require(request, Verb.WRITE_REPORT, organization.parent.path)
    _check_month(organization, year, month)
    form = ReceiveForm(request.POST)
    version = None
    if form.is_valid():
        version = ReportVersion.objects.filter(
            pk=form.cleaned_data["version"],
            report__organization=organization,
            report__year=year,
            report__month=month,
        ).first()
    if version is None:
        messages.error(request, "没有签收：请重新打开报告后再试。")
        return _show(request, organization, year, month, status=422)
    try:
        receive_report(version=version, by=access.person_of(request), at=clock.now())
    except ReportConflict:
        messages.error(request, "没有签收：下级刚刚重新上报，请先看新的版本。")
        return _show(request, organization, year, month, status=409)
    messages.success(request, f"已签收{organization.short_name}{year}年{month}月的报告。")
    return see_other("report", pk, year, month)


@require_safe
def docx(request: HttpRequest, pk: UUID, year: int, month: int) -> HttpResponse:
    """The report as a Word file."""
    return _take(request, pk, year, month, "docx")


@require_safe
def pdf(request: HttpRequest, pk: UUID, year: int, month: int) -> HttpResponse:
    """The report as it is printed."""
    return _take(request, pk, year, month, "pdf")


def _take(request: HttpRequest, pk: UUID, year: int, month: int, form: str) -> HttpResponse:
    organization = _organization(request, pk, Verb.EXPORT)
    _check_month(organization, year, month)
    day, wanted = clock.today(), _version(request)
    row = queries.find_report(organization, year, month)
    shown, _ = pick_version(row, wanted)
    if wanted and shown is None:
        raise Http404
    may_write = access.reach(request).may(Verb.WRITE_REPORT, organization.path)
    report = read_month(organization, year, month, row, shown, day=day, with_words=may_write)
    signed_on = timezone.localdate(shown.issued_at) if shown else day
    document = official_of(report, signed_on)
    try:
        content = typeset_official(document) if form == "pdf" else write_official_docx(document)
    except (FontMissing, TypesettingFailed) as error:
        messages.error(request, str(error))
        return redirect("report", pk, year, month)
    state = "" if shown else "（未上报）"
    name = f"{organization.short_name}{year}年{month}月工作报告{state}.{form}"
    return download(
        request, content, name, verb="export_report", organization_id=organization.pk, subject=row
    )


def _organization(request: HttpRequest, pk: UUID, verb: Verb) -> Organization:
    """An organisation that reports, with the one above it."""
    reporting = Organization.objects.filter(kind__in=queries.REPORTING).select_related("parent")
    return access.get_visible(request, reporting, verb, prefix="", pk=pk)


def _check_month(organization: Organization, year: int, month: int) -> None:
    """404 for what is no month, has not begun, or was before there was anything."""
    if not (1 <= month <= 12 and 1949 <= year <= 2200):
        raise Http404
    first = date(year, month, 1)
    if first > clock.today() or not has_month(organization, first):
        raise Http404


def _version(request: HttpRequest) -> int | None:
    asked = request.GET.get("version", "")
    if not asked:
        return None
    if not (asked.isascii() and asked.isdecimal() and len(asked) <= 4):
        raise Http404
    return int(asked)


def _address(organization: Organization, year: int, month: int) -> str:
    return reverse("report", args=(organization.pk, year, month))


def _crumbs(organization: Organization, *, has_list: bool = False) -> tuple[Crumb, ...]:
    crumbs = [Crumb(organization.short_name, reverse("overview", args=(organization.pk,)))]
    if has_list:
        crumbs.append(Crumb("月度工作报告", reverse("report-list", args=(organization.pk,))))
    return tuple(crumbs)
