"""What a month shows of an organisation and all below it, as the rules of the report take it.

A scope of many branches is read from the tallies and from the reports of the levels below; only of
a smaller one are the lines themselves added up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from zhibu.network.feedback.queries import month_of as feedback_of_month
from zhibu.network.reports import queries
from zhibu.network.reports.models import Report
from zhibu.network.tasks.queries import month_of as tasks_of_month
from zhibu.network.tasks.queries import stale_tasks
from zhibu.network.themes.course import themes_in_month
from zhibu.norms.facts import norm_by_key
from zhibu.org.models import Organization, Place
from zhibu.org.queries import places_of_all
from zhibu.plans.queries import Count, read_tallies
from zhibu.rules.labels import label
from zhibu.rules.norm import PracticeClass
from zhibu.rules.periods import last_of, month_index
from zhibu.rules.reporting import compose_report
from zhibu.rules.reporting_values import (
    NAMED,
    Below,
    BelowWords,
    ClassFigures,
    FeedbackFigures,
    KindFigures,
    MonthFacts,
    MonthReport,
    Own,
    Recovered,
    TaskFigures,
    TextFigures,
    ThemeFigures,
    Voice,
)
from zhibu.rules.tallies import Cell, Counts, cell_of, sum_cells

WIDE: Final = 2000
"""A scope of more branches than this is added up from the reports below, not from its lines."""

MOST_BELOW: Final = 1000
"""So many organisations right below are read."""

OWN_TITLE: Final = "自选动作"


def month_report(
    organization: Organization, year: int, month: int, *, day: date, words: Mapping[str, str]
) -> MonthReport:
    """The report of a month as it stands on a day, with the office's own words."""
    return compose_report(month_facts(organization, year, month, day=day), words)


def month_facts(organization: Organization, year: int, month: int, *, day: date) -> MonthFacts:
    """All that the report says, in a fixed number of queries."""
    first = date(year, month, 1)
    last = last_of(month_index(first))
    places = list(places_of_all([organization]))
    of_year = read_tallies([organization], year, places=places)[organization.pk]
    counts = _between(of_year, first, last)
    branches, without_table = queries.count_branches(organization, year, min(last, day))
    reports = _reports_below(organization, year, month, min(last, day))
    is_wide = branches > WIDE
    kinds = _kinds_below(reports) if is_wide else _kinds(organization, first, last, day)
    soon = organization.soon_days
    return MonthFacts(
        organization=organization.name,
        superior=organization.parent.name if organization.parent is not None else "",
        year=year,
        month=month,
        day=day,
        branches=branches,
        total=_cell(counts, day, soon),
        classes=tuple(
            ClassFigures(
                _say_class(organization, each),
                _cell((c for c in counts if c.practice_class == each), day, soon),
            )
            for each in PracticeClass
        ),
        before=_before(organization, places, of_year, first, day),
        kinds=kinds,
        kinds_from=sum(1 for one in reports.values() if one and one.latest) if is_wide else 0,
        older=_cell(_between(of_year, date.min, first - timedelta(days=1)), day, soon).overdue,
        without_table=without_table,
        recovered=() if is_wide else _recovered(organization, first, last),
        own=() if is_wide else _own(organization, first, last),
        themes=() if is_wide else _themes(organization, year, month),
        feedback=_feedback(organization, first, last),
        texts=_texts(organization, first, last),
        tasks=_tasks(organization, first, last, day),
        below=_below(reports),
        records=None if is_wide else queries.count_filed(organization, first, last),
    )


def _between(counts: Iterable[Count], first: date, last: date) -> tuple[Count, ...]:
    return tuple(count for count in counts if first <= count.due_on <= last)


def _cell(counts: Iterable[Count], day: date, soon_days: int) -> Cell:
    return sum_cells(
        cell_of(
            Counts(count.total, count.done, count.late, count.waived),
            count.due_on,
            day,
            soon_days=soon_days,
        )
        for count in counts
    )


def _before(
    organization: Organization,
    places: Sequence[Place],
    of_year: Iterable[Count],
    first: date,
    day: date,
) -> Cell | None:
    """The month before, as it stands today; None where nothing was due in it."""
    last = first - timedelta(days=1)
    if last.year != first.year:
        of_year = read_tallies([organization], last.year, places=places)[organization.pk]
    counts = _between(of_year, last.replace(day=1), last)
    return _cell(counts, day, organization.soon_days) if counts else None


@dataclass
class _Gathering:
    """One kind while its rows are added up."""

    title: str
    practice_class: str
    cell: Cell = field(default_factory=Cell)
    minutes: int = 0


