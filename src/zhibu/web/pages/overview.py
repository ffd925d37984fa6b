"""总览: an organisation's children by months, from the tallies alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from html import escape
from uuid import UUID

from django.core.paginator import Page

from zhibu.documents.charts import MonthCount
from zhibu.documents.overview import Overview, OverviewCell, OverviewRow
from zhibu.org import queries
from zhibu.org.models import Organization, Place
from zhibu.org.reach import Reach
from zhibu.people.roles import Verb
from zhibu.plans.queries import Count, read_tallies
from zhibu.rules.branches import Span
from zhibu.rules.labels import label
from zhibu.rules.norm import PracticeClass
from zhibu.rules.tallies import Cell
from zhibu.web.addresses import address_of
from zhibu.web.pages.forms import Crumb
from zhibu.web.pages.overview_cells import (
    MONTHS,
    Course,
    MonthCell,
    cells_by_class,
    cells_of,
    course_of_counts,
    months_of,
)


@dataclass(frozen=True, slots=True)
class ChildRow:
    """One organisation and its year, as far as it hung here in that year."""

    organization: Organization
    name: str  # at the end of its time here in the year
    stay: str  # from when or until when it hung here, where that is not the whole year
    address: str  # empty where it is out of reach now
    course: Course
    in_use: str  # since when, where that cuts into the year

    @property
    def year(self) -> MonthCell:
        """The whole year."""
        return self.course.year

    def draw(self) -> str:
        """The row as HTML, drawn here as its cells are."""
        name = escape(self.name)
        head = f'<a href="{escape(self.address)}">{name}</a>' if self.address else name
        if self.organization.is_pilot:
            head += ' <span class="pilot">试点</span>'
        for hint in filter(None, (self.stay, self.in_use)):
            head += f'<br><span class="hint">{escape(hint)}</span>'
        return f'<tr><th scope="row">{head}</th>{self.course.drawn}</tr>'


@dataclass(frozen=True, slots=True)
class ClassCount:
    """One class over the year so far."""

    practice_class: PracticeClass
    label: str  # as the organisation calls it
    cell: Cell


@dataclass(frozen=True, slots=True)
class OverviewPage:
    """The overview of one organisation."""

    organization: Organization
    crumbs: tuple[Crumb, ...]
    year: int
    years: tuple[int, ...]
    practice_class: str
    classes: tuple[ClassCount, ...]
    course: Course
    rows: tuple[ChildRow, ...]
    children: Page[Organization]
    may_export: bool
    day: date
    in_use: str = field(default="")  # a sentence where a first day of use cuts into the year
    advice: str = field(default="")

    @property
    def total(self) -> MonthCell:
        """All below in the year."""
        return self.course.year

    @property
    def months(self) -> tuple[MonthCell, ...]:
        """All below by months."""
        return self.course.months


def build_overview(
    organization: Organization,
    children: Page[Organization],
    reach: Reach,
    *,
    year: int,
    practice_class: str,
    day: date,
    crumbs: tuple[Crumb, ...],
) -> OverviewPage:
    """The page: the children of that year, and the tallies of them and of their parent."""
    shown = [organization, *children]
    places = list(queries.places_of_all(shown))
    tallies = read_tallies(shown, year, places=places)
    stays = _stays(organization, places, year)
    soon = organization.soon_days  # one measure for the page: the rows add up to the sum
    of_class = cells_by_class(tallies[organization.pk], day, soon)
    course = _course(
        organization, tallies[organization.pk], practice_class, year, day, soon,
        address=overview_address(organization, year),
    )  # fmt: skip
    rows = tuple(
        _row(child, stays[child.pk], tallies[child.pk], reach, practice_class, year, day, soon)
        for child in children
    )
    return OverviewPage(
        organization=organization,
        crumbs=crumbs,
        year=year,
        years=tuple(range(day.year - 2, day.year + 2)),
        practice_class=practice_class,
        classes=tuple(
            ClassCount(each, say_class(organization, each), cell) for each, cell in of_class
        ),
        course=course,
        rows=rows,
        children=children,
        may_export=reach.may(Verb.EXPORT, organization.path),
        day=day,
        in_use=_say_use(organization, rows, year),
        advice=_advise(course.year.cell, organization.soon_days),
    )


def course_of(organization: Organization, year: int, day: date) -> tuple[MonthCount, ...]:
    """The year's course for the chart."""
    cells = cells_of(
        read_tallies([organization], year)[organization.pk], day, organization.soon_days
    )
    by_month = months_of(cells, "")
    return tuple(_course_month(month, by_month[month]) for month in MONTHS)


def overview_values(page: OverviewPage) -> Overview:
    """The same page for Excel."""
    columns = (*(f"{month}月" for month in MONTHS), "全年")
    rows = [(page.organization.short_name, page.months, page.total, 0)]
    rows += [(row.name, row.course.months, row.year, 1) for row in page.rows]
    return Overview(
        title=f"{page.organization.name}{page.year}年度安排落实总览",
        subtitle=f"截至{page.day.year}年{page.day.month}月{page.day.day}日",
        columns=columns,
        rows=tuple(
            OverviewRow(name, tuple(_export(cell) for cell in (*months, year)), depth)
            for name, months, year, depth in rows
        ),
        measures=("应完成", "按时完成", "逾期完成", "逾期未完成", "临近到期", "未到期", "免除"),
        notes=(
            "“完成数/应完成数”；▲为逾期未完成数。应完成数含经批准免除的事项。",
            *([page.in_use] if page.in_use else []),
        ),
    )


