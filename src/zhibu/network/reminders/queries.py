"""Reads of a round: branches in chunks, what they owe, who can act, and who sits above them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import F, Q, Sum

from zhibu.network.notices.models import ReminderRound
from zhibu.org.models import Grant, Organization
from zhibu.people.roles import Role
from zhibu.plans.models import Plan, PlanLine, Tally
from zhibu.rules.reminders import Actors, Owed
from zhibu.rules.standing import LineFacts, judge_line

LONGEST_OWED = timedelta(days=400)
"""What has been overdue for longer shows in the table; nobody is reminded of it every week."""

LONGEST_SOON = timedelta(days=60)  # Organization.soon_days allows no more


def next_branches(after: str, day: date, size: int) -> list[Organization]:
    """The branches that come next in the order of the tree."""
    rows = Organization.objects.branches().standing_on(day).filter(path__gt=after).order_by("path")
    return list(rows.only("id", "path", "short_name", "soon_days", "in_use_since")[:size])


def rounds_broken_off(held: ReminderRound) -> list[tuple[date, str]]:
    """The rounds between the last finished one and this: day, and path of the last branch told."""
    rows = ReminderRound.objects.filter(day__lt=held.day).exclude(after="")
    if held.since is not None:
        rows = rows.filter(day__gt=held.since)
    return list(rows.order_by("day").values_list("day", "after"))


def owed_by(branches: Iterable[Organization], day: date) -> dict[UUID, list[Owed]]:
    """What the branches have not done and is due soon or was due: one query, by an index of its own."""
    by_key = {branch.pk: branch for branch in branches}
    rows = (
        PlanLine.objects.filter(
            branch__in=by_key,
            # Says nothing new, but else the database reads the tables of all branches each time.
            plan__branch__in=by_key,
            plan__state=Plan.State.ADOPTED,
            discharged_by=None,
            waived_at=None,
            due_on__gte=day - LONGEST_OWED,
            due_on__lte=day + LONGEST_SOON,
        )
        .order_by()
        .values_list("id", "branch_id", "group_id", "title", "opens_on", "due_on")
    )
    found: dict[UUID, list[Owed]] = defaultdict(list)
    for key, branch_id, group_id, title, opens_on, due_on in rows:
        branch = by_key[branch_id]
        facts = LineFacts(opens=opens_on, due=due_on, in_use_since=branch.in_use_since)
        state = judge_line(facts, day, soon_days=branch.soon_days).state
        group = _text(group_id)
        found[branch_id].append(Owed(str(key), title, due_on, state, group))
    return found


def _text(key: UUID | None) -> str | None:
    return None if key is None else str(key)


def actors_in(branches: Iterable[Organization], at: datetime) -> dict[UUID, Actors]:
    """Who can act in each branch, by the grants that hold now: two queries."""
    keys = [branch.pk for branch in branches]
    # Named by their keys: an "or" over the joined tree would read everybody's grants.
    groups: dict[UUID, UUID | None] = dict(
        Organization.objects.filter(parent__in=keys, kind=Organization.Kind.GROUP)
        .order_by()
        .values_list("pk", "parent_id")
    )
    grants = (
        Grant.objects.filter(since__lte=at, person__is_active=True)
        .filter(Q(until__isnull=True) | Q(until__gt=at))
        .filter(
            organization__in=[*keys, *groups],
            role__in=(Role.SECRETARY, Role.COMMITTEE_MEMBER, Role.GROUP_LEADER),
        )
        .order_by("since", "id")
        .values_list("person_id", "role", "organization_id")
    )
    committees: dict[UUID, dict[str, None]] = defaultdict(dict)
    leaders: dict[UUID, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for person, role, organization in grants:
        parent = groups.get(organization)
        if parent is None:
            if role != Role.GROUP_LEADER:
                committees[organization][str(person)] = None
        elif role == Role.GROUP_LEADER:
            leaders[parent][str(organization)].append(str(person))
    return {
        key: Actors(
            tuple(committees[key]), {group: tuple(all_) for group, all_ in leaders[key].items()}
        )
        for key in keys
    }


def offices(at: datetime) -> dict[str, tuple[UUID, list[UUID]]]:
    """By path of an organisation with an office: its key and the accounts of the office."""
    lower = (Organization.Kind.BRANCH, Organization.Kind.GROUP)
    grants = (
        Grant.objects.filter(
            role=Role.OFFICE, with_below=True, since__lte=at, person__is_active=True
        )
        .filter(Q(until__isnull=True) | Q(until__gt=at))
        .exclude(organization__kind__in=lower)
        .order_by("organization__path", "since", "id")
        .values_list("organization__path", "organization_id", "person_id")
    )
    found: dict[str, tuple[UUID, list[UUID]]] = {}
    for path, organization, person in grants:
        found.setdefault(path, (organization, []))[1].append(person)
    return found


def owed_below(organizations: Iterable[UUID], since: date | None, until: date) -> dict[UUID, int]:
    """How many lines with due days in this span are not done below each: from the totals, one query."""
    rows = Tally.objects.filter(organization__in=list(organizations), due_on__lte=until)
    rows = rows.filter(due_on__gte=since if since is not None else until - LONGEST_OWED)
    owed = Sum(F("total") - F("done") - F("late") - F("waived"))
    return {
        row["organization"]: int(row["owed"] or 0)
        for row in rows.values("organization").annotate(owed=owed).order_by()
    }
