"""Rows → values of the rules: the calendar, lines as the rules know them, what a norm asks now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from chinese_calendar import constants as public_calendar

from zhibu.norms.facts import norm_of
from zhibu.org.facts import branch_facts
from zhibu.plans.models import Holiday, Plan, PlanLine
from zhibu.plans.queries import lines_of
from zhibu.rules.branches import BranchFacts, is_before_use
from zhibu.rules.calendar import WorkCalendar
from zhibu.rules.duties import Duty, derive_duties, offer_duties
from zhibu.rules.labels import label
from zhibu.rules.norm import Activity, Attendees, Norm, PracticeClass, Requirement
from zhibu.rules.schedule import ProposedLine, judge_table
from zhibu.rules.standing import LineFacts, Standing, judge_line
from zhibu.rules.verdicts import Verdict

Key = tuple[str, str | None, int]  # Duty.key: requirement, group, ordinal


@lru_cache(maxsize=1)
def published_calendar() -> WorkCalendar:
    """What the shipped package knows of the public holidays."""
    holidays = frozenset(public_calendar.holidays)
    makeup = frozenset(public_calendar.workdays)
    return WorkCalendar(holidays, makeup, frozenset(day.year for day in holidays | makeup))


def work_calendar() -> WorkCalendar:
    """The working days of China: the shipped calendar, over it the days of an imported file."""
    known = published_calendar()
    imported = dict(Holiday.objects.values_list("day", "is_working"))
    if not imported:
        return known
    return WorkCalendar(
        frozenset(day for day in known.holidays if day not in imported)
        | {day for day, is_working in imported.items() if not is_working},
        frozenset(day for day in known.makeup if day not in imported)
        | {day for day, is_working in imported.items() if is_working},
        known.known_years | {day.year for day in imported},
    )


@dataclass(frozen=True, slots=True)
class Demands:
    """What a norm asks of a branch in a year: what it must, and what it may take up."""

    norm: Norm
    facts: BranchFacts
    duties: tuple[Duty, ...]
    offers: tuple[Duty, ...]

    @property
    def by_key(self) -> dict[Key, Duty]:
        """All of them by their names."""
        return {duty.key: duty for duty in (*self.duties, *self.offers)}

    def taken(self, codes: Iterable[str]) -> tuple[Duty, ...]:
        """The duties, and of what is offered those with these codes."""
        wanted = set(codes)
        return (*self.duties, *(d for d in self.offers if d.requirement.code in wanted))


def demands_of(norm: Norm, facts: BranchFacts, year: int) -> Demands:
    """Derive what the norm asks."""
    return Demands(norm, facts, derive_duties(norm, facts, year), offer_duties(norm, facts, year))


def plan_demands(plan: Plan) -> Demands:
    """What the norm that a table was made from asks, judged by today's facts about the branch."""
    return demands_of(norm_of(plan.norm), branch_facts(plan.branch, year=plan.year), plan.year)


def line_key(line: PlanLine) -> Key:
    """Names the duty of a line, as `Duty.key` does."""
    return (line.requirement, str(line.group_id) if line.group_id else None, line.ordinal)


def line_facts(line: PlanLine) -> LineFacts:
    """A line as the rule of its standing takes it. Wants `branch` fetched with the line."""
    return LineFacts(
        opens=line.opens_on,
        due=line.due_on,
        planned_on=line.planned_on,
        happened_on=line.happened_on,
        filed_on=line.filed_on,
        is_waived=line.waived_at is not None,
        waived_by=line.waived_by.name if line.waived_by else "",
        waive_reason=line.waive_reason,
        line=str(line.id),
        in_use_since=line.branch.in_use_since,
    )


def standing_of(line: PlanLine, today: date) -> Standing:
    """How a line stands today, and why."""
    return judge_line(line_facts(line), today, soon_days=line.branch.soon_days)


def say_attendees(line: PlanLine, requirement: Requirement | None) -> str:
    """Who takes part in a line; empty where nobody meets, or the branch's own line names nobody.

    Wants `group` fetched with the line.
    """
    if line.group is not None:
        return line.group.short_name
    if requirement is None or requirement.attendees is Attendees.NONE:
        return ""
    return label(requirement.attendees)


def as_proposed(line: PlanLine, duty: Duty | None = None) -> ProposedLine:
    """A stored line as the rules of the table take it. Wants `group` fetched with the line."""
    attendees = Attendees.MEMBERS
    if duty is not None:
        attendees = duty.requirement.attendees
    elif line.group_id:
        attendees = Attendees.GROUP
    return ProposedLine(
        duty=duty,
        practice_class=PracticeClass(line.practice_class),
        requirement=line.requirement,
        activity=Activity(line.activity),
        title=line.title,
        opens=line.opens_on,
        due=line.due_on,
        planned_on=line.planned_on,
        topic=line.topic,
        group=str(line.group_id) if line.group_id else None,
        group_name=line.group.short_name if line.group else "",
        attendees=attendees,
        event=str(line.event) if line.event else None,
        line=str(line.id),
        is_settled=line.discharged_by is not None or line.waived_at is not None,
    )


def judge_plan(
    plan: Plan,
    *,
    demands: Demands | None = None,
    lines: Sequence[PlanLine] | None = None,
    calendar: WorkCalendar | None = None,
) -> tuple[Verdict, ...]:
    """Gaps, clashes and days off of a table as it stands; `subject` names the line."""
    demands = demands or plan_demands(plan)
    # What was due before the system was in use is not owed: nothing about it is to be mended.
    since = plan.branch.in_use_since
    known = lines_of(plan) if lines is None else lines
    lines = [line for line in known if not is_before_use(line.due_on, since)]
    by_key = demands.by_key
    taken = {line.requirement for line in lines if line.practice_class == PracticeClass.T}
    return judge_table(
        [as_proposed(line, by_key.get(line_key(line))) for line in lines],
        demands.taken(taken),
        calendar or work_calendar(),
    )


def line_data(line: PlanLine, fields: Iterable[str]) -> Mapping[str, Any]:
    """Fields of a line as JSON can hold them, for the trace of amendments."""
    values = ((name, getattr(line, name)) for name in fields)
    return {
        name: value if isinstance(value, int | str | None) else str(value) for name, value in values
    }
