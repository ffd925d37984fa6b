"""A record's content as JSON data and back, without loss; junk is refused by the field's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar

from zhibu.rules.contents import (
    AttachmentNote,
    Attendance,
    AttendanceStatus,
    Candidate,
    Carried,
    Decision,
    DecisionKind,
    FollowUp,
    FollowUpState,
    RecordContent,
    TaskNote,
)
from zhibu.rules.norm import Activity

Data = dict[str, Any]
Kind = TypeVar("Kind", bound=StrEnum)
Item = TypeVar("Item")

LONGEST_TEXT = 500_000  # characters of one text; the longest real minutes have some 30,000
LONGEST_LIST = 10_000
LARGEST_COUNT = 1_000_000
LARGEST_FILE = 2**50


class ContentError(ValueError):
    """The data of a record cannot be read; `field` is the place, as in ``attendance[3].status``."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}：{reason}")
        self.field = field
        self.reason = reason


def to_data(content: RecordContent) -> Data:
    """The content as plain data for JSON. `from_data` gives the same content back."""
    return {
        "activities": [activity.value for activity in content.activities],
        "topic": content.topic,
        "began_at": content.began_at.isoformat() if content.began_at else None,
        "ended_at": content.ended_at.isoformat() if content.ended_at else None,
        "place": content.place,
        "presider": content.presider,
        "recorder": content.recorder,
        "agenda": content.agenda,
        "minutes": content.minutes,
        "guests": list(content.guests),
        "attendance": [_attendance_data(row) for row in content.attendance],
        "decisions": [_decision_data(decision) for decision in content.decisions],
        "elements": dict(content.elements),
        "attachments": [_attachment_data(note) for note in content.attachments],
        "lines": list(content.lines),
        "group": content.group,
        **_later_data(content),
    }


def _later_data(content: RecordContent) -> Data:
    """What came to records later: named only where there is any, so that older ones keep their text."""
    data: Data = {
        "texts": [{"key": one.key, "title": one.title} for one in content.texts],
        "follow_ups": [
            {"key": one.key, "title": one.title, "state": one.state.value, "note": one.note}
            for one in content.follow_ups
        ],
        "themes": [{"key": one.key, "title": one.title} for one in content.themes],
    }
    return {name: value for name, value in data.items() if value}


def from_data(data: object) -> RecordContent:
    """The content that the data says; what is left out is empty, what is unknown is ignored.

    Raises ContentError (a ValueError) naming the field that holds something it cannot hold.
    """
    read = _Reader(data, "")
    return RecordContent(
        activities=tuple(dict.fromkeys(read.listed("activities", _activity))),
        topic=read.text("topic"),
        began_at=read.moment("began_at"),
        ended_at=read.moment("ended_at"),
        place=read.text("place"),
        presider=read.text("presider"),
        recorder=read.text("recorder"),
        agenda=read.text("agenda"),
        minutes=read.text("minutes"),
        guests=read.listed("guests", _text),
        attendance=read.listed("attendance", _attendance),
        decisions=read.listed("decisions", _decision),
        elements=read.texts("elements"),
        attachments=read.listed("attachments", _attachment),
        lines=read.listed("lines", _text),
        group=read.text("group"),
        texts=read.listed("texts", _carried),
        follow_ups=read.listed("follow_ups", _follow_up),
        themes=read.listed("themes", _carried),
    )


def _attendance_data(row: Attendance) -> Data:
    return {
        "member": row.member,
        "name": row.name,
        "status": row.status.value,
        "reason": row.reason,
        "is_expected": row.is_expected,
        "has_vote": row.has_vote,
        "is_committee": row.is_committee,
    }


def _decision_data(decision: Decision) -> Data:
    return {
        "text": decision.text,
        "for": decision.for_,
        "against": decision.against,
        "abstain": decision.abstain,
        "written": decision.written,
        "kind": decision.kind.value,
        "candidates": [
            {"name": who.name, "for": who.for_, "against": who.against, "abstain": who.abstain}
            for who in decision.candidates
        ],
        "seats": decision.seats,
        **({"task": _task_data(decision.task)} if decision.task else {}),
    }


def _task_data(task: TaskNote) -> Data:
    return {
        "owner": task.owner,
        "owner_name": task.owner_name,
        "due_on": task.due_on.isoformat() if task.due_on else None,
        "proof": task.proof,
    }


def _attachment_data(note: AttachmentNote) -> Data:
    return {
        "key": note.key,
        "name": note.name,
        "media_type": note.media_type,
        "size": note.size,
        "digest": note.digest,
    }


def _attendance(value: object, where: str) -> Attendance:
    read = _Reader(value, where)
    return Attendance(
        member=read.text("member"),
        name=read.text("name"),
        status=read.choice("status", AttendanceStatus, AttendanceStatus.PRESENT),
        reason=read.text("reason"),
        is_expected=read.flag("is_expected", default=True),
        has_vote=read.flag("has_vote", default=True),
        is_committee=read.flag("is_committee", default=False),
    )


