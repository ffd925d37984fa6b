"""Reads of 反映.

Who reads what (peers mistakes 7 and 14; the tests prove it for everybody in the cast):

- What somebody wrote is read by the organisation that they wrote to, and by those there whose role
  handles feedback; with a name, the name too.
- Where the case goes on to another organisation (moved, sent up), that one reads the office's
  summary and how many asked, never an original and never a name. The same holds for a level above
  whose role reaches the organisation from above.
- One exception, which the asker sees as a step: a level above that takes a case over because it
  waited too long reads the originals, without names.
- An asker reads their own text and the steps of their own case: what organisations did and said.
  Of the others who were joined with them they learn how many they are, nothing else.
- Everybody reads, of what is closed, the summary, the answer and what changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db.models import Case as When
from django.db.models import Count, F, IntegerField, Min, Q, QuerySet, Value
from django.db.models import When as If

from zhibu.network.feedback.models import Case, CaseQuerySet, Feedback, Step
from zhibu.org import paths
from zhibu.org.models import Grant, Organization
from zhibu.people.models import Person
from zhibu.people.roles import Verb, roles_with
from zhibu.rules.feedback import OPEN, SMALLEST_CROWD, About, CaseState, Link
from zhibu.rules.feedback_codes import digest_code
from zhibu.rules.wording import label

MOST_CANDIDATES: Final = 10
MOST_ORIGINALS: Final = 200
MOST_TOLD: Final = 10


@dataclass(frozen=True, slots=True)
class Original:
    """What one person wrote, as far as the reader may know it."""

    case_id: UUID
    text: str
    sent_on: date
    name: str  # empty: without name, or not for this reader
    organization: str
    address: str
    reopen_reason: str
    is_joined: bool


def _in_force(at: datetime) -> Q:
    return Q(since__lte=at) & (Q(until=None) | Q(until__gt=at)) & Q(person__is_active=True)


def handlers_of(organizations: Iterable[UUID], at: datetime) -> dict[UUID, list[UUID]]:
    """Who handles feedback at each of these organisations itself: one query."""
    found: dict[UUID, list[UUID]] = {}
    grants = Grant.objects.filter(
        _in_force(at),
        organization__in=list(organizations),
        role__in=[role.value for role in roles_with(Verb.ANSWER_FEEDBACK)],
    )
    for organization, person in grants.values_list("organization_id", "person_id").distinct():
        found.setdefault(organization, []).append(person)
    return found


def is_crowd(organization: Organization, at: datetime) -> bool:
    """Whether so many people hold a role there or below that none of them can be guessed."""
    people = Grant.objects.filter(
        _in_force(at),
        organization__path__gte=organization.path,
        organization__path__lt=paths.successor(organization.path),
    )
    some = people.order_by().values_list("person_id").distinct()[:SMALLEST_CROWD]
    return len(some) >= SMALLEST_CROWD


def ways_up(organizations: Sequence[Organization], day: date) -> dict[UUID, list[Organization]]:
    """Each organisation (of a group: its branch) and all above it that stand, the nearest first."""
    wanted = {path for each in organizations for path in _way(each)}
    found = Organization.objects.filter(path__in=wanted).standing_on(day)
    rows = {row.path: row for row in found.exclude(kind=Organization.Kind.GROUP)}
    return {
        each.pk: [rows[path] for path in reversed(_way(each)) if path in rows]
        for each in organizations
    }


def _way(organization: Organization) -> tuple[str, ...]:
    return (*paths.ancestors(organization.path), organization.path)


def own_feedback(person: Person) -> QuerySet[Feedback]:
    """What this person sent with their name, the newest first."""
    return Feedback.objects.filter(person=person).select_related("case", "case__organization")


def feedback_of_code(code: str) -> Feedback | None:
    """What was sent without a name under this code."""
    digest = digest_code(code)
    if not digest:
        return None
    rows = Feedback.objects.filter(digest=digest, person=None)
    return rows.select_related("case", "case__organization").first()


def steps_of(case_id: UUID) -> list[Step]:
    """What was done with the case, in order."""
    rows = Step.objects.filter(case_id=case_id).select_related("organization", "to")
    return list(rows.order_by("number"))


def top_of(case_id: UUID) -> UUID:
    """The case at the top of all that this one hangs on; itself where it hangs on none."""
    while True:
        if (higher := leader_of(case_id)) is None:
            return case_id
        case_id = higher


def leader_of(case_id: UUID) -> UUID | None:
    """What the case hangs on: joined into, or sent up as."""
    found: tuple[UUID | None, ...] = Case.objects.values_list("into_id", "above_id").get(pk=case_id)
    return next((key for key in found if key is not None), None)


def main_of(case: Case) -> Case:
    """The case that this one was joined into; itself where it was not."""
    return case if case.into_id is None else Case.objects.get(pk=case.into_id)


def followers_of(case: Case) -> list[tuple[Case, Case, Link]]:
    """All that hang on the case, directly or not: each after the one that it hangs on.

    Gives (the follower, what it hangs on, how). One query for each level.
    """
    found: list[tuple[Case, Case, Link]] = []
    level = {case.pk: case}
    while level:
        rows = Case.objects.filter(Q(into__in=level) | Q(above__in=level)).order_by("pk")
        below = {}
        for row in rows:
            link = Link.INTO if row.into_id else Link.ABOVE
            leader = level[row.into_id or row.above_id]  # type: ignore[index]  # one of both is set
            found.append((row, leader, link))
            below[row.pk] = row
        level = below
    return found


def desk(organization: Organization, *, state: str = "", about: str = "") -> QuerySet[Case]:
    """The cases of an organisation, the oldest first; those in hand unless a state is asked for."""
    rows = Case.objects.standing().filter(organization=organization)
    rows = rows.filter(state=state) if state else rows.filter(state__in=sorted(OPEN))
    if about:
        rows = rows.filter(about=about)
    return rows.order_by("waiting_since", "id")


def counts_of_desk(organization: Organization) -> dict[str, int]:
    """How many cases of the organisation are in each state."""
    rows = Case.objects.standing().filter(organization=organization).values("state")
    counted = rows.annotate(n=Count("pk")).order_by()
    return {row["state"]: row["n"] for row in counted}


def originals_of(case: Case) -> list[Original]:
    """What was written, of the case and all joined into it, as its own organisation may read it."""
    rows = (
        Feedback.objects.filter(Q(case=case) | Q(case__into=case))
        .filter(Q(addressed_to=case.organization_id) | Q(opened_to=case.organization_id))
        .select_related("case", "person", "organization")
        .order_by("sent_on", "id")[:MOST_ORIGINALS]
    )
    return [_as_read(row, case) for row in rows]


def _as_read(row: Feedback, case: Case) -> Original:
    is_theirs = row.addressed_to_id == case.organization_id
    is_named = is_theirs and row.person is not None
    return Original(
        case_id=row.case_id,
        text=row.text,
        sent_on=row.sent_on,
        name=row.person.name if is_named and row.person else "",
        organization=row.organization.short_name if is_named and row.organization else "",
        address=row.address if is_named else "",
        reopen_reason=row.reopen_reason,
        is_joined=row.case_id != case.pk,
    )


def texts_of(case: Case) -> list[str]:
    """Every original that hangs on the case, for judging what others are shown."""
    keys = [case.pk, *(row.pk for row, _, _ in followers_of(case))]
    rows = Feedback.objects.filter(case__in=keys)
    return [text for pair in rows.values_list("text", "reopen_reason") for text in pair if text]


def like_ones(case: Case) -> list[Case]:
    """What could be joined with the case, the likeliest first and of these the oldest.

    About the same requirement, the same page, the same one of the four.
    """
    nearness = [If(about=case.about, then=Value(2))]
    if case.page:
        nearness.insert(0, If(page=case.page, then=Value(1)))
    if case.code:
        nearness.insert(0, If(pack=case.pack, code=case.code, then=Value(0)))
    rows = Case.objects.in_hand().filter(organization=case.organization_id).exclude(pk=case.pk)
    near = rows.annotate(near=When(*nearness, default=Value(9), output_field=IntegerField()))
    return list(near.filter(near__lt=9).order_by("near", "opened_on", "id")[:MOST_CANDIDATES])


def first_texts(cases: Sequence[Case], organization: Organization) -> Mapping[UUID, str]:
    """What was first written of each of these cases, where the organisation may read it."""
    rows = Feedback.objects.filter(case__in=[case.pk for case in cases]).filter(
        Q(addressed_to=organization) | Q(opened_to=organization)
    )
    return dict(rows.values_list("case_id", "text"))


def waiting_under(organization: Organization) -> QuerySet[Organization]:
    """The organisations there and below where something waits, in the order of the tree.

    With `received` and `accepted` (how many) and `oldest` (since when the one that waits longest).
    """
    waits = Q(cases__state__in=sorted(OPEN), cases__into=None)
    return (
        Organization.objects.under(organization.path)
        .filter(waits)
        .annotate(
            received=Count("cases", filter=Q(cases__state=CaseState.RECEIVED)),
            accepted=Count("cases", filter=Q(cases__state=CaseState.ACCEPTED)),
            oldest=Min("cases__waiting_since"),
        )
        .order_by("path")
    )


def waiting_below(organization: Organization, before: date) -> QuerySet[Case]:
    """What waits directly below this level since that day or longer, in the order of the tree.

    The level directly above is the one that can help; a group's and a branch's are the same.
    """
    rows = Case.objects.in_hand().filter(
        organization__parent=organization, waiting_since__lte=before
    )
    return rows.select_related("organization").order_by("organization__path", "waiting_since", "id")


def improvements(
    seats: Iterable[str], *, below: Q | None = None, about: str = ""
) -> QuerySet[Case]:
    """What was asked and what changed because of it, for people at these paths: the newest first.

    Of their own organisations and all above, and of those that the condition `below` names: closed,
    and told in the office's words. What the level above has closed too is told there.
    """
    ways = {path for seat in seats for path in (*paths.ancestors(seat), seat)}
    scope = Q(organization__path__in=ways) | (below if below is not None else Q(pk__in=[]))
    rows = Case.objects.filter(scope, state=CaseState.CLOSED, into=None)
    rows = rows.filter(Q(above=None) | ~Q(above__state=CaseState.CLOSED))
    if about:
        rows = rows.filter(about=about)
    shown = rows.select_related("organization", "answered_by")
    return shown.order_by(F("concluded_on").desc(), "id")


def received_below(organization: Organization, since: date, until: date) -> QuerySet[Feedback]:
    """What came in at an organisation and below within a span, both days included."""
    return Feedback.objects.filter(
        addressed_to__path__gte=organization.path,
        addressed_to__path__lt=paths.successor(organization.path),
        sent_on__range=(since, until),
    )


def cases_below(organization: Organization) -> CaseQuerySet:
    """The cases at an organisation and below that stand by themselves."""
    return Case.objects.standing().filter(
        organization__path__gte=organization.path,
        organization__path__lt=paths.successor(organization.path),
    )


def standing_out(organization: Organization, since: date, until: date) -> QuerySet[Case]:
    """Of what moved within a span, what most people asked; only what the office has summarized.

    What was sent up to a level within the same part of the tree is told there, once.
    """
    span, within = (since, until), cases_below(organization)
    moved = Q(opened_on__range=span) | Q(waiting_since__range=span) | Q(concluded_on__range=span)
    twice = Q(
        above__organization__path__gte=organization.path,
        above__organization__path__lt=paths.successor(organization.path),
    )
    rows = within.filter(moved).exclude(summary="").exclude(twice)
    return rows.order_by("-asked", "opened_on", "id")[:MOST_TOLD]


def short_about(about: str) -> str:
    """规, 表, 册 or 网."""
    return label(About(about))[:1]
