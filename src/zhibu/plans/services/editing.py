"""Changing the lines of a table: a draft freely, an adopted one with a reason and a trace."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from zhibu.ledger.services import note
from zhibu.people.models import Person
from zhibu.plans.facts import line_data
from zhibu.plans.models import LineChange, Plan, PlanLine
from zhibu.plans.services.desk import (
    LineKept,
    LineRefused,
    clean_text,
    clean_value,
    clean_values,
    lock_line,
    lock_plan,
    need_reason,
    trace,
    turn_page,
    whole,
    write_trace,
)
from zhibu.plans.services.drafting import put_lines
from zhibu.plans.services.tallies import Moves
from zhibu.rules.norm import PracticeClass
from zhibu.rules.periods import first_of, last_of, month_index

_RECORDED: Final = "该项已有记录，不能删除。"


@transaction.atomic
def edit_line(
    *,
    line: PlanLine,
    revision: int,
    changes: Mapping[str, Any],
    by: Person,
    at: datetime,
    reason: str = "",
) -> PlanLine:
    """Change day, topic, form, presenter, who is responsible or remark of a line.

    Of an X line also title and activity. Lines of one event move to the new day together, where
    their windows allow it; else they part. Raises PlanConflict, LineRefused.
    """
    plan, held = lock_line(line, revision)
    reason = need_reason(plan, reason)
    cleaned = clean_values(plan, held, changes)
    if not cleaned:
        return held
    write_trace(change_line(plan, held, cleaned, reason=reason, by=by, at=at))
    part_events(plan, [held])
    turn_page(plan)
    note(
        by=by, verb="edit_line", organization_id=plan.branch_id, subject=held, at=at,
        detail={"plan": str(plan.pk), "fields": sorted(cleaned), "reason": reason},
    )  # fmt: skip
    return held


def change_line(
    plan: Plan,
    line: PlanLine,
    cleaned: Mapping[str, Any],
    *,
    reason: str,
    by: Person,
    at: datetime,
    with_companions: bool = True,
) -> list[LineChange | None]:
    """Write checked values to a held line, and to those held together with it; the trace of it."""
    traces: list[LineChange | None] = []
    moves = Moves()
    own = dict(cleaned)
    if "planned_on" in own and not line.requirement:
        own["opens_on"], own["due_on"] = own_window(own["planned_on"])
    changes = _with_companions(line, own) if with_companions else [(line, own)]
    for changed, values in changes:
        fields = sorted(values)
        before = line_data(changed, fields)
        moves.leave(plan, changed)
        for field, value in values.items():
            setattr(changed, field, value)
        moves.enter(plan, changed)
        changed.save(update_fields=fields)
        kind = LineChange.Kind.CHANGE
        after = line_data(changed, fields)
        traces.append(
            trace(plan, changed, kind, before=before, after=after, reason=reason, by=by, at=at)
        )
    moves.write()
    return traces


def _with_companions(
    line: PlanLine, values: dict[str, Any]
) -> list[tuple[PlanLine, dict[str, Any]]]:
    """The line and what changes in it; lines of the same event follow it to another day."""
    day: date | None = values.get("planned_on")
    if day is None or line.event is None:
        return [(line, values)]
    others = [
        other
        for other in line.plan.lines.select_for_update(of=("self",)).filter(event=line.event)
        if other.pk != line.pk
    ]
    follow = [
        other
        for other in others
        if other.discharged_by is None and other.opens_on <= day <= other.due_on
    ]
    if len(follow) < len(others):
        return [(line, values)]
    return [(line, values), *((other, {"planned_on": day}) for other in follow)]


def part_events(plan: Plan, changed: Iterable[PlanLine]) -> None:
    """Of the events of these lines: who is left alone on a day is no longer held together.

    Every verb that moves or drops a line calls it; else a later move would take along a line that
    is held on another day.
    """
    events: dict[UUID, list[PlanLine]] = defaultdict(list)
    for line in plan.lines.filter(event__in={line.event for line in changed if line.event}):
        if line.event is not None:
            events[line.event].append(line)
    alone = []
    for together in events.values():
        days = Counter(line.planned_on for line in together)
        ((usual, count),) = days.most_common(1)
        alone += [line.pk for line in together if line.planned_on != usual or count == 1]
    PlanLine.objects.filter(pk__in=alone).update(event=None)


def own_window(day: date) -> tuple[date, date]:
    """A branch's own line may be done in the month for which it is planned."""
    month = month_index(day)
    return first_of(month), last_of(month)


