"""Tasks: out of decisions, on the agenda of the next meetings, closed, corrected, voided, assigned."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse
from tests.cast import client_of
from tests.handbook.scene import AT, Scene, make_scene
from tests.handbook.test_concurrency import assert_sound, at_once

from zhibu.documents.literal import COVER_TEXT
from zhibu.handbook.models import Record, RecordVersion
from zhibu.handbook.services import (
    RecordRefused,
    correct_record,
    file_record,
    redact_part,
    save_draft,
    start_correction,
    start_record,
    void_record,
)
from zhibu.handbook.versions import read_version, write_parts
from zhibu.ledger.models import Entry
from zhibu.network.agenda.queries import offers_for
from zhibu.network.notices.models import Notice
from zhibu.network.reports.facts import month_facts
from zhibu.network.tasks.models import Assignment, Task, TaskStep
from zhibu.network.tasks.queries import open_tasks_of, records_repeating, spreads_of, stale_tasks
from zhibu.network.tasks.services import (
    assign_task,
    change_task,
    close_task,
    drop_task,
    remind_assignment,
    remind_tasks,
    reopen_task,
    report_task,
    resume_assignments,
    spread_assignment,
    withdraw_assignment,
)
from zhibu.network.tasks.services.keeping import TaskRefused
from zhibu.org.models import Member, Organization
from zhibu.rules.contents import Carried, Decision, FollowUp, FollowUpState, RecordContent, TaskNote

DUE = date(2026, 3, 31)
NEXT = datetime(2026, 4, 14, 14, 30)
LATER = AT.replace(month=4, day=15)


@pytest.fixture
def scene(db: None, data_dir: Any) -> Scene:
    return make_scene()


def decided(scene: Scene, *texts: str, **changes: Any) -> RecordContent:
    """A content with these decisions, each a task of the second member."""
    member = scene.cast.members[1]
    note = TaskNote(str(member.pk), member.name, DUE, "新值班表已公示")
    return scene.content(decisions=tuple(Decision(text, 7, task=note) for text in texts), **changes)


def next_meeting(scene: Scene, *said: FollowUp, **changes: Any) -> RecordVersion:
    """A meeting a month later that says this of earlier tasks."""
    return scene.file(
        began_at=NEXT, ended_at=None, follow_ups=said, decisions=(), at=LATER, **changes
    )


def correct(scene: Scene, version: RecordVersion, content: RecordContent) -> RecordVersion:
    record = start_correction(record=version.record, by=scene.cast.secretary, at=LATER)
    saved = save_draft(
        record=record, revision=record.revision, draft=content, by=scene.cast.secretary, at=LATER
    )
    return correct_record(
        record=saved, revision=saved.revision, submission=uuid4(), by=scene.cast.secretary,
        at=LATER, reason="写错了",
    )  # fmt: skip


def of(version: RecordVersion) -> list[Task]:
    return list(Task.objects.filter(record=version.record).order_by("decision"))


def said_of(task: Task, state: FollowUpState, note: str = "") -> FollowUp:
    return FollowUp(str(task.pk), task.title, state, note)


def test_a_decision_becomes_a_task(scene: Scene) -> None:
    """Who, by when, what proves it; open from the day of the meeting; other decisions make none."""
    content = decided(scene, "调整值班安排")
    content = replace(content, decisions=(Decision("通过年度计划", 7), *content.decisions))
    (task,) = of(scene.file(content))
    assert (task.title, task.owner, task.due_on) == ("调整值班安排", scene.cast.members[1], DUE)
    assert (task.decision, task.began_on, task.state) == (2, date(2026, 3, 12), "open")
    assert task.organization == scene.branch
    assert list(open_tasks_of(scene.branch, date(2026, 3, 12))) == [task]
    assert not open_tasks_of(scene.branch, date(2026, 3, 11))
    assert not open_tasks_of(scene.cast.other_branch, date(2026, 12, 1))


def test_a_record_without_tasks_costs_nothing(scene: Scene, django_assert_num_queries: Any) -> None:
    """The hot path: not one statement reads or writes tasks."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    record = scene.start()
    with CaptureQueriesContext(connection) as asked:
        file_record(
            record=record, revision=record.revision, submission=uuid4(), by=scene.cast.secretary,
            at=AT,
        )  # fmt: skip
    assert not [q["sql"] for q in asked.captured_queries if "tasks_" in q["sql"]]


