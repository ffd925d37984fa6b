"""What the record form sends, as a record's content. Nothing that was typed is dropped.

A browser sends the whole form; a field that is missing from what it sends keeps its value. What
cannot be read (a day like 2026-99-99, a vote like "many") keeps its old value too and is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Final
from uuid import UUID

from django.http import QueryDict

from zhibu.rules.contents import Carried, FollowUp, FollowUpState, TaskNote
from zhibu.rules.norm import Activity
from zhibu.rules.records import (
    Attendance,
    AttendanceStatus,
    Candidate,
    Decision,
    DecisionKind,
    RecordContent,
)
from zhibu.web.forms.fields import EARLIEST, LATEST

LIMITS: Final[Mapping[str, tuple[str, int]]] = {
    "topic": ("主题", 500),
    "place": ("地点", 200),
    "presider": ("主持人", 200),
    "recorder": ("记录人", 200),
    "guests": ("列席人员", 2_000),
    "agenda": ("议程", 20_000),
    "minutes": ("会议内容", 100_000),
}
LONGEST_ELEMENT: Final = 20_000
LONGEST_DECISION: Final = 2_000
LONGEST_REASON: Final = 200
LONGEST_NOTE: Final = 500  # of a follow-up, or what proves a task
MOST_VOTES: Final = 100_000
MOST_ROWS: Final = 100

_BETWEEN_GUESTS = re.compile(r"[、，,;；\n]+")
_DECISION = re.compile(r"^decision-(\d{1,3})-text$")
_CANDIDATE = re.compile(r"^decision-(\d{1,3})-candidate-(\d{1,3})-name$")
_ELEMENT = re.compile(r"^element-([a-z][a-z0-9_]{0,59})$")


@dataclass(frozen=True, slots=True)
class Roster:
    """The members whose names the form offers. Two of one name are told apart by a number."""

    labels: Mapping[str, str] = field(default_factory=dict)  # key → what is shown

    @classmethod
    def of(cls, names: Iterable[tuple[str, str]]) -> Roster:
        """From keys and names."""
        labels: dict[str, str] = {}
        taken: dict[str, int] = {}
        for key, name in names:
            taken[name] = taken.get(name, 0) + 1
            labels[key] = name if taken[name] == 1 else f"{name}（{taken[name]}）"
        return cls(labels)

    def key_of(self, typed: str) -> str:
        """The member that was typed, or the text itself for somebody else."""
        return next((key for key, label in self.labels.items() if label == typed), typed)

    def label_of(self, value: str) -> str:
        """What is shown for a member's key or a name."""
        return self.labels.get(value, value)


@dataclass(frozen=True, slots=True)
class Typed:
    """What was read, and by the name of the field what could not be."""

    content: RecordContent
    faults: Mapping[str, str] = field(default_factory=dict)


def read_record(data: QueryDict, *, before: RecordContent) -> Typed:
    """The content that the form says, over what the draft held before.

    Who presided and wrote stay as they were typed; `Roster.key_of` knows the members among them.
    """
    faults: dict[str, str] = {}
    began_at, ended_at = _read_times(data, before, faults)
    content = replace(
        before,
        activities=_read_activities(data, before),
        topic=_text(data, "topic", before.topic, is_line=True),
        began_at=began_at,
        ended_at=ended_at,
        place=_text(data, "place", before.place, is_line=True),
        presider=_text(data, "presider", before.presider, is_line=True),
        recorder=_text(data, "recorder", before.recorder, is_line=True),
        agenda=_text(data, "agenda", before.agenda),
        minutes=_text(data, "minutes", before.minutes),
        guests=_read_guests(data, before),
        attendance=_read_attendance(data, before),
        decisions=_read_decisions(data, before, faults),
        elements=_read_elements(data, before),
        lines=_read_lines(data, before),
        group=_read_group(data, before),
        texts=_read_carried(data, "texts", before.texts),
        themes=_read_carried(data, "themes", before.themes),
        follow_ups=_read_follow_ups(data, before),
    )
    return Typed(content, faults)


