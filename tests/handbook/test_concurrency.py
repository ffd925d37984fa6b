"""Several at once, on real connections: nothing is lost, nothing is doubled, the chain holds."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

from django.db import connection
from tests.handbook.scene import AT, Scene

from zhibu.handbook.models import Record, RecordVersion
from zhibu.handbook.services import (
    DraftConflict,
    RecordIncomplete,
    RecordRefused,
    correct_record,
    file_record,
    save_draft,
    start_correction,
    void_record,
)
from zhibu.handbook.verification import verify_database
from zhibu.ledger.models import Entry, OrganizationKey, Seal
from zhibu.ledger.services import CountersignRefusedError, countersign_seal, seal_branch
from zhibu.org.services import Refused
from zhibu.plans.models import PlanLine
from zhibu.rules.norm import Activity

PATIENCE = 300  # seconds, for a machine that does much else: only what never ends takes so long


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Run all at the same moment, each on its own connection; what each gave or raised."""
    gate = threading.Barrier(len(works))
    answers: list[Any] = [None] * len(works)

    def run(number: int, work: Callable[[], Any]) -> None:
        try:
            gate.wait(timeout=PATIENCE)
            answers[number] = work()
        except Exception as error:  # noqa: BLE001 - whatever it was, the test looks at it
            answers[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=PATIENCE)
    assert not any(thread.is_alive() for thread in threads), "they wait for each other"
    return answers


def filing(scene: Scene, record: Record, submission: Any = None) -> Callable[[], Any]:
    key = submission or uuid4()
    return lambda: file_record(
        record=record, revision=record.revision, submission=key, by=scene.cast.secretary, at=AT
    )


def assert_sound() -> None:
    assert [outcome.fault for outcome in verify_database()] == [None]


def test_records_of_one_branch_filed_at_once(live_scene: Scene) -> None:
    """Six records get six places in one chain; the very first entry of a branch included."""
    records = [live_scene.start(topic=f"议题{number}") for number in range(6)]
    answers = at_once(*(filing(live_scene, record) for record in records))
    assert sorted(version.sequence for version in answers) == [1, 2, 3, 4, 5, 6]
    assert_sound()


def test_one_submission_sent_several_times_at_once(live_scene: Scene) -> None:
    """Everybody gets the same version, and it is there once."""
    record, key = live_scene.start(), uuid4()
    answers = at_once(*(filing(live_scene, record, key) for _ in range(4)))
    assert len({version.pk for version in answers}) == 1
    assert RecordVersion.objects.count() == 1
    assert Entry.objects.filter(verb="file_record").count() == 1
    assert_sound()


def test_two_people_file_the_same_draft_at_once(live_scene: Scene) -> None:
    """One files it; the other is told."""
    record = live_scene.start()
    answers = at_once(filing(live_scene, record), filing(live_scene, record))
    refused = [one for one in answers if isinstance(one, (RecordRefused, DraftConflict))]
    assert len(refused) == 1
    assert RecordVersion.objects.count() == 1
    assert_sound()


def test_two_records_want_the_same_line_at_once(live_scene: Scene) -> None:
    """The line is discharged by one of them; the other is not filed at all."""
    line = live_scene.lines(Activity.MEMBERS_MEETING)[0]
    records = [live_scene.start(lines=(str(line.id),)) for _ in range(2)]
    answers = at_once(*(filing(live_scene, record) for record in records))
    filed = [one for one in answers if isinstance(one, RecordVersion)]
    assert len(filed) == 1
    assert sum(isinstance(one, (Refused, RecordIncomplete)) for one in answers) == 1
    assert PlanLine.objects.get(pk=line.pk).discharged_by == filed[0].record_id
    assert_sound()


