"""一规: the packs, a version by class, one requirement, what changes between two versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from zhibu.norms.models import NormChoice, NormVersion
from zhibu.rules import wording
from zhibu.rules.branches import BranchFacts, GroupFacts, MemberFacts, Span, TermFacts
from zhibu.rules.burden import Burden, TotalBurden, sum_burden, weigh_norm
from zhibu.rules.norm import (
    Element,
    Field,
    Norm,
    PracticeClass,
    Requirement,
)
from zhibu.rules.packs import say_change
from zhibu.rules.packs_diff import Change, ChangeKind
from zhibu.rules.scope import binding_spans, explain_scope
from zhibu.rules.verdicts import Certainty, Severity, Verdict

TYPICAL_FOUNDED: Final = date(2000, 1, 1)

SURENESS: Final[Mapping[Certainty, str]] = {
    Certainty.SEEN: "条文已与原文或其可靠转载核对。",
    Certainty.SECONDARY: "条文见于转引，尚未与原文核对，使用时以正式文本为准。",
    Certainty.UNVERIFIED: "属于通行做法，没有找到条文原文，使用时请向上级核实。",
}

ASKS: Final[Mapping[Severity, str]] = {
    Severity.ERROR: "必填",
    Severity.WARNING: "应填",
    Severity.NOTE: "选填",
}


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version in the list of packs."""

    pack: str
    version: str
    title: str
    in_force_from: date
    in_force_until: date | None
    state: str
    extends: str
    earlier: str  # the version before it, as "pack@version", to compare with


@dataclass(frozen=True, slots=True)
class ChoiceRow:
    """Which pack binds whom, since when."""

    organization: str
    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class PackRow:
    """A pack with its versions, the newest first, and whom it binds."""

    pack: str
    title: str
    is_mine: bool
    versions: tuple[VersionRow, ...]
    choices: tuple[ChoiceRow, ...]


@dataclass(frozen=True, slots=True)
class NormListPage:
    """All packs."""

    packs: tuple[PackRow, ...]
    names: tuple[tuple[str, str], ...]  # (pack@version, what it is called), to compare two
    branch: str
    may_publish: bool


@dataclass(frozen=True, slots=True)
class RequirementRow:
    """One requirement in the list of a version."""

    code: str
    title: str
    cadence: str
    scope: str
    article: str
    certainty: str
    burden: Burden


@dataclass(frozen=True, slots=True)
class ClassPart:
    """The requirements of one class."""

    practice_class: PracticeClass
    label: str
    rows: tuple[RequirementRow, ...]


@dataclass(frozen=True, slots=True)
class NormPage:
    """One version of a norm."""

    norm: Norm
    parts: tuple[ClassPart, ...]
    query: str
    found: int
    branch: str  # whose burden is shown; empty for a typical branch
    year: int
    must: TotalBurden  # of the B class
    hours: str


@dataclass(frozen=True, slots=True)
class Ask:
    """One part that a record must or should hold."""

    label: str
    asks: str
    hint: str


@dataclass(frozen=True, slots=True)
class RequirementPage:
    """One requirement with all that is known of it."""

    norm: Norm
    requirement: Requirement
    label: str
    cadence: str
    scope: str
    attendees: str
    activity: str
    quorum: str
    majority: str
    excused: str
    article: str
    sureness: str
    origin: str
    asks: tuple[Ask, ...]
    branch: str
    year: int
    is_bound: bool | None  # of the reader's branch; None where there is none
    reasons: tuple[str, ...]
    burden: Burden


@dataclass(frozen=True, slots=True)
class ChangeGroup:
    """What changes in one requirement."""

    code: str
    title: str
    sentences: tuple[str, ...]
    is_ended: bool


@dataclass(frozen=True, slots=True)
class DiffPage:
    """What changes for a branch between two versions."""

    before: Norm | None
    after: Norm | None
    groups: tuple[ChangeGroup, ...]
    names: tuple[tuple[str, str], ...]
    fault: str

    @property
    def before_name(self) -> str:
        """The first version, as addresses name it."""
        return f"{self.before.pack}@{self.before.version}" if self.before else ""

    @property
    def after_name(self) -> str:
        """The second version, as addresses name it."""
        return f"{self.after.pack}@{self.after.version}" if self.after else ""


@lru_cache(maxsize=1)
def typical_facts() -> BranchFacts:
    """A branch as most are: 25 members, a committee of five, two groups, in an organ."""
    always = Span(TYPICAL_FOUNDED)
    members = tuple(
        MemberFacts(
            member=str(number),
            span=always,
            group=str(number % 2),
            full_on=TYPICAL_FOUNDED,
            committee=(always,) if number < 5 else (),
        )
        for number in range(25)
    )
    return BranchFacts(
        branch="typical",
        field=Field.ORGAN,
        span=always,
        members=members,
        groups=(GroupFacts("0", "第一党小组", always), GroupFacts("1", "第二党小组", always)),
        terms=(TermFacts(1, Span(TYPICAL_FOUNDED)),),
        theme_day="day:15",
    )


def build_norm_list(
    versions: Sequence[NormVersion],
    choices: Iterable[NormChoice],
    *,
    mine: str,
    branch: str,
    today: date,
    may_publish: bool,
) -> NormListPage:
    """All packs; `mine` binds the reader's branch today."""
    by_pack: dict[str, list[NormVersion]] = {}
    for version in versions:
        by_pack.setdefault(version.pack, []).append(version)
    bound: dict[str, list[ChoiceRow]] = {}
    for choice in choices:
        row = ChoiceRow(choice.organization.name, choice.since, choice.until)
        bound.setdefault(choice.pack, []).append(row)
    packs = [
        PackRow(
            pack=pack,
            title=rows[-1].title,
            is_mine=pack == mine,
            versions=tuple(_version_rows(rows, today)),
            choices=tuple(bound.get(pack, ())),
        )
        for pack, rows in by_pack.items()
    ]
    packs.sort(key=lambda pack: (not pack.is_mine, not pack.choices, pack.pack))
    return NormListPage(tuple(packs), name_versions(versions), branch, may_publish)


