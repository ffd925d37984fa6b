"""The lines and records of branches, as far as posts are judged by them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from django.db.models import (
    Case,
    Count,
    F,
    Min,
    Q,
    TextField,
    Value,
    When,
)

from zhibu.handbook.models import Record
from zhibu.plans.models import Plan, PlanLine
from zhibu.rules.norm import Activity

LIFE: Final = (
    Activity.MEMBERS_MEETING,
    Activity.GROUP_MEETING,
    Activity.LESSON,
    Activity.THEME_DAY,
    Activity.ORGANIZATION_LIFE,
    Activity.APPRAISAL,
)
"""What counts as taking part in the life of one's own branch."""


@dataclass(frozen=True, slots=True)
class LineSum:
    """The lines of one requirement in a branch's adopted table; what was waived counts as done."""

    branch_id: UUID
    practice_class: str
    requirement: str
    activity: str
    done: int
    late: int
    overdue: int
    pending: int
    oldest: date | None
    next_on: date | None


def lines_of_branches(branches: Collection[UUID], day: date) -> tuple[LineSum, ...]:
    """What this year's tables of the branches ask, added up by requirement: one query."""
    to_do = Q(discharged_by=None, waived_at=None)
    is_overdue, is_pending = to_do & Q(due_on__lt=day), to_do & Q(due_on__gte=day)
    rows = (
        PlanLine.objects.filter(
            Q(branch__in_use_since=None)
            | Q(due_on__gte=F("branch__in_use_since"))
            | Q(happened_on__isnull=False)
            | Q(waived_at__isnull=False),
            branch__in=branches,
            year=day.year,
            plan__state=Plan.State.ADOPTED,
        )
        .order_by()
        .values("branch_id", "practice_class", "requirement", "activity")
        .annotate(
            done=Count("pk", filter=~to_do),
            late=Count("pk", filter=Q(happened_on__gt=F("due_on"))),
            overdue=Count("pk", filter=is_overdue),
            pending=Count("pk", filter=is_pending),
            oldest=Min("due_on", filter=is_overdue),
            next_on=Min("due_on", filter=is_pending),
        )
    )
    return tuple(LineSum(**row) for row in rows)


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A filed record as far as it says who did what. Parts that were not asked for are empty."""

    branch_id: UUID
    activities: tuple[str, ...]
    particulars: str
    elements: str
    attendance: str


def records_of(
    branches: Collection[UUID], life_branches: Collection[UUID], year: int
) -> tuple[RecordRow, ...]:
    """Lessons and talks of the branches, and all meetings of those where attendance counts.

    One query; the attendance of a lesson is not read where nobody asks for it.
    """
    wanted = Q(branch__in=branches) & (
        Q(current__activities__contains=Activity.LESSON.value)
        | Q(current__activities__contains=Activity.TALK.value)
    )
    is_life = Q(branch__in=life_branches) & _any_of(LIFE)
    rows = (
        Record.objects.filter(wanted | is_life, state=Record.State.FILED, current__year=year)
        .order_by()
        .annotate(
            present=Case(
                When(
                    is_life | Q(current__activities__contains=Activity.TALK.value),
                    then=F("current__attendance"),
                ),
                default=Value(""),
                output_field=TextField(),
            )
        )
        .values_list(
            "branch_id",
            "current__activities",
            "current__particulars",
            "current__elements",
            "present",
        )
    )
    return tuple(
        RecordRow(branch, tuple(activities.split()), particulars, elements, present)
        for branch, activities, particulars, elements, present in rows
    )


def _any_of(activities: Iterable[Activity]) -> Q:
    found = Q(pk__in=[])
    for activity in activities:
        found |= Q(current__activities__contains=activity.value)
    return found
