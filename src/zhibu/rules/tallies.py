"""Counts of lines by class and due day, read as month cells and states on a day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from zhibu.rules.branches import is_before_use
from zhibu.rules.norm import PracticeClass
from zhibu.rules.standing import SOON_DAYS, LineFacts

TallyKey = tuple[PracticeClass, date]  # class, due day
MonthKey = tuple[int, PracticeClass]  # month (1–12), class


@dataclass(frozen=True, slots=True)
class Counts:
    """What is kept for one class and due day: `done` in time, `late` done after the due day."""

    total: int = 0
    done: int = 0
    late: int = 0
    waived: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.total + other.total,
            self.done + other.done,
            self.late + other.late,
            self.waived + other.waived,
        )

    def __neg__(self) -> Counts:
        return Counts(-self.total, -self.done, -self.late, -self.waived)

    def __sub__(self, other: Counts) -> Counts:
        return self + -other

    @property
    def is_zero(self) -> bool:
        """Whether there is nothing to keep."""
        return not (self.total or self.done or self.late or self.waived)

    @property
    def pending(self) -> int:
        """Lines neither done nor waived."""
        return self.total - self.done - self.late - self.waived


@dataclass(frozen=True, slots=True)
class Cell:
    """How many lines stand how on a day. Each line that counts is in exactly one of the six.

    `later` are those not yet due soon, whether they may be done already or not: a tally knows due
    days only.
    """

    done: int = 0
    late: int = 0
    waived: int = 0
    overdue: int = 0
    due_soon: int = 0
    later: int = 0

    def __add__(self, other: Cell) -> Cell:
        return Cell(
            self.done + other.done,
            self.late + other.late,
            self.waived + other.waived,
            self.overdue + other.overdue,
            self.due_soon + other.due_soon,
            self.later + other.later,
        )

    @property
    def total(self) -> int:
        """All lines."""
        return self.done + self.late + self.waived + self.overdue + self.due_soon + self.later


def counts_of(line: LineFacts) -> Counts:
    """What one line adds to the counts of its class and due day; independent of any today.

    A line that was due before the system was in use counts only once it is done or waived.
    """
    if line.is_waived:
        return Counts(total=1, waived=1)
    if line.happened_on is None:
        return Counts() if is_before_use(line.due, line.in_use_since) else Counts(total=1)
    return Counts(total=1, late=1) if line.happened_on > line.due else Counts(total=1, done=1)


def cell_of(counts: Counts, due: date, today: date, *, soon_days: int = SOON_DAYS) -> Cell:
    """How the lines of one due day stand on a day; the same boundaries as `standing`."""
    done, late, waived, pending = counts.done, counts.late, counts.waived, counts.pending
    if today > due:
        return Cell(done, late, waived, overdue=pending)
    if due - today <= timedelta(days=soon_days):
        return Cell(done, late, waived, due_soon=pending)
    return Cell(done, late, waived, later=pending)


def month_cells(
    tallies: Mapping[TallyKey, Counts] | Iterable[tuple[TallyKey, Counts]],
    today: date,
    *,
    soon_days: int = SOON_DAYS,
) -> dict[MonthKey, Cell]:
    """The cells of an overview's row by month of the due day and class.

    A key may come several times (a total and deltas not yet folded in); they are added up.
    """
    cells: dict[MonthKey, Cell] = {}
    for (practice_class, due), counts in _pairs(tallies):
        key = (due.month, practice_class)
        cell = cell_of(counts, due, today, soon_days=soon_days)
        had = cells.get(key)
        cells[key] = cell if had is None else had + cell
    return cells


def sum_cells(cells: Iterable[Cell]) -> Cell:
    """All cells together."""
    total = Cell()
    for cell in cells:
        total += cell
    return total


def fold(deltas: Iterable[tuple[TallyKey, Counts]]) -> dict[TallyKey, Counts]:
    """Deltas added up by key; keys that come to nothing are left out."""
    folded: dict[TallyKey, Counts] = {}
    for key, counts in deltas:
        had = folded.get(key)
        folded[key] = counts if had is None else had + counts
    return {key: counts for key, counts in folded.items() if not counts.is_zero}


def _pairs(
    tallies: Mapping[TallyKey, Counts] | Iterable[tuple[TallyKey, Counts]],
) -> Iterator[tuple[TallyKey, Counts]]:
    yield from tallies.items() if isinstance(tallies, Mapping) else tallies
