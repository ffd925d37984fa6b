"""What an import would do, in words, as it is kept with the import and shown on its page."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from zhibu.org.imports.cells import Cells
from zhibu.org.models import RosterImport
from zhibu.rules.roster_columns import label_of
from zhibu.rules.roster_faults import Fault, FieldChange, Question
from zhibu.rules.roster_judging import Difference, Judgement, Outcome
from zhibu.rules.roster_places import Places
from zhibu.rules.roster_tree import FIELD_NAMES, KIND_NAMES, say_theme_day
from zhibu.rules.roster_tree_judging import TreeDifference, TreeJudgement
from zhibu.rules.verdicts import Severity
from zhibu.rules.wording_roster import (
    LEAVING,
    say_entry,
    say_fault,
    say_field,
    say_option,
    say_question,
)

MOST_FAULTS: Final = 1_000
MOST_QUESTIONS: Final = 1_000
MOST_ROWS: Final = 500
_WEIGHT: Final = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


@dataclass(frozen=True, slots=True)
class ColumnRead:
    """A column that was taken, under which name we know it."""

    heading: str
    label: str


@dataclass(frozen=True, slots=True)
class ColumnIgnored:
    """A column that was not taken, and why."""

    heading: str
    why: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows do what."""

    rows: int = 0
    new: int = 0
    same: int = 0
    changed: int = 0
    faulty: int = 0
    warned: int = 0
    asked: int = 0
    missing: int = 0


@dataclass(frozen=True, slots=True)
class FaultLine:
    """One fault in words; row 0 is the whole file."""

    row: int
    column: str
    rule: str
    severity: str
    text: str


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to a question."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class QuestionLine:
    """One question in words; `decided` is the answer given, "" for none."""

    key: str
    row: int
    name: str
    text: str
    options: tuple[Option, ...]
    decided: str = ""


@dataclass(frozen=True, slots=True)
class FieldLine:
    """One value before and after."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """What changes for somebody who is kept."""

    row: int
    name: str
    fields: tuple[FieldLine, ...]


@dataclass(frozen=True, slots=True)
class AddedLine:
    """Somebody new, and where."""

    row: int
    name: str
    place: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """All that the page of an import shows. The lists are cut; `counts` are whole."""

    sheet: str = ""
    remarks: tuple[str, ...] = ()
    columns: tuple[ColumnRead, ...] = ()
    ignored: tuple[ColumnIgnored, ...] = ()
    counts: Counts = Counts()
    faults: tuple[FaultLine, ...] = ()
    questions: tuple[QuestionLine, ...] = ()
    changes: tuple[ChangeLine, ...] = ()
    added: tuple[AddedLine, ...] = ()
    missing: tuple[str, ...] = ()


def read_report(held: RosterImport) -> ImportReport:
    """The report of an import; an empty one before it was judged."""
    data: Mapping[str, Any] = held.report
    if not data:
        return ImportReport()
    return ImportReport(
        sheet=data["sheet"],
        remarks=tuple(data["remarks"]),
        columns=tuple(ColumnRead(**one) for one in data["columns"]),
        ignored=tuple(ColumnIgnored(**one) for one in data["ignored"]),
        counts=Counts(**data["counts"]),
        faults=tuple(FaultLine(**one) for one in data["faults"]),
        questions=tuple(
            QuestionLine(**{**one, "options": tuple(Option(**each) for each in one["options"])})
            for one in data["questions"]
        ),
        changes=tuple(
            ChangeLine(one["row"], one["name"], tuple(FieldLine(**each) for each in one["fields"]))
            for one in data["changes"]
        ),
        added=tuple(AddedLine(**one) for one in data["added"]),
        missing=tuple(data["missing"]),
    )


def member_report(
    cells: Cells, judgement: Judgement, places: Places, decisions: Mapping[str, str]
) -> ImportReport:
    """The judgement of a members' roster in words."""
    changed = judgement.of(Outcome.CHANGED)
    new = judgement.of(Outcome.NEW)
    return ImportReport(
        **_about(cells),
        counts=_counts(
            judgement.differences,
            judgement.faults,
            len(judgement.missing),
            len(judgement.open_questions(decisions)),
        ),
        faults=_fault_lines(judgement.faults, is_tree=False, cells=cells),
        questions=tuple(
            _question_line(one, decisions) for one in judgement.questions[:MOST_QUESTIONS]
        ),
        changes=tuple(
            ChangeLine(one.row.row, one.row.name, _field_lines(one.changes, is_tree=False))
            for one in changed[:MOST_ROWS]
        ),
        added=tuple(
            AddedLine(one.row.row, one.row.name, places.name(one.branch)) for one in new[:MOST_ROWS]
        ),
        missing=tuple(one.name for one in judgement.missing[:MOST_ROWS]),
    )


