"""Puts words on lines of the ledger."""

from __future__ import annotations

from collections.abc import Sequence

from zhibu.ledger.models import Entry
from zhibu.ledger.wording import SUBJECTS, VERBS
from zhibu.org.models import Organization
from zhibu.web.pages.accounts import LedgerLine


def word_lines(entries: Sequence[Entry]) -> tuple[LedgerLine, ...]:
    """The lines as sentences; the organisations' names come in one query."""
    keys = {entry.organization_id for entry in entries if entry.organization_id}
    names = dict(Organization.objects.filter(pk__in=keys).values_list("pk", "name"))
    return tuple(
        LedgerLine(
            at=entry.at,
            who=f"{entry.person.name}（{entry.person.username}）" if entry.person else "系统",
            did=VERBS.get(entry.verb, entry.verb) + SUBJECTS.get(entry.subject_kind, ""),
            where=names.get(entry.organization_id, "") if entry.organization_id else "",
            detail="；".join(
                f"{value}" for key, value in entry.detail.items() if key in {"reason", "name"}
            ),
        )
        for entry in entries
    )
