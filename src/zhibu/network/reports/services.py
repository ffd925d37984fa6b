"""Verbs of the monthly report: add words, issue, receive."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.utils import timezone

from zhibu.ledger.services import note
from zhibu.network.notices.models import Kind
from zhibu.network.notices.services import tell
from zhibu.network.reports.facts import month_report
from zhibu.network.reports.models import Report, ReportVersion
from zhibu.network.reports.queries import REPORTING
from zhibu.org.account_queries import holding_at
from zhibu.org.models import Grant, Organization
from zhibu.org.services import Refused
from zhibu.people.models import Person
from zhibu.people.roles import Verb, roles_with
from zhibu.rules.reporting_values import LONGEST_WORDS, OWN_PARTS, report_data


class ReportConflict(Refused):
    """这份报告刚刚由他人改动或上报，请核对后再办理。"""

    def __init__(self) -> None:
        super().__init__(self.__doc__ or "")


_EMPTY: Final = 0


def write_words(
    *,
    organization: Organization,
    year: int,
    month: int,
    revision: int,
    words: Mapping[str, str],
    by: Person,
    at: datetime,
) -> Report:
    """Keep what the office adds, by section; empty texts are dropped.

    Raises ReportConflict when somebody has written since that revision (0: nothing was written yet),
    Refused for a text that is too long.
    """
    kept = {
        part.value: text
        for part in OWN_PARTS
        if (text := words.get(part.value, "").strip().replace("\r\n", "\n"))
    }
    if any(len(text) > LONGEST_WORDS for text in kept.values()):
        raise Refused(f"每一部分的补充内容不超过{LONGEST_WORDS}字。")
    with transaction.atomic():
        report = _held(organization, year, month, at)
        if report.revision != revision:
            raise ReportConflict
        report.words, report.revision = kept, revision + 1
        report.save(update_fields=["words", "revision"])
        note(
            by=by, verb="write_report", organization_id=organization.pk, subject=report, at=at,
            detail={"year": year, "month": month},
        )  # fmt: skip
    return report


def issue_report(
    *,
    organization: Organization,
    year: int,
    month: int,
    revision: int,
    version: int,
    by: Person,
    at: datetime,
) -> ReportVersion:
    """Work the month out as it stands now, keep it, and send it to the level above.

    `version` is the newest one that the office had seen (0: none): of two who issue at once, or of a
    form that is sent twice, one issues and the other raises ReportConflict.
    """
    day = timezone.localdate(at)
    report = Report.objects.filter(organization=organization, year=year, month=month).first()
    words = dict(report.words) if report is not None else {}
    # Worked out before the transaction: nobody waits for it while it reads.
    content = report_data(month_report(organization, year, month, day=day, words=words))
    with transaction.atomic():
        report = _held(organization, year, month, at)
        newest = report.latest.version if report.latest is not None else _EMPTY
        if report.revision != revision or newest != version:
            raise ReportConflict
        issued = ReportVersion.objects.create(
            report=report,
            version=newest + 1,
            content=content,
            words=words,
            issued_at=at,
            issued_by=by,
        )
        report.latest, report.state = issued, Report.State.ISSUED
        report.save(update_fields=["latest", "state"])
        note(
            by=by, verb="issue_report", organization_id=organization.pk, subject=report, at=at,
            detail={"year": year, "month": month, "version": issued.version},
        )  # fmt: skip
        _tell_above(report, issued, organization, at)
    return issued


@transaction.atomic
def receive_report(*, version: ReportVersion, by: Person, at: datetime) -> ReportVersion:
    """The level above confirms that it has the report. Once more changes nothing.

    Raises ReportConflict when a newer version has been issued since.
    """
    report = (
        Report.objects.select_for_update(of=("self",))
        .select_related("organization")
        .get(pk=version.report_id)
    )
    version = ReportVersion.objects.select_related("issued_by").get(pk=version.pk)
    if report.latest_id != version.pk:
        raise ReportConflict
    if version.received_at is not None:
        return version
    version.received_at, version.received_by = at, by
    version.save(update_fields=["received_at", "received_by"])
    report.state = Report.State.RECEIVED
    report.save(update_fields=["state"])
    note(
        by=by, verb="receive_report", organization_id=report.organization_id, subject=report, at=at,
        detail={"year": report.year, "month": report.month, "version": version.version},
    )  # fmt: skip
    tell(
        people=[version.issued_by_id],
        kind=Kind.REPORT,
        title=f"上级已签收{report.organization.short_name}{report}",
        address=_address(report),
        organization_id=report.organization_id,
        subject=f"report:{report.pk}",
        once=f"report-received:{version.pk}",
        verb=Verb.WRITE_REPORT,
        at=at,
    )
    return version


def _held(organization: Organization, year: int, month: int, at: datetime) -> Report:
    """The row of the month, made where there is none, held until the transaction ends."""
    if organization.kind not in REPORTING:
        raise Refused("党支部不需要编写月度工作报告。")
    if date(year, month, 1) > timezone.localdate(at):
        raise Refused("这个月还没有到，不能编写报告。")
    # Without its latest version: for who had to wait, PostgreSQL joins the one of before.
    rows = Report.objects.select_for_update()
    wanted = {"organization": organization, "year": year, "month": month}
    report = rows.filter(**wanted).first()
    if report is None:
        Report.objects.bulk_create([Report(**wanted)], ignore_conflicts=True)
        report = rows.get(**wanted)
    return report


def _tell_above(
    report: Report, issued: ReportVersion, organization: Organization, at: datetime
) -> None:
    """Those who may receive it at the level right above are told."""
    if organization.parent_id is None:
        return
    receivers = (
        Grant.objects.filter(
            holding_at(at),
            since__lte=at,
            organization=organization.parent_id,
            with_below=True,
            role__in=roles_with(Verb.WRITE_REPORT),
        )
        .exclude(person=issued.issued_by_id)
        .values_list("person_id", flat=True)
    )
    again = "（重新上报）" if issued.version > 1 else ""
    tell(
        people=receivers,
        kind=Kind.REPORT,
        title=f"{organization.short_name}报送{report}{again}",
        address=_address(report),
        organization_id=organization.pk,
        subject=f"report:{report.pk}",
        once=f"report-issued:{issued.pk}",
        verb=Verb.SEE_OVERVIEW,
        at=at,
    )


def _address(report: Report) -> str:
    """Its page; written out, since only the rooms above know addresses (a test compares)."""
    return f"/o/{report.organization_id}/reports/{report.year}/{report.month}/"
