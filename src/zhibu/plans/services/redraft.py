"""When the norm gets a new version or the facts change: what a table lacks, and what it no longer owes.

Nothing happens by itself. The difference is offered, and what is chosen of it is applied.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from zhibu.ledger.services import note
from zhibu.norms.facts import norm_for
from zhibu.norms.models import NormVersion
from zhibu.org.facts import branch_facts
from zhibu.people.models import Person
from zhibu.plans.facts import Key, demands_of, line_data, line_key, work_calendar
from zhibu.plans.models import LineChange, Plan, PlanLine
from zhibu.plans.queries import lines_of
from zhibu.plans.services.desk import lock_plan, need_reason, trace, write_trace
from zhibu.plans.services.drafting import make_lines, put_lines
from zhibu.plans.services.editing import drop_lines, part_events
from zhibu.plans.services.tallies import Moves
from zhibu.rules.branches import is_before_use
from zhibu.rules.duties import Duty
from zhibu.rules.norm import PracticeClass
from zhibu.rules.schedule import ProposedLine, propose_lines


@dataclass(frozen=True, slots=True)
class Shift:
    """A line whose duty is still owed, in another window, under another name or in another class."""

    line: PlanLine
    duty: Duty

    @property
    def opens_on(self) -> date:
        """From when it may be done now."""
        return self.duty.window.opens

    @property
    def due_on(self) -> date:
        """Until when it must be done now."""
        return self.duty.window.due


@dataclass(frozen=True, slots=True)
class Redraft:
    """How a table differs from what the norm asks now."""

    norm: NormVersion
    new: tuple[ProposedLine, ...]
    ended: tuple[PlanLine, ...]
    shifted: tuple[Shift, ...]

    @property
    def is_empty(self) -> bool:
        """Whether the table is as the norm asks, made from the version in force."""
        return not (self.new or self.ended or self.shifted)


def redraft(plan: Plan) -> Redraft:
    """What the norm asks of the branch now and the table does not have, and the other way round.

    Done lines are never among what has ended; T lines only count where they were taken up. In an
    adopted table what was due before the system was in use stays as it was.
    """
    version, norm = norm_for(plan.branch, plan.year)
    facts = branch_facts(plan.branch, year=plan.year)
    demands = demands_of(norm, facts, plan.year)
    lines = [line for line in lines_of(plan) if line.requirement]
    held = {line_key(line): line for line in lines}
    taken = {line.requirement for line in lines if line.practice_class == PracticeClass.T}
    owed = {duty.key: duty for duty in demands.taken(taken)}
    missing = [duty for key, duty in owed.items() if key not in held]
    return Redraft(
        norm=version,
        new=propose_lines(missing, facts, work_calendar()),
        ended=tuple(
            line
            for key, line in held.items()
            if key not in owed and line.discharged_by is None and not _is_kept(plan, line)
        ),
        shifted=tuple(
            Shift(line, owed[key])
            for key, line in held.items()
            if key in owed and line.discharged_by is None and _has_shifted(line, owed[key])
        ),
    )


def _is_kept(plan: Plan, line: PlanLine) -> bool:
    is_adopted = plan.state == Plan.State.ADOPTED
    return is_adopted and is_before_use(line.due_on, plan.branch.in_use_since)


def _has_shifted(line: PlanLine, duty: Duty) -> bool:
    return (line.opens_on, line.due_on, line.title, line.practice_class) != (
        duty.window.opens,
        duty.window.due,
        duty.requirement.title,
        duty.requirement.practice_class,
    )


@transaction.atomic
def apply_redraft(
    *,
    plan: Plan,
    revision: int,
    add: Collection[Key],
    end: Collection[UUID],
    shift: Collection[UUID],
    by: Person,
    at: datetime,
    reason: str = "",
) -> Plan:
    """Apply what was chosen of the difference; the table is of the norm's present version then.

    `add` names new duties by their keys, `end` and `shift` name lines.
    """
    plan = lock_plan(plan, revision)
    reason = need_reason(plan, reason)
    difference = redraft(plan)
    added = [line for line in difference.new if line.duty is not None and line.duty.key in set(add)]
    ended = [line for line in difference.ended if line.pk in set(end)]
    shifted = [one for one in difference.shifted if one.line.pk in set(shift)]
    put_lines(plan, make_lines(plan, added), reason=reason, by=by, at=at)
    drop_lines(plan, ended, reason=reason, by=by, at=at)
    _shift(plan, shifted, reason, by, at)
    plan.norm = difference.norm
    plan.save(update_fields=["norm"])
    note(
        by=by, verb="redraft_plan", organization_id=plan.branch_id, subject=plan, at=at,
        detail={
            "norm": f"{plan.norm.pack}@{plan.norm.version}", "reason": reason,
            "added": len(added), "ended": len(ended), "shifted": len(shifted),
        },
    )  # fmt: skip
    return plan


_SHIFTED = ("title", "practice_class", "opens_on", "planned_on", "due_on")


def _shift(plan: Plan, shifts: list[Shift], reason: str, by: Person, at: datetime) -> None:
    calendar = work_calendar()
    moves = Moves()
    traces = []
    for one in shifts:
        line, requirement = one.line, one.duty.requirement
        before = line_data(line, _SHIFTED)
        moves.leave(plan, line)
        line.title, line.practice_class = requirement.title, requirement.practice_class
        line.opens_on, line.due_on = one.opens_on, one.due_on
        if not line.opens_on <= line.planned_on <= line.due_on:
            day = calendar.next_working(max(line.opens_on, date(plan.year, 1, 1)))
            line.planned_on = min(day, line.due_on)
        moves.enter(plan, line)
        line.save(update_fields=list(_SHIFTED))
        traces.append(
            trace(
                plan, line, LineChange.Kind.CHANGE, before=before,
                after=line_data(line, _SHIFTED), reason=reason, by=by, at=at,
            )
        )  # fmt: skip
    moves.write()
    write_trace(traces)
    part_events(plan, [one.line for one in shifts])