def test_it_stands_on_the_agenda_until_it_is_done(scene: Scene) -> None:
    """Looked at and going on in one meeting, done in the next; the agenda knows from one read."""
    (task,) = of(scene.file(decided(scene, "调整值班安排")))
    day = NEXT.date()
    assert [one.key for one in offers_for(scene.branch, day).tasks] == [str(task.pk)]
    assert offers_for(scene.branch, date(2026, 3, 1)).tasks == ()
    next_meeting(scene, said_of(task, FollowUpState.OPEN, "已列出初稿"))
    assert [one.owner for one in offers_for(scene.branch, day).tasks] == ["乙二芳"]
    version = next_meeting(scene, said_of(task, FollowUpState.CLOSED, "四月起执行"))
    task.refresh_from_db()
    assert (task.state, task.ended_on, task.words) == ("closed", day, "四月起执行")
    assert task.ended_by_record == version.record
    assert offers_for(scene.branch, day).tasks == ()
    named = offers_for(scene.branch, day, tasks=[task.pk]).tasks
    assert [(one.key, one.is_open) for one in named] == [(str(task.pk), False)]
    kinds = [step.kind for step in TaskStep.objects.filter(task=task).order_by("at", "id")]
    assert kinds == ["kept", "closed"]
    assert_sound()


def test_a_dropped_task_has_its_reason(scene: Scene) -> None:
    """不再办理 with the words of the meeting."""
    (task,) = of(scene.file(decided(scene, "调整值班安排")))
    next_meeting(scene, said_of(task, FollowUpState.DROPPED, "并入下半年计划"))
    task.refresh_from_db()
    assert (task.state, task.words, task.ending) == ("dropped", "并入下半年计划", "meeting")


def test_a_correction_makes_drops_and_changes(scene: Scene) -> None:
    """A decision more, one less, one with another date and number: the tasks follow."""
    version = scene.file(decided(scene, "甲事", "乙事"))
    first, second = of(version)
    content = decided(scene, "乙事", "丙事")
    later = replace(content.decisions[0], task=TaskNote("", "", date(2026, 5, 1)))
    correct(scene, version, replace(content, decisions=(later, content.decisions[1])))
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.ending) == ("dropped", "correction")
    assert (second.state, second.decision, second.owner) == ("open", 1, None)
    assert (second.due_on, second.proof) == (date(2026, 5, 1), "")
    made = Task.objects.get(record=version.record, title="丙事")
    assert (made.decision, made.state) == (2, "open")
    again = decided(scene, "甲事")
    correct(scene, version, again)
    assert Task.objects.filter(record=version.record, title="甲事", state="open").count() == 1


def test_a_correction_of_something_else_changes_no_task(scene: Scene) -> None:
    """The same decisions again, and what was changed on the page since stays."""
    version = scene.file(decided(scene, "甲事"))
    (task,) = of(version)
    change_task(
        task=task, owner=scene.cast.members[2], due_on=date(2026, 6, 1), words="出差",
        by=scene.cast.secretary, at=AT,
    )  # fmt: skip
    correct(scene, version, replace(decided(scene, "甲事"), place="二楼"))
    task.refresh_from_db()
    assert (task.owner, task.due_on) == (scene.cast.members[2], date(2026, 6, 1))
    assert len(of(version)) == 1


def test_what_was_worked_on_outlives_its_decision(scene: Scene) -> None:
    """A correction takes the decision out; the task that somebody reported on stays, and says why."""
    version = scene.file(decided(scene, "甲事", "乙事"))
    first, second = of(version)
    report_task(task=first, words="完成一半", by=scene.cast.deputy, at=AT)
    correct(scene, version, decided(scene, "乙事"))
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.decision) == ("open", None)
    assert (second.state, second.decision) == ("open", 1)
    assert "不再列有" in TaskStep.objects.get(task=first, kind="corrected").words


