"""Whom a requirement binds, and from when, judged from dated facts about a branch.

Everything is judged by whole months: what holds on the first day of a month holds for that month.
So a change in the middle of July changes August, a change on the first of July changes July, and a
branch or group owes something only for months that it exists from end to end. The twelve months of
a year are the bits of an integer (bit 0 is January).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from zhibu.rules.branches import BranchFacts, GroupFacts, Span, TermFacts
from zhibu.rules.norm import Field, Per, Requirement, Scope, Unit
from zhibu.rules.periods import add_months, first_of, last_of, month_index
from zhibu.rules.verdicts import Severity, Verdict

ALL_YEAR = 0b1111_1111_1111

COMMITTEE_FROM_FULL_MEMBERS = 7
"""From so many full members a branch must set up a committee (支部工作条例 20)."""

COMMITTEE_SIZE = 3
"""So many serving make a committee; a secretary and a deputy alone are none."""

TERM_REFORM_ON = date(2018, 7, 1)
"""Terms that began earlier run by the older rule (关于党的基层组织任期的意见, July 2018)."""


@dataclass(frozen=True, slots=True)
class BranchYear:
    """A branch's facts as they stand month by month in one year; made once, asked many times."""

    facts: BranchFacts
    year: int
    exists: int
    full: tuple[int, ...]  # full members on the first of each month
    committee: int
    groups: tuple[tuple[GroupFacts, int], ...]
    probationary: int
    activists: int
    leaders: int

    @property
    def any_group(self) -> int:
        """The months in which at least one group exists."""
        return _union(mask for _, mask in self.groups)


@dataclass(frozen=True, slots=True)
class Binding:
    """The months of a year for which a requirement binds a branch, or one of its groups."""

    group: GroupFacts | None
    months: int


def branch_year(facts: BranchFacts, year: int) -> BranchYear:
    """Read a branch's dated facts into months of a year."""
    exists = _whole_months(facts.span, year)
    full, members, serving = [0] * 13, [0] * 13, [0] * 13
    leaders = 0
    for member in facts.members:
        stays = _on_firsts(member.span, year)
        if not stays:
            continue
        if member.is_leader:
            leaders |= stays
        _count(members, stays)
        if member.full_on is not None:
            _count(full, stays & _since(member.full_on, year))
        if member.committee:
            _count(serving, stays & _union(_on_firsts(span, year) for span in member.committee))
    full_now, members_now, serving_now = _sums(full), _sums(members), _sums(serving)
    committee = _where(
        serving_now[at] >= COMMITTEE_SIZE or full_now[at] >= COMMITTEE_FROM_FULL_MEMBERS
        for at in range(12)
    )
    groups = sorted(facts.groups, key=lambda group: (group.span.since, group.name, group.group))
    return BranchYear(
        facts=facts,
        year=year,
        exists=exists,
        full=full_now,
        committee=committee,
        groups=tuple((group, _whole_months(group.span, year) & exists) for group in groups),
        probationary=_where(members_now[at] > full_now[at] for at in range(12)),
        activists=_union(_on_firsts(span, year) for span in facts.activists),
        leaders=leaders,
    )


def bindings(requirement: Requirement, branch: BranchYear) -> tuple[Binding, ...]:
    """For which months the requirement binds; nothing where it binds for none."""
    months = _bound_months(requirement, branch)
    if not months:
        return ()
    if requirement.scope.per is Per.GROUP:
        return tuple(
            Binding(group, months & mask) for group, mask in branch.groups if months & mask
        )
    return (Binding(None, months),)


def binding_spans(requirement: Requirement, facts: BranchFacts, year: int) -> tuple[Span, ...]:
    """The days of a year for which a requirement binds the branch, as runs of whole months."""
    found: list[Span] = []
    months = _union(binding.months for binding in bindings(requirement, branch_year(facts, year)))
    start = year * 12
    at = 0
    while at < 12:
        if not months >> at & 1:
            at += 1
            continue
        run = at
        while run < 12 and months >> run & 1:
            run += 1
        found.append(Span(first_of(start + at), last_of(start + run - 1)))
        at = run
    return tuple(found)


def binds_since(requirement: Requirement, facts: BranchFacts, year: int) -> date | None:
    """The first day of a year on which a requirement binds the branch, or None."""
    spans = binding_spans(requirement, facts, year)
    return spans[0].since if spans else None


def term_years(field: Field, began_on: date) -> int:
    """How many years a term of office lasts that began on a day."""
    is_rural = field in (Field.VILLAGE, Field.COMMUNITY)
    if began_on >= TERM_REFORM_ON:
        return 5 if is_rural else 3
    # The older rule named villages; a community was like any other branch then.
    return 3 if field is Field.VILLAGE else 2


def term_span(term: TermFacts, field: Field) -> Span:
    """A term with its last day, worked out from the rule where none is written down."""
    if term.span.until is not None:
        return term.span
    years = term_years(field, term.span.since)
    return Span(term.span.since, add_months(term.span.since, 12 * years))


def explain_scope(requirement: Requirement, facts: BranchFacts, year: int) -> tuple[Verdict, ...]:
    """Why a requirement binds a branch in a year, for which months, or why it does not."""
    branch = branch_year(facts, year)
    bound = _union(binding.months for binding in bindings(requirement, branch))
    facts_said: dict[str, Any] = {
        "requirement": requirement.title,
        "year": year,
        "months": month_numbers(bound),
    }
    if requirement.cadence.unit is Unit.EVENT and bound:
        return (_said("SCOPE-03", requirement, facts_said),)
    if bound == ALL_YEAR:
        return (_said("SCOPE-01", requirement, facts_said),)
    reasons = _hindrances(requirement, branch)
    said = tuple(
        _said(rule, requirement, {**facts_said, **extra, "months": month_numbers(missing)})
        for rule, missing, extra in reasons
        if missing
    )
    head = (_said("SCOPE-02", requirement, facts_said),) if bound else ()
    return head + said


