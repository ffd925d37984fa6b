"""记录: what the form of a draft shows, from the desk."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Final
from uuid import UUID

from zhibu.handbook.models import Attachment, Record
from zhibu.plans.queries import Suggestion
from zhibu.rules.attendance import Tally, tally_attendance
from zhibu.rules.elements import MEETING_ELEMENTS, is_meeting
from zhibu.rules.labels import label, labels_of
from zhibu.rules.norm import Activity, Requirement
from zhibu.rules.records import Attendance, Decision, DecisionKind, RecordContent
from zhibu.rules.verdicts import Severity, Verdict
from zhibu.rules.wording import say, say_article
from zhibu.web.forms.record_form import too_long
from zhibu.web.pages.record_agenda import FollowRow, TickRow, follow_rows, tick_rows
from zhibu.web.pages.record_desk import Desk

COMMON: Final = (
    Activity.MEMBERS_MEETING,
    Activity.COMMITTEE_MEETING,
    Activity.GROUP_MEETING,
    Activity.LESSON,
    Activity.THEME_DAY,
    Activity.ORGANIZATION_LIFE,
    Activity.APPRAISAL,
    Activity.TALK,
)
_OWN_FIELDS: Final = frozenset(one.name for one in fields(RecordContent))
_BLANK_RULES: Final = frozenset({"RECORD-01", "RECORD-02", "RECORD-03", "RECORD-09", "RECORD-20"})
_WITH_CANDIDATES: Final = frozenset({DecisionKind.ELECTION, DecisionKind.RATING})


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that is said beside a field, and where the field is."""

    slot: str
    severity: Severity
    text: str
    article: str = ""
    is_blank: bool = False  # nothing is wrong yet, something is still to be written

    @property
    def css(self) -> str:
        """How it looks: what stops filing, what is advised, what is only told."""
        if self.is_blank:
            return "todo"
        return {"error": "missing", "warning": "advice", "note": "why"}[self.severity.value]


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a list to choose from."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class LineChoice:
    """One line of the table that the record may discharge."""

    id: str
    title: str
    topic: str
    group: str
    practice_class: str
    planned_on: object
    is_chosen: bool
    is_open: bool


