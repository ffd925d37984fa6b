"""Tasks of the demonstration: decided in meetings, one looked at again, one given to all branches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Final

from zhibu.handbook.models import Record
from zhibu.handbook.services import file_record, start_record
from zhibu.handbook.versions import read_version
from zhibu.network.tasks.models import Task
from zhibu.network.tasks.services import (
    assign_task,
    close_task,
    report_task,
    spread_assignment,
)
from zhibu.ops.demo.population import Population, morning
from zhibu.ops.demo.stage import Stage, weekday_from
from zhibu.org.models import Organization
from zhibu.people.keys import new_key
from zhibu.people.models import Person
from zhibu.rules.contents import Decision, FollowUp, FollowUpState, RecordContent, TaskNote
from zhibu.rules.norm import Activity

# What, how many days after the meeting, what proves it.
DECIDED: Final = (
    ("调整办事窗口值班安排，午间不间断服务", 20, "新值班表已公示"),
    ("走访慰问两名生活困难党员", 5, "走访情况在支部大会上通报"),
    ("整理本年度主题党日资料，录入工作手册", 35, ""),
)
MINUTES: Final = (
    "书记通报近期重点工作，与会同志围绕窗口服务、困难党员帮扶和资料整理逐项讨论，"
    "提出午间值班实行双人轮换、走访由分管委员带队等意见，会议对各项任务明确了办理人和期限。"
)
AGAIN: Final = (
    "会议逐项听取上次议定事项的办理情况。走访慰问已经完成，值班安排正在征求意见，"
    "与会同志建议本月内先行试行，发现问题及时调整。"
)


def put_tasks(
    stage: Stage, committee: Organization, office: Person, populations: Sequence[Population]
) -> None:
    """Three branches decided something; the committee gave a task to all, which most have done."""
    for population in populations[:3]:
        _decide(stage, population)
    _look_again(stage, populations[0])
    _assign(stage, committee, office, populations)


def _decide(stage: Stage, population: Population) -> None:
    """A members' meeting twelve days ago, with three tasks."""
    template = _last_meeting(population)
    if template is None:
        return
    owners = [row for row in template.attendance if row.is_there][:3]
    day = stage.weekday_ago(12)
    decisions = tuple(
        Decision(
            text, _votes(template),
            task=TaskNote(
                owner.member, owner.name, weekday_from(day + timedelta(days=days)), proof
            ),
        )
        for (text, days, proof), owner in zip(DECIDED, owners, strict=False)
    )  # fmt: skip
    _file(
        stage, population, replace(template, decisions=decisions), day, hours=20,
        topic="研究近期重点工作", minutes=MINUTES,
    )  # fmt: skip


def _look_again(stage: Stage, population: Population) -> None:
    """The meeting of two days ago: one is done, one goes on, of one nothing was said."""
    template = _last_meeting(population)
    tasks = list(Task.objects.filter(organization=population.branch).order_by("decision"))
    if template is None or len(tasks) < 2:
        return
    said = (
        FollowUp(str(tasks[0].pk), tasks[0].title, FollowUpState.OPEN, "已征求意见，本月试行"),
        FollowUp(str(tasks[1].pk), tasks[1].title, FollowUpState.CLOSED, "两户均已走访"),
    )
    content = replace(template, decisions=(), follow_ups=said)
    _file(
        stage, population, content, stage.weekday_ago(2), hours=16,
        topic="听取议定事项办理情况", minutes=AGAIN,
    )  # fmt: skip


def _assign(
    stage: Stage, committee: Organization, office: Person, populations: Sequence[Population]
) -> None:
    """Given eighteen days ago, due nine days ago: all but two have closed it."""
    at = morning(stage.weekday_ago(18), 10)
    assignment = assign_task(
        organization=committee, title="开展节前廉洁提醒和安全隐患排查",
        text="各支部对照清单排查办公场所和值守岗位，发现的问题立行立改；不要求报送照片和台账。",
        proof="支部会议记录", due_on=stage.weekday_ago(9), meeting="机关党委会议",
        met_on=stage.weekday_ago(19), kinds=[Organization.Kind.BRANCH.value], chosen=(),
        by=office, at=at,
    )  # fmt: skip
    spread_assignment(key=assignment.pk, at=at)
    by_branch = {population.branch.pk: population for population in populations}
    tasks = Task.objects.filter(assignment=assignment).order_by("organization__path")
    for number, task in enumerate(tasks):
        population = by_branch.get(task.organization_id)
        if population is None or number in (4, 6):
            continue
        done = at + timedelta(days=3 + number % 7, hours=number)
        close_task(task=task, words="已排查，问题当场整改", by=population.secretary, at=done)
    slow = Task.objects.filter(assignment=assignment, state=Task.State.OPEN).first()
    if slow is not None and slow.organization_id in by_branch:
        secretary = by_branch[slow.organization_id].secretary
        report_task(
            task=slow, words="值守岗位分散，已完成七成，下周补齐", by=secretary,
            at=stage.now - timedelta(hours=12),
        )  # fmt: skip


def _last_meeting(population: Population) -> RecordContent | None:
    """What the branch's last filed members' meeting said: who is expected and where it meets."""
    rows = Record.objects.filter(
        branch=population.branch, state=Record.State.FILED,
        current__activities=Activity.MEMBERS_MEETING.value,
    ).select_related("current")  # fmt: skip
    record = rows.order_by("-current__sequence").first()
    return read_version(record.current).content if record and record.current else None


def _votes(content: RecordContent) -> int:
    return sum(1 for row in content.attendance if row.is_there and row.has_vote)


def _file(
    stage: Stage,
    population: Population,
    content: RecordContent,
    day: date,
    *,
    hours: int,
    topic: str,
    minutes: str,
) -> None:
    """Written and filed by the secretary so many hours ago."""
    by, at = population.secretary, stage.moment_ago(population.branch, hours)
    began = datetime.combine(day, time(14, 30))
    draft = replace(
        content, topic=topic, minutes=minutes, agenda="一、通报情况；二、讨论；三、议定事项",
        began_at=began, ended_at=began + timedelta(hours=1, minutes=20), lines=(), texts=(),
        themes=(), attachments=(), elements={},
    )  # fmt: skip
    record = start_record(branch=population.branch, by=by, at=at, draft=draft)
    file_record(
        record=record, revision=record.revision, submission=new_key(), by=by,
        at=at + timedelta(minutes=7),
    )  # fmt: skip
