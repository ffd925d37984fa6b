"""Puts words on lines of the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from django.utils import timezone

from zhibu.ledger.models import Entry
from zhibu.ledger.wording import SUBJECTS, VERBS, WHOLE
from zhibu.org.models import Member, Organization
from zhibu.people.models import Person
from zhibu.people.roles import LABELS, Role
from zhibu.web.pages.accounts import LedgerLine

COLUMNS = ("时间", "人员", "操作", "组织", "说明")


def as_row(line: LedgerLine) -> tuple[str, ...]:
    """A line as cells of a spreadsheet; none of them is a formula there."""
    moment = timezone.localtime(line.at).strftime("%Y-%m-%d %H:%M:%S")
    cells = (moment, line.who, line.did, line.where, line.detail)
    return tuple(f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells)


_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def word_lines(entries: Sequence[Entry]) -> tuple[LedgerLine, ...]:
    """The lines as sentences; the names of organisations, accounts and members in a query each."""
    keys = {entry.organization_id for entry in entries if entry.organization_id}
    names = dict(Organization.objects.filter(pk__in=keys).values_list("pk", "name"))
    people = _people_in(entries)
    return tuple(
        LedgerLine(
            at=entry.at,
            who=f"{entry.person.name}（{entry.person.username}）" if entry.person else "系统",
            did=say_deed(entry),
            where=names.get(entry.organization_id, "") if entry.organization_id else "",
            detail="；".join(_details(entry, people)),
        )
        for entry in entries
    )


def _people_in(entries: Sequence[Entry]) -> dict[UUID, str]:
    """What the accounts and the members are called to whom something was done."""
    wanted: dict[str, set[UUID]] = defaultdict(set)
    for entry in entries:
        if entry.subject_id is not None:
            wanted[entry.subject_kind].add(entry.subject_id)
    accounts = Person.objects.filter(pk__in=wanted["person"]).values_list("pk", "name", "username")
    members = Member.objects.filter(pk__in=wanted["member"]).values_list("pk", "name")
    return {**{pk: f"{name}（{username}）" for pk, name, username in accounts}, **dict(members)}


def _details(entry: Entry, people: Mapping[UUID, str]) -> Iterator[str]:
    subject = entry.subject_id
    name = people.get(subject, "") if subject is not None and subject != entry.person_id else ""
    if name:
        yield name
    for key, value in entry.detail.items():
        if value and key in {"reason", "name", "address"} and f"{value}" not in name:
            yield f"{value}"
        elif key == "role" and value in LABELS:
            yield LABELS[Role(value)] + ("，含下级" if entry.detail.get("with_below") else "")


def say_deed(entry: Entry) -> str:
    """What was done to what."""
    verb = VERBS.get(entry.verb, entry.verb)
    return verb if entry.verb in WHOLE else verb + SUBJECTS.get(entry.subject_kind, "")