@dataclass(frozen=True, slots=True)
class OwnField:
    """A field that the norm asks for under its own name."""

    key: str
    label: str
    hint: str
    value: str
    is_must: bool
    rows: int
    choices: tuple[str, ...] = ()

    @property
    def slot(self) -> str:
        """Where remarks about it stand."""
        return f"element-{self.key}"


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One decision with its number from 1."""

    number: int
    decision: Decision
    has_candidates: bool
    kinds: tuple[Choice, ...]
    owners: tuple[Choice, ...]  # who may carry it out; the branch as a whole first
    may_task: bool  # a talk is not read by all who read a task

    @property
    def slot(self) -> str:
        """Where remarks about it stand."""
        return f"decisions-{self.number}"


@dataclass(frozen=True, slots=True)
class RecordFormPage:
    """The form of one draft."""

    record: Record
    revision: int
    page_key: str
    content: RecordContent
    is_correction: bool
    common_kinds: tuple[Choice, ...]
    other_kinds: tuple[Choice, ...]
    kinds: str  # those chosen, in words
    groups: tuple[Choice, ...]
    lines: tuple[LineChoice, ...]
    asked: frozenset[str]  # own fields that are shown
    hints: Mapping[str, str]
    began: str
    ended: str
    day: str
    presider: str
    recorder: str
    names: tuple[str, ...]
    guests: str
    expected: tuple[Attendance, ...]
    excused: tuple[Attendance, ...]
    tally: Tally
    elements: tuple[OwnField, ...]
    decisions: tuple[DecisionRow, ...]
    has_decisions: bool
    texts: tuple[TickRow, ...]
    follow_ups: tuple[FollowRow, ...]
    themes: tuple[TickRow, ...]
    files: tuple[Attachment, ...]
    requirements: tuple[Requirement, ...]
    remarks: Mapping[str, tuple[Remark, ...]]
    errors: tuple[Remark, ...]
    warnings: tuple[Remark, ...]
    slots: tuple[str, ...]
    leftover: Mapping[str, str]  # what was not kept in a conflict, by the field's name
    only_group: bool

    @property
    def is_ready(self) -> bool:
        """Whether nothing stops filing."""
        return not self.errors

    @property
    def theme_names(self) -> str:
        """The themes that are ticked."""
        return "、".join(row.title for row in self.themes if row.is_ticked)

    @property
    def has_themes(self) -> bool:
        """Whether one is ticked."""
        return any(row.is_ticked for row in self.themes)

    @property
    def shape(self) -> str:
        """A sign of which fields the page has: when it changes, the form is drawn anew."""
        parts = (
            *(activity.value for activity in self.content.activities),
            self.content.group,
            *sorted(self.asked),
            *(one.id for one in self.lines),
            *(row.member for row in (*self.expected, *self.excused)),
            *(f"{one.key}{one.is_must}" for one in self.elements),
            *(f"{d.has_candidates}{len(d.decision.candidates)}" for d in self.decisions),
            *(str(file.id) for file in self.files),
            *(choice.value for choice in self.groups),
            *(row.key for row in (*self.texts, *self.themes)),
            *(row.key for row in self.follow_ups),
            # who was ticked from elsewhere may have been ticked by the page itself
            *(f"{row.key}+" for row in self.themes if row.is_ticked),
        )
        return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]


def build_record_form(
    desk: Desk,
    *,
    record: Record,
    revision: int,
    page_key: str,
    files: Iterable[Attachment],
    faults: Mapping[str, str] | None = None,
    leftover: Mapping[str, str] | None = None,
    groups: tuple[UUID, ...] | None = None,
    today: date,
) -> RecordFormPage:
    """The page of a draft. `faults` are what could not be read; `groups` the only ones to choose."""
    content = desk.content
    asked = _asked(desk)
    elements = _own_fields(desk)
    remarks = remarks_of(desk.verdicts, {**too_long(content), **(faults or {})}, content)
    decisions = tuple(_decision_row(n, d, desk) for n, d in enumerate(content.decisions, start=1))
    follow_ups = follow_rows(content.follow_ups, desk.offers.tasks, desk.day or today)
    common, others = _kinds(content, only_group=groups is not None)
    roster = desk.roster
    slots = (
        *_OWN_SLOTS,
        *(one.slot for one in elements),
        *(one.slot for one in decisions),
        *(one.slot for one in follow_ups),
    )
    # What is said of something that the page does not show is said at its end.
    placed: dict[str, list[Remark]] = defaultdict(list)
    for remark in remarks:
        placed[remark.slot if remark.slot in slots else "record"].append(remark)
    return RecordFormPage(
        record=record,
        revision=revision,
        page_key=page_key,
        content=content,
        is_correction=record.current_id is not None,
        common_kinds=common,
        other_kinds=others,
        kinds="、".join(label(activity) for activity in content.activities),
        groups=_groups(desk, groups),
        lines=tuple(_line_choice(one, content) for one in _offered(desk)),
        asked=asked,
        hints=_hints(desk),
        began=_clock(content.began_at),
        ended=_clock(content.ended_at),
        day=content.began_at.date().isoformat() if content.began_at else "",
        presider=roster.label_of(content.presider),
        recorder=roster.label_of(content.recorder),
        names=tuple(roster.labels.values()),
        guests="、".join(content.guests),
        expected=tuple(row for row in content.attendance if row.is_expected),
        excused=tuple(row for row in content.attendance if not row.is_expected),
        tally=tally_attendance(content),
        elements=elements,
        decisions=decisions,
        has_decisions="decisions" in asked or bool(decisions),
        texts=tick_rows(content.texts, desk.offers.texts),
        follow_ups=follow_ups,
        themes=tick_rows(content.themes, desk.offers.themes),
        files=tuple(files),
        requirements=desk.requirements,
        remarks={slot: tuple(placed.get(slot, ())) for slot in (*slots, "record")},
        errors=tuple(r for r in remarks if r.severity is Severity.ERROR),
        warnings=tuple(r for r in remarks if r.severity is Severity.WARNING),
        slots=(*slots, "record"),
        leftover=leftover or {},
        only_group=groups is not None,
    )


def slot_of(subject: str, content: RecordContent | None = None) -> str:
    """The place on the form of a verdict's subject; `content` is what was judged."""
    name, _, number = subject.partition("[")
    if name == "follow_ups" and number and content is not None:
        return f"follow-{content.follow_ups[int(number.rstrip(']')) - 1].key}"
    if name == "decisions" and number:
        return f"decisions-{number.rstrip(']')}"
    if name.startswith("elements."):
        return f"element-{name.removeprefix('elements.')}"
    return name or "record"


_OWN_SLOTS: Final = (
    "activities", "group", "lines", "topic", "began_at", "ended_at", "place", "presider",
    "recorder", "guests", "attendance", "agenda", "minutes", "decisions", "attachments", "texts",
    "themes",
)  # fmt: skip


def remarks_of(
    verdicts: Iterable[Verdict], faults: Mapping[str, str], content: RecordContent
) -> list[Remark]:
    """Verdicts, and what could not be read, as they are said beside the fields."""
    said = [
        Remark(
            slot_of(v.subject, content),
            v.severity,
            say(v),
            say_article(v.article),
            v.rule in _BLANK_RULES,
        )
        for v in verdicts
        # What may be written, and is not, is nobody's concern.
        if not (v.severity is Severity.NOTE and v.rule in _BLANK_RULES)
    ]
    read = [Remark(slot_of(key, content), Severity.ERROR, text) for key, text in faults.items()]
    return read + said


