"""How one thing is done to a case and to all that hang on it, by one person at a time.

Cases hang on each other as trees: joined into one, sent up as one. Whoever does something to a case
first holds the top of its tree; so two who act anywhere in it wait for each other, always from the
top, and the second sees what the first has done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.db.models import Max, Q, Sum
from django.urls import reverse
from django.utils import timezone

from zhibu.network.feedback.facts import case_facts
from zhibu.network.feedback.models import Case, Feedback, Step
from zhibu.network.feedback.queries import followers_of, handlers_of, leader_of, top_of
from zhibu.network.notices.models import Kind as NoticeKind
from zhibu.network.notices.services import tell
from zhibu.org.models import Organization
from zhibu.people.roles import Verb
from zhibu.rules.feedback import Act, CaseState, judge_act, judge_presence, mirror, next_state
from zhibu.rules.verdicts import Verdict
from zhibu.rules.wording import say


class FeedbackRefused(ValueError):
    """What was asked for is against a rule; `verdict` says which, the message in Chinese."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(say(verdict))
        self.verdict = verdict


def hold(*keys: UUID) -> list[Case]:
    """The cases, with the trees they belong to held until the transaction ends."""
    tops = {top_of(key) for key in keys}
    while True:
        # Always in the order of the keys, so that two who hold two trees do not wait for ever.
        list(Case.objects.select_for_update().filter(pk__in=tops).order_by("pk"))
        found = {top_of(key) for key in keys}
        if found == tops:  # nobody hung it elsewhere while we waited
            break
        tops = found
    rows = {case.pk: case for case in Case.objects.filter(pk__in=keys)}
    return [rows[key] for key in keys]


def hold_seen(*cases: Case) -> list[Case]:
    """The same of cases that somebody saw and may act on.

    Raises FeedbackRefused when one of them is handled by another organisation by now: the right was
    asked for where it was seen.
    """
    held = hold(*(case.pk for case in cases))
    is_here = all(
        now.organization_id == seen.organization_id for now, seen in zip(held, cases, strict=True)
    )
    if (verdict := judge_presence(is_here=is_here)) is not None:
        raise FeedbackRefused(verdict)
    return held


def hand_over(case: Case, to: Organization, day: date) -> None:
    """Another organisation handles it from this day on, and reads the originals, without names.

    Those that the former one could read, whoever they were written to. The caller settles the case.
    """
    keys = [case.pk, *case.joined.values_list("pk", flat=True)]
    own = case.organization_id
    Feedback.objects.filter(Q(addressed_to=own) | Q(opened_to=own), case__in=keys).update(
        opened_to=to
    )
    case.organization, case.waiting_since = to, day


def check(case: Case, act: Act, at: datetime) -> CaseState:
    """What the case will be. Raises FeedbackRefused where this cannot be done to it now."""
    facts = case_facts(case)
    if found := judge_act(facts, act, today=timezone.localdate(at)):
        raise FeedbackRefused(found[0])
    return next_state(facts.state, act)


@dataclass(frozen=True, slots=True)
class Done:
    """One thing that was done to a case."""

    kind: Step.Kind
    at: datetime
    organization: Organization | None  # None: an asker
    text: str = ""
    to: Organization | None = None
    other: Case | None = None
    silent: frozenset[UUID] = field(default_factory=frozenset)  # cases whose asker did it


def settle(case: Case, done: Done, *, is_quiet: bool = False) -> None:
    """Write what the case now is, mirror it in all that hang on it, and tell each asker the step.

    The caller has changed the fields of `case`; it holds the tree. A quiet step is only written.
    """
    case.save()
    followers = followers_of(case)
    changed: dict[UUID, Case] = {case.pk: case}
    for follower, leader, link in followers:
        after = mirror(CaseState(changed[leader.pk].state), link, CaseState(follower.state))
        _follow(follower, changed[leader.pk], after)
        changed[follower.pk] = follower
        follower.save()
    numbers = write_steps(list(changed), done)
    if not is_quiet:
        tell_askers(numbers, done)


def _follow(follower: Case, leader: Case, state: CaseState) -> None:
    if follower.into_id is not None:
        follower.organization_id = leader.organization_id
        follower.waiting_since = leader.waiting_since
    elif follower.state == state:  # closed by its own level already, or still waiting
        return
    follower.state = state
    follower.answer, follower.outcome = leader.answer, leader.outcome
    follower.answered_by_id, follower.concluded_on = leader.answered_by_id, leader.concluded_on


def write_steps(keys: Sequence[UUID], done: Done) -> dict[UUID, int]:
    """The same step at the end of each of these cases' courses; its number in each."""
    rows = Step.objects.filter(case__in=keys).values("case").annotate(last=Max("number"))
    last = {row["case"]: row["last"] for row in rows.order_by()}
    numbers = {key: last.get(key, 0) + 1 for key in keys}
    Step.objects.bulk_create(
        Step(
            case_id=key,
            number=number,
            kind=done.kind,
            on=timezone.localdate(done.at),
            organization=done.organization,
            to=done.to,
            other=done.other if done.other is not None and done.other.pk != key else None,
            text=done.text,
        )
        for key, number in numbers.items()
    )
    return numbers


def recount(case: Case) -> None:
    """Count anew how many askers hang on the case, and on all that it hangs on."""
    key: UUID | None = case.pk
    while key is not None:
        own = Feedback.objects.filter(case=key).count()
        hanging = Case.objects.filter(into=key).aggregate(n=Sum("asked"))["n"] or 0
        hanging += Case.objects.filter(above=key).aggregate(n=Sum("asked"))["n"] or 0
        Case.objects.filter(pk=key).update(asked=own + hanging)
        key = leader_of(key)
    case.refresh_from_db(fields=["asked"])


def tell_askers(numbers: Mapping[UUID, int], done: Done) -> None:
    """Each asker with a name hears that there is a step; its words are read on their own page.

    `numbers` names the step of each case.
    """
    rows = Feedback.objects.filter(case__in=set(numbers) - done.silent, person__isnull=False)
    for row in rows.select_related("case"):
        tell(
            people=[row.person_id] if row.person_id else [],
            kind=NoticeKind.FEEDBACK,
            title=f"您反映的问题有了新的进展：{done.kind.label}",
            address=reverse("feedback-one", args=[row.pk]),
            organization_id=row.case.organization_id,
            subject=f"feedback:{row.pk}",
            once=f"feedback:{row.pk}:{numbers[row.case_id]}",
            verb=None,
            at=done.at,
        )


def tell_handlers(case: Case, title: str, at: datetime, *, once: str) -> None:
    """Whoever handles feedback where the case now is hears that it came; not what it says."""
    people = handlers_of([case.organization_id], at).get(case.organization_id, [])
    tell(
        people=people,
        kind=NoticeKind.FEEDBACK,
        title=title,
        address=reverse("feedback-case", args=[case.pk]),
        organization_id=case.organization_id,
        subject=f"case:{case.pk}",
        once=once,
        verb=Verb.ANSWER_FEEDBACK,
        at=at,
    )