def test_two_corrections_at_once(live_scene: Scene) -> None:
    """One correction is filed; the other hears that the draft is gone or has changed."""
    version = live_scene.file()
    draft = start_correction(record=version.record, by=live_scene.cast.secretary, at=AT)

    def correct() -> RecordVersion:
        return correct_record(
            record=draft, revision=draft.revision, submission=uuid4(),
            by=live_scene.cast.secretary, at=AT,
        )  # fmt: skip

    answers = at_once(correct, correct)
    assert sum(isinstance(one, RecordVersion) for one in answers) == 1
    assert sum(isinstance(one, (RecordRefused, DraftConflict)) for one in answers) == 1
    assert RecordVersion.objects.count() == 2
    assert_sound()


def test_correcting_and_voiding_at_once(live_scene: Scene) -> None:
    """Whatever comes first, the chain holds and the record's state is that of its last version."""
    version = live_scene.file()
    by = live_scene.cast.secretary
    draft = start_correction(record=version.record, by=by, at=AT)
    at_once(
        lambda: correct_record(
            record=draft, revision=draft.revision, submission=uuid4(), by=by, at=AT
        ),
        lambda: void_record(record=version.record, reason="重复", by=by, at=AT),
    )
    record = Record.objects.get(pk=version.record_id)
    assert record.state == "voided"
    assert_sound()


def test_two_save_one_draft_at_once(live_scene: Scene) -> None:
    """One save wins; the other learns of it, and neither text is mixed."""
    record = live_scene.start()
    cast = live_scene.cast
    texts = ("甲写的会议内容", "乙写的会议内容")

    def saving(text: str, by: Any) -> Callable[[], Any]:
        return lambda: save_draft(
            record=record, revision=1, draft=live_scene.content(minutes=text), by=by, at=AT
        )

    answers = at_once(saving(texts[0], cast.secretary), saving(texts[1], cast.deputy))
    lost = [one for one in answers if isinstance(one, DraftConflict)]
    assert len(lost) == 1
    stored = Record.objects.get(pk=record.pk)
    assert stored.revision == 2
    assert stored.draft is not None
    assert lost[0].draft.minutes == stored.draft["minutes"]


def test_sealing_at_once(live_scene: Scene) -> None:
    """One head has one seal, and a branch that signs for the first time has one key."""
    live_scene.file()

    def seal() -> Seal:
        return seal_branch(branch=live_scene.branch, by=live_scene.cast.secretary, at=AT)

    answers = at_once(seal, seal, seal)
    assert len({one.pk for one in answers}) == 1
    assert OrganizationKey.objects.count() == 1
    assert_sound()


def test_verifying_while_records_are_filed(live_scene: Scene) -> None:
    """A branch that is being written to gives no false alarm."""
    live_scene.file()
    records = [live_scene.start(topic=f"议题{number}") for number in range(5)]

    def file_all() -> None:
        for record in records:
            filing(live_scene, record)()

    def verify_often() -> list[Any]:
        return [o.fault for _ in range(15) for o in verify_database() if o.fault]

    filed, faults = at_once(file_all, verify_often)
    assert filed is None
    assert faults == []


def test_two_levels_countersign_one_seal_at_once(live_scene: Scene) -> None:
    """One signature stays, and is the one that was answered; the other level is told."""
    cast = live_scene.cast
    live_scene.file(live_scene.content())
    for _ in range(5):
        seal = seal_branch(branch=live_scene.branch, by=cast.secretary, at=AT)
        signing = [
            partial(countersign_seal, seal=seal, organization=above, by=cast.office, at=AT)
            for above in (cast.committee, cast.commission)
        ]
        answers = at_once(*signing)
        signed = [answer for answer in answers if isinstance(answer, Seal)]
        refused = [answer for answer in answers if isinstance(answer, CountersignRefusedError)]
        assert (len(signed), len(refused)) == (1, 1), answers
        assert Seal.objects.get(pk=seal.pk).countersignature == signed[0].countersignature
        live_scene.file(live_scene.content(topic="下一次"))
    assert_sound()
