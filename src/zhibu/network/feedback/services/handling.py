"""What an organisation does with a case: accept, refuse, answer, close, move, take over, send up.

That the person may do it there is for the caller to see; that it may be done now is judged here.
Each is one transaction under the case's tree and leaves one line in the ledger, without any text.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from zhibu.ledger.services import note
from zhibu.network.feedback.models import Case, Step
from zhibu.network.feedback.queries import handlers_of, texts_of, ways_up
from zhibu.network.feedback.services.holding import (
    Done,
    FeedbackRefused,
    check,
    hand_over,
    hold_seen,
    recount,
    settle,
    tell_handlers,
)
from zhibu.org.models import Organization
from zhibu.org.services import Refused
from zhibu.people.models import Person
from zhibu.rules.feedback import Act, judge_sending_up, judge_summary

_CAME = "收到一件交来办理的反映事项"


def _note(case: Case, by: Person, verb: str, at: datetime, **detail: Any) -> None:
    note(
        by=by, verb=verb, organization_id=case.organization_id, subject=case, detail=detail, at=at
    )  # fmt: skip


def _summarize(case: Case, summary: str) -> None:
    """The summary that others are shown. Raises FeedbackRefused where it is none, or a copy."""
    summary = summary.strip() or case.summary
    if (verdict := judge_summary(summary, texts_of(case))) is not None:
        raise FeedbackRefused(verdict)
    case.summary = summary


@transaction.atomic
def accept_case(*, case: Case, by: Person, at: datetime) -> Case:
    """Take it in hand. Raises FeedbackRefused unless it has just come."""
    (case,) = hold_seen(case)
    case.state = check(case, Act.ACCEPT, at)
    settle(case, Done(Step.Kind.ACCEPTED, at, case.organization))
    _note(case, by, "accept_case", at)
    return case


@transaction.atomic
def refuse_case(*, case: Case, reason: str, by: Person, at: datetime) -> Case:
    """Say why nothing will come of it. Raises FeedbackRefused unless it is in hand here."""
    (case,) = hold_seen(case)
    case.state = check(case, Act.REFUSE, at)
    _conclude(case, reason, at)
    settle(case, Done(Step.Kind.REFUSED, at, case.organization, reason))
    _note(case, by, "refuse_case", at)
    return case


@transaction.atomic
def answer_case(*, case: Case, answer: str, by: Person, at: datetime) -> Case:
    """Answer it: here, where it was joined, and below, where it was sent up from.

    So an answer from above arrives where the question was asked. Raises FeedbackRefused unless it
    is in hand here.
    """
    (case,) = hold_seen(case)
    case.state = check(case, Act.ANSWER, at)
    _conclude(case, answer, at)
    settle(case, Done(Step.Kind.ANSWERED, at, case.organization, answer))
    _note(case, by, "answer_case", at)
    return case


@transaction.atomic
def close_case(*, case: Case, summary: str, outcome: str, by: Person, at: datetime) -> Case:
    """Say what changed because of it; summary, answer and this are then shown to everybody.

    Raises FeedbackRefused unless it is answered, and for a summary that copies an original.
    """
    (case,) = hold_seen(case)
    case.state = check(case, Act.CLOSE, at)
    _summarize(case, summary)
    case.outcome = outcome
    settle(case, Done(Step.Kind.CLOSED, at, case.organization, outcome))
    _note(case, by, "close_case", at)
    return case


def _conclude(case: Case, words: str, at: datetime) -> None:
    case.answer, case.answered_by_id = words, case.organization_id
    case.concluded_on = timezone.localdate(at)


@transaction.atomic
def summarize_case(*, case: Case, summary: str, by: Person, at: datetime) -> Case:
    """Write the office's own summary. Raises FeedbackRefused for a copy of what was written."""
    (case,) = hold_seen(case)
    if case.into_id is not None:
        check(case, Act.ANSWER, at)  # refused: it is handled in the other
    _summarize(case, summary)
    case.save(update_fields=["summary"])
    _note(case, by, "summarize_case", at)
    return case


