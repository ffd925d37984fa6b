"""The month's report from rows: the numbers of the overview, what is kept when it is issued."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.cast import AT as LONG_AGO
from tests.handbook.scene import Scene, make_scene
from tests.handbook.test_concurrency import at_once
from tests.network.test_feedback import AT as SENT
from tests.network.test_feedback import send

from zhibu.ledger.models import Entry
from zhibu.network.dissemination.models import Expected, Reached, Receipt, Text
from zhibu.network.notices.models import Notice
from zhibu.network.reports import facts, queries
from zhibu.network.reports.facts import month_facts, month_report
from zhibu.network.reports.models import Report, ReportVersion
from zhibu.network.reports.services import (
    ReportConflict,
    issue_report,
    receive_report,
    write_words,
)
from zhibu.network.tree.services import move
from zhibu.org.models import Organization
from zhibu.org.services import Refused, admit_member, found_organization, grant_role, open_account
from zhibu.people.models import Person
from zhibu.people.roles import Role
from zhibu.plans.queries import read_tallies
from zhibu.plans.services import waive_line
from zhibu.plans.services.tallies import fold_tallies
from zhibu.rules.norm import Activity
from zhibu.rules.reporting_values import MonthFacts, Part

if TYPE_CHECKING:
    from tests.cast import Cast

ZONE = ZoneInfo("Asia/Shanghai")
DAY = date(2026, 4, 3)
AT = datetime(2026, 4, 3, 9, tzinfo=ZONE)
pytestmark = pytest.mark.usefixtures("data_dir")


@pytest.fixture
def scene(db: None) -> Scene:
    return make_scene()


@pytest.fixture
def upper(scene: Scene) -> Person:
    return office_of_commission(scene.cast)


def office_of_commission(cast: Cast) -> Person:
    person = open_account(username="gongwei", name="工委办", password=None, by=None, at=LONG_AGO)
    grant_role(
        person=person, role=Role.OFFICE, organization=cast.commission, with_below=True,
        since=LONG_AGO, by=None, at=LONG_AGO,
    )  # fmt: skip
    return person


def lesson(scene: Scene, month: int, happened: datetime, **more: Any) -> Any:
    """Files a record that discharges the lesson of a month."""
    line = next(one for one in scene.lines(Activity.LESSON) if one.due_on.month == month)
    return scene.file(
        activities=(Activity.LESSON,), topic="党课", began_at=happened.replace(tzinfo=None),
        ended_at=(happened + timedelta(hours=1)).replace(tzinfo=None), lines=(str(line.pk),),
        decisions=(), at=more.pop("at", happened + timedelta(days=1)), **more,
    )  # fmt: skip


def facts_of(scene: Scene, year: int = 2026, month: int = 3, day: date = DAY) -> MonthFacts:
    return month_facts(scene.cast.committee, year, month, day=day)


def texts_read(organization: Organization, month: int) -> tuple[queries.TextReach, ...]:
    first = date(2026, month, 1)
    last = date(2026, month + 1, 1) - timedelta(days=1)
    return queries.texts_of_month(organization, list(organization.places.all()), first, last)


def texts_of(organization: Organization, part: Part, month: int = 3, **words: str) -> str:
    report = month_report(organization, 2026, month, day=DAY, words=words)
    section = next(each for each in report.sections if each.part is part)
    return "\n".join(each.text for each in section.paragraphs)


@pytest.mark.parametrize("is_folded", [False, True])
def test_the_numbers_are_those_of_the_tallies(scene: Scene, is_folded: bool) -> None:
    """For every month: the whole, and the kinds added up, are what the overview shows."""
    lesson(scene, 1, datetime(2026, 1, 20, 9, tzinfo=ZONE))
    lesson(scene, 2, datetime(2026, 3, 2, 9, tzinfo=ZONE))  # late
    lesson(scene, 3, datetime(2026, 3, 12, 9, tzinfo=ZONE))
    line = next(one for one in scene.lines(Activity.LESSON) if one.due_on.month == 4)
    waive_line(line=line, reason="集中办公", by=scene.cast.office, at=AT)
    while is_folded and fold_tallies():
        pass
    for month in range(1, 13):
        found = facts_of(scene, month=month)
        counts = read_tallies([scene.cast.committee], 2026)[scene.cast.committee.pk]
        due = [count for count in counts if count.due_on.month == month]
        assert found.total.total == sum(count.total for count in due) > 0
        assert found.total.done == sum(count.done for count in due)
        assert found.total.late == sum(count.late for count in due)
        assert found.total.waived == sum(count.waived for count in due)
        for name in ("total", "done", "late", "waived", "overdue", "due_soon", "later"):
            whole = getattr(found.total, name)
            assert whole == sum(getattr(kind.cell, name) for kind in found.kinds), (month, name)
            assert whole == sum(getattr(each.cell, name) for each in found.classes)
        where = [name for kind in found.kinds for name in kind.overdue_at]
        assert bool(where) is bool(found.total.overdue)
    assert facts_of(scene, month=2).total.late == 1


def test_a_branch_that_moved_counts_where_it_was(scene: Scene) -> None:
    """What was due before it moved stays with its old superior, in kinds as in the tallies."""
    cast = scene.cast
    move(
        organization=cast.branch, parent=cast.far_committee, on=date(2026, 3, 1), by=cast.office,
        at=AT,
    )  # fmt: skip
    for month in (1, 2, 3, 4):
        for committee in (cast.committee, cast.far_committee):
            found = month_facts(committee, 2026, month, day=DAY)
            assert found.total.total == sum(kind.cell.total for kind in found.kinds)
            assert bool(found.total.total) is ((month < 3) is (committee == cast.committee))


def test_what_is_overdue_is_named_with_its_branch(scene: Scene) -> None:
    """February's lesson is missing in April: named with requirement, branch and due day."""
    assert texts_of(scene.cast.committee, Part.PROBLEMS, month=2).startswith(
        "一是“党课”逾期未完成1项，涉及第一党支部，最早的应于2月28日前（含当日）完成，至今没有归档记录。"
    )
    assert "2个党支部" not in texts_of(scene.cast.committee, Part.PROBLEMS, month=2)
    assert "1个党支部还没有通过2026年度安排表" in texts_of(scene.cast.committee, Part.PROBLEMS)


