"""What the shape of a pack cannot say: things that do not fit together, and loosenings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from zhibu.rules.norm import Element, Norm, PracticeClass, Requirement, Unit
from zhibu.rules.packs_build import (
    RECORD_FIELDS,
    SEVERITIES,
    build_cadence,
    build_threshold,
)
from zhibu.rules.packs_locate import Path
from zhibu.rules.packs_shape import Problem
from zhibu.rules.packs_tighten import (
    is_cadence_kept,
    is_class_kept,
    is_severity_kept,
    is_threshold_kept,
)


def judge_pack(
    document: Mapping[str, Any], base: Norm | None, *, is_extending: bool
) -> Iterator[Problem]:
    """Faults of the head of a pack: dates, what it extends, labels, no requirement at all."""
    pack = document.get("pack", {})
    extends = pack.get("extends")
    yield from _judge_dates(pack, ("pack",))
    if extends is not None and extends == f"{pack.get('id')}@{pack.get('version')}":
        yield Problem(("pack", "extends"), "规范包不能扩展自身，请写所依托的另一个规范包")
    elif extends is not None and base is None:
        reason = f"找不到可用的规范包 {extends}；请检查代号和版本、该包有无错误、是否相互扩展"
        yield Problem(("pack", "extends"), reason)
    elif (
        base is not None and "in_force_from" in pack and pack["in_force_from"] < base.in_force_from
    ):
        reason = f"施行日期早于所扩展的规范（{base.in_force_from}），请改为不早于该日"
        yield Problem(("pack", "in_force_from"), reason)
    if not is_extending and "labels" not in document:
        yield Problem((), "缺少 [labels]（三类的叫法），请写明 B、T、X 各叫什么")
    if not document.get("requirement") and not is_extending:
        yield Problem((), "没有一条规定动作，请用 [[requirement]] 至少写一条")


def judge_vocabulary(declared: Mapping[str, Any], base: Norm | None) -> Iterator[Problem]:
    """Elements that take the name of something else."""
    inherited = {element.key: element for element in base.vocabulary} if base else {}
    for key, table in declared.items():
        if key in RECORD_FIELDS:
            reason = f"{key} 是记录本身的栏目（{RECORD_FIELDS[key].label}），不能另行定义，请换代号"
            yield Problem(("element", key), reason)
        old = inherited.get(key)
        if old is not None and table.get("label", old.label) != old.label:
            reason = f"{key} 在所扩展的规范中已叫“{old.label}”，同一代号请用同一名称，或换代号"
            yield Problem(("element", key), reason)


def judge_requirement(
    table: Mapping[str, Any],
    path: Path,
    vocabulary: Mapping[str, Element] | None,
    old: Requirement | None = None,
) -> Iterator[Problem]:
    """Parts of one requirement that do not fit together; `old` is the one that it tightens.

    Without a vocabulary (the extended pack is not there) it is not asked which elements exist.
    """
    yield from _judge_dates(table, path)
    yield from _judge_cadence(table.get("cadence", {}), (*path, "cadence"))
    yield from _judge_scope(table.get("scope", {}), (*path, "scope"))
    yield from _judge_elements(table, path, vocabulary, old)
    for name in ("quorum", "majority"):
        threshold = table.get(name, {})
        if threshold.get("share") and threshold.get("strict"):
            numerator, denominator = threshold["share"].split("/")
            if numerator == denominator:
                reason = "不可能超过全部；全体一致请去掉 strict"
                yield Problem((*path, name, "strict"), reason)
        if threshold and table.get("attendees") == "none":
            yield Problem((*path, name), "没有参加人员的事项不存在到会和表决，请删去这一项")


def judge_tightening(
    table: Mapping[str, Any], path: Path, old: Requirement | None
) -> Iterator[Problem]:
    """Where a tightening is none: an extending pack may ask for more, never for less."""
    code = table.get("tighten")
    if code is None:
        return
    if old is None:
        reason = f"所扩展的规范中没有 {code}；要新增一条请改写 code"
        yield Problem((*path, "tighten"), reason)
        return
    if "class" in table and not is_class_kept(PracticeClass(table["class"]), old.practice_class):
        reason = f"类别只能提高，原为 {old.practice_class}，不能改为 {table['class']}"
        yield Problem((*path, "class"), reason)
    cadence = table.get("cadence", {})
    if "unit" in cadence and not is_cadence_kept(build_cadence(cadence), old.cadence):
        reason = "周期放宽了：按新周期去做，必须也满足原来的次数、时限和固定日，请加密或收窄"
        yield Problem((*path, "cadence"), reason)
    for name, kept in (("quorum", old.quorum), ("majority", old.majority)):
        threshold = table.get(name, {})
        if {"basis", "share"} <= threshold.keys() and not is_threshold_kept(
            build_threshold(threshold), kept
        ):
            reason = "比例放宽了，或者换了基数；请用原来的基数和不低于原来的比例"
            yield Problem((*path, name), reason)
    yield from _judge_kept_elements(table, path, old)


def _judge_kept_elements(
    table: Mapping[str, Any], path: Path, old: Requirement
) -> Iterator[Problem]:
    asked = {element.key: element for element in old.elements}
    for name, severity in SEVERITIES.items():
        for key in table.get(name, ()):
            if key in asked and not is_severity_kept(severity, asked[key].severity):
                reason = f"“{asked[key].label}”原来要求更严，不能降到 {name}，请删去"
                yield Problem((*path, name), reason)
    for key, length in table.get("lengths", {}).items():
        if key in asked and length < asked[key].min_length:
            reason = f"“{asked[key].label}”原来不少于 {asked[key].min_length} 字，不能减少"
            yield Problem((*path, "lengths", key), reason)


def _judge_dates(table: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    since, until = table.get("in_force_from"), table.get("in_force_until")
    if since is not None and until is not None and until < since:
        reason = f"废止日期 {until} 早于施行日期 {since}，请核对"
        yield Problem((*path, "in_force_until"), reason)


def _judge_cadence(cadence: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    unit = cadence.get("unit")
    if unit is None:
        return
    if unit == Unit.EVENT:
        if "after" not in cadence:
            reason = "遇事而办的事项要写明起算的事由，请补上 after，没有合适的写 other"
            yield Problem(path, reason)
        for name in ("months", "every", "fixed_day"):
            if name in cadence:
                yield Problem((*path, name), f"遇事而办的事项不能写 {name}，请删去")
        return
    for name in ("after", "within_months"):
        if name in cadence:
            reason = f"{name} 只用于遇事而办的事项，请删去，或把 unit 改为 event"
            yield Problem((*path, name), reason)
    if cadence.get("fixed_day") and unit != Unit.MONTH:
        yield Problem((*path, "fixed_day"), "固定日只用于每月的事项，请删去，或把 unit 改为 month")


def _judge_scope(scope: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    least, most = scope.get("min_full_members", 0), scope.get("max_full_members", 0)
    if most and least > most:
        reason = f"正式党员上限 {most} 小于下限 {least}，没有党支部符合，请核对"
        yield Problem((*path, "max_full_members"), reason)
    if scope.get("per") == "group" and not scope.get("needs_groups"):
        reason = "按党小组的事项只约束设有党小组的党支部，请加上 needs_groups = true"
        yield Problem((*path, "per"), reason)


def _judge_elements(
    table: Mapping[str, Any],
    path: Path,
    vocabulary: Mapping[str, Element] | None,
    old: Requirement | None,
) -> Iterator[Problem]:
    named: set[str] = set()
    for name in SEVERITIES:
        for key in table.get(name, ()):
            if vocabulary is not None and key not in vocabulary:
                reason = f"没有定义内容项“{key}”，请在文件中加一节 [element.{key}]，或检查拼写"
                yield Problem((*path, name), reason)
            if key in named:
                yield Problem((*path, name), f"“{key}”在 must、should、may 中只能写一次")
            named.add(key)
    named |= {element.key for element in old.elements} if old else set()
    for name in ("hints", "lengths"):
        for key in table.get(name, {}):
            if key not in named:
                reason = f"“{key}”没有列入 must、should 或 may，请先列入或删去"
                yield Problem((*path, name, key), reason)
