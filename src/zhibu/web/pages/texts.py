"""传达: what a member reads, and one text as this reader may see it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

from django.core.paginator import Page
from django.http import HttpRequest
from django.urls import reverse

from zhibu.handbook.models import Record
from zhibu.network.dissemination import queries
from zhibu.network.dissemination.models import (
    Carriage,
    Forward,
    Receipt,
    Text,
    TextFile,
    TextVersion,
)
from zhibu.org.models import Organization
from zhibu.people.roles import Verb
from zhibu.rules.revisions import Change, ChangeKind, compare_paragraphs, is_same
from zhibu.web import access
from zhibu.web.pages.forms import Crumb
from zhibu.web.record_access import EVER_TALK, is_talk, may_read_talks
from zhibu.web.templatetags.words import day as say_day
from zhibu.web.templatetags.words import short_day

SHOWN: Final = 50  # texts to read that one page names at once
MOST_MEETINGS: Final = 20
HOW: Final = {
    Receipt.How.READ: "已阅知",
    Receipt.How.MEETING: "会议传达",
    Receipt.How.VISIT: "上门传达",
}


@dataclass(frozen=True, slots=True)
class Item:
    """One text in a list, and how it stands with the reader."""

    address: str
    title: str
    about: str  # who sent it, and when
    label: str
    mark: str  # a class of `state`
    note: str = ""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where the texts of an organisation are kept."""

    label: str
    address: str


@dataclass(frozen=True, slots=True)
class ReadingPage:
    """What is for one person to read."""

    who: str
    is_member: bool
    now: tuple[Item, ...]
    total: int
    earlier: tuple[Item, ...]
    paged: Page[Any] | None
    desks: tuple[Desk, ...]
    advice: str


@dataclass(frozen=True, slots=True)
class Piece:
    """Some characters that stayed, went or came: `mark` is "", "del" or "ins"."""

    mark: str
    text: str


@dataclass(frozen=True, slots=True)
class TextChange:
    """One change of a text that was issued."""

    label: str
    at: datetime
    reason: str
    pieces: tuple[Piece, ...] = ()
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """What a level above said when it sent the text on."""

    organization: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class FileLine:
    """An attachment."""

    key: UUID
    name: str
    size: int
    address: str


@dataclass(frozen=True, slots=True)
class Meeting:
    """A filed record whose agenda carried the text."""

    address: str
    topic: str
    branch: str
    on: date


@dataclass(frozen=True, slots=True)
class Own:
    """How the text stands with the reader, in one sentence."""

    sentence: str
    tone: str


@dataclass(frozen=True, slots=True)
class Act:
    """Something to be done with the text."""

    label: str
    address: str
    is_danger: bool = False


@dataclass(frozen=True, slots=True)
class TextPage:
    """One text."""

    key: UUID
    title: str
    issuer: str
    issued_at: datetime | None
    reach_by: date | None
    version: int
    body: str
    is_closed: bool  # recalled: neither words nor files are handed out to readers
    files: tuple[FileLine, ...]
    recalled_at: datetime | None
    recall_reason: str
    own: Own | None
    changes_title: str
    changes: tuple[TextChange, ...]
    words: tuple[Words, ...]
    meetings: tuple[Meeting, ...]
    may_acknowledge: bool
    acts: tuple[Act, ...] = field(default=())
    crumbs: tuple[Crumb, ...] = field(default=())


def build_reading(
    request: HttpRequest,
    *,
    branch: Organization | None,
    to_read: Sequence[Text],
    total: int,
    earlier: Page[Any] | None,
    today: date,
) -> ReadingPage:
    """The page of one person; `branch` is the one that they belong to, None for nobody's."""
    who = access.person_of(request).name
    return ReadingPage(
        who=f"{who} · {branch.short_name}" if branch else who,
        is_member=branch is not None,
        now=tuple(_item_to_read(text, today) for text in to_read),
        total=total,
        earlier=tuple(_item_read(text, today) for text in earlier or ()),
        paged=earlier,
        desks=_desks(request),
        advice=_advise(branch, to_read, total),
    )


