"""What every page shows around its own content: who is signed in, where they are, where they can go."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest

from zhibu.org.models import Organization
from zhibu.org.reach import Hold
from zhibu.people.roles import LABELS, TABLE, Verb
from zhibu.web import clock
from zhibu.web.access import reach
from zhibu.web.addresses import address_of
from zhibu.web.entry.seats import can_switch, chosen_first, is_chosen

# Where each page belongs, by the first word of its address's name. A page of another year, of one
# line or of one record belongs where the list of them is.
_SECTIONS: Final = MappingProxyType(
    {
        "branch": "今天",
        "plan": "安排表",
        "line": "安排表",
        "record": "记录",
        "attachment": "记录",
        "book": "手册",
        "seal": "手册",
        "overview": "总览",
        "report": "更多",
        "responsibility": "更多",
        "organization": "组织",
        "appoint": "组织",
        "relieve": "组织",
        "roster": "组织",
        "transfers": "组织",
        "member": "组织",
        "spell": "组织",
        "activist": "组织",
        "import": "组织",
        "imports": "组织",
        "choices": "组织",
        "robots": "更多",
        "robot": "更多",
        "correction": "组织",
        "accounts": "账号",
        "account": "账号",
        "invitations": "账号",
        "grants": "授权",
        "grant": "授权",
        "ledger": "台账",
        "norm": "规范",
        "task": "任务",
        "assignment": "任务",
        "text": "传达",
        "theme": "更多",
        "feedback": "更多",
        "feeds": "更多",
        "feed": "更多",
        "more": "更多",
        "own": "更多",
    }
)
_IN_A_BRANCH: Final = frozenset({"今天", "安排表", "记录", "手册"})


@dataclass(frozen=True, slots=True)
class Way:
    """One entry of the navigation."""

    label: str
    address: str
    is_here: bool
    is_near: bool = True  # on a telephone the others are behind 更多


_NEAR: Final = 4  # entries at the foot of a telephone, beside 更多


def frame(request: HttpRequest) -> dict[str, Any]:
    """The values of the frame; nothing for those who are not signed in."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"ways": (), "today": clock.today()}
    branch, above = _places(request)
    seat = branch or above or next(iter(chosen_first(request, reach(request).holds)), None)
    return {
        "ways": _ways(request, branch, above),
        "seat": seat,
        "can_switch": can_switch(request),
        "role_label": LABELS[seat.role] if seat else "",
        "branch_ways": _branch_ways(request, branch),
        "session_seconds": settings.SESSION_COOKIE_AGE,
        "writes": branch if branch and Verb.DRAFT_RECORD in TABLE[branch.role] else None,
        "today": clock.today(),
    }


def landing(request: HttpRequest) -> str:
    """The address where this person's work is; empty for one without any role."""
    ways = _ways(request, *_places(request))
    return ways[0].address if ways else ""


def _places(request: HttpRequest) -> tuple[Hold | None, Hold | None]:
    """The branch that the person works in, and the level above that they look from.

    Whoever has chosen a seat has only that one, as long as they hold something there.
    """
    branch, above = _seat(request, branch=True), _seat(request, branch=False)
    if not any(is_chosen(request, hold) for hold in reach(request).holds):
        return branch, above
    return (
        branch if branch and is_chosen(request, branch) else None,
        above if above and is_chosen(request, above) else None,
    )


def _seat(request: HttpRequest, *, branch: bool) -> Hold | None:
    lower = {Organization.Kind.BRANCH, Organization.Kind.GROUP}
    verb = Verb.SEE_BRANCH if branch else Verb.SEE_OVERVIEW
    for hold in chosen_first(request, reach(request).with_verb(verb)):
        if (hold.kind in lower) is branch:
            return hold
    return None


def _ways(request: HttpRequest, branch: Hold | None, above: Hold | None) -> tuple[Way, ...]:
    year = clock.today().year
    offers: list[tuple[str, str, tuple[Any, ...]]] = []
    if branch is not None:
        key = branch.seat_id
        offers += [
            ("今天", "branch-home", (key,)),
            ("安排表", "plan", (key, year)),
            ("记录", "record-list", (key,)),
            _text_way(request, branch),
            ("任务", "task-list", (key,)),
            ("手册", "book", (key, year)),
        ]
    if above is not None:
        offers.append(("总览", "overview", (above.organization_id,)))
        if branch is None and reach(request).may(Verb.SEE_REACH, above.path):
            offers.append(_text_way(request, above))
        if branch is None and reach(request).may(Verb.SEE_BRANCH, above.path):
            offers.append(("任务", "task-list", (above.organization_id,)))
    for label, name, verb in (
        ("账号", "accounts", Verb.EDIT_ACCOUNTS),
        ("授权", "grants", Verb.GRANT),
        ("组织", "organization", Verb.SEE_ORGANIZATION),
    ):
        hold = next(iter(chosen_first(request, reach(request).with_verb(verb))), None)
        if hold is not None:
            offers.append((label, name, () if name == "accounts" else (hold.organization_id,)))
    if reach(request).has(Verb.SEE_LEDGER):
        offers.append(("台账", "ledger", ()))
    offers.append(("规范", "norm-list", ()))
    offers.append(("更多", "more", ()))
    here = _section(request, {label for label, _, _ in offers})
    last = len(offers) - 1
    return tuple(
        Way(label, address_of(name, *args), label == here, at < _NEAR or at == last)
        for at, (label, name, args) in enumerate(offers)
    )


def _text_way(request: HttpRequest, hold: Hold) -> tuple[str, str, tuple[Any, ...]]:
    """传达: the organisation's for those who look after it, else what is for oneself to read."""
    if reach(request).may(Verb.SEE_REACH, hold.seat):
        return ("传达", "text-list", (hold.seat_id,))
    return ("传达", "text-reading", ())


def _branch_ways(request: HttpRequest, own: Hold | None) -> tuple[Way, ...]:
    """The pages of the branch that is looked at from above: its own people have them on top."""
    match = getattr(request, "resolver_match", None)
    key = match.kwargs.get("branch") if match else None
    if key is None or (own is not None and own.seat_id == key):
        return ()
    if not reach(request).has(Verb.SEE_BRANCH):
        return ()
    year = match.kwargs.get("year", clock.today().year) if match else 0
    here = _page_section(request)
    return tuple(
        Way(label, address_of(name, *args), section == here)
        for label, section, name, args in (
            ("本月情况", "今天", "branch-home", (key,)),
            ("安排表", "安排表", "plan", (key, year)),
            ("记录", "记录", "record-list", (key,)),
            ("手册", "手册", "book", (key, year)),
        )
    )


def _section(request: HttpRequest, offered: set[str]) -> str:
    """The entry that the page belongs to; whoever looks from above comes to a branch by 总览."""
    section = _page_section(request)
    return "总览" if section in _IN_A_BRANCH and section not in offered else section


def _page_section(request: HttpRequest) -> str:
    match = getattr(request, "resolver_match", None)
    return section_of((match.url_name or "").partition("-")[0]) if match else ""


def section_of(word: str) -> str:
    """Where the pages belong whose names begin with this word; empty where nowhere."""
    return _SECTIONS.get(word, "")