def tree_report(cells: Cells, judgement: TreeJudgement, names: Mapping[str, str]) -> ImportReport:
    """The judgement of a list of organisations in words; `names` by key."""
    by_row = {one.row.row: one.row.name for one in judgement.differences}
    changed = judgement.of(Outcome.CHANGED)
    new = judgement.of(Outcome.NEW)
    return ImportReport(
        **_about(cells),
        counts=_counts(judgement.differences, judgement.faults, len(judgement.missing), 0),
        faults=_fault_lines(judgement.faults, is_tree=True, cells=cells),
        changes=tuple(
            ChangeLine(one.row.row, one.row.name, _field_lines(one.changes, is_tree=True))
            for one in changed[:MOST_ROWS]
        ),
        added=tuple(
            AddedLine(
                one.row.row, one.row.name, names.get(one.parent) or by_row.get(one.parent_row, "")
            )
            for one in new[:MOST_ROWS]
        ),
        missing=tuple(one.name for one in judgement.missing[:MOST_ROWS]),
    )


def to_data(report: ImportReport) -> dict[str, Any]:
    """As JSON can hold it."""
    return asdict(report)


def fingerprint(judgement: Judgement | TreeJudgement) -> str:
    """What the judgement would do, as a digest: the same today and at the confirmation, or not."""
    digest = hashlib.sha256()
    for one in judgement.differences:
        digest.update(repr(_essence(one)).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _essence(one: Difference | TreeDifference) -> tuple[Any, ...]:
    if isinstance(one, Difference):
        return (
            one.row.row, one.outcome.value, one.member, one.branch, one.group, one.full_on, one.changes,
        )  # fmt: skip
    return (
        one.row.row,
        one.outcome.value,
        one.organization,
        one.parent,
        one.parent_row,
        one.changes,
    )


def _about(cells: Cells) -> dict[str, Any]:
    return {
        "sheet": cells.sheet,
        "remarks": cells.remarks,
        "columns": tuple(
            ColumnRead(one.heading, label_of(one.field)) for one in cells.headings.columns
        ),
        "ignored": tuple(
            ColumnIgnored(one.heading, LEAVING[one.why]) for one in cells.headings.left
        ),
    }


def _counts(
    differences: Iterable[Difference | TreeDifference],
    faults: Iterable[Fault],
    missing: int,
    asked: int,
) -> Counts:
    by_outcome: dict[Outcome, int] = {}
    rows = 0
    for one in differences:
        rows += 1
        by_outcome[one.outcome] = by_outcome.get(one.outcome, 0) + 1
    wrong = {fault.row for fault in faults if fault.severity is Severity.ERROR and fault.row}
    doubtful = {fault.row for fault in faults if fault.severity is Severity.WARNING and fault.row}
    return Counts(
        rows=rows,
        new=by_outcome.get(Outcome.NEW, 0),
        same=by_outcome.get(Outcome.SAME, 0),
        changed=by_outcome.get(Outcome.CHANGED, 0),
        faulty=len(wrong),
        warned=len(doubtful - wrong),
        asked=asked,
        missing=missing,
    )


def fault_text(fault: Fault, *, is_tree: bool) -> str:
    """The sentence of a fault, with the name of a missing column put in."""
    if fault.rule == "ROSTER-40":
        facts = {"column": say_field(fault.field, is_tree=is_tree)}
        fault = Fault(fault.row, fault.field, fault.rule, fault.severity, facts)
    return say_fault(fault)


def _fault_lines(faults: Iterable[Fault], *, is_tree: bool, cells: Cells) -> tuple[FaultLine, ...]:
    headings = {one.field.value: one.heading for one in cells.headings.columns}
    ordered = sorted(faults, key=lambda fault: (_WEIGHT[fault.severity], fault.row))
    return tuple(
        FaultLine(
            one.row,
            headings.get(one.field) or say_field(one.field, is_tree=is_tree),
            one.rule,
            one.severity.value,
            fault_text(one, is_tree=is_tree),
        )
        for one in ordered[:MOST_FAULTS]
    )


def _question_line(question: Question, decisions: Mapping[str, str]) -> QuestionLine:
    decided = decisions.get(question.key, "")
    return QuestionLine(
        question.key,
        question.row,
        str(question.facts.get("name", "")),
        say_question(question),
        tuple(Option(one, say_option(question, one)) for one in question.options),
        decided if decided in question.options else "",
    )


def _field_lines(changes: Iterable[FieldChange], *, is_tree: bool) -> tuple[FieldLine, ...]:
    return tuple(
        FieldLine(
            say_field(one.field, is_tree=is_tree),
            _say_value(one.field, one.before, is_tree=is_tree),
            _say_value(one.field, one.after, is_tree=is_tree),
        )
        for one in changes
    )


def _say_value(name: str, value: Any, *, is_tree: bool) -> str:
    if is_tree and name == "field":
        return FIELD_NAMES[value]
    if is_tree and name == "kind":
        return KIND_NAMES[value]
    if is_tree and name == "theme_day" and value:
        return say_theme_day(value)
    return say_entry(name, value)


def has_error(faults: Iterable[Fault]) -> bool:
    """Whether something must be mended before anything is taken in."""
    return any(fault.severity is Severity.ERROR for fault in faults)