def _item_to_read(text: Text, today: date) -> Item:
    late = text.reach_by is not None and text.reach_by < today
    note = [f"请于{short_day(text.reach_by)}前阅知。"] if text.reach_by else []
    if text.version > 1:
        note.append("内容有修改，请阅读新的版本。")
    return Item(
        address=reverse("text", args=(text.pk,)),
        title=text.title,
        about=_about(text, today),
        label="已过期限" if late else "待阅读",
        mark="overdue" if late else "open",
        note="".join(note),
    )


def _about(text: Text, today: date) -> str:
    """Who sent it, and on which day; the year only where it is another."""
    on = text.issue_day
    day = f"{on.month}月{on.day}日"
    year = "" if on.year == today.year else f"{on.year}年"
    return f"{text.organization.short_name} · {year}{day}下发"


def _item_read(text: Any, today: date) -> Item:
    is_recalled = text.state == Text.State.RECALLED
    at: datetime | None = text.acknowledged_at
    how = HOW.get(text.how, "") if text.how else ""
    return Item(
        address=reverse("text", args=(text.pk,)),
        title=text.title,
        about=_about(text, today),
        label="已撤回" if is_recalled else how,
        mark="waived" if is_recalled else "done",
        note=f"撤回理由：{text.recall_reason}" if is_recalled else say_day(at),
    )


def _desks(request: HttpRequest) -> tuple[Desk, ...]:
    """The organisations whose texts this person looks after."""
    holds = access.reach(request).with_verb(Verb.SEE_REACH)
    seats = {hold.seat_id: hold.name for hold in holds}
    return tuple(
        Desk(f"{name}的传达工作", reverse("text-list", args=(key,))) for key, name in seats.items()
    )


def _advise(branch: Organization | None, to_read: Sequence[Text], total: int) -> str:
    if branch is None:
        return "您的账号没有对应名册中的党员，这里没有需要您阅读的文件。"
    if not to_read:
        return "没有需要您阅读的文件。"
    first = to_read[0]
    if first.reach_by is not None:
        return (
            f"有{total}件需要您阅读，先看《{first.title}》，请于{short_day(first.reach_by)}前阅知。"
        )
    return f"有{total}件需要您阅读，先看《{first.title}》。"


def file_lines(files: Iterable[TextFile]) -> tuple[FileLine, ...]:
    """Attachments with their addresses."""
    return tuple(
        FileLine(file.pk, file.name, file.size, reverse("text-file", args=(file.pk,)))
        for file in files
    )


def pieces_of(changes: Iterable[Change]) -> tuple[Piece, ...]:
    """A comparison as characters to show, a paragraph to a line."""
    found: list[Piece] = []
    for change in changes:
        if found:
            found.append(Piece("", "\n"))
        if change.kind is ChangeKind.SAME:
            found.append(Piece("", change.old))
        elif change.kind is ChangeKind.ADDED:
            found.append(Piece("ins", change.new))
        elif change.kind is ChangeKind.REMOVED:
            found.append(Piece("del", change.old))
        elif change.pieces:
            found += [Piece(_MARKS[piece.kind], piece.text) for piece in change.pieces]
        else:
            found += [Piece("del", change.old), Piece("ins", change.new)]
    return tuple(found)


_MARKS: Final = {
    ChangeKind.SAME: "",
    ChangeKind.ADDED: "ins",
    ChangeKind.REMOVED: "del",
    ChangeKind.CHANGED: "ins",
}


def compare_versions(old: TextVersion, new: TextVersion) -> tuple[Piece, ...]:
    """What changed in title and body; nothing where only the attachments did."""
    return compare_words(f"{old.title}\n{old.body}", f"{new.title}\n{new.body}")


@lru_cache(maxsize=32)
def compare_words(before: str, after: str) -> tuple[Piece, ...]:
    """What changed from one to the other; nothing where they say the same.

    Kept: a comparison may take half a second, and on one morning everybody reads the same one.
    """
    changes = compare_paragraphs(before, after)
    return () if is_same(changes) else pieces_of(changes)


