"""The cells of a roster as values: days in all their spellings, 男/女, 是/否, 正式/预备, offices."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

EARLIEST: Final = date(1900, 1, 1)
LATEST: Final = date(2199, 12, 31)
_EPOCH: Final = date(1899, 12, 30)
_FIRST_SERIAL: Final = 10_000  # 18 May 1927; smaller numbers are years or mistakes
_LAST_SERIAL: Final = 80_000  # in the year 2119
_UNPRINTABLE: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\uffff\ud800-\udfff]"
)
_BLANKS: Final = re.compile(r"\s+")
_NOTHING: Final = frozenset(
    {
        "",
        "无",
        "-",
        "--",
        "—",
        "——",
        "/",
        "\\",
        "暂无",
        "空",
        "未填",
        "不详",
        "待定",
        "n/a",
        "na",
        "null",
        "none",
        "〇",
        "*",
    }
)
_FULL: Final = re.compile(r"(\d{4})[-./年、,](\d{1,2})[-./月、,](\d{1,2})[日号]?")
_MONTH: Final = re.compile(r"(\d{4})[-./年、,](\d{1,2})月?[份]?")
_YEAR: Final = re.compile(r"(\d{4})年?")
_SHORT_YEAR: Final = re.compile(r"\d{2}[-./年]\d{1,2}([-./月]\d{1,2}[日号]?|月)?")
_TIME_OF_DAY: Final = re.compile(r"[t ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$", re.IGNORECASE)
_REMARK: Final = re.compile(r"\(.*?\)$")


@dataclass(frozen=True, slots=True)
class Day:
    """A day; `is_month` when only the month was given and the first of it stands for it."""

    on: date
    is_month: bool = False


@dataclass(frozen=True, slots=True)
class Unread:
    """A cell that could not be read: the rule that says why."""

    rule: str
    text: str = ""


def as_written(value: Any) -> str:
    """A cell of a column that an organisation added: its text, full-width marks left as they are."""
    return value.strip() if isinstance(value, str) else plain(value)


def plain(value: Any) -> str:
    """A cell as one line of text: full-width letters and digits made narrow, blanks made one."""
    if isinstance(value, str):
        if value.isalnum() and value.isascii():
            return value
        text = unicodedata.normalize("NFKC", value)
        return _BLANKS.sub(" ", _UNPRINTABLE.sub("", text)).strip()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return value.date().isoformat()
    return str(value)


_HAN_BLANK: Final = re.compile(
    r"(?<=[\u3400-\u9fff\U00020000-\U0003ffff]) (?=[\u3400-\u9fff\U00020000-\U0003ffff])"
)
_NAME_DOTS: Final = str.maketrans("•・‧．∙●", "······")
_ASIDE: Final = re.compile(r" ?\((男|女|预备|正式|预备党员|流动|流动党员)\)$")


def read_name(value: Any) -> str:
    """A person's name: no blanks between Chinese characters (张　三), one dot for all dots."""
    # NFKC would take a rare character for its cousin, so a name keeps the characters it has.
    text = value if isinstance(value, str) else plain(value)
    text = _BLANKS.sub(" ", _UNPRINTABLE.sub("", text)).strip().translate(_NAME_DOTS)
    if not text.isalpha():
        text = _HAN_BLANK.sub("", text.replace("（", "(").replace("）", ")"))
        text = _ASIDE.sub("", text).replace("* ", "").strip()
    return text


def is_nothing(text: str) -> bool:
    """Whether a cell says that there is nothing to say."""
    return text.lower() in _NOTHING


def read_day(value: Any, *, is_text: bool = False) -> Day | Unread | None:
    """A cell as a day; None for an empty one, Unread with its rule for what is no day.

    `is_text` says that the file knows no numbers (csv): then 2012.1 may have been 2012.10.
    """
    if isinstance(value, datetime):
        return _within(value.date(), "")
    if isinstance(value, date):
        return _within(value, "")
    if isinstance(value, (bool, time, timedelta)):
        return Unread("ROSTER-05", plain(value)[:20])
    if isinstance(value, (int, float)):
        return _from_number(float(value))
    text = plain(value).rstrip(".。")
    if is_nothing(text):
        return None
    text = (
        _REMARK.sub("", _TIME_OF_DAY.sub("", text))
        .replace(" ", "")
        .removesuffix("生")
        .removesuffix("起")
    )
    return _from_text(text, is_text=is_text)


