"""Verbs of the tree and of its people. Each is one transaction and one line in the ledger."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Greatest

from zhibu.ledger.services import note
from zhibu.org import places
from zhibu.org.models import (
    Grant,
    Member,
    Membership,
    MemberSpell,
    Organization,
    Post,
    Term,
)
from zhibu.people.models import Person
from zhibu.people.roles import EXCLUSIVE, Role
from zhibu.rules.standing import SOON_DAYS


class Refused(Exception):
    """What was asked for is against a rule; the message says which, in Chinese."""


LONGEST_SHORT = Organization._meta.get_field("short_name").max_length or 0

# A party group hangs under a branch and a branch has nothing but groups below it.
_MAY_HOLD = {
    Organization.Kind.COMMISSION: {
        Organization.Kind.COMMISSION,
        Organization.Kind.COMMITTEE,
        Organization.Kind.GENERAL_BRANCH,
        Organization.Kind.BRANCH,
    },
    Organization.Kind.COMMITTEE: {
        Organization.Kind.COMMITTEE,
        Organization.Kind.GENERAL_BRANCH,
        Organization.Kind.BRANCH,
    },
    Organization.Kind.GENERAL_BRANCH: {Organization.Kind.BRANCH},
    Organization.Kind.BRANCH: {Organization.Kind.GROUP},
    Organization.Kind.GROUP: set(),
}


def may_hold(parent: Organization) -> set[Organization.Kind]:
    """Which kinds of organisation may be founded below this one."""
    return _MAY_HOLD[Organization.Kind(parent.kind)]


def holders_of(kind: str) -> list[Organization.Kind]:
    """Below which kinds of organisation this kind may hang."""
    return [parent for parent, held in _MAY_HOLD.items() if kind in held]


@transaction.atomic
def found_organization(
    *,
    name: str,
    kind: str,
    parent: Organization | None,
    founded_on: date,
    by: Person | None,
    at: datetime,
    short_name: str = "",
    field: str = Organization.Field.ORGAN,
    is_pilot: bool = False,
    theme_day: str = "",
    in_use_since: date | None = None,
) -> Organization:
    """A new organisation as the last child of its parent. Raises Refused for an impossible place.

    Without a day of its own it uses the system since the day on which its parent began to.
    """
    if parent is not None:
        # Two who found at once would take the same place: the parent's row is the queue.
        parent = Organization.objects.select_for_update().get(pk=parent.pk)
        if parent.dissolved_on is not None:
            raise Refused(f"“{parent.name}”已经撤销，不能再设立下级组织。")
        if Organization.Kind(kind) not in may_hold(parent):
            raise Refused(f"{parent.get_kind_display()}下不能设立{Organization.Kind(kind).label}。")
        if founded_on < parent.founded_on:
            raise Refused("成立日期不能早于上级组织的成立日期。")
        in_use_since = in_use_since or parent.in_use_since
    organization = Organization.objects.create(
        name=name,
        short_name=short_name or name[:LONGEST_SHORT],
        kind=kind,
        field=field,
        parent=parent,
        path=places.next_path(parent),
        founded_on=founded_on,
        is_pilot=is_pilot,
        theme_day=theme_day,
        in_use_since=in_use_since,
        soon_days=parent.soon_days if parent else SOON_DAYS,
        class_labels=parent.class_labels if parent else {},
    )
    places.open_place(organization, since=founded_on)
    note(
        by=by, verb="found", organization_id=organization.pk, subject=organization, at=at,
        detail={"name": name, "kind": kind},
    )  # fmt: skip
    return organization


@transaction.atomic
def edit_organization(
    *, organization: Organization, by: Person | None, at: datetime, **changes: Any
) -> Organization:
    """Changes names, pilot mark, field or the fixed theme day; the ledger keeps what it was."""
    allowed = {"name", "short_name", "field", "is_pilot", "theme_day"}
    if unknown := set(changes) - allowed:
        raise TypeError(f"not editable: {sorted(unknown)}")
    # What is at hand may be older than a new name that somebody has just given.
    organization = Organization.objects.select_for_update().get(pk=organization.pk)
    before = {key: getattr(organization, key) for key in changes}
    for key, value in changes.items():
        setattr(organization, key, value)
    organization.save(update_fields=list(changes))
    if changes.keys() & {"name", "short_name"}:
        places.correct_place(organization)
    note(
        by=by, verb="edit", organization_id=organization.pk, subject=organization, at=at,
        detail={"before": before, "after": changes},
    )  # fmt: skip
    return organization


@transaction.atomic
def dissolve_organization(
    *, organization: Organization, dissolved_on: date, by: Person | None, at: datetime
) -> Organization:
    """Ends an organisation. Refused while members still belong to it or children still stand."""
    # Who founds below it or seats somebody in it at the same time holds the same row.
    organization = Organization.objects.select_for_update().get(pk=organization.pk)
    if organization.dissolved_on is not None:
        raise Refused(f"“{organization.name}”已经撤销。")
    if organization.children.filter(dissolved_on__isnull=True).exists():
        raise Refused("还有未撤销的下级组织，请先处理下级组织。")
    members = Membership.objects.filter(until__isnull=True)
    if members.filter(branch=organization).exists() or members.filter(group=organization).exists():
        raise Refused("还有党员在册，请先转出全部党员。")
    if dissolved_on < organization.founded_on:
        raise Refused("撤销日期不能早于成立日期。")
    organization.dissolved_on = dissolved_on
    organization.save(update_fields=["dissolved_on"])
    places.close_place(organization, until=dissolved_on)
    note(
        by=by, verb="dissolve", organization_id=organization.pk, subject=organization, at=at,
        detail={"dissolved_on": dissolved_on.isoformat()},
    )  # fmt: skip
    return organization


@transaction.atomic
def set_term(
    *,
    organization: Organization,
    number: int,
    began_on: date,
    ends_on: date,
    by: Person | None,
    at: datetime,
) -> Term:
    """One term of office, with the day on which it runs out."""
    term, _ = Term.objects.update_or_create(
        organization=organization,
        number=number,
        defaults={"began_on": began_on, "ends_on": ends_on},
    )
    note(
        by=by, verb="set_term", organization_id=organization.pk, subject=term, at=at,
        detail={"number": number, "ends_on": ends_on.isoformat()},
    )  # fmt: skip
    return term


@transaction.atomic
def admit_member(
    *,
    name: str,
    branch: Organization,
    joined_on: date,
    since: date,
    by: Person | None,
    at: datetime,
    group: Organization | None = None,
    **details: Any,
) -> Member:
    """A member comes onto the roster of a branch (new, or transferred from outside the system)."""
    _check_seat(branch, group)
    member = Member.objects.create(name=name, joined_on=joined_on, **details)
    Membership.objects.create(member=member, branch=branch, group=group, since=since)
    note(by=by, verb="admit", organization_id=branch.pk, subject=member, at=at)
    return member


@transaction.atomic
def edit_member(
    *, member: Member, branch: Organization, by: Person | None, at: datetime, **changes: Any
) -> Member:
    """Changes what is kept about a member; the ledger names the fields, not the values."""
    allowed = {"name", "sex", "born_on", "joined_on", "full_on", "is_leader", "own"}
    if unknown := set(changes) - allowed:
        raise TypeError(f"not editable: {sorted(unknown)}")
    for key, value in changes.items():
        setattr(member, key, value)
    member.save(update_fields=list(changes))
    note(
        by=by, verb="edit_member", organization_id=branch.pk, subject=member, at=at,
        detail={"fields": sorted(changes)},
    )  # fmt: skip
    return member


@transaction.atomic
def transfer_member(
    *,
    member: Member,
    branch: Organization,
    on: date,
    by: Person | None,
    at: datetime,
    group: Organization | None = None,
) -> Membership:
    """Moves a member to a branch or to another group of it; what was stays as it was.

    The posts that the member held in the branch left end the day before. Raises Refused.
    """
    _check_seat(branch, group)
    held = (
        Membership.objects.select_for_update(of=("self",))
        .select_related("branch")
        .filter(member=member, until__isnull=True)
        .first()
    )
    if held is None:
        raise Refused("该党员的组织关系刚刚有变动，请刷新后重试。")
    if on <= held.since:
        raise Refused("转接日期须晚于转入现所在支部（小组）的日期。")
    before = date.fromordinal(on.toordinal() - 1)
    held.until = before
    held.save(update_fields=["until"])
    if held.branch_id != branch.pk:
        Post.objects.filter(
            member=member, until__isnull=True, organization__path__startswith=held.branch.path
        ).update(until=Greatest(F("since"), Value(before)))  # none ends before it began
    moved = Membership.objects.create(member=member, branch=branch, group=group, since=on)
    note(
        by=by, verb="transfer", organization_id=branch.pk, subject=member, at=at,
        detail={"from": str(held.branch_id), "to": str(branch.pk), "on": on.isoformat()},
    )  # fmt: skip
    return moved


@transaction.atomic
def begin_spell(
    *,
    member: Member,
    branch: Organization,
    kind: str,
    since: date,
    by: Person | None,
    at: datetime,
    until: date | None = None,
) -> MemberSpell:
    """From this day something special holds for the member: away, infirm, or without a vote.

    Raises Refused where it is entered already: ending one of two would leave the other.
    """
    Member.objects.select_for_update().get(pk=member.pk)  # the same form sent twice queues here
    same = MemberSpell.objects.filter(member=member, kind=kind)
    same = same.filter(Q(until__isnull=True) | Q(until__gte=since))
    if until is not None:
        same = same.filter(since__lte=until)
    if same.exists():
        raise Refused(f"这段时间已经登记为“{MemberSpell.Kind(kind).label}”，不必重复登记。")
    spell = MemberSpell.objects.create(member=member, kind=kind, since=since, until=until)
    note(
        by=by, verb="begin_spell", organization_id=branch.pk, subject=member, at=at,
        detail={"kind": kind},
    )  # fmt: skip
    return spell


@transaction.atomic
def end_spell(
    *, spell: MemberSpell, branch: Organization, until: date, by: Person | None, at: datetime
) -> MemberSpell:
    """The special time ends with this day."""
    if until < spell.since:
        raise Refused("结束日期不能早于开始日期。")
    spell.until = until
    spell.save(update_fields=["until"])
    note(by=by, verb="end_spell", organization_id=branch.pk, subject=spell.member, at=at)
    return spell


@transaction.atomic
def appoint(
    *,
    member: Member,
    organization: Organization,
    office: str,
    since: date,
    by: Person | None,
    at: datetime,
) -> Post:
    """Appoints to an office. The secretary in office steps down the day before. Raises Refused."""
    # Two who appoint at once queue here, so that each sees whom the other appointed.
    held = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    if held.dissolved_on is not None:
        raise Refused(f"“{held.name}”已经撤销，不能再登记任职。")
    in_office = Post.objects.filter(organization=held, office=office, until__isnull=True)
    if in_office.filter(member=member).exists():
        raise Refused(f"{member.name}已任{Post.Office(office).label}，不必重复登记。")
    if office == Post.Office.SECRETARY:
        for sitting in in_office.select_for_update():
            if sitting.since >= since:
                raise Refused("任职日期须晚于现任书记的任职日期。")
            sitting.until = date.fromordinal(since.toordinal() - 1)
            sitting.save(update_fields=["until"])
    post = Post.objects.create(member=member, organization=organization, office=office, since=since)
    note(
        by=by, verb="appoint", organization_id=organization.pk, subject=post, at=at,
        detail={"office": office, "member": str(member.pk)},
    )  # fmt: skip
    return post


@transaction.atomic
def relieve(*, post: Post, until: date, by: Person | None, at: datetime) -> Post:
    """Ends an office with this day."""
    if until < post.since:
        raise Refused("免职日期不能早于任职日期。")
    post.until = until
    post.save(update_fields=["until"])
    note(
        by=by, verb="relieve", organization_id=post.organization_id, subject=post, at=at,
        detail={"until": until.isoformat()},
    )  # fmt: skip
    return post


@transaction.atomic
def open_account(
    *,
    username: str,
    name: str,
    by: Person | None,
    at: datetime,
    password: str | None = None,
    must_set_password: bool = True,
    member: Member | None = None,
    is_demonstration: bool = False,
) -> Person:
    """A new account, tied to a member of the roster where there is one.

    Without a password nobody can sign in with it until an invitation is used
    (`zhibu.org.accounts.invite_person`); a password that is given must be changed at once, unless
    said otherwise. Raises Refused for a user name that is taken.
    """
    person = Person(username=username, name=name, is_demonstration=is_demonstration)
    person.set_password(password)
    person.must_set_password = bool(password) and must_set_password
    try:
        with transaction.atomic():
            person.save(force_insert=True)
    except IntegrityError:
        raise Refused(f"用户名“{username}”已被使用，请换一个。") from None
    if member is not None:
        member.person = person
        member.save(update_fields=["person"])
    note(by=by, verb="open_account", organization_id=None, subject=person, at=at)
    return person


@transaction.atomic
def grant_role(
    *,
    person: Person,
    role: Role,
    organization: Organization,
    since: datetime,
    by: Person | None,
    at: datetime,
    with_below: bool = False,
    until: datetime | None = None,
) -> Grant:
    """Gives a role, for good or up to a moment (a deputy's).

    Raises Refused for a role that the person holds here already, for oneself, and for a second of
    system, security and audit administration in one hand at any one time.
    """
    # Two who grant at once queue here, so that each sees what the other gave.
    Person.objects.select_for_update().get(pk=person.pk)
    if by is not None and by.pk == person.pk:
        raise Refused("不能给自己授权，请由另一位安全管理员办理。")
    if until is not None and until <= since:
        raise Refused("结束时间须晚于开始时间。")
    meanwhile = Grant.objects.filter(person=person).filter(Q(until=None) | Q(until__gt=since))
    if until is not None:
        meanwhile = meanwhile.filter(since__lt=until)
    if meanwhile.filter(role=role, organization=organization).exists():
        raise Refused("该账号在本组织已有这一角色。")
    if role in EXCLUSIVE and meanwhile.filter(role__in=EXCLUSIVE - {role}).exists():
        raise Refused("系统、安全、审计三类管理员须由不同的人担任。")
    grant = Grant.objects.create(
        person=person,
        role=role,
        organization=organization,
        with_below=with_below,
        since=since,
        until=until,
    )
    note(
        by=by, verb="grant", organization_id=organization.pk, subject=person, at=at,
        detail={"role": role, "with_below": with_below, "until": until and until.isoformat()},
    )  # fmt: skip
    return grant


@transaction.atomic
def revoke_role(*, grant: Grant, until: datetime, by: Person | None, at: datetime) -> Grant:
    """Ends a grant at this moment."""
    ends = max(until, grant.since)
    grant.until = min(ends, grant.until) if grant.until else ends
    grant.save(update_fields=["until"])
    note(
        by=by, verb="revoke", organization_id=grant.organization_id, subject=grant.person, at=at,
        detail={"role": grant.role},
    )  # fmt: skip
    return grant


def _check_seat(branch: Organization, group: Organization | None) -> None:
    """Refuse a seat that is none, and hold the branch: it cannot be dissolved meanwhile."""
    branch = Organization.objects.select_for_update(no_key=True).get(pk=branch.pk)
    if branch.kind != Organization.Kind.BRANCH:
        raise Refused("党员只能编入党支部。")
    if group is not None and group.parent_id != branch.pk:
        raise Refused("党小组不属于该支部。")
    for seat in (branch, group):
        if seat is not None and seat.dissolved_on is not None:
            raise Refused(f"“{seat.name}”已经撤销，不能再编入党员。")
