"""Scenes that the verbs themselves play: a waiver, a correction, a voided record, countersignatures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from zhibu.handbook.models import Record
from zhibu.handbook.services import correct_record, save_draft, start_correction, void_record
from zhibu.handbook.versions import read_version
from zhibu.ledger.models import Seal
from zhibu.ledger.services import countersign_seal
from zhibu.ops.demo.population import Population
from zhibu.ops.demo.stage import Stage
from zhibu.org.models import Organization
from zhibu.people.keys import new_key
from zhibu.people.models import Person
from zhibu.plans.models import PlanLine
from zhibu.plans.services import waive_line
from zhibu.plans.services.tallies import fold_tallies


@dataclass(frozen=True, slots=True)
class Bureau:
    """Whom the scenes are about."""

    committee: Organization
    populations: Sequence[Population]
    office: Person


def play_scenes(stage: Stage, bureau: Bureau) -> None:
    """One of each, where the year has come far enough for it."""
    _waive(stage, bureau)
    _correct(stage, bureau.populations[0])
    _void(stage, bureau.populations[5])
    _countersign(stage, bureau)
    while fold_tallies():
        pass


def _waive(stage: Stage, bureau: Bureau) -> None:
    """The office lets an outpost off a month's theme day, and says why."""
    outpost = bureau.populations[7]
    line = (
        PlanLine.objects.filter(
            branch=outpost.branch, year=stage.today.year, activity="theme_day", discharged_by=None
        )
        .order_by("planned_on")
        .first()
    )
    if line is not None:
        waive_line(
            line=line, by=bureau.office, at=stage.now - timedelta(hours=30),
            reason="该月承担口岸重大保障任务，全员连续值守，经研究同意免除，学习内容并入下月。",
        )  # fmt: skip


def _correct(stage: Stage, population: Population) -> None:
    """A place was written down wrongly; the secretary puts it right a while later."""
    record = _record(population, -6)
    if record is None or record.current is None:
        return
    at = stage.moment_ago(population.branch, 26)
    by = population.secretary
    record = start_correction(record=record, by=by, at=at)
    content = read_version(record.current).content  # type: ignore[arg-type]
    content = replace(
        content,
        place="四楼党员活动室",
        minutes=content.minutes + "\n（更正：地点记录有误，已按实际补正。）",
    )
    record = save_draft(record=record, revision=record.revision, draft=content, by=by, at=at)
    correct_record(
        record=record, revision=record.revision, submission=new_key(), by=by,
        at=at + timedelta(minutes=9), reason="核对会议通知时发现地点填写有误。",
    )  # fmt: skip


def _void(stage: Stage, population: Population) -> None:
    """A record that was entered twice is voided."""
    record = _record(population, -3)
    if record is not None:
        void_record(
            record=record, by=population.secretary, at=stage.moment_ago(population.branch, 22),
            reason="与另一份记录重复归档，本份作废。",
        )  # fmt: skip


def _record(population: Population, place: int) -> Record | None:
    """One of the branch's filed records, counted from the end of its chain."""
    rows = Record.objects.filter(branch=population.branch, state=Record.State.FILED)
    ordered = list(rows.select_related("current").order_by("current__sequence"))
    return ordered[place] if len(ordered) >= -place else None


def _countersign(stage: Stage, bureau: Bureau) -> None:
    """The office has countersigned all seals but the latest of each branch."""
    for population in bureau.populations:
        seals = Seal.objects.filter(branch_id=population.branch.id).order_by("-sequence")
        for seal in reversed(seals[1:]):
            at = min(seal.sealed_at + timedelta(days=4, hours=8), stage.now)
            countersign_seal(seal=seal, organization=bureau.committee, by=bureau.office, at=at)
