"""The cells of the overview: from counts to what is shown of a month, and how it is drawn.

A page has hundreds of cells. They are drawn here and not in the template, whose language takes ten
times as long; and what was made of the same counts on the same day is remembered, since from one
visit to the next few of them change.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from html import escape
from typing import Final

from zhibu.plans.queries import Count
from zhibu.rules.norm import PracticeClass
from zhibu.rules.standing import State
from zhibu.rules.tallies import Cell, Counts, MonthKey, month_cells, sum_cells

MONTHS: Final = tuple(range(1, 13))
REMEMBERED: Final = 1024
"""So many rows are remembered in a process, about 16 KB each."""

_NOTHING: Final = Cell()


@dataclass(frozen=True, slots=True)
class MonthCell:
    """One child in one month: a shape, two numbers, the sentence behind them, and where it opens."""

    month: int  # 0 for the whole year
    cell: Cell
    state: str  # of the worst line, a State value; "empty" for none
    sentence: str
    address: str  # empty where it does not open

    @property
    def finished(self) -> int:
        """Lines that need nothing more."""
        return self.cell.done + self.cell.late + self.cell.waived

    def draw(self) -> str:
        """The cell as HTML."""
        opens = f' href="{escape(self.address)}"' if self.address else ""
        label = f"{self.month}月" if self.month else "全年"
        idle = "" if self.cell.total else ' tabindex="-1"'
        # What is shown is hidden from reading aloud, so the title is the link's name.
        return (
            f'<td class="month {self.state}"><a{opens} title="{escape(self.sentence)}"{idle}>'
            f'<span class="of" aria-hidden="true">{label}</span>'
            f'<span aria-hidden="true">{self._short()}</span></a></td>'
        )

    def _short(self) -> str:
        cell = self.cell
        if not cell.total:
            return "—"
        short = f"{self.finished}/{cell.total}"
        if cell.overdue:
            return f"{short}<b>▲{cell.overdue}</b>"
        return f"{short}<i>◑{cell.due_soon}</i>" if cell.due_soon else short


@dataclass(frozen=True)
class Course:
    """The twelve months of an organisation and its whole year."""

    months: tuple[MonthCell, ...]
    year: MonthCell

    @cached_property
    def drawn(self) -> str:
        """The cells of a row as HTML."""
        return "".join(cell.draw() for cell in (*self.months, self.year))


@lru_cache(maxsize=REMEMBERED)
def course_of_counts(
    counts: tuple[Count, ...],
    practice_class: str,
    day: date,
    address: str,
    first_month: str,
    soon_days: int,
) -> Course:
    """The months of these counts on a day, of one class or (empty) of all.

    The year opens at `address`, and so do the months unless `first_month` says where January does.
    """
    by_month = months_of(cells_of(counts, day, soon_days), practice_class)
    opens = dict.fromkeys(MONTHS, address)
    if first_month:
        opens = {month: f"{first_month.removesuffix('1/')}{month}/" for month in MONTHS}
    months = tuple(
        _month_cell(month, cell, f"{month}月", opens[month]) for month, cell in by_month.items()
    )
    return Course(months, _month_cell(0, sum_cells(by_month.values()), "全年", address))


@lru_cache(maxsize=REMEMBERED)
def cells_by_class(
    counts: tuple[Count, ...], day: date, soon_days: int
) -> tuple[tuple[PracticeClass, Cell], ...]:
    """How the lines of each class stand over the year."""
    cells = cells_of(counts, day, soon_days).items()
    return tuple(
        (each, sum_cells(cell for (_, of_class), cell in cells if of_class == each))
        for each in PracticeClass
    )


def cells_of(counts: tuple[Count, ...], day: date, soon_days: int) -> dict[MonthKey, Cell]:
    """How the lines of each month and class stand on a day."""
    return month_cells(
        (
            (
                (PracticeClass(count.practice_class), count.due_on),
                Counts(count.total, count.done, count.late, count.waived),
            )
            for count in counts
        ),
        day,
        soon_days=soon_days,
    )


def months_of(cells: dict[MonthKey, Cell], practice_class: str) -> dict[int, Cell]:
    """All twelve months, of one class or of all."""
    found: dict[int, Cell] = {}
    for (month, of_class), cell in cells.items():
        if practice_class in {"", of_class}:
            found[month] = found[month] + cell if month in found else cell
    return {month: found.get(month, _NOTHING) for month in MONTHS}


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
