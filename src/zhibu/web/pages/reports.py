"""月度工作报告: a month as it is worked out or as it was issued, the list of months, the level below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from django import forms
from django.core.paginator import Page
from django.urls import reverse
from django.utils import timezone

from zhibu.documents.blocks import Grid
from zhibu.documents.official import OfficialDocument, OfficialSection
from zhibu.network.reports import queries
from zhibu.network.reports.facts import month_report
from zhibu.network.reports.models import Report, ReportVersion
from zhibu.org.models import Organization
from zhibu.org.reach import Reach
from zhibu.people.roles import Verb
from zhibu.rules.periods import first_of, month_index
from zhibu.rules.reporting_values import KindRow, MonthReport, Section, Source
from zhibu.web.pages.forms import Crumb
from zhibu.web.pages.sources import opens

RECENT: Final = 3
"""So many months up to this one are offered for writing."""

_LINKS: Final[Mapping[Source, tuple[str, str, Verb]]] = {
    Source.OVERVIEW: ("总览", "overview", Verb.SEE_OVERVIEW),
    Source.OVERDUE: ("逾期清单", "overview-overdue", Verb.SEE_OVERVIEW),
    Source.FEEDBACK: ("意见反映", "feedback-desk", Verb.ANSWER_FEEDBACK),
    Source.TEXTS: ("传达", "text-list", Verb.SEE_REACH),
    Source.TASKS: ("任务", "assignment-list", Verb.ASSIGN_TASK),
    Source.THEMES: ("专题", "theme-list", Verb.SEE_BRANCH),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph with the page that it was read from."""

    text: str
    is_own: bool
    link: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class SheetSection:
    """One section as it is shown."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class MonthWay:
    """A neighbouring month."""

    label: str
    address: str


@dataclass(frozen=True, slots=True)
class ReportPage:
    """One month of one organisation."""

    organization: Organization
    crumbs: tuple[Crumb, ...]
    year: int
    month: int
    report: MonthReport
    sections: tuple[SheetSection, ...]
    row: Report | None
    shown: ReportVersion | None  # None: as it is worked out now
    versions: tuple[ReportVersion, ...]
    state: str  # a State value of the report
    state_word: str
    advice: str
    remark: str
    before: MonthWay | None
    after: MonthWay | None
    may_write: bool
    may_receive: bool
    may_export: bool
    has_below: bool
    live_address: str

    @property
    def rows(self) -> tuple[KindRow, ...]:
        """The rows of the annex with their sum."""
        return (*self.report.rows, self.report.sum)

    @property
    def revision(self) -> int:
        """Of the office's words."""
        return self.row.revision if self.row else 0

    @property
    def newest(self) -> int:
        """The newest version that was issued; 0 for none."""
        return self.row.latest.version if self.row and self.row.latest else 0

    @property
    def query(self) -> str:
        """What an address needs to name the version that is shown."""
        return f"?version={self.shown.version}" if self.shown else "?version=0"


def build_report(
    organization: Organization,
    year: int,
    month: int,
    *,
    wanted: int | None,
    reach: Reach,
    day: date,
    crumbs: tuple[Crumb, ...],
) -> ReportPage | None:
    """The page; None for a version that there is not.

    Shown is the version that is asked for, 0 being the month as it is worked out now; without one
    the newest that was issued, where there is one.
    """
    row = queries.find_report(organization, year, month)
    shown, versions = pick_version(row, wanted)
    if wanted and shown is None:
        return None
    may_write = reach.may(Verb.WRITE_REPORT, organization.path)
    report = read_month(organization, year, month, row, shown, day=day, with_words=may_write)
    parent = organization.parent
    may_receive = parent is not None and reach.may(Verb.WRITE_REPORT, parent.path)
    state = Report.State(row.state) if row else Report.State.DRAFT
    return ReportPage(
        organization=organization,
        crumbs=crumbs,
        year=year,
        month=month,
        report=report,
        sections=tuple(
            _section(section, organization, year, month, reach) for section in report.sections
        ),
        row=row,
        shown=shown,
        versions=versions,
        state=state,
        state_word=state.label,
        advice=_advise(organization, row, shown, day, (year, month), may_write, may_receive),
        remark=_remark(row, shown),
        before=_way(organization, month_index(date(year, month, 1)) - 1, day),
        after=_way(organization, month_index(date(year, month, 1)) + 1, day),
        may_write=may_write,
        may_receive=may_receive
        and shown is not None
        and row is not None
        and shown.pk == row.latest_id
        and shown.received_at is None,
        may_export=reach.may(Verb.EXPORT, organization.path),
        has_below=_reports_below(report),
        live_address=f"{reverse('report', args=(organization.pk, year, month))}?version=0",
    )


def pick_version(
    row: Report | None, wanted: int | None
) -> tuple[ReportVersion | None, tuple[ReportVersion, ...]]:
    """The version that is asked for, and all; nothing is asked of the database where none is."""
    if row is None or row.latest is None:
        return None, ()
    if row.latest.version == 1:
        versions: tuple[ReportVersion, ...] = (row.latest,)
    else:
        versions = tuple(queries.versions_of(row))
    if wanted == 0:
        return None, versions
    if wanted is None:
        return versions[0], versions
    return next((one for one in versions if one.version == wanted), None), versions


