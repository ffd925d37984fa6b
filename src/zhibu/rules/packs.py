"""Norm packs: from the text of a TOML file to a complete norm, or to every fault that it has.

The format is written down in ``docs/reference/norm-packs.md``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from zhibu.rules.norm import Element, Norm
from zhibu.rules.packs_build import build_norm, build_requirement, build_vocabulary, tighten
from zhibu.rules.packs_diff import Change, ChangeKind, diff_norms, say_change, say_diff
from zhibu.rules.packs_judge import (
    judge_pack,
    judge_requirement,
    judge_tightening,
    judge_vocabulary,
)
from zhibu.rules.packs_locate import Path, line_of, locate_keys
from zhibu.rules.packs_shape import (
    DOCUMENT_KEYS,
    REQUIREMENT_KEYS,
    TIGHTENING_KEYS,
    Problem,
    examine,
)

__all__ = [
    "Change",
    "ChangeKind",
    "Fault",
    "PackFaulty",
    "Resolve",
    "check_pack",
    "diff_norms",
    "pack_name",
    "read_pack",
    "say_change",
    "say_diff",
    "say_syntax",
    "shelve_packs",
]

Resolve = Callable[[str], Norm | None]  # "id@version" -> the norm, or None when there is none
_BYTE_ORDER_MARK = "\ufeff"  # some editors on Windows put it at the head of a file
_SIZE_LIMIT = 2_000_000  # characters; the largest real pack has about 60,000


class Fault(NamedTuple):
    """One fault of a pack: the line (from 1), the place in words, and what to do."""

    line: int
    where: str
    reason: str


class PackFaulty(ValueError):
    """The pack has faults; `faults` holds all of them."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("；".join(f"第 {f.line} 行 {f.where}：{f.reason}" for f in faults))
        self.faults = faults


def check_pack(text: str, resolve: Resolve) -> tuple[Fault, ...]:
    """Every fault of a pack at once, in the order of its lines; empty when there is none."""
    return _study(text, resolve)[0]


def read_pack(text: str, resolve: Resolve) -> Norm:
    """The norm that a pack says, with the pack that it extends folded in.

    Raises PackFaulty with every fault when the pack is not sound.
    """
    faults, norm = _study(text, resolve)
    if norm is None:
        raise PackFaulty(faults)
    return norm


def pack_name(text: str) -> str:
    """The "id@version" that a pack gives itself, or "" when it cannot be read."""
    try:
        pack = tomllib.loads(text.removeprefix(_BYTE_ORDER_MARK)).get("pack")
    except (ValueError, RecursionError):
        return ""
    if not isinstance(pack, dict) or not {"id", "version"} <= pack.keys():
        return ""
    return f"{pack['id']}@{pack['version']}"


def shelve_packs(texts: Iterable[str]) -> Resolve:
    """A `resolve` over a set of packs; each is read when it is first asked for.

    Of two texts with one name the first counts, so put what somebody is working on first.
    A pack that is faulty, unknown, or that extends itself in a circle resolves to None.
    """
    shelf: dict[str, str] = {}
    for text in texts:
        shelf.setdefault(pack_name(text), text)
    read: dict[str, Norm | None] = {}

    def resolve(name: str) -> Norm | None:
        if name not in read and name in shelf:
            read[name] = None  # met again while it is being read: a circle
            read[name] = _study(shelf[name], resolve)[1]
        return read.get(name)

    return resolve


def _study(text: str, resolve: Resolve) -> tuple[tuple[Fault, ...], Norm | None]:
    if len(text) > _SIZE_LIMIT:
        return (Fault(1, "文件", "文件过大，规范包一般不超过几十万字，请检查是否选错文件"),), None
    text = text.removeprefix(_BYTE_ORDER_MARK)
    try:
        document = tomllib.loads(text)
        lines = locate_keys(text)
    except ValueError as error:  # TOMLDecodeError, and int() for a number of thousands of digits
        return (say_syntax(error, text),), None
    except RecursionError:
        return (Fault(1, "文件", "括号嵌套过深，请检查是否有没有写完的方括号或花括号"),), None
    problems, norm = _read_document(document, resolve)
    faults = (
        Fault(line_of(lines, p.path), _say_path(p.path, document), p.reason) for p in problems
    )
    return tuple(sorted(set(faults))), None if problems else norm


def _read_document(document: dict[str, Any], resolve: Resolve) -> tuple[list[Problem], Norm | None]:
    sound, problems = examine(document, DOCUMENT_KEYS, ())
    pack = sound.get("pack", {})
    is_extending = "extends" in pack or _is_written(document, "pack", "extends")
    base = resolve(pack["extends"]) if "extends" in pack else None
    problems += judge_pack(sound, base, is_extending=is_extending)
    problems += judge_vocabulary(sound.get("element", {}), base)
    reading = _Reading(
        base=base,
        lacks_base=is_extending and base is None,
        vocabulary=build_vocabulary(sound.get("element", {}), base),
        origin=f"{pack.get('id', '')}@{pack.get('version', '')}",
    )
    for index, table in enumerate(sound.get("requirement", ())):
        problems += reading.take(table, ("requirement", index))
    if problems:
        return problems, None
    requirements = tuple(reading.requirements.values())
    return [], build_norm(sound, base, requirements, reading.vocabulary)


