"""Records discharge lines. The ledger line is the one of the record's filing, in the same act."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from zhibu.org.models import Organization
from zhibu.org.services import Refused
from zhibu.people.models import Person
from zhibu.plans.models import Plan, PlanLine
from zhibu.plans.services.tallies import Moves


@dataclass(frozen=True, slots=True)
class HeldLines:
    """Lines with their tables, held until the transaction ends: nobody else changes them."""

    lines: tuple[PlanLine, ...]
    plans: Mapping[UUID, Plan]


def hold_lines(*, lines: Iterable[UUID], branch_id: UUID) -> HeldLines:
    """Those of the lines that exist in the branch, held. Wants a transaction."""
    wanted = set(lines)
    if not wanted:
        return HeldLines((), {})
    held, plans = _hold(PlanLine.objects.filter(pk__in=wanted, branch=branch_id))
    return HeldLines(tuple(held), plans)


def discharge_held(
    *, held: HeldLines, record_id: UUID, happened_on: date, filed_on: Mapping[UUID, date]
) -> None:
    """Mark held lines as done by a record; `filed_on` says for each since when it is filed.

    Raises Refused for a line that is waived or that another record discharges.
    """
    for line in held.lines:
        if line.waived_at is not None:
            raise Refused(f"“{line.title}”已由上级免除，不能再由记录完成。")
        if line.discharged_by not in (None, record_id):
            raise Refused(f"“{line.title}”已由另一份记录完成，不能重复关联。")
    by_day: dict[date, list[PlanLine]] = defaultdict(list)
    for line in held.lines:
        by_day[filed_on[line.pk]].append(line)
    for day, lines in by_day.items():
        _mark(lines, held.plans, record_id, happened_on, day)


@transaction.atomic
def discharge_lines(
    *,
    lines: Iterable[UUID | PlanLine],
    record_id: UUID,
    happened_on: date,
    filed_on: date,
    by: Person,  # noqa: ARG001 - a verb says who; the filing notes it in the ledger
    branch: Organization | None = None,
) -> list[PlanLine]:
    """Mark lines as done by a record. Lines that this record discharges already are re-dated.

    With `branch`, lines of another branch are as if they did not exist. Raises Refused for a line
    that does not exist, is waived, or that another record discharges.
    """
    wanted = {line.pk if isinstance(line, PlanLine) else line for line in lines}
    if not wanted:
        return []
    rows = PlanLine.objects.filter(pk__in=wanted)
    held, plans = _hold(rows if branch is None else rows.filter(branch=branch))
    if len(held) < len(wanted):
        raise Refused("所选安排中有的已被取消，请重新选择。")
    discharge_held(
        held=HeldLines(tuple(held), plans),
        record_id=record_id,
        happened_on=happened_on,
        filed_on=dict.fromkeys(wanted, filed_on),
    )
    return held


@transaction.atomic
def release_lines(
    *,
    record_id: UUID,
    by: Person,  # noqa: ARG001 - as above
    keep: Iterable[UUID] = (),
) -> list[PlanLine]:
    """A record discharges its lines no more, but for those to `keep`: it was voided or corrected."""
    kept = set(keep)
    held, plans = _hold(PlanLine.objects.filter(discharged_by=record_id).exclude(pk__in=kept))
    _mark(held, plans, None, None, None)
    return held


def _hold(lines: QuerySet[PlanLine]) -> tuple[list[PlanLine], dict[UUID, Plan]]:
    """The lines and their tables, held.

    Tables first, as every verb does, so that none waits in a circle; and a table that is being
    adopted, or a branch that is given another first day of use, is seen as it then stands.
    """
    plans = {
        plan.pk: plan
        for plan in Plan.objects.select_for_update(of=("self", "branch"), no_key=True)
        .filter(pk__in=lines.order_by().values("plan"))
        .select_related("branch")
        .order_by("pk")
    }
    held = list(lines.select_for_update(of=("self",)).order_by("pk"))
    # A line of a table that appeared between the two reads is not ours to change.
    return [line for line in held if line.plan_id in plans], plans


def _mark(
    lines: list[PlanLine],
    plans: Mapping[UUID, Plan],
    record_id: UUID | None,
    happened_on: date | None,
    filed_on: date | None,
) -> None:
    moves = Moves()
    for line in lines:
        plan = plans[line.plan_id]
        moves.leave(plan, line)
        line.discharged_by, line.happened_on, line.filed_on = record_id, happened_on, filed_on
        moves.enter(plan, line)
    PlanLine.objects.filter(pk__in=[line.pk for line in lines]).update(
        discharged_by=record_id, happened_on=happened_on, filed_on=filed_on
    )
    moves.write()
