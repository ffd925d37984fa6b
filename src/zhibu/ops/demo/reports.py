"""Monthly reports of the demonstration: the one before last received, last month's issued, a draft."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from uuid import UUID

from django.utils import timezone

from zhibu.network.reports.services import issue_report, receive_report, write_words
from zhibu.ops.demo.stage import Stage
from zhibu.org.models import Grant, Organization
from zhibu.people.models import Person
from zhibu.people.roles import Role
from zhibu.rules.periods import first_of, month_index
from zhibu.rules.reporting_values import Part

ISSUE_DAY, ISSUE_HOUR = 3, 10
_WORDS = {
    Part.STANDING_OUT.value: (
        "机场办事处卫生监管处党支部把主题党日与航班保障岗位练兵结合，倒班党员分两批参加，没有缺席。"
    ),
    Part.PROPOSALS.value: "建议把党费收缴的公布与季度党员大会合并办理，减少一次通知。",
}
_DRAFT = {Part.STANDING_OUT.value: "政工处党支部试行“一事一议”联系卡，正在收集使用情况。"}


def put_reports(stage: Stage, committee: Organization, office: Person) -> None:
    """Two months of the committee, one of the neighbour, and what is added to this month so far."""
    this = month_index(stage.today)
    above = _office_of(committee.parent_id)
    for index in (this - 2, this - 1):
        first = first_of(index)
        at = _moment(stage, index)
        words = _WORDS if index == this - 1 else {}
        revision = 0
        if words:
            write_words(
                organization=committee, year=first.year, month=first.month, revision=0,
                words=words, by=office, at=at,
            )  # fmt: skip
            revision = 1
        issued = issue_report(
            organization=committee, year=first.year, month=first.month, revision=revision,
            version=0, by=office, at=at,
        )  # fmt: skip
        if index == this - 2 and above is not None:
            receive_report(version=issued, by=above, at=at + timedelta(hours=26))
    last = first_of(this - 1)
    for neighbour in _beside(committee):
        by = _office_of(neighbour.pk)
        if by is not None:
            issue_report(
                organization=neighbour, year=last.year, month=last.month, revision=0, version=0,
                by=by, at=_moment(stage, this - 1),
            )  # fmt: skip
    write_words(
        organization=committee, year=stage.today.year, month=stage.today.month, revision=0,
        words=_DRAFT, by=office, at=stage.now,
    )  # fmt: skip


def _moment(stage: Stage, index: int) -> datetime:
    """In the morning of one of the first days of the next month, if that has come."""
    day = first_of(index + 1).replace(day=ISSUE_DAY)
    wanted = timezone.make_aware(datetime.combine(day, time(ISSUE_HOUR)))
    return min(wanted, stage.now)


def _beside(committee: Organization) -> list[Organization]:
    beside = Organization.objects.filter(parent=committee.parent_id, kind=committee.kind)
    return list(beside.exclude(pk=committee.pk).order_by("path"))


def _office_of(organization: UUID | None) -> Person | None:
    grant = (
        Grant.objects.filter(organization=organization, role=Role.OFFICE, until=None)
        .select_related("person")
        .first()
    )
    return None if grant is None else grant.person