def name_versions(versions: Iterable[NormVersion]) -> tuple[tuple[str, str], ...]:
    """Versions to choose from."""
    return tuple((f"{v.pack}@{v.version}", f"{v.title}（{v.version}）") for v in versions)


def _version_rows(rows: Sequence[NormVersion], today: date) -> Iterable[VersionRow]:
    for at in range(len(rows) - 1, -1, -1):
        row = rows[at]
        earlier = rows[at - 1] if at else row.extends
        yield VersionRow(
            pack=row.pack,
            version=row.version,
            title=row.title,
            in_force_from=row.in_force_from,
            in_force_until=row.in_force_until,
            state=_state(row, today),
            extends=row.extends.title if row.extends else "",
            earlier=f"{earlier.pack}@{earlier.version}" if earlier else "",
        )


def _state(row: NormVersion, today: date) -> str:
    if today < row.in_force_from:
        return "尚未施行"
    if row.in_force_until is not None and today > row.in_force_until:
        return "已经失效"
    return "现行有效"


def build_norm_page(
    norm: Norm, *, query: str, facts: BranchFacts | None, branch: str, year: int
) -> NormPage:
    """A version with the burden that it puts on the reader's branch, or on a typical one."""
    burdens = {one.requirement: one for one in weigh_norm(norm, facts or typical_facts(), year)}
    wanted = [r for r in norm.requirements if _matches(r, query)]
    must = sum_burden(burdens.values())
    return NormPage(
        norm=norm,
        parts=tuple(
            ClassPart(
                key,
                label,
                tuple(_row(r, burdens[r.code]) for r in wanted if r.practice_class is key),
            )
            for key, label in norm.labels
        ),
        query=query,
        found=len(wanted),
        branch=branch if facts else "",
        year=year,
        must=must,
        hours=f"{must.minutes / 60:.0f}",
    )


def _matches(requirement: Requirement, query: str) -> bool:
    text = "".join(
        (
            requirement.code,
            requirement.title,
            requirement.text,
            requirement.guide,
            requirement.article.text,
            wording.label(requirement.activity),
            *(element.label for element in requirement.elements),
        )
    ).lower()
    return all(word in text for word in query.lower().split())


def _row(requirement: Requirement, burden: Burden) -> RequirementRow:
    return RequirementRow(
        code=requirement.code,
        title=requirement.title,
        cadence=wording.say_cadence(requirement.cadence),
        scope=wording.say_scope(requirement.scope),
        article=requirement.article.text,
        certainty=wording.label(requirement.article.certainty),
        burden=burden,
    )


def build_requirement_page(
    norm: Norm,
    requirement: Requirement,
    *,
    facts: BranchFacts | None,
    branch: str,
    year: int,
) -> RequirementPage:
    """A requirement; with the reader's branch's facts also whether it is bound, and why."""
    reasons: tuple[Verdict, ...] = ()
    is_bound = None
    if facts is not None:
        reasons = explain_scope(requirement, facts, year)
        is_bound = bool(binding_spans(requirement, facts, year))
    weighed = weigh_norm(norm, facts or typical_facts(), year)
    return RequirementPage(
        norm=norm,
        requirement=requirement,
        label=dict(norm.labels).get(requirement.practice_class, ""),
        cadence=wording.say_cadence(requirement.cadence),
        scope=wording.say_scope(requirement.scope),
        attendees=wording.label(requirement.attendees),
        activity=wording.label(requirement.activity),
        quorum=wording.say_threshold(requirement.quorum) if requirement.quorum else "",
        majority=wording.say_threshold(requirement.majority) if requirement.majority else "",
        excused=_say_excused(requirement),
        article=requirement.article.text,
        sureness=SURENESS[requirement.article.certainty],
        origin=requirement.origin,
        asks=tuple(_ask(element) for element in requirement.elements),
        branch=branch if facts else "",
        year=year,
        is_bound=is_bound,
        reasons=tuple(wording.say(verdict) for verdict in reasons),
        burden=next(one for one in weighed if one.requirement == requirement.code),
    )


def _ask(element: Element) -> Ask:
    return Ask(element.label, ASKS[element.severity], element.hint)


def _say_excused(requirement: Requirement) -> str:
    who = []
    if requirement.excuses_infirm:
        who.append("年老体弱党员")
    if requirement.excuses_away:
        who.append("流动、外出党员")
    return f"{'、'.join(who)}不计入应到" if who else ""


def build_diff_page(
    before: Norm | None,
    after: Norm | None,
    changes: Iterable[Change],
    names: tuple[tuple[str, str], ...],
    fault: str = "",
) -> DiffPage:
    """The changes by requirement, in words."""
    groups: dict[str, list[Change]] = {}
    for change in changes:
        groups.setdefault(change.code, []).append(change)
    return DiffPage(
        before=before,
        after=after,
        groups=tuple(
            ChangeGroup(
                code=code,
                title=of[0].title or "规范整体",
                sentences=tuple(_say(change) for change in of),
                is_ended=any(c.kind is ChangeKind.ENDED for c in of),
            )
            for code, of in groups.items()
        ),
        names=names,
        fault=fault,
    )


def _say(change: Change) -> str:
    """The sentence without the name of the requirement, which stands above it."""
    return say_change(change).removeprefix(f"{change.code} {change.title}：")
