"""The shape of a norm pack as tables: which keys there are, what each may hold, what to say if not.

The core has no schema library, and a schema library has no Chinese sentences and no line numbers.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any, NamedTuple

from zhibu.rules.norm import Activity, Attendees, Basis, Field, Happening, Per, PracticeClass, Unit
from zhibu.rules.packs_locate import Path
from zhibu.rules.verdicts import Certainty


class Problem(NamedTuple):
    """Something wrong at a place of the pack, and what to do about it."""

    path: Path
    reason: str


Check = Callable[[Any], str]  # "" when the value is fine, otherwise the reason


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table: how its value is checked, or which keys its own table has."""

    says: str  # what it is, in Chinese
    check: Check | None = None
    is_required: bool = False
    inner: Mapping[str, Key] | None = None  # a table with these keys
    each: Key | None = None  # a table with free names, every value of which is like this
    items: Mapping[str, Key] | None = None  # an array of tables


def is_text(limit: int = 4000, least: int = 1) -> Check:
    """A text that is not blank and not longer than `limit` characters."""

    def check(value: Any) -> str:
        if not isinstance(value, str):
            return "应当是文字，请用双引号括起来"
        if len(value.strip()) < least:
            return "不能为空，请填写内容"
        return f"太长（{len(value)} 字），请压缩到 {limit} 字以内" if len(value) > limit else ""

    return check


def matches(pattern: str, example: str) -> Check:
    """A text of a fixed form."""
    compiled = re.compile(pattern)

    def check(value: Any) -> str:
        if isinstance(value, str) and compiled.fullmatch(value):
            return ""
        return f"的写法不对，应当形如 {example}"

    return check


def is_choice(kind: type[StrEnum]) -> Check:
    """One of the values of an enumeration."""
    allowed = [member.value for member in kind]

    def check(value: Any) -> str:
        if isinstance(value, str) and value in allowed:
            return ""
        near = difflib.get_close_matches(str(value), allowed, n=1)
        hint = f"，是否要写 {near[0]}？" if near else ""
        return f"的值“{_short(value)}”不可用{hint or '，'}可用的值：{'、'.join(allowed)}"

    return check


def is_whole(least: int, most: int) -> Check:
    """A whole number between two bounds, both included."""

    def check(value: Any) -> str:
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return ""
        return f"应当是 {least} 至 {most} 之间的整数，现在是“{_short(value)}”"

    return check


def is_flag(value: Any) -> str:
    """True or false."""
    return "" if isinstance(value, bool) else "只能写 true 或 false，不加引号"


