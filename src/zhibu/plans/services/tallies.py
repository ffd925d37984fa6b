"""Tallies: what a write changes in the counts, and the worker's step that folds it in.

Each verb leaves its changes as deltas in its own transaction, so no writer waits for a row of a
level above. The worker adds them to the totals of the branch and of every level above it, and
takes them away in the same transaction: a worker that is killed half-way has done nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, cast
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, F, Field, Q

from zhibu.org import paths
from zhibu.org.models import Place
from zhibu.people.keys import new_key
from zhibu.plans.models import Plan, PlanLine, Tally, TallyDelta
from zhibu.rules.branches import is_before_use

Cell = tuple[str, int, str, date]  # path, year, class, due day
Counts = tuple[int, int, int, int]  # total, done, late, waived

ROWS_A_STATEMENT = 500


def counts_of(line: PlanLine, in_use_since: date | None) -> Counts:
    """What one line adds to its cell; an open one from before the system was in use adds nothing."""
    is_waived = line.waived_at is not None
    if line.happened_on is None and not is_waived and is_before_use(line.due_on, in_use_since):
        return (0, 0, 0, 0)
    is_done = line.happened_on is not None
    is_late = line.happened_on is not None and line.happened_on > line.due_on
    return (1, int(is_done and not is_late), int(is_late), int(is_waived))


class Moves:
    """What one verb changes in the tallies. Lines of drafts do not count.

    A line counts for the levels above the branch as they were on its due day: a branch that moved
    keeps what was due before under its old superior, and counts under the new one from then on.
    """

    def __init__(self) -> None:
        self._cells: dict[tuple[UUID, int, str, date], list[int]] = defaultdict(
            lambda: [0, 0, 0, 0]
        )

    def leave(self, plan: Plan, *lines: PlanLine) -> None:
        """These lines, as they are now, no longer count."""
        self._count(plan, lines, -1)

    def enter(self, plan: Plan, *lines: PlanLine) -> None:
        """These lines count as they are now."""
        self._count(plan, lines, 1)

    def write(self) -> None:
        """Leave the changes as deltas for the worker, in the caller's transaction."""
        changed = {key: counts for key, counts in self._cells.items() if any(counts)}
        places = hold_places({branch for branch, *_ in changed})
        leave_deltas(
            {
                (path_on(places[branch], due_on), year, practice_class, due_on): counts
                for (branch, year, practice_class, due_on), counts in changed.items()
            }
        )

    def _count(self, plan: Plan, lines: Iterable[PlanLine], sign: int) -> None:
        if plan.state != Plan.State.ADOPTED:
            return
        since = plan.branch.in_use_since
        for line in lines:
            cell = self._cells[plan.branch_id, line.year, line.practice_class, line.due_on]
            for at, number in enumerate(counts_of(line, since)):
                cell[at] += sign * number


def path_on(places: Sequence[Place], day: date) -> str:
    """The path that an organisation had on a day; its first before that, its last after the end."""
    had = [place for place in places if place.since <= day]
    return (had[-1] if had else places[0]).path


def leave_deltas(cells: Mapping[Cell, Iterable[int]]) -> None:
    """Deltas for the worker, in the caller's transaction."""
    TallyDelta.objects.bulk_create(
        [
            TallyDelta(
                path=path,
                year=year,
                practice_class=practice_class,
                due_on=due_on,
                **dict(zip(_COUNTS, counts, strict=True)),
            )
            for (path, year, practice_class, due_on), counts in sorted(cells.items())
        ],
        batch_size=ROWS_A_STATEMENT,
    )


def hold_places(branches: set[UUID]) -> dict[UUID, list[Place]]:
    """The places of branches, held: one that moves waits for us or we for it, and see it then."""
    if not branches:
        return {}
    found = _places(branches, is_held=True)
    if any(all(place.until is not None for place in places) for places in found.values()):
        # It moved while we waited (the new row came after our statement began), or has ended.
        found = _places(branches, is_held=False)
    return found


def _places(branches: set[UUID], *, is_held: bool) -> dict[UUID, list[Place]]:
    rows = Place.objects.filter(organization__in=branches).order_by("organization_id", "since")
    found: dict[UUID, list[Place]] = defaultdict(list)
    for place in rows.select_for_update(of=("self",), no_key=True) if is_held else rows:
        found[place.organization_id].append(place)
    return found


