"""What is wrong with a table as it stands: gaps, clashes, lines outside their window, order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from zhibu.rules.calendar import WorkCalendar
from zhibu.rules.duties import Duty
from zhibu.rules.lines import ProposedLine, audience, is_in_the_way
from zhibu.rules.norm import Activity
from zhibu.rules.verdicts import Severity, Verdict

ORDER: tuple[tuple[Activity, Activity], ...] = (
    (Activity.ORGANIZATION_LIFE, Activity.APPRAISAL),
    (Activity.TALK, Activity.ORGANIZATION_LIFE),
)
"""What comes before what in one year: talks prepare the organisation-life meeting, and members are
appraised at it or after it (支部工作条例 17, 18)."""


EARLIER = 14
"""So many days later is as good as the day before: what was to happen is rather put off."""

WEEKEND = 5
"""The first weekday of the weekend, as `date.weekday` counts."""


@dataclass(frozen=True, slots=True)
class Move:
    """A line that now falls on a day off, and the day that is proposed instead.

    `proposed_on` is None where its window has no working day at all.
    """

    line: ProposedLine
    planned_on: date
    proposed_on: date | None


def judge_table(
    lines: Sequence[ProposedLine], duties: Sequence[Duty], calendar: WorkCalendar
) -> tuple[Verdict, ...]:
    """Everything that is wrong with a table, in the order of the rules TABLE-01 to TABLE-09.

    Of lines that are settled neither the day nor the duty is spoken of: nobody can mend them.
    """
    to_do = [line for line in lines if not line.is_settled]
    return (
        *_judge_cover(lines, duties),
        *_judge_clashes(to_do),
        *(verdict for line in to_do for verdict in _judge_day(line, calendar)),
        *_judge_order(lines),
        *_judge_calendar(lines, calendar),
    )


def holiday_conflicts(lines: Sequence[ProposedLine], calendar: WorkCalendar) -> tuple[Move, ...]:
    """The lines on days that are not worked, each with a proposal within its window.

    The next working day is proposed on which its people do not meet already, or one before where
    the window ends first; days worked instead of a holiday (调休) come last. Lines of one event
    move together.
    """
    busy: dict[date, list[str]] = {}
    together: dict[tuple[str, date], list[ProposedLine]] = {}
    for line in lines:
        if calendar.is_working(line.planned_on):
            busy.setdefault(line.planned_on, []).append(audience(line.attendees, line.group))
        else:
            together.setdefault(_occasion(line), []).append(line)
    instead: dict[tuple[str, date], date | None] = {}
    for occasion, held in together.items():
        people = [audience(line.attendees, line.group) for line in held]
        day = instead[occasion] = _instead(held, people, busy, calendar)
        if day is not None:
            busy.setdefault(day, []).extend(people)
    return tuple(
        Move(line, line.planned_on, instead[_occasion(line)])
        for line in lines
        if not calendar.is_working(line.planned_on)
    )


def _occasion(line: ProposedLine) -> tuple[str, date]:
    return (line.event or f"line {id(line)}", line.planned_on)


def match_lines(
    lines: Iterable[ProposedLine], duties: Iterable[Duty]
) -> tuple[dict[tuple[str, str | None, int], list[ProposedLine]], list[ProposedLine]]:
    """Which lines answer which duty (by `Duty.key`), and the lines that answer none.

    A line answers a duty of its requirement and group with the same window, else the one in whose
    window it is planned, else the one whose window meets its own.
    """
    owed: dict[tuple[str, str | None], list[Duty]] = {}
    for duty in duties:
        owed.setdefault((duty.requirement.code, duty.group), []).append(duty)
    found: dict[tuple[str, str | None, int], list[ProposedLine]] = {}
    surplus: list[ProposedLine] = []
    for line in lines:
        if not line.requirement:
            continue
        duty_of_line = _duty_of(line, owed.get((line.requirement, line.group), ()))
        if duty_of_line is None:
            surplus.append(line)
        else:
            found.setdefault(duty_of_line.key, []).append(line)
    return found, surplus


def _duty_of(line: ProposedLine, duties: Sequence[Duty]) -> Duty | None:
    meets = planned = None
    for duty in duties:
        window = duty.window
        if window.opens == line.opens and window.due == line.due:
            return duty
        if planned is None and window.opens <= line.planned_on <= window.due:
            planned = duty
        if meets is None and window.opens <= line.due and line.opens <= window.due:
            meets = duty
    return planned or meets


def _judge_cover(lines: Sequence[ProposedLine], duties: Sequence[Duty]) -> list[Verdict]:
    found, surplus = match_lines(lines, duties)
    verdicts: list[Verdict] = []
    for duty in duties:
        answers = found.get(duty.key, ())
        facts: dict[str, Any] = {
            "title": duty.requirement.title,
            "group": duty.group_name,
            "opens": duty.window.opens,
            "due": duty.window.due,
        }
        article = duty.requirement.article
        code = duty.requirement.code
        if not answers:
            verdicts.append(Verdict("TABLE-01", Severity.ERROR, code, facts, article))
        for extra in answers[1:]:
            facts_extra = {**facts, "count": len(answers)}
            verdicts.append(Verdict("TABLE-02", Severity.WARNING, extra.name, facts_extra, article))
    for line in surplus:
        if line.is_settled:
            continue
        facts = {"title": line.title, "group": line.group_name, "planned": line.planned_on}
        verdicts.append(Verdict("TABLE-03", Severity.NOTE, line.name, facts))
    return verdicts


def _judge_clashes(lines: Sequence[ProposedLine]) -> list[Verdict]:
    # Two lines of different events for each audience are enough to find a clash with any third.
    seen: dict[date, dict[str, list[ProposedLine]]] = {}
    verdicts: list[Verdict] = []
    for line in lines:
        people = audience(line.attendees, line.group)
        of_day = seen.setdefault(line.planned_on, {})
        others = (one for who, them in of_day.items() if is_in_the_way(who, people) for one in them)
        other = next((one for one in others if not _is_together(one, line)), None)
        if other is not None:
            facts = {"day": line.planned_on, "title": line.title, "other": other.title}
            verdicts.append(Verdict("TABLE-04", Severity.WARNING, line.name, facts))
        kept = of_day.setdefault(people, [])
        if not kept or (len(kept) == 1 and not _is_together(kept[0], line)):
            kept.append(line)
    return verdicts


def _is_together(one: ProposedLine, other: ProposedLine) -> bool:
    return one.event is not None and one.event == other.event


def _judge_day(line: ProposedLine, calendar: WorkCalendar) -> Iterable[Verdict]:
    planned = line.planned_on
    facts = {
        "title": line.title,
        "group": line.group_name,
        "planned": planned,
        "opens": line.opens,
        "due": line.due,
    }
    article = line.duty.requirement.article if line.duty is not None else None
    if planned < line.opens:
        yield Verdict("TABLE-05", Severity.WARNING, line.name, facts, article)
    elif planned > line.due:
        yield Verdict("TABLE-06", Severity.ERROR, line.name, facts, article)
    if not calendar.is_working(planned):
        yield Verdict("TABLE-07", Severity.WARNING, line.name, facts)


def _judge_order(lines: Sequence[ProposedLine]) -> Iterable[Verdict]:
    for earlier, later in ORDER:
        starts = [line.planned_on for line in lines if line.activity is earlier]
        if not starts:
            continue
        first = min(starts)
        for line in lines:
            if line.activity is later and line.planned_on < first and not line.is_settled:
                facts = {
                    "title": line.title,
                    "planned": line.planned_on,
                    "earlier": earlier,
                    "earlier_on": first,
                }
                yield Verdict("TABLE-08", Severity.WARNING, line.name, facts)


def _judge_calendar(lines: Sequence[ProposedLine], calendar: WorkCalendar) -> Iterable[Verdict]:
    for year in sorted({line.planned_on.year for line in lines}):
        if calendar.is_provisional(year):
            yield Verdict("TABLE-09", Severity.NOTE, str(year), {"year": year})


def _instead(
    lines: Sequence[ProposedLine],
    people: Sequence[str],
    busy: Mapping[date, Sequence[str]],
    calendar: WorkCalendar,
) -> date | None:
    opens = max(line.opens for line in lines)
    due = min(line.due for line in lines)
    planned = lines[0].planned_on

    def cost(at: date) -> tuple[bool, bool, int]:
        clashes = any(is_in_the_way(one, other) for one in people for other in busy.get(at, ()))
        away = (at - planned).days
        return (clashes, at.weekday() >= WEEKEND, away if away > 0 else EARLIER - away)

    days = calendar.working_days(opens, due) if opens <= due else ()
    return min(days, key=cost, default=None)