_SEVERAL_DAYS: Final = re.compile(r"[、;；\n]")


def read_days(value: Any, *, is_text: bool = False) -> tuple[Day, ...] | Unread | None:
    """One day, or as many as there are offices (2020-01-01、2021-05-01)."""
    parts = _SEVERAL_DAYS.split(value) if isinstance(value, str) else [value]
    if len(parts) > 1 and len(parts[0].strip()) < 6:  # 2012、7、1 is one day
        parts = [value]
    found: list[Day] = []
    for part in parts:
        day = read_day(part, is_text=is_text)
        if isinstance(day, Unread):
            return day
        if day is not None:
            found.append(day)
    return tuple(found) or None


def _from_number(number: float) -> Day | Unread:
    if number.is_integer():
        whole = int(number) if abs(number) < 1e15 else 0
        if _FIRST_SERIAL <= whole <= _LAST_SERIAL:
            return _within(_EPOCH + timedelta(days=whole), "")
        return _from_text(str(whole), is_text=True)
    if _FIRST_SERIAL <= number <= _LAST_SERIAL:
        return _within(_EPOCH + timedelta(days=int(number)), "")
    return _from_text(repr(number), is_text=True)


def _from_text(text: str, *, is_text: bool) -> Day | Unread:
    shown = text[:20]
    if match := _FULL.fullmatch(text):
        return _from_parts(int(match[1]), int(match[2]), int(match[3]), shown)
    if match := _MONTH.fullmatch(text):
        if is_text and match[2] == "1" and text[4] == "." and len(text) == 6:
            # Excel shows 2012.10 as a number without its last digit.
            return Unread("ROSTER-09", shown)
        return _from_month(int(match[1]), int(match[2]), shown)
    if text.isdecimal() and text.isascii():
        return _from_digits(text)
    if _SHORT_YEAR.fullmatch(text):
        return Unread("ROSTER-08", shown)
    if _YEAR.fullmatch(text):
        return Unread("ROSTER-06", shown)
    return Unread("ROSTER-05", shown)


def _from_digits(text: str) -> Day | Unread:
    if len(text) == 8:
        return _from_parts(int(text[:4]), int(text[4:6]), int(text[6:]), text)
    if len(text) == 6:
        return _from_month(int(text[:4]), int(text[4:]), text)
    if len(text) == 5 and _FIRST_SERIAL <= int(text) <= _LAST_SERIAL:
        return _within(_EPOCH + timedelta(days=int(text)), text)
    return Unread("ROSTER-06" if len(text) == 4 else "ROSTER-05", text[:20])


def _from_month(year: int, month: int, shown: str) -> Day | Unread:
    found = _from_parts(year, month, 1, shown)
    return Day(found.on, is_month=True) if isinstance(found, Day) else found


def _from_parts(year: int, month: int, day: int, shown: str) -> Day | Unread:
    try:
        return _within(date(year, month, day), shown)
    except ValueError:
        return Unread("ROSTER-07", shown)


def _within(day: date, shown: str) -> Day | Unread:
    if EARLIEST <= day <= LATEST:
        return Day(day)
    return Unread("ROSTER-12", shown or day.isoformat())


_SEXES: Final = {
    "男": "m",
    "男性": "m",
    "m": "m",
    "male": "m",
    "女": "f",
    "女性": "f",
    "f": "f",
    "female": "f",
}
_YES: Final = frozenset({"是", "y", "yes", "true", "√", "✓", "✔", "1", "有", "对"})
_NO: Final = frozenset({"否", "n", "no", "false", "×", "x", "✗", "0", "无", "不是", "非"})


_NOT: Final = ("非", "不", "未", "没", "无")


def read_sex(value: Any) -> str | Unread:
    """m, f or "" for an empty cell."""
    text = plain(value)
    if is_nothing(text):
        return ""
    return _SEXES.get(text.lower()) or Unread("ROSTER-18", text[:20])


