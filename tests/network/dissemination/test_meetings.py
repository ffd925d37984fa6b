"""Reached by a meeting or a visit: exactly those who were there, and only while the record says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from tests.handbook.scene import Scene
from tests.network.dissemination.scene import AT, DAY, HOUR, Town, make_meeting_scene, work

from zhibu.handbook.followers import Filed
from zhibu.handbook.models import Record, RecordVersion
from zhibu.handbook.services import (
    correct_record,
    file_record,
    redact_part,
    save_draft,
    start_correction,
    start_record,
    void_record,
)
from zhibu.network.dissemination.models import Carriage, Forward, Receipt, Text
from zhibu.network.dissemination.queries import reach_at, texts_to_pass_on
from zhibu.network.dissemination.services import (
    TextRefused,
    VisitRefused,
    amend_text,
    follow_record,
    forward_text,
    recall_text,
    record_visit,
    withdraw_visit,
)
from zhibu.org.models import Member
from zhibu.org.services import begin_spell, transfer_member
from zhibu.rules.contents import Attendance, AttendanceStatus, Carried, RecordContent
from zhibu.rules.reach import Coverage, Mode, Readers

FILED = datetime.fromisoformat("2026-03-20T09:30:00+08:00")


@pytest.fixture
def scene(db: None, data_dir: Any) -> Scene:
    return make_meeting_scene()


@pytest.fixture
def own(scene: Scene) -> Town:
    return Town(scene.cast)


def meeting(scene: Scene, *texts: Text, **changes: Any) -> RecordContent:
    """Of nine members eight are named, of whom one is on leave."""
    carried = tuple(Carried(str(text.pk), text.title) for text in texts)
    return scene.content(texts=carried, **changes)


def file(scene: Scene, content: RecordContent, at: datetime = FILED) -> RecordVersion:
    record = start_record(branch=scene.branch, by=scene.cast.secretary, at=at, draft=content)
    return file_record(
        record=record, revision=record.revision, submission=uuid4(), by=scene.cast.secretary, at=at
    )


def correct(scene: Scene, record: Record, content: RecordContent, at: datetime = FILED) -> None:
    record = start_correction(
        record=Record.objects.get(pk=record.pk), by=scene.cast.secretary, at=at
    )
    record = save_draft(
        record=record, revision=record.revision, draft=content, by=scene.cast.secretary, at=at
    )
    correct_record(
        record=record, revision=record.revision, submission=uuid4(), by=scene.cast.secretary,
        at=at, reason="更正",
    )  # fmt: skip


def reached(text: Text) -> set[str]:
    rows = Receipt.objects.filter(text=text, is_valid=True)
    return {name for name in rows.values_list("member__name", flat=True) if name}


PRESENT = {"甲一明", "乙二芳", "丙三强", "丁四娟", "戊五伟", "己六敏", "庚七勇"}


class TestMeetings:
    def test_those_present_are_reached(self, scene: Scene, own: Town) -> None:
        """Not the one on leave, not the one who was not expected."""
        text = own.issue()
        file(scene, meeting(scene, text))
        assert reached(text) == PRESENT
        assert {one.how for one in Receipt.objects.all()} == {"meeting"}
        work(FILED)
        assert reach_at(text, scene.branch) == Coverage(9, 7, by_meeting=7)
        assert Carriage.objects.get().happened_on == date(2026, 3, 12)
        assert texts_to_pass_on(scene.branch, FILED.date()).count() == 1  # two are open

    def test_late_is_there(self, scene: Scene, own: Town) -> None:
        """Who came late heard it; who was absent did not."""
        text = own.issue()
        content = meeting(scene, text)
        first, second, third, *others = content.attendance
        late = replace(first, status=AttendanceStatus.LATE)
        absent = replace(third, status=AttendanceStatus.ABSENT, reason="无故")
        decided = tuple(replace(each, for_=6) for each in content.decisions)
        came = (late, second, absent, *others)
        file(scene, replace(content, attendance=came, decisions=decided))
        assert reached(text) == PRESENT - {"丙三强"}

    @pytest.mark.parametrize(
        ("day", "hour", "filed", "is_reached"),
        [
            (9, 14, FILED, False),  # the day before the issue
            (10, 6, FILED, False),  # the morning of it, before nine
            (10, 8, FILED, True),  # it was issued while they sat
            (12, 14, FILED, True),
            (20, 14, FILED, False),  # filed in the morning of the same day
        ],
    )
    def test_when_it_was(
        self, scene: Scene, own: Town, day: int, hour: int, filed: datetime, is_reached: bool
    ) -> None:
        """A meeting before the text, or in the future, passes nothing on (mistake 4)."""
        text = own.issue()
        began = datetime(2026, 3, day, hour, 0)
        content = meeting(scene, text, began_at=began, ended_at=began + timedelta(hours=1.5))
        file(scene, content, filed)
        assert bool(reached(text)) is is_reached
        assert Carriage.objects.exists() is is_reached

    def test_signing_for_somebody_of_another_branch(self, scene: Scene, own: Town) -> None:
        """A key of a stranger in the attendance reaches nobody (mistake 4)."""
        text = own.issue()
        stranger = own.members(scene.cast.far_branch)[0]
        content = meeting(scene, text)
        smuggled = (*content.attendance, Attendance(member=str(stranger.pk), name=stranger.name))
        version = file(scene, content)
        forged = replace(content, attendance=smuggled)
        follow_record(Filed(version.record, version, forged, content, scene.cast.secretary))
        assert reached(text) == PRESENT

    def test_what_is_no_text_is_left_alone(self, scene: Scene, own: Town) -> None:
        """Unknown keys, drafts, texts for others: the record is filed, nobody is reached."""
        draft, far = own.draft(), own.issue(scene.cast.far_committee)
        content = meeting(scene, draft, far)
        odd = (*content.texts, Carried("x", "?"), Carried(str(uuid4()), "?"))
        file(scene, replace(content, texts=odd))
        assert not Receipt.objects.exists()

    def test_a_correction_takes_back_and_gives(self, scene: Scene, own: Town) -> None:
        """Who turns out to have been away is open again; who was there after all is reached."""
        text = own.issue()
        content = meeting(scene, text)
        version = file(scene, content)
        work(FILED)
        away = replace(content.attendance[2], status=AttendanceStatus.LEAVE, reason="出差")
        there = [
            replace(one, status=AttendanceStatus.PRESENT, reason="") for one in content.attendance
        ]
        changed = replace(content, attendance=(*there[:2], away, *there[3:]))
        correct(scene, version.record, changed)
        assert reached(text) == (PRESENT | {"辛八静"}) - {"丙三强"}
        assert reach_at(text, scene.branch) == Coverage(9, 7, by_meeting=7)
        work(FILED)
        assert reach_at(text, scene.branch) == Coverage(9, 7, by_meeting=7)
        correct(scene, version.record, replace(changed, texts=()))
        assert reached(text) == set()
        work(FILED)
        assert reach_at(text, scene.branch) == Coverage(9, 0)
        assert not Carriage.objects.exists()

    def test_voiding_takes_back_what_it_gave(self, scene: Scene, own: Town) -> None:
        """Not what somebody has read with their own account, before or after."""
        text = own.issue()
        early, late = own.members(scene.branch)[2:4]
        own.read(text, early)
        version = file(scene, meeting(scene, text))
        own.read(text, late, at=FILED + HOUR)
        work(FILED)
        assert reach_at(text, scene.branch) == Coverage(9, 7, by_meeting=5)
        void_record(
            record=Record.objects.get(pk=version.record_id), reason="记错", by=scene.cast.secretary,
            at=FILED + DAY,
        )  # fmt: skip
        assert reached(text) == {early.name, late.name}
        work(FILED)
        assert reach_at(text, scene.branch) == Coverage(9, 2)

    def test_two_meetings(self, scene: Scene, own: Town) -> None:
        """When one of them is voided, the other still holds for those who were there too."""
        text = own.issue()
        first = file(scene, meeting(scene, text))
        content = meeting(
            scene, text, topic="再次学习", began_at=datetime(2026, 3, 16, 9),
            ended_at=datetime(2026, 3, 16, 10),
        )  # fmt: skip
        came = list(content.attendance)
        came[2] = replace(came[2], status=AttendanceStatus.LEAVE, reason="出差")
        decided = tuple(replace(each, for_=6) for each in content.decisions)
        second = file(scene, replace(content, attendance=tuple(came), decisions=decided))
        void_record(record=first.record, reason="记错", by=scene.cast.secretary, at=FILED + DAY)
        assert reached(text) == PRESENT - {"丙三强"}
        assert {row.record_id for row in Receipt.objects.filter(is_valid=True)} == {
            second.record_id
        }
        void_record(record=second.record, reason="记错", by=scene.cast.secretary, at=FILED + DAY)
        assert reached(text) == set()

    def test_attendance_that_was_blacked_out(self, scene: Scene, own: Town) -> None:
        """What says who was there is gone from the receipts too."""
        text = own.issue()
        version = file(scene, meeting(scene, text))
        redact_part(
            record=version.record, part="attendance", basis="law", reason="依法处理",
            by=scene.cast.office, at=FILED + DAY,
        )  # fmt: skip
        assert reached(text) == set()

    def test_what_was_blacked_out_is_given_by_another_meeting(
        self, scene: Scene, own: Town
    ) -> None:
        """Who was at both is reached by the one that still says so."""
        text = own.issue()
        first, second = (file(scene, meeting(scene, text)) for _ in range(2))
        redact_part(
            record=first.record, part="attendance", basis="law", reason="依法处理",
            by=scene.cast.office, at=FILED + DAY,
        )  # fmt: skip
        assert reached(text) == PRESENT
        given = Receipt.objects.filter(is_valid=True)
        assert set(given.values_list("record_id", flat=True)) == {second.record_id}

    def test_a_corrected_day_is_the_day_of_the_receipts(self, scene: Scene, own: Town) -> None:
        """The list of those reached says when the meeting was, as its record does now."""
        text = own.issue()
        content = meeting(scene, text)
        version = file(scene, content)
        assert content.began_at is not None
        assert content.ended_at is not None
        day = timedelta(days=1)
        moved = replace(content, began_at=content.began_at - day, ended_at=content.ended_at - day)
        correct(scene, version.record, moved)
        days = {timezone.localdate(row.at) for row in Receipt.objects.filter(is_valid=True)}
        assert days == {date(2026, 3, 11)}
        assert reached(text) == PRESENT

    def test_the_version_of_the_day(self, scene: Scene, own: Town) -> None:
        """A meeting passes on what there was; a newer version is open to those who heard the old."""
        text = own.issue()
        amended = amend_text(
            text=text, revision=text.revision, title=text.title, body="全新的要求。", note="重写",
            is_new_version=True, by=scene.cast.office, at=datetime.fromisoformat("2026-03-15T09:00+08:00"),
        )  # fmt: skip
        file(scene, meeting(scene, text))
        assert {one.version for one in Receipt.objects.all()} == {1}
        work(FILED)
        assert reach_at(amended, scene.branch) == Coverage(9, 0)
        content = meeting(
            scene, text, topic="学习新版本", began_at=datetime(2026, 3, 16, 9),
            ended_at=datetime(2026, 3, 16, 10),
        )  # fmt: skip
        file(scene, content)
        assert reach_at(amended, scene.branch) == Coverage(9, 7, by_meeting=7)

    def test_after_a_recall(self, scene: Scene, own: Town) -> None:
        """A meeting before it has passed the text on, one after it has not."""
        text, other = own.issue(), own.issue()
        for one, day in ((text, 11), (other, 13)):
            recall_text(text=one, reason="有误", by=scene.cast.office, at=AT + (day - 10) * DAY)
        file(scene, meeting(scene, text, other))
        assert reached(text) == set()
        assert reached(other) == PRESENT

    def test_level_by_level(self, scene: Scene, own: Town) -> None:
        """A branch that passes it on in a meeting has sent it on, until the record is voided."""
        text = own.issue(mode=Mode.BY_LEVEL)
        early = file(scene, meeting(scene, text))
        assert reached(text) == set()  # it had not come down to the branch
        void_record(record=early.record, reason="重报", by=scene.cast.secretary, at=FILED)
        forward_text(
            text=text,
            organization=scene.cast.committee,
            words="",
            by=scene.cast.office,
            at=AT + HOUR,
        )
        version = file(scene, meeting(scene, text))
        assert reached(text) == PRESENT
        absent = Member.objects.get(name="壬九洋")
        assert own.read(text, absent, at=FILED)
        void_record(record=version.record, reason="记错", by=scene.cast.secretary, at=FILED + DAY)
        assert reached(text) == {"壬九洋"}
        assert not Forward.objects.filter(organization=scene.branch).exists()

    def test_who_came_from_another_branch(self, scene: Scene, own: Town) -> None:
        """Hears it here and counts where they were on the day of issue."""
        text = own.issue()
        came = own.members(scene.cast.other_branch)[0]
        transfer_member(
            member=came, branch=scene.branch, on=date(2026, 3, 11), by=None, at=AT + DAY
        )
        content = meeting(scene, text)
        row = Attendance(member=str(came.pk), name=came.name)
        decided = tuple(replace(each, for_=8) for each in content.decisions)
        file(scene, replace(content, attendance=(*content.attendance, row), decisions=decided))
        assert reached(text) == PRESENT | {came.name}
        work(FILED)
        assert reach_at(text, scene.branch) == Coverage(9, 7, by_meeting=7)
        assert reach_at(text, scene.cast.other_branch) == Coverage(3, 1, by_meeting=1)

    def test_a_record_without_texts_asks_nothing(
        self, scene: Scene, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Filing is a hot path."""
        version = file(scene, scene.content())
        filed = Filed(version.record, version, scene.content(), None, scene.cast.secretary)
        with django_assert_num_queries(0):
            follow_record(filed)

    def test_texts_for_secretaries(self, scene: Scene, own: Town) -> None:
        """Of those present only the readers are reached."""
        text = own.issue(readers=Readers.SECRETARIES)
        file(scene, meeting(scene, text))
        assert reached(text) == {"甲一明"}


