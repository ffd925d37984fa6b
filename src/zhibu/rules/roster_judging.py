"""The rows of a roster beside what is kept: new, same, changed, asked about, missing.

Nothing is guessed: whether two entries are one person is asked unless name, birth and day of joining
are all the same. Nothing is deleted: who is not in the file stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from zhibu.rules.periods import add_months
from zhibu.rules.roster_columns import OWN
from zhibu.rules.roster_comparing import (
    KnownMember,
    changed_own,
    changes_of,
    is_exact,
    likeness,
)
from zhibu.rules.roster_faults import ANOTHER, MEND, SAME, YEAR_LATER, Fault, FieldChange, Question
from zhibu.rules.roster_places import Places
from zhibu.rules.roster_sheet import NO_PROBATION, MemberRow, ParsedRoster, month_notes
from zhibu.rules.roster_values import FULL, PROBATIONARY
from zhibu.rules.verdicts import Severity

FULL_ON: Final = "full_on"  # key of the one question that is about the whole sheet
LONGEST_OWN: Final = 500
OwnColumns = Mapping[str, Mapping[str, tuple[str, ...]]]
"""Branch → name of an added column → what may be chosen there; nothing for free text."""


class Outcome(StrEnum):
    """What a row would do."""

    NEW = "new"
    SAME = "same"
    CHANGED = "changed"
    ASKED = "asked"
    FAULTY = "faulty"
    LEFT_OUT = "left_out"  # the same person twice in the file


@dataclass(frozen=True, slots=True)
class Difference:
    """What one row would do. `member` is the key of who is meant, "" for a new one.

    `branch` and `group` are keys; `changes` are the values that would change, with the old ones.
    """

    row: MemberRow
    outcome: Outcome
    member: str = ""
    branch: str = ""
    group: str | None = None
    full_on: date | None = None
    changes: tuple[FieldChange, ...] = ()


@dataclass(slots=True)
class Judgement:
    """The whole answer. It may be confirmed when no fault is an error and no question is open."""

    differences: list[Difference] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    missing: list[KnownMember] = field(default_factory=list)

    def of(self, outcome: Outcome) -> list[Difference]:
        """The rows with this outcome."""
        return [one for one in self.differences if one.outcome is outcome]

    def open_questions(self, decisions: Mapping[str, str]) -> list[Question]:
        """Those that nobody has answered yet."""
        return [one for one in self.questions if decisions.get(one.key) not in one.options]

    def may_confirm(self, decisions: Mapping[str, str]) -> bool:
        """Whether everything can be taken in as it is."""
        return (
            not any(fault.severity is Severity.ERROR for fault in self.faults)
            and not self.open_questions(decisions)
            and bool(self.differences)
        )


def judge_roster(
    parsed: ParsedRoster,
    known: Sequence[KnownMember],
    places: Places,
    *,
    today: date,
    decisions: Mapping[str, str] | None = None,
    own: OwnColumns | None = None,
    needed: Mapping[str, Collection[str]] | None = None,
) -> Judgement:
    """Compare the rows with the members that are kept.

    `places` knows the branches and groups, `own` the columns that organisations added, `needed`
    those that must be filled for who is new, by branch. `decisions` are answers to questions asked
    before. The same rows and members give the same judgement, and a file that was written from the
    members gives no difference.
    """
    return _Judge(known, places, today, dict(decisions or {}), own or {}, needed or {}).judge(
        parsed
    )


class _Judge:
    def __init__(
        self,
        known: Sequence[KnownMember],
        places: Places,
        today: date,
        decisions: Mapping[str, str],
        own: OwnColumns,
        needed: Mapping[str, Collection[str]],
    ) -> None:
        self.own = own
        self.needed = needed
        self.lacking: dict[str, None] = {}  # needed columns that the file has not, in their order
        self.told: set[str] = set()  # the added columns in which the file says anything
        self.places = places
        self.today = today
        self.decisions = decisions
        self.result = Judgement()
        self.by_key = {one.key: one for one in known}
        self.by_name: dict[str, list[KnownMember]] = defaultdict(list)
        for one in known:
            self.by_name[one.name].append(one)
        self.claimed: dict[str, int] = {}  # member → the row that is this person
        self.seats: dict[int, tuple[str, str | None]] = {}
        self.first: dict[tuple[str, date | None, date | None], int] = {}
        self.undated: list[int] = []  # rows of full members without their day
        self.faulty: set[int] = set()
        self.asked: set[int] = set()

    def judge(self, parsed: ParsedRoster) -> Judgement:
        result = self.result
        result.faults = list(parsed.faults)
        self.faulty = {row.row for row in parsed.rows if row.has_fault}
        if self.needed:
            self.told = {label for row in parsed.rows for label, _ in row.own}
        rows = [row for row in parsed.rows if self._is_first(row)]
        for row in rows:
            self._seat(row)
        matched = self._match_exactly(rows)
        for row in rows:
            member = matched.get(row.row)
            if member is None:
                member = self._ask_for(row)
            self._compare(row, member)
        result.faults += [
            Fault(0, f"{OWN}{label}", "ROSTER-49", Severity.ERROR, {"column": label})
            for label in self.lacking
        ]
        self._ask_for_days()
        self._judge_secretaries()
        result.faults += month_notes(rows)
        result.faults.sort(key=lambda fault: fault.row)
        branches = {one.branch for one in result.differences if one.branch}
        result.missing = [
            one
            for one in self.by_key.values()
            if one.key not in self.claimed and one.branch in branches
        ]
        return result

    # ------------------------------------------------------------------------------ in the file

    def _is_first(self, row: MemberRow) -> bool:
        """Whether the row is no repetition of one before it; a repetition is asked about."""
        if row.key or not row.name or row.joined_on is None:
            return True
        mark = (row.name, row.born_on, row.joined_on)
        first = self.first.setdefault(mark, row.row)
        if first == row.row:
            return True
        key = f"twice:{first}:{row.row}"
        self.result.questions.append(
            Question(key, row.row, "ROSTER-53", (SAME, ANOTHER), {"name": row.name, "row": first})
        )
        if self.decisions.get(key) == ANOTHER:
            return True
        is_decided = self.decisions.get(key) == SAME
        outcome = Outcome.LEFT_OUT if is_decided else Outcome.ASKED
        self.result.differences.append(Difference(row, outcome))
        return False

    def _seat(self, row: MemberRow) -> None:
        """Find branch and group; say what is wrong with them."""
        member = self.by_key.get(row.key)
        if member is not None and self.places.is_called(member.branch, row.branch):
            # The file names no branch, or the member's own, which may share its name with others.
            found = self.places.seat_in(member.branch, row.group, row.row)
        else:
            found = self.places.seat(row.branch, row.group, row.row)
        for fault in found.faults:
            self._add(fault)
        self.seats[row.row] = (found.branch, found.group)
        if row.offices and "group_leader" in row.offices and not found.faults:
            held = found.group if row.group is not None else (member.group if member else None)
            if not held and self._group_of_namesake(row, found.branch) is None:
                self._add(Fault(row.row, "office", "ROSTER-27"))

    def _judge_own(self, row: MemberRow, member: KnownMember | None, branch: str) -> None:
        """What was kept before may stay, though it could not be chosen any more."""
        asked = self.own.get(branch, {})
        for label, text in changed_own(row, member):
            choices = asked.get(label)
            facts = {"column": label, "text": text[:40], "names": choices}
            if choices is None:
                self._add(Fault(row.row, f"{OWN}{label}", "ROSTER-46", Severity.ERROR, facts))
            elif choices and text not in choices:
                self._add(Fault(row.row, f"{OWN}{label}", "ROSTER-47", Severity.ERROR, facts))
            elif len(text) > LONGEST_OWN:
                self._add(Fault(row.row, f"{OWN}{label}", "ROSTER-48", Severity.ERROR, facts))

    def _judge_needed(self, row: MemberRow, branch: str) -> None:
        """A new member lacks what the organisation must have; a whole column is named once."""
        held = {label for label, _ in row.own}
        for label in self.needed.get(branch, ()):
            if label in held:
                continue
            facts = {"column": label}
            if label in self.told:
                self._add(Fault(row.row, f"{OWN}{label}", "ROSTER-49", Severity.ERROR, facts))
            else:
                self.faulty.add(row.row)
                self.lacking.setdefault(label)

    def _group_of_namesake(self, row: MemberRow, branch: str) -> str | None:
        groups = {one.group for one in self.by_name.get(row.name, ()) if one.branch == branch}
        return groups.pop() or None if len(groups) == 1 else None

    # --------------------------------------------------------------------------- beside the kept

    def _match_exactly(self, rows: Sequence[MemberRow]) -> dict[int, KnownMember]:
        """Rows whose person is certain: by our own key, or by name, birth and joining in the branch."""
        matched: dict[int, KnownMember] = {}
        for row in rows:
            if row.key:
                self._match_key(row, matched)
        for row in rows:
            if row.row in matched or row.joined_on is None:
                continue
            branch = self.seats[row.row][0]
            for one in self.by_name.get(row.name, ()):
                if one.key not in self.claimed and one.branch == branch and is_exact(row, one):
                    matched[row.row] = one
                    self.claimed[one.key] = row.row
                    break
        return matched

    def _match_key(self, row: MemberRow, matched: dict[int, KnownMember]) -> None:
        member = self.by_key.get(row.key)
        if member is None:
            self._add(Fault(row.row, "key", "ROSTER-32"))
        elif member.key in self.claimed:
            self._add(Fault(row.row, "key", "ROSTER-43", facts={"row": self.claimed[member.key]}))
        else:
            matched[row.row] = member
            self.claimed[member.key] = row.row

    def _ask_for(self, row: MemberRow) -> KnownMember | None:
        """Who the row may be among the kept, by asking; None while open and for a new person."""
        if not row.name or row.key or row.row in self.faulty:
            return None
        branch = self.seats[row.row][0]
        candidates = [
            (rank, one)
            for one in self.by_name.get(row.name, ())
            if one.key not in self.claimed and (rank := likeness(row, one, branch)) is not None
        ]
        for _, one in sorted(candidates, key=lambda pair: (-pair[0], pair[1].key)):
            key = f"who:{row.row}:{one.key}"
            is_here = one.branch == branch
            facts = {
                "name": row.name,
                "born": one.born_on,
                "joined": one.joined_on,
                "place": self.places.name(one.branch),
                "target": self.places.name(branch),
            }
            rule = "ROSTER-51" if is_here else "ROSTER-52"
            self.result.questions.append(Question(key, row.row, rule, (SAME, ANOTHER), facts))
            answer = self.decisions.get(key)
            if answer == ANOTHER:
                continue
            self.claimed[one.key] = row.row
            if answer == SAME:
                return one
            self.asked.add(row.row)  # open: neither new nor known
            return None
        return None

    def _compare(self, row: MemberRow, member: KnownMember | None) -> None:
        branch, group = self.seats[row.row]
        full_on = row.full_on
        changes: tuple[FieldChange, ...] = ()
        outcome = Outcome.NEW
        if row.own and branch and row.row not in self.asked:
            self._judge_own(row, member, branch)
        if self.needed and member is None and branch and row.row not in self.asked:
            self._judge_needed(row, branch)
        if row.row in self.asked:
            outcome = Outcome.ASKED
        elif row.row not in self.faulty:
            full_on = self._full_on(row, member)
            if member is not None:
                changes = changes_of(row, member, branch, group, full_on, self.places)
                outcome = Outcome.CHANGED if changes else Outcome.SAME
        if row.row in self.faulty:
            outcome, changes = Outcome.FAULTY, ()
        key = member.key if member is not None else ""
        self.result.differences.append(
            Difference(row, outcome, key, branch, group, full_on, changes)
        )

    def _full_on(self, row: MemberRow, member: KnownMember | None) -> date | None:
        """The day of full membership; asked for the whole sheet where the file has none."""
        kept = member.full_on if member is not None else None
        if row.full_on is not None:
            return row.full_on
        if kept is not None:
            if row.category == PROBATIONARY:
                self._add(Fault(row.row, "category", "ROSTER-33", Severity.WARNING, {"day": kept}))
            return None
        if row.joined_on is None or row.category == PROBATIONARY:
            return None
        if row.category != FULL and (
            member is not None or not _is_long_ago(row.joined_on, self.today)
        ):
            return None
        self.undated.append(row.row)
        answer = self.decisions.get(FULL_ON)
        if answer == MEND:
            self._add(Fault(row.row, "full_on", "ROSTER-21"))
        if answer != YEAR_LATER:
            return None
        later = _full_after(row.joined_on)
        if later > self.today:
            self._add(Fault(row.row, "full_on", "ROSTER-21"))
        return later

    def _ask_for_days(self) -> None:
        if not self.undated:
            return
        facts = {"count": len(self.undated), "first": self.undated[0]}
        self.result.questions.insert(
            0, Question(FULL_ON, 0, "ROSTER-54", (YEAR_LATER, MEND), facts)
        )
        if self.decisions.get(FULL_ON) == YEAR_LATER:
            self.result.faults.append(Fault(0, "full_on", "ROSTER-39", Severity.NOTE, facts))

    def _judge_secretaries(self) -> None:
        """One secretary in each branch: among the rows, and beside who is in office now."""
        named: dict[str, list[Difference]] = defaultdict(list)
        for one in self.result.differences:
            if one.row.offices and "secretary" in one.row.offices and one.branch:
                named[one.branch].append(one)
        if not named:
            return
        sitting = {
            one.branch: one
            for one in self.by_key.values()
            if any(office == "secretary" for office, _ in one.posts)
        }
        for branch, several in named.items():
            if len(several) > 1:
                facts = {"place": self.places.name(branch), "row": several[0].row.row}
                for one in several[1:]:
                    self._add(Fault(one.row.row, "office", "ROSTER-28", facts=facts))
                    self._spoil(one)
            held = sitting.get(branch)
            if held is not None and several[0].member != held.key:
                facts = {"name": held.name, "place": self.places.name(branch)}
                self._add(Fault(several[0].row.row, "office", "ROSTER-29", Severity.WARNING, facts))

    def _spoil(self, one: Difference) -> None:
        at = self.result.differences.index(one)
        self.result.differences[at] = Difference(
            one.row, Outcome.FAULTY, one.member, one.branch, one.group, one.full_on
        )

    def _add(self, fault: Fault) -> None:
        self.result.faults.append(fault)
        if fault.severity is Severity.ERROR:
            self.faulty.add(fault.row)


def _is_long_ago(joined: date, today: date) -> bool:
    """More than two years: no probation lasts longer."""
    return (today - joined).days > 2 * 365 + 31


def _full_after(joined: date) -> date:
    """A year later; on the day itself in the years that knew no probation."""
    is_at_once = NO_PROBATION[0] <= joined <= NO_PROBATION[1]
    return joined if is_at_once else add_months(joined, 12)
