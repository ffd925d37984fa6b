"""What those see who handle feedback: the desk, a case with all that can be done, what waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django import forms
from django.core.paginator import Page
from django.urls import reverse

from zhibu.network.feedback import queries
from zhibu.network.feedback.models import Case
from zhibu.network.feedback.queries import Original
from zhibu.org.models import Organization
from zhibu.rules.feedback import CONCLUDED, HELP_DAYS, OPEN, CaseState, judge_waiting
from zhibu.rules.verdicts import Severity, Verdict
from zhibu.rules.wording import label
from zhibu.web.forms.feedback import (
    AnswerForm,
    CloseForm,
    JoinForm,
    MoveForm,
    RefusalForm,
    SendUpForm,
    SplitForm,
    SummaryForm,
)
from zhibu.web.pages.feedback import Row, StepRow, build_row, word_place, word_steps
from zhibu.web.pages.forms import Crumb

MOST_TARGETS: Final = 200
MOST_OTHERS: Final = 50
_SHORT: Final = 60


@dataclass(frozen=True, slots=True)
class DeskRow:
    """One case on the desk."""

    row: Row
    said: str  # the summary, or how what was written begins
    waiting: Verdict | None


@dataclass(frozen=True, slots=True)
class DeskPage:
    """The cases of one organisation."""

    organization: Organization
    rows: Page[Any]
    items: tuple[DeskRow, ...]
    form: forms.Form
    counts: tuple[tuple[str, str, int], ...]  # state, its word, how many
    below: int  # that wait too long directly below
    next_step: str
    is_filtered: bool


def build_desk(
    organization: Organization, rows: Page[Any], form: forms.Form, *, today: date, below: int
) -> DeskPage:
    """The desk, the longest waiting first."""
    texts = queries.first_texts(list(rows), organization)
    counted = queries.counts_of_desk(organization)
    counts = tuple((s.value, label(s), counted[s]) for s in CaseState if counted.get(s))
    new, answered = counted.get(CaseState.RECEIVED, 0), counted.get(CaseState.ANSWERED, 0)
    told = "没有等待办理的反映。"
    if new:
        told = f"有{new}件等待受理，请先看等得最久的。"
    elif counted.get(CaseState.ACCEPTED):
        told = "已受理的请尽快答复；本级办不了的，写明摘要报上级。"
    elif answered:
        told = f"有{answered}件已经答复，改进落实后请办结，让大家看到改进了什么。"
    return DeskPage(
        organization=organization,
        rows=rows,
        items=tuple(_desk_row(case, texts.get(case.pk, ""), today) for case in rows),
        form=form,
        counts=counts,
        below=below,
        next_step=told,
        is_filtered=any(form.data.get(name) for name in form.fields),
    )


def _desk_row(case: Case, text: str, today: date) -> DeskRow:
    begun = text if len(text) <= _SHORT else text[:_SHORT] + "…"
    is_open = CaseState(case.state) in OPEN
    return DeskRow(
        build_row(case),
        case.summary or begun or "（还没有摘要）",
        judge_waiting(case.waiting_since, today) if is_open else None,
    )


@dataclass(frozen=True, slots=True)
class Do:
    """One thing that can be done with the case: its form and where it is sent."""

    act: str
    title: str
    form: forms.Form
    address: str
    submit: str
    is_open: bool  # shown unfolded: it was sent and is wrong
    is_main: bool = False


@dataclass(frozen=True, slots=True)
class CasePage:
    """A case, as its own organisation sees it."""

    row: Row
    subject: str
    originals: tuple[Original, ...]
    hidden: int  # askers whose words this organisation does not read
    steps: tuple[StepRow, ...]
    others: tuple[str, ...]  # addresses of joined ones whose words are not read here
    main_address: str  # where a joined one is handled
    may_accept: bool
    dos: tuple[Do, ...]
    targets: tuple[str, ...]  # names offered for moving
    waiting: Verdict | None
    next_step: str
    crumbs: tuple[Crumb, ...]


_TITLES: Final[Mapping[str, tuple[str, str]]] = {
    "summarize": ("写摘要", "保存摘要"),
    "join": ("与相近的事项合并", "合并办理"),
    "answer": ("答复", "答复"),
    "up": ("报上级", "报上级"),
    "move": ("移交", "移交"),
    "refuse": ("不予采纳", "不予采纳"),
    "close": ("办结", "办结"),
    "split": ("拆分", "拆出单独办理"),
}


def _do(case: Case, act: str, form: forms.Form, *, is_main: bool = False) -> Do:
    title, submit = _TITLES[act]
    address = reverse(f"feedback-{act}", args=[case.pk])
    return Do(act, title, form, address, submit, is_open=form.is_bound, is_main=is_main)


def build_case(
    case: Case, sent: Mapping[str, forms.Form], *, today: date, targets: tuple[str, ...]
) -> CasePage:
    """A case; `sent` holds the forms that came back wrong, by what they do."""
    state = CaseState(case.state)
    originals = tuple(queries.originals_of(case))
    likes = tuple(_like(*pair) for pair in _likes(case)) if _is_in_hand(case) else ()
    return CasePage(
        row=build_row(case),
        subject=word_place(case),
        originals=originals,
        hidden=max(case.asked - len(originals), 0),
        steps=word_steps(queries.steps_of(case.pk)),
        others=_others(case, originals),
        main_address=reverse("feedback-case", args=[case.into_id]) if case.into_id else "",
        may_accept=state is CaseState.RECEIVED and case.into_id is None,
        dos=_dos(case, state, likes, sent),
        targets=targets,
        waiting=judge_waiting(case.waiting_since, today) if _is_in_hand(case) else None,
        next_step=_next_step(case, state, has_likes=bool(likes)),
        crumbs=(Crumb("办理反映", reverse("feedback-desk", args=[case.organization_id])),),
    )


def _others(case: Case, originals: tuple[Original, ...]) -> tuple[str, ...]:
    read = {one.case_id for one in originals}
    keys = case.joined.exclude(pk__in=read).values_list("pk", flat=True)[:MOST_OTHERS]
    return tuple(reverse("feedback-case", args=[key]) for key in keys)


def _is_in_hand(case: Case) -> bool:
    return case.into_id is None and CaseState(case.state) in OPEN


def _likes(case: Case) -> list[tuple[Case, str]]:
    found = queries.like_ones(case)
    texts = queries.first_texts(found, case.organization)
    return [(each, texts.get(each.pk, "")) for each in found]


def _like(case: Case, text: str) -> tuple[str, str]:
    """The key, and what is said of it: what it is about, and how it begins."""
    said, place = case.summary or text or "（还没有摘要）", word_place(case)
    shown = said if len(said) <= _SHORT else said[:_SHORT] + "…"
    return str(case.pk), f"{place}：{shown}" if place else shown


def _dos(
    case: Case, state: CaseState, likes: tuple[tuple[str, str], ...], sent: Mapping[str, forms.Form]
) -> tuple[Do, ...]:
    offers = _offers(case, state, likes)
    # What came back shows what was typed and why not, also where it can no longer be done.
    offers |= sent
    if isinstance(again := offers.get("join"), JoinForm):
        again.offer(likes)
    return tuple(_do(case, act, form, is_main=act == "close") for act, form in offers.items())


def _offers(
    case: Case, state: CaseState, likes: tuple[tuple[str, str], ...]
) -> dict[str, forms.Form]:
    summary = {"summary": case.summary}
    if case.into_id is not None:
        return {"split": SplitForm()} if state in OPEN else {}
    if state is CaseState.ANSWERED:
        return {"close": CloseForm(initial=summary)}
    if state not in OPEN:
        return {}
    offers: dict[str, forms.Form] = {
        "answer": AnswerForm(),
        "up": SendUpForm(initial=summary),
        "join": JoinForm(cases=likes),
        "summarize": SummaryForm(initial=summary),
        "move": MoveForm(initial=summary),
        "refuse": RefusalForm(),
    }
    if not likes:
        del offers["join"]
    return offers


def _next_step(case: Case, state: CaseState, *, has_likes: bool) -> str:
    if case.into_id is not None:
        return "已并入另一件事项，在那一件中一并办理。"
    if state is CaseState.RECEIVED:
        more = "；下面有相近的事项，相同的可以合并办理。" if has_likes else "，再答复或者报上级。"
        return f"请先受理{more}"
    if state is CaseState.ACCEPTED:
        return "请答复；本级办不了的，写明摘要报上级。"
    if state is CaseState.SENT_UP:
        return "已报上级，上级的答复会同时送到反映人。"
    if state is CaseState.ANSWERED:
        return "已经答复。改进落实后请办结，写明改进了什么，摘要和改进情况大家都能看到。"
    return "已经办理完毕。" if state in CONCLUDED else ""


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """One organisation where something waits."""

    organization: Organization
    received: int
    accepted: int
    since: date
    verdict: Verdict
    is_long: bool


@dataclass(frozen=True, slots=True)
class LateRow:
    """One case directly below that waits too long."""

    case: Case
    about: str
    subject: str
    verdict: Verdict
    take: str  # the address, where one may take it over


@dataclass(frozen=True, slots=True)
class WaitingPage:
    """How long what is open has been waiting at each level, in the order of the tree."""

    organization: Organization
    rows: Page[Any]
    items: tuple[WaitingRow, ...]
    late: Page[Any]
    late_items: tuple[LateRow, ...]
    limit: int


def build_waiting(
    organization: Organization, rows: Page[Any], late: Page[Any], *, today: date, may_take: bool
) -> WaitingPage:
    """Counts and days, no text: a level above sees that something waits, and not what was written."""
    return WaitingPage(
        organization=organization,
        rows=rows,
        items=tuple(_waiting_row(row, today) for row in rows),
        late=late,
        late_items=tuple(
            LateRow(
                case,
                build_row(case).about,
                word_place(case),
                judge_waiting(case.waiting_since, today),
                reverse("feedback-take", args=[case.pk]) if may_take else "",
            )
            for case in late
        ),
        limit=HELP_DAYS,
    )


def _waiting_row(row: Any, today: date) -> WaitingRow:
    verdict = judge_waiting(row.oldest, today)
    is_long = verdict.severity is Severity.WARNING
    return WaitingRow(row, row.received, row.accepted, row.oldest, verdict, is_long)
