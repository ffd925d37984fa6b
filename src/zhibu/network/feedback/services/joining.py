"""Joining like cases and splitting them again. Each keeps its own course; nothing is poured together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from zhibu.ledger.services import note
from zhibu.network.feedback.facts import case_facts
from zhibu.network.feedback.models import Case, Step
from zhibu.network.feedback.queries import followers_of
from zhibu.network.feedback.services.holding import (
    Done,
    FeedbackRefused,
    check,
    hold_seen,
    recount,
    tell_askers,
    write_steps,
)
from zhibu.people.models import Person
from zhibu.rules.feedback import Act, judge_join


@transaction.atomic
def join_cases(*, main: Case, others: Sequence[Case], by: Person, at: datetime) -> Case:
    """Handle the others together with the main one.

    Their askers see that they were joined, and from then on what is done with the main one; nothing
    of each other. What had been joined into one of the others hangs on the main one too. All or
    none: raises FeedbackRefused for the first that cannot be joined.
    """
    main, *held = hold_seen(main, *others)
    for other in held:
        verdict = judge_join(
            case_facts(main),
            case_facts(other),
            is_same=other.pk == main.pk,
            is_one_place=other.organization_id == main.organization_id,
        )
        if verdict is not None:
            raise FeedbackRefused(verdict)
        _hang(other, main)
    recount(main)
    keys = [main.pk, *(row.pk for row, _, _ in followers_of(main))]
    done = Done(Step.Kind.JOINED, at, main.organization, other=main)
    tell_askers(write_steps(keys, done), done)
    note(
        by=by, verb="join_cases", organization_id=main.organization_id, subject=main,
        detail={"joined": sorted(str(other.pk) for other in held)}, at=at,
    )  # fmt: skip
    return main


def _hang(other: Case, main: Case) -> None:
    for row in [other, *other.joined.all()]:
        row.into, row.state, row.waiting_since = main, main.state, main.waiting_since
        row.save(update_fields=["into", "state", "waiting_since"])
    recount(other)


@transaction.atomic
def split_case(*, case: Case, reason: str, by: Person, at: datetime) -> Case:
    """Handle a joined one by itself again. Raises FeedbackRefused unless it is joined and in hand."""
    (case,) = hold_seen(case)
    case.state = check(case, Act.SPLIT, at)
    main = case.into
    case.into = None
    case.save(update_fields=["state", "into"])
    recount(case)
    if main is not None:
        recount(main)
    keys = [case.pk, *(row.pk for row, _, _ in followers_of(case))]
    done = Done(Step.Kind.SPLIT, at, case.organization, reason, other=main)
    tell_askers(write_steps(keys, done), done)
    note(
        by=by, verb="split_case", organization_id=case.organization_id, subject=case,
        detail={"from": str(main.pk) if main else ""}, at=at,
    )  # fmt: skip
    return case
