"""Lines of the annual table as values, and the fixed day of a branch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from zhibu.rules.duties import Duty
from zhibu.rules.norm import Activity, Attendees, PracticeClass
from zhibu.rules.periods import last_of, month_index

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class ProposedLine:
    """One line of a table, proposed or as it stands.

    `group` is None for the whole branch. `event` is shared by lines that are held
    together; None for a line by itself. `line` names a stored line in verdicts; `requirement` is ""
    for a branch's own X line.
    """

    duty: Duty | None
    practice_class: PracticeClass
    requirement: str
    activity: Activity
    title: str
    opens: date
    due: date
    planned_on: date
    topic: str = ""
    group: str | None = None
    group_name: str = ""
    attendees: Attendees = Attendees.MEMBERS
    event: str | None = None
    line: str = ""
    is_settled: bool = False  # done or waived: nothing about its day is to be mended any more

    @property
    def name(self) -> str:
        """What verdicts call it: the stored line's key, else the requirement's code or title."""
        return self.line or self.requirement or self.title


@dataclass(frozen=True, slots=True)
class Theme:
    """A topic from a list of themes, for some months and some activities (all where none named)."""

    topic: str
    months: tuple[int, ...] = ()
    activities: tuple[Activity, ...] = ()

    def fits(self, activity: Activity, month: int) -> bool:
        """Whether the theme is meant for such a line."""
        return (not self.months or month in self.months) and (
            not self.activities or activity in self.activities
        )


@dataclass(frozen=True, slots=True)
class Combination:
    """A line of the `guest` activity may be held together with one of the `host`."""

    host: Activity
    guest: Activity


COMBINATIONS: tuple[Combination, ...] = (
    Combination(Activity.ORGANIZATION_LIFE, Activity.APPRAISAL),
    Combination(Activity.THEME_DAY, Activity.LESSON),
    Combination(Activity.MEMBERS_MEETING, Activity.LESSON),
)
"""What branches hold together as a rule (支部工作条例 18 names the first)."""


@lru_cache(maxsize=4096)
def fixed_day(rule: str, year: int, month: int) -> date | None:
    """A branch's fixed day in a month, before holidays; None where the rule is empty or senseless.

    ``day:15`` is the 15th (the last day of a shorter month for ``day:31``), ``friday:2`` the second
    Friday, ``friday:last`` the last one.
    """
    word, _, which = rule.partition(":")
    last = last_of(year * 12 + month - 1)
    if word == "day" and which.isascii() and which.isdecimal() and len(which) <= 2:
        number = int(which)
        return last.replace(day=min(number, last.day)) if 1 <= number <= 31 else None
    if word not in WEEKDAYS:
        return None
    weekday = WEEKDAYS.index(word)
    if which == "last":
        return last - timedelta(days=(last.weekday() - weekday) % 7)
    if which not in ("1", "2", "3", "4", "5"):
        return None
    first = last.replace(day=1)
    day = first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (int(which) - 1))
    # A fifth Friday that does not exist is the last one.
    return day if month_index(day) == month_index(last) else day - timedelta(days=7)


class Audience:
    """Who sits in a meeting, as far as two of them on one day stand in each other's way."""

    ALL = "all"
    COMMITTEE = "committee"
    NOBODY = ""


def audience(attendees: Attendees, group: str | None) -> str:
    """The people whom a line occupies; "" for what needs no meeting."""
    if attendees in (Attendees.MEMBERS, Attendees.FULL_MEMBERS):
        return f"group {group}" if group is not None else Audience.ALL
    if attendees is Attendees.COMMITTEE:
        return Audience.COMMITTEE
    if attendees is Attendees.GROUP:
        return f"group {group or ''}"
    return Audience.NOBODY


def is_in_the_way(one: str, other: str) -> bool:
    """Whether two audiences hold the same people."""
    if Audience.NOBODY in (one, other):
        return False
    return one == other or Audience.ALL in (one, other)
