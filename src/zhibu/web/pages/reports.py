"""月度工作报告: the list of months, the level below, the office's own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from django import forms
from django.core.paginator import Page
from django.urls import reverse
from django.utils import timezone

from zhibu.network.reports import queries
from zhibu.network.reports.models import Report
from zhibu.org.models import Organization
from zhibu.org.reach import Reach
from zhibu.people.roles import Verb
from zhibu.rules.periods import first_of, month_index
from zhibu.web.pages.forms import Crumb
from zhibu.web.pages.report_sheet import MonthWay, has_month, month_way

RECENT: Final = 3
"""So many months up to this one are offered for writing."""


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
    months = [first_of(month_index(day) - back) for back in range(RECENT)]
    months = [first for first in months if has_month(organization, first)]
    last = first_of(month_index(day) - 1)
    may_write = reach.may(Verb.WRITE_REPORT, organization.path)
    below = [
        MonthWay(
            f"{first.year}年{first.month}月",
            reverse("report-below", args=(organization.pk, first.year, first.month)),
        )
        for first in months
    ]
    return ReportsPage(
        organization=organization,
        crumbs=crumbs,
        now=tuple(
            _month_row(organization, first, recent.get((first.year, first.month)))
            for first in months
        ),
        issued=tuple(_month_row(organization, row.first_day, row) for row in rows),
        rows=rows,
        advice=_advise_list(recent.get((last.year, last.month)), last, may_write)
        if last in months
        else "本月结束后，在这里核对上报第一份报告。",
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
    way = month_way(organization, index, day)
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
