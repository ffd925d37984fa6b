"""What a change of the tree does to what branches owe, from their dated facts before and after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from zhibu.rules.branches import BranchFacts
from zhibu.rules.duties import Duty, derive_duties
from zhibu.rules.norm import Norm
from zhibu.rules.standing import LineFacts


@dataclass(frozen=True, slots=True)
class DutyChange:
    """The duties that a branch owes from now on and did not, and those that it owes no longer."""

    begins: tuple[Duty, ...]
    ends: tuple[Duty, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing changes."""
        return not (self.begins or self.ends)


def compare_duties(
    before: tuple[Norm, BranchFacts], after: tuple[Norm, BranchFacts], year: int, on: date
) -> DutyChange:
    """What changes in a year's duties that are due on a day or later.

    A duty that only changes its window neither begins nor ends.
    """
    old, new = ({d.key: d for d in derive_duties(*each, year)} for each in (before, after))
    return DutyChange(
        begins=tuple(d for key, d in new.items() if key not in old and d.window.due >= on),
        ends=tuple(d for key, d in old.items() if key not in new and d.window.due >= on),
    )


def lapses(line: LineFacts, last_day: date) -> bool:
    """Whether a line can no longer be asked for when its branch ends with this day.

    What was due by then stays owed, as it was; what could have been done later lapses, unless it
    was done already or was waived.
    """
    return line.due > last_day and line.happened_on is None and not line.is_waived