def _kinds(
    organization: Organization, first: date, last: date, day: date
) -> tuple[KindFigures, ...]:
    found: dict[tuple[str, str], _Gathering] = {}
    for row in queries.kinds_due(organization, first, last):
        asked = norm_by_key(row.norm_id).requirement(row.requirement) if row.requirement else None
        title = OWN_TITLE if not row.requirement else asked.title if asked else row.requirement
        key = (row.practice_class, row.requirement)
        gathered = found.setdefault(key, _Gathering(title, row.practice_class))
        counts = Counts(row.total, row.done, row.late, row.waived)
        gathered.cell += cell_of(counts, row.due_on, day, soon_days=organization.soon_days)
        gathered.minutes += (asked.minutes if asked else 0) * (row.done + row.late)
    names: dict[tuple[str, str], list[str]] = {}
    oldest: dict[tuple[str, str], date] = {}
    for practice_class, code, name, due in queries.overdue_by_branch(
        organization, first, last, day
    ):
        key = (practice_class, code)
        names.setdefault(key, []).append(name)
        oldest[key] = min(due, oldest.get(key, due))
    return tuple(
        KindFigures(
            title=one.title,
            practice_class=one.practice_class,
            cell=one.cell,
            overdue_at=tuple(names.get(key, ())),
            oldest_due=oldest.get(key),
            minutes=one.minutes,
        )
        for key, one in found.items()
    )


def _kinds_below(reports: Mapping[Organization, Report | None]) -> tuple[KindFigures, ...]:
    """The kinds of the reports that were issued below, added up by class and title."""
    found: dict[tuple[str, str], _Gathering] = {}
    for report in reports.values():
        if report is None or report.latest is None:
            continue
        for row in report.latest.report_text.rows:
            key = (row.practice_class, row.title)
            gathered = found.setdefault(key, _Gathering(row.title, row.practice_class))
            gathered.cell += Cell(
                row.done, row.late, row.waived, row.overdue, due_soon=0, later=row.pending
            )
            gathered.minutes += row.minutes
    return tuple(
        KindFigures(one.title, one.practice_class, one.cell, minutes=one.minutes)
        for one in sorted(found.values(), key=lambda one: one.practice_class)
    )


def _recovered(organization: Organization, first: date, last: date) -> tuple[Recovered, ...]:
    rows = queries.recovered_branches(organization, first, last)
    return tuple(Recovered(name, lines) for name, lines in rows)


def _own(organization: Organization, first: date, last: date) -> tuple[Own, ...]:
    rows = queries.own_lines_done(organization, first, last)
    return tuple(Own(branch, title) for branch, title in rows)


def _themes(organization: Organization, year: int, month: int) -> tuple[ThemeFigures, ...]:
    rows = themes_in_month(organization, year, month)
    return tuple(ThemeFigures(row["theme__title"], row["records"]) for row in rows)


def _feedback(organization: Organization, first: date, last: date) -> FeedbackFigures:
    found = feedback_of_month(organization, first, last)
    return FeedbackFigures(
        received=found.received,
        concluded=found.concluded,
        waiting=found.waiting,
        by_about=found.by_about,
        by_state=found.by_state,
        voices=tuple(
            Voice(one.summary, one.state, one.outcome, one.asked, one.is_answered)
            for one in found.standing_out
        ),
    )


def _texts(organization: Organization, first: date, last: date) -> TextFigures:
    found = queries.texts_of_month(organization, first, last)
    still_open = [one for one in found if one.open]
    return TextFigures(
        issued=len(found),
        complete=len(found) - len(still_open),
        open_titles=tuple(one.title for one in still_open),
        open_members=sum(one.open for one in still_open),
    )


def _tasks(organization: Organization, first: date, last: date, day: date) -> TaskFigures:
    found = tasks_of_month(organization, first, last, today=day)
    titles: tuple[str, ...] = ()
    if found.overdue:
        stale = stale_tasks(organization, min(last, day)).values_list(
            "organization__short_name", "title"
        )
        titles = tuple(f"{name}“{title}”" for name, title in stale[:NAMED])
    return TaskFigures(
        made=found.begun,
        closed=found.closed,
        dropped=found.dropped,
        open=found.open,
        overdue=found.overdue,
        overdue_titles=titles,
    )


def _reports_below(
    organization: Organization, year: int, month: int, day: date
) -> dict[Organization, Report | None]:
    below = list(queries.reporting_below(organization, day)[:MOST_BELOW])
    if not below:
        return {}
    reports = queries.reports_from((one.pk for one in below), year, month)
    return {one: reports.get(one.pk) for one in below}


def _below(reports: Mapping[Organization, Report | None]) -> Below:
    issued = {
        one: report.latest
        for one, report in reports.items()
        if report is not None and report.latest is not None
    }
    return Below(
        expected=len(reports),
        issued=len(issued),
        missing=tuple(one.short_name for one in reports if one not in issued)[: NAMED + 1],
        words=tuple(
            BelowWords(one.short_name, version.words)
            for one, version in issued.items()
            if version.words
        ),
    )


def _say_class(organization: Organization, practice_class: PracticeClass) -> str:
    """What a class is called here."""
    word = organization.class_labels.get(practice_class)
    return f"{practice_class}（{word}）" if word else label(practice_class)
