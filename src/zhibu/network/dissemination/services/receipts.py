"""How a text reaches somebody: their own word, and rows for those whom others have told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Any, Final, cast
from uuid import UUID

from django.db import connection
from django.db.models import Field

from zhibu.network.dissemination.models import Audience, Forward, Receipt, Text, TextVersion
from zhibu.network.dissemination.queries import Stay, seat_on, texts_of_person
from zhibu.network.dissemination.refusals import (
    NotForYou,
    TextRefused,
    VersionGone,
)
from zhibu.org import paths
from zhibu.org.facts import COMMITTEE_OFFICES
from zhibu.org.models import Member, Membership, Organization, Place, Post
from zhibu.people.keys import new_key
from zhibu.people.models import Person
from zhibu.rules.reach import (
    Readers,
    spare_paths,
    version_at,
)

ROWS_A_STATEMENT: Final = 300


@dataclass(frozen=True, slots=True)
class Reaching:
    """One receipt that is to be written."""

    text: UUID
    member: UUID
    version: int
    path: str
    how: Receipt.How
    at: datetime
    record: UUID | None = None
    visited_on: date | None = None
    visitor: UUID | None = None
    recorded_by: UUID | None = None


def acknowledge(*, text: Text, version: int, by: Person, at: datetime) -> bool:
    """The member whose account this is has read this version. Whether it was open until now.

    Nobody acknowledges for somebody else: the receipt is that of the account's own member. One
    statement looks whether the text is for them and asks at all, and writes the one row; it waits
    for no other reader. What a meeting has given before becomes their own word.

    Raises NotForYou, VersionGone when a newer version asks, TextRefused when it was recalled.
    """
    if text.is_draft:
        raise NotForYou
    audience = _audience_of(text.pk)
    statement = _statement(
        Readers(text.readers), len(audience), text.kinds, text.fields, is_by_level=text.is_by_level
    )
    if _written(statement, _values(text, audience, version, by, at)):
        return True
    return _explain(text, version, by)


def _written(statement: str, values: list[Any]) -> bool:
    """Whether the statement wrote its row. PostgreSQL keeps it prepared, as all that comes often."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return bool(cursor.rowcount == 1)


def _explain(text: Text, version: int, by: Person) -> bool:
    """Why no row was written: it was there already, which is well, or there is a reason against."""
    known = Receipt.objects.filter(
        member__person=by, text=text, version=version, is_valid=True, how=Receipt.How.READ
    )
    if known.exists():
        return False
    if not texts_of_person(by).filter(pk=text.pk).exists():
        raise NotForYou  # what became of it is not for them either
    now = Text.objects.get(pk=text.pk)
    if now.state == Text.State.RECALLED:
        raise TextRefused(f"这份文件已经撤回，不需要确认。撤回理由：{now.recall_reason}")
    if now.is_asking and now.version != version:
        raise VersionGone(now.version)
    raise NotForYou


@lru_cache(maxsize=512)
def _audience_of(text: UUID) -> tuple[str, ...]:
    """The paths that an issued text is for; they are fixed with its issue, so they are kept."""
    return spare_paths(Audience.objects.filter(text=text).values_list("path", flat=True))


def _values(
    text: Text, audience: Sequence[str], version: int, by: Person, at: datetime
) -> list[Any]:
    """The values of the statement, as the database takes them."""
    key = Receipt._meta.pk.get_db_prep_value
    moment = cast("Field[Any, Any]", Receipt._meta.get_field("at")).get_db_prep_value
    day = cast("Field[Any, Any]", Text._meta.get_field("issued_on")).get_db_prep_value(
        text.issue_day, connection
    )
    own = key(text.pk, connection)
    ranges = (end for path in audience for end in (path, paths.successor(path)))
    sent = [text.path, own] if text.is_by_level else []
    return [
        key(new_key(), connection), own, version, moment(at, connection),
        key(by.pk, connection), day, day, day, day, *ranges, own, version, *sent,
    ]  # fmt: skip