def month_numbers(months: int) -> tuple[int, ...]:
    """The months (1–12) whose bits are set."""
    return tuple(at + 1 for at in range(12) if months >> at & 1)


def _bound_months(requirement: Requirement, branch: BranchYear) -> int:
    scope = requirement.scope
    months = branch.exists & _in_force(requirement, branch.year)
    if not months or (scope.fields and branch.facts.field not in scope.fields):
        return 0
    if scope.min_full_members or scope.max_full_members:
        months &= _enough(scope, branch) & _not_too_many(scope, branch)
    if scope.needs_committee:
        months &= branch.committee
    if scope.needs_groups:
        months &= branch.any_group
    if scope.needs_probationary:
        months &= branch.probationary
    if scope.needs_activists:
        months &= branch.activists
    if scope.needs_leaders:
        months &= branch.leaders
    return months


def _hindrances(
    requirement: Requirement, branch: BranchYear
) -> list[tuple[str, int, dict[str, Any]]]:
    """(rule, the months that it takes away, further facts) for each condition of the scope."""
    scope = requirement.scope
    lacks = ALL_YEAR & ~branch.exists
    there = branch.exists
    field_fits = not scope.fields or branch.facts.field in scope.fields
    rows: list[tuple[str, bool, int, dict[str, Any]]] = [
        ("SCOPE-04", True, lacks, {}),
        ("SCOPE-05", True, there & ~_in_force(requirement, branch.year), {}),
        ("SCOPE-06", not field_fits, there, {"field": branch.facts.field, "fields": scope.fields}),
        (
            "SCOPE-07",
            scope.min_full_members > 0,
            there & ~_enough(scope, branch),
            {"needed": scope.min_full_members, "most": max(branch.full)},
        ),
        (
            "SCOPE-08",
            scope.max_full_members > 0,
            there & ~_not_too_many(scope, branch),
            {"allowed": scope.max_full_members, "most": max(branch.full)},
        ),
        ("SCOPE-09", scope.needs_committee, there & ~branch.committee, {}),
        (
            "SCOPE-10",
            scope.needs_groups or scope.per is Per.GROUP,
            there & ~branch.any_group,
            {},
        ),
        ("SCOPE-11", scope.needs_probationary, there & ~branch.probationary, {}),
        ("SCOPE-12", scope.needs_activists, there & ~branch.activists, {}),
        ("SCOPE-13", scope.needs_leaders, there & ~branch.leaders, {}),
    ]
    return [(rule, missing, extra) for rule, asked, missing, extra in rows if asked]


def _said(rule: str, requirement: Requirement, facts: dict[str, Any]) -> Verdict:
    return Verdict(rule, Severity.NOTE, requirement.code, facts, requirement.article)


def _enough(scope: Scope, branch: BranchYear) -> int:
    return _where(count >= scope.min_full_members for count in branch.full)


def _not_too_many(scope: Scope, branch: BranchYear) -> int:
    if not scope.max_full_members:
        return ALL_YEAR
    return _where(count <= scope.max_full_members for count in branch.full)


def _in_force(requirement: Requirement, year: int) -> int:
    since, until = requirement.in_force_from, requirement.in_force_until
    months = ALL_YEAR if since is None else _since(since, year)
    return months if until is None else months & _until(until, year)


def _since(day: date, year: int) -> int:
    """The months on whose first day something that began on `day` holds."""
    at = month_index(day) - year * 12 + (day.day > 1)
    return ALL_YEAR if at <= 0 else ALL_YEAR << at & ALL_YEAR if at < 12 else 0


def _until(day: date, year: int) -> int:
    """The months on whose first day something that lasts until `day` still holds."""
    at = month_index(day) - year * 12
    return ALL_YEAR if at >= 11 else ALL_YEAR >> (11 - at) if at >= 0 else 0


def _on_firsts(span: Span, year: int) -> int:
    months = _since(span.since, year)
    return months if span.until is None else months & _until(span.until, year)


def _whole_months(span: Span, year: int) -> int:
    """The months that a span covers from the first day to the last."""
    months = _since(span.since, year)
    if span.until is None:
        return months
    index = month_index(span.until)
    ends_whole = span.until == last_of(index)
    last = index - year * 12 - (not ends_whole)
    return months & (ALL_YEAR if last >= 11 else ALL_YEAR >> (11 - last) if last >= 0 else 0)


def _count(changes: list[int], months: int) -> None:
    """Note that one more is there for the months: as changes, since most stay all year."""
    if months == ALL_YEAR:
        changes[0] += 1
        return
    before = 0
    for at in range(12):
        now = months >> at & 1
        changes[at] += now - before
        before = now


def _sums(changes: list[int]) -> tuple[int, ...]:
    total, sums = 0, []
    for change in changes[:12]:
        total += change
        sums.append(total)
    return tuple(sums)


def _where(holds: Iterable[bool]) -> int:
    months = 0
    for at, held in enumerate(holds):
        if held:
            months |= 1 << at
    return months


def _union(masks: Iterable[int]) -> int:
    months = 0
    for mask in masks:
        months |= mask
    return months
