"""What every verb on a table needs: the lock, the revision, clean values, the trace, the refusals."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final, cast

from django.db.models import Field

from zhibu.org.services import Refused
from zhibu.people.models import Person
from zhibu.plans.facts import line_data
from zhibu.plans.models import LineChange, Plan, PlanLine

TEXT_FIELDS: Final = ("topic", "form", "presenter", "responsible", "remark")
OWN_FIELDS: Final = ("title", "activity")  # of X lines; in B and T the norm says them
EDITABLE: Final = ("planned_on", *TEXT_FIELDS, *OWN_FIELDS)
WHOLE: Final = (
    "practice_class", "requirement", "ordinal", "group_id", "activity", "title", *TEXT_FIELDS,
    "opens_on", "planned_on", "due_on",
)  # fmt: skip
"""What the trace keeps of a line that is added or taken away."""


class PlanConflict(Refused):
    """Somebody else changed the table since it was read; `plan` is as it stands now."""

    def __init__(self, plan: Plan) -> None:
        super().__init__("安排表已被他人修改，您的这次修改没有保存。请查看最新内容后再改。")
        self.plan = plan


class PlanExists(Refused):
    """The branch already has a table of that year."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(f"{plan.branch.short_name}{plan.year}年度安排表已经存在，不能重复起草。")
        self.plan = plan


class LineKept(Refused):
    """A line that must not be taken away."""


class LineRefused(Refused):
    """A value that a line cannot take; `field` names it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def lock_plan(plan: Plan, revision: int | None = None) -> Plan:
    """The table as it stands, held until the transaction ends, and its branch with it.

    The tallies depend on the day from which the branch uses the system (`begin_use`).

    Raises PlanConflict when the writer knew another revision.
    """
    held = (
        Plan.objects.select_for_update(of=("self", "branch"), no_key=True)
        .select_related("branch", "norm")
        .get(pk=plan.pk)
    )
    if revision is not None and held.revision != revision:
        raise PlanConflict(held)
    return held


def lock_line(line: PlanLine, revision: int | None = None) -> tuple[Plan, PlanLine]:
    """The table of a line and the line, both as they stand and held. The table comes first."""
    plan = lock_plan(Plan(pk=line.plan_id), revision)
    held = plan.lines.select_for_update(of=("self",)).select_related("group").filter(pk=line.pk)
    found = held.first()
    if found is None:
        raise PlanConflict(plan)
    return plan, found


def turn_page(plan: Plan, *fields: str) -> None:
    """Count the revision on, and save what else changed in the table."""
    plan.revision += 1
    plan.save(update_fields=["revision", *fields])


def need_reason(plan: Plan, reason: str) -> str:
    """The reason, cleaned; one is needed once the table is adopted."""
    reason = clean_text("reason", reason, 500)
    if plan.state == Plan.State.ADOPTED and not reason:
        raise LineRefused("reason", "安排表通过后再作调整，须写明理由。")
    return reason


def trace(
    plan: Plan,
    line: PlanLine,
    kind: LineChange.Kind,
    *,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    reason: str,
    by: Person,
    at: datetime,
) -> LineChange | None:
    """What an amendment changed; nothing is traced while the table is a draft."""
    if plan.state != Plan.State.ADOPTED:
        return None
    return LineChange(
        plan=plan, line_id=line.pk, kind=kind, at=at, by=by, reason=reason,
        before=dict(before), after=dict(after),
    )  # fmt: skip


def whole(line: PlanLine) -> Mapping[str, Any]:
    """A line as the trace keeps it when it comes or goes."""
    return line_data(line, WHOLE)


def write_trace(changes: Iterable[LineChange | None]) -> None:
    """Save the trace of one verb."""
    LineChange.objects.bulk_create(change for change in changes if change is not None)


def clean_values(plan: Plan, line: PlanLine, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The values that really change a line, checked. Raises LineRefused naming the field."""
    cleaned: dict[str, Any] = {}
    for field, value in changes.items():
        if field not in EDITABLE:
            raise TypeError(f"not editable: {field}")
        if field in OWN_FIELDS and line.requirement:
            if value == getattr(line, field):
                continue
            raise LineRefused(field, "B、T 类安排的事项和活动类别由规范确定，不能修改。")
        value = clean_value(plan, field, value)  # noqa: PLW2901 - cleaned once, then never seen raw
        if value == getattr(line, field):
            continue
        if field == "planned_on" and line.discharged_by is not None:
            raise LineRefused(field, "该项已经完成，计划日期不再调整。")
        cleaned[field] = value
    return cleaned


def clean_value(plan: Plan, field: str, value: Any) -> Any:
    """One value of a line, checked and in the form in which it is stored."""
    if field == "planned_on":
        if not isinstance(value, date):
            raise LineRefused(field, "请填写计划日期。")
        if value.year != plan.year:
            raise LineRefused(field, f"计划日期须在{plan.year}年之内。")
        return value
    model_field = cast("Field[Any, Any]", PlanLine._meta.get_field(field))
    if field == "activity":
        if value not in dict(model_field.choices or ()):
            raise LineRefused(field, "请从列表中选择活动类别。")
        return str(value)
    text = clean_text(field, value, model_field.max_length or 0)
    if field == "title" and not text:
        raise LineRefused(field, "请填写事项名称。")
    return text


NAMES: Final = {
    "topic": "主题", "form": "形式", "presenter": "主持（主讲）", "responsible": "责任人",
    "remark": "备注", "title": "事项", "reason": "理由", "planned_on": "时间",
    "activity": "会议（活动）类别", "practice_class": "类别", "key": "安排编号",
}  # fmt: skip


def clean_text(field: str, value: Any, longest: int) -> str:
    """Text without control characters and blanks at its ends. Raises LineRefused when too long."""
    text = "".join(
        " " if unicodedata.category(char) in {"Cc", "Zl", "Zp"} else char
        for char in str(value or "")
        if unicodedata.category(char) != "Cs"
    ).strip()
    if len(text) > longest:
        raise LineRefused(
            field, f"{NAMES.get(field, field)}不能超过{longest}字（现有{len(text)}字）。"
        )
    return text
