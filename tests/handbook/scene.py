"""A branch with a norm and an adopted table, and records that can be filed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from tests.cast import Cast, make_cast

from zhibu.handbook.models import Record, RecordVersion
from zhibu.handbook.services import file_record, start_record
from zhibu.norms.services import choose_pack, load_pack
from zhibu.org.models import Organization
from zhibu.plans.models import Plan, PlanLine
from zhibu.plans.services import adopt_plan, draft_plan
from zhibu.rules.contents import Attendance, AttendanceStatus, Decision, RecordContent
from zhibu.rules.norm import Activity

ZONE = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 3, 20, 9, 30, tzinfo=ZONE)

PACK = """
[pack]
id = "small"
version = "1"
title = "试用规范"
in_force_from = 2010-01-01
summary = "测试用"
sources = ["测试"]

[labels]
B = "必做"
T = "推荐"
X = "自选"

[[requirement]]
code = "D1"
class = "B"
title = "支部党员大会"
activity = "members_meeting"
attendees = "members"
text = "测试条文。"
article = { text = "测试条例第一条", source = "S1", certainty = "K" }
cadence = { unit = "quarter" }
scope = { per = "branch" }
must = ["minutes"]

[[requirement]]
code = "D4"
class = "B"
title = "党课"
activity = "lesson"
attendees = "members"
text = "测试条文。"
article = { text = "测试条例第二条", source = "S1", certainty = "K" }
cadence = { unit = "month" }
scope = { per = "branch" }
"""


@dataclass
class Scene:
    """The cast, the branch's adopted table of 2026, and short ways to write and file."""

    cast: Cast
    plan: Plan

    @property
    def branch(self) -> Organization:
        return self.cast.branch

    def lines(self, activity: Activity) -> list[PlanLine]:
        return list(PlanLine.objects.filter(plan=self.plan, activity=activity).order_by("opens_on"))

    def content(self, **changes: Any) -> RecordContent:
        member = self.cast.members
        values: dict[str, Any] = {
            "activities": (Activity.MEMBERS_MEETING,),
            "topic": "讨论年度工作计划",
            "began_at": datetime(2026, 3, 12, 14, 30),
            "ended_at": datetime(2026, 3, 12, 16, 0),
            "place": "三楼会议室",
            "presider": str(member[0].id),
            "recorder": str(member[1].id),
            "agenda": "一、听取工作报告；二、讨论年度计划。",
            "minutes": "会议听取了支部委员会上年度工作报告，逐项讨论了年度工作计划，与会党员提出三条意见。" * 3,
            "attendance": tuple(
                Attendance(member=str(one.id), name=one.name, is_committee=number < 3)
                if number != 7
                else Attendance(
                    member=str(one.id), name=one.name, status=AttendanceStatus.LEAVE,
                    reason="出差",
                )
                for number, one in enumerate(member)
                if number != 8
            ),
            "decisions": (Decision("通过年度工作计划", for_=7),),
        }  # fmt: skip
        return RecordContent(**{**values, **changes})

    def start(self, content: RecordContent | None = None, **changes: Any) -> Record:
        return start_record(
            branch=self.branch, by=self.cast.secretary, at=AT,
            draft=content or self.content(**changes),
        )  # fmt: skip

    def file(
        self, content: RecordContent | None = None, *, at: datetime = AT, **changes: Any
    ) -> RecordVersion:
        record = self.start(content, **changes)
        return file_record(
            record=record, revision=record.revision, submission=uuid4(), by=self.cast.secretary,
            at=at,
        )  # fmt: skip


def make_scene() -> Scene:
    cast = make_cast()
    load_pack(text=PACK, by=None, at=AT)
    choose_pack(organization=cast.commission, pack="small", since=date(2015, 1, 1), by=None, at=AT)
    plan = draft_plan(branch=cast.branch, year=2026, by=cast.secretary, at=AT)
    plan = adopt_plan(plan=plan, revision=plan.revision, by=cast.secretary, at=AT)
    return Scene(cast, plan)
