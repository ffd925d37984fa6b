"""What a table could be changed to: days off that became known, a norm that changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django import forms
from django.http import QueryDict

from zhibu.plans.facts import Key, work_calendar
from zhibu.plans.models import Plan, PlanLine
from zhibu.plans.services import HolidayProposal, Redraft, Shift
from zhibu.rules.schedule import ProposedLine

SEPARATOR = "|"


@dataclass(frozen=True, slots=True)
class Move:
    """A line on a day off, and the day that is proposed."""

    id: UUID
    title: str
    group: str
    planned_on: date
    proposed_on: date | None
    is_ticked: bool


@dataclass(frozen=True, slots=True)
class HolidayPage:
    """The lines that now fall on days off."""

    year: int
    is_provisional: bool
    is_published: bool  # whether the year's arrangement is known by now
    moves: tuple[Move, ...]
    form: forms.BaseForm


@dataclass(frozen=True, slots=True)
class NewDuty:
    """A duty that the table has no line for."""

    key: str
    practice_class: str
    title: str
    group: str
    planned_on: date
    opens_on: date
    due_on: date
    article: str
    is_ticked: bool


@dataclass(frozen=True, slots=True)
class EndedLine:
    """A line that the norm no longer asks for."""

    id: UUID
    practice_class: str
    title: str
    group: str
    planned_on: date
    is_ticked: bool


@dataclass(frozen=True, slots=True)
class ShiftedLine:
    """A line whose duty has another window, name or class now."""

    id: UUID
    group: str
    was: str
    now: str
    is_ticked: bool


@dataclass(frozen=True, slots=True)
class RedraftPage:
    """How the table differs from what the norm asks now."""

    year: int
    norm_title: str
    norm_pack: str
    norm_version: str
    old_pack: str
    old_version: str
    is_new_norm: bool
    is_empty: bool
    new: tuple[NewDuty, ...]
    ended: tuple[EndedLine, ...]
    shifted: tuple[ShiftedLine, ...]
    form: forms.BaseForm


def build_holiday_page(
    plan: Plan,
    proposals: Iterable[HolidayProposal],
    form: forms.BaseForm,
    sent: QueryDict | None = None,
) -> HolidayPage:
    """The proposals as rows to tick: all of them at first, then as the form was `sent`."""
    return HolidayPage(
        year=plan.year,
        is_provisional=plan.is_provisional,
        is_published=not work_calendar().is_provisional(plan.year),
        moves=tuple(
            Move(
                p.line.pk,
                p.line.title,
                _group(p.line),
                p.planned_on,
                p.proposed_on,
                is_ticked=sent is None or p.line.pk in read_lines(sent, "line"),
            )
            for p in proposals
        ),
        form=form,
    )


def build_redraft_page(
    plan: Plan, difference: Redraft, form: forms.BaseForm, sent: QueryDict | None = None
) -> RedraftPage:
    """The difference as rows to tick: at first what is owed, then as the form was `sent`."""
    norm = difference.norm
    added = None if sent is None else read_keys(sent, "add")
    shifted = None if sent is None else read_lines(sent, "shift")
    ended = () if sent is None else read_lines(sent, "end")
    return RedraftPage(
        year=plan.year,
        norm_title=norm.title,
        norm_pack=norm.pack,
        norm_version=norm.version,
        old_pack=plan.norm.pack,
        old_version=plan.norm.version,
        is_new_norm=norm.pk != plan.norm_id,
        is_empty=difference.is_empty and norm.pk == plan.norm_id,
        new=tuple(_new(line, added) for line in difference.new),
        ended=tuple(
            EndedLine(
                line.pk,
                line.practice_class,
                line.title,
                _group(line),
                line.planned_on,
                is_ticked=line.pk in ended,
            )
            for line in difference.ended
        ),
        shifted=tuple(_shifted(shift, shifted) for shift in difference.shifted),
        form=form,
    )


def read_keys(data: QueryDict, name: str) -> tuple[Key, ...]:
    """The duties that were ticked; what makes no sense is left out, as no duty has such a key."""
    keys: list[Key] = []
    for text in data.getlist(name):
        code, _, rest = text.partition(SEPARATOR)
        group, _, ordinal = rest.partition(SEPARATOR)
        if ordinal.isascii() and ordinal.isdigit() and len(ordinal) < 6:
            keys.append((code, group or None, int(ordinal)))
    return tuple(keys)


def read_lines(data: QueryDict, name: str) -> tuple[UUID, ...]:
    """The lines that were ticked; what is no key is left out."""
    found: list[UUID] = []
    for text in data.getlist(name):
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return tuple(found)


def _new(line: ProposedLine, ticked: Collection[Key] | None) -> NewDuty:
    duty = line.duty
    ordinal = duty.window.ordinal if duty else 0
    return NewDuty(
        key=SEPARATOR.join((line.requirement, line.group or "", str(ordinal))),
        practice_class=line.practice_class,
        title=line.title,
        group=line.group_name,
        planned_on=line.planned_on,
        opens_on=line.opens,
        due_on=line.due,
        article=duty.requirement.article.text if duty else "",
        is_ticked=ticked is None or (line.requirement, line.group, ordinal) in ticked,
    )


def _shifted(shift: Shift, ticked: Collection[UUID] | None) -> ShiftedLine:
    line, requirement = shift.line, shift.duty.requirement
    return ShiftedLine(
        id=line.pk,
        group=_group(line),
        was=_say(line.practice_class, line.title, line.opens_on, line.due_on),
        now=_say(requirement.practice_class, requirement.title, shift.opens_on, shift.due_on),
        is_ticked=ticked is None or line.pk in ticked,
    )


def _say(practice_class: str, title: str, opens_on: date, due_on: date) -> str:
    return (
        f"{practice_class} {title}，{opens_on.month}月{opens_on.day}日至"
        f"{due_on.month}月{due_on.day}日"
    )


def _group(line: PlanLine) -> str:
    return line.group.short_name if line.group else ""
