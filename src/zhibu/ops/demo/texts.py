"""传达 of the demonstration: texts in different states, and how far each has got."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from zhibu.handbook.services import file_record, start_record
from zhibu.network.dissemination import services
from zhibu.network.dissemination.models import Receipt, Text
from zhibu.network.dissemination.services.receipts import Reaching, reach_members
from zhibu.ops.demo.population import Population, morning
from zhibu.ops.demo.stage import Stage, weekday_from
from zhibu.org.models import Member, MemberSpell, Organization
from zhibu.people.keys import new_key
from zhibu.people.models import Person
from zhibu.rules.contents import Attendance, AttendanceStatus, Carried, RecordContent
from zhibu.rules.norm import Activity
from zhibu.rules.reach import Mode, Readers

_STUDY: Final = """\
各党支部：
为推动党员干部学深悟透、学用结合，现就开展岗位练兵和政治理论学习作如下安排。
一、学习内容。党章、《中国共产党支部工作条例（试行）》，以及附件所列篇目。
二、学习方式。以集中学习为主、个人自学为辅；可以与主题党日合并进行，不另行增加会议。
三、工作要求。支部书记带头学、带头讲，每名党员都要学到；流动党员由党小组长联系，年老体弱的上门传达。学习情况记入工作手册，不另行报送材料。"""
_SAFETY: Final = """\
各党支部：
请在本周内组织一次办公场所和口岸现场的安全自查，重点检查用电、用火和危险化学品存放。能当场整改的当场整改，不能当场整改的写明责任人和时限。"""
_CITY: Final = """\
各机关党委、党总支、党支部：
市直机关工委决定在全市机关开展“走基层、解难题”活动。各单位党组织逐级传达，并结合本单位实际提出贯彻意见。"""
_OWN: Final = """\
全体党员：
本月主题党日定于月末最后一个周五下午，内容为“亮身份、践承诺”。请提前安排好工作，不能参加的向党小组长请假。"""
_WRONG: Final = "各党支部：\n现将党费收缴基数核定表发给你们，请核对后报机关党办。"


@dataclass(frozen=True, slots=True)
class _Senders:
    """Those who send texts down."""

    stage: Stage
    committee: Organization
    office: Person
    commission: Organization
    city: Person


def put_texts(
    stage: Stage, committee: Organization, office: Person, populations: Sequence[Population]
) -> None:
    """Five texts and a draft; what the worker would have done is done."""
    commission = committee.parent
    city = Person.objects.filter(username="gongwei").first()
    if commission is None or city is None:
        return
    senders = _Senders(stage, committee, office, commission, city)
    _study(senders, populations)
    _by_level(senders)
    _recalled(senders)
    _own(stage, populations[0])
    _today(senders)
    _draft(senders)
    while services.run_jobs(at=stage.now):
        pass
    while services.fold_reach():
        pass


def _issue(
    organization: Organization, by: Person, at: datetime, *, title: str, body: str, **more: Any
) -> Text:
    draft = services.TextDraft(title=title, body=body, organizations=(organization.pk,), **more)
    text = services.draft_text(organization=organization, draft=draft, by=by, at=at)
    at += timedelta(minutes=20)
    return services.issue_text(text=text, revision=text.revision, by=by, at=at)


def _study(senders: _Senders, populations: Sequence[Population]) -> None:
    """Nearly everywhere: one branch in a meeting, others by reading, two branches not yet."""
    stage = senders.stage
    day = stage.weekday_ago(9)
    text = _issue(
        senders.committee, senders.office, morning(day), title="关于开展岗位练兵和政治理论学习的通知",
        body=_STUDY, reach_by=stage.weekday_in(3),
    )  # fmt: skip
    _meet(stage, text, populations[0])
    for at, population in enumerate(populations[1:-2], start=1):
        members = _on_roster(population, day)
        # Of every other branch two have not got to it yet.
        readers = members[:-2] if at % 2 else members
        moments = (morning(day + timedelta(days=1 + n % 6), 8 + n % 9) for n in range(len(readers)))
        _read(text, population, zip(readers, moments, strict=False))
    retired = next((p for p in populations if p.seed.sketch.is_retired), None)
    if retired is not None:
        _visit(stage, text, retired)


def _on_roster(population: Population, day: date) -> list[Member]:
    """Those who belonged to the branch on that day and still do."""
    return list(
        Member.objects.filter(
            memberships__branch=population.branch, memberships__since__lte=day,
            memberships__until__isnull=True,
        ).order_by("joined_on", "id")
    )  # fmt: skip


def _read(text: Text, population: Population, rows: Iterable[tuple[Member, datetime]]) -> None:
    """As if each had said so on the page; most of the demonstration's people have no account."""
    reach_members(
        [
            Reaching(text.pk, member.pk, text.version, population.branch.path, Receipt.How.READ, at)
            for member, at in rows
        ]
    )


