"""Changes of the tree: rename, move, merge, split, dissolve, each with all that follows from it.

Each is one transaction. What was stays as it was: records, tables and books keep their branch, and
a line counts for the levels that stood above the branch on its due day.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from zhibu.handbook.models import Record
from zhibu.ledger.services import note
from zhibu.network.tree.endings import Ending, tell_ended
from zhibu.network.tree.outcomes import DutyWatch, Outcome, SightWatch
from zhibu.org import paths, tree
from zhibu.org import services as org
from zhibu.org.models import Grant, Member, Membership, Organization, Post
from zhibu.org.services import Refused
from zhibu.people.models import Person
from zhibu.plans.services import lapse_lines, move_tallies


@transaction.atomic
def rename(
    *, organization: Organization, name: str, short_name: str, on: date, by: Person, at: datetime
) -> Outcome:
    """A new name from this day. Raises Refused."""
    renamed = tree.rename_organization(
        organization=organization, name=name, short_name=short_name, on=on, by=by, at=at
    )
    return Outcome(renamed)


@transaction.atomic
def move(
    *, organization: Organization, parent: Organization, on: date, by: Person, at: datetime
) -> Outcome:
    """Hangs an organisation, with all below it, under another superior from this day.

    Lines due from that day on count there; who sees what changes at once. Raises Refused.
    """
    branches = Organization.objects.under(organization.path).branches().standing_on(on)
    duties = DutyWatch(branches.order_by("path"), on)
    sight = SightWatch(organization.path, at)
    left = organization.parent
    moved = tree.move_organization(organization=organization, parent=parent, on=on, by=by, at=at)
    above = paths.parent(moved.path)
    recounted = move_tallies(moved.path, old=left.path if left else "", new=above, on=on)
    gains, loses = sight.compare(moved.path)
    return Outcome(
        moved,
        moved=(moved.name,),
        recounted=recounted,
        duties=duties.compare(),
        unread_branches=duties.unread,
        gains=gains,
        loses=loses,
    )


@transaction.atomic
def merge(
    *, source: Organization, target: Organization, on: date, by: Person, at: datetime
) -> Outcome:
    """The source goes into the target: members, or organisations below, come over on this day.

    The source ends the day before. Its tables, records and book stay its own. Raises Refused.
    """
    if source.pk == target.pk:
        raise Refused("请选择另一个组织。")
    if source.kind != target.kind or source.kind == Organization.Kind.GROUP:
        raise Refused("只能与同类型的组织合并。")
    if target.dissolved_on is not None:
        raise Refused(f"“{target.name}”已经撤销。")
    if source.kind == Organization.Kind.BRANCH:
        done = _merge_branch(source, target, on, by, at)
    else:
        done = _merge_above(source, target, on, by, at)
    note(
        by=by, verb="merge", organization_id=target.pk, subject=target, at=at,
        detail={"source": str(source.pk), "name": source.name, "on": on.isoformat()},
    )  # fmt: skip
    return done


@transaction.atomic
def split(
    *,
    organization: Organization,
    name: str,
    short_name: str,
    on: date,
    members: Collection[UUID],
    children: Collection[UUID],
    by: Person,
    at: datetime,
) -> Outcome:
    """A new organisation beside this one, founded on this day, with some of what belongs to it.

    Of a branch, these members go over; of a higher level, these organisations. Raises Refused.
    """
    if organization.parent is None or organization.kind == Organization.Kind.GROUP:
        raise Refused("最上级组织和党小组不能分设。")
    is_branch = organization.kind == Organization.Kind.BRANCH
    if is_branch and not members:
        raise Refused("请选择转入新支部的党员。")
    if not is_branch and not children:
        raise Refused("请选择划入新组织的下级组织。")
    duties = DutyWatch([organization] if is_branch else [], on)
    made = org.found_organization(
        name=name, short_name=short_name, kind=organization.kind, parent=organization.parent,
        founded_on=on, field=organization.field, by=by, at=at,
    )  # fmt: skip
    transferred, posts = _transfer(organization, made, on, by, at, set(members))
    moved = _move_children(organization, made, on, by, at, set(children))
    note(
        by=by, verb="split", organization_id=organization.pk, subject=organization, at=at,
        detail={"made": str(made.pk), "name": name, "on": on.isoformat()},
    )  # fmt: skip
    return Outcome(
        made,
        transferred=transferred,
        ended_posts=posts,
        moved=tuple(each.result.name for each in moved),
        recounted=sum(each.recounted for each in moved),
        duties=duties.compare(*([made] if is_branch else [])),
    )


@transaction.atomic
def dissolve(*, organization: Organization, last_day: date, by: Person, at: datetime) -> Outcome:
    """Ends an organisation with this day. Raises Refused while members or organisations are left."""
    return _end(organization, last_day, by, at, reason="组织撤销")


def _merge_branch(
    source: Organization, target: Organization, on: date, by: Person, at: datetime
) -> Outcome:
    duties = DutyWatch([source, target], on)
    transferred, posts = _transfer(source, target, on, by, at, None)
    ended = _end(
        source, on - timedelta(days=1), by, at, reason=f"并入{target.short_name}", heir=target
    )
    return Outcome(
        target,
        transferred=transferred,
        ended_organizations=ended.ended_organizations,
        ended_posts=(*posts, *ended.ended_posts),
        ended_grants=ended.ended_grants,
        lapsed=ended.lapsed,
        settled=ended.settled,
        duties=tuple(each for each in duties.compare() if each.branch.pk != source.pk),
    )


def _merge_above(
    source: Organization, target: Organization, on: date, by: Person, at: datetime
) -> Outcome:
    if paths.is_within(target.path, source.path):
        raise Refused("不能并入自己的下级组织。")
    moved = _move_children(source, target, on, by, at, None)
    ended = _end(
        source, on - timedelta(days=1), by, at, reason=f"并入{target.short_name}", heir=target
    )
    gains = {(s.person.pk, s.role, s.organization): s for each in moved for s in each.gains}
    loses = {(s.person.pk, s.role, s.organization): s for each in moved for s in each.loses}
    return Outcome(
        target,
        moved=tuple(each.result.name for each in moved),
        ended_organizations=ended.ended_organizations,
        ended_posts=ended.ended_posts,
        ended_grants=ended.ended_grants,
        settled=ended.settled,
        recounted=sum(each.recounted for each in moved),
        duties=tuple(change for each in moved for change in each.duties),
        gains=tuple(gains.values()),
        loses=tuple(loses.values()),
    )


def _transfer(
    source: Organization,
    target: Organization,
    on: date,
    by: Person,
    at: datetime,
    wanted: set[UUID] | None,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Members (all for None) go over; their names and the posts that end with it."""
    if source.kind != Organization.Kind.BRANCH:
        return (), ()
    if on > timezone.localdate(at):
        raise Refused("日期还没有到，请到当天再办理。")
    rows = Membership.objects.filter(branch=source, until__isnull=True).select_related("member")
    chosen = [row for row in rows.order_by("pk") if wanted is None or row.member_id in wanted]
    if wanted is not None and len(chosen) < len(wanted):
        raise Refused("所选党员中有的已不在本支部，请刷新后重新选择。")
    ending = Post.objects.filter(
        member__in=[row.member_id for row in chosen],
        until__isnull=True,
        organization__path__startswith=source.path,
    ).select_related("member", "organization")
    posts = tuple(_post(post) for post in ending.order_by("organization__path", "since"))
    for row in chosen:
        _transfer_one(row.member, target, on, by, at)
    return tuple(row.member.name for row in chosen), posts


