"""Rows of 反映 as the values that `rules.feedback` takes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from zhibu.network.feedback.models import Case
from zhibu.network.feedback.queries import handlers_of, is_crowd, way_up
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


def levels_above(
    organization: Organization, person: Person, at: datetime, *, counts_people: bool
) -> list[tuple[Level, Organization]]:
    """The levels that a feedback of this person may go to, from their own up.

    Whether a level is a crowd is asked for only `counts_people`, and no further than to the first
    that is one: all above have more people still.
    """
    way = way_up(organization, timezone.localdate(at))
    handlers = handlers_of((each.pk for each in way), at)
    levels = []
    is_enough = False
    for each in way:
        is_enough = is_enough or (counts_people and is_crowd(each, at))
        own = handlers.get(each.pk, [])
        level = Level(
            key=str(each.pk),
            is_branch=each.kind == Organization.Kind.BRANCH,
            has_handler=bool(own),
            is_senders=person.pk in own,
            is_crowd=is_enough,
        )
        levels.append((level, each))
    return levels


def only_levels(levels: Sequence[tuple[Level, Organization]]) -> list[Level]:
    """The same without the rows."""
    return [level for level, _ in levels]
