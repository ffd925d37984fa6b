"""Small branches, requirements and norms that the tests of the core share."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st

from zhibu.rules.branches import BranchFacts, GroupFacts, MemberFacts, Span, TermFacts
from zhibu.rules.norm import (
    Activity,
    Attendees,
    Cadence,
    Field,
    Norm,
    Per,
    PracticeClass,
    Requirement,
    Scope,
    Unit,
)
from zhibu.rules.verdicts import Article, Certainty

ARTICLE = Article("支部工作条例（试行）第十一条", "S32", Certainty.SEEN)
LONG_AGO = date(2010, 1, 1)


QUARTERLY = Cadence(Unit.QUARTER)
EVERYBODY = Scope()


def requirement(
    code: str = "D1",
    activity: Activity = Activity.MEMBERS_MEETING,
    cadence: Cadence = QUARTERLY,
    scope: Scope = EVERYBODY,
    attendees: Attendees = Attendees.MEMBERS,
    practice_class: PracticeClass = PracticeClass.B,
    **more: Any,
) -> Requirement:
    """A requirement of which a test names only what it is about."""
    title = more.pop("title", code)
    return Requirement(
        code, practice_class, title, activity, cadence, scope, attendees, ARTICLE, "", **more
    )


MEETING = requirement("D1")
COMMITTEE = requirement(
    "D2",
    Activity.COMMITTEE_MEETING,
    Cadence(Unit.MONTH),
    Scope(needs_committee=True),
    Attendees.COMMITTEE,
)
GROUPS = requirement(
    "D3", Activity.GROUP_MEETING, Cadence(Unit.MONTH), Scope(per=Per.GROUP), Attendees.GROUP
)
LESSON = requirement("D4", Activity.LESSON)
THEME = requirement("D5", Activity.THEME_DAY, Cadence(Unit.MONTH, is_fixed_day=True))
LIFE = requirement("D6", Activity.ORGANIZATION_LIFE, Cadence(Unit.YEAR, months=(10, 11, 12)))
APPRAISAL = requirement("D7", Activity.APPRAISAL, Cadence(Unit.YEAR, months=(10, 11, 12)))
ELECTION = requirement("D15", Activity.ELECTION, Cadence(Unit.TERM))
PLAN = requirement(
    "D23a", Activity.REPORT, Cadence(Unit.YEAR, months=(1,)), attendees=Attendees.NONE
)
SUMMARY = requirement(
    "D23b", Activity.REPORT, Cadence(Unit.YEAR, months=(12,)), attendees=Attendees.NONE
)
LECTURE = requirement("T1", Activity.STUDY, Cadence(Unit.HALF), practice_class=PracticeClass.T)

ALL = (
    MEETING,
    COMMITTEE,
    GROUPS,
    LESSON,
    THEME,
    LIFE,
    APPRAISAL,
    ELECTION,
    PLAN,
    SUMMARY,
    LECTURE,
)


def norm(*requirements: Requirement) -> Norm:
    """A norm of some requirements; of all sample requirements where none is named."""
    return Norm("sample", "1", "样本", LONG_AGO, None, (), requirements or ALL)


def member(name: str = "m1", since: date = LONG_AGO, **more: Any) -> MemberFacts:
    """A full member since they came, unless the test says otherwise."""
    until = more.pop("until", None)
    more.setdefault("full_on", since)
    return MemberFacts(name, Span(since, until), **more)


def members(count: int, since: date = LONG_AGO, *, serving: int = 0) -> tuple[MemberFacts, ...]:
    """Full members, the first of them on the committee."""
    return tuple(
        member(f"m{at}", since, committee=(Span(since),) if at <= serving else ())
        for at in range(1, count + 1)
    )


def branch(
    *people: MemberFacts,
    since: date = LONG_AGO,
    until: date | None = None,
    field: Field = Field.ORGAN,
    **more: Any,
) -> BranchFacts:
    """A branch of an organ with these members; with three full ones where none is named."""
    return BranchFacts("b", field, Span(since, until), people or members(3), **more)


def group(key: str = "g1", since: date = LONG_AGO, until: date | None = None) -> GroupFacts:
    """One group."""
    return GroupFacts(key, f"第{key}党小组", Span(since, until))


TYPICAL = branch(
    *(
        member(f"m{at}", group=f"g{at % 2 + 1}", committee=(Span(LONG_AGO),) if at < 5 else ())
        for at in range(25)
    ),
    groups=(group("g1"), group("g2")),
    terms=(TermFacts(1, Span(date(2023, 6, 1), date(2026, 5, 31))),),
    theme_day="friday:2",
)
"""A committee of five, two groups, 25 members: about 60 lines a year."""

days = st.dates(date(1899, 1, 1), date(2100, 12, 31))
names = st.sampled_from(["第一党小组", "𠮷", "买买提·阿不都", "长" * 200])


@st.composite
def spans(draw: st.DrawFn) -> Span:
    """Any span, with or without an end."""
    since = draw(days)
    return Span(since, draw(st.none() | st.dates(since, date(2101, 1, 1))))


@st.composite
def branches(draw: st.DrawFn) -> BranchFacts:
    """Any branch of up to twelve members and three groups."""
    people = tuple(
        MemberFacts(
            f"m{at}",
            draw(spans()),
            group=draw(st.sampled_from([None, "g1", "g2"])),
            full_on=draw(st.none() | days),
            is_leader=draw(st.booleans()),
            infirm=tuple(draw(st.lists(spans(), max_size=1))),
            voteless=tuple(draw(st.lists(spans(), max_size=1))),
            committee=tuple(draw(st.lists(spans(), max_size=2))),
        )
        for at in range(draw(st.integers(0, 12)))
    )
    return BranchFacts(
        "b",
        draw(st.sampled_from(Field)),
        draw(spans()),
        people,
        tuple(GroupFacts(f"g{at}", draw(names), draw(spans())) for at in range(3)),
        tuple(TermFacts(at, draw(spans())) for at in range(draw(st.integers(0, 2)))),
        tuple(draw(st.lists(spans(), max_size=1))),
        draw(st.sampled_from(["", "day:15", "day:31", "friday:2", "friday:last", "junk"])),
    )


@st.composite
def cadences(draw: st.DrawFn) -> Cadence:
    """Any cadence that a pack could write."""
    return Cadence(
        unit=draw(st.sampled_from(Unit)),
        every=draw(st.integers(1, 5)),
        times=draw(st.integers(1, 40)),
        months=tuple(sorted(draw(st.sets(st.integers(1, 12), max_size=4)))),
        is_fixed_day=draw(st.booleans()),
    )


@st.composite
def requirements(draw: st.DrawFn) -> Requirement:
    """Any requirement."""
    scope = Scope(
        per=draw(st.sampled_from(Per)),
        fields=draw(st.frozensets(st.sampled_from(Field), max_size=2)),
        min_full_members=draw(st.integers(0, 8)),
        max_full_members=draw(st.integers(0, 8)),
        needs_committee=draw(st.booleans()),
        needs_groups=draw(st.booleans()),
        needs_probationary=draw(st.booleans()),
        needs_activists=draw(st.booleans()),
        needs_leaders=draw(st.booleans()),
    )
    return requirement(
        draw(st.sampled_from(["A1", "A2", "A3"])),
        draw(st.sampled_from(Activity)),
        draw(cadences()),
        scope,
        draw(st.sampled_from(Attendees)),
        in_force_from=draw(st.none() | days),
        in_force_until=draw(st.none() | days),
    )