def _is_written(document: Mapping[str, Any], table: str, key: str) -> bool:
    """Whether a key is there at all, well formed or not."""
    value = document.get(table)
    return isinstance(value, dict) and key in value


class _Reading:
    """The requirements of a pack while they are read one after the other."""

    def __init__(
        self, *, base: Norm | None, lacks_base: bool, vocabulary: dict[str, Element], origin: str
    ) -> None:
        self.requirements = {r.code: r for r in base.requirements} if base else {}
        self.vocabulary = vocabulary
        self._lacks_base = lacks_base  # said once already, at `extends`
        self._origin = origin
        self._written: set[str] = set()

    def take(self, table: dict[str, Any], path: Path) -> list[Problem]:
        """Put one requirement among the others, or say everything that is wrong with it."""
        name = "tighten" if "tighten" in table else "code"
        keys = TIGHTENING_KEYS if name == "tighten" else REQUIREMENT_KEYS
        sound, problems = examine(table, keys, path)
        code = sound.get(name, "")
        if code and code in self._written:
            reason = f"编号 {code} 在本文件中已经写过，请换一个编号或合并为一条"
            return [*problems, Problem((*path, name), reason)]
        self._written.add(code)
        old = self.requirements.get(code)
        vocabulary = None if self._lacks_base else self.vocabulary
        if name == "tighten":
            problems += judge_requirement(sound, path, vocabulary, old)
            if not self._lacks_base:
                problems += judge_tightening(sound, path, old)
            if not problems and old is not None:
                self.requirements[code] = tighten(old, sound, self.vocabulary, self._origin)
            return problems
        problems += judge_requirement(sound, path, vocabulary)
        if old is not None:
            reason = f"编号 {code} 在所扩展的规范中已有，请换一个编号；要加严它请改写 tighten"
            problems.append(Problem((*path, "code"), reason))
        if not problems:
            self.requirements[code] = build_requirement(sound, self.vocabulary, self._origin)
        return problems


_TABLE_NAMES = {"pack": "规范包", "labels": "三类的叫法", "element": "内容项"}


def _say_path(path: Path, document: Mapping[str, Any]) -> str:
    """A path in words: 规定动作 D4 的 cadence.unit."""
    if not path:
        return "文件"
    if path[0] == "requirement" and len(path) > 1 and isinstance(path[1], int):
        table = document["requirement"][path[1]]
        code = table.get("code") or table.get("tighten") or f"第 {path[1] + 1} 条"
        head, rest = f"规定动作 {code}", path[2:]
    else:
        head, rest = _TABLE_NAMES.get(str(path[0]), str(path[0])), path[1:]
    return f"{head} 的 {'.'.join(map(str, rest))}" if rest else head


_SYNTAX = (
    (r"Illegal character '\\[nr]", "文字没有写完就换行了，请在行末补上引号；多行文字用三个引号"),
    (r"Unterminated string|Expected .*'{3}|Expected .*\"{3}", "字符串没有写完，请补上收尾的引号"),
    (r"Expected '=' after a key", "键的后面缺少等号，请写成 键 = 值"),
    (
        r"Invalid initial character for a key part|Invalid statement",
        "键的写法不对；含汉字或符号的键要加引号",
    ),
    (
        r"Expected newline or end of document",
        "一行只能写一项，请换行；文字要整段括在引号里；日期要真实存在，如 2026-01-31",
    ),
    (r"Unclosed array", "方括号没有写完，请补上 ] 或列表中漏掉的逗号"),
    (r"Unclosed inline table", "花括号没有写完，请补上 } 或表中漏掉的逗号"),
    (r"Expected '\]\]?'", "表头没有写完，请补上右方括号"),
    (
        r"Cannot (declare|overwrite|redefine|mutate)|Duplicate",
        "这里重复书写了同一张表或同一个键，请删去一个",
    ),
    (r"Illegal character", "有不允许的控制字符，请删去后重新输入"),
    (r"Unescaped '\\'|escape|hex value", "反斜杠的写法不对，请写成 \\\\ 或改用单引号"),
    (r"Invalid date", "日期不存在，请检查年月日"),
    (r"integer string conversion", "数字过长，请检查是否漏了引号"),
    (r"Invalid value", "值的写法不对；文字要加双引号，是否只写 true 或 false"),
)


def say_syntax(error: ValueError, text: str) -> Fault:
    """What TOML refuses of a text, as a fault in Chinese."""
    message = str(error)
    place = re.search(r"at line (\d+), column (\d+)", message)
    reason = next((said for form, said in _SYNTAX if re.search(form, message)), "")
    reason = reason or "不符合 TOML 语法，请检查这一行和上一行的引号、括号与等号"
    if place is None:
        return Fault(text.count("\n") + 1, "文件末尾", reason)
    return Fault(int(place[1]), f"第 {place[2]} 列", reason)
