"""The rows of a members' roster as values, with what is wrong in each cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final, TypeVar

from zhibu.rules.roster_columns import Mapping as Headings
from zhibu.rules.roster_columns import OwnColumn, RosterField, Row, fold
from zhibu.rules.roster_faults import Fault
from zhibu.rules.roster_values import (
    PROBATIONARY,
    Day,
    Unread,
    as_written,
    is_nothing,
    plain,
    read_category,
    read_day,
    read_days,
    read_name,
    read_offices,
    read_sex,
    read_yes,
)
from zhibu.rules.verdicts import Severity

LONGEST_NAME: Final = 50
FOUNDING: Final = date(1921, 7, 1)
GROWN_UP: Final = 18
_STRICT_SINCE: Final = date(1949, 10, 1)  # in the war years younger people were admitted
NO_PROBATION: Final = (date(1969, 4, 1), date(1977, 8, 31))  # 九大、十大党章 knew no probation
_YEAR: Final = 365
_ABOUT: Final = 62  # days around a year that nobody wonders about
_ENDINGS: Final = (
    "合计",
    "总计",
    "小计",
    "共计",
    "注:",
    "说明:",
    "备注:",
    "填表",
    "制表",
    "审核",
    "填报",
    "单位负责人",
    "注意",
)
F = RosterField
_SPELLS: Final = (
    (F.AWAY, F.AWAY_SINCE),
    (F.INFIRM, F.INFIRM_SINCE),
    (F.VOTELESS, F.VOTELESS_SINCE),
)
_YES_WORDS: Final = {
    F.AWAY: ("流动", "外出"), F.INFIRM: ("年老", "体弱", "病", "不便", "残"), F.VOTELESS: ("留党察看", "暂无", "无表决"),
    F.IS_LEADER: ("领导干部",),
}  # fmt: skip
_DAYS: Final = (
    F.BORN_ON,
    F.JOINED_ON,
    F.FULL_ON,
    F.SINCE,
    F.OFFICE_SINCE,
    F.AWAY_SINCE,
    F.INFIRM_SINCE,
    F.VOTELESS_SINCE,
)


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One member as the file has them. None and "" say that the file says nothing of it.

    `branch` and `group` are the names as written. `offices` is empty when the file says that none
    is held. `own` are columns that the organisation added, by their names. `months` names the days of
    which only year and month were given.
    """

    row: int
    name: str = ""
    key: str = ""
    sex: str = ""
    category: str = ""
    born_on: date | None = None
    joined_on: date | None = None
    full_on: date | None = None
    since: date | None = None
    branch: str = ""
    group: str | None = None
    offices: tuple[str, ...] | None = None
    office_since: tuple[date, ...] = ()
    is_leader: bool | None = None
    away: bool | None = None
    away_since: date | None = None
    infirm: bool | None = None
    infirm_since: date | None = None
    voteless: bool | None = None
    voteless_since: date | None = None
    own: tuple[tuple[str, str], ...] = ()
    months: frozenset[str] = frozenset()
    has_fault: bool = False


@dataclass(frozen=True, slots=True)
class ParsedRoster:
    """All rows below the heading, and what is wrong with them by themselves."""

    rows: tuple[MemberRow, ...]
    faults: tuple[Fault, ...]


T = TypeVar("T")


def remembering(read: Callable[[Any], T]) -> Callable[[Any], T]:
    """Reads each spelling once: a roster says the same few thousand things again and again."""
    known: dict[tuple[type, Any], T] = {}

    def call(value: Any) -> T:
        key = (value.__class__, value)
        found = known.get(key, _UNSEEN)
        if found is _UNSEEN:
            found = known[key] = read(value)
        return found  # type: ignore[return-value]

    return call


_UNSEEN: Final = object()
_FULL_ON: Final = F.FULL_ON.value
_NO_MONTHS: Final[frozenset[str]] = frozenset()
_OFFICE: Final = F.OFFICE.value
_GROUP: Final = F.GROUP.value
_OFFICE_SINCE: Final = F.OFFICE_SINCE.value


def needed_columns(headings: Headings) -> list[Fault]:
    """The columns without which no member can be taken."""
    lacking = [field for field in (F.NAME, F.JOINED_ON) if field not in headings.fields]
    return [Fault(0, field.value, "ROSTER-40") for field in lacking]


def parse_roster(
    rows: Sequence[Row],
    headings: Headings,
    *,
    today: date,
    is_text: bool = False,
    unvalued: frozenset[tuple[int, int]] = frozenset(),
    progress: Callable[[int], None] | None = None,
) -> ParsedRoster:
    """Read every row below the heading. Never raises, whatever the cells hold.

    `unvalued` are cells (row, column from 1) whose formula has no stored result. `progress` is told
    now and then how many rows are done.
    """
    reader = _Reader(headings, today, is_text, unvalued)
    parsed: list[MemberRow] = []
    for done, (number, cells) in enumerate(rows):
        if number <= headings.row:
            continue
        if progress is not None and done % 2000 == 0:
            progress(done)
        found = reader.read(number, cells)
        if found is not None:
            parsed.append(found)
    return ParsedRoster(tuple(parsed), tuple(reader.faults))


