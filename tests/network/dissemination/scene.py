"""A committee with two branches and a far one, everybody with an account, and short ways to send."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.cast import Cast, make_cast
from tests.handbook.scene import PACK, Scene

from zhibu.network.dissemination.models import Text, TextJob
from zhibu.network.dissemination.services import (
    TextDraft,
    acknowledge,
    draft_text,
    fold_reach,
    issue_text,
    run_jobs,
)
from zhibu.norms.services import choose_pack, load_pack
from zhibu.org.models import Member, Organization
from zhibu.org.reach import Reach, reach_of
from zhibu.org.services import open_account
from zhibu.people.models import Person
from zhibu.plans.services import adopt_plan, draft_plan

ZONE = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 3, 10, 9, 0, tzinfo=ZONE)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass
class Town:
    """The cast of all tests, and what is done to texts in it."""

    cast: Cast

    def members(self, branch: Organization) -> list[Member]:
        return list(Member.objects.filter(memberships__branch=branch).order_by("pk").distinct())

    def account(self, member: Member) -> Person:
        member.refresh_from_db()
        if member.person is None:
            name = f"m-{member.pk.hex[-12:]}"
            open_account(
                username=name, name=member.name, password=None, member=member, by=None, at=AT
            )
        assert member.person is not None
        return member.person

    def draft(self, organization: Organization | None = None, **changes: Any) -> Text:
        issuer = organization or self.cast.commission
        audience = changes.pop("audience", (issuer,))
        draft = TextDraft(
            **{
                "title": "关于开展集中学习的通知",
                "body": "请各党支部组织学习。\n三月底前完成。",
                "organizations": tuple(one.pk for one in audience),
                **changes,
            }
        )
        return draft_text(organization=issuer, draft=draft, by=self.cast.office, at=AT)

    def issue(
        self, organization: Organization | None = None, *, at: datetime = AT, **changes: Any
    ) -> Text:
        text = self.draft(organization, **changes)
        return issue_text(text=text, revision=text.revision, by=self.cast.office, at=at)

    def read(self, text: Text, member: Member, *, at: datetime = AT + HOUR) -> bool:
        return acknowledge(text=text, version=text.version, by=self.account(member), at=at)

    def reach(self, person: Person) -> Reach:
        return reach_of(person, AT)


def work(at: datetime = AT + HOUR) -> None:
    """All that a worker has to do."""
    while run_jobs(at):
        pass
    while fold_reach():
        pass
    assert not TextJob.objects.filter(finished_at=None).exists()


def make_town() -> Town:
    return Town(make_cast())


def make_meeting_scene() -> Scene:
    """The cast with a norm, so that records can be filed."""
    cast = make_cast()
    load_pack(text=PACK, by=None, at=AT)
    choose_pack(organization=cast.commission, pack="small", since=date(2015, 1, 1), by=None, at=AT)
    plan = draft_plan(branch=cast.branch, year=2026, by=cast.secretary, at=AT)
    plan = adopt_plan(plan=plan, revision=plan.revision, by=cast.secretary, at=AT)
    return Scene(cast, plan)