def test_a_branch_that_caught_up_is_named(scene: Scene) -> None:
    """It filed in March what January and February still lacked, and owes nothing of before."""
    lesson(scene, 1, datetime(2026, 1, 20, 9, tzinfo=ZONE))
    lesson(scene, 2, datetime(2026, 3, 2, 9, tzinfo=ZONE))
    said = texts_of(scene.cast.committee, Part.STANDING_OUT)
    assert "第一党支部在本月完成此前逾期的事项1项" in said
    assert "补做" not in texts_of(scene.cast.committee, Part.STANDING_OUT, month=1)


def test_who_still_owes_is_not_praised(scene: Scene) -> None:
    """One of two overdue lines done is not caught up."""
    lesson(scene, 2, datetime(2026, 3, 2, 9, tzinfo=ZONE))
    assert "补做" not in texts_of(scene.cast.committee, Part.STANDING_OUT)


def test_the_month_before_of_january_is_december(scene: Scene) -> None:
    """The year before has no table: nothing is compared; February is compared with January."""
    assert facts_of(scene, month=1).before is None
    before = facts_of(scene, month=2).before
    assert before == facts_of(scene, month=1).total


def test_burden_counts_what_was_filed(scene: Scene) -> None:
    """Records filed in the month, not those that happened in it; corrections are not counted."""
    lesson(scene, 2, datetime(2026, 2, 27, 9, tzinfo=ZONE), at=datetime(2026, 3, 1, 9, tzinfo=ZONE))
    assert facts_of(scene, month=2).records == 0
    assert facts_of(scene).records == 1


def test_feedback_comes_as_numbers_never_as_text(scene: Scene) -> None:
    """What somebody wrote is not quoted in a report."""
    send(scene.cast, scene.cast.deputy, "表里的栏目太多了", to=scene.cast.committee)
    found = month_facts(scene.cast.committee, SENT.year, SENT.month, day=SENT.date())
    assert found.feedback.received == found.feedback.waiting == 1
    assert [word for word, _ in found.feedback.by_about] == ["规", "表", "册", "网"]
    report = month_report(scene.cast.committee, SENT.year, SENT.month, day=SENT.date(), words={})
    said = str(report)
    assert "反映使用中的问题1件" in said
    assert "栏目太多" not in said


def a_text(scene: Scene, *, version: int = 1) -> Text:
    cast = scene.cast
    return Text.objects.create(
        organization=cast.committee, state=Text.State.ISSUED, title="会议精神", version=version,
        drafted_by=cast.office, drafted_at=AT, issued_by=cast.office,
        issued_at=datetime(2026, 3, 10, 9, tzinfo=ZONE), issued_on=date(2026, 3, 10),
        path=cast.committee.path,
    )  # fmt: skip