def is_day(value: Any) -> str:
    """A date without time."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return ""
    return "应当是日期，请写成 2018-10-28 的形式，不加引号"


def is_share(value: Any) -> str:
    """A share such as "1/2", above nought and at most one."""
    wrong = '应当是加引号的分数，如 "1/2"、"4/5"，大于 0 且不大于 1'
    if not isinstance(value, str) or not re.fullmatch(r"[1-9]\d{0,2}/[1-9]\d{0,2}", value):
        return wrong
    return "" if Fraction(value) <= 1 else wrong


def is_list_of(check_item: Check) -> Check:
    """An array without repetitions whose items all pass."""

    def check(value: Any) -> str:
        if not isinstance(value, list):
            return "应当是方括号括起来的列表"
        for item in value:
            if reason := check_item(item):
                return f"中的“{_short(item)}”{reason}"
        doubled = next((item for i, item in enumerate(value) if item in value[:i]), None)
        return f"中“{_short(doubled)}”重复，请删去一个" if doubled is not None else ""

    return check


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else text[:40] + "…"


_ID = matches(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", '"branch"（小写字母、数字和短横线）')
_REF = matches(r"[a-z][a-z0-9-]*@[0-9A-Za-z.]+", '"branch@2018"')
_VERSION = matches(r"[0-9A-Za-z]+(\.[0-9A-Za-z]+)*", '"2018" 或 "2018.1"')
_CODE = matches(r"[A-Z]{1,4}[0-9]{1,3}[a-z]?", '"D4" 或 "D8a"')
_ELEMENT = matches(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", '"lesson_outline"（小写字母、数字和下划线）')
_ELEMENTS = is_list_of(_ELEMENT)

PACK_KEYS: Mapping[str, Key] = {
    "id": Key("规范包的代号", _ID, is_required=True),
    "version": Key("版本", _VERSION, is_required=True),
    "title": Key("名称", is_text(80), is_required=True),
    "extends": Key("所扩展的规范包", _REF),
    "in_force_from": Key("施行日期", is_day, is_required=True),
    "in_force_until": Key("废止日期", is_day),
    "summary": Key("说明", is_text(1000), is_required=True),
    "sources": Key("依据文件", is_list_of(is_text(300)), is_required=True),
}
CADENCE_KEYS: Mapping[str, Key] = {
    "unit": Key("周期单位", is_choice(Unit), is_required=True),
    "every": Key("每几个单位", is_whole(1, 10)),
    "times": Key("每个周期的次数", is_whole(1, 12)),
    "months": Key("限定的月份", is_list_of(is_whole(1, 12))),
    "fixed_day": Key("是否固定日", is_flag),
    "after": Key("起算的事由", is_choice(Happening)),
    "within_months": Key("几个月内完成", is_whole(1, 60)),
}
SCOPE_KEYS: Mapping[str, Key] = {
    "per": Key("按党支部还是按党小组", is_choice(Per)),
    "fields": Key("适用领域", is_list_of(is_choice(Field))),
    "min_full_members": Key("正式党员下限", is_whole(1, 1000)),
    "max_full_members": Key("正式党员上限", is_whole(1, 1000)),
    "needs_committee": Key("是否须设支委会", is_flag),
    "needs_groups": Key("是否须设党小组", is_flag),
    "needs_probationary": Key("是否须有预备党员", is_flag),
    "needs_activists": Key("是否须有入党积极分子", is_flag),
    "needs_leaders": Key("是否须有党员领导干部", is_flag),
}
THRESHOLD_KEYS: Mapping[str, Key] = {
    "basis": Key("基数", is_choice(Basis), is_required=True),
    "share": Key("比例", is_share, is_required=True),
    "strict": Key("是否须超过", is_flag),
}
ARTICLE_KEYS: Mapping[str, Key] = {
    "text": Key("条文出处", is_text(400), is_required=True),
    "source": Key("来源", is_text(400), is_required=True),
    "certainty": Key("把握程度", is_choice(Certainty), is_required=True),
}
ELEMENT_KEYS: Mapping[str, Key] = {
    "label": Key("名称", is_text(20), is_required=True),
    "hint": Key("填写提示", is_text(120)),
    "min_length": Key("最少字数", is_whole(1, 5000)),
}
_SHARED: Mapping[str, Key] = {
    "quorum": Key("到会要求", inner=THRESHOLD_KEYS),
    "majority": Key("通过要求", inner=THRESHOLD_KEYS),
    "must": Key("记录必备内容", _ELEMENTS),
    "should": Key("记录应有内容", _ELEMENTS),
    "may": Key("记录可有内容", _ELEMENTS),
    "hints": Key("填写提示", each=Key("提示", is_text(120))),
    "lengths": Key("最少字数", each=Key("字数", is_whole(1, 5000))),
    "guide": Key("工作指引", is_text(1000)),
    "model": Key("记录示例", is_text(2000)),
    "minutes": Key("每次用时（分钟）", is_whole(0, 1440)),
}
REQUIREMENT_KEYS: Mapping[str, Key] = {
    "code": Key("编号", _CODE, is_required=True),
    "class": Key("类别", is_choice(PracticeClass), is_required=True),
    "title": Key("名称", is_text(40), is_required=True),
    "activity": Key("活动类型", is_choice(Activity), is_required=True),
    "cadence": Key("周期", is_required=True, inner=CADENCE_KEYS),
    "scope": Key("适用范围", inner=SCOPE_KEYS),
    "attendees": Key("参加人员", is_choice(Attendees), is_required=True),
    "article": Key("依据", is_required=True, inner=ARTICLE_KEYS),
    "text": Key("规定内容", is_text(2000), is_required=True),
    **_SHARED,
    "in_force_from": Key("施行日期", is_day),
    "in_force_until": Key("废止日期", is_day),
    "excuses_infirm": Key("年老体弱党员是否不计入应到", is_flag),
    "excuses_away": Key("外出流动党员是否不计入应到", is_flag),
}
TIGHTENING_KEYS: Mapping[str, Key] = {
    "tighten": Key("所加严的规定动作", _CODE, is_required=True),
    "class": Key("类别", is_choice(PracticeClass)),
    "title": Key("名称", is_text(40)),
    "cadence": Key("周期", inner=CADENCE_KEYS),
    "article": Key("依据", is_required=True, inner=ARTICLE_KEYS),
    "text": Key("规定内容", is_text(2000), is_required=True),
    **_SHARED,
}
_LABEL = Key("叫法", is_text(8), is_required=True)
DOCUMENT_KEYS: Mapping[str, Key] = {
    "pack": Key("规范包的基本情况", is_required=True, inner=PACK_KEYS),
    "labels": Key("三类的叫法", inner={c.value: _LABEL for c in PracticeClass}),
    "element": Key("记录内容项", each=Key("内容项", inner=ELEMENT_KEYS)),
    "requirement": Key("规定动作", items={}),  # each one is examined by its own kind of table
}


def examine(
    table: Any, keys: Mapping[str, Key], path: Path
) -> tuple[dict[str, Any], list[Problem]]:
    """What of a table is well formed, and every problem of the rest."""
    if not isinstance(table, dict):
        return {}, [Problem(path, "应当是一张表，请写成 [表名] 或 { 键 = 值 } 的形式")]
    sound: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in table.items():
        key = keys.get(name)
        if key is None:
            problems.append(Problem((*path, name), _say_unknown(name, keys)))
            continue
        good, found = _examine_value(value, key, name, (*path, name))
        problems += found
        if good is not None:
            sound[name] = good
    for name, key in keys.items():
        if key.is_required and name not in table:
            problems.append(Problem(path, f"缺少 {name}（{key.says}），请补上"))
    return sound, problems


def _examine_value(value: Any, key: Key, name: str, path: Path) -> tuple[Any, list[Problem]]:
    if key.inner is not None:
        return examine(value, key.inner, path)
    if key.each is not None:
        return _examine_free(value, key.each, path)
    if key.items is not None:
        if isinstance(value, list) and all(isinstance(item, dict) for item in value):
            return value, []
        return None, [Problem(path, f"{name} 应当用双方括号 [[{name}]] 逐条书写")]
    reason = key.check(value) if key.check else ""
    return (None, [Problem(path, f"{name}（{key.says}）{reason}")]) if reason else (value, [])


def _examine_free(value: Any, each: Key, path: Path) -> tuple[Any, list[Problem]]:
    if not isinstance(value, dict):
        return None, [Problem(path, "应当是一张表，请写成 { 键 = 值 } 的形式")]
    sound: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, item in value.items():
        if reason := _ELEMENT(name):
            problems.append(Problem((*path, name), f"内容项代号“{_short(name)}”{reason}"))
            continue
        good, found = _examine_value(item, each, name, (*path, name))
        problems += found
        if good is not None:
            sound[name] = good
    return sound, problems


def _say_unknown(name: str, keys: Mapping[str, Key]) -> str:
    near = difflib.get_close_matches(name, list(keys), n=1)
    if near:
        return f"不认识“{_short(name)}”，是否要写 {near[0]}（{keys[near[0]].says}）？"
    return f"不认识“{_short(name)}”，请删去；这里可用：{'、'.join(keys)}"
