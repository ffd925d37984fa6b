"""Filing, correcting and voiding: one transaction each, permanent, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from tests.handbook.scene import AT, ZONE, Scene

from zhibu.handbook.models import Record, RecordVersion
from zhibu.handbook.services import (
    DraftConflict,
    RecordIncomplete,
    RecordRefused,
    correct_record,
    discard_draft,
    file_record,
    save_draft,
    start_correction,
    start_record,
    void_record,
)
from zhibu.handbook.versions import read_version
from zhibu.ledger.models import ChainHead, Entry
from zhibu.org.services import Refused
from zhibu.plans.models import PlanLine
from zhibu.plans.queries import read_tallies
from zhibu.rules.norm import Activity


def test_what_is_filed_reads_back_as_it_was_written(scene: Scene) -> None:
    """Every field of the content survives filing; the columns of lists repeat it."""
    lines = [str(scene.lines(Activity.MEMBERS_MEETING)[0].id)]
    content = scene.content(lines=tuple(lines), guests=("上级𠮷来宾·列席",))
    version = scene.file(content)
    stored = RecordVersion.objects.get(pk=version.pk)
    assert read_version(stored).content == content
    assert (stored.year, stored.topic) == (2026, content.topic)
    assert stored.activities == "members_meeting"
    assert stored.sequence == stored.version == 1


def test_filing_is_one_act(scene: Scene) -> None:
    """State, chain head, ledger, line of the table and tallies move together."""
    line = scene.lines(Activity.MEMBERS_MEETING)[0]
    version = scene.file(lines=(str(line.id),))
    record = Record.objects.get(pk=version.record_id)
    assert (record.state, record.current_id, record.draft) == ("filed", version.id, None)
    head = ChainHead.objects.get(pk=scene.branch.id)
    assert (head.sequence, head.link) == (1, version.link)
    assert Entry.objects.filter(verb="file_record", subject_id=record.id).count() == 1
    line.refresh_from_db()
    assert line.discharged_by == record.id
    assert str(line.happened_on) == "2026-03-12"
    assert str(line.filed_on) == "2026-03-20"
    counts = read_tallies([scene.cast.committee], 2026)[scene.cast.committee.id]
    assert sum(count.done for count in counts) == 1


def test_same_submission_files_once(scene: Scene, key: UUID) -> None:
    """The form sent twice gives the same version, and nothing is written the second time."""
    record = scene.start()
    first, second = (
        file_record(record=record, revision=1, submission=key, by=scene.cast.secretary, at=AT)
        for _ in range(2)
    )
    assert first.id == second.id
    assert RecordVersion.objects.count() == 1
    assert Entry.objects.filter(verb="file_record").count() == 1


def test_submission_of_another_record_is_refused(scene: Scene, key: UUID) -> None:
    """A submission key that filed one record cannot stand for another."""
    for number in range(2):
        record = scene.start()
        if number:
            with pytest.raises(RecordRefused):
                file_record(
                    record=record, revision=1, submission=key, by=scene.cast.secretary, at=AT
                )
        else:
            file_record(record=record, revision=1, submission=key, by=scene.cast.secretary, at=AT)


def test_incomplete_record_is_not_filed(scene: Scene, key: UUID) -> None:
    """Errors stop filing and are all told; nothing is written."""
    record = scene.start(minutes="", presider="")
    with pytest.raises(RecordIncomplete) as caught:
        file_record(record=record, revision=1, submission=key, by=scene.cast.secretary, at=AT)
    assert {v.subject for v in caught.value.errors} >= {"minutes", "presider"}
    assert not RecordVersion.objects.exists()
    assert Record.objects.get(pk=record.pk).state == "draft"


def test_a_future_meeting_is_not_filed(scene: Scene) -> None:
    """A record of tomorrow is refused."""
    with pytest.raises(RecordIncomplete):
        scene.file(began_at=datetime(2026, 3, 21, 9), ended_at=None)


@pytest.mark.parametrize("year", [1899, 2100])
def test_absurd_years_are_refused_with_reasons(scene: Scene, year: int) -> None:
    """1899 and 2100 give verdicts, not a crash."""
    with pytest.raises(RecordIncomplete):
        scene.file(began_at=datetime(year, 1, 1, 9), ended_at=None)


def test_line_of_a_neighbour_is_refused(scene: Scene) -> None:
    """A record cannot discharge what is not in its branch's table."""
    with pytest.raises(RecordIncomplete):
        scene.file(lines=(str(uuid4()),))