def test_a_voided_record_takes_its_tasks_along(scene: Scene) -> None:
    """Open ones end; and the task that it had closed is open again."""
    old = scene.file(decided(scene, "甲事"))
    (task,) = of(old)
    version = next_meeting(scene, said_of(task, FollowUpState.CLOSED, "做完了"))
    void_record(record=version.record, reason="写错支部", by=scene.cast.secretary, at=LATER)
    task.refresh_from_db()
    assert (task.state, task.ended_by_record, task.words) == ("open", None, "")
    assert TaskStep.objects.filter(task=task, kind="reopened").exists()
    void_record(record=old.record, reason="重复", by=scene.cast.secretary, at=LATER)
    task.refresh_from_db()
    assert (task.state, task.ending) == ("dropped", "void")
    with pytest.raises(TaskRefused, match="不能恢复"):
        reopen_task(task=task, reason="误作废", by=scene.cast.secretary, at=LATER)


def test_a_correction_of_what_was_said_follows(scene: Scene) -> None:
    """Done becomes going on, then nothing is said of it: each time the task is as the record says."""
    (task,) = of(scene.file(decided(scene, "甲事")))
    version = next_meeting(scene, said_of(task, FollowUpState.CLOSED, "做完了"))
    content = read_version(version).content
    going = replace(content, follow_ups=(said_of(task, FollowUpState.OPEN, "还差一点"),))
    correct(scene, version, going)
    task.refresh_from_db()
    assert task.state == "open"
    step = TaskStep.objects.get(task=task, record=version.record)
    assert (step.kind, step.words) == ("kept", "还差一点")
    correct(scene, version, replace(content, follow_ups=()))
    assert not TaskStep.objects.filter(task=task, record=version.record).exists()


def test_a_task_of_elsewhere_is_refused(scene: Scene) -> None:
    """Mistake 14: no record of this branch speaks of another branch's task, nor of junk."""
    (task,) = of(scene.file(decided(scene, "甲事")))
    Task.objects.filter(pk=task.pk).update(organization=scene.cast.other_branch)
    for key in (str(task.pk), str(uuid4()), "junk", ""):
        with pytest.raises(RecordRefused):
            next_meeting(scene, FollowUp(key, "甲事", FollowUpState.CLOSED, "x"))
    task.refresh_from_db()
    assert task.state == "open"


def test_a_meeting_does_not_undo_what_was_decided_otherwise(scene: Scene) -> None:
    """Closed on the page: a meeting may say the same, not the contrary."""
    (task,) = of(scene.file(decided(scene, "甲事")))
    close_task(task=task, words="做完了", by=scene.cast.secretary, at=AT)
    with pytest.raises(RecordRefused, match="已办结"):
        next_meeting(scene, said_of(task, FollowUpState.DROPPED, "不做了"))
    next_meeting(scene, said_of(task, FollowUpState.CLOSED, "确认"))
    task.refresh_from_db()
    assert (task.ending, task.words) == ("page", "做完了")


def test_pages_report_change_close_and_reopen(scene: Scene) -> None:
    """Each leaves a step and a line in the ledger; the second of two is told."""
    (task,) = of(scene.file(decided(scene, "甲事")))
    cast = scene.cast
    report_task(task=task, words="已完成初稿", by=cast.deputy, at=AT)
    close_task(task=task, words="值班表已公示", by=cast.secretary, at=AT)
    with pytest.raises(TaskRefused, match="已于2026年3月20日（周五）办结"):
        drop_task(task=task, reason="不做了", by=cast.secretary, at=AT)
    reopen_task(task=task, reason="有一处未改", by=cast.secretary, at=AT)
    drop_task(task=task, reason="并入他项", by=cast.secretary, at=AT)
    task.refresh_from_db()
    assert (task.state, task.words) == ("dropped", "并入他项")
    kinds = [step.kind for step in TaskStep.objects.filter(task=task).order_by("id")]
    assert kinds == ["reported", "closed", "reopened", "dropped"]
    verbs = set(Entry.objects.filter(subject_id=task.pk).values_list("verb", flat=True))
    assert verbs == {"report_task", "close_task", "reopen_task", "drop_task"}


@pytest.mark.parametrize(
    ("member", "due_on", "words"),
    [(None, date(2026, 3, 1), "期限不能早于"), (-1, DUE, "不属于本支部"), (None, date(2062, 1, 1), "过远")],
)  # fmt: skip
def test_a_change_that_cannot_be_is_refused(
    scene: Scene, member: int | None, due_on: date, words: str
) -> None:
    """Before the meeting, far away, or somebody of another branch."""
    (task,) = of(scene.file(decided(scene, "甲事")))
    stranger = scene.cast.other_branch.memberships.first()
    assert stranger is not None
    owner = stranger.member if member else None
    with pytest.raises(TaskRefused, match=words):
        change_task(task=task, owner=owner, due_on=due_on, words="", by=scene.cast.secretary, at=AT)