@cache
def _statement(readers: Readers, ranges: int, kinds: str, fields: str, *, is_by_level: bool) -> str:
    """INSERT … SELECT of the seat that the member had on the day of issue.

    Written by hand, for the ORM knows no such statement, and this is the one that a million people
    send on one morning. Both databases speak it. It finds the member first and names no table that
    it can do without.
    """
    is_of_members = readers is Readers.MEMBERS
    receipt, member, text = (model._meta.db_table for model in (Receipt, Member, Text))
    at = "branch_id" if is_of_members else "organization_id"
    conditions = [
        f"s.member_id = (SELECT id FROM {member} WHERE person_id = %s)",  # noqa: S608 - our own
        "s.since <= %s AND (s.until IS NULL OR s.until >= %s)",
        "p.since <= %s AND (p.until IS NULL OR p.until >= %s)",
        "(" + " OR ".join(["(p.path >= %s AND p.path < %s)"] * ranges or ["1 = 0"]) + ")",
        f"EXISTS (SELECT 1 FROM {text} WHERE {_ASKING})",  # noqa: S608 - our own
    ]
    if not is_of_members:
        named = ["secretary"] if readers is Readers.SECRETARIES else sorted(COMMITTEE_OFFICES)
        conditions.append(f"s.office IN ({_quoted(named)})")
    narrow = [
        f"o.{column} IN ({_quoted(filter(None, chosen.split(',')))})"
        for column, chosen in (("kind", kinds), ("field", fields))
        if chosen
    ]
    above = "p.path" if is_of_members else f"substr(p.path, 1, length(p.path) - {paths.WIDTH})"
    # To one of the seats it has come down; the receipt counts at the highest all the same.
    come_down = f"""HAVING MAX(CASE WHEN %s IN (p.path, {above}) OR EXISTS (
    SELECT 1 FROM {Forward._meta.db_table} f WHERE f.text_id = %s AND f.path = {above})
    THEN 1 ELSE 0 END) = 1"""  # noqa: S608 - names of our own models
    organization = f"JOIN {Organization._meta.db_table} o ON o.id = s.{at}" if narrow else ""
    return f"""
INSERT INTO {receipt} (id, text_id, member_id, version, path, how, at, is_valid, counted_as, is_folded)
SELECT %s, %s, s.member_id, %s, MIN(p.path), 'read', %s, TRUE, '', FALSE
FROM {(Membership if is_of_members else Post)._meta.db_table} s
JOIN {Place._meta.db_table} p ON p.organization_id = s.{at} {organization}
WHERE {" AND ".join([*conditions, *narrow])}
GROUP BY s.member_id {come_down if is_by_level else ""}
ON CONFLICT (member_id, text_id, version) DO UPDATE SET
    how = excluded.how, at = excluded.at, record_id = NULL, visited_on = NULL, visitor_id = NULL,
    recorded_by_id = NULL, is_valid = TRUE, is_folded = FALSE
WHERE NOT ({receipt}.is_valid AND {receipt}.how = 'read')
"""  # noqa: S608 - names of our own models


_ASKING: Final = "id = %s AND version = %s AND state = 'issued'"


def _quoted(words: Iterable[str]) -> str:
    """Words of our own tables, as a list in SQL."""
    return ", ".join(f"'{word}'" for word in words)


def reach_members(rows: Sequence[Reaching]) -> None:
    """Write receipts for several; who has been reached already stays as they were."""
    for start in range(0, len(rows), ROWS_A_STATEMENT):
        _upsert(rows[start : start + ROWS_A_STATEMENT])


def _upsert(rows: Sequence[Reaching]) -> None:
    fields = [cast("Field[Any, Any]", Receipt._meta.get_field(name)) for name in _COLUMNS]
    table = Receipt._meta.db_table
    values = [
        field.get_db_prep_value(value, connection)
        for row in rows
        for field, value in zip(
            fields,
            (
                new_key(), row.text, row.member, row.version, row.path, row.how.value, row.at,
                row.record, row.visited_on, row.visitor, row.recorded_by, True, False, "",
            ),
            strict=True,
        )
    ]  # fmt: skip
    places = ", ".join(["(" + ", ".join(["%s"] * len(fields)) + ")"] * len(rows))
    # Not the path: the tallies may hold it at the one that is there.
    taken = ", ".join(f"{field.column} = excluded.{field.column}" for field in fields[5:13])
    names = ", ".join(str(field.column) for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) VALUES {places} "  # noqa: S608 - names of our own model
            f"ON CONFLICT (member_id, text_id, version) DO UPDATE SET {taken} "
            f"WHERE NOT {table}.is_valid",
            values,
        )


_COLUMNS: Final = (
    "id", "text", "member", "version", "path", "how", "at", "record_id", "visited_on",
    "visitor", "recorded_by", "is_valid", "is_folded", "counted_as",
)  # fmt: skip


def version_then(versions: Iterable[TextVersion], moment: datetime) -> int:
    """The version that a text had at a moment; 0 before it was issued."""
    return version_at([(row.version, row.at) for row in versions], moment)


def seats_then(text: Text, stays: dict[UUID, list[Stay]]) -> dict[UUID, str]:
    """Of these members those whom the text is for, with the path at which they count."""
    found = {member: seat_on(text, own) for member, own in stays.items()}
    return {member: seat.path for member, seat in found.items() if seat is not None}
