"""What follows for many when a text was issued: counted and told in chunks, by a worker.

A chunk is one transaction: what it did, and up to where the job has come, are written together. A
worker that is killed loses the chunk that it was at; the next one takes it up, and nobody is
counted or told twice. Who is told is looked up at that moment: a text that was recalled, a version
that was replaced or a member who has read it meanwhile is left out.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Length
from django.utils import timezone

from zhibu.ledger.services import note
from zhibu.network.dissemination.models import Text, TextJob
from zhibu.network.dissemination.queries import Roll, path_of
from zhibu.network.dissemination.queries.rolls import concerned, under
from zhibu.network.dissemination.refusals import RemindedToday, TextRefused
from zhibu.network.dissemination.services.folding import add_expected
from zhibu.network.dissemination.services.issuing import to_forward
from zhibu.network.dissemination.services.writing import hold_text
from zhibu.network.notices.models import Kind
from zhibu.network.notices.services import take_back, tell, tell_organizations
from zhibu.org import paths
from zhibu.org.models import Grant, Organization, Place
from zhibu.people.keys import new_key
from zhibu.people.models import Person
from zhibu.people.roles import Verb, roles_with
from zhibu.rules.reach import Readers, common_paths

CHUNK: Final = 300  # organisations a transaction
TOLD: Final = 40  # of whose people notices are written: on SQLite everybody waits for as long
TAKEN: Final = 1000  # notices that are taken back in one
SECONDS: Final = 4.0  # a call goes on so long; the worker has other things to do
_Kind = TextJob.Kind
_TELLING: Final = (_Kind.ANNOUNCE, _Kind.REMIND, _Kind.HAND_DOWN)


def run_jobs(at: datetime, *, seconds: float = SECONDS) -> int:
    """Go on with what is to be done; how many chunks were done, 0 when nothing is left.

    Any number of workers may do this at once: each takes a job that no other holds.
    """
    chunks, ends = 0, time.monotonic() + seconds
    while TextJob.objects.filter(finished_at__isnull=True).exists():
        if not _do_chunk(at):
            break  # what is left is in other hands
        chunks += 1
        if time.monotonic() >= ends:
            break
    return chunks


@transaction.atomic
def _do_chunk(at: datetime) -> bool:
    job = (
        TextJob.objects.select_for_update(
            of=("self",), skip_locked=connection.features.has_select_for_update_skip_locked
        )
        .filter(finished_at__isnull=True)
        .select_related("text", "text__organization")
        .order_by("made_at", "pk")
        .first()
    )
    if job is None:
        return False
    if job.kind in _TELLING:
        # Held: whoever recalls it meanwhile waits, and then takes back what is written here.
        job.text = hold_text(job.text)
    if job.kind == _Kind.COUNT:
        _count(job)
    elif job.kind == _Kind.TAKE_BACK:
        taken = take_back(subject=subject_of(job.text), most=TAKEN)
        job.done += taken
        job.after = _END if taken < TAKEN else ""
    elif not job.text.is_asking:
        job.after = _END  # nobody is asked for this any more
    elif job.kind == _Kind.HAND_DOWN:
        _hand_down(job, at)  # whatever the version: a newer one is sent on with it
    elif job.text.version != job.version:
        job.after = _END  # the newer one has a job of its own
    else:
        _tell_readers(job, at)
    if job.after == _END:
        job.finished_at = at
        if job.kind == _Kind.COUNT:
            Text.objects.filter(pk=job.text_id).update(is_counted=True)
    job.save(update_fields=["after", "done", "finished_at"])
    return True


_END: Final = "~"  # sorts after every path


def _next_places(job: TextJob, roll: Roll, most: int) -> list[str]:
    """The paths of the next organisations in the order of the tree, no more than so many."""
    rows = Place.objects.on(roll.day).filter(under(common_paths(roll.audience, job.path)))
    if roll.is_of_members:
        rows = rows.filter(organization__kind=Organization.Kind.BRANCH)
    if job.path and job.text.is_by_level and not roll.is_of_members:
        # It has come down to those right below and no further.
        rows = rows.annotate(width=Length("path")).filter(width__lte=len(job.path) + paths.WIDTH)
    rows = rows.filter(path__gt=job.after).order_by("path")
    return list(rows.values_list("path", flat=True).distinct()[:most])


def _count(job: TextJob) -> None:
    roll = Roll(job.text)
    places = _next_places(job, roll, CHUNK)
    if places:
        rows = roll.seats(after=job.after, upto=places[-1])
        numbers = dict(rows.values_list("seat").annotate(number=Count("pk")))
        add_expected(job.text_id, numbers)
        job.done += sum(numbers.values())
    job.after = places[-1] if len(places) == CHUNK else _END


def _tell_readers(job: TextJob, at: datetime) -> None:
    """Announce a version, or remind of it, those with accounts to whom it has come down."""
    roll = Roll(job.text)
    most = min(CHUNK, TOLD)
    places = _next_places(job, roll, most)
    if places:
        rows = roll.seats(scope=job.path, after=job.after, upto=places[-1])
        people = list(_with_accounts(roll, rows, at))
        _tell(job, people, at)
        _tell_chats(job, {seat for seat, _ in people}, at)
    job.after = places[-1] if len(places) == CHUNK else _END


def _with_accounts(roll: Roll, rows: QuerySet[Any], at: datetime) -> QuerySet[Any, Any]:
    """Whom it has come down to, has not reached, and who did not leave: seat and account."""
    asked = roll.with_gone(roll.open(roll.come_down(rows)), timezone.localdate(at))
    asked = asked.filter(is_gone=False, member__person__is_active=True)
    return asked.values_list("seat", "member__person")


def _tell(job: TextJob, people: Iterable[tuple[str, UUID]], at: datetime) -> None:
    # One occasion for each level above the branches: what was told before is asked for by it.
    by_level: dict[str, list[UUID]] = defaultdict(list)
    for seat, person in people:
        by_level[paths.parent(seat)].append(person)
    for level, persons in sorted(by_level.items()):
        job.done += tell(
            people=persons, kind=Kind.TEXT, title=_title(job), address=address_of(job.text),
            organization_id=job.text.organization_id, subject=subject_of(job.text),
            once=f"{_occasion(job)}:{level}", verb=None, at=at,
        )  # fmt: skip


def _tell_chats(job: TextJob, seats: set[str], at: datetime) -> None:
    """The robots of the organisations whose members it is for say so too, once for each version.

    Not where it is for some of them alone: in a chat everybody reads the title.
    """
    if job.kind == _Kind.REMIND or job.text.readers != Readers.MEMBERS:
        return
    # By their paths of that day: some may have moved since.
    organizations = Organization.objects.filter(places__path__in=seats).values_list("pk", flat=True)
    tell_organizations(
        organizations=set(organizations), kind=Kind.TEXT, title=_title(job),
        address=address_of(job.text), once=_occasion(job), subject=subject_of(job.text), at=at,
    )  # fmt: skip


def _occasion(job: TextJob) -> str:
    whole = f"{subject_of(job.text)}:{job.version}"
    return f"{whole}:{job.on.isoformat()}" if job.kind == _Kind.REMIND else whole


def _title(job: TextJob) -> str:
    if job.kind == _Kind.REMIND:
        return f"请阅读：{job.text.title}"
    return f"新版本：{job.text.title}" if job.version > 1 else f"新文件：{job.text.title}"


def subject_of(text: Text) -> str:
    """What notices of a text name."""
    return f"text:{text.pk}"


def address_of(text: Text) -> str:
    """Where a text is read."""
    return f"/texts/{text.pk}/"


def _hand_down(job: TextJob, at: datetime) -> None:
    """Tell those who can send it on at the next level that it has come to them."""
    text = job.text
    roll = Roll(text)
    below = (
        Place.objects.on(roll.day)
        .filter(under([job.path]), concerned(roll.audience), path__gt=max(job.after, job.path))
        .annotate(width=Length("path"))
        .filter(width=len(job.path) + paths.WIDTH)
        .exclude(organization__kind=Organization.Kind.GROUP)
        .order_by("path")
    )
    places = list(below.values_list("path", "organization")[:CHUNK])
    grants = Grant.objects.filter(
        Q(until__isnull=True) | Q(until__gt=at), since__lte=at, person__is_active=True,
        role__in=roles_with(Verb.ISSUE_TEXT), organization__in=[key for _, key in places],
    )  # fmt: skip
    people: dict[UUID, set[UUID]] = defaultdict(set)
    for organization, person in grants.values_list("organization", "person"):
        people[organization].add(person)
    for _, key in places:
        if key in people:
            job.done += tell(
                people=sorted(people[key]), kind=Kind.TEXT, title=f"请转发：{text.title}",
                address=address_of(text), organization_id=key, subject=subject_of(text),
                once=to_forward(text, key), verb=Verb.ISSUE_TEXT, at=at,
            )  # fmt: skip
    job.after = places[-1][0] if len(places) == CHUNK else _END


@transaction.atomic
def remind(*, text: Text, organization: Organization, by: Person, at: datetime) -> int:
    """Remind those at and below an organisation whom the text has not reached; how many.

    Only those who have an account, have not left, and to whom it has come down; each is asked for
    again when their turn comes. Once a day, by whomever. Raises TextRefused, RemindedToday.
    """
    held = hold_text(text)
    if not held.is_asking:
        raise TextRefused("这份文件没有在传达，不需要提醒。")
    path, today = path_of(held, organization), timezone.localdate(at)
    levels = (*paths.ancestors(path), path, "")
    known = TextJob.objects.filter(
        text=held, kind=_Kind.REMIND, version=held.version, on=today, path__in=levels
    )
    if known.exists():
        raise RemindedToday
    roll = Roll(held)
    number = _with_accounts(roll, roll.seats(scope=path), at).count()
    if not number:
        return 0
    TextJob.objects.create(
        id=new_key(), text=held, kind=_Kind.REMIND, version=held.version, path=path, on=today,
        by=by, made_at=at,
    )  # fmt: skip
    note(
        by=by, verb="remind_text", organization_id=organization.pk, subject=held, at=at,
        detail={"title": held.title, "people": number},
    )  # fmt: skip
    return number
