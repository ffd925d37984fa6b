"""What a month shows of an organisation and all below it, as the rules of the report take it.

A scope of many branches is read from the tallies and from the reports of the levels below; only of
a smaller one are the lines themselves added up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from zhibu.network.feedback.queries import short_about
from zhibu.network.reports import queries
from zhibu.network.reports.models import Report
from zhibu.network.reports.month import Row, read_month
from zhibu.norms.facts import norm_by_key
from zhibu.org.models import Organization
from zhibu.org.queries import places_of_all
from zhibu.plans.queries import Count, read_tallies
from zhibu.rules.feedback import CONCLUDED, About, CaseState
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

OWN_TITLE: Final = "自选动作"


def month_report(
    organization: Organization, year: int, month: int, *, day: date, words: Mapping[str, str]
) -> MonthReport:
    """The report of a month as it stands on a day, with the office's own words."""
    return compose_report(month_facts(organization, year, month, day=day), words)


def month_facts(organization: Organization, year: int, month: int, *, day: date) -> MonthFacts:
    """All that the report says, in six queries."""
    first = date(year, month, 1)
    last = last_of(month_index(first))
    before = first - timedelta(days=1)
    places = places_of_all([organization])
    tallies = read_tallies([organization], year, places=places, since_year=before.year)
    due = tallies[organization.pk]
    counts = _between(due, first, last)
    branches, without_table = queries.count_branches(organization, year, min(last, day))
    reports = queries.reports_below(organization, year, month, min(last, day))
    is_wide = branches > WIDE
    rows = read_month(organization, first, last, day=day, is_wide=is_wide)
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
        before=_before(_between(due, before.replace(day=1), before), day, soon),
        kinds=_kinds_below(reports) if is_wide else _kinds(rows, day, soon),
        kinds_from=sum(1 for one in reports.values() if one and one.latest) if is_wide else 0,
        older=_cell(_between(due, first.replace(month=1), before), day, soon).overdue,
        without_table=without_table,
        recovered=tuple(Recovered(row["name"], row["n1"]) for row in _in_tree(rows, "recovered")),
        own=tuple(Own(row["name"], row["text"]) for row in _in_tree(rows, "own")),
        themes=_themes(rows),
        feedback=_feedback(rows),
        texts=_texts(queries.texts_of_month(organization, places, first, last)),
        tasks=_tasks(rows),
        below=_below(reports),
        records=None if is_wide else _sum(rows, "filed", "n1"),
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


def _before(counts: Sequence[Count], day: date, soon_days: int) -> Cell | None:
    """The month before, as it stands today; None where nothing was due in it."""
    return _cell(counts, day, soon_days) if counts else None


_Rows = Mapping[str, Sequence[Row]]


def _in_tree(rows: _Rows, what: str) -> list[Row]:
    """The rows of one part in the order of the tree, and at one place of their days."""
    found = rows.get(what, ())
    return sorted(found, key=lambda row: (row["path"], row["day"] or date.min, str(row["key"])))


def _sum(rows: _Rows, what: str, column: str) -> int:
    return sum(row[column] for row in rows.get(what, ()))


@dataclass
class _Gathering:
    """One kind while its rows are added up."""

    title: str
    practice_class: str
    cell: Cell = field(default_factory=Cell)
    minutes: int = 0


def _kinds(rows: _Rows, day: date, soon_days: int) -> tuple[KindFigures, ...]:
    found: dict[tuple[str, str], _Gathering] = {}
    due = sorted(rows.get("kind", ()), key=lambda row: (row["kind"], row["code"], str(row["key"])))
    for row in due:
        code = row["code"]
        asked = norm_by_key(row["key"]).requirement(code) if code else None
        title = OWN_TITLE if not code else asked.title if asked else code
        gathered = found.setdefault((row["kind"], code), _Gathering(title, row["kind"]))
        counts = Counts(row["n1"], row["n2"], row["n3"], row["n4"])
        gathered.cell += cell_of(counts, row["day"], day, soon_days=soon_days)
        gathered.minutes += (asked.minutes if asked else 0) * (row["n2"] + row["n3"])
    names: dict[tuple[str, str], list[str]] = {}
    oldest: dict[tuple[str, str], date] = {}
    for row in _in_tree(rows, "overdue"):
        key = (row["kind"], row["code"])
        names.setdefault(key, []).append(row["name"])
        oldest[key] = min(row["day"], oldest.get(key, row["day"]))
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


def _themes(rows: _Rows) -> tuple[ThemeFigures, ...]:
    found = sorted(rows.get("theme", ()), key=lambda row: (row["day"], str(row["key"])))
    return tuple(ThemeFigures(row["name"], row["n1"]) for row in found)


def _feedback(rows: _Rows) -> FeedbackFigures:
    abouts: Counter[str] = Counter()
    states: Counter[str] = Counter()
    for row in rows.get("received", ()):
        abouts[row["kind"]] += row["n1"]
        states[row["code"]] += row["n1"]
    voices = sorted(
        rows.get("voice", ()), key=lambda row: (-row["n1"], row["day"], str(row["key"]))
    )
    return FeedbackFigures(
        received=abouts.total(),
        concluded=_sum(rows, "cases", "n1"),
        waiting=_sum(rows, "cases", "n2"),
        by_about=tuple((short_about(each), abouts[each]) for each in About),
        by_state=tuple((label(each), states[each]) for each in CaseState),
        voices=tuple(
            Voice(
                summary=row["name"],
                state=label(CaseState(row["code"])),
                outcome=row["text"],
                asked=row["n1"],
                is_answered=CaseState(row["code"]) in CONCLUDED,
            )
            for row in voices
        ),
    )


def _texts(found: Sequence[queries.TextReach]) -> TextFigures:
    still_open = [one for one in found if one.open]
    return TextFigures(
        issued=len(found),
        complete=len(found) - len(still_open),
        open_titles=tuple(one.title for one in still_open),
        open_members=sum(one.open for one in still_open),
    )


def _tasks(rows: _Rows) -> TaskFigures:
    return TaskFigures(
        made=_sum(rows, "tasks", "n1"),
        closed=_sum(rows, "tasks", "n2"),
        dropped=_sum(rows, "tasks", "n3"),
        open=_sum(rows, "tasks", "n4"),
        overdue=_sum(rows, "tasks", "n5"),
        overdue_titles=tuple(f"{row['name']}“{row['text']}”" for row in _in_tree(rows, "stale")),
    )


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
