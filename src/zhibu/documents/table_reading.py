"""An annual table that someone edited in Excel, read back.

`zhibu.documents.sheet_guard` opens the file. Every fault comes back with its row and column in
Chinese, never as a library's exception.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from zhibu.documents.literal import clean
from zhibu.documents.sheet_guard import SheetRefusedError, open_sheets
from zhibu.documents.table import COLUMNS, KEY_COLUMN, MARK_SHEET

MOST_ROWS: Final = 2_000
MOST_COLUMNS: Final = 60
LONGEST_TEXT: Final = 2_000
_HEADER_WITHIN: Final = 20  # rows from the top in which the header is looked for
_REQUIRED: Final = ("practice_class", "activity")
_FEWEST_HEADERS: Final = 3
_EARLIEST: Final = date(1949, 10, 1)
_LATEST: Final = date(2100, 12, 31)
_EPOCH: Final = date(1899, 12, 30)
_SERIAL: Final = re.compile(r"\d{5}(?:\.0+)?")
_FULL_DAY: Final = re.compile(r"(\d{4})\s*[-./年]\s*(\d{1,2})\s*[-./月]\s*(\d{1,2})\s*[日号]?")
_SHORT_DAY: Final = re.compile(r"(\d{1,2})\s*[-./月]\s*(\d{1,2})\s*[日号]?")
_WEEKDAY: Final = re.compile(r"[(（].{0,4}[)）]$|(?:周|星期)[一二三四五六日天]$")
_LABELS: Final = {field: names[0] for field, names in COLUMNS} | {"key": KEY_COLUMN}


@dataclass(frozen=True, slots=True)
class SheetFault:
    """What is wrong, where: row as Excel numbers it (0 = the whole file), column by its name."""

    row: int
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One line as the sheet has it; `row` as Excel numbers it, `key` "" for a new line.

    A field is None when the sheet has no such column: nothing is known of it, so it is not
    changed. An empty cell is "" (or no day).
    """

    row: int
    key: str
    practice_class: str
    activity: str
    planned_on: date | None
    has_day_column: bool
    period: str | None = None
    topic: str | None = None
    form: str | None = None
    attendees: str | None = None
    presenter: str | None = None
    responsible: str | None = None
    state: str | None = None
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class TableSheet:
    """All that was read. `plan`, `revision`, `norm` and `year` come from the hidden sheet."""

    rows: tuple[SheetRow, ...] = ()
    faults: tuple[SheetFault, ...] = ()
    plan: str = ""
    revision: int | None = None
    norm: str = ""
    year: int | None = None
    has_keys: bool = False


def read_table_xlsx(content: bytes, *, year: int | None = None) -> TableSheet:
    """Read an edited table. `year` completes days written without one (3月5日).

    Rows that have a fault are left out of `rows` and named in `faults`.
    """
    try:
        sheets = open_sheets(content)
    except SheetRefusedError as refusal:
        return TableSheet(faults=(SheetFault(0, "", str(refusal)),))
    marks = _read_marks(sheets.get(MARK_SHEET, []))
    found = _find_header(sheets)
    if found is None:
        reason = (
            "没有找到表头。表头应当在前20行之内，至少包括“类别”“会议（活动）类别”“主题内容”等列名。"
        )
        return TableSheet(faults=(SheetFault(0, "", reason),))
    cells, header_at, columns = found
    marked_year = _integer(marks.get("year", ""))
    reader = _Reader(columns, year or marked_year)
    faults = [
        SheetFault(header_at + 1, _LABELS[field], "缺少这一列。")
        for field in _REQUIRED
        if field not in columns
    ]
    if not faults:
        reader.read(cells, header_at)
        faults = reader.faults
    return TableSheet(
        rows=tuple(reader.rows),
        faults=tuple(faults),
        plan=marks.get("plan", ""),
        revision=_integer(marks.get("revision", "")),
        norm=marks.get("norm", ""),
        year=marked_year,
        has_keys="key" in columns,
    )


def _read_marks(cells: list[list[Any]]) -> dict[str, str]:
    return {str(row[0]): clean(str(row[1])) for row in cells[:20] if len(row) > 1}


def _find_header(
    sheets: dict[str, list[list[Any]]],
) -> tuple[list[list[Any]], int, dict[str, int]] | None:
    best: tuple[list[list[Any]], int, dict[str, int]] | None = None
    for name, cells in sheets.items():
        if name == MARK_SHEET:
            continue
        for at, row in enumerate(cells[:_HEADER_WITHIN]):
            columns = _match_columns(row[:MOST_COLUMNS])
            if len(columns) >= _FEWEST_HEADERS and (best is None or len(columns) > len(best[2])):
                best = (cells, at, columns)
    return best


def _match_columns(row: list[Any]) -> dict[str, int]:
    wanted = {_fold(name): field for field, names in COLUMNS for name in names}
    wanted[_fold(KEY_COLUMN)] = "key"
    columns: dict[str, int] = {}
    for index, value in enumerate(row):
        field = wanted.get(_fold(str(value)))
        if field is not None:
            columns.setdefault(field, index)
    return columns


def _fold(name: str) -> str:
    """A column name without spaces, brackets and width, for comparing."""
    return re.sub(r"[\s()/、]", "", unicodedata.normalize("NFKC", name)).upper()