def move_tallies(branch_path: str, *, old: str, new: str, on: date) -> int:
    """Lines due from a day on count under another superior; how many changed their place.

    `branch_path` is where the moved organisation hangs now, `old` and `new` are the paths of the
    superiors that it left and that it came under. What lies between is as it was.
    """
    rows = (
        PlanLine.objects.filter(
            branch__path__gte=branch_path,
            branch__path__lt=paths.successor(branch_path),
            plan__state=Plan.State.ADOPTED,
            due_on__gte=on,
        )
        .exclude(
            # as in `counts_of`: open from before the system was in use
            happened_on=None,
            waived_at=None,
            due_on__lt=F("branch__in_use_since"),
        )
        .order_by()
        .values_list("year", "practice_class", "due_on")
        .annotate(
            total=Count("pk"),
            done=Count("pk", filter=Q(happened_on__lte=F("due_on"))),
            late=Count("pk", filter=Q(happened_on__gt=F("due_on"))),
            waived=Count("pk", filter=Q(waived_at__isnull=False)),
        )
    )
    cells: dict[Cell, tuple[int, ...]] = {}
    moved = 0
    for year, practice_class, due_on, *counts in rows:
        for path, sign in ((old, -1), (new, 1)):
            if path:  # a root has nothing above it
                cells[path, year, practice_class, due_on] = tuple(sign * n for n in counts)
        moved += counts[0]
    leave_deltas(cells)
    return moved


def fold_tallies(limit: int = 2000) -> int:
    """Fold up to `limit` deltas into the totals; how many were folded, 0 when none is left.

    Any number of workers may do this at once: each takes deltas that no other holds.
    """
    if not TallyDelta.objects.exists():
        return 0  # an idle worker takes no lock that a writer would wait for
    with transaction.atomic():
        deltas = list(
            TallyDelta.objects.select_for_update(
                skip_locked=connection.features.has_select_for_update_skip_locked
            ).order_by("pk")[:limit]
        )
        if not deltas:
            return 0
        cells: dict[Cell, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for delta in deltas:
            changes = (delta.total, delta.done, delta.late, delta.waived)
            for path in (*paths.ancestors(delta.path), delta.path):
                cell = cells[path, delta.year, delta.practice_class, delta.due_on]
                for at, number in enumerate(changes):
                    cell[at] += number
        add_to_tallies(cells)
        TallyDelta.objects.filter(pk__in=[delta.pk for delta in deltas]).delete()
        return len(deltas)


def add_to_tallies(cells: Mapping[Cell, Iterable[int]]) -> None:
    """Add counts to the totals, in one order for all workers so that none waits in a circle."""
    # A path that an organisation has left is still its own and nobody else's.
    ids: dict[str, UUID] = dict(
        Place.objects.filter(path__in={cell[0] for cell in cells})
        .order_by()
        .values_list("path", "organization")
        .distinct()
    )
    sums: dict[tuple[UUID, int, str, date], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for (path, year, practice_class, due_on), counts in cells.items():
        if path in ids:
            total = sums[ids[path], year, practice_class, due_on]
            for at, count in enumerate(counts):
                total[at] += count
    rows = [(new_key(), *key, *counts) for key, counts in sorted(sums.items())]
    for start in range(0, len(rows), ROWS_A_STATEMENT):
        _upsert(rows[start : start + ROWS_A_STATEMENT])


def _upsert(rows: list[tuple[object, ...]]) -> None:
    """Both databases speak this; the ORM knows no "add to what is there"."""
    fields = [cast("Field[Any, Any]", Tally._meta.get_field(name)) for name in _COLUMNS]
    names = ", ".join(field.get_attname() for field in fields)
    table = Tally._meta.db_table
    sums = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in _COUNTS)
    values = [
        field.get_db_prep_value(value, connection)
        for row in rows
        for field, value in zip(fields, row, strict=True)
    ]
    places = ", ".join(["(" + ", ".join(["%s"] * len(fields)) + ")"] * len(rows))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) VALUES {places} "  # noqa: S608 - names of our own model
            "ON CONFLICT (organization_id, year, practice_class, due_on) "
            f"DO UPDATE SET {sums}",
            values,
        )


_COUNTS = ("total", "done", "late", "waived")
_COLUMNS = ("id", "organization", "year", "practice_class", "due_on", *_COUNTS)
