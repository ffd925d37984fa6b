"""Records discharge lines. The ledger line is the one of the record's filing, in the same act."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from zhibu.org.models import Organization
from zhibu.org.services import Refused
from zhibu.people.models import Person
from zhibu.plans.models import Plan, PlanLine
from zhibu.plans.services.tallies import Moves


def hold_lines(*, lines: Iterable[UUID], branch_id: UUID) -> list[PlanLine]:
    """Those of the lines that exist in the branch, with their tables, held. Wants a transaction.

    Until it ends nobody else changes them.
    """
    wanted = set(lines)
    return _hold(PlanLine.objects.filter(pk__in=wanted, branch=branch_id)) if wanted else []


def discharge_held(
    *, held: Sequence[PlanLine], record_id: UUID, happened_on: date, filed_on: Mapping[UUID, date]
) -> None:
    """Mark held lines as done by a record; `filed_on` says for each since when it is filed.

    Raises Refused for a line that is waived or that another record discharges.
    """
    for line in held:
        if line.waived_at is not None:
            raise Refused(f"“{line.title}”已由上级免除，不能再由记录完成。")
        if line.discharged_by not in (None, record_id):
            raise Refused(f"“{line.title}”已由另一份记录完成，不能重复关联。")
    by_day: dict[date, list[PlanLine]] = defaultdict(list)
    for line in held:
        by_day[filed_on[line.pk]].append(line)
    for day, lines in by_day.items():
        _mark(lines, record_id, happened_on, day)


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
    held = _hold(rows if branch is None else rows.filter(branch=branch))
    if len(held) < len(wanted):
        raise Refused("所选安排中有的已被取消，请重新选择。")
    discharge_held(
        held=held,
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
    held = _hold(PlanLine.objects.filter(discharged_by=record_id).exclude(pk__in=kept))
    _mark(held, None, None, None)
    return held


def _hold(lines: QuerySet[PlanLine]) -> list[PlanLine]:
    """The lines with their tables, held; of tables and branch only what counting needs is read.

    Tables first, as every verb does, so that none waits in a circle; and a table that is being
    adopted, or a branch that is given another first day of use, is seen as it then stands.
    """
    plans = {
        plan.pk: plan
        for plan in Plan.objects.select_for_update(of=("self", "branch"), no_key=True)
        .filter(pk__in=lines.order_by().values("plan"))
        .select_related("branch")
        .only("state", "norm", "branch__in_use_since")
        .order_by("pk")
    }
    # A line of a table that appeared between the two reads is not ours to change.
    held = [line for line in lines.select_for_update().order_by("pk") if line.plan_id in plans]
    for line in held:
        line.plan = plans[line.plan_id]
    return held


def _mark(
    lines: Sequence[PlanLine],
    record_id: UUID | None,
    happened_on: date | None,
    filed_on: date | None,
) -> None:
    moves = Moves()
    for line in lines:
        moves.leave(line.plan, line)
        line.discharged_by, line.happened_on, line.filed_on = record_id, happened_on, filed_on
        moves.enter(line.plan, line)
    PlanLine.objects.filter(pk__in=[line.pk for line in lines]).update(
        discharged_by=record_id, happened_on=happened_on, filed_on=filed_on
    )
    moves.write()
