"""Keeping the index: noted in the transaction of the change, done by the worker in portions.

One process at a time writes the index, so that what it read is what it writes. A part that was
blacked out leaves it in the transaction that blacks it out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef

from zhibu.handbook.followers import Filed
from zhibu.handbook.models import Record
from zhibu.network.dissemination.models import Text, TextVersion
from zhibu.network.search.documents import Document, documents_of
from zhibu.network.search.marks import marks_of
from zhibu.network.search.models import SearchEntry, SearchNote, SearchPlace, number_of
from zhibu.rules.searching import terms_of

PORTION: Final = 200
"""So many documents are indexed in one transaction."""

AT_ONCE: Final = 5
"""So many portions a worker does before it looks after its other chores."""

OVERLAP: Final = timedelta(minutes=10)
"""A version's key is made before it is seen by others; no transaction takes as long as this."""

_LOCK: Final = 0x5A48494255  # "ZHIBU"; an advisory lock of PostgreSQL
_NOTHING: Final = UUID(int=0)


def note_filed(filed: Filed) -> None:
    """Remember that a record is to be indexed anew: one row, in the transaction that files."""
    SearchNote.objects.create(kind=SearchEntry.Kind.RECORD, subject=filed.record.pk)


@transaction.atomic
def forget_part(record: Record, part: str) -> None:
    """Index a record without the part that was just blacked out."""
    del part
    _hold(wait=True)
    _index(SearchEntry.Kind.RECORD, [record.pk])


def index_changes(*, now: datetime) -> int:
    """Take in what changed; gives back how many documents were looked at. A chore of the worker."""
    done = _index_texts(now)
    done += _note_moved()
    for _ in range(AT_ONCE):
        portion = _index_portion()
        done += portion
        if portion < PORTION:
            break
    return done


def rebuild_index(*, progress: Callable[[int], object] = lambda _: None) -> int:
    """Make the whole index anew, a portion at a time: nobody who files or searches has to wait.

    Stopped half-way it is as good as before; what is no longer there leaves it at the end.
    """
    records = Record.objects.filter(current__isnull=False)
    texts = Text.objects.sent()
    kinds = {SearchEntry.Kind.RECORD: records, SearchEntry.Kind.TEXT: texts}
    done = 0
    for kind, rows in kinds.items():
        keys = rows.order_by("pk").values_list("pk", flat=True)
        last = _NOTHING
        while portion := list(keys.filter(pk__gt=last)[:PORTION]):
            last = portion[-1]
            _index_held(kind, portion)
            progress(len(portion))
            done += len(portion)
        strays = SearchEntry.objects.filter(kind=kind)
        strays.exclude(subject__in=rows.order_by().values("pk")).delete()
    return done


@transaction.atomic
def clear_index() -> None:
    """Empty it, e.g. before a backup is restored, which holds none."""
    _hold(wait=True)
    for model in (SearchEntry, SearchPlace, SearchNote):
        model.objects.all().delete()


def note_everything() -> int:
    """Have the worker index every record anew, as after writing records in bulk."""
    keys = Record.objects.filter(current__isnull=False).values_list("pk", flat=True)
    rows = (SearchNote(kind="record", subject=key) for key in keys.iterator(chunk_size=2000))
    return len(SearchNote.objects.bulk_create(rows, batch_size=2000))


@transaction.atomic
def _index_held(kind: str, keys: Sequence[UUID]) -> None:
    _hold(wait=True)
    _index(kind, keys)


@transaction.atomic
def _index_portion() -> int:
    if not _hold(wait=False):
        return 0
    notes = list(SearchNote.objects.order_by("id").values_list("pk", "kind", "subject")[:PORTION])
    by_kind: dict[str, set[UUID]] = defaultdict(set)
    for _, kind, subject in notes:
        by_kind[kind].add(subject)
    for kind, subjects in by_kind.items():
        _index(kind, subjects)
    SearchNote.objects.filter(pk__in=[key for key, _, _ in notes]).delete()
    return len(notes)


@transaction.atomic
def _index_texts(now: datetime) -> int:
    """Texts that were issued or changed since the newest that is known."""
    known = SearchEntry.objects.filter(kind=SearchEntry.Kind.TEXT).order_by("-source")
    newest = known.values_list("source", flat=True).first() or _NOTHING
    since = min(newest, _key_at(now - OVERLAP))
    done = SearchEntry.objects.filter(subject=OuterRef("text_id"), source__gte=OuterRef("pk"))
    rows = TextVersion.objects.filter(~Exists(done), pk__gt=since).order_by("pk")
    fresh = set(rows.values_list("text_id", flat=True)[:PORTION])
    if not fresh or not _hold(wait=False):
        return 0
    _index(SearchEntry.Kind.TEXT, fresh)
    return len(fresh)


@transaction.atomic
def _note_moved() -> int:
    """What hangs on an organisation that moved has other levels above it now."""
    moved = SearchPlace.objects.exclude(path=F("organization__path"))
    found = 0
    for place in moved.select_related("organization")[:PORTION]:
        rows = SearchEntry.objects.filter(organization=place.organization)
        notes = [
            SearchNote(kind=kind, subject=key) for kind, key in rows.values_list("kind", "subject")
        ]
        SearchNote.objects.bulk_create(notes, batch_size=2000)
        SearchPlace.objects.filter(pk=place.pk).update(path=place.organization.path)
        found += len(notes)
    return found


def _key_at(moment: datetime) -> UUID:
    """The least key of that moment (UUIDv7)."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def _hold(*, wait: bool) -> bool:
    """Be the only one that writes the index, until the transaction ends. SQLite has one writer."""
    if connection.vendor != "postgresql":
        return True
    function = "pg_advisory_xact_lock" if wait else "pg_try_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [_LOCK])
        row = cursor.fetchone()
    return wait or bool(row and row[0])


def _index(kind: str, subjects: Iterable[UUID]) -> None:
    """Write the entries of these keys as their documents read now."""
    keys = list(subjects)
    if not keys:
        return
    found = documents_of(kind, keys)
    SearchEntry.objects.filter(subject__in=keys).delete()
    SearchEntry.objects.bulk_create(_entries(found))
    places = {one.organization_id: one.path for one in found}
    SearchPlace.objects.bulk_create(
        [SearchPlace(organization_id=key, path=path) for key, path in places.items()],
        ignore_conflicts=True,
    )


def _entries(documents: Sequence[Document]) -> list[SearchEntry]:
    numbers = [number_of(one.day, one.subject) for one in documents]
    # Two of one day that share a number by chance: as good as never, and then the next is free.
    taken = set(SearchEntry.objects.filter(pk__in=numbers).values_list("pk", flat=True))
    found = []
    for one, wanted in zip(documents, numbers, strict=True):
        number = wanted
        while number in taken:
            number += 1
        taken.add(number)
        found.append(
            SearchEntry(
                number=number,
                kind=one.kind,
                subject=one.subject,
                organization_id=one.organization_id,
                source=one.source,
                is_talk=one.is_talk,
                terms=terms_of(one.texts)
                | marks_of(one.kind, one.path, one.day.year, one.sent_from),
            )
        )
    return found
