"""What the pages of themes show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.core.paginator import Page
from django.urls import reverse

from zhibu.network.themes import course
from zhibu.network.themes.course import YearCourse
from zhibu.network.themes.models import Carrying, Theme
from zhibu.org.models import Organization
from zhibu.org.reach import Reach
from zhibu.people.roles import Verb
from zhibu.rules.themes import ThemeState
from zhibu.rules.wording import say_date
from zhibu.web.pages.forms import Crumb

MONTHS = range(1, 13)
_LOWEST = (Organization.Kind.BRANCH, Organization.Kind.GROUP)


@dataclass(frozen=True, slots=True)
class ThemeRow:
    """One theme of the list."""

    title: str
    address: str
    organization: str
    span: str
    state: ThemeState
    is_own: bool


@dataclass(frozen=True, slots=True)
class ThemesPage:
    """The themes of an organisation: its own and those from above."""

    organization: Organization
    crumbs: tuple[Crumb, ...]
    rows: tuple[ThemeRow, ...]
    paged: Page[Theme]
    is_earlier: bool
    may_begin: bool
    next_step: str


@dataclass(frozen=True, slots=True)
class MonthCell:
    """One month of the course."""

    month: int
    records: int
    organizations: int
    is_ahead: bool


@dataclass(frozen=True, slots=True)
class YearRow:
    """One year of the course, with its months."""

    counts: YearCourse
    months: tuple[MonthCell, ...]


@dataclass(frozen=True, slots=True)
class UnitRow:
    """One organisation and what it did, year by year."""

    name: str
    address: str
    years: tuple[YearCourse, ...]
    is_idle: bool


@dataclass(frozen=True, slots=True)
class ThingRow:
    """One thing that a branch did, has planned or was told for the theme."""

    day: date | None
    kind: str
    title: str
    address: str
    is_done: bool


@dataclass(frozen=True, slots=True)
class ThemePage:
    """One theme as an organisation sees it."""

    theme: Theme
    organization: Organization
    crumbs: tuple[Crumb, ...]
    state: ThemeState
    span: str
    kinds: str
    years: tuple[YearRow, ...]
    next_step: str
    is_branch: bool
    units: tuple[UnitRow, ...]
    paged_units: Page[Organization] | None
    only: str
    things: tuple[ThingRow, ...]
    paged_things: Page[Carrying] | None
    may_keep: bool
    may_export: bool
    may_record: bool


def build_themes(
    organization: Organization, paged: Page[Theme], reach: Reach, day: date, *, is_earlier: bool
) -> ThemesPage:
    """The list: those that run or are to come, or the earlier ones."""
    may_begin = (
        reach.may(Verb.KEEP_THEME, organization.path)
        and organization.kind != Organization.Kind.GROUP
    )
    return ThemesPage(
        organization=organization,
        crumbs=theme_crumbs(organization, reach, itself=False),
        rows=tuple(_row(theme, organization, day) for theme in paged),
        paged=paged,
        is_earlier=is_earlier,
        may_begin=may_begin,
        next_step=_list_step(organization, is_earlier=is_earlier, may_begin=may_begin),
    )


def theme_crumbs(
    organization: Organization, reach: Reach, *, itself: bool = True
) -> tuple[Crumb, ...]:
    """The way back: the organisation's own page, then its themes."""
    own: tuple[Crumb, ...] = ()
    if organization.kind in _LOWEST:
        if reach.may(Verb.SEE_BRANCH, organization.path) and organization.kind != _LOWEST[1]:
            address = reverse("branch-home", args=(organization.pk,))
            own = (Crumb(organization.short_name, address),)
    elif reach.may(Verb.SEE_OVERVIEW, organization.path):
        own = (Crumb(organization.short_name, reverse("overview", args=(organization.pk,))),)
    listed = Crumb("专题", reverse("theme-list", args=(organization.pk,)))
    return (*own, listed) if itself else own


def say_span(theme: Theme) -> str:
    """2026年3月1日至12月31日, or from then on; an early end is said."""
    since = _say(theme.since)
    if theme.ended_on is not None:
        return f"{since}至{_say(theme.ended_on)}（提前结束）"
    return f"{since}至{_say(theme.until)}" if theme.until else f"{since}起，长期坚持"


def _say(day: date) -> str:
    return say_date(day).partition("（")[0]


def _row(theme: Theme, organization: Organization, day: date) -> ThemeRow:
    return ThemeRow(
        title=theme.title,
        address=reverse("theme", args=(organization.pk, theme.pk)),
        organization=theme.organization.short_name,
        span=say_span(theme),
        state=theme.span.state_on(day),
        is_own=theme.organization_id == organization.pk,
    )


