"""Verbs by which a text reaches somebody: their own word, and a visit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, Final, cast
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Field
from django.utils import timezone

from zhibu.documents.literal import clean_line
from zhibu.ledger.services import note
from zhibu.network.dissemination.models import Audience, Forward, Receipt, Text, TextVersion
from zhibu.network.dissemination.queries import Stay, seat_on, stays_of
from zhibu.network.dissemination.refusals import (
    NotForYou,
    TextRefused,
    VersionGone,
    VisitRefused,
)
from zhibu.network.dissemination.services.writing import hold_text
from zhibu.org import paths
from zhibu.org.facts import COMMITTEE_OFFICES
from zhibu.org.models import Member, Membership, MemberSpell, Organization, Place, Post
from zhibu.org.queries import holding
from zhibu.people.keys import new_key
from zhibu.people.models import Person
from zhibu.rules.branches import Span
from zhibu.rules.reach import Mode, Readers, comes_down, judge_visit, version_at

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
    with connection.cursor() as cursor:
        cursor.execute(
            _statement(Readers(text.readers)),
            [*_prepared(text, version, by, at)],
        )
        is_written = cursor.rowcount == 1
    if not is_written:
        return _explain(text, version, by)
    return True


def _explain(text: Text, version: int, by: Person) -> bool:
    """Why no row was written: it was there already, which is well, or there is a reason against."""
    known = Receipt.objects.filter(
        member__person=by, text=text, version=version, is_valid=True, how=Receipt.How.READ
    )
    if known.exists():
        return False
    now = Text.objects.get(pk=text.pk)
    if now.state == Text.State.RECALLED:
        raise TextRefused(f"这份文件已经撤回，不需要确认。撤回理由：{now.recall_reason}")
    if now.is_asking and now.version != version:
        raise VersionGone(now.version)
    raise NotForYou


def _prepared(text: Text, version: int, by: Person, at: datetime) -> Iterable[Any]:
    key = Receipt._meta.pk.get_db_prep_value
    yield key(new_key(), connection)
    yield cast("Field[Any, Any]", Receipt._meta.get_field("at")).get_db_prep_value(at, connection)
    yield key(text.pk, connection)
    yield version
    yield key(by.pk, connection)


@cache
def _statement(readers: Readers) -> str:
    """INSERT … SELECT of the seat that the member had on the day of issue.

    Written by hand, for the ORM knows no such statement, and this is the one that a million people
    send on one morning. Both databases speak it.
    """
    table = {
        name: model._meta.db_table
        for name, model in (
            ("receipt", Receipt), ("text", Text), ("member", Member), ("org", Organization),
            ("place", Place), ("audience", Audience), ("forward", Forward),
            ("seat", Membership if readers is Readers.MEMBERS else Post),
        )
    }  # fmt: skip
    if readers is Readers.MEMBERS:
        at, fits, sent_from = "branch_id", "1 = 1", "p.path"
    else:
        named = ["secretary"] if readers is Readers.SECRETARIES else sorted(COMMITTEE_OFFICES)
        fits = "s.office IN (" + ", ".join(f"'{office}'" for office in named) + ")"
        at, sent_from = "organization_id", f"substr(p.path, 1, length(p.path) - {paths.WIDTH})"
    return f"""
INSERT INTO {table["receipt"]} (id, text_id, member_id, version, path, how, at, record_id,
    visited_on, visitor_id, recorded_by_id, is_valid, is_counted)
SELECT %s, t.id, m.id, t.version, MIN(p.path), 'read', %s, NULL, NULL, NULL, NULL, TRUE, FALSE
FROM {table["text"]} t
CROSS JOIN {table["member"]} m
JOIN {table["seat"]} s ON s.member_id = m.id AND s.since <= t.issued_on
    AND (s.until IS NULL OR s.until >= t.issued_on) AND {fits}
JOIN {table["org"]} o ON o.id = s.{at}
    AND (t.kinds = '' OR t.kinds LIKE '%%,' || o.kind || ',%%')
    AND (t.fields = '' OR t.fields LIKE '%%,' || o.field || ',%%')
JOIN {table["place"]} p ON p.organization_id = o.id AND p.since <= t.issued_on
    AND (p.until IS NULL OR p.until >= t.issued_on)
WHERE t.id = %s AND t.state = 'issued' AND t.version = %s AND m.person_id = %s
    AND EXISTS (SELECT 1 FROM {table["audience"]} a
        WHERE a.text_id = t.id AND a.path = substr(p.path, 1, length(a.path)))
GROUP BY t.id, t.version, t.mode, t.path, m.id
HAVING MAX(CASE WHEN t.mode = '{Mode.AT_ONCE.value}' OR t.path IN (p.path, {sent_from})
    OR EXISTS (SELECT 1 FROM {table["forward"]} f
        WHERE f.text_id = t.id AND f.path = {sent_from}) THEN 1 ELSE 0 END) = 1