def too_long(content: RecordContent) -> dict[str, str]:
    """The fields that hold more than is kept, each with a sentence; the text itself is not cut."""
    found: dict[str, str] = {}
    for name, (label, limit) in LIMITS.items():
        value = getattr(content, name)
        length = len(value) if isinstance(value, str) else sum(len(part) + 1 for part in value)
        if length > limit:
            found[name] = f"{label}最多 {limit} 字，现有 {length} 字，请删减。"
    for key, text in content.elements.items():
        if len(text) > LONGEST_ELEMENT:
            found[f"elements.{key}"] = f"最多 {LONGEST_ELEMENT} 字，现有 {len(text)} 字，请删减。"
    for number, row in enumerate(content.attendance, start=1):
        if len(row.reason) > LONGEST_REASON:
            found[f"attendance[{number}]"] = f"{row.name}：原因最多 {LONGEST_REASON} 字，请删减。"
    return {**found, **_too_long_tasks(content)}


def _too_long_tasks(content: RecordContent) -> dict[str, str]:
    """The same of decisions, with the tasks that they become, and of earlier tasks."""
    found: dict[str, str] = {}
    for number, decision in enumerate(content.decisions, start=1):
        if decision.task is not None and len(decision.task.proof) > LONGEST_NOTE:
            found[f"decisions[{number}]"] = f"完成证明最多 {LONGEST_NOTE} 字，请删减。"
        if len(decision.text) > LONGEST_DECISION:
            found[f"decisions[{number}]"] = f"决议最多 {LONGEST_DECISION} 字，请删减。"
    for number, one in enumerate(content.follow_ups, start=1):
        if len(one.note) > LONGEST_NOTE:
            title = one.title[:20]
            found[f"follow_ups[{number}]"] = f"“{title}”的说明最多 {LONGEST_NOTE} 字，请删减。"
    return found


def do_deed(content: RecordContent, deed: str) -> RecordContent:
    """Rows are added and taken away by buttons that are named after what they do."""
    verb, _, rest = deed.partition(":")
    numbers = [int(part) for part in rest.split(".") if part.isdecimal()]
    decisions = list(content.decisions)
    if verb == "add-decision" and len(decisions) < MOST_ROWS:
        decisions.append(Decision(text=""))
    elif numbers and numbers[0] <= len(decisions) and numbers[0] >= 1:
        at = numbers[0] - 1
        if verb == "remove-decision":
            del decisions[at]
        elif verb == "add-candidate" and len(decisions[at].candidates) < MOST_ROWS:
            candidates = (*decisions[at].candidates, Candidate(name=""))
            decisions[at] = replace(decisions[at], candidates=candidates)
        elif verb == "remove-candidate" and len(numbers) == 2:
            kept = [c for n, c in enumerate(decisions[at].candidates, start=1) if n != numbers[1]]
            decisions[at] = replace(decisions[at], candidates=tuple(kept))
    return replace(content, decisions=tuple(decisions))


def without_blanks(content: RecordContent) -> RecordContent:
    """The content as it is judged and filed: rows in which nothing was written are left out."""
    decisions = tuple(
        replace(d, candidates=tuple(c for c in d.candidates if c != Candidate(name="")))
        for d in content.decisions
        if d.text.strip() or d.has_votes or d.written or d.seats or d.task
    )
    elements = {key: text for key, text in content.elements.items() if text.strip()}
    return replace(content, decisions=decisions, elements=elements)


