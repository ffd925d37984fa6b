"""Tallies of reach: receipts folded into the totals of every level, expected numbers added up.

A receipt that is not folded is its own delta: what it says now less what the tallies hold of it. A
worker adds it to the level where it counts and to all above, and marks it in the same transaction:
one that is killed half-way has done nothing, and what is read meanwhile is the totals and these
receipts together.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from operator import add
from typing import Any, Final, cast
from uuid import UUID

from django.db import connection, models, transaction
from django.db.models import Case, F, Field, Value, When

from zhibu.network.dissemination.models import UNFOLDED, Expected, Reached, Receipt
from zhibu.org import paths
from zhibu.people.keys import new_key

ROWS_A_STATEMENT: Final = 500


def fold_reach(limit: int = 2000) -> int:
    """Fold up to `limit` receipts into the totals; how many, 0 when none is left.

    Any number of workers may do this at once: each takes receipts that no other holds.
    """
    unfolded = Receipt.objects.filter(UNFOLDED)
    if not unfolded.exists():
        return 0  # an idle worker takes no lock that a reader of texts would wait for
    with transaction.atomic():
        rows = list(
            unfolded.select_for_update(
                skip_locked=connection.features.has_select_for_update_skip_locked, of=("self",)
            ).values_list("pk", "text_id", "version", "path", "is_valid", "how", "counted_as")[
                :limit
            ]
        )
        cells: dict[tuple[UUID, int, str], list[int]] = defaultdict(lambda: [0, 0, 0])
        for _, text, version, path, is_valid, how, counted_as in rows:
            delta = _delta(how if is_valid else "", counted_as)
            for level in (*paths.ancestors(path), path):
                cell = cells[text, version, level]
                cell[:] = map(add, cell, delta)
        _add(Reached, ("text", "version", "path"), _OF_REACHED, cells)
        keys = [row[0] for row in rows]
        counted = Case(When(is_valid=True, then=F("how")), default=Value(""))
        Receipt.objects.filter(pk__in=keys).update(counted_as=counted, is_folded=True)
        return len(rows)


_OF_REACHED: Final = ("number", "by_meeting", "by_visit")


def _delta(now: str, before: str) -> tuple[int, int, int]:
    """What changes in the numbers of `Reached` where a receipt counted by one way counts by another.

    "" is none.
    """
    met, visited = Receipt.How.MEETING, Receipt.How.VISIT
    return (
        bool(now) - bool(before),
        (now == met) - (before == met),
        (now == visited) - (before == visited),
    )


def fold_all(*, seconds: float = 4.0) -> int:
    """Fold until nothing is left, or this long; how many. After a morning there are many."""
    folded, ends = 0, time.monotonic() + seconds
    while done := fold_reach():
        folded += done
        if time.monotonic() >= ends:
            break
    return folded


def add_expected(text: UUID, numbers: Mapping[str, int]) -> None:
    """So many more are expected at these paths and at all above, in the caller's transaction."""
    cells: dict[tuple[UUID, str], list[int]] = defaultdict(lambda: [0])
    for path, number in numbers.items():
        for level in (*paths.ancestors(path), path):
            cells[text, level][0] += number
    _add(Expected, ("text", "path"), ("number",), cells)


def _add(
    model: type[models.Model],
    key: tuple[str, ...],
    numbers: tuple[str, ...],
    cells: Mapping[Any, list[int]],
) -> None:
    """Add numbers to what is there, in one order for all workers so that none waits in a circle."""
    rows = [(new_key(), *which, *cell) for which, cell in sorted(cells.items()) if any(cell)]
    for start in range(0, len(rows), ROWS_A_STATEMENT):
        _upsert(model, key, numbers, rows[start : start + ROWS_A_STATEMENT])


def _upsert(
    model: type[models.Model],
    key: tuple[str, ...],
    numbers: tuple[str, ...],
    rows: Sequence[tuple[object, ...]],
) -> None:
    """Both databases speak this; the ORM knows no "add to what is there"."""
    names = ("id", *key, *numbers)
    fields = [cast("Field[Any, Any]", model._meta.get_field(name)) for name in names]
    columns = [str(field.column) for field in fields]
    table = model._meta.db_table
    values = [
        field.get_db_prep_value(value, connection)
        for row in rows
        for field, value in zip(fields, row, strict=True)
    ]
    places = ", ".join(["(" + ", ".join(["%s"] * len(fields)) + ")"] * len(rows))
    added = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in numbers)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES {places} "  # noqa: S608 - our own model
            f"ON CONFLICT ({', '.join(columns[1 : len(key) + 1])}) DO UPDATE SET {added}",
            values,
        )
