"""Two people wrote one draft: what each wrote, part by part, and what becomes of the choice."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from zhibu.handbook.models import Record
from zhibu.rules.records import RecordContent, from_data, to_data
from zhibu.web.forms.fields import EARLIEST, LATEST
from zhibu.web.forms.record_form import Roster
from zhibu.web.pages.record_words import LONG_PARTS, part_label, part_words, parts_of

_LARGEST: Final = 2_000_000


@dataclass(frozen=True, slots=True)
class Difference:
    """One part in which the two differ."""

    part: str
    label: str
    mine: str
    theirs: str
    may_both: bool


@dataclass(frozen=True, slots=True)
class ConflictPage:
    """Two versions of one draft beside each other."""

    record: Record
    who: str
    at: datetime
    revision: int
    page_key: str
    mine: str  # the whole of it, as JSON
    differences: tuple[Difference, ...]


def build_conflict(
    *,
    record: Record,
    mine: RecordContent,
    theirs: RecordContent,
    who: str,
    at: datetime,
    revision: int,
    page_key: str,
    roster: Roster,
) -> ConflictPage:
    """What differs between the two."""
    return ConflictPage(
        record=record,
        who=who,
        at=at,
        revision=revision,
        page_key=page_key,
        mine=json.dumps(to_data(mine), ensure_ascii=False),
        differences=tuple(
            Difference(
                part=part,
                label=part_label(part),
                mine=part_words(mine, part, roster),
                theirs=part_words(theirs, part, roster),
                may_both=_is_long(part),
            )
            for part in parts_of(mine, theirs)
            if _part(mine, part) != _part(theirs, part)
        ),
    )


def read_mine(text: str) -> RecordContent:
    """The writer's own content, as the conflict page carried it. Raises ValueError."""
    if not text or len(text) > _LARGEST:
        raise ValueError("no content")
    try:
        content = from_data(json.loads(text))
    except RecursionError as error:
        raise ValueError("too deep") from error
    if not all(map(_is_possible, filter(None, (content.began_at, content.ended_at)))):
        raise ValueError("no moment that the form takes")
    return content


def _is_possible(moment: datetime) -> bool:
    """Whether the form itself could have said this moment."""
    return moment.tzinfo is None and EARLIEST <= moment.date() <= LATEST


def merge_parts(
    mine: RecordContent, theirs: RecordContent, deed: str, chosen: Mapping[str, Any]
) -> tuple[RecordContent, Callable[[Roster], dict[str, str]]]:
    """The content that was chosen, and how to say what was left out."""
    # Who is on no roster was put there by an earlier version; the browser adds nobody.
    listed = (row for row in mine.attendance if row.member)
    unlisted = (row for row in theirs.attendance if not row.member)
    mine = replace(mine, attendance=(*listed, *unlisted))
    merged = theirs
    left: list[tuple[RecordContent, str]] = []
    for part in parts_of(mine, theirs):
        if part == "attachments" or _part(mine, part) == _part(theirs, part):
            continue
        default = "theirs" if deed == "take-theirs" else "mine"
        choice = default if deed != "resolve" else chosen.get(f"pick-{part}", "mine")
        if choice == "both" and _is_long(part):
            joined = f"{_part(mine, part)}\n\n{_part(theirs, part)}".strip()
            merged = _with_part(merged, part, joined)
        elif choice == "theirs":
            left.append((mine, part))
        else:
            merged = _with_part(merged, part, _part(mine, part))
            left.append((theirs, part))

    def say_left(roster: Roster) -> dict[str, str]:
        return {
            part_label(part): words
            for content, part in left
            if (words := part_words(content, part, roster))
        }

    return merged, say_left


def _is_long(part: str) -> bool:
    return part in LONG_PARTS or part.startswith("elements.")


def _part(content: RecordContent, part: str) -> Any:
    if part == "time":
        return (content.began_at, content.ended_at)
    if part.startswith("elements."):
        return content.elements.get(part.removeprefix("elements."), "")
    if part == "lines":
        return tuple(sorted(content.lines))
    return getattr(content, part)


def _with_part(content: RecordContent, part: str, value: Any) -> RecordContent:
    if part == "time":
        return replace(content, began_at=value[0], ended_at=value[1])
    if part.startswith("elements."):
        key = part.removeprefix("elements.")
        return replace(content, elements={**content.elements, key: value})
    return replace(content, **{part: value})
