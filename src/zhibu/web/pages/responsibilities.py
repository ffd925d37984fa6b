"""责任清单: what each post has to do and how that stands, with its reason and where it was read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.core.paginator import Page
from django.urls import reverse

from zhibu.network.responsibilities.facts import Holder, shipped_list
from zhibu.org.models import Organization
from zhibu.org.reach import Reach
from zhibu.people.roles import Verb
from zhibu.rules.labels import label
from zhibu.rules.responsibilities import Fulfilment, Judged, Measure, count_states
from zhibu.rules.verdicts import Verdict
from zhibu.rules.wording import say_article
from zhibu.web.pages.forms import Crumb
from zhibu.web.pages.sources import opens

MARKS: Final[Mapping[Fulfilment, str]] = {
    Fulfilment.MET: "done",
    Fulfilment.UNDER_WAY: "open",
    Fulfilment.NOT_YET: "overdue",
    Fulfilment.IDLE: "waived",
    Fulfilment.UNKNOWN: "waived",
    Fulfilment.OWN: "waived",
}
"""The shape that goes with each state's word."""


@dataclass(frozen=True, slots=True)
class Item:
    """One responsibility: what, on what ground, how it stands, why, and where that is read."""

    title: str
    text: str
    article: str
    word: str
    mark: str
    is_behind: bool
    verdict: Verdict
    link: str
    link_label: str


@dataclass(frozen=True, slots=True)
class PostCard:
    """One post with all it has to do."""

    title: str
    name: str
    organization: Organization
    counts: tuple[tuple[str, str, int], ...]  # mark, word, how many
    items: tuple[Item, ...]

    @property
    def behind(self) -> tuple[Item, ...]:
        """What is overdue, for a list that shows no more."""
        return tuple(item for item in self.items if item.is_behind)


@dataclass(frozen=True, slots=True)
class MinePage:
    """The posts of the person who is signed in."""

    cards: tuple[PostCard, ...]
    list_title: str
    summary: str
    day: date
    advice: str


@dataclass(frozen=True, slots=True)
class Group:
    """An organisation right below, with its posts in short."""

    organization: Organization
    address: str
    cards: tuple[PostCard, ...]


@dataclass(frozen=True, slots=True)
class ListPage:
    """The posts of an organisation in full, those right below in short, in the order of the tree."""

    organization: Organization
    crumbs: tuple[Crumb, ...]
    cards: tuple[PostCard, ...]
    groups: tuple[Group, ...]
    rows: Page[Organization]
    is_first: bool
    summary: str
    day: date


def build_mine(holders: Iterable[Holder], reach: Reach, day: date) -> MinePage:
    """The page of one's own posts."""
    cards = tuple(_card(holder, reach, day) for holder in holders)
    known = shipped_list()
    behind = sum(len(card.behind) for card in cards)
    if not cards:
        advice = "您目前没有列入责任清单的岗位。"
    elif behind:
        advice = f"有{behind}项责任已经逾期，请先看标明“尚未落实”的。"
    else:
        advice = "没有逾期的责任事项。"
    return MinePage(cards, known.title, known.summary, day, advice)


def build_list(
    organization: Organization,
    rows: Page[Organization],
    holders: Iterable[Holder],
    reach: Reach,
    day: date,
    crumbs: tuple[Crumb, ...],
) -> ListPage:
    """The page of an organisation. `rows` are itself and those right below."""
    cards: dict[Any, list[PostCard]] = {}
    for holder in holders:
        cards.setdefault(holder.organization.pk, []).append(_card(holder, reach, day))
    below = [one for one in rows if one.pk != organization.pk]
    return ListPage(
        organization=organization,
        crumbs=crumbs,
        cards=tuple(cards.get(organization.pk, ())),
        groups=tuple(
            Group(
                one,
                reverse("responsibility-list", args=(one.pk,)),
                tuple(cards.get(one.pk, ())),
            )
            for one in below
        ),
        rows=rows,
        is_first=rows.number == 1,
        summary=shipped_list().summary,
        day=day,
    )


def _card(holder: Holder, reach: Reach, day: date) -> PostCard:
    counted = count_states(holder.judged)
    return PostCard(
        title=holder.post.title,
        name=holder.name,
        organization=holder.organization,
        counts=tuple((MARKS[state], label(state), number) for state, number in counted.items()),
        items=tuple(_item(judged, holder, reach, day) for judged in holder.judged),
    )


def _item(judged: Judged, holder: Holder, reach: Reach, day: date) -> Item:
    asked = judged.responsibility
    name, address = _link(asked.measure, holder, reach, day)
    return Item(
        title=asked.title,
        text=asked.text,
        article=say_article(asked.article),
        word=label(judged.state),
        mark=MARKS[judged.state],
        is_behind=judged.state is Fulfilment.NOT_YET,
        verdict=judged.verdict,
        link=address,
        link_label=name,
    )


_Args = Callable[[Holder, date], tuple[Any, ...]]


def _of_year(holder: Holder, day: date) -> tuple[Any, ...]:
    return (holder.organization.pk, day.year)


def _of_organization(holder: Holder, _day: date) -> tuple[Any, ...]:
    return (holder.organization.pk,)


# Where it was read: the name of the page, its address, who may open it.
_LINKS: Final[Mapping[Measure, tuple[str, str, _Args, Verb]]] = {
    Measure.TABLE: ("安排表", "plan", _of_year, Verb.SEE_BRANCH),
    Measure.LINES: ("安排表", "plan", _of_year, Verb.SEE_BRANCH),
    Measure.ALL_LINES: ("安排表", "plan", _of_year, Verb.SEE_BRANCH),
    Measure.BELOW_LINES: ("逾期清单", "overview-overdue", _of_organization, Verb.SEE_OVERVIEW),
    Measure.OWN_LESSON: ("记录", "record-list", _of_organization, Verb.SEE_BRANCH),
    Measure.OWN_TALKS: ("记录", "record-list", _of_organization, Verb.SEE_BRANCH),
    Measure.OWN_LIFE: ("记录", "record-list", _of_organization, Verb.SEE_BRANCH),
    Measure.SEALS: ("手册", "book", _of_year, Verb.SEE_BRANCH),
    Measure.COUNTERSIGNS: ("总览", "overview", _of_organization, Verb.SEE_OVERVIEW),
    Measure.TEXTS: ("传达", "text-list", _of_organization, Verb.SEE_REACH),
    Measure.TASKS: ("任务", "task-list", _of_organization, Verb.SEE_BRANCH),
    Measure.OWN_TASKS: ("任务", "task-list", _of_organization, Verb.SEE_BRANCH),
    Measure.FEEDBACK: ("意见反映", "feedback-desk", _of_organization, Verb.ANSWER_FEEDBACK),
    Measure.REPORT: ("月度工作报告", "report-list", _of_organization, Verb.SEE_OVERVIEW),
}
_OF_HOME: Final = frozenset({Measure.OWN_LESSON, Measure.OWN_TALKS, Measure.OWN_LIFE})


def _link(measure: Measure, holder: Holder, reach: Reach, day: date) -> tuple[str, str]:
    if measure not in _LINKS:
        return "", ""
    if measure in _OF_HOME and holder.home != holder.organization.pk:
        return "", ""  # records of a branch that is not the one on this page
    name, page, args, verb = _LINKS[measure]
    if not opens(reach, verb, holder.organization.path):
        return "", ""
    return name, reverse(page, args=args(holder, day))
