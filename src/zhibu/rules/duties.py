"""Duties: each requirement of a norm as it falls on one branch in one period. Never typed in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from zhibu.rules.branches import BranchFacts, GroupFacts, Span, is_before_use
from zhibu.rules.cadence import Window, windows
from zhibu.rules.norm import Norm, PracticeClass, Requirement, Unit
from zhibu.rules.periods import first_of, last_of
from zhibu.rules.scope import ALL_YEAR, BranchYear, bindings, branch_year, term_span


@dataclass(frozen=True, slots=True)
class Duty:
    """One thing to be done by a branch, or by one of its groups, within a window."""

    requirement: Requirement
    group: str | None
    window: Window
    group_name: str = ""

    @property
    def key(self) -> tuple[str, str | None, int]:
        """Names the duty within a branch and year, and stays the same when it is derived again.

        The code, the group and the ordinal of the window, which is counted before anything is cut
        off: the March duty keeps its name when the branch is found to be founded in February.
        """
        return (self.requirement.code, self.group, self.window.ordinal)


def derive_duties(norm: Norm, facts: BranchFacts, year: int) -> tuple[Duty, ...]:
    """What the norm's B requirements ask of a branch in a year, in the order of the norm.

    Windows that end before the branch began to use the system are left out.
    """
    return tuple(_duties(norm, facts, year, PracticeClass.B))


def offer_duties(norm: Norm, facts: BranchFacts, year: int) -> tuple[Duty, ...]:
    """What the norm's T requirements would ask if the branch took them up."""
    return tuple(_duties(norm, facts, year, PracticeClass.T))


def _duties(norm: Norm, facts: BranchFacts, year: int, wanted: PracticeClass) -> Iterator[Duty]:
    branch = branch_year(facts, year)
    for requirement in norm.requirements:
        if requirement.practice_class is not wanted or requirement.cadence.unit is Unit.EVENT:
            continue
        bound = bindings(requirement, branch)
        if not bound:
            continue
        asked = _asked(requirement, branch)
        for binding in bound:
            yield from _of_binding(requirement, binding.group, binding.months, asked, branch)


def _asked(requirement: Requirement, branch: BranchYear) -> tuple[Window, ...]:
    """The windows of the calendar or of the terms, before they are clipped."""
    facts, year = branch.facts, branch.year
    cadence = requirement.cadence
    if cadence.unit is Unit.TERM:
        spans = sorted((term_span(term, facts.field) for term in facts.terms), key=_by_start)
        found = [window for span in spans for window in windows(cadence, year, span)]
        return tuple(replace(window, ordinal=at) for at, window in enumerate(found, start=1))
    if cadence.every <= 1:
        return windows(cadence, year)
    # Counted from the day on which both the branch and the demand were there.
    start = max(requirement.in_force_from or facts.span.since, facts.span.since)
    return tuple(
        replace(window, opens=max(window.opens, start))
        if window.opens < start <= window.due
        else window
        for window in windows(cadence, year, anchor=start.year)
    )


def _by_start(span: Span) -> date:
    return span.since


def _of_binding(
    requirement: Requirement,
    group: GroupFacts | None,
    months: int,
    asked: tuple[Window, ...],
    branch: BranchYear,
) -> Iterator[Duty]:
    key = None if group is None else group.group
    name = "" if group is None else group.name
    for window in asked:
        clipped = window if months == ALL_YEAR else clip(window, months, branch.year)
        if clipped is not None and not is_before_use(clipped.due, branch.facts.in_use_since):
            yield Duty(requirement, key, clipped, name)


def clip(window: Window, months: int, year: int) -> Window | None:
    """A window cut to the months (bits) of a year that bind; None where no whole month is left.

    A window that opened in an earlier year is judged by its months in this year alone.
    """
    start = year * 12
    first = max((window.opens.year - year) * 12 + window.opens.month - 1, 0)
    last = min((window.due.year - year) * 12 + window.due.month - 1, 11)
    while first <= last and not months >> first & 1:
        first += 1
    while last >= first and not months >> last & 1:
        last -= 1
    if first > last:
        return None
    opens, due = window.opens, window.due
    if opens.year == year or not months & 1:
        opens = max(opens, first_of(start + first))
    due = min(due, last_of(start + last))
    if opens == window.opens and due == window.due:
        return window
    return Window(opens, due, window.ordinal, window.unit, window.number, window.part, window.parts)