def read_yes(value: Any, words: tuple[str, ...] = ()) -> bool | Unread | None:
    """是 or 否; a cell that repeats the heading (流动党员) says yes; None for an empty cell."""
    text = plain(value).lower()
    if text in _YES:
        return True
    if text in _NO:
        return False
    if is_nothing(text):
        return None
    if text.startswith(_NOT) and not text.startswith(words):  # 无流动, but 无表决权
        return False
    if any(word in text for word in words):
        return True
    return Unread("ROSTER-30", text[:20])


FULL: Final = "full"
PROBATIONARY: Final = "probationary"


def read_category(value: Any, heading: str = "") -> str | Unread:
    """full, probationary, or "" where nothing or only 党员 is said."""
    text = plain(value)
    if is_nothing(text):
        return ""
    if "是否" in heading:
        said = read_yes(value)
        if isinstance(said, bool):
            return PROBATIONARY if said == ("预备" in heading) else FULL
    if "预备" in text:
        return PROBATIONARY
    if "正式" in text:
        return FULL
    if text in {"中共党员", "党员", "共产党员", "中国共产党党员", "中国共产党员"}:
        return ""
    return Unread("ROSTER-19", text[:20])


_OFFICES: Final = (
    ("group_leader", ("党小组长", "小组长", "组长")),
    ("deputy_secretary", ("副书记",)),
    ("secretary", ("书记",)),
    ("organization", ("组织委员", "组织宣传委员", "组宣委员", "组织兼宣传委员")),
    ("publicity", ("宣传委员", "组织宣传委员", "组宣委员", "组织兼宣传委员")),
    ("discipline", ("纪检委员", "纪律检查委员", "纪检监察委员")),
)
OFFICE_WORDS: Final = {
    "secretary": "书记", "deputy_secretary": "副书记", "organization": "组织委员", "publicity": "宣传委员",
    "discipline": "纪检委员", "committee_member": "委员", "group_leader": "党小组长",
}  # fmt: skip
_OF_COMMITTEE: Final = frozenset(OFFICE_WORDS) - {"committee_member", "group_leader"}
# 机关党委书记 and 团支部书记 preside over no party branch; 局党委办公室党支部书记 does.
_ELSEWHERE: Final = re.compile(
    r"党委|党组|工委|纪委|[省市区县]委|总支部?|第一书记|(?<!集)团(?:支部|总支|委)|共青团|工会|妇联"
)
_NO_OFFICE: Final = frozenset(
    {"党员", "普通党员", "无", "群众", "中共党员", "正式党员", "预备党员", "否"}
)
_SEVERAL: Final = re.compile(r"[、,;/和与及\n ]|兼任?")


def read_offices(value: Any) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """The offices in a cell, and the words that are none. None for a cell that says nothing.

    An empty tuple says in so many words that no office is held (无、普通党员).
    """
    text = plain(value)
    if text in _NO_OFFICE:
        return (), ()
    if is_nothing(text):
        return None, ()
    found: list[str] = []
    strange: list[str] = []
    for part in filter(None, (one.strip() for one in _SEVERAL.split(text))):
        offices = _offices_in(part)
        found += [office for office in offices if office not in found]
        if not offices and part not in _NO_OFFICE:
            strange.append(part[:20])
    return (told_offices(found) if found else (None if strange else ())), tuple(strange)


def told_offices(offices: Collection[str]) -> tuple[str, ...]:
    """The offices that a roster names: 委员 beside 组织委员 says nothing more, beside 党小组长 it does."""
    is_in = not _OF_COMMITTEE.isdisjoint(offices)
    return tuple(one for one in offices if not (is_in and one == "committee_member"))


def _offices_in(part: str) -> list[str]:
    rest, elsewhere = _ELSEWHERE.subn("", part)
    if elsewhere and "支部" not in rest and "支委" not in rest:
        return []
    found = []
    for office, words in _OFFICES:
        if any(word in part for word in words):
            found.append(office)
            if office == "deputy_secretary":
                part = part.replace("副书记", "")
    if not found and part.endswith(("委员", "支委")) and "青年" not in part:
        found.append("committee_member")
    return found