def test_reach_of_texts_adds_what_is_not_folded(scene: Scene) -> None:
    """Expected less what is folded in less what is fresh; of the version in force alone."""
    cast = scene.cast
    text = a_text(scene, version=2)
    Expected.objects.create(text=text, path=cast.committee.path, number=9)
    Reached.objects.create(text=text, version=2, path=cast.committee.path, number=3)
    Reached.objects.create(text=text, version=1, path=cast.committee.path, number=9)
    for number, member in enumerate(cast.members[:3]):
        Receipt.objects.create(
            text=text, member=member, version=2, path=cast.branch.path, how="read", at=AT,
            is_folded=number == 2, counted_as="read" if number == 2 else "",
        )  # fmt: skip
    (found,) = texts_read(cast.committee, 3)
    assert (found.expected, found.reached, found.open) == (9, 5, 4)
    assert "《会议精神》尚未传达到全体对象，还有4人次未传达到" in texts_of(
        cast.committee, Part.PROBLEMS
    )
    assert texts_read(cast.committee, 4) == ()


def issue(scene: Scene, by: Person | None = None, **more: Any) -> ReportVersion:
    values: dict[str, Any] = {"year": 2026, "month": 3, "revision": 0, "version": 0, "at": AT}
    return issue_report(
        organization=scene.cast.committee, by=by or scene.cast.office, **{**values, **more}
    )


def test_what_was_issued_never_changes(scene: Scene) -> None:
    """A record filed afterwards changes the month as it is worked out, not the text that went up."""
    lesson(scene, 1, datetime(2026, 1, 20, 9, tzinfo=ZONE))
    issued = issue(scene)
    before = issued.report_text
    lesson(scene, 3, datetime(2026, 3, 12, 9, tzinfo=ZONE))
    assert ReportVersion.objects.get(pk=issued.pk).report_text == before
    assert month_report(scene.cast.committee, 2026, 3, day=DAY, words={}) != before
    report = Report.objects.get()
    assert (report.state, report.latest) == (Report.State.ISSUED, issued)
    assert Entry.objects.get(verb="issue_report").detail == {"year": 2026, "month": 3, "version": 1}


def test_issued_again_is_a_new_version_and_waits_again(scene: Scene, upper: Person) -> None:
    """The level above receives one version; the next has to be received again."""
    first = issue(scene)
    receive_report(version=first, by=upper, at=AT)
    assert Report.objects.get().state == Report.State.RECEIVED
    second = issue(scene, version=1)
    assert second.version == 2
    assert Report.objects.get().state == Report.State.ISSUED
    with pytest.raises(ReportConflict):
        receive_report(version=first, by=upper, at=AT)
    receive_report(version=second, by=upper, at=AT)
    receive_report(version=second, by=upper, at=AT)  # once more changes nothing
    assert Entry.objects.filter(verb="receive_report").count() == 2


def test_those_above_and_those_who_issued_are_told(scene: Scene, upper: Person) -> None:
    """The office above of each version; the issuer when it was received; nobody else.

    Not who works at the level above alone: what comes from below is not theirs to see.
    """
    above = open_account(username="benji", name="工委机关", password=None, by=None, at=LONG_AGO)
    grant_role(
        person=above, role=Role.OFFICE, organization=scene.cast.commission, since=LONG_AGO,
        by=None, at=LONG_AGO,
    )  # fmt: skip
    issued = issue(scene)
    told = Notice.objects.get()
    assert told.person == upper
    assert told.address == reverse("report", args=[scene.cast.committee.pk, 2026, 3])
    receive_report(version=issued, by=upper, at=AT)
    assert set(Notice.objects.values_list("person", flat=True)) == {upper.pk, scene.cast.office.pk}


def test_an_old_page_issues_nothing(scene: Scene) -> None:
    """A version, or words, that the office had not seen: refused, and nothing is written."""
    issue(scene)
    with pytest.raises(ReportConflict):
        issue(scene)
    write(scene, revision=0, problems="人手不足")
    with pytest.raises(ReportConflict):
        issue(scene, version=1)
    assert ReportVersion.objects.count() == 1
    assert issue(scene, version=1, revision=1).words == {"problems": "人手不足"}


def write(scene: Scene, revision: int, **words: str) -> Report:
    return write_words(
        organization=scene.cast.committee, year=2026, month=3, revision=revision, words=words,
        by=scene.cast.office, at=AT,
    )  # fmt: skip


def test_words_are_kept_by_section_and_guarded_by_revision(scene: Scene) -> None:
    """Unknown sections and empty texts are dropped; who wrote meanwhile is not overwritten."""
    report = write(
        scene, 0, problems=" 人手不足\r\n", proposals="", burden="不该有", nonsense="不该有"
    )
    assert (report.words, report.revision) == ({"problems": "人手不足"}, 1)
    with pytest.raises(ReportConflict):
        write(scene, 0, problems="别的")
    with pytest.raises(Refused):
        write(scene, 1, problems="长" * 2001)
    assert Report.objects.get().words == {"problems": "人手不足"}


