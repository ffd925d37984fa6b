"""Tallies of reach: receipts folded into the totals of every level, expected numbers added up.

A receipt that differs in `is_valid` and `is_counted` is its own delta. A worker adds it to the
level where it counts and to all above, and marks it in the same transaction: one that is killed
half-way has done nothing, and what is read meanwhile is the totals and these receipts together.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast
from uuid import UUID

from django.db import connection, models, transaction
from django.db.models import F, Field

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
            ).values_list("pk", "text_id", "version", "path", "is_valid")[:limit]
        )
        cells: dict[tuple[UUID, int, str], int] = defaultdict(int)
        for _, text, version, path, is_valid in rows:
            for level in (*paths.ancestors(path), path):
                cells[text, version, level] += 1 if is_valid else -1
        _add(Reached, ("text", "version", "path"), cells)
        keys = [row[0] for row in rows]
        Receipt.objects.filter(pk__in=keys).update(is_counted=F("is_valid"))
        return len(rows)


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
    cells: dict[tuple[UUID, str], int] = defaultdict(int)
    for path, number in numbers.items():
        for level in (*paths.ancestors(path), path):
            cells[text, level] += number
    _add(Expected, ("text", "path"), cells)


def _add(model: type[models.Model], key: tuple[str, ...], cells: Mapping[Any, int]) -> None:
    """Add numbers to what is there, in one order for all workers so that none waits in a circle."""
    rows = [(new_key(), *which, number) for which, number in sorted(cells.items()) if number]
    for start in range(0, len(rows), ROWS_A_STATEMENT):
        _upsert(model, key, rows[start : start + ROWS_A_STATEMENT])


def _upsert(
    model: type[models.Model], key: tuple[str, ...], rows: Iterable[tuple[object, ...]]
) -> None:
    """Both databases speak this; the ORM knows no "add to what is there"."""
    rows = list(rows)
    names = ("id", *key, "number")
    fields = [cast("Field[Any, Any]", model._meta.get_field(name)) for name in names]
    columns = [str(field.column) for field in fields]
    table = model._meta.db_table
    values = [
        field.get_db_prep_value(value, connection)
        for row in rows
        for field, value in zip(fields, row, strict=True)
    ]
    places = ", ".join(["(" + ", ".join(["%s"] * len(fields)) + ")"] * len(rows))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES {places} "  # noqa: S608 - our own model
            f"ON CONFLICT ({', '.join(columns[1:-1])}) "
            f"DO UPDATE SET number = {table}.number + excluded.number",
            values,
        )
