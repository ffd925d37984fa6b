"""Rows of 反映 as the values that `rules.feedback` takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from zhibu.network.feedback.models import Case
from zhibu.network.feedback.queries import handlers_of, is_crowd, ways_up
from zhibu.org.models import Organization
from zhibu.people.models import Person
from zhibu.rules.feedback import CaseFacts, CaseState, Level


def case_facts(case: Case) -> CaseFacts:
    """A case as the rules see it."""
    return CaseFacts(
        state=CaseState(case.state),
        is_joined=case.into_id is not None,
        waiting_since=case.waiting_since,
    )


Levels = list[tuple[Level, Organization]]


def levels_of_seats(
    seats: Sequence[Organization], person: Person, at: datetime
) -> dict[UUID, Levels]:
    """From each seat the levels that a feedback of this person may go to: two queries for all."""
    ways = ways_up(seats, timezone.localdate(at))
    handlers = handlers_of({row.pk for way in ways.values() for row in way}, at)
    return {
        key: [(_level(row, handlers.get(row.pk, []), person), row) for row in way]
        for key, way in ways.items()
    }


def _level(row: Organization, handlers: Sequence[UUID], person: Person) -> Level:
    return Level(
        key=str(row.pk),
        is_branch=row.kind == Organization.Kind.BRANCH,
        has_handler=bool(handlers),
        is_senders=person.pk in handlers,
        is_crowd=False,
    )


def with_crowds(levels: Levels, at: datetime) -> Levels:
    """The same, with those marked that have many people.

    One query for each level up to the first that has: all above have more people still.
    """
    marked: Levels = []
    is_enough = False
    for level, row in levels:
        is_enough = is_enough or is_crowd(row, at)
        marked.append((replace(level, is_crowd=is_enough), row))
    return marked


def only_levels(levels: Levels) -> list[Level]:
    """The same without the rows."""
    return [level for level, _ in levels]
