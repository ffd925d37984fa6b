"""Stored rows as plain text, straight from the database, for `verify`.

A million versions must pass within a minute, so nothing here makes model objects; and what is
verified must be what is stored, so nothing here is converted on the way but by the database.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection, transaction

from zhibu.handbook.models import Attachment, Record, RecordVersion, Redaction
from zhibu.ledger.models import ChainHead, Entry, OrganizationKey, Seal
from zhibu.plans.models import PlanLine
from zhibu.rules.digests import PARTS
from zhibu.rules.filings import NotedFiling

FETCH: Final = 500

_VERSION: Final = RecordVersion._meta.db_table
_RECORD: Final = Record._meta.db_table
_ATTACHMENT: Final = Attachment._meta.db_table
_REDACTION: Final = Redaction._meta.db_table
_HEAD: Final = ChainHead._meta.db_table
_SEAL: Final = Seal._meta.db_table
_KEY: Final = OrganizationKey._meta.db_table
_ENTRY: Final = Entry._meta.db_table
_LINE: Final = PlanLine._meta.db_table


class VersionRow(NamedTuple):
    """A version beside its record's row; the record's columns are None when the row is gone."""

    identity: tuple[Any, ...]  # in the order of `zhibu.rules.digests.Identity`
    topic: str
    texts: tuple[str, ...]
    salts: str
    digests: str
    previous: str
    link: str
    record_branch: str | None
    record_state: str | None
    record_current: str | None


def _uuid(column: str) -> str:
    return f"replace({column}::text, '-', '')" if _is_postgresql() else f"({column} || '')"


def _moment(column: str) -> str:
    if _is_postgresql():
        return f"to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
    # Django leaves out microseconds that are zero. Anything else than these two forms was never
    # written by it and is shown as it is.
    return (
        f"CASE WHEN length({column}) IN (19, 26) AND substr({column}, 11, 1) = ' ' "
        f"THEN substr({column}, 1, 10) || 'T' || "
        f"substr(substr({column}, 12) || '.000000', 1, 15) || 'Z' ELSE {column} || '' END"
    )


def _day(column: str) -> str:
    return f"{column}::text" if _is_postgresql() else f"({column} || '')"


def _is_postgresql() -> bool:
    return connection.vendor == "postgresql"


def _key(hex_key: str) -> str:
    """A key as a parameter: both databases compare it with their own kind of column."""
    if not _is_postgresql():
        return hex_key
    h = hex_key
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


def _within(column: str, keys: Sequence[str]) -> tuple[str, list[Any]]:
    if _is_postgresql():
        return f"{column} = ANY(%s::uuid[])", [[_key(key) for key in keys]]
    return f"{column} IN ({', '.join(['%s'] * len(keys))})", list(keys)


def streaming() -> AbstractContextManager[object]:
    """What to read long results in.

    PostgreSQL hands rows over as it finds them only within a transaction; outside of one it writes
    the whole result aside first. On SQLite a transaction would keep writers waiting.
    """
    return transaction.atomic() if _is_postgresql() else nullcontext()


def _stream(sql: str, parameters: Iterable[Any] = ()) -> Iterator[tuple[Any, ...]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, list(parameters))
        while rows := cursor.fetchmany(FETCH):
            yield from rows


def chained_branches() -> list[str]:
    """The branches that have anything to verify, in the order of their keys."""
    found: set[str] = set()
    for table, condition in (
        (_HEAD, ""),
        (_VERSION, ""),
        (_SEAL, ""),
        (_RECORD, " WHERE current_id IS NOT NULL"),
        (_LINE, " WHERE discharged_by IS NOT NULL"),
    ):
        sql = f"SELECT DISTINCT branch_id FROM {table}{condition}"
        found.update(_hex(row[0]) for row in _stream(sql))
    return sorted(found)


def count_versions() -> int:
    """How many versions there are, for a progress bar."""
    return RecordVersion.objects.count()


def _hex(value: Any) -> str:
    return str(value).replace("-", "")


def version_rows(branches: Sequence[str]) -> Iterator[VersionRow]:
    """All versions of some branches, branch by branch, in the order of the chain."""
    condition, parameters = _within("v.branch_id", branches)
    columns = ", ".join(
        (
            _uuid("v.id"),
            _uuid("v.record_id"),
            _uuid("v.branch_id"),
            "v.sequence",
            "v.version",
            "v.action",
            _uuid("v.submission"),
            _moment("v.filed_at"),
            _uuid("v.filed_by_id"),
            "v.year",
            _day("v.happened_on"),
            "v.activities",
            "v.topic",
            *(f"v.{part}" for part in PARTS),
            "v.salts",
            "v.digests",
            "v.previous",
            "v.link",
            _uuid("r.branch_id"),
            "r.state",
            _uuid("r.current_id"),
        )
    )
    sql = (
        f"SELECT {columns} FROM {_VERSION} v LEFT JOIN {_RECORD} r ON r.id = v.record_id "
        f"WHERE {condition} ORDER BY v.branch_id, v.sequence"
    )
    end = 13 + len(PARTS)
    for row in _stream(sql, parameters):
        yield VersionRow(row[:12], row[12], row[13:end], *row[end:])


def head_rows(branches: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Sequence and link of each branch's head."""
    condition, parameters = _within("branch_id", branches)
    sql = f"SELECT {_uuid('branch_id')}, sequence, link FROM {_HEAD} WHERE {condition}"
    return {row[0]: (row[1], row[2]) for row in _stream(sql, parameters)}


