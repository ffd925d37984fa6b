"""Whom a requirement binds, from when, and the duties that come of it."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules import samples
from tests.rules.samples import COMMITTEE, GROUPS, branch, group, member, members, requirement

from zhibu.rules.branches import BranchFacts, Span, TermFacts
from zhibu.rules.duties import Duty, derive_duties, offer_duties
from zhibu.rules.norm import Activity, Cadence, Field, Norm, Requirement, Scope, Unit
from zhibu.rules.periods import last_of, month_index
from zhibu.rules.scope import binding_spans, binds_since, explain_scope, term_span, term_years
from zhibu.rules.standing import LineFacts, judge_line

MONTHLY = requirement("M", Activity.THEME_DAY, Cadence(Unit.MONTH))


def due_months(duties: tuple[Duty, ...]) -> list[int]:
    return [duty.window.due.month for duty in duties]


def of(requirement: Requirement, facts: BranchFacts, year: int = 2026) -> tuple[Duty, ...]:
    return derive_duties(samples.norm(requirement), facts, year)


@pytest.mark.parametrize(
    ("founded", "dissolved", "months"),
    [
        (date(2026, 5, 1), None, range(5, 13)),
        (date(2026, 5, 2), None, range(6, 13)),
        (date(2026, 12, 2), None, []),
        (date(2020, 1, 1), date(2026, 8, 31), range(1, 9)),
        (date(2020, 1, 1), date(2026, 8, 20), range(1, 8)),
        (date(2026, 3, 1), date(2026, 3, 31), [3]),
        (date(2027, 1, 1), None, []),
        (date(2020, 1, 1), date(2025, 12, 31), []),
    ],
)
def test_a_branch_owes_for_its_whole_months(
    founded: date, dissolved: date | None, months: list[int]
) -> None:
    """Founded in May it owes nothing for April; a month it does not last through is not owed."""
    found = of(MONTHLY, branch(*members(3, founded), since=founded, until=dissolved))
    assert due_months(found) == list(months)


QUARTERLY = requirement("Q", Activity.MEMBERS_MEETING, Cadence(Unit.QUARTER))


@pytest.mark.parametrize(
    ("since", "months", "quarters"),
    [
        (None, range(1, 13), [3, 6, 9, 12]),
        (date(2025, 7, 1), range(1, 13), [3, 6, 9, 12]),
        (date(2026, 1, 1), range(1, 13), [3, 6, 9, 12]),
        (date(2026, 3, 31), range(3, 13), [3, 6, 9, 12]),  # due on the first day itself: owed
        (date(2026, 4, 1), range(4, 13), [6, 9, 12]),
        (date(2026, 5, 20), range(5, 13), [6, 9, 12]),  # a window under way is owed
        (date(2026, 12, 31), [12], [12]),
        (date(2027, 1, 1), [], []),
    ],
)
def test_what_ended_before_the_system_was_in_use_is_not_owed(
    since: date | None, months: list[int], quarters: list[int]
) -> None:
    """An office that begins on 20 May owes nothing for April, and May and the quarter whole."""
    facts = branch(*members(3), in_use_since=since)
    assert due_months(of(MONTHLY, facts)) == list(months)
    assert due_months(of(QUARTERLY, facts)) == quarters


@given(st.none() | st.dates(date(2025, 12, 1), date(2027, 1, 31)))
def test_beginning_only_takes_away_and_renames_nothing(since: date | None) -> None:
    """Whatever the first day, what is owed are the duties of before that end on it or later."""
    every = derive_duties(samples.norm(), samples.TYPICAL, 2026)
    found = derive_duties(samples.norm(), replace(samples.TYPICAL, in_use_since=since), 2026)
    assert found == tuple(d for d in every if since is None or d.window.due >= since)


@pytest.mark.parametrize(
    ("full_on", "months"),
    [
        (date(2026, 7, 15), range(8, 13)),
        (date(2026, 7, 31), range(8, 13)),
        (date(2026, 7, 1), range(7, 13)),
        (date(2026, 6, 30), range(7, 13)),
        (None, []),
    ],
)
@pytest.mark.parametrize("scope", [Scope(needs_committee=True), Scope(min_full_members=7)])
def test_the_seventh_full_member_changes_the_next_month(
    full_on: date | None, months: list[int], scope: Scope
) -> None:
    """The seventh full member in July makes committee meetings due from August, not before."""
    people = (*members(6), member("m7", date(2026, 2, 1), full_on=full_on))
    assert due_months(of(replace(COMMITTEE, scope=scope), branch(*people))) == list(months)


@pytest.mark.parametrize(("serving", "is_bound"), [(0, False), (2, False), (3, True), (5, True)])
def test_a_small_branch_with_a_committee_meets_in_it(serving: int, is_bound: bool) -> None:
    """Below seven members it counts whether a committee serves; a secretary and a deputy do not."""
    assert bool(of(COMMITTEE, branch(*members(6, serving=serving)))) is is_bound


def test_a_member_who_leaves_counts_until_the_month_ends() -> None:
    """Leaving on 10 August changes September."""
    people = (*members(6), member("m7", until=date(2026, 8, 10)))
    assert due_months(of(COMMITTEE, branch(*people))) == list(range(1, 9))


def test_a_branch_without_groups_owes_no_group_meeting() -> None:
    """No groups, no group meetings."""
    assert of(GROUPS, branch()) == ()


def test_each_group_owes_its_own() -> None:
    """Each group has its duties for its own whole months, in the order of the groups."""
    facts = branch(groups=(group("g2", date(2026, 10, 20)), group("g1", until=date(2026, 2, 28))))
    found = of(GROUPS, facts)
    assert [(duty.group, duty.window.due.month) for duty in found] == [
        ("g1", 1),
        ("g1", 2),
        ("g2", 11),
        ("g2", 12),
    ]


def test_longer_windows_are_cut_to_what_binds() -> None:
    """A branch founded in May has its second quarter from 1 May; one of June 2 from nowhere."""
    quarterly = requirement("Q", cadence=Cadence(Unit.QUARTER))
    (second, *_) = of(quarterly, branch(since=date(2026, 5, 1)))
    assert (second.window.opens, second.window.due) == (date(2026, 5, 1), date(2026, 6, 30))
    assert second.window.ordinal == 2
    assert len(of(quarterly, branch(since=date(2026, 6, 2)))) == 2


def test_rules_in_force() -> None:
    """What came into force on 28 October binds from November; what ended in July binds in July."""
    new = replace(MONTHLY, in_force_from=date(2018, 10, 28))
    old = replace(MONTHLY, in_force_until=date(2018, 10, 27))
    assert due_months(of(new, branch(), 2018)) == [11, 12]
    assert due_months(of(old, branch(), 2018)) == list(range(1, 11))
    assert of(new, branch(), 2017) == of(old, branch(), 2019) == ()


@pytest.mark.parametrize(
    ("field", "began", "years"),
    [
        (Field.ORGAN, date(2018, 7, 1), 3),
        (Field.ORGAN, date(2018, 6, 30), 2),
        (Field.VILLAGE, date(2021, 1, 1), 5),
        (Field.VILLAGE, date(2017, 1, 1), 3),
        (Field.COMMUNITY, date(2021, 1, 1), 5),
        (Field.COMMUNITY, date(2017, 1, 1), 2),
        (Field.ENTERPRISE, date(2021, 1, 1), 3),
    ],
)
def test_terms_last_as_the_rule_of_their_day_says(field: Field, began: date, years: int) -> None:
    """A village's term is five years, an organ's three; older terms run by the older rule."""
    assert term_years(field, began) == years
    assert term_span(TermFacts(1, Span(began)), field).until == began.replace(
        year=began.year + years
    )


@pytest.mark.parametrize(("field", "year"), [(Field.ORGAN, 2024), (Field.VILLAGE, 2026)])
def test_an_election_falls_due_when_the_term_runs_out(field: Field, year: int) -> None:
    """The same beginning, another field, another year."""
    facts = branch(field=field, terms=(TermFacts(1, Span(date(2021, 4, 1))),))
    years = [at for at in range(2020, 2030) if of(samples.ELECTION, facts, at)]
    assert years == [year]


def test_recommended_duties_are_offered_apart() -> None:
    """B is derived, T is offered, X is neither."""
    derived = derive_duties(samples.norm(), samples.TYPICAL, 2026)
    offered = offer_duties(samples.norm(), samples.TYPICAL, 2026)
    assert {duty.requirement.code for duty in offered} == {"T1"}
    assert "T1" not in {duty.requirement.code for duty in derived}


CASES = [
    (Scope(), branch(), ["SCOPE-01"]),
    (Scope(), branch(since=date(2026, 5, 1)), ["SCOPE-02", "SCOPE-04"]),
    (Scope(fields=frozenset({Field.VILLAGE})), branch(), ["SCOPE-06"]),
    (Scope(min_full_members=7), branch(), ["SCOPE-07"]),
    (Scope(max_full_members=2), branch(), ["SCOPE-08"]),
    (Scope(needs_committee=True), branch(), ["SCOPE-09"]),
    (Scope(needs_groups=True), branch(), ["SCOPE-10"]),
    (Scope(needs_probationary=True), branch(), ["SCOPE-11"]),
    (Scope(needs_activists=True), branch(), ["SCOPE-12"]),
    (Scope(needs_leaders=True), branch(), ["SCOPE-13"]),
    (Scope(needs_probationary=True), branch(member(full_on=None)), ["SCOPE-01"]),
    (Scope(needs_activists=True), branch(activists=(Span(date(2020, 1, 1)),)), ["SCOPE-01"]),
    (Scope(needs_leaders=True), branch(member(is_leader=True)), ["SCOPE-01"]),
]


@pytest.mark.parametrize(("scope", "facts", "rules"), CASES)
def test_why_it_binds_or_not(scope: Scope, facts: BranchFacts, rules: list[str]) -> None:
    """Each condition that fails is named, and only those."""
    said = explain_scope(replace(MONTHLY, scope=scope), facts, 2026)
    assert [verdict.rule for verdict in said] == rules


def test_why_an_event_or_an_old_rule_binds() -> None:
    """A duty by event says so; a rule not in force says from when."""
    event = replace(MONTHLY, cadence=Cadence(Unit.EVENT))
    assert [v.rule for v in explain_scope(event, branch(), 2026)] == ["SCOPE-03"]
    late = replace(MONTHLY, in_force_from=date(2027, 1, 1))
    assert [v.rule for v in explain_scope(late, branch(), 2026)] == ["SCOPE-05"]


def test_binding_spans_are_runs_of_months() -> None:
    """The days for which a requirement binds, and the first of them."""
    people = (*members(6), member("m7", until=date(2026, 3, 15)), member("m8", date(2026, 9, 5)))
    facts = branch(*people)
    assert binding_spans(COMMITTEE, facts, 2026) == (
        Span(date(2026, 1, 1), date(2026, 3, 31)),
        Span(date(2026, 10, 1), date(2026, 12, 31)),
    )
    assert binds_since(COMMITTEE, facts, 2026) == date(2026, 1, 1)
    assert binds_since(COMMITTEE, branch(), 2026) is None


def a_norm(*asked: Requirement) -> Norm:
    codes = [replace(one, code=f"A{at}") for at, one in enumerate(asked)]
    return Norm("any", "1", "", date(2000, 1, 1), None, (), tuple(codes))


@given(st.lists(samples.requirements(), max_size=4), samples.branches(), st.integers(1899, 2100))
def test_duties_of_any_branch(asked: list[Requirement], facts: BranchFacts, year: int) -> None:
    """Whatever the facts: windows stand upright, keys differ, and the order of rows is no matter."""
    found = derive_duties(a_norm(*asked), facts, year)
    assert len({duty.key for duty in found}) == len(found)
    for duty in found:
        assert duty.window.opens <= duty.window.due
        assert duty.window.due.year == year
        assert facts.span.since <= duty.window.opens
        assert facts.span.until is None or duty.window.due <= facts.span.until
    mixed = list(facts.members)
    random.Random(1).shuffle(mixed)
    turned = replace(facts, members=tuple(mixed), groups=facts.groups[::-1])
    assert derive_duties(a_norm(*asked), turned, year) == found


@given(samples.requirements(), samples.branches(), st.integers(1899, 2100))
def test_explanation_and_duties_agree(asked: Requirement, facts: BranchFacts, year: int) -> None:
    """It binds all year, for a part, by event, or a reason is given; never silence."""
    said = [verdict.rule for verdict in explain_scope(asked, facts, year)]
    assert said
    spans = binding_spans(asked, facts, year)
    if not spans:
        assert not {"SCOPE-01", "SCOPE-02", "SCOPE-03"} & set(said)
        assert not of(asked, facts, year)
    for span in spans:
        assert span.since.day == 1
        assert span.until == last_of(month_index(span.until or span.since))


@given(samples.branches(), st.integers(1899, 2100), st.integers(1, 12))
def test_the_first_of_the_month_decides(facts: BranchFacts, year: int, month: int) -> None:
    """Counting by hand on the first of the month gives the same as the bits of the year."""
    asked = replace(MONTHLY, scope=Scope(min_full_members=4))
    day = date(year, month, 1)
    full = sum(1 for m in facts.members if m.span.covers(day) and m.full_on and m.full_on <= day)
    lasts = facts.span.covers(day) and facts.span.covers(last_of(month_index(day)))
    assert (month in due_months(of(asked, facts, year))) is (full >= 4 and lasts)


@pytest.mark.slow
def test_a_year_is_derived_and_judged_quickly() -> None:
    """A tenth of the speed that is promised (50,000 lines a second and core), on any busy machine."""
    today, count = date(2026, 6, 1), 0
    began = time.process_time()
    for _ in range(100):
        for duty in derive_duties(samples.norm(), samples.TYPICAL, 2026):
            judge_line(LineFacts(duty.window.opens, duty.window.due), today)
            count += 1
    assert count / (time.process_time() - began) > 5_000
