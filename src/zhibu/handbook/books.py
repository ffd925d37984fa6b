"""装订: a branch's records of one year, with its people, table and seals, as the values of a book."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.utils import timezone

from zhibu.documents.book import (
    Book,
    Change,
    CommitteeRow,
    Countersignature,
    Fact,
    GroupRow,
    KeyPrint,
    RecordSection,
    RosterRow,
    SealRow,
)
from zhibu.documents.literal import chinese_date
from zhibu.handbook.facts import judge_filed, named_lines, named_people
from zhibu.handbook.models import RecordVersion
from zhibu.handbook.queries import Cover, covers_of
from zhibu.handbook.sheets import SheetWords, clock, write_cover, write_sheet
from zhibu.handbook.versions import FiledContent, read_version
from zhibu.ledger.models import OrganizationKey, Seal
from zhibu.ledger.queries import seals_of
from zhibu.ledger.seals import seal_facts, seal_qr_text
from zhibu.ledger.signatures import fingerprint
from zhibu.norms.facts import NormMissing, norm_for
from zhibu.org.choices import own_labels
from zhibu.org.models import Member, Membership, Organization, OwnField, Post
from zhibu.org.queries import place_on, posts_of, roster_of, terms_of
from zhibu.plans.models import PlanLine
from zhibu.plans.queries import find_plan
from zhibu.plans.services import plan_table
from zhibu.rules.labels import label
from zhibu.rules.norm import Activity
from zhibu.rules.verdicts import Verdict

# Kinds that every book has a section for, empty or not.
STANDING: Final = (
    Activity.MEMBERS_MEETING,
    Activity.COMMITTEE_MEETING,
    Activity.GROUP_MEETING,
    Activity.LESSON,
    Activity.THEME_DAY,
    Activity.ORGANIZATION_LIFE,
    Activity.APPRAISAL,
    Activity.TALK,
)
SHORT: Final = frozenset({Activity.TALK, Activity.DUES, Activity.PUBLICITY, Activity.CARE})


def bind_book(branch: Organization, year: int, *, today: date) -> Book:
    """The book of a branch's year as it stands today."""
    day = min(max(today, date(year, 1, 1)), date(year, 12, 31), branch.dissolved_on or date.max)
    name, parent = _names_of(branch, day)
    versions = _versions(branch, year)
    contents = {version.pk: read_version(version) for version in versions}
    seals = list(seals_of(branch.pk))
    covers = covers_of({version.record_id for version in versions})
    words = SheetWords(
        names=named_people(one.content for one in contents.values()),
        groups=_group_names(branch),
        labels=_element_labels(branch, day),
        lines=_line_titles(branch, year),
        seals=seals,
        covers=covers,
        ballots=_ballots(branch, contents),
    )
    roster = list(roster_of(branch, day))
    posts = list(posts_of(branch, day))
    plan = find_plan(branch, year)
    return Book(
        year=year,
        branch=name,
        parent=parent,
        secretary=_secretary(posts, branch),
        issued_on=today,
        facts=_facts(name, parent, branch, roster, day),
        committee=_committee(posts, branch),
        groups=_groups(roster, posts),
        roster=tuple(_roster_row(row, branch, day) for row in roster),
        table=plan_table(plan, today=today) if plan is not None else None,
        sections=_sections(versions, contents, words),
        changes=_changes(versions, contents, covers),
        seals=_seal_rows(seals, branch, versions),
        keys=_key_prints(seals, branch),
        qr_text=seal_qr_text(seal_facts(seals[-1])) if seals else "",
        seal_note=_seal_note(versions, seals),
    )


def _names_of(branch: Organization, day: date) -> tuple[str, str]:
    """What the branch and its superior were called on the day, whatever they are called now."""
    place = place_on(branch, day)
    if place is None:
        return branch.name, branch.parent.name if branch.parent else ""
    above = place_on(place.parent_id, day) if place.parent_id else None
    return place.name, above.name if above else ""


def _versions(branch: Organization, year: int) -> list[RecordVersion]:
    """All versions of the records that belong to the year, in the order of the chain."""
    return list(
        RecordVersion.objects.filter(branch=branch, record__current__year=year)
        .select_related("filed_by")
        .order_by("sequence")
    )


