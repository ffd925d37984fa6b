"""Drafting a table from the norm, taking up what is recommended, adopting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from zhibu.ledger.services import note
from zhibu.norms.facts import norm_for
from zhibu.norms.models import NormVersion
from zhibu.org.facts import branch_facts
from zhibu.org.models import Organization
from zhibu.org.services import Refused
from zhibu.people.keys import new_key
from zhibu.people.models import Person
from zhibu.plans.facts import demands_of, plan_demands, work_calendar
from zhibu.plans.models import LineChange, Plan, PlanLine
from zhibu.plans.queries import find_plan, last_year_lines, lines_of
from zhibu.plans.services.desk import (
    PlanExists,
    lock_plan,
    need_reason,
    trace,
    turn_page,
    whole,
    write_trace,
)
from zhibu.plans.services.tallies import Moves
from zhibu.rules.calendar import WorkCalendar
from zhibu.rules.duties import Duty
from zhibu.rules.norm import PracticeClass
from zhibu.rules.schedule import ProposedLine, Theme, propose_lines

CARRIED = ("topic", "form", "presenter", "responsible")
"""What a line takes over from the same line of last year, of the same group, where it has none."""


def draft_plan(
    *,
    branch: Organization,
    year: int,
    by: Person,
    at: datetime,
    themes: Sequence[Theme] = (),
) -> Plan:
    """Draft a branch's table of a year: one line for each duty of its norm, on working days.

    Topics come from the themes, else from last year's table; so do form, presenter and who is
    responsible. Raises PlanExists, NormMissing, or Refused where the branch cannot have a table.
    """
    if branch.kind != Organization.Kind.BRANCH:
        raise Refused("只有党支部编制年度安排表。")
    if not branch.founded_on.year <= year <= date.max.year - 1 or year > 2200:
        raise Refused(f"党支部成立于{branch.founded_on.year}年，不能编制{year}年度的安排表。")
    if branch.dissolved_on is not None and branch.dissolved_on.year < year:
        raise Refused(f"党支部已于{branch.dissolved_on.year}年撤销，不能编制{year}年度的安排表。")
    try:
        with transaction.atomic():
            return _draft(branch, year, by, at, themes)
    except IntegrityError:
        existing = find_plan(branch, year)
        if existing is None:
            raise
        raise PlanExists(existing) from None


def _draft(
    branch: Organization, year: int, by: Person, at: datetime, themes: Sequence[Theme]
) -> Plan:
    existing = find_plan(branch, year)
    if existing is not None:
        raise PlanExists(existing)
    version, norm = norm_for(branch, year)
    facts = branch_facts(branch, year=year)
    calendar = work_calendar()
    plan = make_plan(branch, year, version, calendar, at)
    plan.save(force_insert=True)
    demands = demands_of(norm, facts, year)
    before = list(last_year_lines(branch, year))
    proposed = propose_lines(demands.duties, facts, calendar, themes=themes)
    PlanLine.objects.bulk_create(carry_over(make_lines(plan, proposed), before))
    note(
        by=by, verb="draft_plan", organization_id=branch.pk, subject=plan, at=at,
        detail={"year": year, "norm": f"{version.pack}@{version.version}", "lines": len(proposed)},
    )  # fmt: skip
    return plan


def make_plan(
    branch: Organization, year: int, version: NormVersion, calendar: WorkCalendar, at: datetime
) -> Plan:
    """A new table, not yet saved."""
    return Plan(
        branch=branch,
        year=year,
        norm=version,
        is_provisional=calendar.is_provisional(year),
        drafted_at=at,
    )


def make_lines(plan: Plan, proposed: Iterable[ProposedLine]) -> list[PlanLine]:
    """The proposed lines as rows of a table, not yet saved."""
    events: dict[str, UUID] = {}
    return [
        PlanLine(
            plan=plan,
            branch_id=plan.branch_id,
            group_id=UUID(line.group) if line.group else None,
            year=plan.year,
            practice_class=line.practice_class,
            requirement=line.requirement,
            ordinal=line.duty.window.ordinal if line.duty else 0,
            activity=line.activity,
            title=line.title,
            topic=line.topic,
            opens_on=line.opens,
            planned_on=line.planned_on,
            due_on=line.due,
            event=events.setdefault(line.event, new_key()) if line.event else None,
        )
        for line in proposed
    ]


def carry_over(lines: list[PlanLine], before: Iterable[PlanLine]) -> list[PlanLine]:
    """Take over from last year's lines what nobody should have to type again."""
    last = {(line.requirement, line.group_id, line.ordinal): line for line in before}
    for line in lines:
        old = last.get((line.requirement, line.group_id, line.ordinal))
        if old is not None and line.requirement:
            for field in CARRIED:
                setattr(line, field, getattr(line, field) or getattr(old, field))
    return lines