def _transfer_one(member: Member, target: Organization, on: date, by: Person, at: datetime) -> None:
    try:
        org.transfer_member(member=member, branch=target, on=on, by=by, at=at)
    except Refused as refusal:
        raise Refused(f"{member.name}：{refusal}") from refusal


def _move_children(
    source: Organization,
    target: Organization,
    on: date,
    by: Person,
    at: datetime,
    wanted: set[UUID] | None,
) -> list[Outcome]:
    if source.kind == Organization.Kind.BRANCH:
        return []
    children = [
        child
        for child in source.children.filter(dissolved_on__isnull=True).order_by("path")
        if wanted is None or child.pk in wanted
    ]
    if wanted is not None and len(children) < len(wanted):
        raise Refused("所选组织中有的已不隶属本组织，请刷新后重新选择。")
    return [move(organization=child, parent=target, on=on, by=by, at=at) for child in children]


def _end(
    organization: Organization,
    last_day: date,
    by: Person,
    at: datetime,
    *,
    reason: str,
    heir: Organization | None = None,
) -> Outcome:
    if last_day > timezone.localdate(at):
        raise Refused("日期还没有到，请到当天再办理。")
    _refuse_drafts(organization)
    # Tables before the tree, as every verb on lines does (`plans.services.desk.lock_plan`).
    day = f"{last_day.year}年{last_day.month}月{last_day.day}日"
    lapsed = lapse_lines(
        organization=organization, last_day=last_day, reason=f"{reason}（截至{day}），不再应办",
        by=by, at=at,
    )  # fmt: skip
    settled = tell_ended(Ending(organization, heir, last_day, reason, by, at))
    groups = _end_groups(organization, last_day, by, at)
    posts = _end_posts(organization, last_day, by, at)
    ended = org.dissolve_organization(
        organization=organization, dissolved_on=last_day, by=by, at=at
    )
    return Outcome(
        ended,
        ended_organizations=(*groups, ended.name),
        ended_posts=posts,
        ended_grants=_end_grants(organization, by, at),
        lapsed=tuple(lapsed),
        settled=settled,
    )


