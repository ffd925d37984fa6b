"""Reads of tables and tallies; each a fixed number of queries whatever the data."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Case, F, Q, QuerySet, Value, When

from zhibu.org import paths
from zhibu.org.models import Organization, Place
from zhibu.org.queries import places_of_all
from zhibu.plans.models import LineChange, Plan, PlanLine, Tally, TallyDelta
from zhibu.rules.norm import Activity
from zhibu.rules.periods import last_of, month_index

SUGGESTED = 30
"""So many lines are suggested for one record at most."""


class Count(NamedTuple):
    """Lines of one class that are due on one day; `late` were done after it."""

    practice_class: str
    due_on: date
    total: int
    done: int
    late: int
    waived: int

    def plus(self, other: Count) -> Count:
        """Both, of one class and day."""
        return Count(
            self.practice_class,
            self.due_on,
            self.total + other.total,
            self.done + other.done,
            self.late + other.late,
            self.waived + other.waived,
        )


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A line that a record may discharge; `is_open` when it happened within its window."""

    line: PlanLine
    is_open: bool


def find_plan(branch: Organization, year: int) -> Plan | None:
    """The table of a branch and year, with branch and norm."""
    return (
        Plan.objects.filter(branch=branch, year=year)
        .select_related("branch", "norm", "adopted_by")
        .first()
    )


def lines_of(plan: Plan) -> QuerySet[PlanLine]:
    """All lines of a table, in the order of their planned days, with their groups."""
    return plan.lines.select_related("branch", "group", "waived_by").order_by("planned_on", "id")


def branch_lines(branch: Organization, year: int) -> QuerySet[PlanLine]:
    """All lines of a branch and year, with plan and group."""
    return (
        PlanLine.objects.filter(branch=branch, year=year)
        .select_related("plan", "branch", "group", "waived_by")
        .order_by("planned_on", "id")
    )


def lines_at_hand(branch: Organization, today: date) -> QuerySet[PlanLine]:
    """What the home of a branch shows of adopted tables: one query.

    Not done and either planned or due by the end of this month (of this year's table and the last),
    unless it was due before the system was in use; and what was done this month.
    """
    first, last = today.replace(day=1), last_of(month_index(today))
    to_do = Q(discharged_by=None, waived_at=None) & (
        Q(due_on__lte=last) | Q(planned_on__lte=last, opens_on__lte=last)
    )
    if branch.in_use_since is not None:
        to_do &= Q(due_on__gte=branch.in_use_since)
    done = Q(happened_on__gte=first, happened_on__lte=last)
    return (
        PlanLine.objects.filter(to_do | done, branch=branch, plan__state=Plan.State.ADOPTED)
        .filter(year__in=(today.year, today.year - 1))
        .select_related("plan__norm", "branch", "group")
        .order_by("due_on", "planned_on", "id")
    )


def lines_of_record(record_id: UUID) -> QuerySet[PlanLine]:
    """The lines that a record discharges."""
    return PlanLine.objects.filter(discharged_by=record_id).select_related("plan", "group")


def suggest_lines(
    branch: Organization,
    activities: Iterable[Activity | str],
    happened_on: date,
    *,
    record_id: UUID | None = None,
    group: Organization | None = None,
) -> tuple[Suggestion, ...]:
    """The lines that a record may discharge, those within their window and nearest first.

    Lines that the record itself discharges already are among them. With `group`, only the lines of
    that group.
    """
    found, _ = lines_for_record(branch, activities, happened_on, record_id=record_id, group=group)
    return found


def lines_for_record(
    branch: Organization,
    activities: Iterable[Activity | str],
    happened_on: date,
    *,
    record_id: UUID | None = None,
    group: Organization | None = None,
    named: Collection[UUID] = (),
) -> tuple[tuple[Suggestion, ...], tuple[PlanLine, ...]]:
    """What `suggest_lines` gives, and the branch's lines with the keys `named`: one query."""
    free = Q(discharged_by=None, waived_at=None)
    if record_id is not None:
        free |= Q(discharged_by=record_id)
    kinds = [str(a) for a in activities]
    # Late, in time, or early: in December what the next table asks may be done already.
    years = (happened_on.year - 1, happened_on.year, happened_on.year + 1)
    # What is open long after could never have been meant; what is open soon is done early.
    latest = last_of(month_index(happened_on) + 1)
    fit = free & Q(activity__in=kinds, year__in=years, opens_on__lte=latest)
    if group is not None:
        fit &= Q(group=group)
    rows = PlanLine.objects.filter(branch=branch).select_related("branch", "group", "plan")
    if named:
        lines = rows.filter(fit | Q(pk__in=named)).annotate(
            is_fit=Case(When(fit, Value(True)), default=Value(False))
        )
    else:
        lines = rows.filter(fit).annotate(is_fit=Value(True))
    read = list(lines)
    found = [
        Suggestion(line, line.opens_on <= happened_on <= line.due_on)
        for line in read
        if line.is_fit
    ]
    found.sort(
        key=lambda s: (
            s.line.discharged_by is None,
            not s.is_open,
            abs((s.line.planned_on - happened_on).days),
            s.line.id,
        )
    )
    wanted = set(named)
    return tuple(found[:SUGGESTED]), tuple(line for line in read if line.pk in wanted)


def changes_of(plan: Plan) -> QuerySet[LineChange]:
    """The trace of a table's amendments, the newest first."""
    return plan.changes.select_related("by").order_by("-at", "-id")


def last_year_lines(branch: Organization, year: int) -> QuerySet[PlanLine]:
    """The lines of the year before that a new table may carry over."""
    return PlanLine.objects.filter(branch=branch, year=year - 1).order_by("planned_on", "id")