def test_line_is_discharged_by_one_record_only(scene: Scene) -> None:
    """The second record that names the line is refused and leaves nothing behind."""
    line = scene.lines(Activity.MEMBERS_MEETING)[0]
    scene.file(lines=(str(line.id),))
    with pytest.raises(RecordIncomplete):
        scene.file(lines=(str(line.id),))
    assert RecordVersion.objects.count() == 1


def test_draft_of_another_is_not_overwritten(scene: Scene) -> None:
    """Whoever saves an outdated draft is told what the other wrote, who and when."""
    record = scene.start()
    cast = scene.cast
    theirs = scene.content(minutes="别人写的会议内容。")
    saved = save_draft(record=record, revision=1, draft=theirs, by=cast.deputy, at=AT)
    assert saved.revision == 2
    with pytest.raises(DraftConflict) as caught:
        save_draft(
            record=record, revision=1, draft=scene.content(minutes="我"), by=cast.secretary, at=AT
        )
    assert caught.value.draft == theirs
    assert caught.value.by == cast.deputy
    assert (caught.value.at, caught.value.revision) == (AT, 2)


def test_repeated_save_counts_once(scene: Scene) -> None:
    """The same save from the same hand, sent again, is no conflict."""
    record = scene.start()
    mine = scene.content(minutes="我写的会议内容。")
    for _ in range(2):
        saved = save_draft(record=record, revision=1, draft=mine, by=scene.cast.deputy, at=AT)
    assert saved.revision == 2


def test_outdated_revision_is_not_filed(scene: Scene, key: UUID) -> None:
    """What is filed is what the writer saw, or a conflict."""
    record = scene.start()
    save_draft(record=record, revision=1, draft=scene.content(), by=scene.cast.deputy, at=AT)
    with pytest.raises(DraftConflict):
        file_record(record=record, revision=1, submission=key, by=scene.cast.secretary, at=AT)


def test_correction_names_what_it_replaces(scene: Scene) -> None:
    """A correction is a new version; the first stays; its lines follow what it says now."""
    first_line, second_line = scene.lines(Activity.LESSON)[1:3]
    both = (Activity.MEMBERS_MEETING, Activity.LESSON)
    old = scene.file(activities=both, lines=(str(first_line.id),))
    cast = scene.cast
    draft = start_correction(record=old.record, by=cast.secretary, at=AT)
    changed = scene.content(activities=both, lines=(str(second_line.id),), topic="更正后的议题")
    saved = save_draft(
        record=draft, revision=draft.revision, draft=changed, by=cast.secretary, at=AT
    )
    later = AT + timedelta(days=2)
    new = correct_record(
        record=saved, revision=saved.revision, submission=uuid4(), by=cast.secretary, at=later,
        reason="议题有误",
    )  # fmt: skip
    said = read_version(new)
    assert (new.version, new.sequence, new.action) == (2, 2, "correct")
    assert (said.replaces, said.reason) == (old.link, "议题有误")
    assert new.previous == old.link
    assert RecordVersion.objects.get(pk=old.pk).topic == "讨论年度工作计划"
    first_line.refresh_from_db()
    second_line.refresh_from_db()
    assert first_line.discharged_by is None
    assert second_line.discharged_by == old.record_id
    assert str(second_line.filed_on) == "2026-03-22"


def test_correction_keeps_the_day_of_first_filing(scene: Scene) -> None:
    """A line that was discharged in time does not become late because a word was corrected."""
    line = scene.lines(Activity.MEMBERS_MEETING)[0]
    old = scene.file(lines=(str(line.id),))
    draft = start_correction(record=old.record, by=scene.cast.secretary, at=AT)
    correct_record(
        record=draft, revision=draft.revision, submission=uuid4(), by=scene.cast.secretary,
        at=AT + timedelta(days=40),
    )  # fmt: skip
    line.refresh_from_db()
    assert str(line.filed_on) == "2026-03-20"