def _refuse_drafts(organization: Organization) -> None:
    drafts = Record.objects.filter(branch=organization, draft__isnull=False).count()
    if drafts:
        raise Refused(f"还有 {drafts} 份记录草稿没有归档，请支部先归档或者放弃草稿。")


def _end_groups(
    organization: Organization, last_day: date, by: Person, at: datetime
) -> tuple[str, ...]:
    """The groups of a branch end with it; their posts as well."""
    if organization.kind != Organization.Kind.BRANCH:
        return ()
    groups = list(organization.children.filter(dissolved_on__isnull=True).order_by("path"))
    for group in groups:
        _end_posts(group, last_day, by, at)
        org.dissolve_organization(organization=group, dissolved_on=last_day, by=by, at=at)
    return tuple(group.name for group in groups)


def _end_posts(
    organization: Organization, last_day: date, by: Person, at: datetime
) -> tuple[str, ...]:
    posts = list(
        Post.objects.filter(organization=organization, until__isnull=True)
        .select_related("member", "organization")
        .order_by("since", "pk")
    )
    for post in posts:
        org.relieve(post=post, until=max(last_day, post.since), by=by, at=at)
    return tuple(_post(post) for post in posts)


def _end_grants(organization: Organization, by: Person, at: datetime) -> tuple[str, ...]:
    """Nobody acts for an organisation that has ended. Its groups' grants end too."""
    grants = list(
        Grant.objects.filter(
            Q(organization=organization)
            | Q(organization__parent=organization, organization__kind=Organization.Kind.GROUP)
        )
        .filter(Q(until__isnull=True) | Q(until__gt=at))
        .select_related("person")
        .order_by("person__username", "role")
    )
    for grant in grants:
        org.revoke_role(grant=grant, until=at, by=by, at=at)
    return tuple(f"{grant.person.name}（{grant.get_role_display()}）" for grant in grants)


def _post(post: Post) -> str:
    return f"{post.member.name}（{post.title}）"
