"""From the sound tables of a pack to the values of `zhibu.rules.norm`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from zhibu.rules.norm import (
    Activity,
    Attendees,
    Basis,
    Cadence,
    Element,
    Field,
    Happening,
    Norm,
    Per,
    PracticeClass,
    Requirement,
    Scope,
    Threshold,
    Unit,
)
from zhibu.rules.verdicts import Article, Certainty, Severity

RECORD_FIELDS: Mapping[str, Element] = MappingProxyType(
    {
        element.key: element
        for element in (
            Element("topic", "主题（议题）", hint="写明这次会议或活动的主题"),
            Element("place", "地点", hint="写到具体会议室或活动场所"),
            Element("presider", "主持人", hint="写明由谁召集主持"),
            Element("recorder", "记录人", hint="写明由谁记录"),
            Element("attendance", "到会情况", hint="默认全部到会，只勾出没有到会的人并写明原因"),
            Element("agenda", "议程", hint="按顺序逐项写明"),
            Element(
                "minutes", "会议内容", hint="写明谁讲了什么，不同意见也要如实记下", min_length=30
            ),
            Element("decisions", "决议", hint="逐项写明决定内容和表决情况"),
        )
    }
)
SEVERITIES: Mapping[str, Severity] = MappingProxyType(
    {"must": Severity.ERROR, "should": Severity.WARNING, "may": Severity.NOTE}
)


def build_cadence(table: Mapping[str, Any]) -> Cadence:
    """A cadence from its table."""
    after = table.get("after")
    return Cadence(
        unit=Unit(table["unit"]),
        every=table.get("every", 1),
        times=table.get("times", 1),
        months=tuple(sorted(table.get("months", ()))),
        is_fixed_day=table.get("fixed_day", False),
        after=None if after is None else Happening(after),
        within_months=table.get("within_months", 0),
    )


def build_threshold(table: Mapping[str, Any] | None) -> Threshold | None:
    """A threshold from its table, or None without one."""
    if table is None:
        return None
    return Threshold(Basis(table["basis"]), Fraction(table["share"]), table.get("strict", False))


def build_vocabulary(declared: Mapping[str, Any], base: Norm | None) -> dict[str, Element]:
    """Every element that the requirements of a pack may name: record fields, inherited, its own."""
    vocabulary = dict(RECORD_FIELDS)
    vocabulary.update({element.key: element for element in base.vocabulary} if base else {})
    for key, table in declared.items():
        vocabulary[key] = Element(
            key=key,
            label=table.get("label", key),
            hint=table.get("hint", ""),
            min_length=table.get("min_length", 1),
        )
    return vocabulary


def build_requirement(
    table: Mapping[str, Any], vocabulary: Mapping[str, Element], origin: str
) -> Requirement:
    """A requirement from its sound table."""
    return Requirement(
        code=table["code"],
        practice_class=PracticeClass(table["class"]),
        title=table["title"],
        activity=Activity(table["activity"]),
        cadence=build_cadence(table["cadence"]),
        scope=_build_scope(table.get("scope", {})),
        attendees=Attendees(table["attendees"]),
        article=_build_article(table["article"]),
        text=_tidy(table["text"]),
        quorum=build_threshold(table.get("quorum")),
        majority=build_threshold(table.get("majority")),
        elements=_build_elements(table, vocabulary),
        guide=_tidy(table.get("guide", "")),
        model=_tidy(table.get("model", "")),
        minutes=table.get("minutes", 0),
        in_force_from=table.get("in_force_from"),
        in_force_until=table.get("in_force_until"),
        excuses_infirm=table.get("excuses_infirm", False),
        excuses_away=table.get("excuses_away", False),
        origin=origin,
    )


def tighten(
    old: Requirement, table: Mapping[str, Any], vocabulary: Mapping[str, Element], origin: str
) -> Requirement:
    """The requirement after a sound tightening; what the table does not name stays."""
    return replace(
        old,
        practice_class=PracticeClass(table.get("class", old.practice_class)),
        title=table.get("title", old.title),
        cadence=build_cadence(table["cadence"]) if "cadence" in table else old.cadence,
        article=_build_article(table["article"]),
        quorum=build_threshold(table.get("quorum")) or old.quorum,
        majority=build_threshold(table.get("majority")) or old.majority,
        elements=_merge_elements(old.elements, table, vocabulary),
        text=_tidy(table["text"]),
        guide=_tidy(table.get("guide", old.guide)),
        model=_tidy(table.get("model", old.model)),
        minutes=table.get("minutes", old.minutes),
        origin=origin,
    )


def build_norm(
    document: Mapping[str, Any],
    base: Norm | None,
    requirements: tuple[Requirement, ...],
    vocabulary: Mapping[str, Element],
) -> Norm:
    """The complete norm; documents that the extended pack rests on come first."""
    pack = document["pack"]
    labels = {**dict(base.labels if base else ()), **document.get("labels", {})}
    sources = dict.fromkeys((*(base.sources if base else ()), *pack["sources"]))
    own = (e for key, e in vocabulary.items() if key not in RECORD_FIELDS)
    return Norm(
        pack=pack["id"],
        version=pack["version"],
        title=pack["title"],
        in_force_from=pack["in_force_from"],
        in_force_until=pack.get("in_force_until"),
        labels=tuple((c, labels[c]) for c in PracticeClass),
        requirements=requirements,
        extends=pack.get("extends", ""),
        summary=_tidy(pack["summary"]),
        sources=tuple(sources),
        vocabulary=tuple(own),
    )


def _build_scope(table: Mapping[str, Any]) -> Scope:
    given = dict(table)
    given["per"] = Per(given.get("per", Per.BRANCH))
    given["fields"] = frozenset(Field(f) for f in given.get("fields", ()))
    return Scope(**given)


def _build_article(table: Mapping[str, Any]) -> Article:
    return Article(table["text"], table["source"], Certainty(table["certainty"]))


def _build_elements(
    table: Mapping[str, Any], vocabulary: Mapping[str, Element]
) -> tuple[Element, ...]:
    return tuple(
        _dress(replace(vocabulary[key], severity=severity), table)
        for name, severity in SEVERITIES.items()
        for key in table.get(name, ())
    )


def _dress(element: Element, table: Mapping[str, Any]) -> Element:
    """The element with the hint and the length that this requirement has for it."""
    hint = table.get("hints", {}).get(element.key, element.hint)
    length = table.get("lengths", {}).get(element.key, element.min_length)
    return replace(element, hint=hint, min_length=length)


def _merge_elements(
    old: tuple[Element, ...], table: Mapping[str, Any], vocabulary: Mapping[str, Element]
) -> tuple[Element, ...]:
    merged = {element.key: _dress(element, table) for element in old}
    for name, severity in SEVERITIES.items():
        for key in table.get(name, ()):
            element = merged.get(key) or _dress(vocabulary[key], table)
            merged[key] = replace(element, severity=severity)
    return tuple(merged.values())


def _tidy(text: str) -> str:
    """A text without the line breaks that only serve the file; an empty line stays a paragraph."""
    paragraphs = text.strip().split("\n\n")
    return "\n".join("".join(line.strip() for line in p.splitlines()) for p in paragraphs)