def test_correction_begins_with_what_was_filed(scene: Scene) -> None:
    """Nothing is typed twice; asking again gives the draft that is open."""
    version = scene.file()
    first = start_correction(record=version.record, by=scene.cast.secretary, at=AT)
    again = start_correction(record=version.record, by=scene.cast.deputy, at=AT)
    assert first.draft == again.draft
    assert first.revision == again.revision


def test_voiding_releases_lines_and_stays_in_the_chain(scene: Scene) -> None:
    """A voided record is a further version with its reason; its lines are open again."""
    line = scene.lines(Activity.MEMBERS_MEETING)[0]
    filed = scene.file(lines=(str(line.id),))
    void = void_record(record=filed.record, reason="重复归档", by=scene.cast.secretary, at=AT)
    assert (void.action, void.version, void.sequence) == ("void", 2, 2)
    assert read_version(void).reason == "重复归档"
    line.refresh_from_db()
    assert line.discharged_by is None
    assert Record.objects.get(pk=filed.record_id).state == "voided"
    with pytest.raises(RecordRefused):
        void_record(record=filed.record, reason="再作废", by=scene.cast.secretary, at=AT)
    with pytest.raises(RecordRefused):
        start_correction(record=filed.record, by=scene.cast.secretary, at=AT)


def test_voiding_needs_a_reason(scene: Scene) -> None:
    """Blank is no reason."""
    filed = scene.file()
    with pytest.raises(RecordRefused):
        void_record(record=filed.record, reason="  ", by=scene.cast.secretary, at=AT)


def test_failure_half_way_leaves_nothing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the last step fails, version, head, ledger and state are as before."""
    line = scene.lines(Activity.MEMBERS_MEETING)[0]

    def fail(**_: object) -> None:
        raise RuntimeError("the power went")

    monkeypatch.setattr("zhibu.handbook.services.filing.discharge_held", fail)
    with pytest.raises(RuntimeError):
        scene.file(lines=(str(line.id),))
    assert not RecordVersion.objects.exists()
    assert not Entry.objects.filter(verb="file_record").exists()
    assert ChainHead.objects.filter(sequence__gt=0).count() == 0
    assert Record.objects.get().state == "draft"


def test_discarding_a_draft(scene: Scene) -> None:
    """A record that was never filed goes; a filed one keeps what was filed."""
    draft = scene.start()
    discard_draft(record=draft, revision=1, by=scene.cast.secretary, at=AT)
    assert not Record.objects.filter(pk=draft.pk).exists()
    filed = scene.file()
    opened = start_correction(record=filed.record, by=scene.cast.secretary, at=AT)
    discard_draft(record=opened, revision=opened.revision, by=scene.cast.secretary, at=AT)
    record = Record.objects.get(pk=filed.record_id)
    assert (record.state, record.draft, record.current_id) == ("filed", None, filed.id)


def test_only_branches_write_records(scene: Scene) -> None:
    """A committee has no handbook."""
    with pytest.raises(Refused):
        start_record(
            branch=scene.cast.committee, by=scene.cast.office, at=AT, draft=scene.content()
        )


@pytest.mark.parametrize(
    "text",
    ["𠮷田·买买提", "<script>alert(1)</script>", "=1+1", "名" * 200, "﻿零\u200b宽", "a\u2028b"],
)
def test_any_text_survives(scene: Scene, text: str) -> None:
    """Rare characters, markup and formulas are stored as they were written."""
    version = scene.file(topic=text, place=text, guests=(text,))
    content = read_version(RecordVersion.objects.get(pk=version.pk)).content
    assert (content.topic, content.place, content.guests) == (text, text, (text,))


def test_filing_at_midnight_counts_by_the_wall_clock(scene: Scene) -> None:
    """Half past midnight in Shanghai is the new day, though it is not yet in London."""
    line = scene.lines(Activity.MEMBERS_MEETING)[0]
    scene.file(at=datetime(2026, 3, 21, 0, 30, tzinfo=ZONE), lines=(str(line.id),))
    assert str(PlanLine.objects.get(pk=line.pk).filed_on) == "2026-03-21"


def test_content_can_be_replaced_without_touching_the_old(scene: Scene) -> None:
    """The value that was filed is not shared with the draft that follows."""
    content = scene.content()
    version = scene.file(content)
    assert read_version(version).content == replace(content, minutes=content.minutes)
