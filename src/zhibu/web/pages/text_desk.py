"""传达 of an organisation: what it sent and what came to it; writing, checking and changing a text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from django import forms
from django.core.paginator import Page
from django.urls import reverse

from zhibu.network.dissemination.facts import TextDraft
from zhibu.network.dissemination.models import Text
from zhibu.org.models import Organization
from zhibu.rules.reach import Coverage, Mode, Readers
from zhibu.web.pages.forms import Crumb
from zhibu.web.pages.texts import FileLine, Piece
from zhibu.web.templatetags.words import day as say_day

PARTS: Final = {"arrived": "传达到本级的", "own": "本级下发的"}
DRAFTS_A_PAGE: Final = 20
NAMED: Final = 3  # organisations that the sentence names


@dataclass(frozen=True, slots=True)
class DeskRow:
    """One text in the list of an organisation."""

    address: str
    title: str
    issuer: str
    at: datetime | None
    reach_by: date | None
    said: str  # 已传达12人，应传达18人
    reach: str  # address; empty where there is nothing to open
    label: str
    mark: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A text that is being written."""

    address: str
    title: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the two lists."""

    label: str
    address: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class DeskPage:
    """The texts of one organisation."""

    organization: Organization
    may_issue: bool
    drafts: tuple[DraftLine, ...]
    draft_pages: Page[Any] | None  # none for those who do not write
    tabs: tuple[Tab, ...]
    rows: tuple[DeskRow, ...]
    paged: Page[Any]
    caption: str
    advice: str
    empty: str


def build_desk(
    organization: Organization,
    *,
    part: str,
    paged: Page[Any],
    coverage: Mapping[Any, Coverage],
    drafts: Page[Any] | None,
    today: date,
) -> DeskPage:
    """The page; `coverage` says by text how far each has got at this organisation.

    `drafts` are for those who may issue, None for everybody else.
    """
    may_issue = drafts is not None
    rows = tuple(
        _row(organization, text, coverage.get(text.pk, Coverage()), part, may_issue, today)
        for text in paged
    )
    here = reverse("text-list", args=(organization.pk,))
    return DeskPage(
        organization=organization,
        may_issue=may_issue,
        drafts=tuple(
            DraftLine(reverse("text-edit", args=(text.pk,)), text.title, text.drafted_at)
            for text in drafts or ()
        ),
        draft_pages=drafts,
        tabs=tuple(Tab(label, f"{here}?part={key}", key == part) for key, label in PARTS.items()),
        rows=rows,
        paged=paged,
        caption="新的在前",
        advice=_advise(rows, may_issue, is_branch=organization.kind == Organization.Kind.BRANCH),
        empty="本级还没有下发过文件。" if part == "own" else "还没有传达到本级的文件。",
    )


def _row(
    organization: Organization,
    text: Any,
    coverage: Coverage,
    part: str,
    may_issue: bool,
    today: date,
) -> DeskRow:
    waits = waits_here(organization, text) if part == "arrived" else False
    label, mark = state_of(text, coverage, today, waits=waits)
    return DeskRow(
        address=reverse("text", args=(text.pk,)),
        title=text.title,
        issuer=text.organization.short_name,
        at=text.issued_at,
        reach_by=text.reach_by,
        said=say_coverage(text, coverage),
        reach=reverse("text-reach", args=(text.pk, organization.pk)),
        label=label,
        mark=mark,
        note="逐级传达，等待本级转发。" if waits and may_issue else "",
    )


def waits_here(organization: Organization, text: Any) -> bool:
    """Whether a text waits for this level to send it on."""
    return bool(
        text.is_by_level
        and text.state == Text.State.ISSUED
        and text.organization_id != organization.pk
        and (
            text.readers == Readers.MEMBERS.value  # else a branch has nobody to send it on to
            or organization.kind != Organization.Kind.BRANCH
        )
        and getattr(text, "forwarded_at", None) is None
    )


def state_of(text: Text, coverage: Coverage, today: date, *, waits: bool) -> tuple[str, str]:
    """The word and the shape for how a text stands at a level."""
    if text.state == Text.State.RECALLED:
        return "已撤回", "waived"
    if waits:
        return "待转发", "due_soon"
    if coverage.is_whole:
        return "全部传达", "done"
    if text.reach_by is not None and text.reach_by < today:
        return "逾期未传达完", "overdue"
    return "传达中", "open"


def say_coverage(text: Text, coverage: Coverage) -> str:
    """How many of how many, in words."""
    if not text.is_counted:
        return "正在统计人数"
    if not coverage.expected:
        return "没有传达对象"
    return f"{coverage.reached}/{coverage.expected}人"


def _advise(rows: tuple[DeskRow, ...], may_issue: bool, *, is_branch: bool) -> str:
    waiting = [row for row in rows if row.label == "待转发"]
    if waiting and may_issue:
        return f"有{len(waiting)}件等待本级转发：{waiting[0].title}。"
    late = [row for row in rows if row.mark == "overdue"]
    if late:
        return f"有{len(late)}件过了期限还没有全部传达：{late[0].title}。"
    going = [row for row in rows if row.mark == "open"]
    if going and is_branch:
        return (
            "可以在会议上传达：记录会议时勾选文件，到会的即为已传达；没有到会的，请本人阅读确认。"
        )
    if going:
        return f"有{len(going)}件正在传达，点“传达”一栏的数字，逐级看还有谁没有传达到。"
    return "没有正在传达的文件。"


@dataclass(frozen=True, slots=True)
class ComposePage:
    """A text that is being written."""

    title: str
    organization: Organization
    address: str
    form: forms.Form
    writing: tuple[Any, ...]
    audience: tuple[Any, ...]
    limits: tuple[Any, ...]
    is_limited: bool
    manner: tuple[Any, ...]
    files: tuple[FileLine, ...]
    goes_to: str
    discard: str
    crumbs: tuple[Crumb, ...]
    conflict: str = ""
    theirs: str = ""  # what somebody else wrote meanwhile


@dataclass(frozen=True, slots=True)
class PreviewPage:
    """A text before it goes out."""

    heading: str
    organization: Organization
    title: str
    body: str
    files: tuple[FileLine, ...]
    facts: tuple[tuple[str, str], ...]
    goes_to: str
    warnings: tuple[str, ...]
    is_incomplete: bool  # it has to be gone over before it can go out
    revision: int
    back: str
    crumbs: tuple[Crumb, ...]


@dataclass(frozen=True, slots=True)
class AmendPage:
    """A change of what was issued."""

    text: Text
    form: forms.Form
    pieces: tuple[Piece, ...]
    is_seen: bool  # the comparison was asked for
    advice: str
    crumbs: tuple[Crumb, ...] = field(default=())


def say_audience(draft: TextDraft, names: tuple[str, ...], number: int | None) -> str:
    """Whom a text will go to, in one sentence; `names` are those of its organisations."""
    places = "、".join(names[:NAMED]) + (f"等{len(names)}个组织" if len(names) > NAMED else "")
    whom = dict(Text.READERS)[draft.readers.value]
    limits = [
        *(label for value, label in Organization.Kind.choices if value in draft.kinds),
        *(label for value, label in Organization.Field.choices if value in draft.fields),
    ]
    limited = f"（只限{'、'.join(limits)}）" if limits else ""
    below = "" if draft.readers is Readers.SECRETARIES else "及下级"
    count = "" if number is None else f"，约{number}人" if number else "，目前没有符合的人"
    way = "逐级转发" if draft.mode is Mode.BY_LEVEL else "直接传达到本人"
    return f"发给{places}{below}的{whom}{limited}{count}；{way}。"


def facts_of(draft: TextDraft, theme: str) -> tuple[tuple[str, str], ...]:
    """What else is worth checking before a text goes out."""
    found = [
        ("传达方式", dict(Text.MODES)[draft.mode.value]),
        ("传达期限", say_day(draft.reach_by) if draft.reach_by else "没有规定"),
    ]
    if theme:
        found.append(("所属专题", theme))
    return tuple(found)
