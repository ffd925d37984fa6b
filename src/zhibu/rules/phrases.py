"""Dates, cadences, thresholds and scopes as a Chinese reader would say them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum

from zhibu.rules.labels import label
from zhibu.rules.norm import Cadence, Field, Per, Scope, Threshold, Unit

_WEEKDAYS = "一二三四五六日"
_DIGITS = "零一二三四五六七八九十"
_FEW = {1: "一", 2: "两", 3: "三", 4: "四", 5: "五", 6: "六", 7: "七", 8: "八", 9: "九", 10: "十"}
_UNITS = {Unit.MONTH: "个月", Unit.QUARTER: "个季度", Unit.HALF: "个半年", Unit.YEAR: "年"}
_SEASONS = {
    (1, 2, 3): "第一季度",
    (4, 5, 6): "第二季度",
    (7, 8, 9): "第三季度",
    (10, 11, 12): "第四季度",
    (1, 2, 3, 4, 5, 6): "上半年",
    (7, 8, 9, 10, 11, 12): "下半年",
}


def say_date(day: date) -> str:
    """2026年3月12日（周四）."""
    return f"{day.year}年{day.month}月{day.day}日（周{_WEEKDAYS[day.weekday()]}）"


def say_moment(moment: datetime) -> str:
    """2026年3月12日（周四）14:30."""
    return f"{say_date(moment.date())}{moment.hour:02d}:{moment.minute:02d}"


def say_months(months: Iterable[int]) -> str:
    """Runs of months: 1—3月、8月; 全年 for all twelve; 无 for none."""
    wanted = sorted(set(months))
    if len(wanted) == 12:
        return "全年"
    runs: list[list[int]] = []
    for month in wanted:
        if runs and month == runs[-1][-1] + 1:
            runs[-1].append(month)
        else:
            runs.append([month])
    said = (f"{run[0]}月" if len(run) == 1 else f"{run[0]}—{run[-1]}月" for run in runs)
    return "、".join(said) or "无"


def say_cadence(cadence: Cadence) -> str:
    """每季度一次; 每年一次（第四季度）; 每月一次（固定日）; 每三年一次; 收到入党申请书后一个月内."""
    if cadence.unit is Unit.EVENT:
        return _say_event(cadence)
    if cadence.unit is Unit.TERM:
        period = "每届" if cadence.every <= 1 else f"每{_few(cadence.every)}届"
    elif cadence.every <= 1:
        period = f"每{label(cadence.unit)}"
    else:
        period = f"每{_few(cadence.every)}{_UNITS[cadence.unit]}"
    remarks = []
    if cadence.months:
        remarks.append(
            _SEASONS.get(tuple(sorted(set(cadence.months)))) or say_months(cadence.months)
        )
    if cadence.is_fixed_day:
        remarks.append("固定日")
    tail = f"（{'，'.join(remarks)}）" if remarks else ""
    return f"{period}{_few(max(1, cadence.times))}次{tail}"


def say_threshold(threshold: Threshold) -> str:
    """超过应到会有表决权人数的半数; 不少于应到会有表决权人数的五分之四; 全部应到人数."""
    share, whole = threshold.share, label(threshold.basis)
    if share == 1 and not threshold.is_strict:
        return f"达到全部{whole}"
    part = (
        "半数"
        if share * 2 == 1
        else f"{_few_plain(share.denominator)}分之{_few_plain(share.numerator)}"
    )
    return f"{'超过' if threshold.is_strict else '不少于'}{whole}的{part}"


def say_scope(scope: Scope) -> str:
    """Whom a requirement binds: 所有党支部; 机关领域、设有支部委员会的党支部; 每个党小组."""
    conditions: list[str] = []
    if scope.fields:
        conditions.append(f"{say_fields(scope.fields)}领域")
    if scope.min_full_members:
        conditions.append(f"正式党员{scope.min_full_members}人以上")
    if scope.max_full_members:
        conditions.append(f"正式党员不超过{scope.max_full_members}人")
    for is_asked, words in (
        (scope.needs_committee, "设立支部委员会"),
        (scope.needs_groups and scope.per is not Per.GROUP, "划分党小组"),
        (scope.needs_probationary, "有预备党员"),
        (scope.needs_activists, "有入党积极分子"),
        (scope.needs_leaders, "有党员领导干部"),
    ):
        if is_asked:
            conditions.append(words)
    if scope.per is Per.GROUP:
        return f"{'、'.join(conditions)}的党支部的每个党小组" if conditions else "每个党小组"
    return f"{'、'.join(conditions)}的党支部" if conditions else "所有党支部"


def say_fields(fields: Iterable[Field]) -> str:
    """Fields of society in their fixed order: 机关、村."""
    wanted = set(fields)
    return "、".join(label(field) for field in Field if field in wanted)


def say_value(value: object) -> str:
    """Any value of a verdict's facts in words."""
    if isinstance(value, datetime):
        return say_moment(value)
    if isinstance(value, date):
        return say_date(value)
    if isinstance(value, StrEnum):
        return label(value)
    if isinstance(value, Threshold):
        return say_threshold(value)
    if isinstance(value, frozenset):
        return "、".join(sorted(say_value(one) for one in value))
    if isinstance(value, tuple | list):
        return "、".join(say_value(one) for one in value)
    return "" if value is None else str(value)


def _say_event(cadence: Cadence) -> str:
    if cadence.after is None:
        return "有关情形发生时"
    happening = label(cadence.after)
    if cadence.within_months:
        return f"{happening}后{_few(cadence.within_months)}个月内"
    return f"{happening}时" if not happening.endswith("时") else happening


def _few(count: int) -> str:
    """A small number as a counting word (两次, 三年); figures where it is large."""
    return _FEW.get(count, str(count))


def _few_plain(count: int) -> str:
    """A small number inside a fraction (三分之二); figures where it is large."""
    return _DIGITS[count] if 0 <= count <= 10 else str(count)