def lost_records(branches: Sequence[str]) -> dict[str, str]:
    """For each branch a record whose current version is gone or is another record's."""
    condition, parameters = _within("r.branch_id", branches)
    sql = (
        f"SELECT {_uuid('r.branch_id')}, {_uuid('r.id')} FROM {_RECORD} r "
        f"LEFT JOIN {_VERSION} v ON v.id = r.current_id AND v.record_id = r.id "
        f"AND v.branch_id = r.branch_id WHERE {condition} "
        "AND (r.state <> 'draft' OR r.current_id IS NOT NULL) AND v.id IS NULL"
    )
    return dict(_stream(sql, parameters))


def filings_noted(branches: Sequence[str]) -> dict[str, int]:
    """How many filings, corrections and voidings the ledger knows of each branch."""
    condition, parameters = _within("organization_id", branches)
    sql = (
        f"SELECT {_uuid('organization_id')}, count(*) FROM {_ENTRY} WHERE {condition} "
        "AND verb IN ('file_record', 'correct_record', 'void_record') GROUP BY organization_id"
    )
    return dict(_stream(sql, parameters))


def noted_filings(branch: str) -> Iterator[NotedFiling]:
    """What the ledger says of each of them; a line that says nothing of the kind is passed over."""
    condition, parameters = _within("organization_id", [branch])
    sql = (
        f"SELECT {_uuid('subject_id')}, detail{'::text' if _is_postgresql() else ''} FROM {_ENTRY} "
        f"WHERE {condition} AND verb IN ('file_record', 'correct_record', 'void_record')"
    )
    for record, detail in _stream(sql, parameters):
        with suppress(ValueError, TypeError, KeyError):
            said = json.loads(detail)
            yield NotedFiling(
                int(said["sequence"]), str(record), int(said["version"]), said["link"]
            )


