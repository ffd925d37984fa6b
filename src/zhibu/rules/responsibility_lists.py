"""责任清单 as a file: from the text of a TOML file to the list, or to every fault that it has."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any, Final

from zhibu.rules.norm import Activity, OrganizationKind
from zhibu.rules.packs import Fault, PackFaulty, say_syntax
from zhibu.rules.packs_locate import Path, line_of, locate_keys
from zhibu.rules.packs_shape import (
    ARTICLE_KEYS,
    Key,
    Problem,
    examine,
    is_choice,
    is_list_of,
    is_text,
    is_whole,
    matches,
)
from zhibu.rules.responsibilities import Measure, PostDuties, Responsibility, ResponsibilityList
from zhibu.rules.verdicts import Article, Certainty

_BYTE_ORDER_MARK = "\ufeff"
_SIZE_LIMIT: Final = 500_000  # characters
_CODE = matches(r"[A-Z]{1,4}[0-9]{1,3}[a-z]?", '"S1" 或 "B12"')
_KEY = matches(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", '"branch_secretary"（小写字母、数字和下划线）')
_WORD = matches(r"[a-z]+(_[a-z]+)*", '"secretary"（小写字母和下划线）')

LIST_KEYS: Final[Mapping[str, Key]] = {
    "id": Key("清单的代号", matches(r"[a-z][a-z0-9-]*", '"responsibilities"'), is_required=True),
    "version": Key("版本", matches(r"[0-9A-Za-z]+(\.[0-9A-Za-z]+)*", '"2026"'), is_required=True),
    "title": Key("名称", is_text(80), is_required=True),
    "summary": Key("说明", is_text(1000), is_required=True),
    "sources": Key("依据文件", is_list_of(is_text(300)), is_required=True),
}
POST_KEYS: Final[Mapping[str, Key]] = {
    "key": Key("岗位的代号", _KEY, is_required=True),
    "title": Key("岗位名称", is_text(40), is_required=True),
    "kinds": Key("组织类型", is_list_of(is_choice(OrganizationKind)), is_required=True),
    "offices": Key("对应的职务", is_list_of(_WORD)),
    "roles": Key("对应的角色", is_list_of(_WORD)),
    "item": Key("责任", items={}, is_required=True),
}
ITEM_KEYS: Final[Mapping[str, Key]] = {
    "code": Key("编号", _CODE, is_required=True),
    "title": Key("名称", is_text(60), is_required=True),
    "text": Key("责任内容", is_text(1000), is_required=True),
    "article": Key("依据", inner=ARTICLE_KEYS, is_required=True),
    "measure": Key("从什么记录看出", is_choice(Measure), is_required=True),
    "requirements": Key("规定动作", is_list_of(_CODE)),
    "activities": Key("活动类型", is_list_of(is_choice(Activity))),
    "times": Key("每年的次数", is_whole(1, 52)),
}
_DOCUMENT_KEYS: Final[Mapping[str, Key]] = {
    "list": Key("清单的基本情况", inner=LIST_KEYS, is_required=True),
    "post": Key("岗位", items={}, is_required=True),
}
_IN_PERSON: Final = frozenset({Measure.OWN_LESSON, Measure.OWN_TALKS, Measure.OWN_LIFE})


def is_list(text: str) -> bool:
    """Whether a file is meant as a list of responsibilities and not as a norm pack."""
    try:
        return "list" in tomllib.loads(text.removeprefix(_BYTE_ORDER_MARK))
    except (ValueError, RecursionError):
        return False


def check_list(text: str) -> tuple[Fault, ...]:
    """Every fault of a list at once, in the order of its lines; empty when there is none."""
    return _study(text)[0]


def read_list(text: str) -> ResponsibilityList:
    """The list that a file says. Raises PackFaulty with every fault when it is not sound."""
    faults, found = _study(text)
    if found is None:
        raise PackFaulty(faults)
    return found


def _study(text: str) -> tuple[tuple[Fault, ...], ResponsibilityList | None]:
    if len(text) > _SIZE_LIMIT:
        return (Fault(1, "文件", "文件过大，责任清单一般不超过几万字，请检查是否选错文件"),), None
    text = text.removeprefix(_BYTE_ORDER_MARK)
    try:
        document = tomllib.loads(text)
        lines = locate_keys(text)
    except ValueError as error:
        return (say_syntax(error, text),), None
    except RecursionError:
        return (Fault(1, "文件", "括号嵌套过深，请检查是否有没有写完的方括号或花括号"),), None
    problems, found = _read(document)
    faults = (
        Fault(line_of(lines, p.path), _say_path(p.path, document), p.reason) for p in problems
    )
    return tuple(sorted(set(faults))), found


def _read(document: dict[str, Any]) -> tuple[list[Problem], ResponsibilityList | None]:
    sound, problems = examine(document, _DOCUMENT_KEYS, ())
    posts: list[PostDuties] = []
    taken: dict[tuple[str, ...], str] = {}
    for number, table in enumerate(sound.get("post", ())):
        path: Path = ("post", number)
        post, found = _read_post(table, path)
        problems += found
        if post is None:
            continue
        problems += _claim(post, path, taken)
        posts.append(post)
    if "post" in sound and not sound["post"]:
        problems.append(Problem(("post",), "至少要有一个岗位"))
    if problems:
        return problems, None
    about = sound["list"]
    return [], ResponsibilityList(
        about["id"],
        about["version"],
        about["title"],
        about["summary"].strip(),
        tuple(about["sources"]),
        tuple(posts),
    )


def _claim(post: PostDuties, path: Path, taken: dict[tuple[str, ...], str]) -> list[Problem]:
    """A key, an office and a role of one kind of organisation belong to one post each."""
    claims: list[tuple[str, tuple[str, ...], str]] = [("key", ("key", post.key), post.key)]
    for kind in sorted(post.kinds):
        claims += [("offices", ("office", kind, each), each) for each in post.offices]
        claims += [("roles", ("role", kind, each), each) for each in post.roles]
    found = []
    for name, claim, word in claims:
        if claim in taken:
            reason = f"{name} 中的“{word}”已经属于岗位“{taken[claim]}”，请删去一个"
            found.append(Problem((*path, name), reason))
        taken.setdefault(claim, post.title)
    return list(dict.fromkeys(found))


def _read_post(table: dict[str, Any], path: Path) -> tuple[PostDuties | None, list[Problem]]:
    sound, problems = examine(table, POST_KEYS, path)
    if "offices" not in table and "roles" not in table:
        problems.append(Problem(path, "缺少 offices（对应的职务）或 roles（对应的角色），请补上"))
    items: list[Responsibility] = []
    written: set[str] = set()
    for number, row in enumerate(sound.get("item", ())):
        at: Path = (*path, "item", number)
        good, found = examine(row, ITEM_KEYS, at)
        found += _judge_item(good, at)
        code = good.get("code", "")
        if code and code in written:
            found.append(Problem((*at, "code"), f"编号 {code} 在这个岗位中已经写过，请换一个编号"))
        written.add(code)
        problems += found
        if not found:
            items.append(_item(good))
    if problems:
        return None, problems
    return PostDuties(
        key=sound["key"],
        title=sound["title"],
        kinds=frozenset(sound["kinds"]),
        offices=tuple(sound.get("offices", ())),
        roles=tuple(sound.get("roles", ())),
        items=tuple(items),
    ), []


def _judge_item(good: Mapping[str, Any], path: Path) -> list[Problem]:
    """What a measure needs, and what it has no use for."""
    if "measure" not in good:
        return []
    measure = Measure(good["measure"])
    names = [name for name in ("requirements", "activities") if good.get(name)]
    if measure is Measure.LINES and not names:
        return [Problem(path, "measure 写 lines 的，要写明 requirements 或 activities")]
    if measure is not Measure.LINES and names:
        return [Problem((*path, names[0]), f"只有 measure 写 lines 的才写 {names[0]}，请删去")]
    if measure in _IN_PERSON and "times" not in good:
        return [Problem(path, "缺少 times（每年的次数），请补上")]
    if measure not in _IN_PERSON and "times" in good:
        return [Problem((*path, "times"), "这一项不按次数看，请删去 times")]
    return []


def _item(good: Mapping[str, Any]) -> Responsibility:
    article = good["article"]
    return Responsibility(
        code=good["code"],
        title=good["title"],
        text=good["text"].strip(),
        article=Article(article["text"], article["source"], Certainty(article["certainty"])),
        measure=Measure(good["measure"]),
        requirements=frozenset(good.get("requirements", ())),
        activities=frozenset(good.get("activities", ())),
        times=good.get("times", 0),
    )


def _say_path(path: Path, document: Mapping[str, Any]) -> str:
    """A path in words: 岗位 branch_secretary 责任 S3 的 measure."""
    if not path:
        return "文件"
    if path[0] != "post" or len(path) < 2 or not isinstance(path[1], int):
        head = {"list": "清单的基本情况", "post": "岗位"}.get(str(path[0]), str(path[0]))
        return _tail(head, path[1:])
    post = document["post"][path[1]]
    head = f"岗位 {post.get('key') or f'第 {path[1] + 1} 个'}"
    rest = path[2:]
    if rest[:1] == ("item",) and len(rest) > 1 and isinstance(rest[1], int):
        item = post["item"][rest[1]]
        head += f" 责任 {item.get('code') or f'第 {rest[1] + 1} 条'}"
        rest = rest[2:]
    return _tail(head, rest)


def _tail(head: str, rest: Path) -> str:
    return f"{head} 的 {'.'.join(map(str, rest))}" if rest else head
