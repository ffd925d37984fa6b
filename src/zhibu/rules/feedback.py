"""反映: what may be done with what was asked, by whom it is read, and where it goes.

A case stands by itself, is joined into another (`into`), or was sent to the level above (`above`).
What is decided on a case holds for all that hang on it; `mirror` says what each of them then is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from zhibu.rules.verdicts import Severity, Verdict

HELP_DAYS: Final = 15  # a case that has waited so long shows to the level that can help
SMALLEST_CROWD: Final = 10  # fewer people than this would let one guess who wrote without name
LONGEST_CHAIN: Final = 15  # an original shorter than this may well be said again in a summary
LONGEST_QUOTE: Final = 30  # signs in a row; longer than the title of a text that both name


class About(StrEnum):
    """Which of the four a feedback is about."""

    NORM = "norm"
    TABLE = "table"
    HANDBOOK = "handbook"
    NETWORK = "network"


class CaseState(StrEnum):
    """How a case stands."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    SENT_UP = "sent_up"
    ANSWERED = "answered"
    REFUSED = "refused"
    CLOSED = "closed"


class Act(StrEnum):
    """What can be done with a case."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    JOIN = "join"
    SPLIT = "split"
    MOVE = "move"
    TAKE = "take"  # a level above takes over what waits too long
    SEND_UP = "send_up"
    ANSWER = "answer"
    CLOSE = "close"
    REOPEN = "reopen"


class Link(StrEnum):
    """How one case hangs on another."""

    INTO = "into"
    ABOVE = "above"


OPEN: Final = frozenset({CaseState.RECEIVED, CaseState.ACCEPTED})
CONCLUDED: Final = frozenset({CaseState.ANSWERED, CaseState.REFUSED, CaseState.CLOSED})

_WHILE_OPEN: Final[Mapping[Act, CaseState | None]] = MappingProxyType(
    {
        Act.REFUSE: CaseState.REFUSED,
        Act.JOIN: None,  # stays as it is
        Act.SPLIT: CaseState.ACCEPTED,
        Act.MOVE: CaseState.RECEIVED,
        Act.TAKE: CaseState.RECEIVED,
        Act.SEND_UP: CaseState.SENT_UP,
        Act.ANSWER: CaseState.ANSWERED,
    }
)
_OTHERS: Final[Mapping[tuple[CaseState, Act], CaseState]] = MappingProxyType(
    {
        (CaseState.RECEIVED, Act.ACCEPT): CaseState.ACCEPTED,
        (CaseState.ANSWERED, Act.CLOSE): CaseState.CLOSED,
        **{(state, Act.REOPEN): CaseState.RECEIVED for state in CONCLUDED},
    }
)
TRANSITIONS: Final[Mapping[tuple[CaseState, Act], CaseState]] = MappingProxyType(
    {(state, act): after or state for state in OPEN for act, after in _WHILE_OPEN.items()}
    | dict(_OTHERS)
)
"""What a case becomes; what is not in the table cannot be done."""


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """A case as the rules see it."""

    state: CaseState
    is_joined: bool  # into another
    waiting_since: date  # since when whoever handles it has it


@dataclass(frozen=True, slots=True)
class Level:
    """An organisation on the way from the sender's own up to the root."""

    key: str
    is_branch: bool
    has_handler: bool  # somebody there handles feedback
    is_senders: bool  # the sender is one of them
    is_crowd: bool  # enough people below it that nobody can be guessed


def judge_act(facts: CaseFacts, act: Act, *, today: date) -> tuple[Verdict, ...]:
    """Why this cannot be done now; nothing where it can.

    A joined case is handled in the one that it was joined into; all that can be done with itself
    is to split it off again, and that while both are open.
    """
    if facts.is_joined and act is not Act.SPLIT:
        return (_error("FEED-01"),)
    if act is Act.SPLIT and not facts.is_joined:
        return (_error("FEED-08"),)
    if (facts.state, act) not in TRANSITIONS:
        return (_error("FEED-02", state=facts.state, act=act),)
    if act is Act.TAKE and (waited := (today - facts.waiting_since).days) < HELP_DAYS:
        return (_error("FEED-06", days=waited, limit=HELP_DAYS),)
    return ()


