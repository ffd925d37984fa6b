"""Notices of the demonstration: what the last working day's round told, and how to be told outside."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from django.urls import reverse
from django.utils import timezone

from zhibu.network.notices.channels import add_robot, change_channel
from zhibu.network.notices.models import Channel, Kind, Notice
from zhibu.network.notices.services import tell
from zhibu.network.reminders.services import remind_due
from zhibu.ops.demo.population import Population
from zhibu.ops.demo.stage import Stage
from zhibu.org.models import Organization
from zhibu.people.models import Person
from zhibu.plans.facts import work_calendar

ROUND_HOUR = 9


def put_notices(
    stage: Stage, committee: Organization, office: Person, populations: Sequence[Population]
) -> None:
    """The round of reminders, a hint to a few, and a robot of the office that is switched off."""
    _go_round(stage)
    first = populations[0]
    for organization, people in (
        (first.branch, [first.secretary.pk]),
        (committee, [office.pk]),
    ):
        tell(
            people=people,
            kind=Kind.SYSTEM,
            title="通知可以发到邮箱、企业微信、钉钉或飞书，并可设置免打扰时间和每日汇总",
            address=reverse("notice-settings"),
            organization_id=organization.pk,
            subject="",
            once="demo:channels",
            verb=None,
            at=stage.now - timedelta(days=3),
        )
    Notice.objects.filter(once="demo:channels", person=office).update(read_at=stage.now)
    robot = add_robot(
        tool=Channel.Tool.WECOM,
        address="https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=00000000-0000-0000-0000-000000000000",
        organization=committee,
        by=office,
        at=stage.now,
    )
    change_channel(
        channel=robot, is_on=False, kinds=["text"], label="机关党务工作群", by=office, at=stage.now
    )


def _go_round(stage: Stage) -> None:
    """Nothing of it leaves by mail or robots: nobody has any."""
    local = timezone.localtime(stage.now)
    day = local.date() if local.hour >= ROUND_HOUR else local.date() - timedelta(days=1)
    day = work_calendar().previous_working(day)
    at = timezone.make_aware(datetime.combine(day, time(ROUND_HOUR)))
    while remind_due(at=at):
        pass
