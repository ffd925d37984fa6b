"""Dated facts about a branch: what the scope of a requirement is judged from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from zhibu.rules.norm import Field


@dataclass(frozen=True, slots=True)
class Span:
    """From a day to a day, both included; an open end is None."""

    since: date
    until: date | None = None

    def covers(self, day: date) -> bool:
        """Whether the day lies within."""
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """One member of the branch while they belong to it."""

    member: str
    span: Span  # belonging to this branch
    group: str | None = None
    full_on: date | None = None  # 转正; None while probationary
    is_leader: bool = False  # 党员领导干部
    away: tuple[Span, ...] = ()  # 流动、外出
    infirm: tuple[Span, ...] = ()  # 年老体弱、长期病休：不作硬性要求
    voteless: tuple[Span, ...] = ()  # 留党察看等无表决权期间
    committee: tuple[Span, ...] = ()  # serving on the branch committee (secretary included)


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """One party group of the branch."""

    group: str
    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class TermFacts:
    """One term of office (届)."""

    number: int
    span: Span  # until = the day on which it runs out


@dataclass(frozen=True, slots=True)
class BranchFacts:
    """All that the rules need to know of a branch."""

    branch: str
    field: Field
    span: Span  # founded, dissolved
    members: tuple[MemberFacts, ...] = ()
    groups: tuple[GroupFacts, ...] = ()
    terms: tuple[TermFacts, ...] = ()
    activists: tuple[Span, ...] = ()  # 入党积极分子
    theme_day: str = ""  # the branch's fixed day, e.g. "day:15", "friday:2", "friday:last"
    in_use_since: date | None = None  # 启用日期; None for a branch that owes everything in here


def is_before_use(due: date, in_use_since: date | None) -> bool:
    """Whether what was due on a day is not owed in the system: it was not yet in use there.

    What is due on the first day itself is owed; without a day everything is.
    """
    return in_use_since is not None and due < in_use_since
