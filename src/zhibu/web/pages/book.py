"""手册: the book of a branch's year on the screen; its pages by kind, its seals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from zhibu.handbook.models import Record
from zhibu.ledger.models import Seal
from zhibu.ledger.queries import count_unsealed, seals_of
from zhibu.ledger.seals import seal_code
from zhibu.org.models import Organization
from zhibu.rules.labels import label
from zhibu.rules.norm import Activity
from zhibu.web.pages.record_list import RecordRow, build_rows


@dataclass(frozen=True, slots=True)
class Chapter:
    """The year's records of one kind, in the order in which they happened."""

    kind: Activity
    title: str
    rows: tuple[RecordRow, ...]

    @property
    def count(self) -> int:
        """How many of them count."""
        return sum(1 for row in self.rows if not row.is_voided)


@dataclass(frozen=True, slots=True)
class SealView:
    """One seal with its countersignature."""

    id: UUID
    first: int
    sequence: int
    sealed_at: datetime
    code: str
    countersigned_at: datetime | None
    countersigned_by: str
    may_countersign: bool


@dataclass(frozen=True, slots=True)
class BookRights:
    """What the reader may do with the book; `countersigner` is whom they would sign for."""

    may_write: bool
    may_seal: bool
    may_export: bool
    lacks_talks: bool  # could export, but for the talks that the bound book holds
    countersigner: Organization | None


@dataclass(frozen=True, slots=True)
class BookPage:
    """The book of one year."""

    branch: Organization
    year: int
    years: tuple[int, ...]
    chapters: tuple[Chapter, ...]
    total: int
    late: int
    corrected: int
    voided: int
    seals: tuple[SealView, ...]
    unsealed: int
    rights: BookRights


def build_book(
    branch: Organization,
    year: int,
    *,
    records: Sequence[Record],
    years: Sequence[int],
    rights: BookRights,
) -> BookPage:
    """The book from the year's records."""
    rows = build_rows(records, branch)
    seals = list(seals_of(branch.pk))
    names = _names(seals)
    return BookPage(
        branch=branch,
        year=year,
        years=tuple(sorted({year, *years}, reverse=True)),
        chapters=tuple(
            Chapter(kind, label(kind), some)
            for kind in Activity
            if (some := tuple(row for row in rows if row.first_kind is kind))
        ),
        total=sum(1 for row in rows if not row.is_voided),
        late=sum(1 for row in rows if row.late and not row.is_voided),
        corrected=sum(1 for row in rows if row.corrections),
        voided=sum(1 for row in rows if row.is_voided),
        # Seals cover the chain and not a year: those that were made since the year began.
        seals=tuple(
            _seal_view(seal, names, rights)
            for seal in reversed(seals)
            if seal.sealed_at.year >= year
        ),
        unsealed=count_unsealed(branch.pk),
        rights=rights,
    )


def _names(seals: Sequence[Seal]) -> dict[UUID, str]:
    keys = {s.countersign_key.organization_id for s in seals if s.countersign_key is not None}
    if not keys:
        return {}
    return dict(Organization.objects.filter(pk__in=keys).values_list("pk", "short_name"))


def _seal_view(seal: Seal, names: dict[UUID, str], rights: BookRights) -> SealView:
    key = seal.countersign_key
    return SealView(
        id=seal.pk,
        first=seal.first,
        sequence=seal.sequence,
        sealed_at=seal.sealed_at,
        code=seal_code(seal.signature),
        countersigned_at=seal.countersigned_at,
        countersigned_by=names.get(key.organization_id, "上级党组织") if key is not None else "",
        may_countersign=key is None and rights.countersigner is not None,
    )
