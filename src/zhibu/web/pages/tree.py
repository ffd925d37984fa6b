"""What a change of the tree will do, in words, before it is confirmed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Final

from django import forms

from zhibu.network.tree.outcomes import BranchDuties, Outcome, Sight
from zhibu.rules.duties import Duty
from zhibu.rules.phrases import say_months
from zhibu.web.pages.forms import Crumb

NAME: Final = 6
TOLD: Final = 30
"""So many of a kind are named; of more it is said how many there are."""


@dataclass(frozen=True, slots=True)
class Consequence:
    """One kind of thing that follows."""

    title: str
    items: tuple[str, ...]
    more: int = 0  # not named

    @property
    def is_names(self) -> bool:
        """Short names read better in a row than one below the other."""
        return max(map(len, self.items)) <= NAME


@dataclass(frozen=True, slots=True)
class ChangePage:
    """What to confirm."""

    title: str
    summary: str
    consequences: tuple[Consequence, ...]
    fingerprint: str
    has_changed: bool  # since it was shown before
    form: forms.BaseForm
    submit: str
    back: str
    crumbs: tuple[Crumb, ...]


def consequences_of(outcome: Outcome) -> tuple[Consequence, ...]:
    """All that follows, the nearest to people first; nothing where nothing follows."""
    rows = (
        ("转接的党员", outcome.transferred),
        ("一并划转的组织", outcome.moved),
        ("终止的组织", outcome.ended_organizations),
        ("终止的任职", outcome.ended_posts),
        ("收回的授权", outcome.ended_grants),
        ("不再应办的事项", tuple(_line(line.title, line.due_on) for line in outcome.lapsed)),
        ("未了事项的去向", outcome.settled),
        ("改变计入上级的事项", _recounted(outcome.recounted)),
        ("应做事项的变化", tuple(_duties(outcome))),
        ("从此可以查看的人员", _sights(outcome.gains)),
        ("从此不能查看的人员", _sights(outcome.loses)),
    )
    return tuple(
        Consequence(title, tuple(items[:TOLD]), max(0, len(items) - TOLD))
        for title, items in rows
        if items
    )


def fingerprint_of(consequences: Iterable[Consequence]) -> str:
    """Says whether what is confirmed is what was shown."""
    return sha256(repr(tuple(consequences)).encode()).hexdigest()[:16]


def _line(title: str, due_on: date) -> str:
    return f"{title}（{due_on.month}月{due_on.day}日到期）"


def _recounted(number: int) -> tuple[str, ...]:
    return (
        (f"此日及以后到期的 {number} 项计入新的上级，此前到期的仍计入原上级。",) if number else ()
    )


def _sights(sights: Sequence[Sight]) -> tuple[str, ...]:
    return tuple(f"{each.person.name}（{each.organization}{each.role}）" for each in sights)


def _duties(outcome: Outcome) -> Iterable[str]:
    for change in outcome.duties:
        yield from _changes_of(change)
    if outcome.unread_branches:
        yield f"还有 {outcome.unread_branches} 个支部没有逐一核对，请在各支部安排表“与现行规范核对”。"


def _changes_of(change: BranchDuties) -> Iterable[str]:
    for word, duties in (("新增", change.begins), ("不再要求", change.ends)):
        by_title: dict[str, list[Duty]] = {}
        for duty in duties:
            title = duty.requirement.title
            by_title.setdefault(
                f"{title}（{duty.group_name}）" if duty.group_name else title, []
            ).append(duty)
        for title, several in by_title.items():
            months = say_months(duty.window.due.month for duty in several)
            yield f"{change.branch.short_name}：{word}“{title}”{len(several)} 次（{months}到期）"
