"""How a task stands, and what a record may say of tasks and of what was passed on."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules.test_records import FACTS, FULL, MEETING, TODAY

from zhibu.rules.contents import (
    AttendanceStatus,
    Carried,
    Decision,
    FollowUp,
    FollowUpState,
    RecordContent,
    TaskNote,
)
from zhibu.rules.contents_data import ContentError, from_data, to_data
from zhibu.rules.norm import Activity
from zhibu.rules.records import is_fit_to_file, judge_record
from zhibu.rules.tasks import (
    GRACE_DAYS,
    TaskFacts,
    TaskStanding,
    TaskState,
    judge_task,
    overdue_before,
)
from zhibu.rules.verdicts import Severity
from zhibu.rules.wording import say

DUE = date(2026, 4, 10)
STANDINGS: list[tuple[TaskFacts, date, int, TaskStanding, str]] = [
    (TaskFacts(DUE), date(2026, 3, 1), 0, TaskStanding.GOING, "TASK-01"),
    (TaskFacts(DUE), date(2026, 4, 2), 0, TaskStanding.GOING, "TASK-01"),
    (TaskFacts(DUE), date(2026, 4, 3), 0, TaskStanding.DUE_SOON, "TASK-02"),
    (TaskFacts(DUE), DUE, 0, TaskStanding.DUE_SOON, "TASK-02"),
    (TaskFacts(DUE), date(2026, 4, 11), 0, TaskStanding.OVERDUE, "TASK-03"),
    (TaskFacts(DUE), date(2026, 4, 11), GRACE_DAYS, TaskStanding.GOING, "TASK-07"),
    (TaskFacts(DUE), date(2026, 4, 17), GRACE_DAYS, TaskStanding.GOING, "TASK-07"),
    (TaskFacts(DUE), date(2026, 4, 18), GRACE_DAYS, TaskStanding.OVERDUE, "TASK-03"),
    (TaskFacts(DUE, TaskState.CLOSED, DUE), date(2026, 9, 1), 0, TaskStanding.CLOSED, "TASK-04"),
    (
        TaskFacts(DUE, TaskState.CLOSED, date(2026, 4, 11)), date(2026, 9, 1), 0,
        TaskStanding.CLOSED_LATE, "TASK-05",
    ),
    (
        TaskFacts(DUE, TaskState.DROPPED, DUE, "并入下半年计划"), date(2026, 9, 1), 0,
        TaskStanding.DROPPED, "TASK-06",
    ),
]  # fmt: skip
ONE = Carried("t1", "关于做好春季工作的通知")
assert FULL.began_at is not None
MET = FULL.began_at.date()


def with_task(**changes: Any) -> dict[str, Any]:
    note = replace(TaskNote(owner="m2", owner_name="李二", due_on=date(2026, 3, 31)), **changes)
    return {"decisions": (replace(FULL.decisions[0], task=note),)}


RECORDS: list[tuple[dict[str, Any], str, Severity, str]] = [
    (with_task(due_on=None), "RECORD-50", Severity.ERROR, "decisions[1]"),
    (with_task(owner="x9", owner_name="外人"), "RECORD-51", Severity.ERROR, "decisions[1]"),
    (with_task(due_on=date(2026, 3, 11)), "RECORD-52", Severity.ERROR, "decisions[1]"),
    (with_task(due_on=date(2062, 3, 31)), "RECORD-53", Severity.WARNING, "decisions[1]"),
    (with_task(due_on=MET + timedelta(days=1831)), "RECORD-53", Severity.WARNING, "decisions[1]"),
    (
        {"follow_ups": (FollowUp("k", "改值班表", FollowUpState.DROPPED, " "),)},
        "RECORD-54", Severity.ERROR, "follow_ups[1]",
    ),
    (
        {"follow_ups": (FollowUp("j", "甲"), FollowUp("k", "乙", FollowUpState.CLOSED))},
        "RECORD-55", Severity.WARNING, "follow_ups[2]",
    ),
    (
        {
            "texts": (ONE,),
            "attendance": tuple(
                replace(row, status=AttendanceStatus.LEAVE, reason="出差") for row in FULL.attendance
            ),
        },
        "RECORD-56", Severity.ERROR, "texts",
    ),
    ({"texts": (ONE,), "attendance": ()}, "RECORD-56", Severity.ERROR, "texts"),
    (
        {"decisions": (Decision("通过", 1, 3, task=TaskNote(due_on=date(2026, 3, 31))),)},
        "RECORD-57", Severity.WARNING, "decisions[1]",
    ),
    (
        {**with_task(), "activities": (Activity.TALK,)},
        "RECORD-59", Severity.ERROR, "decisions[1]",
    ),
    (
        {"follow_ups": (FollowUp("k", "甲"), FollowUp("k", "甲"))},
        "RECORD-58", Severity.ERROR, "follow_ups[2]",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("task", "today", "grace", "standing", "rule"), STANDINGS)
def test_how_a_task_stands(
    task: TaskFacts, today: date, grace: int, standing: TaskStanding, rule: str
) -> None:
    """Each day has its state and its sentence."""
    judged = judge_task(task, today, grace_days=grace)
    assert (judged.standing, judged.verdict.rule) == (standing, rule)
    assert say(judged.verdict)


def test_the_longest_term_is_no_slip_of_the_pen() -> None:
    """Five years, counted with their leap days; due on the day of the meeting itself is allowed."""
    for due in (MET, MET + timedelta(days=1830)):
        found = judge_record(replace(FULL, **with_task(due_on=due)), [MEETING], FACTS, today=TODAY)
        assert not {"RECORD-52", "RECORD-53"} & {verdict.rule for verdict in found}


@given(st.dates(date(1999, 1, 1), date(2060, 1, 1)), st.integers(-400, 400))
def test_the_level_above_sees_it_later(due: date, after: int) -> None:
    """Whatever is overdue to those above has been so for a week to its own people."""
    today = due + timedelta(days=after)
    own = judge_task(TaskFacts(due), today).standing is TaskStanding.OVERDUE
    above = judge_task(TaskFacts(due), today, grace_days=GRACE_DAYS).standing is (
        TaskStanding.OVERDUE
    )
    assert own is (due < overdue_before(today, from_above=False))
    assert above is (due < overdue_before(today, from_above=True))
    assert own or not above
    assert above is (after > GRACE_DAYS)


@pytest.mark.parametrize(("changes", "rule", "severity", "subject"), RECORDS)
def test_what_a_record_says_of_tasks(
    changes: dict[str, Any], rule: str, severity: Severity, subject: str
) -> None:
    """Each fault has its rule, its weight and the place where it stands."""
    found = judge_record(replace(FULL, **changes), [MEETING], FACTS, today=TODAY)
    assert (rule, severity, subject) in [(v.rule, v.severity, v.subject) for v in found]


@pytest.mark.parametrize(
    "changes",
    [
        with_task(),
        with_task(owner="", owner_name="", proof="新值班表"),
        with_task(due_on=date(2026, 3, 12)),
        {"texts": (ONE,)},
        {"themes": (ONE,)},
        {"follow_ups": (FollowUp("k", "甲"), FollowUp("j", "乙", FollowUpState.CLOSED, "已换"))},
    ],
)
def test_what_is_right_has_nothing_said_against_it(changes: dict[str, Any]) -> None:
    """A task on the day of the meeting, of the branch as a whole, a text that was heard."""
    found = judge_record(replace(FULL, **changes), [MEETING], FACTS, today=TODAY)
    assert is_fit_to_file(found)
    assert not [v for v in found if v.rule.startswith("RECORD-5")]


TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=30)
CARRIED = st.lists(st.builds(Carried, TEXTS, TEXTS), max_size=4).map(tuple)
NOTES = st.builds(TaskNote, TEXTS, TEXTS, st.none() | st.dates(), TEXTS)
CONTENTS = st.builds(
    RecordContent,
    texts=CARRIED,
    themes=CARRIED,
    follow_ups=st.lists(
        st.builds(FollowUp, TEXTS, TEXTS, st.sampled_from(FollowUpState), TEXTS), max_size=4
    ).map(tuple),
    decisions=st.lists(st.builds(Decision, TEXTS, task=st.none() | NOTES), max_size=4).map(tuple),
)


@given(CONTENTS)
def test_data_gives_the_same_content_back(content: RecordContent) -> None:
    """Through JSON and back nothing is lost, and what is not there is not written."""
    data = json.loads(json.dumps(to_data(content)))
    assert from_data(data) == content
    for name in ("texts", "themes", "follow_ups"):
        assert (name in data) is bool(getattr(content, name))
    for written, decision in zip(data["decisions"], content.decisions, strict=True):
        assert ("task" in written) is (decision.task is not None)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"texts": [1]}, "texts[1]"),
        ({"texts": [{"key": 5}]}, "texts[1].key"),
        ({"themes": {"key": "a"}}, "themes"),
        ({"follow_ups": [{"state": "done"}]}, "follow_ups[1].state"),
        ({"follow_ups": [{"note": []}]}, "follow_ups[1].note"),
        ({"decisions": [{"task": "x"}]}, "decisions[1].task"),
        ({"decisions": [{"task": {"due_on": "2026-02-30"}}]}, "decisions[1].task.due_on"),
        ({"decisions": [{"task": {"proof": "\x00"}}]}, "decisions[1].task.proof"),
    ],
)
def test_junk_is_refused_by_its_place(data: dict[str, Any], field: str) -> None:
    """What cannot be is named."""
    with pytest.raises(ContentError) as refused:
        from_data(data)
    assert refused.value.field == field