def build_changes(history: Sequence[TextVersion], seen: int) -> tuple[TextChange, ...]:
    """The changes, the newest first; what came after the version `seen` is shown open."""
    found = []
    for newer, older in pairwise(history):
        found.append(
            TextChange(
                label="文字更正" if newer.is_correction else f"修改为第{newer.version}版",
                at=newer.at,
                reason=newer.note,
                pieces=compare_versions(older, newer),
                is_open=bool(seen) and newer.version > seen and not newer.is_correction,
            )
        )
    return tuple(found)


def say_own(receipt: Receipt | None, earlier: Receipt | None, text: Text) -> Own | None:
    """How the text stands with a reader whom it is for."""
    if text.state == Text.State.RECALLED:
        return None
    if receipt is not None:
        return Own(_sentence(receipt), "success")
    if earlier is not None:
        return Own(
            f"您已于{say_day(earlier.at)}阅知第{earlier.version}版，此后内容有修改，请阅读后重新确认。",
            "warning",
        )
    return None


def _sentence(receipt: Receipt) -> str:
    if receipt.how == Receipt.How.MEETING:
        return "已在支部会议上向您传达。"
    if receipt.how == Receipt.How.VISIT:
        return f"已于{say_day(receipt.visited_on)}上门向您传达。"
    return f"您已于{say_day(receipt.at)}阅知。"


def words_of(forwards: Iterable[Forward]) -> tuple[Words, ...]:
    """The words of the levels above, the highest first; a level that said nothing is left out."""
    return tuple(
        Words(each.organization.short_name, each.words, each.at) for each in forwards if each.words
    )


def meetings_of(request: HttpRequest, text: Text) -> tuple[Meeting, ...]:
    """The filed records that carried the text, as far as this person may open them."""
    rows = (
        Carriage.objects.filter(text=text)
        .filter(access.reach(request).within(Verb.SEE_BRANCH, "branch__"))
        .select_related("branch")
        .order_by("-happened_on", "branch__path")[:MOST_MEETINGS]
    )
    carriages = list(rows)
    if not carriages:
        return ()
    branches = {row.record_id: row.branch for row in carriages}
    records = Record.objects.filter(pk__in=list(branches), current__isnull=False)
    topics = {
        record.pk: record.current.topic
        for record in records.select_related("current").annotate(was_talk=EVER_TALK)
        if record.current is not None
        and (
            not (record.was_talk or is_talk(record)) or may_read_talks(request, branches[record.pk])
        )
    }
    return tuple(
        Meeting(
            reverse("record", args=(row.record_id,)),
            topics[row.record_id] or "会议记录",
            row.branch.short_name,
            row.happened_on,
        )
        for row in carriages
        if row.record_id in topics
    )


def build_text(
    request: HttpRequest,
    text: Text,
    *,
    person: queries.PersonText | None,
    keeps: bool,
    acts: tuple[Act, ...],
    crumbs: tuple[Crumb, ...],
    words: Iterable[Forward],
) -> TextPage:
    """One text for one reader; `keeps` where they look after it at the level that sent it."""
    is_recalled = text.state == Text.State.RECALLED
    is_closed = is_recalled and not keeps
    receipt = person.receipt if person else None
    # What a newer version asks again counts for nothing any more, but says what was seen.
    earlier = person.earlier if person else None
    seen = receipt.version if receipt else earlier.version if earlier else 0
    changed = () if is_closed else build_changes(list(queries.history_of(text)), seen)
    return TextPage(
        key=text.pk,
        title=text.title,
        issuer=text.organization.name,
        issued_at=text.issued_at,
        reach_by=None if is_recalled else text.reach_by,
        version=text.version,
        body="" if is_closed else text.body,
        is_closed=is_closed,
        files=() if is_closed else file_lines(queries.files_of(text)),
        recalled_at=text.recalled_at,
        recall_reason=text.recall_reason,
        own=say_own(receipt, earlier, text) if person else None,
        changes_title="您上次阅知以后的修改" if earlier and not receipt else "下发以后的修改",
        changes=changed,
        words=() if is_closed else words_of(words),
        meetings=meetings_of(request, text),
        may_acknowledge=person is not None and receipt is None and not is_recalled,
        acts=acts,
        crumbs=crumbs,
    )