@transaction.atomic
def take_up(
    *, plan: Plan, requirement: str, revision: int, by: Person, at: datetime, reason: str = ""
) -> list[PlanLine]:
    """Take up a recommended (T) practice: its lines of the year come into the table.

    Into an adopted table come only the lines that are not yet past; a reason is needed then.
    """
    plan = lock_plan(plan, revision)
    reason = need_reason(plan, reason)
    demands = plan_demands(plan)
    offered = [duty for duty in demands.offers if duty.requirement.code == requirement]
    if not offered:
        raise Refused("规范没有向本支部推荐这项做法。")
    present = set(lines_of(plan).values_list("requirement", "group_id", "ordinal"))
    if plan.state == Plan.State.ADOPTED:
        today = timezone.localdate(at)
        offered = [duty for duty in offered if duty.window.due >= today]
    missing = [duty for duty in offered if _stored_key(duty) not in present]
    if not missing:
        raise Refused("这项做法已经在安排表中，或本年度已没有可安排的时间。")
    lines = make_lines(plan, propose_lines(missing, demands.facts, work_calendar()))
    put_lines(plan, lines, reason=reason, by=by, at=at)
    note(
        by=by, verb="take_up", organization_id=plan.branch_id, subject=plan, at=at,
        detail={"requirement": requirement, "lines": len(lines), "reason": reason},
    )  # fmt: skip
    return lines


def _stored_key(duty: Duty) -> tuple[str, UUID | None, int]:
    code, group, ordinal = duty.key
    return (code, UUID(group) if group else None, ordinal)


def put_lines(plan: Plan, lines: list[PlanLine], *, reason: str, by: Person, at: datetime) -> None:
    """Bring new lines into a held table: rows, trace, tallies, revision."""
    PlanLine.objects.bulk_create(lines)
    write_trace(
        trace(
            plan, line, LineChange.Kind.ADD, before={}, after=whole(line),
            reason=reason, by=by, at=at,
        )
        for line in lines
    )  # fmt: skip
    moves = Moves()
    moves.enter(plan, *lines)
    moves.write()
    turn_page(plan)


@transaction.atomic
def adopt_plan(*, plan: Plan, revision: int, by: Person, at: datetime) -> Plan:
    """Adopt a draft. From now on its lines count, and every change leaves a trace."""
    plan = lock_plan(plan, revision)
    if plan.state == Plan.State.ADOPTED:
        raise Refused("安排表已经通过，不必重复操作。")
    lines = list(plan.lines.select_for_update(of=("self",)))
    if not lines:
        raise Refused("安排表中还没有任何安排，不能通过。")
    plan.state = Plan.State.ADOPTED
    plan.adopted_at, plan.adopted_by = at, by
    turn_page(plan, "state", "adopted_at", "adopted_by")
    moves = Moves()
    moves.enter(plan, *lines)
    moves.write()
    count = {c.value: sum(line.practice_class == c for line in lines) for c in PracticeClass}
    note(
        by=by, verb="adopt_plan", organization_id=plan.branch_id, subject=plan, at=at,
        detail={"year": plan.year, "lines": count},
    )  # fmt: skip
    return plan
