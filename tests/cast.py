"""The cast of people that page tests ask with: one with the right, some with less, strangers.

工委 ─┬─ 市局党委 ─┬─ 第一支部 ─┬─ 一组      secretary, deputy (committee member), leader of 一组, member
      │            │            └─ 二组
      │            └─ 第二支部               neighbour (its secretary)
      └─ 邻局党委 ─── 邻局支部               stranger (its secretary), far office
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.test import Client

from zhibu.org.models import Member, Organization, Post
from zhibu.org.services import (
    admit_member,
    appoint,
    found_organization,
    grant_role,
    open_account,
    set_term,
)
from zhibu.people.models import Person
from zhibu.people.roles import Role

FOUNDED = date(2015, 1, 1)
AT = datetime(2015, 1, 1, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
PASSWORD = "test-only-Passw0rd"


@dataclass(frozen=True, slots=True)
class Cast:
    """Organisations and the people on them."""

    commission: Organization
    committee: Organization
    branch: Organization
    group: Organization
    other_group: Organization
    other_branch: Organization
    far_committee: Organization
    far_branch: Organization
    members: tuple[Member, ...]

    secretary: Person
    deputy: Person
    group_leader: Person
    member: Person
    office: Person
    leader: Person
    keeper: Person
    neighbour: Person
    stranger: Person
    far_office: Person
    system_admin: Person
    security_admin: Person
    audit_admin: Person
    nobody: Person  # an account without any role

    def people(self) -> dict[str, Person]:
        """Everybody, by the name of their part."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, Person)}


def _found(name: str, kind: str, parent: Organization | None, **more: object) -> Organization:
    return found_organization(
        name=name, short_name=name, kind=kind, parent=parent, founded_on=FOUNDED, by=None, at=AT, **more
    )  # type: ignore[arg-type]  # fmt: skip


def _account(
    username: str, name: str, role: Role | None, on: Organization, *, below: bool = False
) -> Person:
    person = open_account(
        username=username, name=name, password=PASSWORD, must_set_password=False, by=None, at=AT
    )
    if role is not None:
        grant_role(
            person=person, role=role, organization=on, with_below=below, since=AT, by=None, at=AT
        )
    return person


def make_cast() -> Cast:
    """Founds the organisations, admits nine members, opens the accounts."""
    kinds = Organization.Kind
    commission = _found("市直机关工委", kinds.COMMISSION, None)
    committee = _found("市局直属机关党委", kinds.COMMITTEE, commission)
    branch = _found("第一党支部", kinds.BRANCH, committee, theme_day="day:15")
    group = _found("第一党小组", kinds.GROUP, branch)
    other_group = _found("第二党小组", kinds.GROUP, branch)
    other_branch = _found("第二党支部", kinds.BRANCH, committee)
    far_committee = _found("邻局直属机关党委", kinds.COMMITTEE, commission)
    far_branch = _found("邻局党支部", kinds.BRANCH, far_committee)
    names = (
        "甲一明",
        "乙二芳",
        "丙三强",
        "丁四娟",
        "戊五伟",
        "己六敏",
        "庚七勇",
        "辛八静",
        "壬九洋",
    )
    members = tuple(
        admit_member(
            name=name, branch=branch, group=group if number % 2 else other_group,
            joined_on=date(2005, 7, 1), full_on=date(2006, 7, 1) if number != 8 else None,
            since=FOUNDED, by=None, at=AT,
        )
        for number, name in enumerate(names)
    )  # fmt: skip
    offices = (Post.Office.SECRETARY, Post.Office.ORGANIZATION, Post.Office.PUBLICITY)
    for member, office in zip(members, offices, strict=False):
        appoint(member=member, organization=branch, office=office, since=FOUNDED, by=None, at=AT)
    set_term(
        organization=branch, number=5, began_on=date(2024, 5, 10), ends_on=date(2027, 5, 9),
        by=None, at=AT,
    )  # fmt: skip
    for number in range(3):
        for elsewhere in (other_branch, far_branch):
            admit_member(
                name=f"{elsewhere.name[:2]}党员{number}", branch=elsewhere, joined_on=date(2010, 7, 1),
                full_on=date(2011, 7, 1), since=FOUNDED, by=None, at=AT,
            )  # fmt: skip
    cast = Cast(
        commission=commission,
        committee=committee,
        branch=branch,
        group=group,
        other_group=other_group,
        other_branch=other_branch,
        far_committee=far_committee,
        far_branch=far_branch,
        members=members,
        secretary=_account("secretary", "甲一明", Role.SECRETARY, branch),
        deputy=_account("deputy", "乙二芳", Role.COMMITTEE_MEMBER, branch),
        group_leader=_account("group-leader", "丁四娟", Role.GROUP_LEADER, group),
        member=_account("member", "戊五伟", Role.MEMBER, branch),
        office=_account("office", "办公室", Role.OFFICE, committee, below=True),
        leader=_account("leader", "党委书记", Role.LEADER, committee, below=True),
        keeper=_account("keeper", "工委", Role.NORM_KEEPER, commission, below=True),
        neighbour=_account("neighbour", "邻支部书记", Role.SECRETARY, other_branch),
        stranger=_account("stranger", "外单位书记", Role.SECRETARY, far_branch),
        far_office=_account("far-office", "外单位党办", Role.OFFICE, far_committee, below=True),
        system_admin=_account("system", "系统", Role.SYSTEM_ADMIN, commission, below=True),
        security_admin=_account("security", "安全", Role.SECURITY_ADMIN, commission, below=True),
        audit_admin=_account("audit", "审计", Role.AUDIT_ADMIN, commission, below=True),
        nobody=_account("nobody", "无角色", None, commission),
    )
    for member, person in ((members[0], cast.secretary), (members[1], cast.deputy)):
        member.person = person
        member.save(update_fields=["person"])
    return cast


def client_of(person: Person) -> Client:
    """A browser in which this person is signed in."""
    client = Client()
    client.force_login(person)
    return client
