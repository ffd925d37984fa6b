"""How far a text has got: by level, down to the names. In the order of the tree; nobody is ranked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.core.paginator import Page
from django.urls import reverse

from zhibu.documents.unreached import UnreachedList, UnreachedRow
from zhibu.network.dissemination import queries
from zhibu.network.dissemination.models import Receipt, Text
from zhibu.org.models import Organization
from zhibu.rules.reach import Coverage
from zhibu.web.pages.forms import Crumb
from zhibu.web.templatetags.words import day as say_day
from zhibu.web.templatetags.words import moment as say_moment

PARTS: Final = {"levels": "逐级情况", "left": "未传达名单", "reached": "已传达名单"}


@dataclass(frozen=True, slots=True)
class LevelRow:
    """One organisation right below, and how far the text has got there."""

    name: str
    address: str  # empty where it is out of reach now
    coverage: Coverage
    ways: str
    label: str
    mark: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One member whom the text is for."""

    name: str
    branch: str
    label: str
    mark: str
    how: str
    record: str = ""  # address of the record of the meeting
    visit: str = ""  # address to write down a visit
    withdraw: str = ""  # address to take a visit back
    note: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One list of the page."""

    label: str
    address: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class ReachPage:
    """How far one text has got at and below one level."""

    key: UUID
    title: str
    organization: Organization
    moment: datetime
    coverage: Coverage
    ways: tuple[tuple[str, int], ...]  # how those were reached whom it has reached
    gone: str  # of those it has not reached, how many left since
    is_counted: bool
    mark: str
    parts: tuple[Part, ...]
    part: str
    levels: tuple[LevelRow, ...]
    people: tuple[PersonRow, ...]
    paged: Page[Any]
    with_branch: bool  # the names are of several branches
    with_how: bool
    with_acts: bool
    stuck: tuple[str, ...]
    advice: str
    recalled: str
    reminded: str
    may_remind: bool
    may_forward: bool
    may_export: bool
    crumbs: tuple[Crumb, ...]


def say_state(text: Text, coverage: Coverage, today: date) -> tuple[str, str]:
    """The word and the shape for how far it has got at a level."""
    if not coverage.expected:
        return "没有传达对象", "waived"
    if coverage.is_whole:
        return "全部传达", "done"
    is_late = text.reach_by is not None and text.reach_by < today
    if text.state == Text.State.RECALLED:
        return f"未传达{coverage.open}人", "waived"
    return f"未传达{coverage.open}人", "overdue" if is_late else "open"


def ways_of(coverage: Coverage) -> tuple[tuple[str, int], ...]:
    """How those were reached whom it has reached: the ways that there were, with their numbers."""
    ways = (
        ("本人阅知", coverage.by_reading),
        ("会议传达", coverage.by_meeting),
        ("上门传达", coverage.by_visit),
    )
    return tuple((label, number) for label, number in ways if number > 0)


def _say_ways(ways: tuple[tuple[str, int], ...]) -> str:
    """The ways beside a number; the only one needs no number of its own."""
    if len(ways) == 1:
        return ways[0][0]
    return "、".join(f"{way}{number}" for way, number in ways)


def say_gone(number: int) -> str:
    """How many of those whom it has not reached left since, in words."""
    if not number:
        return ""
    return f"其中已转出{number}人" + ("以上" if number >= queries.MOST_GONE else "")


def level_rows(
    text: Text,
    places: Iterable[Any],
    coverages: Mapping[str, Coverage],
    *,
    stuck: Collection[str],
    within_reach: Collection[UUID],
    today: date,
) -> tuple[LevelRow, ...]:
    """The organisations right below, in the order of the tree."""
    rows = []
    for place in places:
        coverage = coverages.get(place.path, Coverage())
        label, mark = say_state(text, coverage, today)
        rows.append(
            LevelRow(
                name=place.short_name,
                address=reverse("text-reach", args=(text.pk, place.organization_id))
                if place.organization_id in within_reach
                else "",
                coverage=coverage,
                ways=_say_ways(ways_of(coverage)),
                label=label,
                mark=mark,
                note="还没有转发下级" if place.path in stuck and coverage.open else "",
            )
        )
    return tuple(rows)


def unreached_row(row: Any, *, of_members: bool, visit: str, is_infirm: bool) -> PersonRow:
    """Somebody whom it has not reached."""
    place = row.branch if of_members else row.organization
    if row.is_gone:
        label, mark = "已转出", "waived"
    elif not row.has_come:
        label, mark = "尚未转发到本人", "open"
    else:
        label, mark = "未传达", "open"
    return PersonRow(
        name=row.member.name,
        branch=place.short_name,
        label=label,
        mark=mark,
        how="" if of_members else row.get_office_display(),
        visit="" if row.is_gone else visit,
        note="年老体弱或长期病休" if is_infirm else "",
    )


def reached_row(
    receipt: Receipt, branch: str, records: Collection[UUID], withdraw: str
) -> PersonRow:
    """Somebody whom it has reached, how and when."""
    record = ""
    if receipt.how == Receipt.How.MEETING:
        how = f"{say_day(receipt.at)}会议传达"
        if receipt.record_id in records:
            record = reverse("record", args=(receipt.record_id,))
    elif receipt.how == Receipt.How.VISIT:
        visitor = receipt.visitor.name if receipt.visitor else ""
        how = f"{say_day(receipt.visited_on)}{visitor}上门传达"
    else:
        how = f"{say_day(receipt.at)}本人阅知"
    return PersonRow(
        name=receipt.member.name, branch=branch, label="已传达", mark="done", how=how,
        record=record, withdraw=withdraw if receipt.how == Receipt.How.VISIT else "",
    )  # fmt: skip


def advise(
    text: Text, coverage: Coverage, *, branches: int, is_branch: bool, may_remind: bool
) -> str:
    """One line: whom it has not reached, and what to do."""
    if text.state == Text.State.RECALLED:
        return "文件已经撤回，不再传达；下面是撤回以前的情况。"
    if not text.is_counted:
        return "正在统计应传达人数，稍后再看。"
    if not coverage.expected:
        return "这里没有传达对象。"
    if coverage.is_whole:
        return f"应传达{coverage.expected}人，已经全部传达。"
    where = f"，在{branches}个党组织" if branches else ""
    said = f"应传达{coverage.expected}人，还有{coverage.open}人没有传达到{where}。"
    if is_branch:
        return said + "可以在会议上传达（记录会议时勾选这份文件），请本人阅读确认，或者上门传达。"
    return said + ("可以只提醒没有传达到的。" if may_remind else "")


def _why(row: Any) -> str:
    if row.is_gone:
        return "已转出"
    return "尚未传达" if row.has_come else "尚未转发到本人"


def unreached_list(
    text: Text,
    organization: Organization,
    rows: Sequence[Any],
    *,
    of_members: bool,
    at: datetime,
    is_cut: bool,
) -> UnreachedList:
    """The same names for Excel; `is_cut` where there are more than these."""
    named = []
    for row in rows:
        place = row.branch if of_members else row.organization
        named.append(
            UnreachedRow(
                above=place.parent.name if place.parent_id else "",
                branch=place.name,
                name=row.member.name,
                why=_why(row),
                remark="" if of_members else row.get_office_display(),
            )
        )
    return UnreachedList(
        title=f"《{text.title}》未传达名单",
        subtitle=f"{organization.name}　截至{say_moment(at)}　{'前' if is_cut else '共'}{len(named)}人",
        rows=tuple(named),
        notes=(
            "注：按组织顺序排列，不排名次。",
            *(
                (f"名单较长，这里只有前{len(named)}人，其余请到下级组织分别导出。",)
                if is_cut
                else ()
            ),
        ),
    )
