"""What stands on the calendar of a branch and of a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import partial
from uuid import UUID

from django.db.models import Max, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from zhibu.handbook.models import RecordVersion
from zhibu.network.dissemination.queries import to_read
from zhibu.network.feeds.models import Feed
from zhibu.network.tasks.models import Task
from zhibu.norms.facts import norm_by_key
from zhibu.org.models import Membership, Organization, Post
from zhibu.people.models import Person
from zhibu.plans.facts import standing_of
from zhibu.plans.models import LineChange, Plan, PlanLine
from zhibu.rules.feeds import LineOnCalendar, Occasion, asks, occasions_of, span_of
from zhibu.rules.norm import Activity, Attendees
from zhibu.rules.wording import say_date

MOST = 2000
"""So many lines, tasks and texts are shown of each kind."""


def feeds_of(person: Person) -> QuerySet[Feed]:
    """The addresses of a person that are in use, the newest first."""
    return Feed.objects.filter(person=person, revoked_at=None).select_related("organization")


def branch_occasions(branch: Organization, today: date) -> list[Occasion]:
    """The lines of a branch's adopted tables: three queries."""
    return _on_calendar(_lines(branch, today), today)


def person_occasions(person: Person, branch: Organization | None, today: date) -> list[Occasion]:
    """The meetings that ask for the person, their tasks, and what they have to read by a day.

    `branch` is the one that they belong to, if they may see it.
    """
    found = _meetings(person, branch, today) if branch is not None else []
    return [*found, *_tasks(person, today), *_texts(person, today)]


def _lines(branch: Organization, today: date) -> QuerySet[PlanLine]:
    first, last = span_of(today)
    inside = Q(planned_on__range=(first, last)) | Q(due_on__range=(first, last))
    return (
        PlanLine.objects.filter(branch=branch, plan__state=Plan.State.ADOPTED)
        .filter(inside)
        .select_related("plan", "branch", "group", "waived_by")
        .order_by("planned_on", "id")[:MOST]
    )


def _on_calendar(lines: Iterable[PlanLine], today: date) -> list[Occasion]:
    lines = list(lines)
    moments = _moments(lines)
    zone = timezone.get_default_timezone()
    found: list[Occasion] = []
    for line in lines:
        value = LineOnCalendar(
            key=line.pk.hex,
            title=line.title,
            topic=line.topic,
            group=line.group.short_name if line.group else "",
            planned=line.planned_on,
            due=line.due_on,
            happened=line.happened_on,
            state=standing_of(line, today).state,
            changed_at=moments[line.pk],
            address=f"{reverse('plan', args=(line.branch_id, line.year))}#l{line.pk}",
        )
        found += occasions_of(value, zone)
    first, last = span_of(today)
    return [one for one in found if first <= one.day <= last]


def _moments(lines: Sequence[PlanLine]) -> dict[UUID, datetime]:
    """When each line became what it is: adopted, changed, waived, or its record filed."""
    keys = [line.pk for line in lines]
    plans = {line.plan_id for line in lines}
    changed = dict(
        LineChange.objects.filter(plan__in=plans, line_id__in=keys)
        .values("line_id")
        .annotate(last=Max("at"))
        .values_list("line_id", "last")
    )
    records = {line.discharged_by for line in lines if line.discharged_by}
    filed = dict(
        RecordVersion.objects.filter(record__in=records)
        .values("record_id")
        .annotate(last=Max("filed_at"))
        .values_list("record_id", "last")
    )
    return {
        line.pk: max(
            filter(
                None,
                (
                    line.plan.adopted_at,
                    changed.get(line.pk),
                    line.waived_at,
                    filed.get(line.discharged_by) if line.discharged_by else None,
                ),
            )
        )
        for line in lines
    }


def _meetings(person: Person, branch: Organization, today: date) -> list[Occasion]:
    group = (
        Membership.objects.filter(member__person=person, until=None, branch=branch)
        .values_list("group_id", flat=True)
        .first()
    )
    offices = set(
        Post.objects.filter(member__person=person, until=None, organization=branch).values_list(
            "office", flat=True
        )
    )
    serves = bool(offices - {Post.Office.GROUP_LEADER})
    wanted = partial(asks, is_committee=serves, is_secretary=Post.Office.SECRETARY in offices)
    lines = [
        line
        for line in _lines(branch, today)
        if (line.group_id is None or line.group_id == group)
        and wanted(_attendees(line), is_of_group=line.group_id == group)
    ]
    return _on_calendar(lines, today)


def _attendees(line: PlanLine) -> Attendees:
    """Who is expected: as the norm of the table says, else by what it is."""
    requirement = norm_by_key(line.plan.norm_id).requirement(line.requirement)
    if requirement is not None:
        return requirement.attendees
    if line.group_id is not None:
        return Attendees.GROUP
    is_committee = line.activity == Activity.COMMITTEE_MEETING.value
    return Attendees.COMMITTEE if is_committee else Attendees.MEMBERS


def _tasks(person: Person, today: date) -> list[Occasion]:
    first, last = span_of(today)
    rows = Task.objects.filter(
        owner__person=person, state=Task.State.OPEN, due_on__range=(first, last)
    ).annotate(touched_at=Max("steps__at"))
    return [
        Occasion(
            key=f"task-{row.pk.hex}",
            day=row.due_on,
            title=f"任务到期：{row.title[:80]}",
            notes=f"应于{say_date(row.due_on)}前办结",
            changed_at=row.touched_at or row.made_at,
            address=reverse("task", args=(row.pk,)),
        )
        for row in rows.order_by("due_on", "id")[:MOST]
    ]


def _texts(person: Person, today: date) -> list[Occasion]:
    first, last = span_of(today)
    rows = to_read(person).filter(reach_by__range=(first, last))
    touched = rows.annotate(touched_at=Max("versions__at"))
    return [
        Occasion(
            key=f"text-{key.hex}",
            day=day or today,
            title=f"传达期限：{title}",
            notes="请在此之前阅读并确认",
            changed_at=at,
            address=reverse("text", args=(key,)),
        )
        for key, title, day, at in touched.values_list("pk", "title", "reach_by", "touched_at")[
            :MOST
        ]
    ]