def test_blacking_out_takes_the_copies_along(scene: Scene) -> None:
    """The decision's text stands in the task, the meeting's words in its trace: both are covered."""
    version = scene.file(decided(scene, "某某的家庭困难"))
    (task,) = of(version)
    second = next_meeting(scene, said_of(task, FollowUpState.CLOSED, "已送慰问金"))
    given = {"basis": "某法第一条", "reason": "涉及个人隐私", "by": scene.cast.office, "at": LATER}
    redact_part(record=version.record, part="decisions", **given)  # type: ignore[arg-type]
    redact_part(record=second.record, part="particulars", **given)  # type: ignore[arg-type]
    task.refresh_from_db()
    assert (task.title, task.proof, task.words) == (COVER_TEXT, "", COVER_TEXT)
    assert {step.words for step in TaskStep.objects.filter(task=task)} == {COVER_TEXT}
    assert_sound()


def test_who_blacks_out_is_told_where_it_is_repeated(scene: Scene) -> None:
    """In any version of a later record, until that is blacked out too; a record without is none."""
    version = scene.file(decided(scene, "某某的家庭困难"))
    (task,) = of(version)
    second = next_meeting(scene, said_of(task, FollowUpState.OPEN))
    assert list(records_repeating(version.record)) == [second.record]
    assert list(records_repeating(second.record)) == []
    correct(scene, second, replace(read_version(second).content, follow_ups=()))
    assert list(records_repeating(version.record)) == [second.record]  # its first version says so
    office = client_of(scene.cast.office)
    address = reverse("record-redact", args=[version.record_id])
    asked = {"part": "decisions", "basis": "某法第一条", "reason": "涉及个人隐私"}
    link = f'href="{reverse("record-redact", args=[second.record_id])}"'
    assert link in office.post(address, {**asked, "do": "check"}).content.decode()
    assert link not in office.post(address, {**asked, "part": "minutes"}).content.decode()
    answer = office.post(address, {**asked, "do": "redact", "understood": "1"})
    assert answer.status_code == 303
    assert link in office.get(address).content.decode()  # also afterwards
    redact_part(
        record=second.record, part="particulars", basis="某法第一条", reason="涉及个人隐私",
        by=scene.cast.office, at=LATER,
    )  # fmt: skip
    assert list(records_repeating(version.record)) == []
    assert link not in office.get(address).content.decode()


def test_the_ledger_keeps_no_words_of_a_record(scene: Scene) -> None:
    """What a meeting decided could not be blacked out there; what a level above gave is its own."""
    (task,) = of(scene.file(decided(scene, "某某的家庭困难")))
    report_task(task=task, words="已探望", by=scene.cast.deputy, at=AT)
    close_task(task=task, words="已办", by=scene.cast.secretary, at=AT)
    made = give(scene)
    spread_assignment(key=made.pk, at=AT)
    given = Task.objects.get(assignment=made, organization=scene.branch)
    close_task(task=given, words="已办", by=scene.cast.secretary, at=AT)
    details = str(list(Entry.objects.values_list("detail", flat=True)))
    assert "家庭困难" not in details
    assert given.title in str(Entry.objects.filter(subject_id=given.pk).get().detail)


def test_an_owner_hears_of_every_change(scene: Scene) -> None:
    """Also of another date, and when it comes back to them."""
    (task,) = of(scene.file(decided(scene, "甲事")))
    first, other = scene.cast.members[1], scene.cast.members[3]
    Member.objects.filter(pk=first.pk).update(person=scene.cast.member)
    first.refresh_from_db()
    by = scene.cast.secretary
    later = task.due_on + timedelta(days=3)
    for owner, due_on in ((first, later), (other, later), (first, later)):
        change_task(task=task, owner=owner, due_on=due_on, words="", by=by, at=AT)
    told = Notice.objects.filter(person=scene.cast.member).order_by("id")
    assert [one.title for one in told] == ["任务期限有调整：甲事", "请办理：甲事"]