def _asked(desk: Desk) -> frozenset[str]:
    """The record's own fields that are shown: asked for, usual, or holding something."""
    content = desk.content
    asked = {element.key for one in desk.requirements for element in one.elements}
    asked |= {"topic", "minutes", "recorder"}
    if not desk.requirements or is_meeting(content, desk.requirements):
        asked |= {element.key for element in MEETING_ELEMENTS} | {"agenda", "decisions", "guests"}
    if not content.attendance:
        asked -= {"attendance"}
    held = {"place", "presider", "agenda", "guests", "attendance"}
    return frozenset(asked | {name for name in held if getattr(content, name)})


def _hints(desk: Desk) -> Mapping[str, str]:
    return {
        element.key: element.hint
        for one in desk.requirements
        for element in one.elements
        if element.hint and element.key in _OWN_FIELDS
    }


def _own_fields(desk: Desk) -> tuple[OwnField, ...]:
    """The norm's own fields: those asked for, then any that hold something from before."""
    held = desk.content.elements
    found: dict[str, OwnField] = {}
    asked = [element for one in desk.requirements for element in one.elements]
    for element in (*asked, *desk.own):
        if element.key in _OWN_FIELDS:
            continue
        is_must = element.severity is Severity.ERROR
        if element.key in found:
            is_must = is_must or found[element.key].is_must
        value = held.get(element.key, "")
        found[element.key] = OwnField(
            key=element.key,
            label=element.label,
            hint=element.hint,
            value=value,
            is_must=is_must,
            rows=4 if element.min_length >= 15 else 2,
            # what was chosen from an older list is still there to be kept
            choices=tuple(dict.fromkeys((*element.choices, *([value] if value else ()))))
            if element.choices
            else (),
        )
    stray = [key for key, text in held.items() if text and key not in found]
    if stray:
        labels = desk.labels
        for key in stray:
            found[key] = OwnField(key, labels.get(key, "其他内容"), "", held[key], False, 2)
    return tuple(found.values())


def _decision_row(number: int, decision: Decision, desk: Desk) -> DecisionRow:
    return DecisionRow(
        number=number,
        decision=decision,
        has_candidates=decision.kind in _WITH_CANDIDATES or bool(decision.candidates),
        kinds=tuple(
            Choice(value, words, value == decision.kind.value)
            for value, words in labels_of(DecisionKind)
        ),
        owners=_owners(decision, desk),
        may_task=Activity.TALK not in desk.content.activities,
    )


def _owners(decision: Decision, desk: Desk) -> tuple[Choice, ...]:
    """The members of that day, and whoever was named before and is none of them any more."""
    chosen = decision.task.owner if decision.task else ""
    named = dict(desk.roster.labels)
    if chosen and decision.task and chosen not in named:
        named[chosen] = decision.task.owner_name or "（已不在名册）"
    return (
        Choice("", "支部（集体办理）", not chosen),
        *(Choice(key, label_, key == chosen) for key, label_ in named.items()),
    )


def _kinds(
    content: RecordContent, *, only_group: bool
) -> tuple[tuple[Choice, ...], tuple[Choice, ...]]:
    def choice(activity: Activity) -> Choice:
        return Choice(activity.value, label(activity), activity in content.activities)

    if only_group:
        return (choice(Activity.GROUP_MEETING),), ()
    return (
        tuple(choice(a) for a in COMMON),
        tuple(choice(a) for a in Activity if a not in COMMON),
    )


def _groups(desk: Desk, only: tuple[UUID, ...] | None) -> tuple[Choice, ...]:
    """The groups to choose from, where a group meets."""
    content = desk.content
    if Activity.GROUP_MEETING not in content.activities and not content.group:
        return ()
    day = desk.day
    wanted = None if only is None else {str(key) for key in only}
    return tuple(
        Choice(group.group, group.name, group.group == content.group)
        for group in desk.facts.groups
        if (day is None or group.span.covers(day)) and (wanted is None or group.group in wanted)
    )


def _offered(desk: Desk) -> tuple[Suggestion, ...]:
    """What is suggested, and before it whatever the record names already."""
    suggested = {one.line.id for one in desk.suggestions}
    named = tuple(Suggestion(line, True) for line in desk.lines if line.id not in suggested)
    return (*named, *desk.suggestions)


def _line_choice(one: Suggestion, content: RecordContent) -> LineChoice:
    line = one.line
    return LineChoice(
        id=str(line.id),
        title=line.title,
        topic=line.topic,
        group=line.group.short_name if line.group else "",
        practice_class=line.practice_class,
        planned_on=line.planned_on,
        is_chosen=str(line.id) in content.lines,
        is_open=one.is_open,
    )


def _clock(moment: object) -> str:
    """14:30; nothing for midnight, which stands for "not told"."""
    words = f"{moment:%H:%M}" if moment is not None else ""
    return "" if words == "00:00" else words
