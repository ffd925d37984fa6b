"""The parts of a record in words: to lay two contents beside each other, and to read one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from zhibu.handbook.wording import say_follow_up, say_task
from zhibu.rules.attendance import tally_attendance
from zhibu.rules.labels import FIELD_LABELS, label
from zhibu.rules.records import Attendance, Candidate, Decision, DecisionKind, RecordContent
from zhibu.rules.wording import say_moment
from zhibu.web.forms.record_form import Roster

PARTS: Final = (
    "activities", "group", "lines", "topic", "time", "place", "presider", "recorder", "guests",
    "attendance", "agenda", "texts", "follow_ups", "minutes", "decisions", "themes", "attachments",
)  # fmt: skip
LONG_PARTS: Final = frozenset({"agenda", "minutes"})


def part_label(part: str, labels: Mapping[str, str] | None = None) -> str:
    """What a part is called; `labels` knows the norm's own fields."""
    if part == "time":
        return "时间"
    if part.startswith("elements."):
        return (labels or {}).get(part.removeprefix("elements."), "其他内容")
    return FIELD_LABELS[part]


def part_words(
    content: RecordContent,
    part: str,
    roster: Roster,
    names: Mapping[str, str] | None = None,
) -> str:
    """What a part says, as text; empty for nothing. `names` knows groups and lines by their keys."""
    known = names or {}
    if part.startswith("elements."):
        return content.elements.get(part.removeprefix("elements."), "")
    if part == "lines":
        return _say_lines(content, known)
    if part == "group":
        return known.get(content.group, "已选定" if content.group else "")
    if part in {"presider", "recorder"}:
        return roster.label_of(getattr(content, part))
    if part in _SAYERS:
        return _SAYERS[part](content)
    text: str = getattr(content, part)
    return text


def _say_lines(content: RecordContent, known: Mapping[str, str]) -> str:
    unnamed = sum(1 for key in content.lines if key not in known)
    told = [known[key] for key in content.lines if key in known]
    return "、".join(told + ([f"{unnamed}项安排"] if unnamed else []))


def say_time(content: RecordContent) -> str:
    """2026年3月12日 14:30—16:00; without the clock where it was not told."""
    began, ended = content.began_at, content.ended_at
    if began is None:
        return ""
    day = f"{began.year}年{began.month}月{began.day}日"
    if f"{began:%H:%M}" == "00:00":
        return day
    if ended is None:
        return f"{day} {began:%H:%M}"
    is_same = ended.date() == began.date()
    return f"{day} {began:%H:%M}—" + (f"{ended:%H:%M}" if is_same else say_moment(ended))


def say_attendance(content: RecordContent) -> str:
    """应到9人，实到8人。请假：某某（出差）。"""
    tally = tally_attendance(content)
    if not content.attendance:
        return ""
    words = [f"应到{tally.expected}人，实到{tally.present}人"]
    for status in ("late", "leave", "absent"):
        rows = [r for r in content.attendance if r.status.value == status and _counts(r)]
        if rows:
            words.append(f"{label(rows[0].status)}：{'、'.join(map(say_person, rows))}")
    return "；".join(words)


def say_person(row: Attendance) -> str:
    """某某（出差）."""
    return f"{row.name}（{row.reason}）" if row.reason else row.name


def say_decision(decision: Decision) -> str:
    """The text with its votes."""
    kind = "" if decision.kind is DecisionKind.ORDINARY else f"〔{label(decision.kind)}〕"
    votes = ""
    if decision.for_ or decision.against or decision.abstain:
        votes = f"（{_say_votes(decision)}）"
        if decision.written:
            votes = f"{votes[:-1]}，其中书面意见{decision.written}份）"
    people = "；".join(f"{who.name}：{_say_votes(who)}" for who in decision.candidates)
    task = f"形成任务：{say_task(decision.task)}" if decision.task else ""
    return "\n".join(filter(None, (f"{kind}{decision.text}{votes}", people, task)))


def _say_votes(cast: Decision | Candidate) -> str:
    return f"赞成{cast.for_}票，不赞成{cast.against}票，弃权{cast.abstain}票"


def parts_of(*contents: RecordContent) -> tuple[str, ...]:
    """All parts that any of the contents can have, in the order of the form."""
    keys = dict.fromkeys(key for one in contents for key in one.elements)
    return (*PARTS, *(f"elements.{key}" for key in keys))


def _counts(row: Attendance) -> bool:
    return row.is_expected or row.is_there


_SAYERS: Final[Mapping[str, Callable[[RecordContent], str]]] = {
    "activities": lambda one: "、".join(label(activity) for activity in one.activities),
    "time": say_time,
    "guests": lambda one: "、".join(one.guests),
    "attendance": say_attendance,
    "decisions": lambda one: "\n".join(
        f"{number}. {say_decision(each)}" for number, each in enumerate(one.decisions, start=1)
    ),
    "texts": lambda one: "\n".join(text.title for text in one.texts),
    "themes": lambda one: "、".join(theme.title for theme in one.themes),
    "follow_ups": lambda one: "\n".join(map(say_follow_up, one.follow_ups)),
    "attachments": lambda one: "、".join(note.name for note in one.attachments),
}
