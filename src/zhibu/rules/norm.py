"""一规: the norm as values — what is asked, of whom, how often, and what proves it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from zhibu.rules.verdicts import Article, Severity


class PracticeClass(StrEnum):
    """The three classes of a practice, in their order. Their labels are data in the norm pack."""

    B = "B"
    T = "T"
    X = "X"


class Activity(StrEnum):
    """The kinds of activity that a record can be of. One event may be several at once."""

    MEMBERS_MEETING = "members_meeting"  # 支部党员大会
    COMMITTEE_MEETING = "committee_meeting"  # 支部委员会会议
    GROUP_MEETING = "group_meeting"  # 党小组会
    LESSON = "lesson"  # 党课
    THEME_DAY = "theme_day"  # 主题党日
    ORGANIZATION_LIFE = "organization_life"  # 组织生活会
    APPRAISAL = "appraisal"  # 民主评议党员
    TALK = "talk"  # 谈心谈话
    STUDY = "study"  # 集中学习培训
    ELECTION = "election"  # 换届选举
    DUES = "dues"  # 党费收缴
    REPORT = "report"  # 计划、总结、述职、报告
    PUBLICITY = "publicity"  # 党务公开
    ADMISSION = "admission"  # 发展党员
    CARE = "care"  # 关怀帮扶
    OTHER = "other"  # 其他


class OrganizationKind(StrEnum):
    """Levels of the tree."""

    COMMISSION = "commission"  # 工作委员会
    COMMITTEE = "committee"  # 党委
    GENERAL_BRANCH = "general_branch"  # 党总支
    BRANCH = "branch"  # 党支部
    GROUP = "group"  # 党小组


class Field(StrEnum):
    """The field of society that a branch works in; some rules differ by it."""

    ORGAN = "organ"  # 机关
    INSTITUTION = "institution"  # 事业单位
    ENTERPRISE = "enterprise"  # 企业
    VILLAGE = "village"  # 村
    COMMUNITY = "community"  # 社区
    SCHOOL = "school"  # 学校
    OTHER = "other"


class Unit(StrEnum):
    """The period within which a duty falls."""

    MONTH = "month"
    QUARTER = "quarter"
    HALF = "half"
    YEAR = "year"
    TERM = "term"  # one 届, as long as the branch's term of office
    EVENT = "event"  # falls due only when something happens; nothing is scheduled


class Happening(StrEnum):
    """Events that start a clock."""

    TERM_END = "term_end"  # 届满
    APPLICATION = "application"  # 递交入党申请书
    VACANCY = "vacancy"  # 委员出缺
    TEXT_RECEIVED = "text_received"  # 收到传达任务
    PROBATION_END = "probation_end"  # 预备期满
    TRANSFER = "transfer"  # 组织关系变动
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Cadence:
    """How often: `times` in each period of `every` units, within `months` where they are named.

    ``Cadence(Unit.QUARTER)`` is once a quarter; ``Cadence(Unit.YEAR, months=(10, 11, 12))`` is once
    a year, in the fourth quarter; ``Cadence(Unit.MONTH, is_fixed_day=True)`` is monthly on the
    branch's fixed day; ``Cadence(Unit.YEAR, every=3)`` is once in three years;
    ``Cadence(Unit.EVENT, after=Happening.APPLICATION, within_months=1)`` is within one month.
    """

    unit: Unit
    every: int = 1
    times: int = 1
    months: tuple[int, ...] = ()
    is_fixed_day: bool = False
    after: Happening | None = None
    within_months: int = 0


class Per(StrEnum):
    """What one duty falls on."""

    BRANCH = "branch"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom a requirement binds. Every condition that is set must hold."""

    per: Per = Per.BRANCH
    fields: frozenset[Field] = frozenset()
    min_full_members: int = 0
    max_full_members: int = 0
    needs_committee: bool = False
    needs_groups: bool = False
    needs_probationary: bool = False
    needs_activists: bool = False
    needs_leaders: bool = False  # 党员领导干部


class Attendees(StrEnum):
    """Who is expected (应到)."""

    MEMBERS = "members"  # 全体党员
    FULL_MEMBERS = "full_members"  # 正式党员
    COMMITTEE = "committee"  # 支部委员
    GROUP = "group"  # 本组党员
    PAIR = "pair"  # 谈话双方
    SECRETARY = "secretary"
    NONE = "none"  # no meeting: dues, notices, reports


class Basis(StrEnum):
    """What a share is a share of."""

    EXPECTED = "expected"  # 应到
    PRESENT = "present"  # 实到
    VOTERS_EXPECTED = "voters_expected"  # 应到会有表决权的
    VOTERS_PRESENT = "voters_present"  # 实到会有表决权的
    COMMITTEE = "committee"  # 委员


@dataclass(frozen=True, slots=True)
class Threshold:
    """A share that must be reached; `is_strict` means it must be exceeded (超过, not 以上)."""

    basis: Basis
    share: Fraction
    is_strict: bool = False


@dataclass(frozen=True, slots=True)
class Element:
    """A part that the record of an activity must or should hold.

    `key` is one of the record's own fields (``place``, ``presider``, ``agenda``, ``minutes``,
    ``decisions``, ``attendance``, ``recorder``, ``topic``) or the key of a field of its own, which
    the form then shows under `label`. `hint` says in one sentence what to write.
    """

    key: str
    label: str
    severity: Severity = Severity.ERROR
    hint: str = ""
    min_length: int = 1
    choices: tuple[str, ...] = ()  # texts to choose from; none: written freely


@dataclass(frozen=True, slots=True)
class Requirement:
    """规定动作: one demand of a norm."""

    code: str
    practice_class: PracticeClass
    title: str
    activity: Activity
    cadence: Cadence
    scope: Scope
    attendees: Attendees
    article: Article
    text: str  # what the rule says, in its own words as far as they were seen
    quorum: Threshold | None = None
    majority: Threshold | None = None
    elements: tuple[Element, ...] = ()
    guide: str = ""  # how to do it well, for a secretary
    model: str = ""  # a model record
    minutes: int = 0  # working minutes that one record costs a branch, an estimate
    in_force_from: date | None = None
    in_force_until: date | None = None
    excuses_infirm: bool = False  # 年老体弱党员不计入应到
    excuses_away: bool = False  # 流动、外出党员不计入应到
    origin: str = ""  # the pack, "id@version", that wrote it or tightened it last


@dataclass(frozen=True, slots=True)
class Norm:
    """规范: one version of a norm, complete (what it extends is already folded in)."""

    pack: str
    version: str
    title: str
    in_force_from: date
    in_force_until: date | None
    labels: tuple[tuple[PracticeClass, str], ...]
    requirements: tuple[Requirement, ...]
    extends: str = ""
    summary: str = ""
    sources: tuple[str, ...] = ()  # the documents that it was made from
    vocabulary: tuple[Element, ...] = ()  # every field of its own that a record may have

    def requirement(self, code: str) -> Requirement | None:
        """The requirement with this code, or None."""
        return next((r for r in self.requirements if r.code == code), None)