def _sections(
    versions: Sequence[RecordVersion],
    contents: Mapping[UUID, FiledContent],
    words: SheetWords,
) -> tuple[RecordSection, ...]:
    """A section for each kind; a record that is several kinds stands with the first."""
    by_record: dict[UUID, list[RecordVersion]] = defaultdict(list)
    for version in versions:
        by_record[version.record_id].append(version)
    by_kind: dict[Activity, list[list[RecordVersion]]] = defaultdict(list)
    for some in sorted(by_record.values(), key=lambda s: (s[-1].happened_on, s[0].sequence)):
        kinds = contents[some[-1].pk].content.activities
        by_kind[kinds[0] if kinds else Activity.OTHER].append(some)
    return tuple(
        RecordSection(
            title=f"{label(kind)}记录",
            records=tuple(write_sheet(some, contents, words) for some in by_kind[kind]),
            has_page_each=kind not in SHORT,
        )
        for kind in Activity
        if kind in STANDING or by_kind[kind]
    )


def _changes(
    versions: Sequence[RecordVersion],
    contents: Mapping[UUID, FiledContent],
    covers: Mapping[UUID, Sequence[Cover]],
) -> tuple[Change, ...]:
    titles = {v.record_id: f"{chinese_date(v.happened_on)} {v.topic}".strip() for v in versions}
    amended = (
        Change(
            kind=version.get_action_display(),
            at=clock(version.filed_at),
            by=version.filed_by.name,
            reason=contents[version.pk].reason,
            version=f"第{version.version}版",
            record=f"{chinese_date(version.happened_on)} {version.topic}".strip(),
        )
        for version in versions
        if version.version > 1
    )
    covered = (write_cover(one, titles[key]) for key, some in covers.items() for one in some)
    return (*amended, *covered)


def _ballots(
    branch: Organization, contents: Mapping[UUID, FiledContent]
) -> Mapping[UUID, Sequence[Verdict]]:
    """Quorum and votes of the meetings that voted, by version."""
    voted = {
        key: one
        for key, one in contents.items()
        if any(decision.has_votes for decision in one.content.decisions)
    }
    named = named_lines({line for one in voted.values() for line in one.content.lines})
    lines = {str(line.pk): line for line in named if line.branch_id == branch.pk}
    return {
        key: judge_filed(branch, one, [lines[k] for k in one.content.lines if k in lines])
        for key, one in voted.items()
    }


def _group_names(branch: Organization) -> Mapping[str, str]:
    rows = Organization.objects.filter(parent=branch).values_list("pk", "short_name")
    return {str(key): name for key, name in rows}


def _line_titles(branch: Organization, year: int) -> Mapping[str, str]:
    """The lines of the tables of this year and the two beside it, by their keys."""
    rows = PlanLine.objects.filter(branch=branch, year__in=(year - 1, year, year + 1))
    return {
        str(key): f"{title}（{day.month}月）"
        for key, title, day in rows.values_list("pk", "title", "planned_on")
    }


def _element_labels(branch: Organization, day: date) -> Mapping[str, str]:
    try:
        _, norm = norm_for(branch, day)
    except NormMissing:
        return {}
    named = {element.key: element.label for element in norm.vocabulary}
    return {**named, **own_labels(branch, OwnField.About.RECORD)}


def _secretary(posts: Sequence[Post], branch: Organization) -> str:
    return next(
        (
            post.member.name
            for post in posts
            if post.office == Post.Office.SECRETARY and post.organization_id == branch.pk
        ),
        "",
    )


def _facts(
    name: str, parent: str, branch: Organization, roster: Sequence[Membership], day: date
) -> tuple[Fact, ...]:
    full = sum(1 for row in roster if _full_on(row.member, day))
    term = next((t for t in terms_of(branch) if t.began_on <= day), None)
    facts = [
        Fact("党支部名称", name),
        Fact("上级党组织", parent or "—"),
        Fact("成立时间", chinese_date(branch.founded_on)),
        Fact("党员人数", f"{len(roster)}人（正式党员{full}人，预备党员{len(roster) - full}人）"),
    ]
    if term is not None:
        span = f"{chinese_date(term.began_on)}至{chinese_date(term.ends_on)}"
        facts.append(Fact("本届任期", f"第{term.number}届，{span}"))
    return tuple(facts)


def _committee(posts: Sequence[Post], branch: Organization) -> tuple[CommitteeRow, ...]:
    order = list(Post.Office)
    rows = [
        post
        for post in posts
        if post.organization_id == branch.pk and post.office != Post.Office.GROUP_LEADER
    ]
    rows.sort(key=lambda post: (order.index(Post.Office(post.office)), post.since))
    return tuple(
        CommitteeRow(post.member.name, post.get_office_display(), since=chinese_date(post.since))
        for post in rows
    )