def clean(text: str, *, is_line: bool = False) -> str:
    """Text as it is kept: one kind of line break, no characters that no database takes."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(c for c in text if c in "\n\t" or (c >= " " and not "\ud800" <= c <= "\udfff"))
    return " ".join(text.split()) if is_line else text.strip()


def _sent(data: QueryDict, name: str) -> str:
    """The last value of a name; a name with an empty list of values has none."""
    value = data[name]
    return value if isinstance(value, str) else ""


def _text(data: QueryDict, name: str, before: str, *, is_line: bool = False) -> str:
    return clean(_sent(data, name), is_line=is_line) if name in data else before


def _is_shown(data: QueryDict, name: str) -> bool:
    """Whether the form had this list at all: a list with nothing ticked sends nothing."""
    return name in data.getlist("shown")


def _read_activities(data: QueryDict, before: RecordContent) -> tuple[Activity, ...]:
    if not _is_shown(data, "activities"):
        return before.activities
    ticked = set(data.getlist("activities"))
    return tuple(activity for activity in Activity if activity.value in ticked)


def _read_lines(data: QueryDict, before: RecordContent) -> tuple[str, ...]:
    if not _is_shown(data, "lines"):
        return before.lines
    return tuple(dict.fromkeys(key for text in data.getlist("lines") if (key := read_key(text))))


def _read_carried(data: QueryDict, name: str, before: tuple[Carried, ...]) -> tuple[Carried, ...]:
    """What was ticked. What it is called is known elsewhere, never believed."""
    if not _is_shown(data, name):
        return before
    titles = {one.key: one.title for one in before}
    keys = dict.fromkeys(key for text in data.getlist(name) if (key := read_key(text)))
    return tuple(Carried(key, titles.get(key, "")) for key in list(keys)[:MOST_ROWS])


def _read_follow_ups(data: QueryDict, before: RecordContent) -> tuple[FollowUp, ...]:
    """What was said of each task on the agenda; what nothing was said of is left out.

    A task that the form did not show keeps what was said of it before.
    """
    said = {one.key: one for one in before.follow_ups}
    for sent in data.getlist("follow")[: MOST_ROWS * 5]:
        key = read_key(sent)
        if not key:
            continue
        state = data.get(f"follow-{sent}", "")
        note = clean(data.get(f"follow-note-{sent}", ""), is_line=True)
        old = said.pop(key, FollowUp(key))
        if state in set(FollowUpState):
            said[key] = replace(old, state=FollowUpState(state), note=note)
        elif note:  # who wrote something about it has looked at it
            said[key] = replace(old, state=FollowUpState.OPEN, note=note)
    return tuple(said.values())


def read_key(text: str) -> str:
    """A key in its one written form; empty for what is none."""
    try:
        return str(UUID(text))
    except ValueError:
        return ""


def _read_group(data: QueryDict, before: RecordContent) -> str:
    return read_key(_sent(data, "group")) if "group" in data else before.group


def _read_guests(data: QueryDict, before: RecordContent) -> tuple[str, ...]:
    if "guests" not in data:
        return before.guests
    names = (clean(name, is_line=True) for name in _BETWEEN_GUESTS.split(_sent(data, "guests")))
    return tuple(name for name in names if name)


def _read_times(
    data: QueryDict, before: RecordContent, faults: dict[str, str]
) -> tuple[datetime | None, datetime | None]:
    day = before.began_at.date() if before.began_at else None
    if "day" in data:
        day = _read_day(_sent(data, "day"), day, faults)
    began = before.began_at.time() if before.began_at else time()
    ended = before.ended_at.time() if before.ended_at else None
    began = _read_time(data, "began", began, faults) or time()
    ended = _read_time(data, "ended", ended, faults)
    if day is None:
        return None, None
    return (
        datetime.combine(day, began),
        datetime.combine(day, ended) if ended is not None else None,
    )


def _read_day(text: str, before: date | None, faults: dict[str, str]) -> date | None:
    text = text.strip()
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        faults["began_at"] = f"日期“{text[:20]}”无法识别，请写成 2026-03-12 的形式。"
        return before
    if not EARLIEST <= day <= LATEST:
        faults["began_at"] = "日期的年份不对，请检查。"
        return before
    return day


def _read_time(
    data: QueryDict, name: str, before: time | None, faults: dict[str, str]
) -> time | None:
    if name not in data:
        return before
    text = _sent(data, name).strip().replace("：", ":")
    if not text:
        return None
    try:
        read = time.fromisoformat(text if len(text.partition(":")[0]) == 2 else f"0{text}")
    except ValueError:
        subject = "began_at" if name == "began" else "ended_at"
        faults[subject] = f"时间“{text[:20]}”无法识别，请写成 14:30 的形式。"
        return before
    return read.replace(second=0, microsecond=0, tzinfo=None)


def _read_attendance(data: QueryDict, before: RecordContent) -> tuple[Attendance, ...]:
    """The states that were tapped. Who is expected is worked out elsewhere, never believed."""
    rows = {row.member: row for row in before.attendance if row.member}
    for key in data.getlist("attendee")[:5000]:
        member = read_key(key)
        status = data.get(f"status-{key}", "")
        if not member or status not in set(AttendanceStatus):
            continue
        reason = clean(data.get(f"reason-{key}", ""), is_line=True)
        row = rows.get(member, Attendance(member=member))
        rows[member] = replace(row, status=AttendanceStatus(status), reason=reason)
    unlisted = tuple(row for row in before.attendance if not row.member)
    return (*rows.values(), *unlisted)


def _read_elements(data: QueryDict, before: RecordContent) -> dict[str, str]:
    elements = dict(before.elements)
    for name in data:
        if match := _ELEMENT.match(name):
            elements[match[1]] = clean(_sent(data, name))
    return {key: text for key, text in elements.items() if text}


def _read_decisions(
    data: QueryDict, before: RecordContent, faults: dict[str, str]
) -> tuple[Decision, ...]:
    if not _is_shown(data, "decisions"):
        return before.decisions
    numbers = sorted(int(match[1]) for name in data if (match := _DECISION.match(name)))
    return tuple(
        _read_decision(data, number, at, before.decisions, faults)
        for at, number in enumerate(numbers[:MOST_ROWS], start=1)
    )


def _read_decision(
    data: QueryDict,
    number: int,
    at: int,
    before: Sequence[Decision],
    faults: dict[str, str],
) -> Decision:
    prefix, subject = f"decision-{number}-", f"decisions[{at}]"
    old = before[number - 1] if 0 < number <= len(before) else Decision(text="")
    kind = data.get(f"{prefix}kind", old.kind.value)
    candidates = sorted(
        int(match[2])
        for name in data
        if (match := _CANDIDATE.match(name)) and int(match[1]) == number
    )
    return Decision(
        text=clean(data.get(f"{prefix}text", old.text)),
        for_=_count(data, f"{prefix}for", old.for_, subject, faults),
        against=_count(data, f"{prefix}against", old.against, subject, faults),
        abstain=_count(data, f"{prefix}abstain", old.abstain, subject, faults),
        written=_count(data, f"{prefix}written", old.written, subject, faults),
        kind=DecisionKind(kind) if kind in set(DecisionKind) else old.kind,
        candidates=tuple(
            Candidate(
                name=clean(data.get(f"{prefix}candidate-{n}-name", ""), is_line=True),
                for_=_count(data, f"{prefix}candidate-{n}-for", 0, subject, faults),
                against=_count(data, f"{prefix}candidate-{n}-against", 0, subject, faults),
                abstain=_count(data, f"{prefix}candidate-{n}-abstain", 0, subject, faults),
            )
            for n in candidates[:MOST_ROWS]
        ),
        seats=_count(data, f"{prefix}seats", old.seats, subject, faults),
        task=_read_task(data, prefix, old.task, subject, faults),
    )


def _read_task(
    data: QueryDict, prefix: str, old: TaskNote | None, subject: str, faults: dict[str, str]
) -> TaskNote | None:
    """A decision becomes a task as soon as anything is said of who, by when, or what proves it."""
    if f"{prefix}due" not in data:
        return old
    before = old or TaskNote()
    found: dict[str, str] = {}
    due_on = _read_day(data.get(f"{prefix}due", ""), before.due_on, found)
    if found:
        faults[subject] = f"任务期限：{found['began_at']}"
    owner = read_key(data.get(f"{prefix}owner", ""))
    task = TaskNote(
        owner=owner,
        owner_name=before.owner_name if owner and owner == before.owner else "",
        due_on=due_on,
        proof=clean(data.get(f"{prefix}proof", before.proof), is_line=True),
    )
    return task if task != TaskNote() else None


def _count(data: QueryDict, name: str, before: int, subject: str, faults: dict[str, str]) -> int:
    if name not in data:
        return before
    text = _sent(data, name).strip()
    if not text:
        return 0
    # str.isdecimal takes full-width digits too, and so does int().
    if len(text) > 6 or not text.isdecimal() or int(text) > MOST_VOTES:
        faults[subject] = f"票数“{text[:12]}”不是有效的数字，请填写 0 或正整数。"
        return before
    return int(text)
