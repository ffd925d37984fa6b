"""Puts words on lines of the ledger."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from zhibu.ledger.models import Entry
from zhibu.ledger.wording import SUBJECTS, VERBS, WHOLE
from zhibu.org.models import Organization
from zhibu.web.pages.accounts import LedgerLine

COLUMNS = ("时间", "人员", "操作", "组织", "说明")


def as_row(line: LedgerLine) -> tuple[str, ...]:
    """A line as cells of a spreadsheet; none of them is a formula there."""
    moment = timezone.localtime(line.at).strftime("%Y-%m-%d %H:%M:%S")
    cells = (moment, line.who, line.did, line.where, line.detail)
    return tuple(f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells)


_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def word_lines(entries: Sequence[Entry]) -> tuple[LedgerLine, ...]:
    """The lines as sentences; the organisations' names come in one query."""
    keys = {entry.organization_id for entry in entries if entry.organization_id}
    names = dict(Organization.objects.filter(pk__in=keys).values_list("pk", "name"))
    return tuple(
        LedgerLine(
            at=entry.at,
            who=f"{entry.person.name}（{entry.person.username}）" if entry.person else "系统",
            did=say_deed(entry),
            where=names.get(entry.organization_id, "") if entry.organization_id else "",
            detail="；".join(
                f"{value}"
                for key, value in entry.detail.items()
                if value and key in {"reason", "name", "address"}
            ),
        )
        for entry in entries
    )


def say_deed(entry: Entry) -> str:
    """What was done to what."""
    verb = VERBS.get(entry.verb, entry.verb)
    return verb if entry.verb in WHOLE else verb + SUBJECTS.get(entry.subject_kind, "")
