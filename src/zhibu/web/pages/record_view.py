"""A filed record with all its versions, the three times, and what proves that nothing was changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

from zhibu.handbook.facts import judge_filed, named_people
from zhibu.handbook.models import Record, RecordVersion
from zhibu.handbook.queries import covers_of
from zhibu.handbook.versions import (
    LATER_PARTICULARS_FIELDS,
    PARTICULARS_FIELDS,
    FiledContent,
    digest_of,
    read_version,
)
from zhibu.handbook.wording import PARTS
from zhibu.ledger.models import Seal
from zhibu.ledger.queries import first_covering, seals_of
from zhibu.ledger.seals import seal_code
from zhibu.org.models import Organization
from zhibu.plans.models import PlanLine
from zhibu.plans.queries import lines_of_record
from zhibu.rules.records import AttachmentNote
from zhibu.rules.standing import judge_filing
from zhibu.rules.wording import say, say_date
from zhibu.web.forms.record_form import Roster
from zhibu.web.pages.record_desk import element_labels
from zhibu.web.pages.record_form import Remark, remarks_of
from zhibu.web.pages.record_sheet import Sheet, build_sheet
from zhibu.web.pages.record_words import part_label, part_words, parts_of


@dataclass(frozen=True, slots=True)
class PartChange:
    """One part that a correction changed."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version as it was filed."""

    number: int
    action: str
    who: str
    filed_at: datetime
    sealed_at: datetime | None
    seal_code: str
    sequence: int
    digest: str
    link: str
    reason: str
    sheet: Sheet
    files: tuple[AttachmentNote, ...]
    changes: tuple[PartChange, ...]
    is_void: bool

    @property
    def short_digest(self) -> str:
        """The code as it is read aloud: four times four signs of the digest."""
        head = self.digest[:16].upper()
        return "-".join(head[at : at + 4] for at in range(0, 16, 4))


@dataclass(frozen=True, slots=True)
class CoverView:
    """A part that was blacked out: which, when, by whom, on what ground."""

    label: str
    at: datetime
    by: str
    ground: str


@dataclass(frozen=True, slots=True)
class RecordPage:
    """The record: what counts now, and everything it ever was."""

    record: Record
    shown: VersionView  # the last that is not a voiding
    ballots: tuple[Remark, ...]  # whether enough had come, what was passed
    latest: VersionView
    versions: tuple[VersionView, ...]  # the newest first
    happened: str
    happened_on: date
    first_filed_at: datetime
    late: str
    lines: tuple[PlanLine, ...]
    has_draft: bool
    may_amend: bool
    may_draft: bool
    may_redact: bool
    covers: tuple[CoverView, ...]

    @property
    def is_voided(self) -> bool:
        """Whether it counts no more."""
        return self.latest.is_void


def build_record(
    record: Record, *, may_amend: bool, may_draft: bool, may_redact: bool = False
) -> RecordPage:
    """The page of a record that was filed."""
    rows = list(record.versions.select_related("filed_by").order_by("version"))
    contents = [read_version(row) for row in rows]
    seals = list(seals_of(record.branch_id))
    day = rows[-1].happened_on
    labels = (
        element_labels(record.branch, day) if any(one.content.elements for one in contents) else {}
    )
    roster, groups = people_of(contents), _groups(contents)
    views = [
        _view(row, filed, seals, roster, labels, groups, contents[at - 1] if at else None)
        for at, (row, filed) in enumerate(zip(rows, contents, strict=True))
    ]
    shown = next((one for one in reversed(views) if not one.is_void), views[-1])
    has_covers = any(one.redacted for one in contents)
    late = judge_filing(day, timezone.localtime(rows[0].filed_at).date())
    filed = contents[shown.number - 1]
    lines = tuple(lines_of_record(record.pk))
    verdicts = judge_filed(record.branch, filed, lines)
    return RecordPage(
        record=record,
        shown=shown,
        ballots=tuple(remarks_of(verdicts, {}, filed.content)),
        latest=views[-1],
        versions=tuple(reversed(views)),
        happened=shown.sheet.time or say_date(day),
        happened_on=day,
        first_filed_at=rows[0].filed_at,
        late=say(late) if late else "",
        lines=lines,
        has_draft=record.draft is not None,
        may_amend=may_amend,
        may_draft=may_draft,
        may_redact=may_redact,
        covers=tuple(
            CoverView(PARTS[one.part], one.at, one.by, one.ground)
            for one in (covers_of([record.pk]).get(record.pk, ()) if has_covers else ())
        ),
    )


def _view(
    row: RecordVersion,
    filed: FiledContent,
    seals: Sequence[Seal],
    roster: Roster,
    labels: Mapping[str, str],
    groups: Mapping[str, str],
    before: FiledContent | None,
) -> VersionView:
    seal = first_covering(seals, row.sequence)
    is_void = row.action == RecordVersion.Action.VOID
    changes: tuple[PartChange, ...] = ()
    if before is not None and not is_void:
        changes = _changes(before, filed, roster, labels, groups)
    return VersionView(
        number=row.version,
        action=row.get_action_display(),
        who=row.filed_by.name,
        filed_at=row.filed_at,
        sealed_at=seal.sealed_at if seal else None,
        seal_code=seal_code(seal.signature) if seal else "",
        sequence=row.sequence,
        digest=digest_of(row),
        link=row.link,
        reason=filed.reason,
        sheet=build_sheet(
            filed.content, roster=roster, labels=labels, groups=groups, redacted=filed.redacted
        ),
        files=filed.content.attachments,
        changes=changes,
        is_void=is_void,
    )


def _changes(
    before: FiledContent,
    after: FiledContent,
    roster: Roster,
    labels: Mapping[str, str],
    groups: Mapping[str, str],
) -> tuple[PartChange, ...]:
    """What a correction changed, in words. A part that was blacked out is not compared."""
    covered = before.redacted | after.redacted
    found = []
    for part in parts_of(before.content, after.content):
        if _stored_in(part) in covered:
            continue
        was = part_words(before.content, part, roster, groups)
        now = part_words(after.content, part, roster, groups)
        if was != now:
            found.append(PartChange(part_label(part, labels), was, now))
    return tuple(found)


def _stored_in(part: str) -> str:
    """The part of a version that holds a part of the form; the head is never blacked out."""
    name = part.partition(".")[0]
    return "particulars" if name in (*PARTICULARS_FIELDS, *LATER_PARTICULARS_FIELDS) else name


def people_of(contents: Sequence[FiledContent]) -> Roster:
    """The names of all whom the contents name by a key."""
    return Roster(named_people(one.content for one in contents))


def _groups(contents: Sequence[FiledContent]) -> Mapping[str, str]:
    keys = {one.content.group for one in contents if one.content.group}
    if not keys:
        return {}
    rows = Organization.objects.filter(pk__in=keys).values_list("pk", "short_name")
    return {str(key): name for key, name in rows}