@pytest.mark.parametrize(("kind", "year", "month"), [("branch", 2026, 3), ("committee", 2026, 5)])
def test_no_report_of_a_branch_or_of_a_month_to_come(
    scene: Scene, kind: str, year: int, month: int
) -> None:
    """A branch fills in nothing; what has not begun cannot be reported."""
    with pytest.raises(Refused):
        issue_report(
            organization=getattr(scene.cast, kind), year=year, month=month, revision=0, version=0,
            by=scene.cast.office, at=AT,
        )  # fmt: skip
    assert not Report.objects.exists()
    assert not ReportVersion.objects.exists()


def test_the_report_above_sums_up_those_below(scene: Scene, upper: Person) -> None:
    """The commission sees who has reported, and the words that they added, without any form."""
    cast = scene.cast
    write(scene, 0, proposals="建议精简台账")
    said = texts_of(cast.commission, Part.PROGRESS)
    assert "所属2个党委（党总支）中，0个已报送" in said
    assert "精简台账" not in texts_of(cast.commission, Part.PROPOSALS)  # not issued yet
    issue(scene, revision=1)
    assert "1个已报送本月工作报告，尚未报送的有邻局直属机关党委。" in texts_of(
        cast.commission, Part.PROGRESS
    )
    assert "市局直属机关党委报告：建议精简台账。" in texts_of(cast.commission, Part.PROPOSALS)
    above, below = (
        month_facts(one, 2026, 3, day=DAY).total for one in (cast.commission, cast.committee)
    )
    assert above == below  # the neighbour has no table


def test_a_wide_scope_is_added_up_from_the_reports_below(
    scene: Scene, upper: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No line is read; the kinds are those of the reports that came up, the whole is the tallies'."""
    monkeypatch.setattr(facts, "WIDE", 0)
    lesson(scene, 3, datetime(2026, 3, 12, 9, tzinfo=ZONE))
    kinds = month_facts(scene.cast.committee, 2026, 3, day=DAY).kinds
    assert kinds == ()  # branches do not report
    monkeypatch.setattr(facts, "WIDE", 2000)
    issue(scene)
    monkeypatch.setattr(facts, "WIDE", 0)
    with CaptureQueriesContext(connection) as asked:
        found = month_facts(scene.cast.commission, 2026, 3, day=DAY)
    assert not [query for query in asked if '"plans_planline"' in query["sql"]]
    assert {kind.title for kind in found.kinds} == {"支部党员大会", "党课"}
    assert sum(kind.cell.total for kind in found.kinds) == found.total.total
    assert found.kinds_from == 1


def test_ten_times_the_branches_cost_no_more_queries(scene: Scene) -> None:
    """The queries of a month are the same for 2 branches and for 22."""

    def count() -> int:
        with CaptureQueriesContext(connection) as asked:
            month_report(scene.cast.committee, 2026, 3, day=DAY, words={})
        return len(asked)

    count()  # norms are read once a process
    before = count()
    for number in range(20):
        branch = found_organization(
            name=f"新支部{number}", short_name=f"新支部{number}", kind="branch",
            parent=scene.cast.committee, founded_on=date(2020, 1, 1), by=None, at=LONG_AGO,
        )  # fmt: skip
        admit_member(
            name=f"党员{number}", branch=branch, joined_on=date(2010, 7, 1), by=None, at=LONG_AGO,
            full_on=date(2011, 7, 1), since=date(2020, 1, 1),
        )  # fmt: skip
    assert count() == before <= 7


def test_two_issue_at_once(transactional_db: None) -> None:
    """One version; the other is told, and nothing is left half."""
    scene = make_scene()

    def one() -> ReportVersion:
        return issue(scene)

    answers = at_once(one, one, one)
    assert sum(isinstance(each, ReportVersion) for each in answers) == 1, answers
    assert sum(isinstance(each, ReportConflict) for each in answers) == 2, answers
    report = Report.objects.get()
    assert ReportVersion.objects.count() == report.latest.version == 1  # type: ignore[union-attr]
    assert Entry.objects.filter(verb="issue_report").count() == 1


def test_two_write_at_once(transactional_db: None) -> None:
    """One is kept, the other is told."""
    scene = make_scene()
    answers = at_once(
        lambda: write(scene, 0, problems="甲"), lambda: write(scene, 0, problems="乙")
    )
    assert sum(isinstance(each, Report) for each in answers) == 1, answers
    assert Report.objects.get().revision == 1


def test_a_stored_report_of_an_earlier_shape_is_whole(scene: Scene) -> None:
    """What is kept is read again by the same code."""
    issued = ReportVersion.objects.get(pk=issue(scene).pk)
    assert issued.report_text.title.endswith("关于2026年3月党建工作情况的报告")
    assert [section.part for section in issued.report_text.sections] == list(Part)
