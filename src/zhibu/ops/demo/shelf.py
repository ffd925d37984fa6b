"""Rows that wait to be written together, in an order in which each finds what it points to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from django.db import connection, models, transaction

from zhibu.handbook.models import Attachment, Record, RecordVersion
from zhibu.ledger.models import ChainHead, Entry, OrganizationKey, Seal
from zhibu.org.models import Grant, Member, Membership, MemberSpell, Organization, Place, Post, Term
from zhibu.people.models import Person
from zhibu.plans.models import LineChange, Plan, PlanLine
from zhibu.plans.services.tallies import Cell, add_to_tallies

ORDER: Final[tuple[type[models.Model], ...]] = (
    Person, Organization, Place, Term, Member, Membership, MemberSpell, Post, Grant, Plan, PlanLine,
    LineChange, RecordVersion, Attachment, ChainHead, OrganizationKey, Seal, Entry,
)  # fmt: skip

BATCH: Final = 400


class Shelf:
    """Collects rows and counts, and writes them in one transaction."""

    def __init__(self) -> None:
        self._rows: dict[type[models.Model], list[models.Model]] = defaultdict(list)
        self.cells: dict[Cell, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        self.written = 0

    def put(self, *rows: models.Model) -> None:
        """Let rows wait."""
        for row in rows:
            self._rows[type(row)].append(row)

    def note(
        self,
        *,
        verb: str,
        organization_id: UUID | None,
        subject: models.Model,
        at: datetime,
        by: Person | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """One line of the ledger, as `zhibu.ledger.services.note` writes it."""
        self.put(
            Entry(
                at=at,
                person=by,
                verb=verb,
                organization_id=organization_id,
                subject_kind=str(subject._meta.model_name),
                subject_id=subject.pk,
                detail=dict(detail or {}),
            )
        )

    def flush(self) -> None:
        """Write all that waits."""
        with transaction.atomic():
            # A record and its current version point to each other: the record goes first, bare.
            records = self._rows.pop(Record, [])
            for model in ORDER:
                if model is RecordVersion:
                    self._write_records(records)
                rows = self._rows.pop(model, [])
                self._create(model, rows)
            self._point_records(records)
            if self.cells:
                add_to_tallies(self.cells)
                self.cells.clear()
        if self._rows:
            raise TypeError(f"no place for {sorted(m.__name__ for m in self._rows)}")

    def _create(self, model: type[models.Model], rows: Iterable[models.Model]) -> None:
        rows = list(rows)
        self.written += len(rows)
        if rows and connection.vendor == "postgresql":
            _copy(model, rows)
        elif rows:
            model._default_manager.bulk_create(rows, batch_size=BATCH)

    def _write_records(self, records: list[models.Model]) -> None:
        bare = []
        for record in records:
            assert isinstance(record, Record)  # noqa: S101 - kept apart by its class
            bare.append(
                Record(
                    id=record.id, branch_id=record.branch_id, state=Record.State.DRAFT,
                    draft=record.draft, revision=record.revision,
                    drafted_by_id=record.drafted_by_id, drafted_at=record.drafted_at,
                )
            )  # fmt: skip
        self._create(Record, bare)

    def _point_records(self, records: list[models.Model]) -> None:
        """Filed records get their state and current version: one statement for all of them."""
        filed = [r for r in records if isinstance(r, Record) and r.current_id is not None]
        if not filed:
            return
        by_state: dict[str, list[UUID]] = defaultdict(list)
        for record in filed:
            by_state[record.state].append(record.id)
        newest = (
            RecordVersion.objects.filter(record=models.OuterRef("pk"))
            .order_by("-version")
            .values("pk")[:1]
        )
        for state, keys in by_state.items():
            for start in range(0, len(keys), BATCH):
                Record.objects.filter(pk__in=keys[start : start + BATCH]).update(
                    state=state, current=models.Subquery(newest)
                )


def _copy(model: type[models.Model], rows: Iterable[models.Model]) -> None:
    """The quick way into PostgreSQL; the values are those of the columns already."""
    from psycopg.types.json import Jsonb

    fields = model._meta.concrete_fields
    names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    table = connection.ops.quote_name(model._meta.db_table)
    readers = [
        attrgetter(
            f"{field.attname}.name" if isinstance(field, models.FileField) else field.attname
        )
        for field in fields
    ]
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy,
    ):
        for row in rows:
            values = [read(row) for read in readers]
            copy.write_row(
                [Jsonb(value) if isinstance(value, (dict, list)) else value for value in values]
            )
