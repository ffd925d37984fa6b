"""What happened in a made-up branch: which lines were done, when, and when that was written down."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils import timezone

from zhibu.handbook.models import Record, RecordVersion
from zhibu.handbook.versions import compose_version
from zhibu.ledger.keys import derive_public_key, sign
from zhibu.ledger.models import ChainHead, OrganizationKey, Seal
from zhibu.ledger.seals import seal_facts, seal_message
from zhibu.ops.demo.contents import Gathering, compose_content
from zhibu.ops.demo.enclosures import put_enclosures
from zhibu.ops.demo.population import Population, morning
from zhibu.ops.demo.tables import Table
from zhibu.people.keys import new_key
from zhibu.plans.models import Plan, PlanLine
from zhibu.plans.services.tallies import counts_of
from zhibu.rules.calendar import WorkCalendar
from zhibu.rules.contents import RecordContent
from zhibu.rules.contents_data import to_data

if TYPE_CHECKING:
    from zhibu.ops.demo.stage import Stage

LATE_ENTRY = 0.05
"""The share of records that are written down weeks after it happened."""


@dataclass(frozen=True, slots=True)
class Filing:
    """One record as it was filed; `at` is None while it is a draft."""

    content: RecordContent
    lines: Sequence[PlanLine]
    drafted_at: datetime
    at: datetime | None


def put_history(
    stage: Stage,
    population: Population,
    tables: Sequence[Table],
    *,
    calendar: WorkCalendar,
    is_sealed_monthly: bool,
    has_files: bool = False,
) -> None:
    """Records, chain, seals, lines as they stand and the tallies of one branch."""
    filings: list[Filing] = []
    for table in tables:
        if table.plan.state == Plan.State.ADOPTED:
            filings += _draw_filings(stage, table, calendar)
    _write_chain(
        stage, population, filings, is_sealed_monthly=is_sealed_monthly, has_files=has_files
    )
    for table in tables:
        stage.shelf.put(table.plan, *table.lines)
        if table.plan.state == Plan.State.ADOPTED:
            _count(stage, population, table.lines)


def _draw_filings(stage: Stage, table: Table, calendar: WorkCalendar) -> Iterable[Filing]:
    rng = stage.rng
    has_draft = False
    for lines in _gatherings(table.lines):
        day = _happened(lines, table, stage.today, calendar, rng)
        if day is None:
            continue
        gathering = Gathering(table.population, table.norm, table.facts, lines, day)
        content = compose_content(gathering, rng)
        drafted_at, filed_at = _filed(content, stage)
        if filed_at > stage.now:
            if has_draft:
                continue
            has_draft = True
            yield Filing(content, lines, min(drafted_at, stage.now), None)
        else:
            yield Filing(content, lines, drafted_at, filed_at)


def _gatherings(lines: Iterable[PlanLine]) -> Iterable[list[PlanLine]]:
    """Lines of one event together, all others alone, in the order of their days."""
    together: dict[UUID, list[PlanLine]] = defaultdict(list)
    for line in sorted(lines, key=lambda line: (line.planned_on, line.requirement, line.title)):
        together[line.event or line.id].append(line)
    return together.values()


def _happened(
    lines: Sequence[PlanLine], table: Table, today: date, calendar: WorkCalendar, rng: Random
) -> date | None:
    """The day on which it was done, by the diligence of the branch; None when it was not."""
    planned = max(line.planned_on for line in lines)
    opens = max(*(line.opens_on for line in lines), table.population.seed.founded_on)
    due = min(line.due_on for line in lines)
    diligence = table.population.seed.sketch.diligence
    luck = rng.random()
    if luck < diligence:
        day = planned
        if rng.random() < 0.25:
            moved = planned + timedelta(days=rng.randint(-3, 4))
            day = calendar.next_working(min(max(moved, opens), due))
        if day > due:
            day = planned
    elif luck < diligence + (1 - diligence) * 0.55 or planned.year < today.year:
        day = calendar.next_working(due + timedelta(days=rng.randint(2, 18)))
    else:
        return None
    return day if day < today else None


def _filed(content: RecordContent, stage: Stage) -> tuple[datetime, datetime]:
    """When the draft was begun and when it was filed."""
    rng, now = stage.rng, stage.now
    assert content.began_at is not None  # noqa: S101 - composed with its time
    ended = timezone.make_aware(content.ended_at or content.began_at)
    wait = rng.random()
    if wait < 0.55:
        days = 0
    elif wait < 1 - LATE_ENTRY:
        days = rng.randint(1, 5)
    else:
        days = rng.randint(18, 60)
    drafted = ended + timedelta(days=days, minutes=rng.randint(5, 50))
    filed = drafted + timedelta(minutes=rng.randint(2, 40))
    is_recent = (now - ended).days < 4
    if filed > now and not is_recent:
        # On the last working day, at an hour at which people sit in their office.
        filed = morning(stage.weekday_ago(1), 8) + timedelta(minutes=rng.randint(60, 600))
        drafted = filed - timedelta(minutes=rng.randint(3, 30))
    return drafted, filed


def _write_chain(
    stage: Stage,
    population: Population,
    filings: list[Filing],
    *,
    is_sealed_monthly: bool,
    has_files: bool,
) -> None:
    branch, by = population.branch, population.secretary
    head = ChainHead(branch_id=branch.id)
    filed = [(filing.at, filing.drafted_at, filing) for filing in filings if filing.at is not None]
    filed.sort(key=lambda entry: entry[:2])
    versions = [
        _file(stage, population, filing, at, head, has_files=has_files) for at, _, filing in filed
    ]
    for filing in filings:
        if filing.at is None:
            draft = Record(
                branch=branch, draft=to_data(filing.content), revision=1, drafted_by=by,
                drafted_at=filing.drafted_at,
            )  # fmt: skip
            stage.shelf.put(draft)
            _note_start(stage, population, draft, filing)
    if versions:
        stage.shelf.put(head)
        _seal(stage, population, versions, is_sealed_monthly=is_sealed_monthly)


def _note_start(stage: Stage, population: Population, record: Record, filing: Filing) -> None:
    stage.shelf.note(
        by=population.secretary, verb="start_record", organization_id=population.branch.id,
        subject=record, at=filing.drafted_at,
        detail={"activities": [activity.value for activity in filing.content.activities]},
    )  # fmt: skip


def _file(
    stage: Stage,
    population: Population,
    filing: Filing,
    at: datetime,
    head: ChainHead,
    *,
    has_files: bool,
) -> RecordVersion:
    """What `file_record` writes: version, link, ledger line, lines discharged."""
    branch, by = population.branch, population.secretary
    record = Record(
        branch=branch, revision=2, drafted_by=by, drafted_at=filing.drafted_at,
        state=Record.State.FILED,
    )  # fmt: skip
    files = (
        put_enclosures(stage.shelf, population, record.id, filing.content, at=filing.drafted_at)
        if has_files
        else []
    )
    version = compose_version(
        record_id=record.id, branch_id=branch.id, sequence=head.sequence + 1, previous=head.link,
        version=1, action=RecordVersion.Action.FILE, submission=new_key(), filed_at=at,
        filed_by_id=by.id, content=filing.content, files=files,
    )  # fmt: skip
    head.sequence, head.link = version.sequence, version.link
    record.current_id = version.id
    stage.shelf.put(record, version)
    _note_start(stage, population, record, filing)
    for file in files:
        stage.shelf.note(
            by=by, verb="add_attachment", organization_id=branch.id, subject=record,
            at=file.added_at, detail={"name": file.name, "digest": file.digest},
        )  # fmt: skip
    stage.shelf.note(
        by=by, verb="file_record", organization_id=branch.id, subject=record, at=at,
        detail={
            "version": 1,
            "sequence": version.sequence,
            "link": version.link,
            "happened_on": version.happened_on.isoformat(),
        },
    )  # fmt: skip
    filed_on = timezone.localdate(at)
    for line in filing.lines:
        line.discharged_by = record.id
        line.happened_on, line.filed_on = version.happened_on, filed_on
    return version


def _seal(
    stage: Stage,
    population: Population,
    versions: Sequence[RecordVersion],
    *,
    is_sealed_monthly: bool,
) -> None:
    """What `seal_branch` writes on the first of each month, or only on the last one."""
    branch = population.branch
    key = OrganizationKey(
        organization_id=branch.id, public_key=derive_public_key(branch.id, 1), created_at=stage.at
    )
    covered = 0
    has_key = False
    for moment in _firsts(versions[0].filed_at, stage.now, only_last=not is_sealed_monthly):
        reached = [v for v in versions[covered:] if v.filed_at < moment]
        if not reached:
            continue
        if not has_key:
            key.created_at = moment
            stage.shelf.put(key)
            has_key = True
        last = reached[-1]
        seal = Seal(
            branch_id=branch.id, first=covered + 1, sequence=last.sequence, link=last.link,
            sealed_at=moment, key=key,
        )  # fmt: skip
        seal.signature = sign(key, seal_message(seal_facts(seal)))
        covered = last.sequence
        stage.shelf.put(seal)
        stage.shelf.note(
            verb="seal_branch", organization_id=branch.id, subject=seal, at=moment,
            detail={"first": seal.first, "sequence": seal.sequence, "link": seal.link},
        )  # fmt: skip


def _firsts(since: datetime, now: datetime, *, only_last: bool) -> list[datetime]:
    """Two in the morning of the first of each month, as the worker seals."""
    day = timezone.localdate(now).replace(day=1)
    start = timezone.localdate(since)
    found: list[datetime] = []
    while day > start:
        found.insert(0, morning(day, 2))
        day = (day - timedelta(days=1)).replace(day=1)
    return [moment for moment in found if moment <= now][-1 if only_last else None :]


def _count(stage: Stage, population: Population, lines: Iterable[PlanLine]) -> None:
    """The totals of the branch and of all levels above, as the worker folds them."""
    for line in lines:
        counts = counts_of(line, population.branch.in_use_since)
        for path in population.ancestors:
            cell = stage.shelf.cells[path, line.year, line.practice_class, line.due_on]
            for at, number in enumerate(counts):
                cell[at] += number
