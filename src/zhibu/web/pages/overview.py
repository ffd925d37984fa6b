"""总览: an organisation's children by months, from the tallies alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from django.core.paginator import Page
from django.urls import reverse

from zhibu.documents.charts import MonthCount
from zhibu.documents.overview import Overview, OverviewCell, OverviewRow
from zhibu.org import queries
from zhibu.org.models import Organization
from zhibu.org.reach import Reach
from zhibu.people.roles import Verb
from zhibu.plans.queries import Count, read_tallies
from zhibu.rules.branches import Span
from zhibu.rules.norm import PracticeClass
from zhibu.rules.standing import State
from zhibu.rules.tallies import Cell, Counts, MonthKey, month_cells, sum_cells
from zhibu.web.pages.forms import Crumb

MONTHS = tuple(range(1, 13))
NOTHING = Cell()


@dataclass(frozen=True, slots=True)
class MonthCell:
    """One child in one month: a shape, two numbers, the sentence behind them, and where it opens."""

    month: int
    cell: Cell
    state: str  # of the worst line, a State value; "empty" for none
    sentence: str
    address: str

    @property
    def finished(self) -> int:
        """Lines that need nothing more."""
        return self.cell.done + self.cell.late + self.cell.waived


@dataclass(frozen=True, slots=True)
class ChildRow:
    """One organisation and its year, as far as it hung here in that year."""

    organization: Organization
    name: str  # at the end of its time here in the year
    stay: str  # from when or until when it hung here, where that is not the whole year
    address: str  # empty where it is out of reach now
    months: tuple[MonthCell, ...]
    year: MonthCell
    in_use: str  # since when, where that cuts into the year


@dataclass(frozen=True, slots=True)
class ClassCount:
    """One class over the year so far."""

    practice_class: PracticeClass
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
    total: MonthCell
    months: tuple[MonthCell, ...]
    rows: tuple[ChildRow, ...]
    children: Page[Organization]
    may_export: bool
    day: date
    in_use: str = field(default="")  # a sentence where a first day of use cuts into the year
    advice: str = field(default="")


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
    tallies = read_tallies([organization, *children], year)
    stays = _stays(organization, children, year)
    own = _cells(tallies[organization.pk], day)
    address = overview_address(organization, year)
    months, total = _course(own, practice_class, organization, year, address)
    rows = tuple(
        _row(child, stays[child.pk], tallies[child.pk], reach, practice_class, year, day)
        for child in children
    )
    return OverviewPage(
        organization=organization,
        crumbs=crumbs,
        year=year,
        years=tuple(range(day.year - 2, day.year + 2)),
        practice_class=practice_class,
        classes=tuple(
            ClassCount(each, sum_cells(cell for (_, of), cell in own.items() if of == each))
            for each in PracticeClass
        ),
        total=total,
        months=months,
        rows=rows,
        children=children,
        may_export=reach.may(Verb.EXPORT, organization.path),
        day=day,
        in_use=_say_use(organization, rows, year),
        advice=_advise(total.cell),
    )


def course_of(organization: Organization, year: int, day: date) -> tuple[MonthCount, ...]:
    """The year's course for the chart."""
    cells = _cells(read_tallies([organization], year)[organization.pk], day)
    by_month = _by_month(cells, "")
    return tuple(_course_month(month, by_month[month]) for month in MONTHS)


def overview_values(page: OverviewPage) -> Overview:
    """The same page for Excel."""
    columns = (*(f"{month}月" for month in MONTHS), "全年")
    rows = [(page.organization.short_name, page.months, page.total, 0)]
    rows += [(row.name, row.months, row.year, 1) for row in page.rows]
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
        return reverse("plan", args=(organization.pk, year))
    return f"{reverse('overview', args=(organization.pk,))}?year={year}"


def say_cell(cell: Cell) -> str:
    """The counts of a cell as a sentence."""
    if not cell.total:
        return "没有应完成的事项"
    parts = (
        ("按时完成", cell.done),
        ("逾期完成", cell.late),
        ("逾期未完成", cell.overdue),
        ("临近到期", cell.due_soon),
        ("未到期", cell.later),
        ("免除", cell.waived),
    )
    counts = "，".join(f"{label}{number}项" for label, number in parts if number)
    return f"应完成{cell.total}项：{counts}"