def read_month(
    organization: Organization,
    year: int,
    month: int,
    row: Report | None,
    shown: ReportVersion | None,
    *,
    day: date,
    with_words: bool,
) -> MonthReport:
    """What the version says, or the month as it stands today.

    Words that were not issued yet are read by those who write them only.
    """
    if shown is not None:
        return shown.report_text
    words = row.words if row is not None and with_words else {}
    return month_report(organization, year, month, day=day, words=words)


def official_of(report: MonthReport, signed_on: date) -> OfficialDocument:
    """The report as the document that is issued."""
    worked_out = date.fromisoformat(report.worked_out_on)
    header = (
        "事项", "类别", "应完成", "按时完成", "逾期完成", "逾期未完成", "未到期", "免除",
    )  # fmt: skip
    return OfficialDocument(
        title=report.title,
        addressee=report.superior,
        opening=(report.opening,),
        sections=tuple(
            OfficialSection(section.title, tuple(each.text for each in section.paragraphs))
            for section in report.sections
        ),
        signer=report.organization,
        signed_on=signed_on,
        annex_title=f"{report.year}年{report.month}月应完成事项情况表",
        annex=Grid(
            header,
            tuple(_cells(row) for row in (*report.rows, report.sum)),
            (4.4, 1.2, 1.5, 1.8, 1.8, 2.2, 1.5, 1.2),
            tuple(range(1, len(header))),
        ),
        annex_note=(
            f"截至{worked_out.year}年{worked_out.month}月{worked_out.day}日，"
            "按各党支部已通过的年度安排表和已归档的记录统计；应完成数含经批准免除的事项。"
        ),
    )


def _cells(row: KindRow) -> tuple[str, ...]:
    counts = (row.total, row.done, row.late, row.overdue, row.pending, row.waived)
    return (row.title, row.practice_class or "—", *map(str, counts))


def _section(
    section: Section, organization: Organization, year: int, month: int, reach: Reach
) -> SheetSection:
    lines = []
    for number, each in enumerate(section.paragraphs):
        label, link = _link(each.source, organization, year, month, reach)
        after = section.paragraphs[number + 1 : number + 2]
        if any(other.source is each.source for other in after):
            label, link = "", ""  # said once, behind the last of those that were read there
        lines.append(Line(each.text, each.is_own, link, label))
    return SheetSection(section.title, tuple(lines))


def _link(
    source: Source, organization: Organization, year: int, month: int, reach: Reach
) -> tuple[str, str]:
    if source is Source.BELOW:
        return "下级报告", reverse("report-below", args=(organization.pk, year, month))
    if source not in _LINKS:
        return "", ""
    label, name, verb = _LINKS[source]
    if not opens(reach, verb, organization.path):
        return "", ""
    return label, reverse(name, args=(organization.pk,))


def _reports_below(report: MonthReport) -> bool:
    return any(
        each.source is Source.BELOW for section in report.sections for each in section.paragraphs
    )


def _advise(
    organization: Organization,
    row: Report | None,
    shown: ReportVersion | None,
    day: date,
    of: tuple[int, int],
    may_write: bool,
    may_receive: bool,
) -> str:
    superior = organization.parent.short_name if organization.parent else ""
    to = f"报送{superior}" if superior else "印发"
    is_over = of < (day.year, day.month)
    if row is None or row.latest is None:
        if not may_write:
            return "这份报告还没有上报，下面是按现有记录随时算出的情况。"
        if not is_over:
            return "本月还没有结束，下面的内容随记录变化；月底后核对上报。"
        return f"数字和情况已经写好，请核对，需要的可以补充几句，然后{to}。"
    if (
        shown is not None
        and shown.pk == row.latest_id
        and shown.received_at is None
        and may_receive
    ):
        return "这是下级报来的报告，看过后请签收。"
    if row.latest.received_at is not None:
        return "上级已经签收。"
    return "已经上报，等待上级签收。" if superior else "已经印发。"


def _remark(row: Report | None, shown: ReportVersion | None) -> str:
    if row is None or row.latest is None:
        return ""
    if shown is None:
        return "这是按现在的记录重新算出的内容，不是已经上报的文本。"
    if shown.pk != row.latest_id:
        return f"这是第{shown.version}版，此后又上报过新的版本。"
    return "上报后又补充了内容，尚未重新上报。" if row.words != row.latest.words else ""


def _way(organization: Organization, index: int, day: date) -> MonthWay | None:
    first = first_of(index)
    if first > day or first.year < organization.founded_on.year or first.year < 1949:
        return None
    return MonthWay(
        f"{first.year}年{first.month}月",
        reverse("report", args=(organization.pk, first.year, first.month)),
    )