class TestVisits:
    def visit(self, own: Town, text: Text, member: Member, visitor: Member, day: int) -> Receipt:
        return record_visit(
            text=text, member=member, visitor=visitor, visited_on=date(2026, 3, day),
            by=own.cast.secretary, at=FILED,
        )  # fmt: skip

    def test_the_old_and_ill(self, scene: Scene, own: Town) -> None:
        """Day and visitor are kept; a visit that was recorded by mistake is taken back."""
        text = own.issue()
        old, visitor = own.members(scene.branch)[7], own.members(scene.branch)[1]
        begin_spell(
            member=old, branch=scene.branch, kind="infirm", since=date(2025, 1, 1), by=None, at=AT
        )
        receipt = self.visit(own, text, old, visitor, 15)
        assert (receipt.how, receipt.visited_on, receipt.visitor) == (
            "visit",
            date(2026, 3, 15),
            visitor,
        )
        assert receipt.recorded_by == scene.cast.secretary
        with pytest.raises(TextRefused, match="已经传达到"):
            self.visit(own, text, old, visitor, 16)
        work(FILED)
        assert reach_at(text, scene.branch) == Coverage(9, 1, by_visit=1)
        withdraw_visit(receipt=receipt, reason="登记错人", by=scene.cast.secretary, at=FILED)
        with pytest.raises(TextRefused):
            withdraw_visit(receipt=receipt, reason="登记错人", by=scene.cast.secretary, at=FILED)
        assert reach_at(text, scene.branch) == Coverage(9, 0)
        assert self.visit(own, text, old, visitor, 16).is_valid
        work(FILED)
        assert reach_at(text, scene.branch) == Coverage(9, 1, by_visit=1)

    def test_a_visit_taken_back_leaves_what_a_meeting_gave(self, scene: Scene, own: Town) -> None:
        """The meeting came second and wrote nothing; it has reached them all the same."""
        text = own.issue()
        there, visitor = Member.objects.get(name="丁四娟"), Member.objects.get(name="乙二芳")
        begin_spell(
            member=there, branch=scene.branch, kind="infirm", since=date(2025, 1, 1), by=None, at=AT
        )
        receipt = self.visit(own, text, there, visitor, 11)
        version = file(scene, meeting(scene, text))
        withdraw_visit(receipt=receipt, reason="登记错人", by=scene.cast.secretary, at=FILED)
        receipt.refresh_from_db()
        assert (receipt.is_valid, receipt.how, receipt.record_id, receipt.visitor_id) == (
            True, "meeting", version.record_id, None,
        )  # fmt: skip

    def test_refusals(self, scene: Scene, own: Town) -> None:
        """Not the healthy, not by a stranger or by themselves, not before, not in the future."""
        text = own.issue()
        members = own.members(scene.branch)
        old, visitor, healthy = members[7], members[1], members[5]
        stranger = own.members(scene.cast.far_branch)[0]
        begin_spell(
            member=old, branch=scene.branch, kind="infirm", since=date(2025, 1, 1), by=None, at=AT
        )
        for member, by, day, rule in (
            (healthy, visitor, 15, "VISIT-03"),
            (old, stranger, 15, "VISIT-05"),
            (old, old, 15, "VISIT-04"),
            (old, visitor, 9, "VISIT-02"),
            (old, visitor, 21, "VISIT-01"),
        ):
            with pytest.raises(VisitRefused) as told:
                self.visit(own, text, member, by, day)
            assert [verdict.rule for verdict in told.value.verdicts] == [rule]
        other = own.issue(scene.cast.far_committee)
        with pytest.raises(TextRefused):
            self.visit(own, other, old, visitor, 15)
        with pytest.raises(TextRefused):
            self.visit(own, own.draft(), old, visitor, 15)
        assert not Receipt.objects.exists()
