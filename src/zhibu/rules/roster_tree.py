"""The list of organisations: rows as values, parents found, circles and repetitions named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from zhibu.rules.lines import WEEKDAYS, fixed_day
from zhibu.rules.norm import Field, OrganizationKind
from zhibu.rules.roster_columns import Mapping as Headings
from zhibu.rules.roster_columns import Row, TreeField, fold
from zhibu.rules.roster_faults import Fault
from zhibu.rules.roster_places import fold_place
from zhibu.rules.roster_sheet import is_ending
from zhibu.rules.roster_values import Day, Unread, is_nothing, plain, read_day, read_yes
from zhibu.rules.verdicts import Severity

T = TreeField
K = OrganizationKind
LONGEST_NAME: Final = 200
LONGEST_SHORT: Final = 60

KIND_WORDS: Final[Mapping[str, OrganizationKind]] = {
    "工作委员会": K.COMMISSION, "工委": K.COMMISSION, "党工委": K.COMMISSION, "党的工作委员会": K.COMMISSION,
    "党委": K.COMMITTEE, "基层党委": K.COMMITTEE, "机关党委": K.COMMITTEE, "直属机关党委": K.COMMITTEE,
    "委员会": K.COMMITTEE, "党的基层委员会": K.COMMITTEE,
    "党总支": K.GENERAL_BRANCH, "总支": K.GENERAL_BRANCH, "总支部": K.GENERAL_BRANCH, "党总支部": K.GENERAL_BRANCH,
    "总支部委员会": K.GENERAL_BRANCH,
    "党支部": K.BRANCH, "支部": K.BRANCH, "支部委员会": K.BRANCH,
    "党小组": K.GROUP, "小组": K.GROUP,
}  # fmt: skip
_ENDS: Final = sorted(KIND_WORDS.items(), key=lambda pair: -len(pair[0]))
KIND_NAMES: Final = {
    K.COMMISSION: "工作委员会", K.COMMITTEE: "党委", K.GENERAL_BRANCH: "党总支", K.BRANCH: "党支部", K.GROUP: "党小组",
}  # fmt: skip
FIELD_WORDS: Final[Mapping[str, Field]] = {
    "机关": Field.ORGAN, "党政机关": Field.ORGAN, "事业单位": Field.INSTITUTION, "事业": Field.INSTITUTION,
    "企业": Field.ENTERPRISE, "国有企业": Field.ENTERPRISE, "非公企业": Field.ENTERPRISE, "村": Field.VILLAGE,
    "农村": Field.VILLAGE, "行政村": Field.VILLAGE, "社区": Field.COMMUNITY, "城市社区": Field.COMMUNITY,
    "学校": Field.SCHOOL, "高校": Field.SCHOOL, "其他": Field.OTHER,
}  # fmt: skip
FIELD_NAMES: Final = {
    Field.ORGAN: "机关", Field.INSTITUTION: "事业单位", Field.ENTERPRISE: "企业", Field.VILLAGE: "村",
    Field.COMMUNITY: "社区", Field.SCHOOL: "学校", Field.OTHER: "其他",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class KnownOrganization:
    """One organisation as kept; `parent` is a key, "" for the root."""

    key: str
    name: str
    kind: OrganizationKind
    founded_on: date
    short_name: str = ""
    field: Field = Field.ORGAN
    parent: str = ""
    is_pilot: bool = False
    theme_day: str = ""


@dataclass(frozen=True, slots=True)
class TreeRow:
    """One organisation as the file has it. None and "" say that the file says nothing."""

    row: int
    name: str = ""
    key: str = ""
    code: str = ""
    short_name: str = ""
    kind: OrganizationKind | None = None
    field: Field | None = None
    parent: str = ""
    parent_code: str = ""
    level: int | None = None
    founded_on: date | None = None
    is_pilot: bool | None = None
    theme_day: str | None = None


def needed_columns(headings: Headings) -> list[Fault]:
    """The columns without which no organisation can be taken."""
    return [] if T.NAME in headings.fields else [Fault(0, T.NAME.value, "ROSTER-40")]


def parse_tree(
    rows: Sequence[Row], headings: Headings, *, is_text: bool = False
) -> tuple[tuple[TreeRow, ...], tuple[Fault, ...]]:
    """Read every row below the heading. Never raises, whatever the cells hold."""
    reader = _Reader(headings, is_text=is_text)
    for number, cells in rows:
        if number > headings.row:
            reader.read(number, cells)
    return tuple(reader.rows), tuple(reader.faults)


class _Reader:
    def __init__(self, headings: Headings, *, is_text: bool) -> None:
        self._places = {column.field.value: column.index for column in headings.columns}
        self._heading = fold(headings.heading(T.NAME))
        self._is_text = is_text
        self.rows: list[TreeRow] = []
        self.faults: list[Fault] = []

    def read(self, number: int, cells: Sequence[Any]) -> None:
        """One row, unless it is blank, a repeated heading, a sum or a remark."""
        texts = {
            name: plain(cells[at])
            for name, at in self._places.items()
            if at < len(cells) and cells[at] != ""
        }
        texts = {name: text for name, text in texts.items() if not is_nothing(text)}
        name = texts.pop("name", "")
        if (not texts and not name) or fold(name) == self._heading:
            return
        first = name or next((plain(cell) for cell in cells if cell != ""), "")
        if is_ending(first) and sum(cell != "" for cell in cells) <= 6:
            return
        self._judge_name(number, name, texts.get("short_name", ""))
        self.rows.append(
            TreeRow(
                number,
                name[:LONGEST_NAME],
                key=texts.get("key", "").lower(),
                code=texts.get("code", ""),
                short_name=texts.get("short_name", "")[:LONGEST_SHORT],
                kind=self._kind(number, texts.get("kind", ""), name),
                field=self._field(number, texts.get("field", "")),
                parent=texts.get("parent", ""),
                parent_code=texts.get("parent_code", ""),
                level=self._level(number, texts.get("level", "")),
                founded_on=self._day(number, cells),
                is_pilot=self._pilot(number, texts.get("is_pilot", "")),
                theme_day=self._theme_day(number, texts.get("theme_day", "")),
            )
        )

    def _judge_name(self, number: int, name: str, short_name: str) -> None:
        if not name:
            self._fault(number, T.NAME, "FOUND-01")
        for column, text, most in (
            (T.NAME, name, LONGEST_NAME),
            (T.SHORT_NAME, short_name, LONGEST_SHORT),
        ):
            if len(text) > most:
                self._fault(number, column, "FOUND-02", length=len(text), most=most)

    def _kind(self, number: int, text: str, name: str) -> OrganizationKind | None:
        names = tuple(KIND_NAMES.values())
        if text:
            found = KIND_WORDS.get(text) or _kind_of_name(text)
            if found is None:
                self._fault(number, T.KIND, "FOUND-03", text=text[:20], names=names)
            return found
        found = _kind_of_name(name)
        if found is None and name:
            self._fault(number, T.KIND, "FOUND-04", names=names)
        return found

    def _field(self, number: int, text: str) -> Field | None:
        if not text:
            return None
        found = FIELD_WORDS.get(text) or FIELD_WORDS.get(text.removesuffix("领域"))
        if found is None:
            names = tuple(FIELD_NAMES.values())
            self._fault(number, T.FIELD, "FOUND-05", text=text[:20], names=names)
        return found

    def _level(self, number: int, text: str) -> int | None:
        digits = text.removeprefix("第").removesuffix("级")
        digits = (
            str("一二三四五六七八九".find(digits) + 1)
            if digits in set("一二三四五六七八九")
            else digits
        )
        if not digits:
            return None
        if digits.isascii() and digits.isdecimal() and len(digits) <= 2 and 0 < int(digits) <= 16:
            return int(digits)
        self._fault(number, T.LEVEL, "FOUND-21", text=text[:20])
        return None

    def _day(self, number: int, cells: Sequence[Any]) -> date | None:
        at = self._places.get("founded_on")
        if at is None or at >= len(cells):
            return None
        found = read_day(cells[at], is_text=self._is_text)
        if isinstance(found, Unread):
            self._fault(number, T.FOUNDED_ON, found.rule, text=found.text)
            return None
        return found.on if isinstance(found, Day) else None

    def _pilot(self, number: int, text: str) -> bool | None:
        found = read_yes(text, ("试点",)) if text else None
        if isinstance(found, Unread):
            self._fault(number, T.IS_PILOT, found.rule, text=found.text)
            return None
        return found

    def _theme_day(self, number: int, text: str) -> str | None:
        if not text:
            return None
        found = read_theme_day(text)
        if found is None:
            self._fault(number, T.THEME_DAY, "FOUND-19", text=text[:20])
        return found

    def _fault(self, row: int, column: TreeField, rule: str, **facts: Any) -> None:
        self.faults.append(Fault(row, column.value, rule, Severity.ERROR, facts))


_FIGURES: Final = "一二三四五"
_COUNTS: Final = {
    word: str(at) for at, figure in enumerate(_FIGURES, 1) for word in (figure, str(at))
}


def read_theme_day(text: str) -> str | None:
    """每月15日 → day:15; 每月第二个星期五 → friday:2; 最后一个周五 → friday:last; None for no such day."""
    plain_text = text.strip().removeprefix("每月").removeprefix("的")
    number = plain_text.removesuffix("日").removesuffix("号")
    if number.isascii() and number.isdecimal() and len(number) <= 2 and 0 < int(number) <= 31:
        return f"day:{int(number)}"
    if fixed_day(plain_text, 2000, 1) is not None:
        return plain_text  # as it is stored
    week, _, rest = plain_text.replace("周", "星期").partition("星期")
    day = "一二三四五六日".find("日" if rest == "天" else rest) if len(rest) == 1 else -1
    if day < 0:
        return None
    week = week.removeprefix("第").removesuffix("个")
    if week in {"最后一", "最后", "末"}:
        return f"{WEEKDAYS[day]}:last"
    return f"{WEEKDAYS[day]}:{_COUNTS[week]}" if week in _COUNTS else None


def say_theme_day(stored: str) -> str:
    """The same the other way round; text that is none of them stays as it is."""
    if fixed_day(stored, 2000, 1) is None:
        return stored
    kind, _, rest = stored.partition(":")
    if kind == "day":
        return f"每月{rest}日"
    weekday = "一二三四五六日"[WEEKDAYS.index(kind)]
    which = "最后一个" if rest == "last" else f"第{_FIGURES[int(rest) - 1]}个"
    return f"每月{which}星期{weekday}"


def _kind_of_name(name: str) -> OrganizationKind | None:
    plain_name = fold_place(name)
    return next((kind for end, kind in _ENDS if plain_name.endswith(end)), None)
