"""Asking again, where no verb on an organisation says whether somebody may still see a thing.

A room whose things are for certain people (a text for its readers) says at its start how to ask:
`ask_with("text", asker)` for notices whose subject is "text:<key>". It is asked whenever such a
notice is counted, shown or delivered.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol
from uuid import UUID

from django.db.models import Q, QuerySet

from zhibu.network.notices.models import Notice
from zhibu.people.models import Person


class Asker(Protocol):
    """Of the things with these keys those that the person may see now, in few queries."""

    def __call__(self, person: Person, keys: Collection[UUID], /) -> Collection[UUID]: ...


_askers: dict[str, Asker] = {}


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
    keys: dict[str, dict[UUID, str]] = {}
    for subject in subjects:
        kind, _, key = subject.partition(":")
        keys.setdefault(kind, {})[UUID(key)] = subject
    hidden: set[str] = set()
    for kind, named in keys.items():
        visible = set(_askers[kind](person, list(named)))
        hidden |= {subject for key, subject in named.items() if key not in visible}
    return hidden