def seal_entries(branches: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Branch, verb and seal of each sealing and countersigning that the ledger knows."""
    condition, parameters = _within("organization_id", branches)
    sql = (
        f"SELECT {_uuid('organization_id')}, verb, {_uuid('subject_id')} FROM {_ENTRY} "
        f"WHERE {condition} AND verb IN ('seal_branch', 'countersign_seal')"
    )
    yield from _stream(sql, parameters)


def seal_rows(branches: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """The seals of some branches with their keys, in the order of `zhibu.ledger.seals.SealFacts`."""
    condition, parameters = _within("s.branch_id", branches)
    columns = ", ".join(
        (
            _uuid("s.id"),
            _uuid("s.branch_id"),
            "s.first",
            "s.sequence",
            "s.link",
            _moment("s.sealed_at"),
            "s.signature",
            "COALESCE(k.public_key, '')",
            f"COALESCE({_uuid('k.organization_id')}, '')",
            "COALESCE(k.generation, 0)",
            f"COALESCE({_moment('s.countersigned_at')}, '')",
            "s.countersignature",
            "COALESCE(c.public_key, '')",
            f"COALESCE({_uuid('c.organization_id')}, '')",
            "COALESCE(c.generation, 0)",
        )
    )
    sql = (
        f"SELECT {columns} FROM {_SEAL} s LEFT JOIN {_KEY} k ON k.id = s.key_id "
        f"LEFT JOIN {_KEY} c ON c.id = s.countersign_key_id "
        f"WHERE {condition} ORDER BY s.branch_id, s.sequence"
    )
    yield from _stream(sql, parameters)


def redaction_rows(branches: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Redactions with their keys, in the order of `zhibu.handbook.redactions.RedactionFacts`."""
    condition, parameters = _within("v.branch_id", branches)
    columns = ", ".join(
        (
            _uuid("d.id"),
            _uuid("d.version_id"),
            _uuid("v.branch_id"),
            "d.part",
            "d.reason",
            _moment("d.at"),
            _uuid("d.by_id"),
            "d.signature",
            "COALESCE(k.public_key, '')",
            f"COALESCE({_uuid('k.organization_id')}, '')",
            "COALESCE(k.generation, 0)",
        )
    )
    sql = (
        f"SELECT {columns} FROM {_REDACTION} d JOIN {_VERSION} v ON v.id = d.version_id "
        f"LEFT JOIN {_KEY} k ON k.id = d.key_id WHERE {condition}"
    )
    yield from _stream(sql, parameters)


def attachment_rows(branches: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Filed files: record's branch, key, record, name, type, size, digest, path, when, by whom."""
    condition, parameters = _within("r.branch_id", branches)
    sql = (
        f"SELECT {_uuid('r.branch_id')}, {_uuid('a.id')}, {_uuid('a.record_id')}, a.name, "
        f"a.media_type, a.size, a.digest, a.file, {_moment('a.added_at')}, "
        f"{_uuid('a.added_by_id')} FROM {_ATTACHMENT} a JOIN {_RECORD} r ON r.id = a.record_id "
        f"WHERE {condition} AND a.is_filed"
    )
    yield from _stream(sql, parameters)


def line_rows(branches: Sequence[str]) -> Iterator[tuple[str, str, str, str, str]]:
    """Discharged lines: branch, record, line, the day it happened, the day it was filed."""
    condition, parameters = _within("branch_id", branches)
    sql = (
        f"SELECT {_uuid('branch_id')}, {_uuid('discharged_by')}, {_uuid('id')}, "
        f"{_day('happened_on')}, {_day('filed_on')} FROM {_LINE} "
        f"WHERE {condition} AND discharged_by IS NOT NULL"
    )
    yield from _stream(sql, parameters)


def has_link(branch: str, link: str) -> bool:
    """Whether an entry of the branch has this link."""
    sql = f"SELECT 1 FROM {_VERSION} WHERE branch_id = %s AND link = %s"
    return any(True for _ in _stream(sql, [_key(branch), link]))


def record_at(branch: str, sequence: int) -> str:
    """The record of the branch's entry at a place of the chain; "" when there is none."""
    sql = f"SELECT {_uuid('record_id')} FROM {_VERSION} WHERE branch_id = %s AND sequence = %s"
    return next((str(row[0]) for row in _stream(sql, [_key(branch), sequence])), "")


def hold_branch(branch: str) -> None:
    """Keep writers of the branch waiting until the transaction ends."""
    if is_key(branch):
        list(ChainHead.objects.select_for_update().filter(pk=UUID(branch)))


def is_key(text: str) -> bool:
    """Whether this is a key at all: SQLite stores whatever somebody writes into a column."""
    return len(text) == 32 and all(digit in "0123456789abcdef" for digit in text)
