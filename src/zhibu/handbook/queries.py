"""Reads of the handbook."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from zhibu.handbook.models import Redaction


@dataclass(frozen=True, slots=True)
class Cover:
    """One part of a record that was blacked out, in however many versions at once."""

    part: str
    at: datetime
    by: str
    ground: str  # basis and reason
    versions: int


def covers_of(records: Iterable[UUID]) -> dict[UUID, tuple[Cover, ...]]:
    """What was blacked out of these records, in the order in which it was done: one query."""
    rows = (
        Redaction.objects.filter(version__record__in=list(records))
        .order_by("at", "id")
        .values_list("version__record_id", "part", "at", "by__name", "reason")
    )
    counted: dict[tuple[UUID, str, datetime, str, str], int] = defaultdict(int)
    for row in rows:
        counted[row] += 1
    found: dict[UUID, tuple[Cover, ...]] = {}
    for (record, part, at, by, ground), versions in counted.items():
        found[record] = (*found.get(record, ()), Cover(part, at, by, ground, versions))
    return found
