"""月度工作报告: one month, as it is worked out now or as it was issued."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.urls import reverse

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
        before=month_way(organization, month_index(date(year, month, 1)) - 1, day),
        after=month_way(organization, month_index(date(year, month, 1)) + 1, day),
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


def has_month(organization: Organization, first: date) -> bool:
    """Whether there was this organisation in the month that begins on that day."""
    return first.year >= 1949 and first >= organization.founded_on.replace(day=1)


def month_way(organization: Organization, index: int, day: date) -> MonthWay | None:
    """The month with this index; None for one that has not begun, or before there was anything."""
    first = first_of(index)
    if first > day or not has_month(organization, first):
        return None
    return MonthWay(
        f"{first.year}年{first.month}月",
        reverse("report", args=(organization.pk, first.year, first.month)),
    )