def _decision(value: object, where: str) -> Decision:
    read = _Reader(value, where)
    return Decision(
        text=read.text("text"),
        for_=read.count("for"),
        against=read.count("against"),
        abstain=read.count("abstain"),
        written=read.count("written"),
        kind=read.choice("kind", DecisionKind, DecisionKind.ORDINARY),
        candidates=read.listed("candidates", _candidate),
        seats=read.count("seats"),
        task=read.maybe("task", _task),
    )


def _task(value: object, where: str) -> TaskNote:
    read = _Reader(value, where)
    return TaskNote(
        owner=read.text("owner"),
        owner_name=read.text("owner_name"),
        due_on=read.day("due_on"),
        proof=read.text("proof"),
    )


def _follow_up(value: object, where: str) -> FollowUp:
    read = _Reader(value, where)
    return FollowUp(
        key=read.text("key"),
        title=read.text("title"),
        state=read.choice("state", FollowUpState, FollowUpState.OPEN),
        note=read.text("note"),
    )


def _carried(value: object, where: str) -> Carried:
    read = _Reader(value, where)
    return Carried(key=read.text("key"), title=read.text("title"))


def _candidate(value: object, where: str) -> Candidate:
    read = _Reader(value, where)
    return Candidate(
        name=read.text("name"),
        for_=read.count("for"),
        against=read.count("against"),
        abstain=read.count("abstain"),
    )


def _attachment(value: object, where: str) -> AttachmentNote:
    read = _Reader(value, where)
    return AttachmentNote(
        key=read.text("key"),
        name=read.text("name"),
        media_type=read.text("media_type"),
        size=read.count("size", most=LARGEST_FILE),
        digest=read.text("digest"),
    )


def _activity(value: object, where: str) -> Activity:
    return _choice(value, where, Activity)


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise ContentError(where, "应当是文字")
    if len(value) > LONGEST_TEXT:
        raise ContentError(where, f"文字过长，最多 {LONGEST_TEXT} 字")
    if "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value):
        raise ContentError(where, "含有无法保存的字符，请删去后重新输入")
    return value


def _choice(value: object, where: str, kind: type[Kind]) -> Kind:
    if isinstance(value, str):
        try:
            return kind(value)
        except ValueError:
            pass
    raise ContentError(where, "不在可选范围内")


class _Reader:
    """Takes the fields of one JSON object and names them when they hold what they cannot."""

    def __init__(self, data: object, where: str) -> None:
        if not isinstance(data, Mapping):
            raise ContentError(where or "记录", "应当是一组字段")
        self._data: Mapping[str, object] = data
        self._prefix = f"{where}." if where else ""

    def text(self, key: str) -> str:
        value = self._data.get(key)
        return "" if value is None else _text(value, self._prefix + key)

    def texts(self, key: str) -> Mapping[str, str]:
        value = self._data.get(key)
        where = self._prefix + key
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            raise ContentError(where, "应当是一组字段")
        if len(value) > LONGEST_LIST:
            raise ContentError(where, f"项目过多，最多 {LONGEST_LIST} 项")
        return {_text(name, where): _text(text, f"{where}.{name}") for name, text in value.items()}

    def count(self, key: str, *, most: int = LARGEST_COUNT) -> int:
        value = self._data.get(key)
        if value is None:
            return 0
        # A bool is an int to Python, and 2.0 is not one: neither is a number of votes.
        if not isinstance(value, int) or isinstance(value, bool):
            raise ContentError(self._prefix + key, "应当是整数")
        if not 0 <= value <= most:
            raise ContentError(self._prefix + key, f"应当在 0 到 {most} 之间")
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        value = self._data.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise ContentError(self._prefix + key, "应当是“是”或“否”")
        return value

    def moment(self, key: str) -> datetime | None:
        value = self._data.get(key)
        if value is None or value == "":
            return None
        if isinstance(value, str):
            try:
                return datetime.fromisoformat(value)
            except ValueError:
                pass
        raise ContentError(self._prefix + key, "应当是日期和时间，如 2026-03-12T14:30")

    def day(self, key: str) -> date | None:
        value = self._data.get(key)
        if value is None or value == "":
            return None
        if isinstance(value, str):
            try:
                return date.fromisoformat(value)
            except ValueError:
                pass
        raise ContentError(self._prefix + key, "应当是日期，如 2026-03-12")

    def maybe(self, key: str, item: Callable[[object, str], Item]) -> Item | None:
        value = self._data.get(key)
        return None if value is None else item(value, self._prefix + key)

    def choice(self, key: str, kind: type[Kind], default: Kind) -> Kind:
        value = self._data.get(key)
        return default if value is None else _choice(value, self._prefix + key, kind)

    def listed(self, key: str, item: Callable[[object, str], Item]) -> tuple[Item, ...]:
        value = self._data.get(key)
        where = self._prefix + key
        if value is None:
            return ()
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            raise ContentError(where, "应当是列表")
        if len(value) > LONGEST_LIST:
            raise ContentError(where, f"项目过多，最多 {LONGEST_LIST} 项")
        return tuple(item(entry, f"{where}[{at}]") for at, entry in enumerate(value, start=1))
