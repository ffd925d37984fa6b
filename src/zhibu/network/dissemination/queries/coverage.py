"""How far a text has got, level by level, and whom it has not reached."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from django.db.models import (
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    UUIDField,
    Value,
)
from django.db.models.functions import Coalesce

from zhibu.network.dissemination.models import Forward, Receipt, Text, TextJob
from zhibu.network.dissemination.queries.numbers import Spot, numbers_at
from zhibu.network.dissemination.queries.rolls import (
    Roll,
    audience_paths,
    concerned,
    parent_of,
)
from zhibu.org import paths
from zhibu.org.models import Organization, Place
from zhibu.org.queries import place_on
from zhibu.org.reach import Reach
from zhibu.people.roles import Verb
from zhibu.rules.reach import Coverage, Readers


def path_of(text: Text, organization: Organization) -> str:
    """Where an organisation hung on the day of issue; its first place if it came later.

    Not asked again for one that was read by `levels_of`.
    """
    if getattr(organization, "path_known_of", None) == text.pk:
        known: str = organization.path_then  # type: ignore[attr-defined]
        return known
    place = place_on(organization, text.issue_day)
    return place.path if place else organization.path


def levels_of(text: Text) -> QuerySet[Organization]:
    """Organisations, each with the path that it had when the text was issued.

    With `reminded_on` and `reminded`, the day and the number of the last reminder there.
    """
    places = Place.objects.filter(organization=OuterRef("pk"))
    then = places.filter(since__lte=text.issue_day).order_by("-since").values("path")[:1]
    first = places.order_by("since").values("path")[:1]
    jobs = TextJob.objects.filter(
        text=text, kind=TextJob.Kind.REMIND, path=OuterRef("path_then")
    ).order_by("-made_at")
    return Organization.objects.annotate(
        path_then=Coalesce(Subquery(then), Subquery(first), F("path")),
        path_known_of=Value(text.pk, output_field=UUIDField()),
        reminded_on=Subquery(jobs.values("on")[:1]),
        reminded=Subquery(jobs.values("done")[:1]),
    )


def reach_at(text: Text, organization: Organization) -> Coverage:
    """How far a text has got at an organisation and below it: two queries."""
    spot = Spot(text.pk, text.version, path_of(text, organization))
    return numbers_at([spot])[0]


def reach_below(text: Text, organization: Organization) -> QuerySet[Place]:
    """What hung right below on the day of issue and concerns the text, in the order of the tree.

    Read by the page; `coverages` gives the numbers of their paths.
    """
    audience = audience_paths(text)
    path = path_of(text, organization)
    return (
        Place.objects.on(text.issue_day)
        .filter(parent=organization)
        .filter(path__gte=path, path__lt=paths.successor(path))
        .filter(concerned(audience))
        .exclude(organization__kind=Organization.Kind.GROUP)
        .select_related("organization")
        .order_by("path")
    )


def not_reached(text: Text, organization: Organization, reach: Reach, today: date) -> QuerySet[Any]:
    """The seats at and below an organisation that the version in force has not reached.

    Only in the part of today's tree that the viewer sees. Memberships (`branch`) where the text is
    for members, else posts (`organization`); each with `member`, `seat`, `is_gone`
    (已转出) and `has_come` (it has come down to them). In the order of the tree: read by the page.
    """
    roll = Roll(text)
    rows = roll.with_come(roll.open(roll.seats(scope=path_of(text, organization))))
    return roll.with_gone(_named(roll, rows, reach), today)


MOST_GONE: Final = 1000


def count_gone(text: Text, organization: Organization, today: date) -> int:
    """Of those not reached how many left since the day of issue (已转出), up to `MOST_GONE`.

    Looked for among the stays that ended since, never among all: one query.
    """
    roll = Roll(text)
    ended = roll.seats(scope=path_of(text, organization)).filter(
        until__gte=text.issue_day, until__lt=today
    )
    gone = roll.with_gone(roll.open(ended), today).filter(is_gone=True)
    return gone[:MOST_GONE].count()


def reached_seats(text: Text, organization: Organization, reach: Reach) -> QuerySet[Any]:
    """The same of those whom it has reached."""
    roll = Roll(text)
    return _named(roll, roll.reached(roll.seats(scope=path_of(text, organization))), reach)


def _named(roll: Roll, rows: QuerySet[Any], reach: Reach) -> QuerySet[Any]:
    return (
        rows.filter(reach.within(Verb.SEE_REACH, f"{roll.at}__"))
        .select_related("member", roll.at)
        .order_by("seat", "pk")
    )


def receipts_of(text: Text, members: Iterable[Any]) -> dict[Any, Receipt]:
    """How the version in force reached these members, by their keys: one query for a page."""
    rows = Receipt.objects.filter(
        text=text, version=text.version, member__in=list(members), is_valid=True
    ).select_related("visitor", "recorded_by")
    return {row.member_id: row for row in rows}


def not_forwarded(text: Text, organization: Organization) -> QuerySet[Place]:
    """Where at or below an organisation a text is stuck: it has come there and was not sent on."""
    if not text.is_by_level:
        return Place.objects.none()
    path = path_of(text, organization)
    sent = Forward.objects.filter(text=text)
    kinds = [Organization.Kind.GROUP]
    if text.readers != Readers.MEMBERS.value:
        kinds.append(Organization.Kind.BRANCH)  # it has nobody below to send it to
    rows = (
        Place.objects.on(text.issue_day)
        .filter(path__gte=path, path__lt=paths.successor(path))
        .filter(path__gt=text.path, path__lt=paths.successor(text.path))
        .filter(concerned(audience_paths(text)))
        .exclude(organization__kind__in=kinds)
        .annotate(above=parent_of("path"))
        .filter(Q(above=text.path) | Exists(sent.filter(path=OuterRef("above"))))
        .filter(~Exists(sent.filter(path=OuterRef("path"))))
    )
    if text.only_fields:
        rows = rows.exclude(
            ~Q(organization__field__in=text.only_fields),
            organization__kind=Organization.Kind.BRANCH,
        )
    return rows.select_related("organization").order_by("path")
