"""Tables of made-up branches: drafted from the norm as `draft_plan` does, adopted in January."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from uuid import UUID

from zhibu.norms.facts import norms_for
from zhibu.ops.demo.population import Population, leader_of, morning
from zhibu.ops.demo.shelf import Shelf
from zhibu.ops.demo.topics import FORMS, RESPONSIBLE, pool_of
from zhibu.org.facts import facts_of_branches
from zhibu.plans.facts import demands_of
from zhibu.plans.models import Plan, PlanLine
from zhibu.plans.services.drafting import make_lines, make_plan
from zhibu.plans.services.editing import own_line
from zhibu.rules.branches import BranchFacts
from zhibu.rules.calendar import WorkCalendar
from zhibu.rules.norm import Activity, Norm, PracticeClass
from zhibu.rules.schedule import propose_lines

TAKEN_UP = ("D23a", "D34", "D35")
"""Recommended practices that diligent branches take up."""


@dataclass(frozen=True, slots=True)
class Table:
    """One branch's table of one year, with what it was made from."""

    population: Population
    plan: Plan
    lines: list[PlanLine]
    norm: Norm
    facts: BranchFacts


def draw_tables(
    shelf: Shelf,
    populations: Sequence[Population],
    year: int,
    *,
    today: date,
    calendar: WorkCalendar,
    rng: Random,
) -> list[Table]:
    """Tables for all branches that stand in that year and that a norm binds.

    Plan and lines are not yet on the shelf: what happens next changes the lines.
    """
    standing = [p for p in populations if p.seed.founded_on <= date(year, 12, 31)]
    facts = facts_of_branches([p.branch for p in standing], year=year)
    norms = norms_for([p.branch for p in standing], year)
    tables = []
    for population in standing:
        if population.branch.id not in norms:
            continue
        version, norm = norms[population.branch.id]
        plan = make_plan(population.branch, year, version, calendar, morning(date(year, 1, 5)))
        table = Table(population, plan, [], norm, facts[population.branch.id])
        _date_plan(table, today, calendar, rng)
        table.lines.extend(_lines(table, calendar, rng))
        tables.append(table)
        _note(shelf, table)
    return tables


def _date_plan(table: Table, today: date, calendar: WorkCalendar, rng: Random) -> None:
    """Drafted in December, adopted in January; later by a branch that was founded later."""
    plan = table.plan
    first = max(date(plan.year, 1, 1), table.population.seed.founded_on)
    drafted_on = first - timedelta(days=rng.randint(4, 18))
    if table.population.seed.founded_on >= date(plan.year, 1, 1):
        drafted_on = first + timedelta(days=2)
    adopted_on = max(first + timedelta(days=rng.randint(4, 16)), drafted_on)
    adopted_on = calendar.next_working(adopted_on)
    plan.drafted_at = morning(min(drafted_on, today), 15, rng.randint(0, 59))
    if adopted_on <= today:
        plan.state = Plan.State.ADOPTED
        plan.adopted_at = morning(adopted_on, 16, rng.randint(0, 59))
        plan.adopted_by = table.population.secretary
        plan.revision = 2


def _lines(table: Table, calendar: WorkCalendar, rng: Random) -> Iterable[PlanLine]:
    plan, facts = table.plan, table.facts
    demands = demands_of(table.norm, facts, plan.year)
    is_keen = table.population.seed.sketch.diligence > 0.9
    duties = demands.taken(TAKEN_UP if is_keen else TAKEN_UP[:1])
    lines = make_lines(plan, propose_lines(duties, facts, calendar))
    for title, activity, month in table.population.seed.sketch.own:
        day = calendar.next_working(date(plan.year, month, rng.randint(8, 22)))
        values = {"title": title, "activity": activity, "planned_on": day, "topic": title}
        lines.append(own_line(plan, values))
    offset = rng.randrange(1000)
    for at, line in enumerate(lines):
        _word(line, at + offset, table.population)
    return lines


def _word(line: PlanLine, at: int, population: Population) -> None:
    activity = Activity(line.activity)
    pool = pool_of(activity, line.planned_on.month)
    line.topic = line.topic or (pool[at % len(pool)] if pool else line.title)
    line.form = FORMS.get(activity, "")
    group: UUID | None = line.group_id
    if activity not in (Activity.DUES, Activity.REPORT, Activity.PUBLICITY):
        line.presenter = leader_of(population, group)
    line.responsible = RESPONSIBLE.get(activity, "书记")


def _note(shelf: Shelf, table: Table) -> None:
    plan, branch = table.plan, table.population.branch
    by = table.population.secretary
    drafted = sum(line.practice_class == PracticeClass.B for line in table.lines)
    name = f"{plan.norm.pack}@{plan.norm.version}"
    shelf.note(
        by=by, verb="draft_plan", organization_id=branch.pk, subject=plan, at=plan.drafted_at,
        detail={"year": plan.year, "norm": name, "lines": drafted},
    )  # fmt: skip
    if plan.adopted_at is not None:
        count = {c.value: sum(ln.practice_class == c for ln in table.lines) for c in PracticeClass}
        shelf.note(
            by=by, verb="adopt_plan", organization_id=branch.pk, subject=plan,
            at=plan.adopted_at, detail={"year": plan.year, "lines": count},
        )  # fmt: skip