class _Reader:
    """Goes through the rows below the header and collects lines and faults."""

    def __init__(self, columns: dict[str, int], year: int | None) -> None:
        self.columns = columns
        self.year = year
        self.rows: list[SheetRow] = []
        self.faults: list[SheetFault] = []
        self._keys: dict[str, int] = {}

    def read(self, cells: list[list[Any]], header_at: int) -> None:
        for at, row in enumerate(cells[header_at + 1 :], header_at + 2):
            if _is_note(row) or _is_blank(row, self.columns):
                continue
            if len(self.rows) + len({f.row for f in self.faults}) >= MOST_ROWS:
                reason = f"超过{MOST_ROWS}行，其后的行未读取。"
                self.faults.append(SheetFault(at, "", reason))
                return
            self._read_row(at, row)

    def _read_row(self, at: int, row: list[Any]) -> None:
        before = len(self.faults)
        texts = {
            field: self._text(at, field, row)
            for field in self.columns
            if field not in ("number", "planned_on")
        }
        day = self._day(at, row)
        key = texts.pop("key", "")
        practice_class = unicodedata.normalize("NFKC", texts.pop("practice_class", "")).upper()
        activity = texts.pop("activity", "")
        if not practice_class:
            self._fault(at, "practice_class", "未填写类别。")
        if not activity:
            self._fault(at, "activity", "未填写会议（活动）类别。")
        self._note_key(at, key)
        if len(self.faults) == before:
            has_days = "planned_on" in self.columns
            self.rows.append(SheetRow(at, key, practice_class, activity, day, has_days, **texts))

    def _note_key(self, at: int, key: str) -> None:
        if key and key in self._keys:
            reason = f"与第{self._keys[key]}行的安排编号相同。新增的行请清空隐藏列“{KEY_COLUMN}”。"
            self._fault(at, "key", reason)
        elif key:
            self._keys[key] = at

    def _cell(self, field: str, row: list[Any]) -> Any:
        index = self.columns.get(field)
        return "" if index is None or index >= len(row) else row[index]

    def _text(self, at: int, field: str, row: list[Any]) -> str:
        value = self._cell(field, row)
        text = clean(_say(value)).strip()
        if len(text) > LONGEST_TEXT:
            self._fault(at, field, f"内容超过{LONGEST_TEXT}字。")
            return text[:LONGEST_TEXT]
        return text

    def _day(self, at: int, row: list[Any]) -> date | None:
        value = self._cell("planned_on", row)
        try:
            day = read_day(value, self.year)
        except ValueError as error:
            self._fault(at, "planned_on", str(error))
            return None
        return day

    def _fault(self, at: int, field: str, reason: str) -> None:
        self.faults.append(SheetFault(at, _LABELS[field], reason))


def read_day(value: object, year: int | None) -> date | None:
    """A cell as a day: a date, a serial number of Excel or text (2026年3月5日、2026-3-5、3月5日).

    None for an empty cell; ValueError with the reason in Chinese for anything else.
    """
    if isinstance(value, datetime):
        return _within(value.date())
    if isinstance(value, date):
        return _within(value)
    if isinstance(value, (bool, time, timedelta)):
        # A person's mistake like any other here, not a programmer's, hence no TypeError
        raise ValueError("不是日期。请按“2026年3月5日”的样式填写。")  # noqa: TRY004 - see above
    if isinstance(value, (int, float)):
        return _from_serial(float(value))
    text = unicodedata.normalize("NFKC", clean(str(value))).strip()
    text = _WEEKDAY.sub("", text).strip()
    if not text:
        return None
    if _SERIAL.fullmatch(text):
        return _from_serial(float(text))
    if match := _FULL_DAY.fullmatch(text):
        return _from_parts(*(int(part) for part in match.groups()))
    if match := _SHORT_DAY.fullmatch(text):
        if year is None:
            raise ValueError("日期缺少年份。请按“2026年3月5日”的样式填写。")
        return _from_parts(year, *(int(part) for part in match.groups()))
    raise ValueError(f"“{text[:20]}”不是日期。请按“2026年3月5日”的样式填写。")


def _from_serial(serial: float) -> date:
    if not 0 < serial < 100_000:  # the year 2173
        raise ValueError("不是日期。请按“2026年3月5日”的样式填写。")
    return _within(_EPOCH + timedelta(days=int(serial)))


def _from_parts(year: int, month: int, day: int) -> date:
    try:
        return _within(date(year, month, day))
    except ValueError as error:
        if error.args and "年" in str(error):
            raise
        raise ValueError(f"{year}年{month}月{day}日这一天不存在。") from error


def _within(day: date) -> date:
    if not _EARLIEST <= day <= _LATEST:
        raise ValueError(f"{day.year}年{day.month}月{day.day}日超出可用范围（1949年至2100年）。")
    return day


def _say(value: object) -> str:
    """A cell of any type as the text that a person saw in it."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return f"{value.year}年{value.month}月{value.day}日"
    if isinstance(value, date):
        return f"{value.year}年{value.month}月{value.day}日"
    return str(value)


def _is_note(row: list[Any]) -> bool:
    filled = [value for value in row if value != ""]
    return len(filled) == 1 and str(filled[0]).startswith(("注：", "注:"))


def _is_blank(row: list[Any], columns: dict[str, int]) -> bool:
    """Whether nothing but a running number stands in the row."""
    return all(
        index >= len(row) or str(row[index]).strip() == ""
        for field, index in columns.items()
        if field != "number"
    )


def _integer(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