def _meet(stage: Stage, text: Text, population: Population) -> None:
    """A meeting passes the text on: those present are reached, two on leave stay open."""
    day = stage.weekday_ago(1)
    members = _on_roster(population, day)
    away = {member.pk for member in members[-2:]}
    infirm = set(
        MemberSpell.objects.filter(
            member__in=members, kind=MemberSpell.Kind.INFIRM, until__isnull=True
        ).values_list("member_id", flat=True)
    )
    content = RecordContent(
        activities=(Activity.STUDY,),
        topic="传达学习岗位练兵和政治理论学习的通知",
        began_at=datetime.combine(day, datetime.min.time()).replace(hour=14, minute=30),
        ended_at=datetime.combine(day, datetime.min.time()).replace(hour=16),
        place="三楼会议室",
        presider=str(members[0].pk),
        recorder=str(members[1].pk),
        agenda="一、传达机关党委通知；二、讨论本支部学习安排。",
        minutes="会议逐段传达了机关党委的通知。大家结合窗口服务和口岸查验谈了体会，提出把每周五下班前半小时"
        "作为集中学习时间，由宣传委员准备篇目。会议同意，并请党小组长联系当天请假的同志补学。",
        attendance=tuple(_attend(member, away, infirm) for member in members),
        elements={
            "study_content": "机关党委通知全文；《中国共产党支部工作条例（试行）》第三章。",
            "study_hours": "本次2学时，请假的同志由党小组长联系补学。",
            "follow_up": "宣传委员每周五准备篇目。",
        },
        texts=(Carried(str(text.pk), text.title),),
    )
    by, at = population.secretary, stage.now  # the chain of the branch goes on from its last record
    record = start_record(branch=population.branch, by=by, at=at, draft=content)
    file_record(record=record, revision=record.revision, submission=new_key(), by=by, at=at)


def _attend(member: Member, away: set[UUID], infirm: set[UUID]) -> Attendance:
    is_away = member.pk in away
    return Attendance(
        member=str(member.pk),
        name=member.name,
        status=AttendanceStatus.LEAVE if is_away else AttendanceStatus.PRESENT,
        reason="出差" if is_away else "",
        is_expected=member.pk not in infirm,
        has_vote=member.full_on is not None,
    )


def _visit(stage: Stage, text: Text, population: Population) -> None:
    """Somebody of the branch goes to see one who cannot come."""
    open_spell = MemberSpell.objects.filter(
        member__in=[member.pk for member in population.members],
        kind=MemberSpell.Kind.INFIRM, until__isnull=True,
    ).select_related("member").first()  # fmt: skip
    if open_spell is None:
        return
    member = open_spell.member
    visitor = next(m for m in _on_roster(population, stage.today) if m.pk != member.pk)
    Receipt.objects.filter(text=text, member=member).delete()
    services.record_visit(
        text=text, member=member, visitor=visitor, visited_on=stage.today - timedelta(days=4),
        by=population.secretary, at=stage.now - timedelta(days=3),
    )  # fmt: skip


def _by_level(senders: _Senders) -> None:
    """From the city down: the committee has sent it on, the general branch has not."""
    stage = senders.stage
    day = stage.weekday_ago(5)
    text = _issue(
        senders.commission, senders.city, morning(day, 10), title="关于开展“走基层、解难题”活动的通知",
        body=_CITY, mode=Mode.BY_LEVEL, reach_by=stage.weekday_in(9),
    )  # fmt: skip
    services.forward_text(
        text=text, organization=senders.committee, by=senders.office, at=morning(day, 16),
        words="请各支部与口岸一线服务结合起来，先解决企业反映集中的查验等候问题，不搞层层填表。",
    )  # fmt: skip


def _recalled(senders: _Senders) -> None:
    """Sent to the secretaries by mistake, and taken back."""
    at = morning(senders.stage.weekday_ago(16), 15)
    text = _issue(
        senders.committee, senders.office, at, title="关于核对党费收缴基数的通知", body=_WRONG,
        readers=Readers.SECRETARIES,
    )  # fmt: skip
    services.recall_text(
        text=text, reason="所附核定表为上年度数据，核对后另行下发。", by=senders.office,
        at=at + timedelta(hours=3),
    )  # fmt: skip


def _own(stage: Stage, population: Population) -> None:
    """A branch tells its members something, and changes it: those who had read it are asked again."""
    day = stage.weekday_ago(4)
    at = morning(day, 11)
    text = _issue(
        population.branch, population.secretary, at, title="关于本月主题党日安排的通知", body=_OWN
    )
    readers = _on_roster(population, day)[:8]
    _read(text, population, ((member, at + timedelta(hours=1)) for member in readers))
    changed_at = morning(weekday_from(day + timedelta(days=1)), 11)
    text = services.amend_text(
        text=text, revision=text.revision, title=text.title,
        body=_OWN.replace("最后一个周五下午", "最后一个周四上午"), note="与机关例会冲突，改期。",
        is_new_version=True, by=population.secretary, at=changed_at,
    )  # fmt: skip
    later = changed_at + timedelta(hours=2)
    _read(text, population, ((member, later) for member in readers[:5]))


def _today(senders: _Senders) -> None:
    """Sent this morning; hardly anybody has read it."""
    stage = senders.stage
    at = min(morning(stage.today), stage.now - timedelta(hours=1))
    _issue(
        senders.committee, senders.office, at, title="关于开展安全自查的通知",
        body=_SAFETY, reach_by=stage.weekday_in(5),
    )  # fmt: skip


def _draft(senders: _Senders) -> None:
    draft = services.TextDraft(
        title="关于做好年度述职准备工作的通知",
        body="各党支部：\n请于月底前准备好……",
        organizations=(senders.committee.pk,),
        readers=Readers.SECRETARIES,
    )
    services.draft_text(
        organization=senders.committee, draft=draft, by=senders.office,
        at=senders.stage.now - timedelta(hours=20),
    )  # fmt: skip
