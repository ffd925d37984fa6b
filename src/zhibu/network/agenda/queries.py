"""What stands on the agenda of a branch's next meeting, from all rooms, in one read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.db.models import CharField, DateField, F, QuerySet, UUIDField, Value
from django.db.models.functions import Cast

from zhibu.network.dissemination.queries import texts_to_pass_on
from zhibu.network.tasks.queries import tasks_on_agenda
from zhibu.network.themes.models import Carrying
from zhibu.network.themes.queries import themes_of
from zhibu.org.models import Organization

MOST: Final = 500
"""So many rows are read for one agenda at most."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A text to pass on, or a theme to serve. `lines` are those of the table that carry the theme."""

    key: str
    title: str
    since: date
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenTask:
    """An earlier task; `state` is how it is stored now, `record` where it was decided."""

    key: str
    title: str
    since: date
    due_on: date
    owner: str  # "" for the branch as a whole
    state: str
    record: str = ""

    @property
    def is_open(self) -> bool:
        """Whether nothing has ended it."""
        return self.state == "open"


@dataclass(frozen=True, slots=True)
class Offers:
    """What a meeting of one day can take up."""

    texts: tuple[Offer, ...] = ()
    tasks: tuple[OpenTask, ...] = ()
    themes: tuple[Offer, ...] = ()


def offers_for(
    branch: Organization, day: date, *, tasks: Iterable[UUID] = (), lines: Iterable[UUID] = ()
) -> Offers:
    """What a meeting of the branch on that day can take up: one query.

    `tasks` are those that a record names already: they are among the answer even when they are
    ended. `lines` are those of the table that it discharges, which may carry themes.
    """
    found: dict[str, list[tuple[Any, ...]]] = {"task": [], "text": [], "theme": [], "line": []}
    parts = [
        _as(_TASK, tasks_on_agenda(branch, day, tasks)),
        _as(_TEXT, texts_to_pass_on(branch, day)),
        _as(_THEME, themes_of(branch, day)),
    ]
    if keys := list(lines):
        parts.append(_as(_LINE, _carried_by(keys)))
    for what, *row in parts[0].union(*parts[1:], all=True)[:MOST]:
        found[what].append(tuple(row))
    carriers: dict[UUID, list[str]] = {}
    for key, _, _, _, _, _, line in found["line"]:
        carriers.setdefault(key, []).append(str(line))
    return Offers(
        texts=_offers(found["text"], {}),
        tasks=tuple(
            OpenTask(
                str(key), title, since, due_on, owner or "", state, str(record) if record else ""
            )
            for key, title, since, due_on, owner, state, record in sorted(
                found["task"], key=lambda row: (row[3], row[2], row[0])
            )
        ),
        themes=_offers(found["theme"], carriers),
    )


def _offers(rows: Iterable[tuple[Any, ...]], carriers: dict[UUID, list[str]]) -> tuple[Offer, ...]:
    return tuple(
        Offer(str(key), title, since, tuple(carriers.get(key, ())))
        for key, title, since, *_ in sorted(rows, key=lambda row: (row[2], row[0]))
    )


def _carried_by(lines: list[UUID]) -> QuerySet[Any, Any]:
    return (
        Carrying.objects.filter(line__in=lines)
        .order_by()
        .annotate(key=F("theme_id"), title=F("theme__title"), since=F("theme__since"))
        .values("key", "title", "since", "line_id")
    )


_TASK: Final = ("task", "due_on", "who", "state", "record_id")
_TEXT: Final = ("text", None, None, None, None)
_THEME: Final = ("theme", None, None, None, None)
_LINE: Final = ("line", None, None, None, "line_id")


def _as(kind: tuple[str | None, ...], rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    """The rows with the columns that the union has: what has none of its own is empty."""
    what, due_on, who, state, other = kind
    shown: QuerySet[Any, Any] = rows.annotate(
        _what=Value(what, output_field=CharField()),
        _due_on=F(due_on) if due_on else Cast(Value(None), DateField()),
        _who=F(who) if who else Cast(Value(None), CharField()),
        _state=F(state) if state else Cast(Value(None), CharField()),
        _other=F(other) if other else Cast(Value(None), UUIDField()),
    ).values_list("_what", "key", "title", "since", "_due_on", "_who", "_state", "_other")
    return shown
