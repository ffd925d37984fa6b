"""依法遮盖: what may be blacked out of a record, and what goes and what stays when it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from zhibu.handbook.models import Record
from zhibu.handbook.services import showing_parts
from zhibu.handbook.versions import LATER_PARTICULARS_FIELDS, PARTICULARS_FIELDS, read_version
from zhibu.handbook.wording import PARTS
from zhibu.network.tasks.queries import records_repeating
from zhibu.rules.contents import RecordContent
from zhibu.rules.redaction import LONGEST_BASIS, LONGEST_REASON, REDACTABLE, judge_redaction
from zhibu.rules.wording import say
from zhibu.web.forms.record_form import Roster
from zhibu.web.pages.record_desk import element_labels
from zhibu.web.pages.record_view import people_of
from zhibu.web.pages.record_words import part_label, part_words

MOST_REPEATED: Final = 50

_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "particulars": (*PARTICULARS_FIELDS, *LATER_PARTICULARS_FIELDS),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to black out, as it was typed."""

    part: str = ""
    basis: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PartChoice:
    """One part that still says something."""

    part: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of text that would go; `heading` is empty where the part is one text."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class RedactPage:
    """The page of the question, or (`is_checked`) of the last look before it is done."""

    record: Record
    title: str
    parts: tuple[PartChoice, ...]
    asked: Asked
    faults: Mapping[str, str]  # by field; "" for the record itself
    is_checked: bool = False
    label: str = ""
    passages: tuple[Passage, ...] = ()
    versions: int = 0
    repeated: tuple[Record, ...] = ()  # that repeat decisions of this one, and say so still
    longest_basis: int = LONGEST_BASIS
    longest_reason: int = LONGEST_REASON


def build_redaction(
    record: Record, asked: Asked | None = None, *, wants_check: bool = False
) -> RedactPage:
    """The page. With `wants_check` what was asked is judged; without faults it is the last look."""
    showing = showing_parts(record)
    faults: dict[str, str] = {}
    if wants_check and asked is not None:
        for verdict in judge_redaction(
            part=asked.part, basis=asked.basis, reason=asked.reason, showing=showing,
            has_draft=record.draft is not None,
        ):  # fmt: skip
            faults.setdefault(verdict.subject, say(verdict))
    elif record.draft is not None:
        faults[""] = "这份记录有未归档的更正草稿，请先归档或放弃草稿，再办理遮盖。"
    typed = asked or Asked()
    assert record.current is not None  # noqa: S101 - only of filed records
    page = RedactPage(
        record=record,
        title=record.current.topic or "这份记录",
        parts=tuple(
            PartChoice(part, PARTS[part], part == typed.part)
            for part in REDACTABLE
            if part in showing
        ),
        asked=typed,
        faults=faults,
        # Shown as long as there are any, also when the decisions are gone from this record.
        repeated=tuple(records_repeating(record)[:MOST_REPEATED])
        if typed.part == "decisions" or "decisions" not in showing
        else (),
    )
    return _checked(page) if wants_check and not faults else page


def _checked(page: RedactPage) -> RedactPage:
    part = page.asked.part
    rows = [row for row in page.record.versions.order_by("-version") if getattr(row, part)]
    contents = [read_version(row) for row in rows]
    labels = element_labels(page.record.branch, rows[0].happened_on) if part == "elements" else {}
    passages = _passages(contents[0].content, part, people_of(contents), labels)
    return replace(page, is_checked=True, label=PARTS[part], passages=passages, versions=len(rows))


def _passages(
    content: RecordContent, part: str, roster: Roster, labels: Mapping[str, str]
) -> tuple[Passage, ...]:
    names: Sequence[str] = _FIELDS.get(part, (part,))
    if part == "elements":
        names = [f"elements.{key}" for key in content.elements]
    if part == "attendance":
        return tuple(
            Passage("", f"{row.name}{f'（{row.reason}）' if row.reason else ''}")
            for row in content.attendance
        )
    found = (
        (part_label(name, labels) if len(names) > 1 or part == "elements" else "", name)
        for name in names
    )
    return tuple(
        Passage(heading, text)
        for heading, name in found
        if (text := part_words(content, name, roster))
    )