def read_tallies(
    organizations: Iterable[Organization],
    year: int,
    *,
    places: Iterable[Place] | None = None,
    since_year: int | None = None,
) -> dict[UUID, tuple[Count, ...]]:
    """The counts of each organisation with all below it, in two queries.

    In one where all `places` of the organisations are known already. With `since_year` also those of
    the years from that one on; their due days tell them apart.

    What the worker has folded in already, and what writes have left since, found by the prefix of
    the path, of one that the organisation has left as well. One statement sees one moment, so
    nothing is counted twice while the worker folds.
    """
    wanted = list(organizations)
    if not wanted:
        return {}
    known = places_of_all(wanted) if places is None else places
    of_path = {place.path: place.organization_id for place in known}
    # As text: a UUID is hashed and compared in Python, and there are hundreds of rows.
    of_text = {_as_text(organization.id): organization.id for organization in wanted}
    totals: dict[str, list[Count]] = {text: [] for text in of_text}
    deltas: dict[UUID, list[Count]] = {}
    holders: dict[str, set[UUID]] = {}
    first = year if since_year is None else since_year
    for total_of, path, *counts in _tally_rows(of_text, of_path, (first, year)):
        if total_of:
            totals[total_of].append(Count(*counts))
            continue
        if path not in holders:  # a branch has many
            holders[path] = _holders(path, of_path)
        for key in holders[path]:
            deltas.setdefault(key, []).append(Count(*counts))
    return {
        key: _in_order(totals[text])
        if first == year and key not in deltas
        else _in_order(_added_up(*totals[text], *deltas.get(key, ())))
        for text, key in of_text.items()
    }


def _added_up(*counts: Count) -> Iterable[Count]:
    """One count for each class and due day; the totals alone of one year are that already."""
    days: dict[_Day, Count] = {}
    for count in counts:
        had = days.get(count[:2])
        days[count[:2]] = had.plus(count) if had else count
    return days.values()


def _in_order(counts: Iterable[Count]) -> tuple[Count, ...]:
    """By class and due day, without what comes to nothing."""
    return tuple(sorted(count for count in counts if count.total or any(count[3:])))


def _as_text(key: UUID) -> str:
    """As the database writes it: SQLite has no keys of its own and keeps the digits."""
    return str(key) if connection.features.has_native_uuid_field else key.hex


_Day = tuple[str, date]  # class, due day


def _holders(path: str, of_path: Mapping[str, UUID]) -> set[UUID]:
    """Those of the organisations that this path is of, or is below of."""
    return {of_path[each] for each in (path, *paths.ancestors(path)) if each in of_path}


def _tally_rows(
    keys: Collection[str], organization_paths: Iterable[str], years: tuple[int, int]
) -> list[tuple[Any, ...]]:
    """Organisation of a total, or None and the path of a delta's branch; class, day, the counts.

    Written out, since every overview asks it and the ORM takes longer over it than the database.
    The tree is not joined: where it is large, the database would read all of it.
    """
    ranges = [(path, paths.successor(path)) for path in _topmost(set(organization_paths))]
    sql = _TALLIES.format(
        totals=Tally._meta.db_table,
        deltas=TallyDelta._meta.db_table,
        keys=", ".join(["%s"] * len(keys)),
        within=" OR ".join(["path >= %s AND path < %s"] * len(ranges)) or "1 = 0",
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [*keys, *years, *years, *(end for both in ranges for end in both)])
        found: list[tuple[Any, ...]] = cursor.fetchall()
    if connection.vendor != "sqlite":
        return found
    # It has no days of its own either.
    return [
        (*row[:3], date.fromisoformat(row[3]) if isinstance(row[3], str) else row[3], *row[4:])
        for row in found
    ]


_TALLIES: Final = """
SELECT CAST(organization_id AS TEXT), '', practice_class, due_on, total, done, late, waived
FROM {totals} WHERE organization_id IN ({keys}) AND year BETWEEN %s AND %s
UNION ALL
SELECT NULL, path, practice_class, due_on, SUM(total), SUM(done), SUM(late), SUM(waived)
FROM {deltas} WHERE year BETWEEN %s AND %s AND ({within}) GROUP BY path, practice_class, due_on
"""


def _topmost(wanted: set[str], *, most: int = 8) -> set[str]:
    """Few paths that hold all that are wanted: long lists are widened to their parents."""
    found = set(wanted)
    while len(found) > most:
        longest = max(map(len, found))
        if longest <= paths.WIDTH:
            break
        found = {path[: -paths.WIDTH] if len(path) == longest else path for path in found}
    return {p for p in found if not any(o != p and p.startswith(o) for o in found)}


def lines_due(branch: Organization, year: int, month: int) -> QuerySet[PlanLine]:
    """The lines of a branch's adopted table that are due in one month."""
    return (
        PlanLine.objects.filter(
            branch=branch,
            plan__state=Plan.State.ADOPTED,
            year=year,
            due_on__year=year,
            due_on__month=month,
        )
        .select_related("branch", "group", "waived_by", "plan__norm")
        .order_by("due_on", "planned_on", "id")
    )


def overdue_lines(organization: Organization, today: date) -> QuerySet[PlanLine]:
    """What is overdue at or below an organisation, in the order of the tree, the oldest first."""
    return (
        PlanLine.objects.filter(
            branch__path__gte=organization.path,
            branch__path__lt=paths.successor(organization.path),
            plan__state=Plan.State.ADOPTED,
            discharged_by=None,
            waived_at=None,
            due_on__lt=today,
        )
        .filter(Q(branch__in_use_since=None) | Q(due_on__gte=F("branch__in_use_since")))
        .select_related("branch", "group", "plan__norm")
        .order_by("branch__path", "due_on", "id")
    )
