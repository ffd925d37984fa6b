"""What a branch notices when one norm takes the place of another.

Compared by meaning: "every three months" and "each quarter" are the same, a guide written anew is
no change, and a text written anew is told only when nothing else of the requirement changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from zhibu.rules.norm import (
    Cadence,
    Element,
    Field,
    Norm,
    PracticeClass,
    Requirement,
    Scope,
    Threshold,
)
from zhibu.rules.packs_tighten import (
    is_cadence_kept,
    is_class_kept,
    is_severity_kept,
    is_threshold_kept,
    yearly_rate,
)
from zhibu.rules.wording import label, say_cadence, say_scope, say_threshold


class ChangeKind(StrEnum):
    """In what way a requirement changed, in the order in which the changes of one are told."""

    ADDED = "added"
    ENDED = "ended"
    RENAMED = "renamed"
    RAISED = "raised"  # to a higher class
    LOWERED = "lowered"
    ACTIVITY = "activity"
    OFTENER = "oftener"
    SELDOMER = "seldomer"
    NARROWER = "narrower"  # as often, less freedom when
    WIDER = "wider"
    RETIMED = "retimed"  # neither rhythm includes the other
    BINDS_MORE = "binds_more"
    BINDS_FEWER = "binds_fewer"
    BINDS_OTHERS = "binds_others"
    ATTENDEES = "attendees"
    QUORUM = "quorum"
    MAJORITY = "majority"
    ELEMENT_ADDED = "element_added"
    ELEMENT_DROPPED = "element_dropped"
    ELEMENT_STRICTER = "element_stricter"
    ELEMENT_LOOSER = "element_looser"
    LENGTH = "length"
    EXCUSED = "excused"
    FORCE = "force"
    MINUTES = "minutes"
    BASIS = "basis"
    REWORDED = "reworded"
    LABEL = "label"  # of the norm, not of a requirement


@dataclass(frozen=True, slots=True)
class Change:
    """One change: of which requirement (no code: of the whole norm), from what to what."""

    kind: ChangeKind
    code: str = ""
    title: str = ""
    before: Any = None
    after: Any = None
    subject: str = ""  # the element's label, or what the class is called


def diff_norms(a: Norm, b: Norm) -> tuple[Change, ...]:
    """What changes for a branch when `b` takes the place of `a`.

    The changes of one requirement stand together, in the order of `b`; what ended comes last.
    """
    changes = [*_diff_labels(a, b)]
    for new in b.requirements:
        old = a.requirement(new.code)
        if old is None:
            called = dict(b.labels).get(new.practice_class, "")
            changes.append(Change(ChangeKind.ADDED, new.code, new.title, None, new, called))
        else:
            changes += _diff_requirement(old, new, b)
    changes += (
        Change(ChangeKind.ENDED, old.code, old.title, old, None)
        for old in a.requirements
        if b.requirement(old.code) is None
    )
    return tuple(changes)


def _diff_labels(a: Norm, b: Norm) -> Iterator[Change]:
    before = dict(a.labels)
    for practice_class, called in b.labels:
        if before.get(practice_class) != called:
            old = before.get(practice_class)
            yield Change(ChangeKind.LABEL, "", "", old, called, practice_class.value)


def _diff_requirement(old: Requirement, new: Requirement, norm: Norm) -> list[Change]:
    parts = [
        *_diff_values(old, new, _BEFORE_CADENCE),
        *_diff_class(old, new, dict(norm.labels)),
        *_diff_rhythm_and_scope(old, new),
        *_diff_values(old, new, _AFTER_SCOPE),
        *_diff_elements(old, new),
        *_diff_values(old, new, _AFTER_ELEMENTS),
    ]
    if not parts and _essence(old.text) != _essence(new.text):
        parts = [(ChangeKind.REWORDED, old.text, new.text, "")]
    return [Change(kind, new.code, new.title, *rest) for kind, *rest in parts]


_Part = tuple[ChangeKind, Any, Any, str]  # kind, before, after, subject
_Getter = Callable[[Requirement], Any]

_BEFORE_CADENCE: tuple[tuple[ChangeKind, _Getter], ...] = (
    (ChangeKind.RENAMED, lambda r: r.title),
    (ChangeKind.ACTIVITY, lambda r: r.activity),
)
_AFTER_SCOPE: tuple[tuple[ChangeKind, _Getter], ...] = (
    (ChangeKind.ATTENDEES, lambda r: r.attendees),
    (ChangeKind.EXCUSED, lambda r: (r.excuses_infirm, r.excuses_away)),
    (ChangeKind.QUORUM, lambda r: r.quorum),
    (ChangeKind.MAJORITY, lambda r: r.majority),
)
_AFTER_ELEMENTS: tuple[tuple[ChangeKind, _Getter], ...] = (
    (ChangeKind.FORCE, lambda r: (r.in_force_from, r.in_force_until)),
    (ChangeKind.MINUTES, lambda r: r.minutes),
    (ChangeKind.BASIS, lambda r: r.article.text),
)


def _diff_values(
    old: Requirement, new: Requirement, table: tuple[tuple[ChangeKind, _Getter], ...]
) -> Iterator[_Part]:
    for kind, get in table:
        if get(old) != get(new):
            yield kind, get(old), get(new), ""


def _diff_class(
    old: Requirement, new: Requirement, labels: dict[PracticeClass, str]
) -> Iterator[_Part]:
    if old.practice_class is not new.practice_class:
        is_higher = is_class_kept(new.practice_class, old.practice_class)
        kind = ChangeKind.RAISED if is_higher else ChangeKind.LOWERED
        yield kind, labels.get(old.practice_class, ""), labels.get(new.practice_class, ""), ""


def _diff_rhythm_and_scope(old: Requirement, new: Requirement) -> Iterator[_Part]:
    if (rhythm := compare_cadences(old.cadence, new.cadence)) is not None:
        yield rhythm, old.cadence, new.cadence, ""
    if (reach := _compare_scopes(old.scope, new.scope)) is not None:
        yield reach, old.scope, new.scope, ""


def compare_cadences(old: Cadence, new: Cadence) -> ChangeKind | None:
    """How the rhythm changed for whoever has to keep it; None when it means the same."""
    is_kept, was_kept = is_cadence_kept(new, old), is_cadence_kept(old, new)
    if is_kept and was_kept:
        return None
    before, after = yearly_rate(old), yearly_rate(new)
    if before is not None and after is not None and before != after:
        return ChangeKind.OFTENER if after > before else ChangeKind.SELDOMER
    if is_kept:
        return ChangeKind.NARROWER
    return ChangeKind.WIDER if was_kept else ChangeKind.RETIMED


def _compare_scopes(old: Scope, new: Scope) -> ChangeKind | None:
    if _conditions(old) == _conditions(new):
        return None
    if old.per is not new.per:
        return ChangeKind.BINDS_OTHERS
    if _is_within(old, new):
        return ChangeKind.BINDS_MORE
    return ChangeKind.BINDS_FEWER if _is_within(new, old) else ChangeKind.BINDS_OTHERS


def _conditions(scope: Scope) -> tuple[object, ...]:
    """The scope without ways of saying nothing: all fields, at least one member."""
    needs = (getattr(scope, f.name) for f in fields(scope) if f.name.startswith("needs_"))
    least = max(scope.min_full_members, 1)
    return (scope.per, scope.fields or frozenset(Field), least, scope.max_full_members, *needs)


def _is_within(inner: Scope, outer: Scope) -> bool:
    """Whether every branch that the inner scope binds is bound by the outer one."""
    needs = [f.name for f in fields(outer) if f.name.startswith("needs_")]
    most = outer.max_full_members
    return (
        (inner.fields or frozenset(Field)) <= (outer.fields or frozenset(Field))
        and max(inner.min_full_members, 1) >= max(outer.min_full_members, 1)
        and (most == 0 or 0 < inner.max_full_members <= most)
        and all(getattr(inner, name) or not getattr(outer, name) for name in needs)
    )


def _diff_elements(old: Requirement, new: Requirement) -> Iterator[_Part]:
    before = {element.key: element for element in old.elements}
    after = {element.key: element for element in new.elements}
    for key, element in after.items():
        was = before.get(key)
        if was is None:
            yield ChangeKind.ELEMENT_ADDED, None, element, element.label
            continue
        if was.severity is not element.severity:
            is_stricter = is_severity_kept(element.severity, was.severity)
            kind = ChangeKind.ELEMENT_STRICTER if is_stricter else ChangeKind.ELEMENT_LOOSER
            yield kind, was, element, element.label
        if was.min_length != element.min_length:
            yield ChangeKind.LENGTH, was.min_length, element.min_length, element.label
    for key, element in before.items():
        if key not in after:
            yield ChangeKind.ELEMENT_DROPPED, element, None, element.label


def _essence(text: str) -> str:
    """A text without what only its typesetting needs."""
    return "".join(c for c in text if c.isalnum())


def say_change(change: Change) -> str:
    """A change as a sentence for a branch secretary."""
    said = _SAY[change.kind](change)
    return f"{change.code} {change.title}：{said}。" if change.code else f"{said}。"


def say_diff(changes: tuple[Change, ...]) -> str:
    """All changes as lines of text, each requirement under its own heading."""
    lines: list[str] = []
    for index, change in enumerate(changes):
        if index == 0 or change.code != changes[index - 1].code:
            lines.append(f"{change.code} {change.title}" if change.code else "规范整体")
        lines.append(f"  · {_SAY[change.kind](change)}")
    return "\n".join(lines)


_ASKS = {"error": "必填", "warning": "应填", "note": "选填"}


def _say_added(c: Change) -> str:
    new: Requirement = c.after
    parts = [f"新增一项，类别为{c.subject or new.practice_class}", say_cadence(new.cadence)]
    if _conditions(new.scope) != _conditions(Scope()):
        parts.append(f"适用于{say_scope(new.scope)}")
    asked = "、".join(e.label for e in new.elements if e.severity == "error")
    if asked:
        parts.append(f"记录必填{asked}")
    return "，".join(parts)


def _say_ended(c: Change) -> str:
    old: Requirement = c.before
    return f"不再要求（原为{say_cadence(old.cadence)}）"


def _say_cadence_change(what: str) -> Callable[[Change], str]:
    return lambda c: f"{what}，由{say_cadence(c.before)}改为{say_cadence(c.after)}"


def _say_threshold_change(what: str) -> Callable[[Change], str]:
    def say(c: Change) -> str:
        old: Threshold | None = c.before
        new: Threshold | None = c.after
        if old is None and new is not None:
            return f"新增{what}：{say_threshold(new)}"
        if old is None or new is None:
            return f"取消{what}" + (f"（原为{say_threshold(old)}）" if old else "")
        if old.basis is not new.basis:
            verb = f"{what}换了基数"
        else:
            verb = f"{what}{'提高' if is_threshold_kept(new, old) else '降低'}"
        return f"{verb}，由{say_threshold(old)}改为{say_threshold(new)}"

    return say


def _say_element(c: Change) -> str:
    was: Element | None = c.before
    now: Element | None = c.after
    if was is None and now is not None:
        return f"记录新增“{c.subject}”（{_ASKS[now.severity]}）"
    if now is None or was is None:
        return f"记录不再要求“{c.subject}”"
    return f"记录中的“{c.subject}”由{_ASKS[was.severity]}改为{_ASKS[now.severity]}"


def _say_excused(c: Change) -> str:
    said = []
    for name, was, now in zip(("年老体弱党员", "外出流动党员"), c.before, c.after, strict=True):
        if was != now:
            said.append(f"{name}{'不再计入应到' if now else '计入应到'}")
    return "，".join(said)


def _say_force(c: Change) -> str:
    since, until = c.after
    said = [f"自{_say_day(since)}起施行"] if since else []
    said += [f"至{_say_day(until)}止"] if until else []
    return f"施行时间改为{'、'.join(said)}" if said else "施行时间改为与规范相同"


def _say_day(day: Any) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _from_to(what: str, unit: str = "") -> Callable[[Change], str]:
    return lambda c: f"{what}由{c.before}{unit}改为{c.after}{unit}"


def _say_labels(c: Change) -> str:
    return f"{c.subject} 类的叫法由“{c.before or '无'}”改为“{c.after}”"


_SAY: dict[ChangeKind, Callable[[Change], str]] = {
    ChangeKind.ADDED: _say_added,
    ChangeKind.ENDED: _say_ended,
    ChangeKind.RENAMED: lambda c: f"名称由“{c.before}”改为“{c.after}”",
    ChangeKind.RAISED: _from_to("类别提高，"),
    ChangeKind.LOWERED: _from_to("类别降低，"),
    ChangeKind.ACTIVITY: lambda c: f"活动类型由{label(c.before)}改为{label(c.after)}",
    ChangeKind.OFTENER: _say_cadence_change("次数增加"),
    ChangeKind.SELDOMER: _say_cadence_change("次数减少"),
    ChangeKind.NARROWER: _say_cadence_change("时间要求收紧"),
    ChangeKind.WIDER: _say_cadence_change("时间要求放宽"),
    ChangeKind.RETIMED: _say_cadence_change("时间要求改变"),
    ChangeKind.BINDS_MORE: lambda c: f"适用范围扩大，现适用于{say_scope(c.after)}",
    ChangeKind.BINDS_FEWER: lambda c: f"适用范围缩小，现只适用于{say_scope(c.after)}",
    ChangeKind.BINDS_OTHERS: lambda c: f"适用范围改变，现适用于{say_scope(c.after)}",
    ChangeKind.ATTENDEES: lambda c: f"参加人员由{label(c.before)}改为{label(c.after)}",
    ChangeKind.QUORUM: _say_threshold_change("到会要求"),
    ChangeKind.MAJORITY: _say_threshold_change("通过要求"),
    ChangeKind.ELEMENT_ADDED: _say_element,
    ChangeKind.ELEMENT_DROPPED: _say_element,
    ChangeKind.ELEMENT_STRICTER: _say_element,
    ChangeKind.ELEMENT_LOOSER: _say_element,
    ChangeKind.LENGTH: lambda c: f"“{c.subject}”的最少字数由{c.before}字改为{c.after}字",
    ChangeKind.EXCUSED: _say_excused,
    ChangeKind.FORCE: _say_force,
    ChangeKind.MINUTES: _from_to("每次记录的估计用时", "分钟"),
    ChangeKind.BASIS: lambda c: f"依据改为{c.after}",
    ChangeKind.REWORDED: lambda c: "规定的文字有修改，次数、参加人员和记录要求不变",  # noqa: ARG005 - one shape for all kinds
    ChangeKind.LABEL: _say_labels,
}
