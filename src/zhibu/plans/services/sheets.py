"""The table as an Excel sheet: what goes out, and what an edited copy would change when it comes back.

Nothing is applied by reading a file: a preview says line by line what would change and row by row
what is wrong; what is applied is the preview that somebody has seen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from django.db import transaction

from zhibu.documents.literal import clean
from zhibu.documents.table import AnnualTable, TableLine
from zhibu.documents.table_reading import SheetFault, SheetRow, TableSheet
from zhibu.ledger.services import note
from zhibu.norms.facts import norm_of
from zhibu.org.services import Refused
from zhibu.people.models import Person
from zhibu.plans.facts import say_attendees, standing_of
from zhibu.plans.models import Plan, PlanLine
from zhibu.plans.queries import lines_of
from zhibu.plans.services.desk import (
    NAMES,
    LineRefused,
    clean_values,
    lock_plan,
    need_reason,
    turn_page,
    write_trace,
)
from zhibu.plans.services.drafting import put_lines
from zhibu.plans.services.editing import change_line, own_line, part_events
from zhibu.rules.labels import label
from zhibu.rules.norm import Activity, Norm, PracticeClass

READ_BACK: Final = ("topic", "form", "presenter", "responsible", "remark")
MOST_NEW: Final = 200


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One value of a line, as it is and as the sheet has it; days as 2026-03-12."""

    field: str
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class RowChange:
    """What one row of the sheet would change: a line that there is, or a new one (`line` "")."""

    row: int
    line: str
    title: str
    changes: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class ImportPreview:
    """What a sheet would do to a table. `kept` are the lines that it does not name: they stay."""

    plan: str
    revision: int
    changes: tuple[RowChange, ...] = ()
    faults: tuple[SheetFault, ...] = ()
    kept: tuple[str, ...] = ()
    unchanged: int = 0
    is_outdated: bool = False  # the table was changed since the sheet was exported

    def to_data(self) -> dict[str, Any]:
        """As JSON can hold it, between the preview and the confirmation."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> ImportPreview:
        """Back from `to_data`. Raises ValueError for anything else."""
        try:
            return cls(
                plan=str(data["plan"]),
                revision=int(data["revision"]),
                changes=tuple(
                    RowChange(
                        int(row["row"]), str(row["line"]), str(row["title"]),
                        tuple(FieldChange(**change) for change in row["changes"]),
                    )
                    for row in data["changes"]
                ),
                faults=tuple(SheetFault(**fault) for fault in data["faults"]),
                kept=tuple(map(str, data["kept"])),
                unchanged=int(data["unchanged"]),
                is_outdated=bool(data["is_outdated"]),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError("not a preview") from error


def plan_table(plan: Plan, *, today: date) -> AnnualTable:
    """The table as it is printed and as Excel gets it, with the state of each line today."""
    norm = norm_of(plan.norm)
    return AnnualTable(
        branch=plan.branch.name,
        year=plan.year,
        lines=tuple(_table_line(line, norm, today) for line in lines_of(plan)),
        classes=tuple(
            (cls.value, plan.branch.class_labels.get(cls, word)) for cls, word in norm.labels
        ),
        notes=("节假日安排尚未公布，日期为暂定。",) if plan.is_provisional else (),
        status="草案" if plan.state == Plan.State.DRAFT else "",
        plan=str(plan.pk),
        revision=plan.revision,
        norm=f"{plan.norm.pack}@{plan.norm.version}",
    )


def _table_line(line: PlanLine, norm: Norm, today: date) -> TableLine:
    return TableLine(
        key=str(line.pk),
        period=f"{line.planned_on.month}月",
        planned_on=line.planned_on,
        practice_class=line.practice_class,
        activity=line.title,
        topic=line.topic,
        form=line.form,
        attendees=say_attendees(line, norm.requirement(line.requirement)),
        presenter=line.presenter,
        responsible=line.responsible,
        state=label(standing_of(line, today).state),
        remark=line.remark,
    )


def preview_import(plan: Plan, sheet: TableSheet) -> ImportPreview:
    """What an edited copy of the table would change; nothing is changed by asking."""
    lines = {str(line.pk): line for line in lines_of(plan)}
    own = _OwnLines(line for key, line in lines.items() if key not in {r.key for r in sheet.rows})
    faults = list(sheet.faults)
    if sheet.plan and sheet.plan != str(plan.pk):
        faults.append(SheetFault(0, "", "这个文件是另一份安排表导出的，请核对党支部和年度。"))
        return ImportPreview(str(plan.pk), plan.revision, faults=tuple(faults))
    changes: list[RowChange] = []
    seen: set[str] = set()
    unchanged = 0
    for row in sheet.rows:
        line = lines.get(row.key)
        if not row.key and row.practice_class == PracticeClass.X:
            line = own.take(row.activity, row.planned_on)
        seen.add(str(line.pk) if line else "")
        try:
            change = _preview_new(plan, row) if line is None else _preview_line(plan, row, line)
        except LineRefused as refusal:
            faults.append(SheetFault(row.row, NAMES.get(refusal.field, ""), str(refusal)))
            continue
        if change.changes:
            changes.append(change)
        else:
            unchanged += 1
    if sum(not change.line for change in changes) > MOST_NEW:
        faults.append(SheetFault(0, "", f"新增的行超过{MOST_NEW}行，请检查是否选错文件。"))
    return ImportPreview(
        plan=str(plan.pk),
        revision=plan.revision,
        changes=tuple(changes),
        faults=tuple(sorted(faults, key=lambda fault: fault.row)),
        kept=tuple(
            f"{line.planned_on:%Y-%m-%d} {line.title}"
            for key, line in lines.items()
            if key not in seen
        ),
        unchanged=unchanged,
        is_outdated=sheet.revision is not None and sheet.revision != plan.revision,
    )


def _written(text: str) -> str:
    """A text as the sheet has it: without what cannot be printed, which is no change of ours."""
    return clean(text).strip()


class _OwnLines:
    """Lines of the branch's own, to be found without their key.

    Who adds a row, imports the sheet, and imports the same sheet once more means one line.
    """

    def __init__(self, lines: Iterable[PlanLine]) -> None:
        self._lines: dict[tuple[str, date | None], list[PlanLine]] = defaultdict(list)
        for line in lines:
            if not line.requirement:
                self._lines[_written(line.title), line.planned_on].append(line)

    def take(self, title: str, planned_on: date | None) -> PlanLine | None:
        """The line of this title and day, each only once; None where there is none (any more)."""
        found = self._lines.get((" ".join(title.split("\n")), planned_on))
        return found.pop(0) if found else None


def _preview_line(plan: Plan, row: SheetRow, line: PlanLine) -> RowChange:
    if row.practice_class != line.practice_class:
        raise LineRefused(
            "practice_class",
            f"类别由规范确定，不能由 {line.practice_class} 改为 {row.practice_class}。",
        )
    # Also how it shows that somebody sorted the sheet without its hidden column of keys.
    if line.requirement and row.activity.split() != _written(line.title).split():
        raise LineRefused(
            "activity",
            f"这一行是“{line.title}”，名称由规范确定，不能修改，需要说明的请写在备注里。"
            "表格排过序的，请重新导出后再改。",
        )
    wanted: dict[str, Any] = {
        field: value
        for field in READ_BACK
        if (value := getattr(row, field)) not in (None, _written(getattr(line, field)))
    }
    if row.has_day_column:
        wanted["planned_on"] = row.planned_on
    if not line.requirement and row.activity != _written(line.title):
        wanted["title"] = row.activity
    cleaned = clean_values(plan, line, wanted)
    return RowChange(
        row.row,
        str(line.pk),
        line.title,
        tuple(
            FieldChange(field, NAMES[field], _say(getattr(line, field)), _say(value))
            for field, value in cleaned.items()
        ),
    )


def _preview_new(plan: Plan, row: SheetRow) -> RowChange:
    if row.key:
        raise LineRefused("key", "安排编号不在这份安排表中；新增的行请清空隐藏的安排编号。")
    if row.practice_class != PracticeClass.X:
        raise LineRefused(
            "practice_class", "新增的行只能是 X 类；B、T 类安排由规范产生，不能在表格中新增。"
        )
    values = {
        "title": row.activity,
        "activity": _activity_of(row.activity).value,
        "planned_on": row.planned_on,
        **{field: getattr(row, field) or "" for field in READ_BACK},
    }
    line = own_line(plan, values)
    return RowChange(
        row.row,
        "",
        line.title,
        tuple(
            FieldChange(field, NAMES[field], "", _say(getattr(line, field)))
            for field in values
            if getattr(line, field)
        ),
    )


def _activity_of(text: str) -> Activity:
    """The kind of activity that people mean by these words; 其他 where no word fits."""
    return next(
        (a for a in Activity if label(a) in text and a is not Activity.OTHER), Activity.OTHER
    )


def renew_preview(plan: Plan, preview: ImportPreview) -> ImportPreview:
    """The same preview of the table as it stands now, after somebody else changed it.

    What it holds by now falls away; what has been taken out of it meanwhile is a fault.
    """
    lines = {str(line.pk): line for line in lines_of(plan)}
    own = _OwnLines(lines.values())
    changes: list[RowChange] = []
    faults = list(preview.faults)
    for change in preview.changes:
        line = lines.get(change.line)
        if line is None and change.line:
            faults.append(SheetFault(change.row, "", f"“{change.title}”已从安排表中取消。"))
            continue
        if line is None:
            line = own.take(change.title, _values(change).get("planned_on"))
        fields = change.changes
        if line is not None:
            now = {one.field: _say(getattr(line, one.field)) for one in fields}
            fields = tuple(
                replace(one, before=now[one.field]) for one in fields if now[one.field] != one.after
            )
        if fields:
            key = str(line.pk) if line else ""
            changes.append(replace(change, line=key, changes=fields))
    return replace(
        preview, revision=plan.revision, changes=tuple(changes), faults=tuple(faults)
    )  # fmt: skip


def _say(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value or "")


def _values(change: RowChange) -> dict[str, Any]:
    """The values of a preview as the verbs take them."""
    values: dict[str, Any] = {one.field: one.after for one in change.changes}
    if "planned_on" in values:
        try:
            values["planned_on"] = date.fromisoformat(values["planned_on"])
        except ValueError:
            values["planned_on"] = None
    return values


@transaction.atomic
def apply_import(
    *,
    plan: Plan,
    preview: ImportPreview,
    revision: int,
    by: Person,
    at: datetime,
    reason: str = "",
) -> Plan:
    """Apply what a preview showed, all of it or nothing.

    Raises PlanConflict when the table has changed since, LineRefused without a reason where one is
    needed, Refused for a value that a line cannot take by now or when there is nothing to apply.
    """
    plan = lock_plan(plan, revision)
    if preview.plan != str(plan.pk) or not preview.changes:
        raise Refused("文件中没有需要导入的改动。")
    reason = need_reason(plan, reason)
    lines = {
        str(line.pk): line
        for line in plan.lines.select_for_update(of=("self",)).select_related("group")
    }
    traces = []
    added: list[PlanLine] = []
    for change in preview.changes:
        line = lines.get(change.line)
        if line is None:
            if change.line:
                raise Refused(f"第{change.row}行的安排已被取消，请重新导出后再导入。")
            added.append(own_line(plan, _values(change)))
            continue
        try:
            cleaned = clean_values(plan, line, _values(change))
        except LineRefused as refusal:  # done, perhaps, since the preview
            raise Refused(f"第{change.row}行“{line.title}”：{refusal}") from refusal
        if cleaned:
            traces += change_line(
                plan, line, cleaned, reason=reason, by=by, at=at, with_companions=False
            )
    write_trace(traces)
    part_events(plan, lines.values())
    if added:
        put_lines(plan, added, reason=reason, by=by, at=at)
    else:
        turn_page(plan)
    note(
        by=by, verb="import_plan", organization_id=plan.branch_id, subject=plan, at=at,
        detail={"changed": len(preview.changes) - len(added), "added": len(added), "reason": reason},
    )  # fmt: skip
    return plan
