"""What an asker sees: the form, what they sent, its course, and what has changed for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from django import forms
from django.core.paginator import Page
from django.urls import Resolver404, resolve

from zhibu.network.feedback.models import Case, Feedback, Step
from zhibu.network.feedback.queries import short_about, steps_of
from zhibu.network.feedback.services import Place
from zhibu.norms.facts import norm_of
from zhibu.norms.queries import find_version
from zhibu.rules.feedback import CONCLUDED, OPEN, About, CaseState
from zhibu.rules.wording import label
from zhibu.web.frame import section_of

_ABOUT: Final = MappingProxyType(
    {
        "norm": About.NORM,
        "plan": About.TABLE,
        "line": About.TABLE,
        "record": About.HANDBOOK,
        "attachment": About.HANDBOOK,
        "book": About.HANDBOOK,
        "seal": About.HANDBOOK,
    }
)
# A state of a case as the marks of the style sheet show it: a word and a shape.
MARKS: Final = MappingProxyType(
    {
        CaseState.RECEIVED: "upcoming",
        CaseState.ACCEPTED: "open",
        CaseState.SENT_UP: "due_soon",
        CaseState.ANSWERED: "done",
        CaseState.REFUSED: "waived",
        CaseState.CLOSED: "done",
    }
)


def place_of(path: str) -> Place:
    """What stands at this address of ours: which of the four, which requirement, which page."""
    try:
        match = resolve(path.partition("?")[0])
    except Resolver404:
        return Place(About.NETWORK)
    word = (match.url_name or "").partition("-")[0]
    place = Place(_ABOUT.get(word, About.NETWORK), page=word[:40], address=path[:300])
    if match.url_name != "norm-requirement":
        return place
    pack, version, code = (str(match.kwargs[key]) for key in ("pack", "version", "code"))
    found = None if "\x00" in pack + version else find_version(pack, version)
    requirement = norm_of(found).requirement(code) if found else None
    if requirement is None:
        return place
    return Place(place.about, pack, code, requirement.title[:200], word, place.address)


def word_place(place: Place | Case) -> str:
    """What it is about: the requirement by its title, or the page."""
    if place.code:
        return f"规定“{place.title}”"
    section = section_of(place.page)
    return f"“{section}”页面" if section else ""


@dataclass(frozen=True, slots=True)
class NewPage:
    """The form, and where one stood."""

    form: forms.Form
    subject: str
    back: str


@dataclass(frozen=True, slots=True)
class SentPage:
    """The code, shown once."""

    code: str
    to: str
    back: str


@dataclass(frozen=True, slots=True)
class Row:
    """One case in a list."""

    case: Case
    about: str
    subject: str
    state: str
    mark: str


def build_row(case: Case) -> Row:
    """A case in words."""
    state = CaseState(case.state)
    return Row(case, short_about(case.about), word_place(case), label(state), MARKS[state])


@dataclass(frozen=True, slots=True)
class MinePage:
    """What was sent with the name."""

    rows: Page[Any]
    items: tuple[tuple[Feedback, Row], ...]


def build_mine(rows: Page[Any]) -> MinePage:
    """One's own, the newest first."""
    return MinePage(rows, tuple((row, build_row(row.case)) for row in rows))


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step in words."""

    step: Step
    who: str
    did: str
    text: str


@dataclass(frozen=True, slots=True)
class CoursePage:
    """One's own text and what was done with it, with the form to ask once more."""

    feedback: Feedback
    row: Row
    steps: tuple[StepRow, ...]
    next_step: str
    may_ask_again: bool
    again: forms.Form
    code: str = ""  # as it was typed, for asking again


_NEXT: Final = MappingProxyType(
    {
        CaseState.RECEIVED: "等待{where}受理，有进展会在这里显示。",
        CaseState.ACCEPTED: "{where}正在办理，答复会在这里显示。",
        CaseState.SENT_UP: "{where}已报上级，上级的答复会在这里显示。",
        CaseState.ANSWERED: "已经答复。改进情况办结后会在这里显示。",
        CaseState.REFUSED: "没有采纳，理由见下。",
        CaseState.CLOSED: "已经办结，改进情况见下。",
    }
)


def build_course(feedback: Feedback, again: forms.Form, *, code: str = "") -> CoursePage:
    """The course of one feedback, for its asker."""
    case = feedback.case
    state = CaseState(case.state)
    may_ask = state in CONCLUDED and feedback.reopened_on is None
    told = _NEXT[state].format(where=case.organization.short_name)
    if may_ask:
        told += "仍未解决的，可以要求继续办理一次。"
    return CoursePage(
        feedback, build_row(case), word_steps(steps_of(case.pk)), told, may_ask, again, code
    )


def word_steps(steps: Sequence[Step]) -> tuple[StepRow, ...]:
    """The steps in words: which organisation did what, and what it said."""
    return tuple(
        StepRow(
            step,
            step.organization.short_name if step.organization else "",
            _did(step),
            step.text,
        )
        for step in steps
    )


def _did(step: Step) -> str:
    kind = Step.Kind(step.kind)
    if kind is Step.Kind.MOVED and step.to:
        return f"移交给{step.to.short_name}"
    if kind is Step.Kind.SENT_UP and step.to:
        return f"报{step.to.short_name}"
    return str(kind.label)


@dataclass(frozen=True, slots=True)
class ImprovementsPage:
    """What was asked and what changed because of it."""

    rows: Page[Any]
    items: tuple[Row, ...]
    form: forms.Form


def is_in_hand(case: Case) -> bool:
    """Whether it waits for its organisation."""
    return CaseState(case.state) in OPEN
