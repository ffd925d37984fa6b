"""责任清单: what each post has to do, and how its state follows from what is recorded already.

Nobody is asked for it and nobody types it in. What cannot be seen from records is said to be so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from zhibu.rules.verdicts import Article, Severity, Verdict


class Measure(StrEnum):
    """From what the state of a responsibility is worked out."""

    TABLE = "table"  # the branch's table of the year is adopted
    LINES = "lines"  # lines of some requirements or activities
    ALL_LINES = "all_lines"  # all lines of class B
    BELOW_LINES = "below_lines"  # all lines of class B at and below the organisation
    OWN_LESSON = "own_lesson"  # lessons that the person gave
    OWN_TALKS = "own_talks"  # talks that the person took part in
    OWN_LIFE = "own_life"  # meetings of the own branch that the person attended
    SEALS = "seals"  # the branch's records are sealed
    COUNTERSIGNS = "countersigns"  # seals of the branches right below
    TEXTS = "texts"  # texts that have reached everybody at and below
    TASKS = "tasks"  # tasks of the organisation
    OWN_TASKS = "own_tasks"  # tasks of the person
    FEEDBACK = "feedback"  # what was asked of the organisation
    REPORT = "report"  # the monthly report of last month
    OWN = "own"  # nothing that is recorded shows it


class Fulfilment(StrEnum):
    """How a responsibility stands."""

    MET = "met"
    UNDER_WAY = "under_way"
    NOT_YET = "not_yet"
    IDLE = "idle"  # nothing to be done at present
    UNKNOWN = "unknown"  # the account is no member of the roster
    OWN = "own"  # in the person's own hands


@dataclass(frozen=True, slots=True)
class Responsibility:
    """One thing that a post has to do.

    `requirements` and `activities` name the lines for `Measure.LINES`; `times` is how often a year
    for what the person does in person.
    """

    code: str
    title: str
    text: str
    article: Article
    measure: Measure
    requirements: frozenset[str] = frozenset()
    activities: frozenset[str] = frozenset()
    times: int = 0


@dataclass(frozen=True, slots=True)
class PostDuties:
    """What one post has to do. It is held by these offices, or else by these roles."""

    key: str
    title: str
    kinds: frozenset[str]  # of the organisation
    offices: tuple[str, ...]
    roles: tuple[str, ...]
    items: tuple[Responsibility, ...]


@dataclass(frozen=True, slots=True)
class ResponsibilityList:
    """责任清单: one version of it."""

    id: str
    version: str
    title: str
    summary: str
    sources: tuple[str, ...]
    posts: tuple[PostDuties, ...]

    def of_office(self, kind: str, office: str) -> PostDuties | None:
        """The duties of an office in an organisation of this kind, or None."""
        return next((p for p in self.posts if kind in p.kinds and office in p.offices), None)

    def of_role(self, kind: str, role: str) -> PostDuties | None:
        """The duties that go with a role, for who has no office there, or None."""
        return next((p for p in self.posts if kind in p.kinds and role in p.roles), None)


@dataclass(frozen=True, slots=True)
class Seen:
    """What is recorded that one responsibility is judged by.

    `late` are among `done`; `pending` are neither done nor overdue; waived ones are done. `oldest`
    is the due day of the oldest that is overdue, `next_on` that of the next.
    """

    done: int = 0
    late: int = 0
    overdue: int = 0
    pending: int = 0
    oldest: date | None = None
    next_on: date | None = None
    is_known: bool = True

    @property
    def total(self) -> int:
        """All of them."""
        return self.done + self.overdue + self.pending

    def __add__(self, other: Seen) -> Seen:
        return Seen(
            self.done + other.done,
            self.late + other.late,
            self.overdue + other.overdue,
            self.pending + other.pending,
            _earlier(self.oldest, other.oldest),
            _earlier(self.next_on, other.next_on),
            self.is_known and other.is_known,
        )


def _earlier(one: date | None, other: date | None) -> date | None:
    return min((day for day in (one, other) if day is not None), default=None)


@dataclass(frozen=True, slots=True)
class Judged:
    """A responsibility with its state and why."""

    responsibility: Responsibility
    state: Fulfilment
    verdict: Verdict


# What is counted, and in what it is counted.
_WHAT: Final[Mapping[Measure, tuple[str, str]]] = MappingProxyType(
    {
        Measure.TABLE: ("年度安排表", "份"),
        Measure.LINES: ("本年度安排表中的这类事项", "项"),
        Measure.ALL_LINES: ("本年度安排表中的必做事项", "项"),
        Measure.BELOW_LINES: ("所属党支部本年度安排表中的必做事项", "项"),
        Measure.OWN_LESSON: ("本人本年度讲党课", "次"),
        Measure.OWN_TALKS: ("本人本年度参加谈心谈话", "次"),
        Measure.OWN_LIFE: ("本人本年度参加所在党支部组织生活", "次"),
        Measure.SEALS: ("归档记录的封存", "次"),
        Measure.COUNTERSIGNS: ("直属党支部最近一次封存的加签", "个"),
        Measure.TEXTS: ("本年度应传达的文件", "件"),
        Measure.TASKS: ("本年度的任务", "项"),
        Measure.OWN_TASKS: ("本人本年度承担的任务", "项"),
        Measure.FEEDBACK: ("本年度收到的意见反映", "件"),
        Measure.REPORT: ("上月工作报告", "份"),
        Measure.OWN: ("", ""),
    }
)


def judge_responsibility(responsibility: Responsibility, seen: Seen) -> Judged:
    """How a responsibility stands: met, under way, not yet, or not to be seen from records.

    Not yet is said only when something is overdue; what may still be done in time is under way.
    """
    what, unit = _WHAT[responsibility.measure]
    facts = {
        "what": what,
        "unit": unit,
        "total": seen.total,
        "done": seen.done,
        "late": seen.late,
        "overdue": seen.overdue,
        "oldest": seen.oldest,
        "next": seen.next_on,
    }

    def judged(state: Fulfilment, rule: str, severity: Severity = Severity.NOTE) -> Judged:
        verdict = Verdict(rule, severity, responsibility.code, facts, responsibility.article)
        return Judged(responsibility, state, verdict)

    if responsibility.measure is Measure.OWN:
        return judged(Fulfilment.OWN, "RESP-01")
    if not seen.is_known:
        return judged(Fulfilment.UNKNOWN, "RESP-02")
    if not seen.total:
        return judged(Fulfilment.IDLE, "RESP-03")
    if seen.overdue and responsibility.measure is Measure.BELOW_LINES:
        # Others are behind: the person's part is to help them, and goes on.
        return judged(Fulfilment.UNDER_WAY, "RESP-12", Severity.WARNING)
    if seen.overdue:
        rule = "RESP-04" if seen.oldest is not None else "RESP-05"
        return judged(Fulfilment.NOT_YET, rule, Severity.WARNING)
    if not seen.pending:
        return judged(Fulfilment.MET, "RESP-07" if seen.late else "RESP-06")
    if seen.next_on is None:
        return judged(Fulfilment.UNDER_WAY, "RESP-09" if seen.done else "RESP-10")
    return judged(Fulfilment.UNDER_WAY, "RESP-08" if seen.done else "RESP-11")


def count_states(judged: tuple[Judged, ...]) -> dict[Fulfilment, int]:
    """How many of a post's responsibilities stand how, in the order of the states; no shares."""
    return {
        state: number
        for state in Fulfilment
        if (number := sum(1 for one in judged if one.state is state))
    }


_BETWEEN_NAMES: Final = r"[、，,；;：:（）()\[\]【】\s与和同及]"


def names_person(text: str, name: str) -> bool:
    """Whether a text of names names this person: 李明 is not in 李明华与王强, nor 李同 in 李同华."""
    between = _BETWEEN_NAMES
    return bool(name) and bool(re.search(f"(?:^|{between}){re.escape(name)}(?:{between}|$)", text))
