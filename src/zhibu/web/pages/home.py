"""今天: what a branch has to do now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.urls import reverse

from zhibu.handbook.facts import read_draft
from zhibu.handbook.models import Record
from zhibu.network.dissemination.queries import texts_to_pass_on, to_read
from zhibu.network.tasks.queries import at_hand
from zhibu.org.models import Organization
from zhibu.org.reach import Reach
from zhibu.people.models import Person
from zhibu.people.roles import Verb
from zhibu.plans import queries
from zhibu.plans.facts import standing_of
from zhibu.plans.models import Plan, PlanLine
from zhibu.rules.norm import Activity
from zhibu.rules.standing import Standing, State
from zhibu.web.pages.tasks import TaskRow, is_from_above, task_row
from zhibu.web.record_access import Pen
from zhibu.web.templatetags.words import short_day


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the table with its state today."""

    line: PlanLine
    standing: Standing
    record: str  # address to record it, or of the record that proves it; empty for neither
    may_record: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """A record that somebody began."""

    address: str
    title: str
    since: object


@dataclass(frozen=True, slots=True)
class Reading:
    """A text that waits: who sent it, or when."""

    address: str
    title: str
    about: str


@dataclass(frozen=True, slots=True)
class HomePage:
    """The home of a branch on one day."""

    branch: Organization
    day: date
    missing: tuple[Item, ...]
    due: tuple[Item, ...]
    done: tuple[Item, ...]
    drafts: tuple[Draft, ...]
    plan: Plan | None
    next_plan_year: int  # a table that ought to be drafted now; 0 for none
    may_record: bool
    may_plan: bool
    advice: str  # what to do next, in one line
    tasks: tuple[TaskRow, ...]  # one's own; whoever keeps tasks sees all that are due
    to_read: tuple[Reading, ...]  # texts that ask this person, a few of them
    to_pass_on: tuple[Reading, ...]  # texts for the next meeting of the branch, a few of them


TEXTS: Final = 5  # that the page names
DRAFTS: Final = 10  # as well

_ORDER = {State.OVERDUE: 0, State.DUE_SOON: 1, State.OPEN: 2, State.UPCOMING: 3}


def build_home(
    branch: Organization,
    reach: Reach,
    day: date,
    person: Person,
    *,
    pen: Pen | None,
    reads_talks: bool,
) -> HomePage:
    """What is missing, due and done this month; `pen` says what the person writes there."""
    may_record = pen is not None
    may_pass_on = may_record and reach.may(Verb.SEE_REACH, branch.path)
    items = [
        _item(
            line,
            day,
            may_record=pen is not None and (pen.groups is None or line.group_id in pen.groups),
            may_read=reads_talks or line.activity != Activity.TALK,
        )
        for line in queries.lines_at_hand(branch, day)
    ]
    plans = {plan.year: plan for plan in Plan.objects.filter(branch=branch, year__gte=day.year)}
    missing = _having(items, {State.OVERDUE})
    due = _having(items, {State.DUE_SOON, State.OPEN, State.UPCOMING})
    may_plan = reach.may(Verb.DRAFT_PLAN, branch.path)
    return HomePage(
        branch=branch,
        day=day,
        missing=missing,
        due=due,
        done=_having(items, {State.DONE, State.DONE_LATE}),
        drafts=_drafts(branch, pen) if pen is not None else (),
        plan=plans.get(day.year),
        next_plan_year=_year_to_plan(day, plans),
        may_record=may_record,
        may_plan=may_plan,
        advice=_advise(missing, due, plans.get(day.year), may_plan=may_plan),
        tasks=_tasks(branch, reach, day, person),
        to_read=_to_read(person),
        to_pass_on=_to_pass_on(branch, day) if may_pass_on else (),
    )


def _to_read(person: Person) -> tuple[Reading, ...]:
    rows = to_read(person).select_related("organization")[:TEXTS]
    return tuple(
        Reading(
            reverse("text", args=(text.pk,)),
            text.title,
            f"{text.organization.short_name}下发"
            + (f"，请于{short_day(text.reach_by)}前阅知" if text.reach_by else ""),
        )
        for text in rows
    )


def _to_pass_on(branch: Organization, day: date) -> tuple[Reading, ...]:
    rows = texts_to_pass_on(branch, day).order_by("-since", "-key")[:TEXTS]
    return tuple(
        Reading(
            reverse("text-reach", args=(row["key"], branch.pk)),
            row["title"],
            f"{short_day(row['since'])}下发",
        )
        for row in rows
    )


def _tasks(branch: Organization, reach: Reach, day: date, person: Person) -> tuple[TaskRow, ...]:
    """Tasks in hand, the nearest date first. Whoever looks from above is not shown what is due."""
    sees_all = reach.may(Verb.KEEP_TASK, branch.path) and not is_from_above(reach, branch)
    rows = at_hand(branch, person, day, all_due=sees_all)[:20]
    return tuple(task_row(row, day, soon_days=branch.soon_days, person=person) for row in rows)


def _item(line: PlanLine, day: date, *, may_record: bool, may_read: bool) -> Item:
    address = ""
    if line.discharged_by and may_read:
        address = reverse("record", args=(line.discharged_by,))
    elif may_record and not line.discharged_by:
        address = f"{reverse('record-new', args=(line.branch_id,))}?line={line.pk}"
    return Item(line, standing_of(line, day), address, may_record)


def _having(items: Iterable[Item], states: set[State]) -> tuple[Item, ...]:
    found = [item for item in items if item.standing.state in states]
    found.sort(key=lambda i: (_ORDER.get(i.standing.state, 9), i.line.planned_on, i.line.due_on))
    return tuple(found)


def _drafts(branch: Organization, pen: Pen) -> tuple[Draft, ...]:
    """The newest drafts, those that the person writes: a group's leader that group's alone."""
    rows = Record.objects.filter(branch=branch, draft__isnull=False).order_by("-drafted_at")[:50]
    own = [row for row in rows if pen.groups is None or pen.may_write(read_draft(row))][:DRAFTS]
    return tuple(
        Draft(
            address=reverse("record-edit", args=(row.pk,)),
            title=str((row.draft or {}).get("topic") or "未命名的记录"),
            since=row.drafted_at,
        )
        for row in own
    )


def _year_to_plan(day: date, plans: dict[int, Plan]) -> int:
    """This year's table where there is none yet; from November on also the next year's."""
    for year in (day.year, day.year + 1 if day.month >= 11 else day.year):
        if (plan := plans.get(year)) is None or plan.state == Plan.State.DRAFT:
            return year
    return 0


def _advise(
    missing: tuple[Item, ...], due: tuple[Item, ...], plan: Plan | None, *, may_plan: bool
) -> str:
    """One line for whom it asks: nobody is told to do what only others may."""
    if plan is None:
        return "还没有本年度安排表，请先起草。" if may_plan else "本支部还没有本年度安排表。"
    if plan.state == Plan.State.DRAFT:
        return "本年度安排表还是草稿" + ("，请核对后通过。" if may_plan else "，通过后执行。")
    if own := [item for item in missing if item.may_record]:
        return f"有{len(own)}项逾期未完成，请先补开或补记：{own[0].line.title}。"
    if missing:
        return f"本支部有{len(missing)}项逾期未完成，由支部书记、委员补开或补记。"
    if due:
        first = due[0].line
        day = f"{first.planned_on.month}月{first.planned_on.day}日"
        return f"本月还有{len(due)}项，最近一项是{day}的{first.title}。"
    return "本月应做的都已完成。"
