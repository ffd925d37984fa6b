"""Verbs of notices: tell people, tell an organisation's robots, read, take back."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from zhibu.network.notices.models import Kind, Message, Notice
from zhibu.network.notices.queries import seen_by, with_robots
from zhibu.org.reach import reach_of
from zhibu.people.keys import new_key
from zhibu.people.models import Person
from zhibu.people.roles import Verb

BATCH: Final = 1000
READ_KEPT: Final = timedelta(days=183)
KEPT: Final = timedelta(days=400)
ADDRESS: Final = 300
TITLE: Final = 200
"""A longer title is cut: what it is about is read at its address."""


@dataclass(frozen=True, slots=True)
class Telling:
    """What `tell` takes, of which many may be told at once."""

    people: tuple[UUID, ...]
    kind: Kind
    title: str
    address: str
    organization_id: UUID
    subject: str
    once: str
    verb: Verb | None


@transaction.atomic
def tell_all(tellings: Iterable[Telling], *, at: datetime) -> None:
    """Tell many things at once, each as `tell` does: one statement for each thousand notices."""
    Notice.objects.bulk_create(
        (
            _notice(person, telling, at)
            for telling in tellings
            for person in dict.fromkeys(telling.people)
        ),
        batch_size=BATCH,
        ignore_conflicts=True,
    )


@transaction.atomic
def tell(
    *,
    people: Iterable[UUID],
    kind: Kind,
    title: str,
    address: str,
    organization_id: UUID,
    subject: str,
    once: str,
    verb: Verb | None,
    at: datetime,
) -> int:
    """Write one notice for each of these accounts; how many were not told of this occasion yet.

    `once` names the occasion (at most 200 signs): the same person is told of it once, whoever calls
    again, and two at the same moment too. `address` is a path inside the system. `verb` is what the
    person must still be allowed on the organisation whenever the notice is shown or delivered; None
    asks for an open account only. `subject` names the thing ("text:<key>"): `take_back` goes by it.

    Two statements and one for each thousand people (a hundred on SQLite). Delivery by mail and
    robots is the worker's, by each one's preferences.
    """
    told = set(Notice.objects.filter(once=once).values_list("person_id", flat=True))
    wanted = tuple(key for key in dict.fromkeys(people) if key not in told)
    tell_all([Telling(wanted, kind, title, address, organization_id, subject, once, verb)], at=at)
    return len(wanted)


def _notice(person_id: UUID, telling: Telling, at: datetime) -> Notice:
    _check_address(telling.address)
    return Notice(
        id=new_key(),
        person_id=person_id,
        kind=telling.kind,
        title=shorten(telling.title),
        address=telling.address,
        organization_id=telling.organization_id,
        verb=telling.verb or "",
        subject=telling.subject,
        once=telling.once,
        made_at=at,
    )


@transaction.atomic
def tell_organization(
    *,
    organization_id: UUID,
    kind: Kind,
    title: str,
    address: str,
    once: str,
    at: datetime,
    subject: str = "",
) -> bool:
    """Have the chat robots of an organisation say this once; whether it was not said yet.

    Everybody in those chats reads the title: it must not hold what only some may see. An
    organisation without robots is told nothing, later either.
    """
    said = Message.objects.filter(organization_id=organization_id, once=once).exists()
    tell_organizations(
        organizations=[organization_id], kind=kind, title=title, address=address, once=once,
        subject=subject, at=at,
    )  # fmt: skip
    return not said


@transaction.atomic
def tell_organizations(
    *,
    organizations: Collection[UUID],
    kind: Kind,
    title: str,
    address: str,
    once: str,
    at: datetime,
    subject: str = "",
) -> None:
    """The same to many organisations, most of which have no robots: two statements."""
    _check_address(address)
    having = with_robots(organizations)
    Message.objects.bulk_create(
        [
            Message(
                id=new_key(),
                organization_id=organization_id,
                kind=kind,
                title=shorten(title),
                address=address,
                subject=subject,
                once=once,
                made_at=at,
            )
            for organization_id in having
        ],
        ignore_conflicts=True,
    )


@transaction.atomic
def take_back(*, subject: str, most: int | None = None) -> int:
    """Take back what was told of a thing that is no more (a text was recalled); how many notices.

    With `most` so many at once: when it gives back less, nothing is left. What has left by mail
    cannot be called back; what waits does not go any more.
    """
    Message.objects.filter(subject=subject).delete()
    told = Notice.objects.filter(subject=subject)
    if most is not None:
        told = Notice.objects.filter(pk__in=list(told.values_list("pk", flat=True)[:most]))
    return told.delete()[1].get("notices.Notice", 0)


@transaction.atomic
def read_notice(*, notice: Notice, at: datetime) -> None:
    """It was opened; the first time counts."""
    Notice.objects.filter(pk=notice.pk, read_at__isnull=True).update(read_at=at)


def read_notices_of(*, by: Person, subject: str, at: datetime) -> int:
    """What they were told of this is settled: they have seen to it elsewhere. How many there were.

    Not what asks for a verb of theirs: that they have read something does not do it.
    """
    mine = Notice.objects.filter(person=by, subject=subject, verb="", read_at__isnull=True)
    return mine.update(read_at=at)


def settle_occasion(*, once: str, at: datetime) -> int:
    """What anybody was told on this occasion has been done, by whomever. How many had not read it."""
    return Notice.objects.filter(once=once, read_at__isnull=True).update(read_at=at)


@transaction.atomic
def read_all_notices(*, by: Person, at: datetime) -> int:
    """Mark all that they may see and that were there at that moment as read; how many were not.

    What they may not see stays as it is and is not counted: the number would tell of it.
    """
    unread = seen_by(by, reach_of(by, at), only_unread=True).filter(made_at__lte=at)
    return Notice.objects.filter(pk__in=unread.order_by().values("pk")).update(read_at=at)


def forget_notices(*, at: datetime) -> int:
    """Delete what was read half a year ago, and what is over a year old; how many.

    In chunks, each a transaction. What is told again and again names its day in `once`, so nothing
    that was forgotten comes again.
    """
    old = Notice.objects.filter(Q(read_at__lt=at - READ_KEPT) | Q(made_at__lt=at - KEPT))
    forgotten = 0
    while keys := list(old.values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            forgotten += Notice.objects.filter(pk__in=keys).delete()[1].get("notices.Notice", 0)
    Message.objects.filter(made_at__lt=at - KEPT).delete()
    return forgotten


def _check_address(address: str) -> None:
    """Raises ValueError for what leads out: SQLite would leave the row out without a word."""
    if not address.startswith("/") or address.startswith("//") or len(address) > ADDRESS:
        raise ValueError(f"not a path inside the system: {address!r}")


def shorten(title: str) -> str:
    """The title as it is kept."""
    clean = " ".join(title.split())
    return clean if len(clean) <= TITLE else clean[: TITLE - 1] + "…"