def _list_step(organization: Organization, *, is_earlier: bool, may_begin: bool) -> str:
    if is_earlier:
        return "已经结束的专题，开展情况长期保留。"
    if organization.kind in _LOWEST:
        return "把专题列入年度安排表，写记录时勾选，开展情况即自动汇总，不必另行报送。"
    more = "需要部署新的专题的，按“设立专题”。" if may_begin else ""
    return f"点开专题查看各支部的开展情况，由记录自动汇总，不需要下级填报。{more}"


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read for one theme as seen from one organisation."""

    theme: Theme
    organization: Organization
    months: tuple[course.MonthCourse, ...]
    years: tuple[YearCourse, ...]


def see(theme: Theme, organization: Organization) -> Seen:
    """Reads the course: two queries."""
    return Seen(
        theme,
        organization,
        course.months_of(theme, organization),
        course.years_of(theme, organization),
    )


def build_theme(
    seen: Seen,
    reach: Reach,
    day: date,
    *,
    units: Page[Organization] | None,
    idle: int,
    only: str,
    things: Page[Carrying] | None,
    texts: dict[UUID, str],
) -> ThemePage:
    """One theme from one organisation: its course, and what each below did, or what it did itself."""
    theme, organization = seen.theme, seen.organization
    state = theme.span.state_on(day)
    may_record = things is not None and reach.may(Verb.DRAFT_RECORD, organization.path)
    is_branch = units is None
    return ThemePage(
        theme=theme,
        organization=organization,
        crumbs=theme_crumbs(organization, reach),
        state=state,
        span=say_span(theme),
        kinds=say_kinds(theme),
        years=year_rows(seen, day),
        next_step=(
            _branch_step(seen, state, may_record=may_record)
            if is_branch
            else _step(seen, state, idle)
        ),
        is_branch=is_branch,
        units=_units(theme, units) if units is not None else (),
        paged_units=units,
        only=only,
        things=tuple(_thing(one, texts) for one in things) if things is not None else (),
        paged_things=things,
        may_keep=theme.ended_on is None and reach.may(Verb.KEEP_THEME, theme.organization.path),
        may_export=reach.may(Verb.EXPORT, organization.path),
        may_record=may_record and state is ThemeState.RUNNING,
    )


def say_kinds(theme: Theme) -> str:
    """For whom: 党支部、党总支, or all below."""
    kinds = "、".join(Organization.Kind(kind).label for kind in theme.kind_list)
    return kinds or "本组织和全部下级组织"


def year_rows(seen: Seen, day: date) -> tuple[YearRow, ...]:
    """Every year of the course, the latest first: with nothing done in it, it is there all the same."""
    counts = {each.year: each for each in seen.years}
    months = {(each.year, each.month): each for each in seen.months}
    wanted = sorted({*seen.theme.span.years(day), *counts}, reverse=True)
    return tuple(
        YearRow(
            counts.get(year, YearCourse(year)),
            tuple(_cell(months.get((year, month)), year, month, day) for month in MONTHS),
        )
        for year in wanted
    )


def _cell(found: course.MonthCourse | None, year: int, month: int, day: date) -> MonthCell:
    is_ahead = (year, month) > (day.year, day.month)
    if found is None:
        return MonthCell(month, 0, 0, is_ahead)
    return MonthCell(month, found.records, found.organizations, is_ahead)


def _units(theme: Theme, units: Iterable[Organization]) -> tuple[UnitRow, ...]:
    shown = list(units)
    years = course.years_by_unit(theme, [unit.pk for unit in shown])
    return tuple(
        UnitRow(
            name=unit.short_name,
            address=reverse("theme", args=(unit.pk, theme.pk)),
            years=years.get(unit.pk, ())[::-1],
            is_idle=not any(year.records for year in years.get(unit.pk, ())),
        )
        for unit in shown
    )


def _thing(carrying: Carrying, texts: dict[UUID, str]) -> ThingRow:
    if carrying.line is not None:
        line = carrying.line
        is_done = line.discharged_by is not None
        return ThingRow(
            day=line.happened_on or line.planned_on,
            kind="安排" if not is_done else "安排并已开展",
            title=line.topic or line.title,
            address=reverse("line", args=(line.pk,)),
            is_done=is_done,
        )
    if carrying.record is not None:
        version = carrying.record.current
        title = version.topic if version else ""
        address = reverse("record", args=(carrying.record_id,))
        return ThingRow(carrying.day, "记录", title or "活动记录", address, is_done=True)
    title = texts.get(carrying.text_id, "") if carrying.text_id else ""
    return ThingRow(carrying.day, "下发文件", title or "下发文件一份", "", is_done=True)


def _step(seen: Seen, state: ThemeState, idle: int) -> str:
    if state is ThemeState.UPCOMING:
        return f"专题自{_say(seen.theme.since)}起开展，各支部届时可以列入安排、写记录时勾选。"
    total = sum(year.records for year in seen.years)
    if not total:
        return "下级还没有开展。请提醒各支部列入年度安排表，写记录时勾选这个专题。"
    if idle and state is ThemeState.RUNNING:
        return f"共开展{total}次；还有{idle}个组织没有开展，请了解情况、给予帮助。"
    return f"共开展{total}次。" + ("各组织都已开展。" if not idle else "")


def _branch_step(seen: Seen, state: ThemeState, *, may_record: bool) -> str:
    total = sum(year.records for year in seen.years)
    if state is ThemeState.UPCOMING:
        return f"专题自{_say(seen.theme.since)}起开展，可以先列入年度安排表。"
    if state is ThemeState.ENDED:
        return f"专题已经结束，本支部共开展{total}次。"
    if total:
        return f"本支部已开展{total}次。"
    if may_record:
        return "本支部还没有开展。开展后写记录时勾选这个专题，或在安排表中把有关事项列入专题。"
    return "本支部还没有开展。"
