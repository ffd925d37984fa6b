"""When a branch ends: what it can no longer do lapses, line by line and with a trace."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from zhibu.org.models import Organization
from zhibu.people.models import Person
from zhibu.plans.facts import line_facts
from zhibu.plans.models import LineChange, Plan, PlanLine
from zhibu.plans.services.desk import trace, turn_page, write_trace
from zhibu.plans.services.tallies import Moves
from zhibu.rules.reorganization import lapses


@transaction.atomic
def lapse_lines(
    *,
    organization: Organization,
    last_day: date,
    reason: str,
    by: Person,
    at: datetime,
) -> list[PlanLine]:
    """Waive what falls due after the last day of a branch, or of a group of one, and was not done.

    Which lines these were. The ledger line is the one of the branch's end, in the same act.
    """
    is_group = organization.kind == Organization.Kind.GROUP
    branch = organization.parent if is_group else organization
    lapsed: list[PlanLine] = []
    plans = Plan.objects.select_for_update(of=("self",)).filter(
        branch=branch, year__gte=last_day.year, state=Plan.State.ADOPTED
    )
    for plan in plans.order_by("pk"):
        lines = [
            line
            for line in plan.lines.select_for_update(of=("self",))
            .select_related("branch", "waived_by")
            .order_by("pk")
            if lapses(line_facts(line), last_day)
            and (not is_group or line.group_id == organization.pk)
        ]
        if lines:
            _waive(plan, lines, reason, by, at)
            lapsed += lines
    return lapsed


def _waive(plan: Plan, lines: list[PlanLine], reason: str, by: Person, at: datetime) -> None:
    moves = Moves()
    moves.leave(plan, *lines)
    for line in lines:
        line.waive_reason, line.waived_at, line.waived_by = reason, at, by
    moves.enter(plan, *lines)
    PlanLine.objects.filter(pk__in=[line.pk for line in lines]).update(
        waive_reason=reason, waived_at=at, waived_by=by
    )
    moves.write()
    write_trace(
        trace(
            plan, line, LineChange.Kind.WAIVE, before={"waive_reason": ""},
            after={"waive_reason": reason}, reason=reason, by=by, at=at,
        )
        for line in lines
    )  # fmt: skip
    turn_page(plan)
