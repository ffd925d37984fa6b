"""The public calendar: a file that an isolated office imports, and tables drafted without it."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from zhibu.ledger.services import note
from zhibu.people.models import Person
from zhibu.plans.facts import (
    as_proposed,
    line_key,
    plan_demands,
    published_calendar,
    work_calendar,
)
from zhibu.plans.models import Holiday, Plan, PlanLine
from zhibu.plans.queries import lines_of
from zhibu.plans.services.desk import lock_plan, need_reason, turn_page, write_trace
from zhibu.plans.services.editing import change_line, part_events
from zhibu.rules.branches import is_before_use
from zhibu.rules.festivals import statutory_holidays
from zhibu.rules.schedule import holiday_conflicts

MOST_DAYS = 2000
MOST_CHARACTERS = 200_000

_OFF = frozenset({"休", "放假", "休息", "假", "节假日", "off", "holiday"})
_WORKED = frozenset({"班", "上班", "调休", "补班", "调休上班", "work", "working"})


class HolidayFault(NamedTuple):
    """One fault of a holiday file: the line from 1 (0 for the whole), and what to do."""

    line: int
    reason: str


class HolidaysFaulty(ValueError):
    """The file has faults; `faults` holds all of them."""

    def __init__(self, faults: Iterable[HolidayFault]) -> None:
        self.faults = tuple(faults)
        super().__init__(
            "；".join(f"第{f.line}行：{f.reason}" if f.line else f.reason for f in self.faults)
        )


@dataclass(frozen=True, slots=True)
class HolidayProposal:
    """A line that is planned on a day off, and the day proposed instead (None: there is none)."""

    line: PlanLine
    planned_on: date
    proposed_on: date | None


@transaction.atomic
def import_holidays(*, text: str, by: Person | None, at: datetime) -> tuple[int, ...]:
    """Import the published arrangement of holidays; the years that the file speaks of.

    CSV with lines ``2027-02-05,春节,休`` / ``2027-01-30,春节,班``, or TOML with tables
    ``[[day]] date = 2027-02-05, name = "春节", working = false``. What was imported for these
    years before is replaced. Raises HolidaysFaulty with every fault; nothing is stored then.
    """
    days = read_holidays(text)
    years = tuple(sorted({day.day.year for day in days}))
    for year in years:
        Holiday.objects.filter(day__gte=date(year, 1, 1), day__lte=date(year, 12, 31)).delete()
    Holiday.objects.bulk_create(days)
    note(
        by=by, verb="import_holidays", organization_id=None, subject=None, at=at,
        detail={"years": list(years), "days": len(days)},
    )  # fmt: skip
    return years


def read_holidays(text: str) -> list[Holiday]:
    """The days of a holiday file, not saved. Raises HolidaysFaulty with every fault."""
    text = text.lstrip("\ufeff").rstrip()  # blank lines at the head count: faults name lines
    if len(text) > MOST_CHARACTERS:
        raise HolidaysFaulty([HolidayFault(0, "文件过大，请检查是否选错文件。")])
    is_toml = any(line.lstrip().startswith("[") for line in text.splitlines())
    rows = _toml_rows(text) if is_toml else _csv_rows(text)
    faults: list[HolidayFault] = []
    days: dict[date, Holiday] = {}
    for line, raw_day, name, raw_kind in rows[:MOST_DAYS]:
        day, is_working = _read_day(raw_day), _read_kind(raw_kind)
        if day is None:
            faults.append(HolidayFault(line, f"日期“{raw_day}”无法识别，请写成 2027-02-05。"))
        elif is_working is None:
            faults.append(HolidayFault(line, f"“{raw_kind}”无法识别，请写“休”或“班”。"))
        elif day in days:
            faults.append(HolidayFault(line, f"日期 {day} 重复，请只保留一行。"))
        else:
            days[day] = Holiday(day=day, name=str(name or "").strip()[:40], is_working=is_working)
    if not rows:
        faults.append(HolidayFault(0, "文件中没有任何日期，请检查内容。"))
    if len(rows) > MOST_DAYS:
        faults.append(HolidayFault(0, f"日期过多，最多{MOST_DAYS}行。"))
    faults += _missing_fixed(days)
    if faults:
        raise HolidaysFaulty(faults)
    return [days[day] for day in sorted(days)]


def _missing_fixed(days: Mapping[date, Holiday]) -> Iterable[HolidayFault]:
    """A year that nobody knows yet must come whole: half a file would hide the other holidays."""
    for year in sorted({day.year for day in days} - published_calendar().known_years):
        missing = [
            f"{day.month}月{day.day}日"
            for day in sorted(statutory_holidays(year))
            if (holiday := days.get(day)) is None or holiday.is_working
        ]
        if missing:
            yield HolidayFault(
                0, f"{year}年的安排不完整，缺少{'、'.join(missing)}的放假，请补全后再导入。"
            )


_Row = tuple[int, Any, Any, Any]


def _csv_rows(text: str) -> list[_Row]:
    rows: list[_Row] = []
    has_header = False
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text)), start=1):
            values = [cell.strip() for cell in cells]
            if not any(values) or values[0].startswith("#"):
                continue
            if not rows and not has_header and not any(char.isdigit() for char in values[0]):
                has_header = True
                continue
            values += [""] * (3 - len(values))
            rows.append((number, values[0], values[1], values[2]))
    except csv.Error as error:
        raise HolidaysFaulty(
            [HolidayFault(len(rows) + 1, "不是逗号分隔的文本，请检查引号和分隔符。")]
        ) from error
    return rows


def _toml_rows(text: str) -> list[_Row]:
    try:
        tables = tomllib.loads(text).get("day", [])
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        line = getattr(error, "lineno", 0) or 0
        raise HolidaysFaulty([HolidayFault(line, "不符合 TOML 语法，请检查。")]) from error
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise HolidaysFaulty([HolidayFault(0, "请用 [[day]] 逐日书写。")])
    lines = [n for n, row in enumerate(text.splitlines(), start=1) if row.strip() == "[[day]]"]
    lines += [0] * (len(tables) - len(lines))
    return [
        (line, table.get("date"), table.get("name"), table.get("working"))
        for line, table in zip(lines, tables, strict=False)
    ]


def _read_day(value: Any) -> date | None:
    if isinstance(value, datetime):
        value = value.date()
    if not isinstance(value, date):
        parts = str(value).replace("/", "-").replace(".", "-")
        for mark in "年月":
            parts = parts.replace(mark, "-")
        try:
            year, month, day = (int(part) for part in parts.removesuffix("日").split("-"))
            value = date(year, month, day)
        except (ValueError, OverflowError):
            return None
    return value if 1949 <= value.year <= 2200 else None


def _read_kind(value: Any) -> bool | None:
    """True for a worked day, False for a day off."""
    if isinstance(value, bool):
        return value
    word = str(value or "").strip().lower()
    return False if word in _OFF else True if word in _WORKED else None


def recheck_holidays(plan: Plan, *, today: date) -> tuple[HolidayProposal, ...]:
    """The lines, still to be done in time, that fall on a day off by what is known now.

    No day is proposed that is over. Wants `branch` fetched with the table.
    """
    since = plan.branch.in_use_since
    lines = {
        str(line.pk): line
        for line in lines_of(plan)
        if line.discharged_by is None
        and line.waived_at is None
        and line.due_on >= today
        and not is_before_use(line.due_on, since)
    }
    by_key = plan_demands(plan).by_key
    proposed = [as_proposed(line, by_key.get(line_key(line))) for line in lines.values()]
    moves = holiday_conflicts(
        [replace(one, opens=max(one.opens, today)) for one in proposed], work_calendar()
    )
    return tuple(
        HolidayProposal(lines[move.line.line], move.planned_on, move.proposed_on) for move in moves
    )


@transaction.atomic
def apply_holiday_proposals(
    *,
    plan: Plan,
    revision: int,
    by: Person,
    at: datetime,
    lines: Collection[UUID] | None = None,
    reason: str = "按照公布的节假日安排调整",
) -> int:
    """Move the lines (all, or those named) to the days proposed now; how many were moved.

    The table is no longer provisional once the year's calendar is known.
    """
    plan = lock_plan(plan, revision)
    reason = need_reason(plan, reason)
    moved: list[PlanLine] = []
    for proposal in recheck_holidays(plan, today=timezone.localdate(at)):
        day, line = proposal.proposed_on, proposal.line
        if day is None or (lines is not None and line.pk not in lines):
            continue
        # One by one: those of one event have a proposal each, and may be moved without the others.
        traces = change_line(
            plan, line, {"planned_on": day}, reason=reason, by=by, at=at, with_companions=False
        )
        write_trace(traces)
        moved.append(line)
    part_events(plan, moved)
    plan.is_provisional = work_calendar().is_provisional(plan.year)
    turn_page(plan, "is_provisional")
    note(
        by=by, verb="apply_holidays", organization_id=plan.branch_id, subject=plan, at=at,
        detail={"moved": len(moved), "reason": reason},
    )  # fmt: skip
    return len(moved)