@transaction.atomic
def add_line(
    *,
    plan: Plan,
    revision: int,
    values: Mapping[str, Any],
    by: Person,
    at: datetime,
    reason: str = "",
) -> PlanLine:
    """Add an activity of the branch's own (X): title, activity and planned day are needed."""
    plan = lock_plan(plan, revision)
    reason = need_reason(plan, reason)
    line = own_line(plan, values)
    put_lines(plan, [line], reason=reason, by=by, at=at)
    note(
        by=by, verb="add_line", organization_id=plan.branch_id, subject=line, at=at,
        detail={"plan": str(plan.pk), "title": line.title, "reason": reason},
    )  # fmt: skip
    return line


def own_line(plan: Plan, values: Mapping[str, Any]) -> PlanLine:
    """A new X line from given values, checked and not yet saved."""
    given = {"activity": "other", "title": "", "planned_on": None, **values}
    cleaned = {field: clean_value(plan, field, value) for field, value in given.items()}
    opens_on, due_on = own_window(cleaned["planned_on"])
    return PlanLine(
        plan=plan,
        branch_id=plan.branch_id,
        year=plan.year,
        practice_class=PracticeClass.X,
        opens_on=opens_on,
        due_on=due_on,
        **cleaned,
    )


@transaction.atomic
def remove_line(
    *, line: PlanLine, revision: int, by: Person, at: datetime, reason: str = ""
) -> None:
    """Take a T or X line out of the table. A B line is never taken out: raises LineKept."""
    plan, held = lock_line(line, revision)
    reason = need_reason(plan, reason)
    if kept := why_kept(held):
        raise LineKept(kept)
    drop_lines(plan, [held], reason=reason, by=by, at=at)
    note(
        by=by, verb="remove_line", organization_id=plan.branch_id, subject=held, at=at,
        detail={"plan": str(plan.pk), "title": held.title, "reason": reason},
    )  # fmt: skip


def why_kept(line: PlanLine) -> str:
    """Why a line cannot be taken out of its table, as a sentence; empty for one that can."""
    if line.practice_class == PracticeClass.B:
        return "必做（B类）事项不能删除；确实无法开展的，由上级党组织说明理由后免除。"
    return _RECORDED if line.discharged_by is not None else ""


def drop_lines(plan: Plan, lines: list[PlanLine], *, reason: str, by: Person, at: datetime) -> None:
    """Take held lines out of a held table: rows, trace, tallies, revision."""
    if any(line.discharged_by is not None for line in lines):
        raise LineKept(_RECORDED)
    write_trace(
        trace(
            plan, line, LineChange.Kind.REMOVE, before=whole(line), after={},
            reason=reason, by=by, at=at,
        )
        for line in lines
    )  # fmt: skip
    moves = Moves()
    moves.leave(plan, *lines)
    moves.write()
    PlanLine.objects.filter(pk__in=[line.pk for line in lines]).delete()
    part_events(plan, lines)
    turn_page(plan)


@transaction.atomic
def waive_line(*, line: PlanLine, reason: str, by: Person, at: datetime) -> PlanLine:
    """A higher level lets a branch off one line, and says why."""
    plan, held = lock_line(line)
    reason = clean_text("reason", reason, 500)
    if not reason:
        raise LineRefused("reason", "免除一项安排，须写明理由。")
    if held.discharged_by is not None:
        raise LineRefused("line", "该项已经完成，不需要免除。")
    if held.waived_at is not None:
        raise LineRefused("line", "该项已经免除。")
    return _set_waiver(plan, held, reason, LineChange.Kind.WAIVE, reason, by, at)


@transaction.atomic
def restore_line(*, line: PlanLine, reason: str, by: Person, at: datetime) -> PlanLine:
    """A higher level takes back that it let a branch off a line."""
    plan, held = lock_line(line)
    reason = clean_text("reason", reason, 500)
    if not reason:
        raise LineRefused("reason", "恢复一项安排，须写明理由。")
    if held.waived_at is None:
        raise LineRefused("line", "该项没有免除，不需要恢复。")
    return _set_waiver(plan, held, "", LineChange.Kind.RESTORE, reason, by, at)


def _set_waiver(
    plan: Plan,
    line: PlanLine,
    waive_reason: str,
    kind: LineChange.Kind,
    reason: str,
    by: Person,
    at: datetime,
) -> PlanLine:
    before = {"waive_reason": line.waive_reason}
    moves = Moves()
    moves.leave(plan, line)
    line.waive_reason = waive_reason
    line.waived_at, line.waived_by = (at, by) if waive_reason else (None, None)
    moves.enter(plan, line)
    line.save(update_fields=["waive_reason", "waived_at", "waived_by"])
    moves.write()
    after = {"waive_reason": waive_reason}
    write_trace([trace(plan, line, kind, before=before, after=after, reason=reason, by=by, at=at)])
    turn_page(plan)
    note(
        by=by, verb=f"{kind}_line", organization_id=plan.branch_id, subject=line, at=at,
        detail={"plan": str(plan.pk), "title": line.title, "reason": reason},
    )  # fmt: skip
    return line