def overview_address(organization: Organization, year: int) -> str:
    """Where an organisation's own page for the year is: its overview, or a branch's table."""
    if organization.kind == Organization.Kind.BRANCH:
        return address_of("plan", organization.pk, year)
    return f"{address_of('overview', organization.pk)}?year={year}"


@dataclass(frozen=True, slots=True)
class Stay:
    """When in a year an organisation hung at a place, and what it was called there at the end."""

    spans: tuple[Span, ...]
    name: str

    def is_whole(self, year: int) -> bool:
        """Whether it is the whole year."""
        until = self.spans[-1].until
        lasts = until is None or until >= date(year, 12, 31)
        return len(self.spans) == 1 and self.spans[0].since <= date(year, 1, 1) and lasts

    def say(self, year: int) -> str:
        """From when or until when, where it is not the whole year."""
        since, until = self.spans[0].since, self.spans[-1].until
        came = since > date(year, 1, 1)
        left = until is not None and until < date(year, 12, 31)
        words = [f"{since.month}月{since.day}日划入"] if came else []
        if left and until is not None:
            words.append(f"至{until.month}月{until.day}日")
        return "，".join(words)


def _stays(organization: Organization, places: Iterable[Place], year: int) -> dict[UUID, Stay]:
    """The stays below it in the year; a branch that shows itself stays with itself."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    found = {organization.pk: Stay((Span(first),), organization.short_name)}
    for place in places:
        if place.parent_id != organization.pk or not place.is_between(first, last):
            continue
        had = found.get(place.organization_id)
        spans = had.spans if had else ()
        found[place.organization_id] = Stay(
            (*spans, Span(place.since, place.until)), place.short_name
        )
    return found


def _row(
    child: Organization,
    stay: Stay,
    counts: tuple[Count, ...],
    reach: Reach,
    practice_class: str,
    year: int,
    day: date,
    soon_days: int,
) -> ChildRow:
    if not stay.is_whole(year):
        spans = stay.spans
        counts = tuple(c for c in counts if any(span.covers(c.due_on) for span in spans))
    is_open = reach.may(Verb.SEE_OVERVIEW, child.path)
    address = overview_address(child, year) if is_open else ""
    return ChildRow(
        organization=child,
        name=stay.name,
        stay=_say_stay(child, stay, year),
        address=address,
        course=_course(child, counts, practice_class, year, day, soon_days, address=address),
        in_use=say_use(child, year),
    )


def _course(
    organization: Organization,
    counts: tuple[Count, ...],
    practice_class: str,
    year: int,
    day: date,
    soon_days: int,
    *,
    address: str,
) -> Course:
    """The months of an organisation, opening at its address; those of a branch on their lines."""
    january = ""
    if address and organization.kind == Organization.Kind.BRANCH:
        january = address_of("overview-cell", organization.pk, year, 1)
    return course_of_counts(counts, practice_class, day, address, january, soon_days)


def _say_stay(child: Organization, stay: Stay, year: int) -> str:
    """Founding and ending are no moves."""
    ended = child.dissolved_on
    if ended is not None and ended.year == year:
        return f"{ended.month}月{ended.day}日撤销"
    if child.founded_on.year == year and stay.spans[0].since == child.founded_on:
        return f"{child.founded_on.month}月{child.founded_on.day}日成立"
    return stay.say(year)


def say_use(organization: Organization, year: int) -> str:
    """Since when the system is in use, where that is not before the year; else empty."""
    since = organization.in_use_since
    if since is None or since <= date(year, 1, 1):
        return ""
    return f"{since.year}年{since.month}月{since.day}日启用"


def _say_use(organization: Organization, rows: tuple[ChildRow, ...], year: int) -> str:
    own = say_use(organization, year)
    if not own and not any(row.in_use for row in rows):
        return ""
    who = f"本组织{own}。" if own else "有的党组织年中启用。"
    return f"{who}启用前到期、尚未完成的事项不计入应完成数，也不算逾期。"


def _course_month(month: int, cell: Cell) -> MonthCount:
    return MonthCount(
        label=f"{month}月",
        done=cell.done,
        late=cell.late,
        overdue=cell.overdue,
        waived=cell.waived,
        ahead=cell.due_soon + cell.later,
    )


def _export(cell: MonthCell) -> OverviewCell:
    counts = cell.cell
    text = f"{cell.finished}/{counts.total}" if counts.total else "—"
    if counts.overdue:
        text += f" ▲{counts.overdue}"
    return OverviewCell(
        text,
        (
            counts.total, counts.done, counts.late, counts.overdue, counts.due_soon, counts.later,
            counts.waived,
        ),
    )  # fmt: skip


def say_class(organization: Organization, practice_class: PracticeClass) -> str:
    """What a class is called here."""
    word = organization.class_labels.get(practice_class)
    return f"{practice_class}（{word}）" if word else label(practice_class)


def _advise(cell: Cell, soon_days: int) -> str:
    if not cell.total:
        return "还没有已通过的年度安排表，请提醒各支部起草。"
    if cell.overdue:
        return f"有{cell.overdue}项逾期未完成，请查看逾期清单，先帮助有困难的党支部。"
    if cell.due_soon:
        return f"没有逾期；{cell.due_soon}项将在{soon_days}天内到期。"
    return "没有逾期未完成的事项。"