def test_what_has_ended_is_given_nothing(scene: Scene) -> None:
    """Between giving and spreading a branch is dissolved: nobody would be left to do it."""
    made = give(scene)
    Organization.objects.filter(pk=scene.cast.other_branch.pk).update(dissolved_on=AT.date())
    spread_assignment(key=made.pk, at=AT + timedelta(days=1))
    given = Task.objects.filter(assignment=made).values_list("organization", flat=True)
    assert scene.branch.pk in given
    assert scene.cast.other_branch.pk not in given


def test_parts_without_anything_new_read_as_before(scene: Scene) -> None:
    """The canonical text of a record without tasks, texts and themes names none of them."""
    parts = write_parts(scene.content())
    assert not any(
        word in text for text in parts.values()
        for word in ("texts", "themes", "follow_ups", "task")
    )  # fmt: skip
    said = scene.content(
        texts=(Carried("a", "通知"),), themes=(Carried("b", "专题"),),
        follow_ups=(FollowUp("c", "甲事"),),
    )  # fmt: skip
    now = write_parts(said)
    assert all(word in now["head"] for word in ("通知", "专题"))
    assert "甲事" in now["particulars"]
    assert {name for name in parts if parts[name] != now[name]} == {"head", "particulars"}


def test_two_meetings_close_one_task_at_once(transactional_db: None, data_dir: Any) -> None:
    """Both records are filed, the task is closed once, and each has its step."""
    scene = make_scene()
    (task,) = of(scene.file(decided(scene, "甲事")))
    records = [
        scene.start(
            began_at=NEXT, ended_at=None, decisions=(),
            follow_ups=(said_of(task, FollowUpState.CLOSED, f"第{n}次"),),
        )
        for n in (1, 2)
    ]  # fmt: skip
    answers = at_once(*(_filing(scene, record) for record in records))
    assert all(isinstance(one, RecordVersion) for one in answers), answers
    task.refresh_from_db()
    assert task.state == "closed"
    assert TaskStep.objects.filter(task=task, kind="closed").count() == 2


def test_two_people_end_one_task_at_once(transactional_db: None, data_dir: Any) -> None:
    """One closes, one drops: one is done, the other told; one step."""
    scene = make_scene()
    (task,) = of(scene.file(decided(scene, "甲事")))
    cast = scene.cast
    answers = at_once(
        lambda: close_task(task=task, words="做完了", by=cast.secretary, at=AT),
        lambda: drop_task(task=task, reason="不做了", by=cast.deputy, at=AT),
    )
    assert sorted(type(one).__name__ for one in answers) == ["Task", "TaskRefused"]
    assert TaskStep.objects.filter(task=task).count() == 1


def _filing(scene: Scene, record: Record) -> Any:
    return lambda: file_record(
        record=record, revision=record.revision, submission=uuid4(), by=scene.cast.secretary,
        at=LATER,
    )  # fmt: skip


# Given from above


def branches_below(scene: Scene, number: int) -> None:
    above = scene.cast.committee
    Organization.objects.bulk_create(
        Organization(
            kind="branch", name=f"支部{at}", short_name=f"支部{at}", parent=above,
            path=f"{above.path}y{at:03d}", founded_on=date(2015, 1, 1),
        )
        for at in range(number)
    )  # fmt: skip


def give(scene: Scene, **changes: Any) -> Assignment:
    given: dict[str, Any] = {
        "organization": scene.cast.committee, "title": "排查安全隐患", "text": "逐处排查，列出清单。",
        "proof": "隐患清单", "due_on": date(2026, 4, 10), "meeting": "党委会议", "met_on": AT.date(),
        "kinds": ["branch"], "chosen": (), "by": scene.cast.office, "at": AT,
    }  # fmt: skip
    return assign_task(**{**given, **changes})


def test_a_task_is_given_to_all_below(scene: Scene) -> None:
    """Each branch below has it once, in however many chunks; those elsewhere have none."""
    branches_below(scene, 7)
    made = give(scene)
    assert spread_assignment(key=made.pk, at=AT, chunk=3) == 9
    assert spread_assignment(key=made.pk, at=AT, chunk=3) == 0
    tasks = Task.objects.filter(assignment=made)
    assert tasks.count() == 9
    assert not tasks.filter(organization=scene.cast.far_branch).exists()
    assert open_tasks_of(scene.branch, AT.date()).get().title == "排查安全隐患"
    made.refresh_from_db()
    assert made.spread_at is not None