def _cells(counts: tuple[Count, ...], day: date) -> dict[MonthKey, Cell]:
    return month_cells(
        (
            (
                (PracticeClass(count.practice_class), count.due_on),
                Counts(count.total, count.done, count.late, count.waived),
            )
            for count in counts
        ),
        day,
    )


def _by_month(cells: dict[MonthKey, Cell], practice_class: str) -> dict[int, Cell]:
    """All twelve months, of one class or of all."""
    found: dict[int, Cell] = {}
    for (month, of_class), cell in cells.items():
        if practice_class in {"", of_class}:
            found[month] = found[month] + cell if month in found else cell
    return {month: found.get(month, NOTHING) for month in MONTHS}


def _course(
    cells: dict[MonthKey, Cell],
    practice_class: str,
    organization: Organization,
    year: int,
    address: str,
) -> tuple[tuple[MonthCell, ...], MonthCell]:
    """The twelve months of an organisation and its whole year, which opens at `address`."""
    by_month = _by_month(cells, practice_class)
    opens = dict.fromkeys(MONTHS, address)
    if organization.kind == Organization.Kind.BRANCH:
        opens = _lines_addresses(organization, year)
    months = tuple(
        _month_cell(month, cell, f"{month}月", opens[month]) for month, cell in by_month.items()
    )
    return months, _month_cell(0, sum_cells(by_month.values()), "全年", address)


def _lines_addresses(branch: Organization, year: int) -> dict[int, str]:
    """Where the lines of each month are; the address is made up once, since a page asks for many."""
    first = reverse("overview-cell", args=(branch.pk, year, 1))
    return {month: f"{first.removesuffix('1/')}{month}/" for month in MONTHS}


@dataclass(frozen=True, slots=True)
class Stay:
    """When in a year an organisation hung at a place, and what it was called there at the end."""

    spans: tuple[Span, ...]
    name: str

    def say(self, year: int) -> str:
        """From when or until when, where it is not the whole year."""
        since, until = self.spans[0].since, self.spans[-1].until
        came = since > date(year, 1, 1)
        left = until is not None and until < date(year, 12, 31)
        words = [f"{since.month}月{since.day}日划入"] if came else []
        if left and until is not None:
            words.append(f"至{until.month}月{until.day}日")
        return "，".join(words)


def _stays(
    organization: Organization, children: Iterable[Organization], year: int
) -> dict[UUID, Stay]:
    """The stays of these; a branch that shows itself stays with itself."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    found = {organization.pk: Stay((Span(first),), organization.short_name)}
    for place in queries.places_under(organization, children, first, last):
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
) -> ChildRow:
    here = tuple(count for count in counts if any(span.covers(count.due_on) for span in stay.spans))
    cells = _cells(here, day)
    is_open = reach.may(Verb.SEE_OVERVIEW, child.path)
    address = overview_address(child, year) if is_open else ""
    months, whole = _course(cells, practice_class, child, year, address)
    return ChildRow(
        organization=child,
        name=stay.name,
        stay=_say_stay(child, stay, year),
        address=address,
        months=months if is_open else tuple(replace(cell, address="") for cell in months),
        year=whole,
        in_use=say_use(child, year),
    )


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


def _month_cell(month: int, cell: Cell, label: str, address: str) -> MonthCell:
    return MonthCell(month, cell, _worst(cell), f"{label}{say_cell(cell)}", address)


def _worst(cell: Cell) -> str:
    for count, state in (
        (cell.overdue, State.OVERDUE),
        (cell.due_soon, State.DUE_SOON),
        (cell.later, State.UPCOMING),
        (cell.late, State.DONE_LATE),
        (cell.done, State.DONE),
        (cell.waived, State.WAIVED),
    ):
        if count:
            return state.value
    return "empty"


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


def _advise(cell: Cell) -> str:
    if not cell.total:
        return "还没有已通过的年度安排表，请提醒各支部起草。"
    if cell.overdue:
        return f"有{cell.overdue}项逾期未完成，请查看逾期清单，先帮助有困难的党支部。"
    if cell.due_soon:
        return f"没有逾期；{cell.due_soon}项将在7天内到期。"
    return "没有逾期未完成的事项。"
