"""From the cells of an import to what it would do: read by every step, in the job and before writing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from zhibu.org.imports import report
from zhibu.org.imports.cells import Cells, unpack
from zhibu.org.imports.collecting import no_collecting
from zhibu.org.imports.known import (
    known_members,
    known_organizations,
    known_places,
    members_elsewhere,
    needed_own,
    own_columns,
)
from zhibu.org.models import Organization, RosterImport
from zhibu.rules.roster_comparing import KnownMember
from zhibu.rules.roster_faults import Fault, Question
from zhibu.rules.roster_judging import Judgement, Outcome, judge_roster
from zhibu.rules.roster_places import Places
from zhibu.rules.roster_sheet import needed_columns, parse_roster
from zhibu.rules.roster_tree import KnownOrganization, parse_tree
from zhibu.rules.roster_tree import needed_columns as needed_tree_columns
from zhibu.rules.roster_tree_judging import TreeJudgement, judge_tree
from zhibu.rules.verdicts import Severity

Progress = Callable[[str, int, int], None]
NAMES_AT_ONCE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Found:
    """The cells of an import, and the judgement of them beside what is kept now."""

    cells: Cells
    judgement: Judgement | TreeJudgement
    decisions: Mapping[str, str]
    places: Places | None = None
    members: tuple[KnownMember, ...] = ()
    organizations: tuple[KnownOrganization, ...] = ()

    @property
    def open_questions(self) -> list[Question]:
        """What nobody has answered yet."""
        if isinstance(self.judgement, TreeJudgement):
            return []
        return self.judgement.open_questions(self.decisions)

    @property
    def state(self) -> RosterImport.State:
        """Where the import stands after this judgement."""
        if isinstance(self.judgement, TreeJudgement):
            ready = self.judgement.may_confirm()
            return RosterImport.State.READY if ready else RosterImport.State.FAULTY
        if self.judgement.may_confirm(self.decisions):
            return RosterImport.State.READY
        asking = self.open_questions and not report.has_error(self.judgement.faults)
        return RosterImport.State.ASKING if asking else RosterImport.State.FAULTY

    def report(self) -> report.ImportReport:
        """The judgement in words."""
        if isinstance(self.judgement, TreeJudgement):
            names = {one.key: one.name for one in self.organizations}
            return report.tree_report(self.cells, self.judgement, names)
        assert self.places is not None  # noqa: S101  members always have their places
        return report.member_report(self.cells, self.judgement, self.places, self.decisions)


def judge(held: RosterImport, *, today: date, progress: Progress | None = None) -> Found:
    """What the import would do to what is kept at this moment. Writes nothing."""
    is_tree = held.kind == RosterImport.Kind.ORGANIZATIONS
    with no_collecting():
        cells = unpack(bytes(held.cells or b""), is_tree=is_tree)
        if is_tree:
            return _judge_tree(held, cells, today)
        return _judge_members(held, cells, today, progress)


def _judge_members(
    held: RosterImport, cells: Cells, today: date, progress: Progress | None
) -> Found:
    places = known_places(held.organization)
    decisions: dict[str, Any] = held.decisions
    lacking = needed_columns(cells.headings)
    if lacking:
        return Found(cells, Judgement(faults=lacking), decisions, places)
    total = len(cells.rows)

    def tell(done: int) -> None:
        if progress is not None:
            progress("核对", done, total)

    parsed = parse_roster(
        cells.rows,
        cells.headings,
        today=today,
        is_text=cells.is_text,
        unvalued=cells.unvalued,
        progress=tell,
    )
    if not parsed.rows:
        return Found(cells, Judgement(faults=[Fault(0, "", "ROSTER-44")]), decisions, places)
    members = known_members(held.organization, today)
    _, choices = own_columns(held.organization)
    judgement = judge_roster(
        parsed, members, places, today=today, decisions=decisions, own=choices,
        needed=needed_own(held.organization, today),
    )  # fmt: skip
    judgement.faults += _kept_elsewhere(held.organization, judgement)
    tell(total)
    return Found(cells, judgement, decisions, places, tuple(members))


def _kept_elsewhere(organization: Organization, judgement: Judgement) -> list[Fault]:
    """New rows that look like somebody of a branch out of reach. Where, is not said."""
    rows = {
        (one.row.name, one.row.joined_on): one.row
        for one in judgement.of(Outcome.NEW)
        if one.row.joined_on is not None
    }
    names = sorted({name for name, _ in rows})
    faults = []
    for start in range(0, len(names), NAMES_AT_ONCE):
        for name, joined_on, born_on in members_elsewhere(
            organization, names[start : start + NAMES_AT_ONCE]
        ):
            row = rows.get((name, joined_on))
            if row is not None and (born_on is None or row.born_on in {None, born_on}):
                faults.append(Fault(row.row, "name", "ROSTER-36", Severity.WARNING, {"name": name}))
    return faults


def _judge_tree(held: RosterImport, cells: Cells, today: date) -> Found:
    organizations = known_organizations(held.organization)
    known = tuple(organizations)
    lacking = needed_tree_columns(cells.headings)
    if lacking:
        return Found(cells, TreeJudgement(faults=lacking), {}, organizations=known)
    rows, faults = parse_tree(cells.rows, cells.headings, is_text=cells.is_text)
    if not rows:
        faults = (Fault(0, "", "FOUND-20"),)
    judgement = judge_tree(
        rows,
        faults,
        organizations,
        root=str(held.organization_id),
        founded_on=held.effective_on,
        today=today,
        is_highest=held.organization.parent_id is None,
    )
    return Found(cells, judgement, {}, organizations=known)
