"""One record with its versions as a sheet of the book."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.utils import timezone

from zhibu.documents.book import Attachment, Change, Decision, Fact, RecordSheet, Times
from zhibu.documents.literal import REDACTED, Covered, Text, chinese_date
from zhibu.handbook.models import RecordVersion
from zhibu.handbook.queries import Cover
from zhibu.handbook.versions import FiledContent, digest_of
from zhibu.handbook.wording import PARTS, say_follow_up, say_task
from zhibu.ledger.models import Seal
from zhibu.ledger.queries import first_covering
from zhibu.rules import contents as rules
from zhibu.rules.attendance import tally_attendance
from zhibu.rules.labels import label
from zhibu.rules.standing import judge_filing
from zhibu.rules.verdicts import Verdict
from zhibu.rules.wording import say, say_article


@dataclass(frozen=True, slots=True)
class SheetWords:
    """What keys in a record are called, and the seals of the branch in their order."""

    names: Mapping[str, str]
    groups: Mapping[str, str]
    labels: Mapping[str, str]
    lines: Mapping[str, str]
    seals: Sequence[Seal]
    covers: Mapping[UUID, Sequence[Cover]] = field(default_factory=dict)  # by record
    ballots: Mapping[UUID, Sequence[Verdict]] = field(default_factory=dict)  # by version


def clock(moment: datetime) -> str:
    """2026年3月12日14:30, on the wall clock here."""
    local = timezone.localtime(moment)
    return f"{chinese_date(local.date())}{local:%H:%M}"


def write_sheet(
    versions: Sequence[RecordVersion], filed: Mapping[UUID, FiledContent], words: SheetWords
) -> RecordSheet:
    """The sheet of one record: its last text, the three times, what was corrected or voided."""
    is_void = versions[-1].action == RecordVersion.Action.VOID
    shown = versions[-2] if is_void and len(versions) > 1 else versions[-1]
    one = filed[shown.pk]
    content, covered = one.content, one.redacted
    seal = first_covering(words.seals, shown.sequence)
    first_filed = versions[0].filed_at
    late = judge_filing(shown.happened_on, timezone.localtime(first_filed).date())
    kinds = "、".join(label(activity) for activity in content.activities)
    title = f"{chinese_date(shown.happened_on)}{kinds}"
    if content.group in words.groups:
        title += f"（{words.groups[content.group]}）"
    tally = tally_attendance(content)
    has_people = bool(content.attendance)

    def part(name: str, text: str) -> Text:
        return REDACTED if name in covered else text

    return RecordSheet(
        title=title,
        happened=_happened(content, shown.happened_on),
        times=Times(
            happened=chinese_date(shown.happened_on),
            filed=clock(first_filed),
            sealed=clock(seal.sealed_at) if seal else "尚未封存",
            remark=say(late) if late else "",
        ),
        digest=digest_of(shown),
        number=f"第{shown.sequence}号",
        version=f"第{shown.version}版",
        kinds=kinds,
        topic=part("particulars", content.topic),
        place=part("particulars", content.place),
        presider=part("particulars", words.names.get(content.presider, content.presider)),
        recorder=part("particulars", words.names.get(content.recorder, content.recorder)),
        expected=f"{tally.expected}人" if has_people else "",
        present=f"{tally.present}人" if has_people else "",
        attendees=part("attendance", "、".join(r.name for r in content.attendance if r.is_there)),
        guests=part("particulars", "、".join(content.guests)),
        absences=part("attendance", _absences(content)),
        agenda=REDACTED if "agenda" in covered else tuple(filter(None, content.agenda.split("\n"))),
        texts=tuple(one.title for one in content.texts),
        follow_ups=tuple(map(say_follow_up, content.follow_ups)),
        themes="、".join(one.title for one in content.themes),
        minutes=part("minutes", content.minutes),
        elements=_elements(one, words.labels),
        decisions=_decisions(one),
        findings=tuple(map(_say_finding, words.ballots.get(shown.pk, ()))),
        attachments=_attachments(one),
        lines=tuple(words.lines[key] for key in content.lines if key in words.lines),
        chain=f"上一号链接码：{shown.previous}" if shown.previous else "本支部第一号归档",
        changes=(
            *_changes(versions, filed),
            *map(write_cover, words.covers.get(versions[0].record_id, ())),
        ),
        is_void=is_void,
    )


def _say_finding(verdict: Verdict) -> str:
    """到会人数达到规定……依据：支部工作条例（试行）第十一条。"""
    article = say_article(verdict.article)
    return f"{say(verdict)}依据：{article}。" if article else say(verdict)


def write_cover(cover: Cover, record: str = "") -> Change:
    """What was blacked out, as the book says it; `record` is the title where it is needed."""
    return Change(
        kind=f"依法遮盖：{PARTS[cover.part]}", at=clock(cover.at), by=cover.by,
        reason=cover.ground, record=record, has_basis=True,
    )  # fmt: skip


def _changes(
    versions: Sequence[RecordVersion], filed: Mapping[UUID, FiledContent]
) -> tuple[Change, ...]:
    return tuple(
        Change(
            kind=version.get_action_display(),
            at=clock(version.filed_at),
            by=version.filed_by.name,
            reason=filed[version.pk].reason or "未写明",
            version=f"第{version.version}版",
        )
        for version in versions
        if version.version > 1
    )


def _happened(content: rules.RecordContent, on: date) -> str:
    """The day with its hours; the day that the version itself names where its head is lost."""
    began, ended = content.began_at, content.ended_at
    if began is None:
        return chinese_date(on)
    day = chinese_date(began.date())
    # Midnight stands for a time that nobody told.
    if f"{began:%H:%M}" == "00:00":
        return day
    return f"{day}{began:%H:%M}" + (f"至{ended:%H:%M}" if ended is not None else "")


def _absences(content: rules.RecordContent) -> str:
    rows = [row for row in content.attendance if row.is_expected and not row.is_there]
    return "、".join(f"{row.name}（{row.reason or label(row.status)}）" for row in rows)


def _elements(one: FiledContent, labels: Mapping[str, str]) -> tuple[Fact, ...]:
    if "elements" in one.redacted:
        return (Fact("专项内容", REDACTED),)
    return tuple(
        Fact(labels.get(key, "其他内容"), text)
        for key, text in one.content.elements.items()
        if text
    )


def _decisions(one: FiledContent) -> tuple[Decision, ...] | Covered:
    if "decisions" in one.redacted:
        return REDACTED
    return tuple(
        Decision(each.text, _ballot(each), task=say_task(each.task) if each.task else "")
        for each in one.content.decisions
    )


def _ballot(decision: rules.Decision) -> str:
    words = []
    if decision.for_ or decision.against or decision.abstain:
        words.append(f"赞成{decision.for_}票，不赞成{decision.against}票，弃权{decision.abstain}票")
    if decision.written:
        words.append(f"其中书面意见{decision.written}份")
    words += [
        f"{who.name}：赞成{who.for_}票，不赞成{who.against}票，弃权{who.abstain}票"
        for who in decision.candidates
    ]
    return "；".join(words)


def _attachments(one: FiledContent) -> tuple[Attachment, ...] | Covered:
    if "attachments" in one.redacted:
        return REDACTED
    return tuple(
        Attachment(note.name, _size(note.size), note.digest) for note in one.content.attachments
    )


def _size(size: int) -> str:
    if size < 1024 * 1024:
        return f"{max(1, round(size / 1024))} KB"
    return f"{size / 1024 / 1024:.1f} MB"
