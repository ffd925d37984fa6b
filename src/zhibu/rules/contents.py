"""What a record holds, as a value: a draft and a filed record have the same shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from zhibu.rules.norm import Activity


class AttendanceStatus(StrEnum):
    """How somebody attended."""

    PRESENT = "present"
    LATE = "late"
    LEAVE = "leave"
    ABSENT = "absent"


class DecisionKind(StrEnum):
    """What is decided; quorum and majority differ by it."""

    ORDINARY = "ordinary"
    ADMISSION = "admission"  # 接收预备党员
    CONVERSION = "conversion"  # 预备党员转正、延长、取消
    ELECTION = "election"  # 选举
    DISCIPLINE = "discipline"  # 处分、组织处置
    RATING = "rating"  # 民主测评：投票而不作决议


@dataclass(frozen=True, slots=True)
class Attendance:
    """One person's attendance. `member` is "" for somebody who is not on the roster.

    `is_expected` is whether they count as 应到; `has_vote` whether they may vote; `is_committee`
    whether they serve on the branch committee.
    """

    member: str
    name: str = ""
    status: AttendanceStatus = AttendanceStatus.PRESENT
    reason: str = ""
    is_expected: bool = True
    has_vote: bool = True
    is_committee: bool = False

    @property
    def is_there(self) -> bool:
        """Whether they took part, in time or late."""
        return self.status in (AttendanceStatus.PRESENT, AttendanceStatus.LATE)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person who stood for election, or was rated, and the votes they got."""

    name: str
    for_: int = 0
    against: int = 0
    abstain: int = 0


class FollowUpState(StrEnum):
    """What a meeting says of a task that stood on its agenda."""

    OPEN = "open"  # looked at, goes on
    CLOSED = "closed"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class TaskNote:
    """A decision that somebody is to carry out: who, by when, and what proves it.

    `owner` is a member's key, "" for the branch as a whole; `owner_name` their name that day.
    """

    owner: str = ""
    owner_name: str = ""
    due_on: date | None = None
    proof: str = ""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """An earlier task on the agenda: its key and title, what was said of it, and the words."""

    key: str
    title: str = ""
    state: FollowUpState = FollowUpState.OPEN
    note: str = ""


@dataclass(frozen=True, slots=True)
class Carried:
    """A text that was passed on, or a theme that was served: its key and its title that day."""

    key: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision and its votes.

    `written` says how many of the votes counted here came as a written opinion before the meeting.
    An election has its votes in `candidates`, to `seats` seats (0 where nothing is filled).
    `task` is there when somebody is to carry it out.
    """

    text: str
    for_: int = 0
    against: int = 0
    abstain: int = 0
    written: int = 0
    kind: DecisionKind = DecisionKind.ORDINARY
    candidates: tuple[Candidate, ...] = ()
    seats: int = 0
    task: TaskNote | None = None

    @property
    def has_votes(self) -> bool:
        """Whether anything was put to the vote."""
        return bool(self.for_ or self.against or self.abstain or self.candidates)


@dataclass(frozen=True, slots=True)
class AttachmentNote:
    """A file that belongs to the record: its key, name, size in bytes and SHA-256 digest."""

    key: str
    name: str = ""
    media_type: str = ""
    size: int = 0
    digest: str = ""


@dataclass(frozen=True, slots=True)
class RecordContent:
    """What a record holds.

    `presider` and `recorder` are a member's key or a name. `began_at` and `ended_at` are local
    time. `guests` are those who sat in (列席). `elements` holds the norm's own fields by their key.
    `lines` are the lines of the table that the record is to discharge. `group` is the group that
    met, "" for the branch. `texts` were passed on to those present; `follow_ups` are earlier tasks
    that stood on the agenda; `themes` are those that the record serves.
    """

    activities: tuple[Activity, ...] = ()
    topic: str = ""
    began_at: datetime | None = None
    ended_at: datetime | None = None
    place: str = ""
    presider: str = ""
    recorder: str = ""
    agenda: str = ""
    minutes: str = ""
    guests: tuple[str, ...] = ()
    attendance: tuple[Attendance, ...] = ()
    decisions: tuple[Decision, ...] = ()
    elements: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    attachments: tuple[AttachmentNote, ...] = ()
    lines: tuple[str, ...] = ()
    group: str = ""
    texts: tuple[Carried, ...] = ()
    follow_ups: tuple[FollowUp, ...] = ()
    themes: tuple[Carried, ...] = ()
