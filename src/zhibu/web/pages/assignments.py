"""交办: what a level gave to those below it, and how far it is carried out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.core.paginator import Page
from django.db.models import QuerySet

from zhibu.network.tasks.models import Assignment, Task
from zhibu.network.tasks.queries import Spread, spreads_of, tasks_of_assignment
from zhibu.org.models import Organization
from zhibu.rules.tasks import overdue_before
from zhibu.web.pages.tasks import Tab, TaskRow, task_row

STATES: Final = (
    ("all", "全部"),
    ("open", "在办"),
    ("overdue", "逾期未办结"),
    ("closed", "已办结"),
)


@dataclass(frozen=True, slots=True)
class AssignmentRow:
    """One assignment as the list shows it."""

    assignment: Assignment
    spread: Spread
    audience: str


@dataclass(frozen=True, slots=True)
class AssignmentListPage:
    """What an organisation gave to those below it."""

    organization: Organization
    rows: tuple[AssignmentRow, ...]
    pages: Page[Any]


@dataclass(frozen=True, slots=True)
class AssignmentPage:
    """One assignment followed across those that have it, in the order of the tree."""

    assignment: Assignment
    organization: Organization
    spread: Spread
    audience: str
    rows: tuple[TaskRow, ...]
    pages: Page[Any]
    tabs: tuple[Tab, ...]
    advice: str

    @property
    def is_spreading(self) -> bool:
        """Whether the worker is still giving it out."""
        return self.assignment.spread_at is None and self.assignment.withdrawn_at is None

    @property
    def may_act(self) -> bool:
        """Whether it can be reminded of and withdrawn."""
        return self.assignment.withdrawn_at is None


def build_assignments(
    organization: Organization, pages: Page[Any], today: date
) -> AssignmentListPage:
    """The list, with how far each is carried out."""
    spreads = spreads_of([one.pk for one in pages], today)
    return AssignmentListPage(
        organization,
        tuple(
            AssignmentRow(one, spreads.get(one.pk, Spread()), say_audience(one)) for one in pages
        ),
        pages,
    )


def in_state(assignment: Assignment, state: str, today: date) -> QuerySet[Task]:
    """The tasks of an assignment in one state."""
    rows = tasks_of_assignment(assignment)
    if state == "overdue":
        late = overdue_before(today, from_above=True)
        return rows.filter(state=Task.State.OPEN, due_on__lt=late)
    return rows if state == "all" else rows.filter(state=state)


def build_assignment(
    assignment: Assignment, pages: Page[Any], *, state: str, today: date
) -> AssignmentPage:
    """The page of one assignment."""
    spread = spreads_of([assignment.pk], today).get(assignment.pk, Spread())
    organization = assignment.organization
    return AssignmentPage(
        assignment=assignment,
        organization=organization,
        spread=spread,
        audience=say_audience(assignment),
        rows=tuple(
            task_row(one, today, soon_days=organization.soon_days, from_above=True) for one in pages
        ),
        pages=pages,
        tabs=tuple(Tab(value, label, value == state) for value, label in STATES),
        advice=_advise(assignment, spread),
    )


def say_audience(assignment: Assignment) -> str:
    """所属全部党支部；3个直属组织."""
    if assignment.chosen:
        return f"选定的{len(assignment.chosen)}个组织"
    words = {kind.value: kind.label for kind in Organization.Kind}
    return f"所属全部{'、'.join(words[kind] for kind in assignment.kinds)}"


def _advise(assignment: Assignment, spread: Spread) -> str:
    if assignment.withdrawn_at is not None:
        return f"这项交办已撤回：{assignment.reason}"
    if assignment.spread_at is None:
        return f"正在交办，已交办{spread.total}个组织，稍后刷新查看。"
    if spread.overdue:
        return f"有{spread.overdue}个组织逾期未办结，请了解困难、帮助解决，必要时提醒。"
    if spread.open:
        return f"{spread.total}个组织中{spread.closed}个已办结，{spread.open}个在办。"
    if spread.dropped:
        return f"{spread.total}个组织中{spread.closed}个已办结，{spread.dropped}个不再办理。"
    return f"{spread.total}个组织已全部办结。" if spread.total else "没有需要办理的组织。"
