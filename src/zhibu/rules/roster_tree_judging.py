"""A list of organisations beside the tree that is kept: parents found, circles and repetitions named."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from zhibu.rules.norm import OrganizationKind
from zhibu.rules.roster_columns import TreeField
from zhibu.rules.roster_faults import Fault, FieldChange
from zhibu.rules.roster_judging import Outcome
from zhibu.rules.roster_places import fold_place
from zhibu.rules.roster_tree import KIND_NAMES, KnownOrganization, TreeRow
from zhibu.rules.verdicts import Severity

T = TreeField
K = OrganizationKind
MAY_HOLD: Final[Mapping[OrganizationKind, frozenset[OrganizationKind]]] = {
    K.COMMISSION: frozenset({K.COMMISSION, K.COMMITTEE, K.GENERAL_BRANCH, K.BRANCH}),
    K.COMMITTEE: frozenset({K.COMMITTEE, K.GENERAL_BRANCH, K.BRANCH}),
    K.GENERAL_BRANCH: frozenset({K.BRANCH}),
    K.BRANCH: frozenset({K.GROUP}),
    K.GROUP: frozenset(),
}
# An organisation does not rename itself, nor make itself a pilot.
FROM_ABOVE: Final = frozenset({T.NAME, T.SHORT_NAME, T.IS_PILOT})


@dataclass(frozen=True, slots=True)
class TreeDifference:
    """What one row would do.

    `organization` is the key of the one meant ("" for a new one); the parent is one that is kept
    (`parent`, a key) or one of the file (`parent_row`, its number).
    """

    row: TreeRow
    outcome: Outcome
    organization: str = ""
    parent: str = ""
    parent_row: int = 0
    founded_on: date | None = None
    changes: tuple[FieldChange, ...] = ()


@dataclass(slots=True)
class TreeJudgement:
    """The whole answer; new organisations stand in an order in which they can be founded."""

    differences: list[TreeDifference] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    missing: list[KnownOrganization] = field(default_factory=list)

    def of(self, outcome: Outcome) -> list[TreeDifference]:
        """The rows with this outcome."""
        return [one for one in self.differences if one.outcome is outcome]

    def may_confirm(self) -> bool:
        """Whether everything can be taken in as it is."""
        return bool(self.differences) and not any(
            fault.severity is Severity.ERROR for fault in self.faults
        )


def judge_tree(
    rows: Sequence[TreeRow],
    faults: Sequence[Fault],
    known: Sequence[KnownOrganization],
    *,
    root: str,
    founded_on: date,
    today: date,
    is_highest: bool = True,
) -> TreeJudgement:
    """Compare the rows with the organisations below (and with) `root`, a key.

    `founded_on` stands where the file gives no day. Organisations that the file lacks stay. What
    the level above says of `root` changes only where there is none: where it `is_highest`.
    """
    return _Judge(known, root, founded_on, today, is_highest=is_highest).judge(rows, faults)


class _Judge:
    def __init__(
        self,
        known: Sequence[KnownOrganization],
        root: str,
        founded_on: date,
        today: date,
        *,
        is_highest: bool,
    ) -> None:
        self.known = {one.key: one for one in known}
        self.root = root
        self.is_highest = is_highest
        self.founded_on = founded_on
        self.today = today
        self.result = TreeJudgement()
        self.kept_names: dict[str, list[str]] = defaultdict(list)
        for one in known:
            for name in {fold_place(one.name), fold_place(one.short_name)} - {""}:
                self.kept_names[name].append(one.key)
        self.rows: dict[int, TreeRow] = {}
        self.row_names: dict[str, list[int]] = defaultdict(list)
        self.codes: dict[str, int] = {}
        self.meant: dict[int, str] = {}  # row → the kept organisation that it is
        self.claimed: dict[str, int] = {}  # the other way round: the first row that is it
        self.parents: dict[int, tuple[str, int]] = {}  # row → kept key or row of the parent
        self.faulty: set[int] = set()

    def judge(self, rows: Sequence[TreeRow], faults: Sequence[Fault]) -> TreeJudgement:
        self.result.faults = list(faults)
        self.faulty = {one.row for one in faults if one.severity is Severity.ERROR}
        self._index(rows)
        self._find_parents(rows)
        self._break_circles()
        for row in rows:
            self._find_meant(row)
        for row in self._in_order(rows):
            self._compare(row)
        self.result.faults.sort(key=lambda fault: fault.row)
        said = {one.organization for one in self.result.differences} | {self.root}
        self.result.missing = [one for one in self.known.values() if one.key not in said]
        return self.result

    def _index(self, rows: Sequence[TreeRow]) -> None:
        for row in rows:
            self.rows[row.row] = row
            for name in {fold_place(row.name), fold_place(row.short_name)} - {""}:
                self.row_names[name].append(row.row)
            if row.code:
                first = self.codes.setdefault(row.code, row.row)
                if first != row.row:
                    self._add(row, T.CODE, "FOUND-16", row=first)

    def _find_parents(self, rows: Sequence[TreeRow]) -> None:
        above: dict[int, int] = {}  # level → the last row of it
        for row in rows:
            if row.level is not None:
                above = {level: at for level, at in above.items() if level < row.level}
                above[row.level] = row.row
            self.parents[row.row] = self._parent_of(row, above)

    def _parent_of(self, row: TreeRow, above: Mapping[int, int]) -> tuple[str, int]:
        if row.parent_code:
            found = self.codes.get(row.parent_code)
            if found is not None:
                return "", found
            if not row.parent:
                self._add(row, T.PARENT_CODE, "FOUND-17", text=row.parent_code[:40])
                return "", 0
        if row.parent:
            return self._named_parent(row)
        if row.level is not None and row.level > 1:
            found = above.get(row.level - 1)
            if found is not None:
                return "", found
            self._add(row, T.LEVEL, "FOUND-15", level=row.level, above=row.level - 1)
            return "", 0
        own = self.known.get(row.key)
        kept = own or self._kept(row.name, "")
        if kept is not None:
            return kept.parent, 0  # the file says nothing of it: it stays where it is
        if row.name:
            name = self.known[self.root].name
            self._add(row, T.PARENT, "FOUND-18", Severity.WARNING, place=name)
        return self.root, 0

    def _named_parent(self, row: TreeRow) -> tuple[str, int]:
        wanted = fold_place(row.parent)
        in_file = [at for at in self.row_names.get(wanted, ()) if at != row.row]
        exact = [at for at in in_file if fold_place(self.rows[at].name) == wanted]
        in_file = exact or in_file
        kept = self.kept_names.get(wanted, [])
        full = [key for key in kept if fold_place(self.known[key].name) == wanted]
        kept = full or kept
        if len(in_file) == 1 and len(kept) <= 1:
            return "", in_file[0]
        if len(kept) == 1 and not in_file:
            return kept[0], 0
        if in_file or kept:
            self._add(row, T.PARENT, "FOUND-07", text=row.parent[:40])
        elif wanted == fold_place(row.name):
            self._add(row, T.PARENT, "FOUND-08", name=row.name[:40])
        else:
            self._add(row, T.PARENT, "FOUND-06", text=row.parent[:40], nearest=self._near(wanted))
        return "", 0

    def _near(self, wanted: str) -> tuple[str, ...]:
        names = [*self.kept_names, *self.row_names]
        if len(names) * len(self.result.faults) > 200_000:
            return ()
        close = difflib.get_close_matches(wanted[:60], names, n=3, cutoff=0.5)
        found = [
            self.known[self.kept_names[name][0]].name
            if name in self.kept_names
            else self.rows[self.row_names[name][0]].name
            for name in close
        ]
        return tuple(dict.fromkeys(found))

    def _break_circles(self) -> None:
        safe: set[int] = set()
        for start in self.rows:
            seen: dict[int, None] = {}
            at = start
            while at and at not in safe and at not in seen:
                seen[at] = None
                at = self.parents[at][1]
            if at and at in seen:
                self._add(self.rows[at], T.PARENT, "FOUND-08", name=self.rows[at].name[:40])
                self.parents[at] = ("", 0)
            safe.update(seen)

    def _find_meant(self, row: TreeRow) -> None:
        if row.key:
            if row.key in self.known:
                self.meant[row.row] = row.key
                self.claimed.setdefault(row.key, row.row)
            else:
                self._add(row, T.KEY, "FOUND-22")

    def _in_order(self, rows: Sequence[TreeRow]) -> list[TreeRow]:
        """Parents before children, else as in the file."""
        depth: dict[int, int] = {}
        for row in rows:
            chain = []
            at = row.row
            while at and at not in depth:
                chain.append(at)
                at = self.parents[at][1]
            base = depth.get(at, 0)
            for steps, one in enumerate(reversed(chain), 1):
                depth[one] = base + steps
        return sorted(rows, key=lambda row: depth[row.row])

    def _compare(self, row: TreeRow) -> None:
        kept_parent, parent_row = self.parents[row.row]
        if parent_row and (meant := self.meant.get(parent_row)):
            kept_parent, parent_row = meant, 0
        kept = self.known.get(self.meant.get(row.row, "")) or self._kept(row.name, kept_parent)
        if kept is not None and not parent_row:
            self._compare_kept(row, kept, kept_parent)
            return
        self._judge_repetition(row, kept_parent, parent_row)
        founded_on = self._judge_place(row, kept_parent, parent_row)
        outcome = Outcome.FAULTY if row.row in self.faulty else Outcome.NEW
        self.result.differences.append(
            TreeDifference(row, outcome, "", kept_parent, parent_row, founded_on)
        )

    def _kept(self, name: str, parent: str) -> KnownOrganization | None:
        """The one that is kept under this name: below this parent, or the only one."""
        keys = [
            key
            for key in self.kept_names.get(fold_place(name), ())
            if fold_place(self.known[key].name) == fold_place(name)
        ]
        below = [key for key in keys if self.known[key].parent == parent or key == self.root]
        keys = below or (keys if not parent else [])
        keys = [key for key in keys if key not in self.claimed]
        return self.known[keys[0]] if len(keys) == 1 else None

    def _compare_kept(self, row: TreeRow, kept: KnownOrganization, parent: str) -> None:
        first = self.claimed.setdefault(kept.key, row.row)
        if first != row.row:
            self._add(row, T.NAME, "FOUND-11", row=first)
        self.meant.setdefault(row.row, kept.key)
        if parent and parent != kept.parent and kept.key != self.root:
            place = self.known[kept.parent].name if kept.parent in self.known else ""
            self._add(row, T.PARENT, "FOUND-13", Severity.WARNING, name=kept.name, place=place)
        if row.kind is not None and row.kind is not kept.kind:
            self._add(row, T.KIND, "FOUND-14", name=kept.name, kind=KIND_NAMES[kept.kind])
        # The first of a month may stand for the month.
        if row.founded_on not in {None, kept.founded_on, kept.founded_on.replace(day=1)}:
            facts = {"name": kept.name, "day": kept.founded_on}
            self._add(row, T.FOUNDED_ON, "FOUND-23", Severity.WARNING, **facts)
        changes = tuple(
            FieldChange(name, getattr(kept, name), value)
            for name in ("name", "short_name", "field", "is_pilot", "theme_day")
            if (value := getattr(row, name)) not in {None, ""}
            and value != getattr(kept, name)
            and not (name == "name" and fold_place(kept.name) == fold_place(str(value)))
        )
        if kept.key == self.root and not self.is_highest:
            for column in (T(one.field) for one in changes if one.field in FROM_ABOVE):
                self._add(row, column, "FOUND-24", name=kept.name)
        outcome = Outcome.CHANGED if changes else Outcome.SAME
        if row.row in self.faulty:
            outcome, changes = Outcome.FAULTY, ()
        self.result.differences.append(
            TreeDifference(row, outcome, kept.key, kept.parent, 0, None, changes)
        )

    def _judge_repetition(self, row: TreeRow, parent: str, parent_row: int) -> None:
        for at in self.row_names.get(fold_place(row.name), ()):
            if at >= row.row:
                break
            same_name = fold_place(self.rows[at].name) == fold_place(row.name)
            if same_name and self.parents[at] in {(parent, parent_row), self.parents[row.row]}:
                self._add(row, T.NAME, "FOUND-11", row=at)
                return

    def _judge_place(self, row: TreeRow, parent: str, parent_row: int) -> date:
        founded_on = row.founded_on or self.founded_on
        if founded_on > self.today:
            self._add(row, T.FOUNDED_ON, "ROSTER-11", day=founded_on)
        if parent_row:
            above: TreeRow | KnownOrganization | None = self.rows[parent_row]
        else:
            above = self.known.get(parent)
        if above is None:
            return founded_on
        if row.kind is not None and above.kind is not None and row.kind not in MAY_HOLD[above.kind]:
            self._add(
                row,
                T.PARENT if row.parent else T.KIND,
                "FOUND-09",
                parent=above.name,
                above=KIND_NAMES[above.kind],
                below=KIND_NAMES[row.kind],
            )
        start = above.founded_on or self.founded_on
        if row.founded_on is None:
            founded_on = max(founded_on, start)
            if row.row not in self.faulty:
                self._add(row, T.FOUNDED_ON, "FOUND-12", Severity.NOTE, day=founded_on)
        elif founded_on < start:
            self._add(row, T.FOUNDED_ON, "FOUND-10", day=founded_on, above=start)
        if parent_row and row.founded_on is None:
            self.rows[row.row] = replace(row, founded_on=founded_on)
        return founded_on

    def _add(
        self,
        at: TreeRow,
        column: TreeField,
        rule: str,
        severity: Severity = Severity.ERROR,
        **facts: Any,
    ) -> None:
        self.result.faults.append(Fault(at.row, column.value, rule, severity, facts))
        if severity is Severity.ERROR:
            self.faulty.add(at.row)
