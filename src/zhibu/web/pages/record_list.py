"""记录: the list of a branch's drafts and filed records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.paginator import Page
from django.db.models import QuerySet
from django.utils import timezone

from zhibu.handbook.models import Record, RecordVersion
from zhibu.handbook.queries import Cover, covers_of
from zhibu.handbook.wording import PARTS
from zhibu.ledger.models import Seal
from zhibu.ledger.queries import first_covering, seals_of
from zhibu.org.models import Organization
from zhibu.rules.labels import label
from zhibu.rules.norm import Activity
from zhibu.rules.records import ContentError, from_data
from zhibu.rules.standing import judge_filing
from zhibu.rules.wording import say, say_date
from zhibu.web.pages.record_form import Choice
from zhibu.web.record_access import Pen

STATES = (("filed", "已归档"), ("corrected", "有更正"), ("voided", "已作废"))
LIGHT = (
    "current__sequence", "current__version", "current__action", "current__filed_at",
    "current__happened_on", "current__activities", "current__topic", "current__year",
    "state", "branch_id", "current_id",
)  # fmt: skip
"""Columns that lists read; the texts of a record are many times as large."""


@dataclass(frozen=True, slots=True)
class DraftRow:
    """One draft."""

    id: UUID
    kinds: str
    topic: str
    day: date | None
    who: str
    at: datetime
    is_correction: bool


@dataclass(frozen=True, slots=True)
class RecordRow:
    """One filed record; the three times side by side."""

    id: UUID
    kinds: str
    first_kind: Activity
    topic: str
    happened_on: date
    filed_at: datetime  # the first time
    sealed_at: datetime | None
    late: str  # the sentence, where it was written long after it happened
    is_voided: bool
    corrections: int
    sequence: int
    covers: tuple[str, ...]  # what was blacked out, when and on what ground


@dataclass(frozen=True, slots=True)
class RecordListPage:
    """Drafts on top, then what was filed, the newest first."""

    branch: Organization
    drafts: tuple[DraftRow, ...]
    draft_pages: Page[Any] | None  # none for those who do not write
    rows: tuple[RecordRow, ...]
    paged: Page[Any]
    kinds: tuple[Choice, ...]
    years: tuple[Choice, ...]
    states: tuple[Choice, ...]
    is_filtered: bool
    may_write: bool
    this_year: int


@dataclass(frozen=True, slots=True)
class Sought:
    """What the list is narrowed to; empty for all."""

    kind: str = ""
    year: str = ""
    state: str = ""

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> Sought:
        """From the address; what makes no sense is left out."""
        kind, year, state = (asked.get(name, "") for name in ("kind", "year", "state"))
        return cls(
            kind if kind in set(Activity) else "",
            year if len(year) == 4 and year.isascii() and year.isdecimal() else "",
            state if state in dict(STATES) else "",
        )

    def narrow(self, records: QuerySet[Record]) -> QuerySet[Record]:
        """The records that are asked for."""
        if self.kind:
            records = records.filter(current__activities__contains=self.kind)
        if self.year:
            records = records.filter(current__year=int(self.year))
        if self.state == "corrected":
            records = records.filter(current__version__gt=1, state=Record.State.FILED)
        elif self.state:
            records = records.filter(state=self.state)
        return records


def filed_records(branch: Organization) -> QuerySet[Record]:
    """What was filed in a branch, the newest first; without the texts."""
    return (
        Record.objects.filter(branch=branch, current__isnull=False)
        .select_related("current")
        .only(*LIGHT)
        .order_by("-current__happened_on", "-current__sequence")
    )


def build_rows(records: Sequence[Record], branch: Organization) -> tuple[RecordRow, ...]:
    """Rows for these records: three queries for any number."""
    first = _first_filed(records)
    seals = list(seals_of(branch.pk))
    covers = covers_of(record.pk for record in records)
    return tuple(_row(record, first, seals, covers.get(record.pk, ())) for record in records)


def build_list(
    branch: Organization,
    *,
    paged: Page[Any],
    sought: Sought,
    years: Sequence[int],
    drafts: Page[Any] | None,
    today: date,
) -> RecordListPage:
    """The page of the list; `drafts` are for those who write, None for everybody else."""
    return RecordListPage(
        branch=branch,
        drafts=tuple(row for record in drafts or () if (row := _draft_row(record)) is not None),
        draft_pages=drafts,
        rows=build_rows(list(paged.object_list), branch),
        paged=paged,
        kinds=tuple(Choice(a.value, label(a), a.value == sought.kind) for a in Activity),
        years=tuple(Choice(str(y), f"{y}年", str(y) == sought.year) for y in years),
        states=tuple(Choice(value, words, value == sought.state) for value, words in STATES),
        is_filtered=sought != Sought(),
        may_write=drafts is not None,
        this_year=today.year,
    )


def drafts_for(branch: Organization, pen: Pen) -> QuerySet[Record]:
    """What is being written in a branch by those who hold such a pen, saved last first."""
    drafts = Record.objects.filter(branch=branch, draft__isnull=False).select_related("drafted_by")
    if pen.groups is not None:  # as `Pen.may_write` says of one
        mine = [str(key) for key in pen.groups]
        kinds = [Activity.GROUP_MEETING.value]
        drafts = drafts.filter(draft__activities=kinds, draft__group__in=mine)
    return drafts.order_by("-drafted_at", "-id")


def _draft_row(record: Record) -> DraftRow | None:
    try:
        content = from_data(record.draft)
    except ContentError:
        return None
    return DraftRow(
        id=record.pk,
        kinds="、".join(label(activity) for activity in content.activities),
        topic=content.topic,
        day=content.began_at.date() if content.began_at else None,
        who=record.drafted_by.name if record.drafted_by else "",
        at=record.drafted_at,
        is_correction=record.current_id is not None,
    )


def _first_filed(records: Sequence[Record]) -> dict[UUID, datetime]:
    again = [record.pk for record in records if record.current and record.current.version > 1]
    if not again:
        return {}
    rows = RecordVersion.objects.filter(record__in=again, version=1)
    return dict(rows.values_list("record_id", "filed_at"))


def _row(
    record: Record, first: Mapping[UUID, datetime], seals: Sequence[Seal], covers: Sequence[Cover]
) -> RecordRow:
    version = record.current
    assert version is not None  # noqa: S101 - only filed records are listed
    filed_at = first.get(record.pk, version.filed_at)
    seal = first_covering(seals, version.sequence)
    activities = tuple(Activity(name) for name in version.activities.split())
    late = judge_filing(version.happened_on, timezone.localtime(filed_at).date())
    is_voided = record.state == Record.State.VOIDED
    return RecordRow(
        id=record.pk,
        kinds="、".join(label(activity) for activity in activities),
        first_kind=activities[0] if activities else Activity.OTHER,
        topic=version.topic,
        happened_on=version.happened_on,
        filed_at=filed_at,
        sealed_at=seal.sealed_at if seal else None,
        late=say(late) if late else "",
        is_voided=is_voided,
        corrections=version.version - 1 - int(is_voided),
        sequence=version.sequence,
        covers=tuple(
            f"{say_date(timezone.localtime(one.at).date())}依法遮盖{PARTS[one.part]}。{one.ground}"
            for one in covers
        ),
    )
