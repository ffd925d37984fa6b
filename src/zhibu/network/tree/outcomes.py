"""What a change of the tree does: told before it is confirmed, and the same once it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.db.models import Q

from zhibu.norms.facts import norms_for
from zhibu.org import paths
from zhibu.org.facts import facts_of_branches
from zhibu.org.models import Grant, Organization
from zhibu.people.models import Person
from zhibu.plans.models import PlanLine
from zhibu.rules.branches import BranchFacts
from zhibu.rules.duties import Duty
from zhibu.rules.norm import Norm
from zhibu.rules.reorganization import compare_duties

MOST_BRANCHES: Final = 30
"""Duties are compared for so many branches; of more it is said that there are more."""


@dataclass(frozen=True, slots=True)
class Sight:
    """Somebody who will see what they did not, or no longer what they did."""

    person: Person
    role: str
    organization: str


@dataclass(frozen=True, slots=True)
class BranchDuties:
    """How the duties of one branch change for the rest of the year."""

    branch: Organization
    begins: tuple[Duty, ...]
    ends: tuple[Duty, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that follows from one change. `result` is the organisation that it leaves behind."""

    result: Organization
    transferred: tuple[str, ...] = ()  # names of members
    moved: tuple[str, ...] = ()  # names of organisations that hang elsewhere now
    ended_organizations: tuple[str, ...] = ()
    ended_posts: tuple[str, ...] = ()
    ended_grants: tuple[str, ...] = ()
    lapsed: tuple[PlanLine, ...] = ()
    settled: tuple[str, ...] = ()  # what becomes of tasks, feedback and the like, in sentences
    recounted: int = 0  # lines that count under another superior
    duties: tuple[BranchDuties, ...] = ()
    unread_branches: int = 0  # whose duties were not compared
    gains: tuple[Sight, ...] = ()
    loses: tuple[Sight, ...] = ()


def rehearse(act: Callable[[], Outcome]) -> Outcome:
    """What the act would do: it is done, and taken back. Raises what the act raises.

    So what is shown before is what happens after, whatever the verbs come to do.
    """
    with transaction.atomic():
        outcome = act()
        transaction.set_rollback(True)
    return outcome


class DutyWatch:
    """Reads what branches owe before a change, and says afterwards what became of it."""

    def __init__(self, branches: Iterable[Organization], on: date) -> None:
        every = list(branches)
        self._on = on
        self._ids = [branch.pk for branch in every[:MOST_BRANCHES]]
        self.unread = len(every) - len(self._ids)
        self._before = _read(every[:MOST_BRANCHES], on.year)

    def compare(self, *more: Organization) -> tuple[BranchDuties, ...]:
        """The branches whose duties change, `more` being those that came into being."""
        wanted = [*self._ids, *(branch.pk for branch in more)]
        branches = list(Organization.objects.filter(pk__in=wanted).order_by("path"))
        after = _read(branches, self._on.year)
        found = []
        for branch in branches:
            if branch.pk not in after:
                continue
            norm, facts = after[branch.pk]
            # A branch that came into being owed nothing before.
            before = self._before.get(branch.pk, (replace(norm, requirements=()), facts))
            change = compare_duties(before, (norm, facts), self._on.year, self._on)
            if not change.is_empty:
                found.append(BranchDuties(branch, change.begins, change.ends))
        return tuple(found)


def _read(branches: Sequence[Organization], year: int) -> dict[object, tuple[Norm, BranchFacts]]:
    norms = norms_for(branches, year)
    facts = facts_of_branches(branches, year=year)
    return {key: (norm, facts[key]) for key, (_, norm) in norms.items()}


class SightWatch:
    """Reads who sees a part of the tree from above before it moves, and afterwards."""

    def __init__(self, path: str, at: datetime) -> None:
        self._at = at
        self._before = _watchers(path, at)

    def compare(self, path: str) -> tuple[tuple[Sight, ...], tuple[Sight, ...]]:
        """Who gains sight and who loses it, now that it hangs at `path`."""
        after = _watchers(path, self._at)
        gains = tuple(sight for key, sight in after.items() if key not in self._before)
        loses = tuple(sight for key, sight in self._before.items() if key not in after)
        return gains, loses


def _watchers(path: str, at: datetime) -> dict[object, Sight]:
    grants = (
        Grant.objects.filter(with_below=True, organization__path__in=paths.ancestors(path))
        .filter(Q(until__isnull=True) | Q(until__gt=at), since__lte=at, person__is_active=True)
        .select_related("person", "organization")
        .order_by("organization__path", "role", "person__username")
    )
    return {
        (grant.person_id, grant.role, grant.organization_id): Sight(
            grant.person, grant.get_role_display(), grant.organization.short_name
        )
        for grant in grants
    }
