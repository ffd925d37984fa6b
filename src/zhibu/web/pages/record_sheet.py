"""One record as it reads: the sheet that the filed view, the step before filing and the book share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from zhibu.handbook.wording import say_follow_up
from zhibu.rules.attendance import Tally, tally_attendance
from zhibu.rules.labels import label
from zhibu.rules.records import Attendance, RecordContent
from zhibu.web.forms.record_form import Roster
from zhibu.web.pages.record_words import say_decision, say_person, say_time


@dataclass(frozen=True, slots=True)
class Sheet:
    """The parts of a record in words. A part that was blacked out says so and nothing else."""

    kinds: str
    topic: str
    time: str
    place: str
    presider: str
    recorder: str
    group: str
    guests: str
    tally: Tally | None
    absences: tuple[tuple[str, str], ...]  # (迟到, names with reasons)
    names: str  # all who were there
    agenda: str
    minutes: str
    elements: tuple[tuple[str, str], ...]
    decisions: tuple[str, ...]
    texts: tuple[str, ...]
    follow_ups: tuple[str, ...]
    themes: str
    redacted: tuple[str, ...] = field(default=())


def build_sheet(
    content: RecordContent,
    *,
    roster: Roster,
    labels: Mapping[str, str],
    groups: Mapping[str, str],
    redacted: frozenset[str] = frozenset(),
) -> Sheet:
    """The sheet of a content. `labels` knows the norm's own fields, `groups` the groups' names."""
    rows = content.attendance
    people = {row.member: row.name for row in rows if row.member and row.name}

    def who(value: str) -> str:
        return people.get(value) or roster.label_of(value)

    return Sheet(
        kinds="、".join(label(activity) for activity in content.activities),
        topic=content.topic,
        time=say_time(content),
        place=content.place,
        presider=who(content.presider),
        recorder=who(content.recorder),
        group=groups.get(content.group, ""),
        guests="、".join(content.guests),
        tally=tally_attendance(content) if rows else None,
        absences=_absences(rows),
        names="、".join(row.name for row in rows if row.is_there),
        agenda=content.agenda,
        minutes=content.minutes,
        elements=tuple(
            (labels.get(key, "其他内容"), text) for key, text in content.elements.items() if text
        ),
        decisions=tuple(map(say_decision, content.decisions)),
        texts=tuple(one.title for one in content.texts),
        follow_ups=tuple(map(say_follow_up, content.follow_ups)),
        themes="、".join(one.title for one in content.themes),
        redacted=tuple(sorted(redacted)),
    )


def _absences(rows: tuple[Attendance, ...]) -> tuple[tuple[str, str], ...]:
    found: dict[str, list[str]] = {}
    for row in rows:
        if row.status.value != "present" and (row.is_expected or row.is_there):
            found.setdefault(label(row.status), []).append(say_person(row))
    return tuple((status, "、".join(names)) for status, names in found.items())
