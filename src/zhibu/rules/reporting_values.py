"""What a month shows, and the report that is made of it: values, to and from JSON data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Final

from zhibu.rules.tallies import Cell

NAMED: Final = 5
"""So many names are written out where more are meant."""

LONGEST_WORDS: Final = 2000
"""So many characters the office may add to a section."""

LONGEST_QUOTE: Final = 300
"""So many characters of a lower level's own words are quoted in the report above it."""


class Part(StrEnum):
    """The sections, in their order."""

    PROGRESS = "progress"
    STANDING_OUT = "standing_out"
    PROBLEMS = "problems"
    PROPOSALS = "proposals"
    BURDEN = "burden"


PART_TITLES: Final[Mapping[Part, str]] = {
    Part.PROGRESS: "总体进展",
    Part.STANDING_OUT: "突出情况",
    Part.PROBLEMS: "存在问题",
    Part.PROPOSALS: "意见建议",
    Part.BURDEN: "基层负担",
}
OWN_PARTS: Final = (Part.STANDING_OUT, Part.PROBLEMS, Part.PROPOSALS)
"""The sections that the office may add its own words to."""


class Source(StrEnum):
    """Where a sentence was read from; the page links to it."""

    OVERVIEW = "overview"
    OVERDUE = "overdue"
    FEEDBACK = "feedback"
    TEXTS = "texts"
    TASKS = "tasks"
    THEMES = "themes"
    BELOW = "below"
    NONE = ""


@dataclass(frozen=True, slots=True)
class KindFigures:
    """One kind of duty in the month: `cell` over its lines, and where it is overdue."""

    title: str
    practice_class: str
    cell: Cell
    overdue_at: tuple[str, ...] = ()
    oldest_due: date | None = None
    minutes: int = 0  # that what was done cost, by the norm's estimate


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """One class of practice, as the organisation calls it."""

    label: str
    cell: Cell


@dataclass(frozen=True, slots=True)
class Recovered:
    """A branch that did in this month what had been overdue, and owes nothing of before."""

    name: str
    lines: int


@dataclass(frozen=True, slots=True)
class Own:
    """A line of the branch's own choice that was done."""

    branch: str
    title: str


@dataclass(frozen=True, slots=True)
class ThemeFigures:
    """A theme that ran, and how many records of the month serve it."""

    title: str
    records: int


@dataclass(frozen=True, slots=True)
class Voice:
    """What stood out of the feedback, in the office's own summary."""

    summary: str
    state: str = ""
    outcome: str = ""
    asked: int = 1
    is_answered: bool = False  # nothing more is asked of the level above


@dataclass(frozen=True, slots=True)
class FeedbackFigures:
    """What came up in the month. `by_about`: how many about 规, 表, 册, 网; `by_state` in words."""

    received: int = 0
    concluded: int = 0
    waiting: int = 0
    by_about: tuple[tuple[str, int], ...] = ()
    by_state: tuple[tuple[str, int], ...] = ()
    voices: tuple[Voice, ...] = ()


@dataclass(frozen=True, slots=True)
class TextFigures:
    """Texts sent down in the month; `open_members` have not been reached by at least one."""

    issued: int = 0
    complete: int = 0
    open_titles: tuple[str, ...] = ()
    open_members: int = 0


@dataclass(frozen=True, slots=True)
class TaskFigures:
    """Tasks of the organisation and below: made and ended in the month, open and overdue now."""

    made: int = 0
    closed: int = 0
    dropped: int = 0
    open: int = 0
    overdue: int = 0
    overdue_titles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BelowWords:
    """What an organisation right below added to its own report, as far as it was issued."""

    name: str
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Below:
    """The reports of the organisations right below that report themselves (branches do not)."""

    expected: int = 0
    issued: int = 0
    missing: tuple[str, ...] = ()  # names, as many as are written out
    words: tuple[BelowWords, ...] = ()


@dataclass(frozen=True, slots=True)
class MonthFacts:
    """One month of one organisation and all below it, as it stands on `day`."""

    organization: str  # full name
    superior: str  # full name; "" where nobody stands above
    year: int
    month: int
    day: date
    branches: int
    total: Cell
    classes: tuple[ClassFigures, ...] = ()
    before: Cell | None = None  # the month before, as it stands on the same day
    kinds: tuple[KindFigures, ...] = ()
    kinds_from: int = 0  # of so many reports from below the kinds were added up; 0: counted here
    older: int = 0  # what was due earlier in the year and is still overdue
    without_table: int = 0
    recovered: tuple[Recovered, ...] = ()
    own: tuple[Own, ...] = ()
    themes: tuple[ThemeFigures, ...] = ()
    feedback: FeedbackFigures = FeedbackFigures()
    texts: TextFigures = TextFigures()
    tasks: TaskFigures = TaskFigures()
    below: Below = Below()
    records: int | None = None  # filed in the month; None where that was not counted


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph, and where it was read from."""

    text: str
    source: Source = Source.NONE
    is_own: bool = False  # the office's own words


@dataclass(frozen=True, slots=True)
class Section:
    """一、总体进展 …"""

    part: Part
    title: str
    paragraphs: tuple[Paragraph, ...]


@dataclass(frozen=True, slots=True)
class KindRow:
    """One row of the annex, and what the level above adds up."""

    title: str
    practice_class: str
    total: int
    done: int
    late: int
    overdue: int
    pending: int
    waived: int
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class MonthReport:
    """The report as it is read: what is kept when it is issued."""

    organization: str
    superior: str
    year: int
    month: int
    worked_out_on: str  # the day, as ISO
    opening: str
    sections: tuple[Section, ...]
    rows: tuple[KindRow, ...]
    sum: KindRow
    branches: int

    @property
    def title(self) -> str:
        """Of the document, in two lines."""
        return f"{self.organization}\n关于{self.year}年{self.month}月党建工作情况的报告"


def report_data(report: MonthReport) -> dict[str, Any]:
    """The report as JSON data."""
    return asdict(report)


def read_report(data: Mapping[str, Any]) -> MonthReport:
    """The report that `report_data` wrote."""
    sections = tuple(
        Section(
            Part(section["part"]),
            section["title"],
            tuple(
                Paragraph(each["text"], Source(each["source"]), each["is_own"])
                for each in section["paragraphs"]
            ),
        )
        for section in data["sections"]
    )
    rows = tuple(KindRow(**row) for row in data["rows"])
    return MonthReport(
        **{**data, "sections": sections, "rows": rows, "sum": KindRow(**data["sum"])}
    )