class _Reader:
    """Goes through the rows and collects the faults of single cells."""

    def __init__(
        self, headings: Headings, today: date, is_text: bool, unvalued: frozenset[tuple[int, int]]
    ) -> None:
        self.headings = headings
        self.today = today
        self.unvalued = unvalued
        self.faults: list[Fault] = []
        self._days = [
            one.value for one in _DAYS if one in headings.fields and one is not F.OFFICE_SINCE
        ]
        self._name_at = headings.place(F.NAME) or 0
        self._heading = fold(headings.heading(F.NAME))
        day = remembering(lambda value: read_day(value, is_text=is_text))
        category = headings.heading(F.CATEGORY)
        self._columns: list[tuple[str, int, Callable[[Any], Any]]] = []
        readers: dict[RosterField, Callable[[Any], Any]] = {
            F.SEX: remembering(read_sex),
            F.CATEGORY: remembering(lambda value: read_category(value, category)),
            F.BRANCH: remembering(read_name_of_place),
            F.GROUP: remembering(read_name_of_group),
            F.OFFICE: remembering(read_offices),
            F.KEY: lambda value: plain(value).lower(),
            **dict.fromkeys(_DAYS, day),
            F.OFFICE_SINCE: remembering(partial(read_days, is_text=is_text)),
        }
        for field, words in _YES_WORDS.items():
            readers[field] = remembering(partial(read_yes, words=words))
        self._own = [
            (column.field.label, column.index)
            for column in headings.columns
            if isinstance(column.field, OwnColumn)
        ]
        for column in headings.columns:
            if column.field is not F.NAME and isinstance(column.field, RosterField):
                self._columns.append((column.field.value, column.index, readers[column.field]))

    def read(self, number: int, cells: Sequence[Any]) -> MemberRow | None:
        """One row; None for a blank one, a repeated heading, a sum or a remark."""
        at = self._name_at
        name = read_name(cells[at]) if at < len(cells) and cells[at] != "" else ""
        if (not name.isalpha() or len(name) > 8 or name[-1] == "计") and self._is_no_member(
            name, cells
        ):
            return None
        if name == self._heading and fold(cells[at]) == self._heading:
            return None
        before = len(self.faults)
        values = self._read_own(cells)
        months: list[str] = []
        width = len(cells)
        for field, index, read in self._columns:
            if index >= width or (value := cells[index]) == "":
                continue
            found = read(value)
            # The usual case first: this is done a million times for a hundred thousand members.
            if found.__class__ is Day:
                values[field] = found.on
                if found.is_month:
                    months.append(field)
            elif found.__class__ is str and found:
                values[field] = found
            elif found is not None:
                self._take(number, field, found, values)
        self._judge_name(number, name)
        if self.unvalued:
            self._judge_formulas(number)
        self._judge_joined(number, values, before)
        self._judge_days(number, values, months)
        has_fault = len(self.faults) > before and any(
            one.severity is Severity.ERROR for one in self.faults[before:]
        )
        months_set = frozenset(months) if months else _NO_MONTHS
        return MemberRow(number, name, **values, months=months_set, has_fault=has_fault)

    def _read_own(self, cells: Sequence[Any]) -> dict[str, Any]:
        if not self._own:
            return {}
        texts = ((label, as_written(cells[at])) for label, at in self._own if at < len(cells))
        return {"own": tuple((label, text) for label, text in texts if not is_nothing(text))}

    def _take(self, number: int, field: str, found: Any, values: dict[str, Any]) -> None:
        if isinstance(found, Unread):
            self._fault(number, field, found.rule, text=found.text)
        elif field == _OFFICE:
            values["offices"], strange = found
            for word in strange:
                self._fault(number, field, "ROSTER-26", Severity.WARNING, text=word)
        elif field == _OFFICE_SINCE:
            values[field] = tuple(day.on for day in found)
        elif found != "" or field == _GROUP:
            values[field] = found

    def _is_no_member(self, name: str, cells: Sequence[Any]) -> bool:
        if name:
            return is_ending(name) and sum(cell != "" for cell in cells) <= 6
        texts = [
            plain(cells[index])
            for _, index, _ in self._columns
            if index < len(cells) and cells[index] != ""
        ]
        if not any(not is_nothing(text) for text in texts):
            return True
        first = next((plain(cell) for cell in cells if cell != ""), "")
        return is_ending(first) or (len(texts) == 1 and len(texts[0]) > 20)

    def _judge_name(self, number: int, name: str) -> None:
        if not name:
            self._fault(number, F.NAME, "ROSTER-01")
        elif len(name) > LONGEST_NAME:
            self._fault(number, F.NAME, "ROSTER-02", length=len(name), most=LONGEST_NAME)
        elif not name.isalpha() and any(
            character.isdigit() or character in "=+@<>{}|&\"'" for character in name
        ):
            self._fault(number, F.NAME, "ROSTER-03", Severity.WARNING, text=name)

    def _judge_formulas(self, number: int) -> None:
        for column in self.headings.columns:
            if (number, column.index + 1) in self.unvalued:
                self._fault(number, column.field, "ROSTER-35")

    def _judge_joined(self, number: int, values: dict[str, Any], before: int) -> None:
        """A day that is there and cannot be read has its own fault, after the first `before`."""
        if "joined_on" not in values and all(
            one.field != F.JOINED_ON for one in self.faults[before:]
        ):
            self._fault(number, F.JOINED_ON, "ROSTER-04")

    def _judge_days(self, number: int, values: dict[str, Any], months: list[str]) -> None:
        joined, born, full = values.get("joined_on"), values.get("born_on"), values.get("full_on")
        self._judge_future(number, values)
        if joined is not None:
            if joined < FOUNDING:
                self._fault(number, F.JOINED_ON, "ROSTER-12", text=joined)
            if born is not None:
                self._judge_age(number, born, joined, "joined_on" in months)
            if full is not None:
                self._judge_probation(number, joined, full)
            since = values.get("since")
            if since is not None and since < joined.replace(day=1):
                self._fault(number, F.SINCE, "ROSTER-34", day=since, joined=joined)
        if full is not None and full <= self.today and values.get("category") == PROBATIONARY:
            self._fault(number, F.CATEGORY, "ROSTER-20", day=full)

    def _judge_future(self, number: int, values: dict[str, Any]) -> None:
        today = self.today
        for field in self._days:
            day = values.get(field)
            if day is not None and day > today:
                # A day of becoming full that is still to come is a plan and may be kept.
                severity = Severity.WARNING if field == _FULL_ON else Severity.ERROR
                self._fault(number, field, "ROSTER-11", severity, day=day)
        if any(day > today for day in values.get(_OFFICE_SINCE, ())):
            self._fault(number, _OFFICE_SINCE, "ROSTER-11", day=max(values[_OFFICE_SINCE]))

    def _judge_age(self, number: int, born: date, joined: date, is_month: bool) -> None:
        if born >= joined:
            self._fault(number, F.BORN_ON, "ROSTER-13", born=born, joined=joined)
            return
        # With only the month of joining known the doubt is in the member's favour.
        latest = (joined.year, joined.month, 31 if is_month else joined.day)
        if latest < (born.year + GROWN_UP, born.month, born.day):
            severity = Severity.ERROR if joined >= _STRICT_SINCE else Severity.WARNING
            rule = "ROSTER-14" if severity is Severity.ERROR else "ROSTER-15"
            self._fault(number, F.JOINED_ON, rule, severity, born=born, joined=joined)

    def _judge_probation(self, number: int, joined: date, full: date) -> None:
        if full < joined:
            self._fault(number, F.FULL_ON, "ROSTER-16", full=full, joined=joined)
        elif abs((full - joined).days - _YEAR) > _ABOUT and not (
            NO_PROBATION[0] <= joined <= NO_PROBATION[1] or full < _STRICT_SINCE
        ):
            self._fault(number, F.FULL_ON, "ROSTER-17", Severity.WARNING, full=full, joined=joined)

    def _fault(
        self, row: int, field: Any, rule: str, severity: Severity = Severity.ERROR, **facts: Any
    ) -> None:
        self.faults.append(Fault(row, str(field), rule, severity, facts))


def is_ending(text: str) -> bool:
    """Whether a row begins with a sum, a remark or a signature: the table ends there."""
    return plain(text).replace(" ", "").startswith(_ENDINGS)


def read_name_of_place(value: Any) -> str:
    """The name of an organisation as written; "" for nothing."""
    text = plain(value)
    return "" if is_nothing(text) else text


def read_name_of_group(value: Any) -> str | None:
    """As above; 无 says that the member is in no group, which is "" and not None."""
    text = plain(value)
    if text == "无":
        return ""
    return None if is_nothing(text) else text


def month_notes(rows: Iterable[MemberRow]) -> list[Fault]:
    """How many days stand for a month, one note for each column."""
    counts: dict[str, list[int]] = {}
    for row in rows:
        for field in row.months:
            counts.setdefault(field, []).append(row.row)
    return [
        Fault(0, field, "ROSTER-10", Severity.NOTE, {"count": len(numbers), "first": numbers[0]})
        for field, numbers in sorted(counts.items())
    ]


SPELLS: Final[Mapping[str, str]] = {one.value: since.value for one, since in _SPELLS}
"""Field of a special time → field of the day on which it began."""