def test_a_worker_dies_in_the_middle(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was given stays, the chunk that was begun is not there; the next worker does the rest."""
    from zhibu.network.tasks.services import assigning

    branches_below(scene, 7)
    made = give(scene)
    told = assigning._tell_all
    calls = iter(range(9))

    def die(*args: Any, **more: Any) -> None:
        if next(calls) == 1:
            raise KeyboardInterrupt
        told(*args, **more)

    monkeypatch.setattr(assigning, "_tell_all", die)
    with pytest.raises(KeyboardInterrupt):
        spread_assignment(key=made.pk, at=AT, chunk=3)
    assert Task.objects.filter(assignment=made).count() == 3
    assert resume_assignments(AT + timedelta(minutes=1)) in {0, 1}
    assert spread_assignment(key=made.pk, at=AT, chunk=3) == 6
    keys = list(Task.objects.filter(assignment=made).values_list("organization", flat=True))
    assert len(keys) == len(set(keys)) == 9


def test_two_workers_spread_at_once(transactional_db: None, data_dir: Any) -> None:
    """They take turns: all have it, none twice."""
    scene = make_scene()
    branches_below(scene, 20)
    made = give(scene)
    answers = at_once(*(lambda: spread_assignment(key=made.pk, at=AT, chunk=4) for _ in range(3)))
    assert sum(answers) == 22
    assert Task.objects.filter(assignment=made).count() == 22


def test_withdrawing_while_it_is_spread(transactional_db: None, data_dir: Any) -> None:
    """Nobody is left with an open task, whoever is first."""
    scene = make_scene()
    branches_below(scene, 20)
    made = give(scene)
    at_once(
        lambda: spread_assignment(key=made.pk, at=AT, chunk=2),
        lambda: withdraw_assignment(assignment=made, reason="改期", by=scene.cast.office, at=AT),
    )
    assert not Task.objects.filter(assignment=made, state="open").exists()
    assert spread_assignment(key=made.pk, at=AT) == 0


def test_how_far_it_is_carried_out(scene: Scene) -> None:
    """By state; overdue only after the week in which its own people see to it; done stays done."""
    made = give(scene)
    spread_assignment(key=made.pk, at=AT)
    task = Task.objects.get(assignment=made, organization=scene.branch)
    close_task(task=task, words="清单已报", by=scene.cast.secretary, at=AT)
    for day, overdue in ((date(2026, 4, 17), 0), (date(2026, 4, 18), 1)):
        spread = spreads_of([made.pk], day)[made.pk]
        assert (spread.open, spread.closed, spread.overdue) == (1, 1, overdue)
        assert len(stale_tasks(scene.cast.committee, day)) == overdue
    assert remind_assignment(assignment=made, by=scene.cast.office, at=AT) == 1
    assert remind_assignment(assignment=made, by=scene.cast.office, at=AT) == 0  # today already
    withdraw_assignment(assignment=made, reason="改期", by=scene.cast.office, at=AT)
    spread = spreads_of([made.pk], AT.date())[made.pk]
    assert (spread.closed, spread.dropped) == (1, 1)
    with pytest.raises(TaskRefused):
        withdraw_assignment(assignment=made, reason="再次", by=scene.cast.office, at=AT)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": " "}, "请写明任务"),
        ({"due_on": date(2026, 3, 19)}, "期限"),
        ({"due_on": date(2100, 1, 1)}, "期限"),
        ({"met_on": date(2026, 3, 21)}, "会议日期"),
        ({"kinds": []}, "请选择"),
        ({"kinds": ["group"]}, "请选择"),
        ({"kinds": ["general_branch"]}, "没有所选类型"),
        ({"chosen": [uuid4()]}, "不在本组织之下"),
    ],
)
def test_an_assignment_that_cannot_be(scene: Scene, changes: dict[str, Any], words: str) -> None:
    """Each is refused with its words, and nothing is stored."""
    with pytest.raises(TaskRefused, match=words):
        give(scene, **changes)
    assert not Assignment.objects.exists()


def test_chosen_ones_lie_below(scene: Scene) -> None:
    """A branch of the neighbour cannot be chosen; one of one's own can."""
    with pytest.raises(TaskRefused):
        give(scene, chosen=[scene.cast.far_branch.pk])
    with pytest.raises(TaskRefused):
        give(scene, chosen=[scene.cast.group.pk])
    made = give(scene, chosen=[scene.cast.other_branch.pk])
    assert spread_assignment(key=made.pk, at=AT) == 1


def test_what_is_given_is_not_the_branchs_to_drop(scene: Scene) -> None:
    """Nor is its date; the owner is."""
    made = give(scene)
    spread_assignment(key=made.pk, at=AT)
    task = Task.objects.get(assignment=made, organization=scene.branch)
    by = scene.cast.secretary
    with pytest.raises(TaskRefused, match="上级交办"):
        drop_task(task=task, reason="不做了", by=by, at=AT)
    with pytest.raises(TaskRefused, match="上级"):
        change_task(task=task, owner=None, due_on=date(2026, 5, 1), words="", by=by, at=AT)
    changed = change_task(
        task=task, owner=scene.cast.members[3], due_on=task.due_on, words="", by=by, at=AT
    )
    assert changed.owner == scene.cast.members[3]


def test_a_month_of_tasks(scene: Scene) -> None:
    """What began, ended and stands, over the branches below, from one query."""
    for text in ("甲事", "乙事", "丙事"):
        scene.file(decided(scene, text))
    first, second, _ = Task.objects.order_by("made_at", "id")
    close_task(task=first, words="做完了", by=scene.cast.secretary, at=LATER)
    drop_task(task=second, reason="不做了", by=scene.cast.secretary, at=AT)
    today = date(2026, 5, 1)
    march = month_facts(scene.cast.committee, 2026, 3, day=today).tasks
    assert (march.made, march.closed, march.dropped, march.open) == (3, 0, 1, 2)
    april = month_facts(scene.cast.committee, 2026, 4, day=today).tasks
    assert (april.closed, april.open, april.overdue) == (1, 1, 1)
    assert april.overdue_titles == ("第一党支部“丙事”",)
    none = month_facts(scene.cast.far_committee, 2026, 4, day=today).tasks
    assert (none.made, none.open) == (0, 0)


def test_starting_a_record_needs_no_task(scene: Scene) -> None:
    """A draft with words on tasks leaves them as they are: only filing counts."""
    (task,) = of(scene.file(decided(scene, "甲事")))
    start_record(
        branch=scene.branch, by=scene.cast.secretary, at=AT,
        draft=scene.content(follow_ups=(said_of(task, FollowUpState.CLOSED, "做完了"),)),
    )  # fmt: skip
    task.refresh_from_db()
    assert task.state == "open"


def test_due_and_overdue_are_told_once(scene: Scene) -> None:
    """To the owner a week before; to the keepers too the day after; each once; not on a day off."""
    (task,) = of(scene.file(decided(scene, "甲事")))
    told = Notice.objects.filter(subject=f"task:{task.pk}").exclude(kind="task")
    days = (
        (date(2026, 3, 23), 0), (date(2026, 3, 24), 1), (date(2026, 3, 25), 1),
        (date(2026, 3, 31), 1),  # the last day is not overdue
        (date(2026, 4, 1), 3), (date(2026, 4, 2), 3), (date(2026, 4, 20), 3),
    )  # fmt: skip
    for day, count in days:
        remind_tasks(AT.replace(month=day.month, day=day.day))
        assert told.count() == count, day
    people = told.filter(kind="overdue").values_list("person", flat=True)
    assert set(people) == {scene.cast.deputy.pk, scene.cast.secretary.pk}
    Task.objects.filter(pk=task.pk).update(due_on=date(2026, 5, 6))
    assert remind_tasks(datetime(2026, 5, 3, 9, tzinfo=AT.tzinfo)) == 0  # a Sunday
    assert remind_tasks(datetime(2026, 5, 6, 6, tzinfo=AT.tzinfo)) == 0  # before seven


def test_two_workers_remind_at_once(transactional_db: None, data_dir: Any) -> None:
    """Nobody is told twice."""
    scene = make_scene()
    scene.file(decided(scene, "甲事", "乙事"))
    at = AT.replace(day=25)
    answers = at_once(*(lambda: remind_tasks(at) for _ in range(3)))
    assert answers == [2, 2, 2]
    assert Notice.objects.filter(kind="due").count() == 2
