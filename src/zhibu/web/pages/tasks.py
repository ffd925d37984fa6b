"""任务: what an organisation, or a person, has to carry out; one task with its trace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.core.paginator import Page

from zhibu.network.tasks.facts import facts_of
from zhibu.network.tasks.models import Task, TaskStep
from zhibu.network.tasks.queries import overdue_of, stale_tasks, steps_of
from zhibu.org.models import Organization
from zhibu.org.reach import Reach
from zhibu.people.models import Person
from zhibu.people.roles import Verb
from zhibu.rules.tasks import GRACE_DAYS, TaskStanding, judge_task
from zhibu.rules.wording import say
from zhibu.web.pages.forms import Crumb

STALE_SHOWN: Final = 20
STATES: Final = (("open", "在办"), ("closed", "已办结"), ("dropped", "不再办理"), ("all", "全部"))
_CSS: Final = {
    TaskStanding.GOING: "open",
    TaskStanding.DUE_SOON: "due_soon",
    TaskStanding.OVERDUE: "overdue",
    TaskStanding.CLOSED: "done",
    TaskStanding.CLOSED_LATE: "done_late",
    TaskStanding.DROPPED: "waived",
}


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One task as a list shows it."""

    id: UUID
    title: str
    owner: str
    due_on: date
    standing: TaskStanding
    why: str
    origin: str
    where: str  # the organisation, where a list has several
    is_open: bool
    is_mine: bool

    @property
    def css(self) -> str:
        """The shape of its state."""
        return _CSS[self.standing]


@dataclass(frozen=True, slots=True)
class Tab:
    """One state to look at."""

    value: str
    label: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class TaskListPage:
    """The tasks of one organisation."""

    organization: Organization
    rows: tuple[TaskRow, ...]
    pages: Page[Any]
    tabs: tuple[Tab, ...]
    advice: str
    stale: tuple[TaskRow, ...]  # overdue below for more than a week
    may_assign: bool
    is_branch: bool
    crumbs: tuple[Crumb, ...]


@dataclass(frozen=True, slots=True)
class StepRow:
    """One thing that was done with a task."""

    label: str
    at: datetime
    who: str
    words: str
    record: UUID | None


@dataclass(frozen=True, slots=True)
class TaskPage:
    """One task with its trace."""

    task: Task
    row: TaskRow
    steps: tuple[StepRow, ...]
    may_report: bool
    may_keep: bool
    may_drop: bool
    may_reopen: bool
    crumbs: tuple[Crumb, ...]


@dataclass(frozen=True, slots=True)
class MinePage:
    """What a person has to carry out."""

    rows: tuple[TaskRow, ...]
    pages: Page[Any]


def is_from_above(reach: Reach, organization: Organization) -> bool:
    """Whether this person looks at an organisation that they hold nothing in themselves."""
    return not any(hold.seat == organization.path for hold in reach.with_verb(Verb.SEE_BRANCH))


def task_row(
    task: Task, today: date, *, soon_days: int, from_above: bool = False, person: Person | None = None
) -> TaskRow:  # fmt: skip
    """How a list shows a task; `from_above` gives its own people a week before it is overdue."""
    grace = GRACE_DAYS if from_above else 0
    judged = judge_task(facts_of(task), today, soon_days=soon_days, grace_days=grace)
    owner = task.owner
    return TaskRow(
        id=task.pk,
        title=task.title,
        owner=owner.name if owner else "",
        due_on=task.due_on,
        standing=judged.standing,
        why=say(judged.verdict),
        origin=_origin(task),
        where=task.organization.short_name if Task.organization.is_cached(task) else "",
        is_open=task.state == Task.State.OPEN,
        is_mine=owner is not None and person is not None and owner.person_id == person.pk,
    )


def _origin(task: Task) -> str:
    if task.assignment_id is None:
        return f"{task.began_on.month}月{task.began_on.day}日会议议定"
    assignment = task.assignment if Task.assignment.is_cached(task) else None
    if assignment is None:
        return "上级交办"
    given_by = assignment.organization.short_name
    return f"{given_by}交办" + (f"（{assignment.meeting}）" if assignment.meeting else "")


def build_list(
    organization: Organization,
    pages: Page[Any],
    *,
    reach: Reach,
    person: Person,
    state: str,
    today: date,
    crumbs: tuple[Crumb, ...],
) -> TaskListPage:
    """The page of an organisation's tasks in one state."""
    from_above = is_from_above(reach, organization)
    rows = tuple(
        task_row(
            task, today, soon_days=organization.soon_days, from_above=from_above, person=person
        )
        for task in pages
    )
    is_branch = organization.kind == Organization.Kind.BRANCH
    stale: list[Task] = []
    if not is_branch and organization.kind != Organization.Kind.GROUP:
        stale = list(stale_tasks(organization, today)[:STALE_SHOWN])
    return TaskListPage(
        organization=organization,
        rows=rows,
        pages=pages,
        tabs=tuple(Tab(value, label, value == state) for value, label in STATES),
        advice=_advise(_at_hand(organization, rows, pages, today, from_above), today, len(stale))
        if state == "open"
        else "",
        stale=tuple(
            task_row(one, today, soon_days=organization.soon_days, from_above=True) for one in stale
        ),
        may_assign=not is_branch and reach.may(Verb.ASSIGN_TASK, organization.path),
        is_branch=is_branch,
        crumbs=crumbs,
    )


def _at_hand(
    organization: Organization, rows: Sequence[TaskRow], pages: Page[Any], today: date, above: bool
) -> tuple[int, Task | TaskRow | None]:
    """How many open tasks are overdue, and the one that is due first; of all pages, not of one."""
    late = sum(1 for row in rows if row.standing is TaskStanding.OVERDUE)
    first: Task | TaskRow | None = rows[0] if rows else None
    if pages.has_other_pages():
        late = overdue_of(organization, today, from_above=above).count()
    if pages.has_previous():
        first = pages.paginator.object_list[0]
    return late, first


def _advise(at_hand: tuple[int, Task | TaskRow | None], today: date, stale: int) -> str:
    late, first = at_hand
    if late and first:
        return f"有{late}项已过期限，请先办理：{first.title[:40]}。"
    if stale:
        return "下级有任务逾期超过七天，请了解困难、帮助解决。"
    if first:
        day = f"{first.due_on.month}月{first.due_on.day}日"
        day = day if first.due_on.year == today.year else f"{first.due_on.year}年{day}"
        return f"最近一项的期限是{day}：{first.title[:40]}。"
    return "没有正在办理的任务。"


def build_task(
    task: Task, *, reach: Reach, person: Person, today: date, crumbs: tuple[Crumb, ...]
) -> TaskPage:
    """One task with its trace, and what this person may do with it."""
    organization = task.organization
    is_open = task.state == Task.State.OPEN
    may_keep = reach.may(Verb.KEEP_TASK, organization.path)
    row = task_row(
        task, today, soon_days=organization.soon_days, person=person,
        from_above=is_from_above(reach, organization),
    )  # fmt: skip
    return TaskPage(
        task=task,
        row=row,
        steps=tuple(_step_row(step) for step in steps_of(task)),
        may_report=is_open and row.is_mine,
        may_keep=is_open and may_keep,
        may_drop=is_open and may_keep and task.assignment_id is None,
        may_reopen=may_keep and task.ending in (Task.Ending.MEETING, Task.Ending.PAGE),
        crumbs=crumbs,
    )


def _step_row(step: TaskStep) -> StepRow:
    return StepRow(
        label=step.get_kind_display(),
        at=step.at,
        who=step.by.name if step.by else "系统",
        words=step.words,
        record=step.record_id,
    )
