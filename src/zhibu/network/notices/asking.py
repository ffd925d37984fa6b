"""Asking again: whether somebody may still see a thing, and what it is called by now.

Where no verb on an organisation says who may see a thing (a text is for its readers), its room says
at its start how to ask: `ask_with("text", asker)` for notices whose subject is "text:<key>". It is
asked whenever such a notice is counted, shown or delivered. `name_with` does the same for titles
that may be corrected after they were told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final, Protocol
from uuid import UUID

from django.db.models import Q, QuerySet

from zhibu.network.notices.models import Message, Notice
from zhibu.people.models import Person


class Asker(Protocol):
    """Of the things with these keys those that the person may see now, in few queries."""

    def __call__(self, person: Person, keys: Collection[UUID], /) -> Collection[UUID]: ...


class Namer(Protocol):
    """What the things with these keys are called now, by key: one query. What is gone is left out."""

    def __call__(self, keys: Collection[UUID], /) -> Mapping[UUID, str]: ...


_askers: dict[str, Asker] = {}
_namers: dict[str, Namer] = {}

AFTER_LEAD: Final = "："
"""Between what is told ("新文件") and what the thing is called."""


def ask_with(kind: str, asker: Asker) -> None:
    """Have it asked for subjects of this kind. Said twice, asked once."""
    _askers[kind] = asker


def without_hidden(notices: QuerySet[Notice], person: Person) -> QuerySet[Notice]:
    """Without what the person may not see any more: two queries and those of each asker."""
    asked = Q()
    for kind in _askers:
        asked |= Q(subject__startswith=f"{kind}:")
    if not asked:
        return notices
    found = notices.filter(asked, verb="").order_by().values_list("subject", flat=True).distinct()
    hidden = _hidden(set(found), person)
    return notices.exclude(subject__in=hidden, verb="") if hidden else notices


def _hidden(subjects: set[str], person: Person) -> set[str]:
    hidden: set[str] = set()
    for kind, named in _by_kind(subjects).items():
        visible = set(_askers[kind](person, list(named)))
        hidden |= {subject for key, subject in named.items() if key not in visible}
    return hidden


def _by_kind(subjects: Iterable[str]) -> dict[str, dict[UUID, str]]:
    """Of each kind the keys, each with the subject that it stands in."""
    keys: dict[str, dict[UUID, str]] = {}
    for subject in subjects:
        kind, _, key = subject.partition(":")
        keys.setdefault(kind, {})[UUID(key)] = subject
    return keys


def name_with(kind: str, namer: Namer) -> None:
    """Have it asked what subjects of this kind are called. Said twice, asked once."""
    _namers[kind] = namer


def name_now(told: Iterable[Notice | Message]) -> None:
    """Put the titles that hold now into these rows, which are not saved: one query of each namer.

    What stands before the title ("新文件：") stays. Only rows that may be shown are handed over.
    """
    rows = [row for row in told if row.subject.partition(":")[0] in _namers]
    for kind, named in _by_kind({row.subject for row in rows}).items():
        titles = {named[key]: title for key, title in _namers[kind](list(named)).items()}
        for row in rows:
            lead, between, _ = row.title.partition(AFTER_LEAD)
            if between and row.subject in titles:
                row.title = f"{lead}{between}{titles[row.subject]}"