ON CONFLICT (member_id, text_id, version) DO UPDATE SET
    how = excluded.how, at = excluded.at, record_id = NULL, visited_on = NULL, visitor_id = NULL,
    recorded_by_id = NULL, is_valid = TRUE
WHERE NOT ({table["receipt"]}.is_valid AND {table["receipt"]}.how = 'read')
"""  # noqa: S608 - names of our own models


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
                row.record, row.visited_on, row.visitor, row.recorded_by, True, False,
            ),
            strict=True,
        )
    ]  # fmt: skip
    places = ", ".join(["(" + ", ".join(["%s"] * len(fields)) + ")"] * len(rows))
    taken = ", ".join(f"{field.column} = excluded.{field.column}" for field in fields[4:12])
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
    "visitor", "recorded_by", "is_valid", "is_counted",
)  # fmt: skip


@transaction.atomic
def record_visit(
    *, text: Text, member: Member, visitor: Member, visited_on: date, by: Person, at: datetime
) -> Receipt:
    """Somebody of the branch went to see an old or ill member and told them what the text says.

    Raises VisitRefused, TextRefused.
    """
    held = hold_text(text)
    if not held.is_asking:
        raise TextRefused("这份文件没有在传达，不能登记走访。")
    now = Membership.objects.filter(member=member, until__isnull=True).first()
    seat = seat_on(held, stays_of(Member.objects.filter(pk=member.pk)).get(member.pk, ()))
    if seat is None or now is None:
        raise TextRefused("这份文件的传达对象中没有这名党员。")
    sent = set(Forward.objects.filter(text=held).values_list("path", flat=True))
    if not comes_down(held.path, seat.path, Mode(held.mode), sent, Readers(held.readers)):
        raise TextRefused("上级还没有转发这份文件，不能登记走访。")
    began = held.versions.get(version=held.version, correction=0).at
    verdicts = judge_visit(
        visited_on,
        issued=timezone.localdate(began),
        today=timezone.localdate(at),
        infirm=[
            Span(spell.since, spell.until)
            for spell in MemberSpell.objects.filter(member=member, kind=MemberSpell.Kind.INFIRM)
        ],
        is_visitor_of_branch=Membership.objects.filter(
            holding(visited_on), member=visitor, branch=now.branch_id
        ).exists(),
        is_self=visitor.pk == member.pk,
    )
    if verdicts:
        raise VisitRefused(verdicts)
    known = Receipt.objects.filter(member=member, text=held, version=held.version)
    if known.filter(is_valid=True).exists():
        raise TextRefused("这份文件已经传达到这名党员，不需要再登记。")
    reach_members(
        [
            Reaching(
                held.pk, member.pk, held.version, seat.path, Receipt.How.VISIT, at,
                visited_on=visited_on, visitor=visitor.pk, recorded_by=by.pk,
            )
        ]
    )  # fmt: skip
    note(
        by=by, verb="record_visit", organization_id=now.branch_id, subject=held, at=at,
        detail={"member": str(member.pk), "visitor": str(visitor.pk), "on": visited_on.isoformat()},
    )  # fmt: skip
    return known.get()


@transaction.atomic
def withdraw_visit(*, receipt: Receipt, reason: str, by: Person, at: datetime) -> None:
    """The visit was recorded by mistake: the member is asked again. Raises TextRefused."""
    reason = clean_line(reason)
    if not reason:
        raise TextRefused("撤销走访登记须写明理由。")
    held = Receipt.objects.select_for_update(of=("self",)).get(pk=receipt.pk)
    if held.how != Receipt.How.VISIT or not held.is_valid:
        raise TextRefused("这次走访登记已经不在，不能撤销。")
    Receipt.objects.filter(pk=held.pk).update(is_valid=False)
    now = Membership.objects.filter(member=held.member_id, until__isnull=True).first()
    note(
        by=by, verb="withdraw_visit", organization_id=now.branch_id if now else None,
        subject=held.text, at=at,
        detail={"member": str(held.member_id), "reason": reason[:500]},
    )  # fmt: skip


def version_then(versions: Iterable[TextVersion], moment: datetime) -> int:
    """The version that a text had at a moment; 0 before it was issued."""
    return version_at([(row.version, row.at) for row in versions], moment)


def seats_then(text: Text, stays: dict[UUID, list[Stay]]) -> dict[UUID, str]:
    """Of these members those whom the text is for, with the path at which they count."""
    found = {member: seat_on(text, own) for member, own in stays.items()}
    return {member: seat.path for member, seat in found.items() if seat is not None}