@transaction.atomic
def move_case(
    *, case: Case, to: Organization, summary: str, reason: str, by: Person, at: datetime
) -> Case:
    """Hand it to another organisation, above or below. That one reads the summary, no original.

    The askers read the reason. Raises FeedbackRefused unless it is in hand here, Refused where the
    other is this one, elsewhere in the tree, or has nobody who handles feedback.
    """
    (case,) = hold_seen(case)
    case.state = check(case, Act.MOVE, at)
    own = case.organization
    if to.pk == own.pk or not (to.path.startswith(own.path) or own.path.startswith(to.path)):
        raise Refused("只能移交给本组织的上级，或者本组织的下级。")
    if not _is_handled(to, at):
        raise Refused(f"{to.short_name}没有人办理反映，请选择其他党组织。")
    _summarize(case, summary)
    case.organization, case.waiting_since = to, timezone.localdate(at)
    settle(case, Done(Step.Kind.MOVED, at, own, reason, to=to))
    tell_handlers(case, _CAME, at, once=f"case:{case.pk}:{at:%Y%m%d%H%M%S}")
    note(
        by=by, verb="move_case", organization_id=own.pk, subject=case, detail={"to": str(to.pk)},
        at=at,
    )  # fmt: skip
    return case


@transaction.atomic
def take_case(*, case: Case, to: Organization, reason: str, by: Person, at: datetime) -> Case:
    """A level above takes over what has waited too long below.

    It reads the originals from now on, without names; the askers see that, and the reason. Raises
    FeedbackRefused before its time, Refused where the level is not the next above that handles
    feedback: what was written to one level is opened no further up than need be.
    """
    (case,) = hold_seen(case)
    case.state = check(case, Act.TAKE, at)
    own = case.organization
    if to.pk == own.pk or not own.path.startswith(to.path):
        raise Refused("只有上级党组织可以提级办理。")
    if (above := _next_above(own, at)) is not None and above.pk != to.pk:
        raise Refused(f"应先由{above.short_name}提级办理，请联系该组织。")
    hand_over(case, to, timezone.localdate(at))
    settle(case, Done(Step.Kind.TAKEN, at, to, reason))
    _note(case, by, "take_case", at, **{"from": str(own.pk)})
    return case


@transaction.atomic
def send_up(*, case: Case, summary: str, by: Person, at: datetime) -> Case:
    """Ask the level above; gives the case that it has there.

    The level above reads the summary and how many asked. What it answers becomes the answer of this
    case and of all joined into it. Raises FeedbackRefused unless it is in hand here, for a summary
    that copies an original, and where nobody above handles feedback.
    """
    (case,) = hold_seen(case)
    case.state = check(case, Act.SEND_UP, at)
    higher = _next_above(case.organization, at)
    if (verdict := judge_sending_up(is_highest=higher is None)) is not None or higher is None:
        raise FeedbackRefused(verdict) if verdict else Refused("没有上级党组织。")
    _summarize(case, summary)
    day = timezone.localdate(at)
    above = Case.objects.create(
        organization=higher, about=case.about, pack=case.pack, code=case.code, title=case.title, page=case.page,
        state="received", summary=case.summary, opened_on=day, waiting_since=day, asked=case.asked,
    )  # fmt: skip
    case.above = above
    done = Done(Step.Kind.SENT_UP, at, case.organization, case.summary, to=higher, other=above)
    settle(case, done)
    recount(above)
    tell_handlers(above, _CAME, at, once=f"case:{above.pk}:came")
    _note(case, by, "send_up_case", at, to=str(higher.pk))
    return above


def _next_above(organization: Organization, at: datetime) -> Organization | None:
    """The nearest level above that handles feedback."""
    way = ways_up([organization], timezone.localdate(at))[organization.pk]
    above = (each for each in way if each.pk != organization.pk)
    return next((each for each in above if _is_handled(each, at)), None)


def _is_handled(organization: Organization, at: datetime) -> bool:
    return bool(handlers_of([organization.pk], at))
