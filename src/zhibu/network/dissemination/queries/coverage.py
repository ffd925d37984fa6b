"""How far a text has got, level by level, and whom it has not reached."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from django.db.models import (
    CharField,
    Count,
    Exists,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Cast, Substr

from zhibu.network.dissemination.models import (
    Expected,
    Forward,
    Reached,
    Receipt,
    Text,
    TextJob,
)
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

_EXPECTED: Final = "expected"
_REACHED: Final = "reached"


def path_of(text: Text, organization: Organization) -> str:
    """Where an organisation hung on the day of issue; its first place if it came later."""
    place = place_on(organization, text.issue_day)
    return place.path if place else organization.path


def reach_at(text: Text, organization: Organization) -> Coverage:
    """How far a text has got at an organisation and below it: two queries."""
    path = path_of(text, organization)
    return coverages(text, [path])[path]


def coverages(text: Text, at: Iterable[str], *, version: int | None = None) -> dict[str, Coverage]:
    """The same at several paths of one level: one query, so that no fold comes in between.

    What is expected and reached is read from the tallies, and what is not folded in is added.
    Raises ValueError for paths of different depth.
    """
    wanted = list(dict.fromkeys(at))
    if not wanted:
        return {}
    width = len(wanted[0])
    if any(len(path) != width for path in wanted):
        raise ValueError("paths of one level at a time")
    version = text.version if version is None else version
    numbers = {path: {_EXPECTED: 0, _REACHED: 0} for path in wanted}
    expected = Expected.objects.filter(text=text, path__in=wanted)
    folded = Reached.objects.filter(text=text, version=version, path__in=wanted)
    rows = _numbers(expected, _EXPECTED).union(
        _numbers(folded, _REACHED),
        *(_unfolded(text, version, wanted, width, is_valid=one) for one in (True, False)),
        all=True,
    )
    for what, path, number in rows:
        if path in numbers:
            numbers[path][what] += number
    return {path: Coverage(**found) for path, found in numbers.items()}


def _numbers(rows: QuerySet[Any], what: str) -> QuerySet[Any, Any]:
    return rows.order_by().values_list(
        Value(what, output_field=CharField()),
        Cast("path", CharField()),
        Cast("number", IntegerField()),
    )


def _unfolded(
    text: Text, version: int, wanted: list[str], width: int, *, is_valid: bool
) -> QuerySet[Any, Any]:
    """Receipts that the tallies do not hold yet count one; those taken back since, less one."""
    # The whole level is one range: a condition of fifty would keep the index from being used.
    first, last = min(wanted), max(wanted)
    counted = Count("pk") if is_valid else -Count("pk")
    return (
        Receipt.objects.filter(
            text=text, version=version, path__gte=first, path__lt=paths.successor(last),
            is_valid=is_valid, is_counted=not is_valid,
        )
        .order_by()
        .annotate(what=Value(_REACHED, output_field=CharField()), at_path=Substr("path", 1, width))
        .values("what", "at_path")
        .annotate(number=Cast(counted, IntegerField()))
        .values_list("what", "at_path", "number")
    )  # fmt: skip


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
    for members, else posts (`organization`); each with `member`, `seat` and `is_gone` (已转出). In
    the order of the tree: read by the page.
    """
    roll = Roll(text)
    rows = roll.open(roll.seats(scope=path_of(text, organization)))
    return roll.with_gone(_named(roll, rows, reach), today)


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


def forwards_of(text: Text) -> QuerySet[Forward]:
    """Who has sent it on, in the order of the tree."""
    return Forward.objects.filter(text=text).select_related("organization", "by").order_by("path")


def jobs_of(text: Text) -> QuerySet[TextJob]:
    """What is still being done for it."""
    return TextJob.objects.filter(text=text, finished_at__isnull=True).order_by("made_at")
