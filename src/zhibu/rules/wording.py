"""The Chinese sentence for every verdict, and the catalogue of all rules for the documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from zhibu.rules.labels import FIELD_LABELS, label, labels_of
from zhibu.rules.phrases import (
    say_cadence,
    say_date,
    say_moment,
    say_months,
    say_scope,
    say_threshold,
    say_value,
)
from zhibu.rules.verdicts import Article, Certainty, Verdict
from zhibu.rules.wording_table import RULE_TABLE

__all__ = [
    "FIELD_LABELS",
    "RULES",
    "RuleText",
    "label",
    "labels_of",
    "nest_quotes",
    "say",
    "say_article",
    "say_cadence",
    "say_date",
    "say_moment",
    "say_months",
    "say_scope",
    "say_threshold",
    "say_value",
]


@dataclass(frozen=True, slots=True)
class RuleText:
    """One rule in words: its stable id, a short title, and the sentence with places for facts."""

    id: str
    title: str
    template: str


RULES: Mapping[str, RuleText] = {
    rule: RuleText(rule, title, template) for rule, title, template in RULE_TABLE
}
"""Every rule of the core by its id, in the order of the documents."""


def say(verdict: Verdict) -> str:
    """The sentence of a verdict. KeyError for a rule that has no words."""
    return nest_quotes(RULES[verdict.rule].template.format_map(_Worded(verdict.facts)))


def nest_quotes(sentence: str) -> str:
    """“ ” inside “ ” become ‘ ’, as print wants it; a sentence with a quote left open stays."""
    said, depth = [], 0
    for char in sentence:
        depth -= char == "”"
        if depth < 0:
            return sentence
        is_inner = depth > 0 and char in _INNER_QUOTES
        said.append(_INNER_QUOTES[char] if is_inner else char)
        depth += char == "“"
    return sentence if depth else "".join(said)


_INNER_QUOTES: Final = MappingProxyType({"“": "‘", "”": "’"})


def say_article(article: Article | None) -> str:
    """Where a demand comes from, with its doubt where the text was not seen; "" for none."""
    if article is None or not article.text:
        return ""
    if article.certainty is Certainty.SEEN:
        return article.text
    return f"{article.text}（{label(article.certainty)}）"


def _in_brackets(value: object) -> str:
    words = say_value(value)
    return f"（{words}）" if words else ""


def _as_hint(value: object) -> str:
    words = say_value(value)
    return f"{words.rstrip('。')}。" if words else ""


def _as_reason(value: object) -> str:
    words = say_value(value)
    return f"理由：{words.rstrip('。')}。" if words else ""


def _as_quote(value: object) -> str:
    """A text cut to a length that a sentence bears."""
    words = say_value(value)
    return words if len(words) <= _LONGEST_QUOTE else words[:_LONGEST_QUOTE] + "…"


_LONGEST_QUOTE = 40

_BY_NAME: Mapping[str, Callable[[Any], str]] = {
    "months": say_months,
    "group": _in_brackets,
    "hint": _as_hint,
    "reason": _as_reason,
    "text": _as_quote,
    "name": _as_quote,
}
"""Facts that are said in a way of their own; an empty one leaves no empty brackets behind."""


class _Worded(dict[str, str]):
    """Facts in words, made as the template asks for them; a missing one is left out."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        super().__init__()
        self._facts = facts

    def __missing__(self, key: str) -> str:
        value = self._facts.get(key)
        return _BY_NAME.get(key, say_value)(value if value is not None else "")