def _groups(roster: Sequence[Membership], posts: Sequence[Post]) -> tuple[GroupRow, ...]:
    leaders = {
        post.organization_id: post.member.name
        for post in posts
        if post.office == Post.Office.GROUP_LEADER
    }
    members: dict[UUID, list[Membership]] = defaultdict(list)
    for row in roster:
        if row.group_id is not None:
            members[row.group_id].append(row)
    return tuple(
        GroupRow(
            name=rows[0].group.short_name if rows[0].group else "",
            leader=leaders.get(key, ""),
            count=f"{len(rows)}人",
            members="、".join(row.member.name for row in rows),
        )
        for key, rows in members.items()
    )


def _full_on(member: Member, day: date) -> date | None:
    """Since when a member was a full one on the day; None for who was to become one later."""
    return member.full_on if member.full_on and member.full_on <= day else None


def _roster_row(row: Membership, branch: Organization, day: date) -> RosterRow:
    member = row.member
    full_on = _full_on(member, day)
    here = {branch.pk, row.group_id}
    return RosterRow(
        name=member.name,
        gender=member.get_sex_display() if member.sex else "",
        born=f"{member.born_on.year}年{member.born_on.month}月" if member.born_on else "",
        joined=chinese_date(member.joined_on),
        full=chinese_date(full_on) if full_on else "",
        kind="正式党员" if full_on else "预备党员",
        group=row.group.short_name if row.group else "",
        post="、".join(
            post.get_office_display() for post in member.posts.all() if post.organization_id in here
        ),
        remark="、".join(spell.get_kind_display() for spell in member.spells.all()),
    )


def _seal_rows(
    seals: Sequence[Seal], branch: Organization, versions: Sequence[RecordVersion]
) -> tuple[SealRow, ...]:
    """The seals over what this book holds; seals over other years' records alone are in theirs."""
    names = _key_owners(seals, branch)
    return tuple(
        SealRow(
            number=f"第{number}次封存",
            sealed_at=clock(seal.sealed_at),
            covers=f"第{seal.first}号至第{seal.sequence}号",
            head=seal.link,
            signer=branch.name,
            signature=seal.signature,
            fingerprint=fingerprint(seal.key.public_key),
            countersignatures=_countersignatures(seal, names),
        )
        for number, seal in enumerate(seals, start=1)
        if any(seal.first <= version.sequence <= seal.sequence for version in versions)
    )


def _countersignatures(seal: Seal, names: Mapping[UUID, str]) -> tuple[Countersignature, ...]:
    key, at = seal.countersign_key, seal.countersigned_at
    if key is None or at is None:
        return ()
    by = names.get(key.organization_id, "上级党组织")
    return (Countersignature(by, clock(at), seal.countersignature, fingerprint(key.public_key)),)


def _key_prints(seals: Sequence[Seal], branch: Organization) -> tuple[KeyPrint, ...]:
    names = _key_owners(seals, branch)
    keys: dict[UUID, OrganizationKey] = {}
    for seal in seals:
        for key in (seal.key, seal.countersign_key):
            if key is not None:
                keys[key.pk] = key
    return tuple(
        KeyPrint(
            owner=names.get(key.organization_id, "上级党组织"),
            fingerprint=fingerprint(key.public_key),
            since=_local_day(key.created_at),
        )
        for key in keys.values()
    )


def _key_owners(seals: Sequence[Seal], branch: Organization) -> Mapping[UUID, str]:
    above = {s.countersign_key.organization_id for s in seals if s.countersign_key is not None}
    rows = Organization.objects.filter(pk__in=above).values_list("pk", "name") if above else ()
    return {branch.pk: branch.name, **dict(rows)}


def _local_day(moment: datetime) -> str:
    return chinese_date(timezone.localtime(moment).date())


def _seal_note(versions: Sequence[RecordVersion], seals: Sequence[Seal]) -> str:
    last = seals[-1].sequence if seals else 0
    open_ = sum(1 for version in versions if version.sequence > last)
    if open_ == len(versions):
        return "本册记录尚未封存。"
    said = "本手册所收记录已按封存范围加盖电子封存，改动任何一字均可核验发现。"
    return said if not open_ else f"{said}其中{open_}项归档晚于最近一次封存，尚未封存。"