@dataclass(frozen=True, slots=True)
class MonthRow:
    """One month in the list."""

    label: str
    address: str
    state: str
    state_word: str
    remark: str


@dataclass(frozen=True, slots=True)
class ReportsPage:
    """The months of an organisation: the last ones with their states, and what was issued before."""

    organization: Organization
    crumbs: tuple[Crumb, ...]
    now: tuple[MonthRow, ...]
    issued: tuple[MonthRow, ...]
    rows: Page[Report]
    advice: str
    below: tuple[MonthWay, ...]


def build_reports(
    organization: Organization,
    rows: Page[Report],
    recent: Mapping[tuple[int, int], Report],
    *,
    reach: Reach,
    day: date,
    has_below: bool,
    crumbs: tuple[Crumb, ...],
) -> ReportsPage:
    """The page: the last months with their states, then what was issued before them."""
    now = []
    for back in range(RECENT):
        first = first_of(month_index(day) - back)
        now.append(_month_row(organization, first, recent.get((first.year, first.month))))
    last = first_of(month_index(day) - 1)
    may_write = reach.may(Verb.WRITE_REPORT, organization.path)
    below = [
        MonthWay(
            f"{first.year}年{first.month}月",
            reverse("report-below", args=(organization.pk, first.year, first.month)),
        )
        for first in (first_of(month_index(day) - back) for back in range(RECENT))
    ]
    return ReportsPage(
        organization=organization,
        crumbs=crumbs,
        now=tuple(now),
        issued=tuple(_month_row(organization, row.first_day, row) for row in rows),
        rows=rows,
        advice=_advise_list(recent.get((last.year, last.month)), last, may_write),
        below=tuple(below) if has_below else (),
    )


def _advise_list(row: Report | None, last: date, may_write: bool) -> str:
    if row is not None and row.latest is not None:
        return f"{last.month}月的报告已经上报。"
    if may_write:
        return f"{last.month}月的报告还没有上报，点开核对后上报，不用另行收集材料。"
    return f"{last.month}月的报告还没有上报。"


def _month_row(organization: Organization, first: date, row: Report | None) -> MonthRow:
    state = Report.State(row.state) if row else Report.State.DRAFT
    remark = ""
    if row is not None and row.latest is not None:
        issued = timezone.localtime(row.latest.issued_at)
        remark = f"{row.latest.issued_by.name}于{issued.month}月{issued.day}日上报"
        if row.latest.version > 1:
            remark += f"（第{row.latest.version}版）"
    elif row is not None and row.words:
        remark = "已补充内容"
    return MonthRow(
        label=f"{first.year}年{first.month}月",
        address=reverse("report", args=(organization.pk, first.year, first.month)),
        state=state,
        state_word=state.label,
        remark=remark,
    )


@dataclass(frozen=True, slots=True)
class BelowRow:
    """One organisation right below, and its report of the month."""

    name: str
    address: str  # empty where it is out of reach
    state: str
    state_word: str
    remark: str


@dataclass(frozen=True, slots=True)
class BelowPage:
    """Who right below has reported."""

    organization: Organization
    crumbs: tuple[Crumb, ...]
    year: int
    month: int
    rows: tuple[BelowRow, ...]
    page: Page[Organization]
    before: MonthWay | None
    after: MonthWay | None


def build_below(
    organization: Organization,
    below: Page[Organization],
    year: int,
    month: int,
    *,
    reach: Reach,
    day: date,
    crumbs: tuple[Crumb, ...],
) -> BelowPage:
    """The page, in the order of the tree."""
    reports = queries.reports_from((one.pk for one in below), year, month)
    rows = []
    for one in below:
        row = reports.get(one.pk)
        state = Report.State(row.state) if row else Report.State.DRAFT
        remark = ""
        if row is not None and row.latest is not None:
            issued = timezone.localtime(row.latest.issued_at)
            remark = f"{issued.month}月{issued.day}日报送"
        is_open = reach.may(Verb.SEE_OVERVIEW, one.path)
        address = reverse("report", args=(one.pk, year, month)) if is_open else ""
        rows.append(BelowRow(one.name, address, state, state.label, remark))
    index = month_index(date(year, month, 1))
    return BelowPage(
        organization=organization,
        crumbs=crumbs,
        year=year,
        month=month,
        rows=tuple(rows),
        page=below,
        before=_below_way(organization, index - 1, day),
        after=_below_way(organization, index + 1, day),
    )


def _below_way(organization: Organization, index: int, day: date) -> MonthWay | None:
    way = _way(organization, index, day)
    if way is None:
        return None
    first = first_of(index)
    address = reverse("report-below", args=(organization.pk, first.year, first.month))
    return MonthWay(way.label, address)


@dataclass(frozen=True, slots=True)
class WordsPage:
    """The office's own words, beside what is written already."""

    organization: Organization
    crumbs: tuple[Crumb, ...]
    year: int
    month: int
    form: forms.BaseForm
    stored: tuple[tuple[str, str], ...] = ()  # what somebody else has kept meanwhile
    notice: str = ""