def next_state(state: CaseState, act: Act) -> CaseState:
    """What the case becomes. KeyError for what cannot be done."""
    return TRANSITIONS[state, act]


def mirror(state: CaseState, link: Link, held: CaseState) -> CaseState:
    """What a case is that hangs on one in `state`, when it was `held` so far.

    Joined ones are what the main one is. One that was sent up waits until the level above has
    concluded; what its own level has closed by then stays closed.
    """
    if link is Link.INTO:
        return state
    if held is CaseState.CLOSED:
        return held
    return state if state in CONCLUDED else CaseState.SENT_UP


def judge_join(
    main: CaseFacts, other: CaseFacts, *, is_same: bool, is_one_place: bool
) -> Verdict | None:
    """Why these two cannot be joined; None where they can."""
    if is_same:
        return _error("FEED-09")
    if not is_one_place:
        return _error("FEED-10")
    for facts in (main, other):
        if found := judge_act(facts, Act.JOIN, today=facts.waiting_since):
            return found[0]
    return None


def judge_summary(summary: str, originals: Iterable[str]) -> Verdict | None:
    """Why this summary cannot be shown to others; None where it can.

    It is what everybody reads, so it says the matter in the office's own words: what was written to
    the office alone is not copied into it.
    """
    said = _bare(summary)
    if not said:
        return _error("FEED-04")
    for original in originals:
        text = _bare(original)
        if len(text) >= LONGEST_CHAIN and (text in said or _quotes(said, text)):
            return _error("FEED-05")
    return None


def _quotes(said: str, original: str) -> bool:
    """Whether a long run of the original stands in what is said."""
    starts = range(len(original) - LONGEST_QUOTE + 1)
    return any(original[start : start + LONGEST_QUOTE] in said for start in starts)


def judge_presence(*, is_here: bool) -> Verdict | None:
    """Whether the case is still where whoever acts on it saw it."""
    return None if is_here else _error("FEED-13")


def judge_sending_up(*, is_highest: bool) -> Verdict | None:
    """Whether there is a level above that handles feedback."""
    return _error("FEED-03") if is_highest else None


def judge_reopening(*, is_used: bool) -> Verdict | None:
    """Whether this asker may ask once more; each may once."""
    return _error("FEED-07") if is_used else None


def judge_waiting(waiting_since: date, today: date) -> Verdict:
    """How long a case has waited where it is, and whether the level above should help."""
    waited = max((today - waiting_since).days, 0)
    if waited < HELP_DAYS:
        return Verdict("FEED-11", Severity.NOTE, facts={"days": waited})
    return Verdict("FEED-12", Severity.WARNING, facts={"days": waited, "limit": HELP_DAYS})


def offer_levels(levels: Sequence[Level]) -> tuple[Level, ...]:
    """To whom a feedback with a name may go, the nearest first: own level, and the one above.

    `levels` lead from the sender's own organisation up to the root. Nobody writes to themselves;
    where nobody handles feedback at all it waits at the top, where somebody will be found for it.
    """
    fit = [level for level in levels if level.has_handler and not level.is_senders]
    return tuple(fit[:2]) or _last_resort(levels)


def level_without_name(levels: Sequence[Level]) -> Level | None:
    """To whom a feedback without a name goes; None where there is no organisation at all.

    Never to a branch that has a level above it: the nearest one with enough people that none can be
    guessed, or else as high as there is somebody; where nobody is, it waits at the top.
    """
    above = [level for level in levels if not level.is_branch] or levels
    fit = [level for level in above if level.has_handler and not level.is_senders]
    crowds = [level for level in fit if level.is_crowd]
    resort = crowds[:1] or fit[-1:] or _last_resort(above)
    return resort[0] if resort else None


def _last_resort(levels: Sequence[Level]) -> tuple[Level, ...]:
    handled = [level for level in levels if level.has_handler]
    return tuple(handled[-1:] or levels[-1:])


def _bare(text: str) -> str:
    """Only what carries meaning: no blanks, no punctuation."""
    return re.sub(r"[\W_]+", "", text).casefold()


def _error(rule: str, **facts: object) -> Verdict:
    return Verdict(rule, Severity.ERROR, facts=MappingProxyType(facts))
