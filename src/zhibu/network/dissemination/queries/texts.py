"""Which texts are for somebody, or have come to an organisation, or may be looked at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Length, Substr

from zhibu.network.dissemination.models import (
    Audience,
    Forward,
    Receipt,
    Text,
    TextFile,
    TextQuerySet,
    TextVersion,
)
from zhibu.network.dissemination.queries.rolls import Stay, parent_of, stays_of, under
from zhibu.org import paths
from zhibu.org.models import Member, Membership, Organization, Place
from zhibu.org.reach import Reach
from zhibu.people.models import Person
from zhibu.people.roles import Verb
from zhibu.rules.reach import AudienceFacts, Mode, Readers, Seat, is_reader, seat_of

_MINE = Receipt.objects.filter(
    text=OuterRef("pk"), version=OuterRef("version"), is_valid=True
).order_by()


def stays_of_person(person: Person) -> list[Stay]:
    """All the seats that the member whose account this is ever had: one query."""
    members = Member.objects.filter(person=person)
    return [stay for own in stays_of(members).values() for stay in own]


def texts_of_person(person: Person, stays: Sequence[Stay] | None = None) -> TextQuerySet:
    """What was sent to the member whose account this is, and has come down to them.

    With `acknowledged_at` and `how` of the version in force, None while it is open. Two queries in
    all, this one among them, or this one alone where the `stays` are known.
    """
    if stays is None:
        stays = stays_of_person(person)
    mine = _MINE.filter(member__person=person)
    rows = Text.objects.sent().annotate(
        acknowledged_at=Subquery(mine.values("at")[:1]), how=Subquery(mine.values("how")[:1])
    )
    if not stays:
        return rows.none()
    return rows.filter(Exists(_audience(_levels(stay.seat.path for stay in stays)))).filter(
        reduce(or_, map(_reads, stays))
    )


def readable_of(person: Person, keys: Collection[UUID]) -> set[UUID]:
    """Of the texts with these keys those that are for this person now."""
    mine = texts_of_person(person).asking().filter(pk__in=keys).order_by()
    return set(mine.values_list("pk", flat=True))


def titles_of(keys: Collection[UUID]) -> dict[UUID, str]:
    """What the texts with these keys are called now."""
    return dict(Text.objects.filter(pk__in=keys).values_list("pk", "title"))


def to_read(person: Person) -> TextQuerySet:
    """What still asks to be read: the nearest date first, then the newest."""
    return (
        texts_of_person(person)
        .asking()
        .filter(Q(acknowledged_at__isnull=True))
        .order_by(F("reach_by").asc(nulls_last=True), "-issued_at", "-id")
    )


def read_earlier(person: Person) -> TextQuerySet:
    """What has reached the member, and what was recalled; the newest first."""
    return (
        texts_of_person(person)
        .filter(Q(state=Text.State.RECALLED) | Q(acknowledged_at__isnull=False))
        .order_by("-issued_at", "-id")
    )


@dataclass(frozen=True, slots=True)
class PersonText:
    """One text and how it stands with one member.

    `receipt` is of the version in force, `earlier` the last one of an older version; `words` are
    those that the levels added on the way down, the highest first.
    """

    text: Text
    seat: str
    receipt: Receipt | None
    earlier: Receipt | None
    words: tuple[Forward, ...]


def text_of_person(person: Person, key: UUID) -> PersonText | None:
    """A text that is for the member whose account this is; None when it is not, or not yet."""
    text = texts_of_person(person).filter(pk=key).select_related("organization").first()
    if text is None:
        return None
    seat = seat_on(text, stays_of_person(person))
    if seat is None:
        return None
    receipts = list(
        Receipt.objects.filter(member__person=person, text=text, is_valid=True)
        .select_related("visitor")
        .order_by("-version")
    )
    current = next((one for one in receipts if one.version == text.version), None)
    earlier = next((one for one in receipts if one.version < text.version), None)
    return PersonText(text, seat.path, current, earlier, tuple(words_down_to(text, seat.path)))


def seat_on(text: Text, stays: Iterable[Stay]) -> Seat | None:
    """The seat in which a text is for somebody with these stays."""
    day = text.issue_day
    audience = AudienceFacts(
        tuple(one.path for one in text.audiences.all()),
        Readers(text.readers), text.only_kinds, text.only_fields,
    )  # fmt: skip
    return seat_of(audience, [stay.seat for stay in stays if stay.holds_on(day)])


def words_down_to(text: Text, path: str) -> QuerySet[Forward]:
    """What the levels on the way down to a path added, the highest first."""
    return (
        Forward.objects.filter(text=text, path__in=(*paths.ancestors(path), path))
        .select_related("organization", "by")
        .order_by("path")
    )


def texts_written_by(organizations: Q) -> TextQuerySet:
    """Drafts and sent texts of the organisations under a condition (prefix `organization__`)."""
    return (
        Text.objects.filter(organizations)
        .select_related("organization")
        .order_by(F("issued_at").desc(nulls_first=True), "-id")
    )


def texts_arrived(
    organization: Organization, places: Sequence[Place] | None = None
) -> TextQuerySet:
    """Sent texts that concern an organisation and have come down to it, its own among them.

    With `forwarded_at`, None while it has not sent it on. `places` are all that the organisation
    has had, where they are known already.
    """
    if places is None:
        places = list(Place.objects.filter(organization=organization))
    forwards = Forward.objects.filter(
        text=OuterRef("pk"), path__in=[place.path for place in places]
    )
    return (
        Text.objects.sent()
        .filter(Q(organization=organization) | _concerns(places))
        .select_related("organization")
        .annotate(forwarded_at=Subquery(forwards.values("at")[:1]))
        .order_by("-issued_at", "-id")
    )


def texts_seen(reach: Reach, verb: Verb, places: Sequence[Place] | None = None) -> TextQuerySet:
    """Every sent text that somebody may look at by this verb.

    It was issued in their part of today's tree, or it concerns the organisation that they hold the
    verb on and has come down to it. `places` are those of `places_held`, where they are known.
    """
    if not reach.has(verb):
        return Text.objects.none()
    if places is None:
        places = places_held(reach, verb)
    condition = reach.within(verb, "organization__") | _concerns(places)
    return (
        Text.objects.sent()
        .filter(condition)
        .select_related("organization")
        .order_by("-issued_at", "-id")
    )


def places_held(reach: Reach, verb: Verb) -> list[Place]:
    """All places that the organisations where somebody holds this verb ever had: one query."""
    seats = {hold.seat_id for hold in reach.with_verb(verb)}
    return list(Place.objects.filter(organization__in=seats)) if seats else []


def history_of(text: Text) -> QuerySet[TextVersion]:
    """What it has said, the newest first."""
    return text.versions.select_related("by").order_by("-version", "-correction")


def files_of(text: Text) -> QuerySet[TextFile]:
    """What is attached to the draft, or to the wording in force."""
    return text.files.filter(is_current=True).order_by("added_at", "id")


def texts_to_pass_on(branch: Organization, day: date) -> QuerySet[Any, Any]:
    """What a meeting of a branch on that day can pass on, as (key, title, since).

    Texts for its members that have come down to it, and that somebody who still belongs to it has
    not been reached by. A queryset for a union: it reads nothing by itself.
    """
    on_issue = Q(since__lte=OuterRef("issued_on")) & (
        Q(until__isnull=True) | Q(until__gte=OuterRef("issued_on"))
    )
    places = Place.objects.filter(organization=branch)
    # Which texts are for it is looked up by its path of today, for the few that never moved by
    # no other: the rest of the conditions is worked out for those alone.
    today = Audience.objects.filter(path__in=_levels([branch.path])).values("text")
    has_moved = Exists(places.filter(until__isnull=False))
    reached = Receipt.objects.filter(
        member=OuterRef("member"), text=OuterRef(OuterRef("pk")),
        version=OuterRef(OuterRef("version")), is_valid=True,
    )  # fmt: skip
    still_open = Membership.objects.filter(
        ~Exists(reached), branch=branch, until__isnull=True, since__lte=OuterRef("issued_on")
    )
    had = places.filter(on_issue).order_by().values("path")[:1]
    covering = Audience.objects.filter(
        text=OuterRef("pk"), path=Substr(OuterRef("had_path"), 1, Length(F("path")))
    )
    return (
        Text.objects.asking()
        .filter(Q(pk__in=today) | Q(has_moved), readers=Readers.MEMBERS.value, issued_on__lte=day)
        .filter(_fits(branch.kind, branch.field))
        .annotate(had_path=Subquery(had), above=parent_of("had_path"))
        .filter(Exists(covering))
        .filter(
            Q(mode=Mode.AT_ONCE.value)
            | Q(path=F("had_path"))
            | Q(path=F("above"))
            | Exists(Forward.objects.filter(text=OuterRef("pk"), path=OuterRef("above")))
        )
        .filter(Exists(still_open))
        .order_by()
        .annotate(key=F("pk"), since=F("issued_on"))
        .values("key", "title", "since")
    )


def _levels(of: Iterable[str]) -> set[str]:
    """These paths and all above them."""
    return {level for path in of for level in (*paths.ancestors(path), path)}


def _audience(levels: Iterable[str]) -> QuerySet[Audience]:
    return Audience.objects.filter(text=OuterRef("pk"), path__in=sorted(levels))


def _fits(kind: str, field: str) -> Q:
    return (Q(kinds="") | Q(kinds__contains=f",{kind},")) & (
        Q(fields="") | Q(fields__contains=f",{field},")
    )


def _between(since: date, until: date | None) -> Q:
    condition = Q(issued_on__gte=since)
    return condition if until is None else condition & Q(issued_on__lte=until)


def _reads(stay: Stay) -> Q:
    """The texts that are for somebody in this seat on their day of issue, and have come down."""
    seat = stay.seat
    condition = _between(stay.since, stay.until) & _fits(seat.kind, seat.field)
    readers = [one.value for one in Readers if is_reader(one, seat.office)]
    condition &= Q(readers__in=readers) & Q(Exists(_audience(_levels([seat.path]))))
    sent_from = seat.path if seat.office == "" else paths.parent(seat.path)
    sent = Forward.objects.filter(text=OuterRef("pk"), path=sent_from)
    return condition & (
        Q(mode=Mode.AT_ONCE.value) | Q(path__in={seat.path, sent_from}) | Q(Exists(sent))
    )


def _concerns(places: Iterable[Place]) -> Q:
    """Texts that are for somebody at, below or above the path of these places on their day of issue.

    Above: an organisation between the issuer and those that it is for hands it down.
    """
    condition = Q(pk__in=[])
    for place in places:
        above = paths.parent(place.path)
        inside = Audience.objects.filter(
            Q(path__in=_levels([place.path])) | under([place.path]), text=OuterRef("pk")
        )
        sent = Forward.objects.filter(text=OuterRef("pk"), path=above)
        condition |= (
            _between(place.since, place.until)
            & Q(Exists(inside))
            & (Q(mode=Mode.AT_ONCE.value) | Q(path__in={place.path, above}) | Q(Exists(sent)))
        )
    return condition
