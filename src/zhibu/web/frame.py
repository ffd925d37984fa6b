"""What every page shows around its own content: who is signed in, where they are, where they can go."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse

from zhibu.org.models import Organization
from zhibu.org.reach import Hold
from zhibu.people.roles import LABELS, Verb
from zhibu.web import clock
from zhibu.web.access import reach

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
        "organization": "组织",
        "appoint": "组织",
        "relieve": "组织",
        "roster": "组织",
        "member": "组织",
        "spell": "组织",
        "accounts": "账号",
        "account": "账号",
        "grants": "授权",
        "grant": "授权",
        "ledger": "台账",
        "norm": "规范",
    }
)
_IN_A_BRANCH: Final = frozenset({"今天", "安排表", "记录", "手册"})


@dataclass(frozen=True, slots=True)
class Way:
    """One entry of the navigation."""

    label: str
    address: str
    is_here: bool


def frame(request: HttpRequest) -> dict[str, Any]:
    """The values of the frame; nothing for those who are not signed in."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"ways": (), "today": clock.today()}
    branch, above = _seat(request, branch=True), _seat(request, branch=False)
    seat = branch or above or next(iter(reach(request).holds), None)
    return {
        "ways": _ways(request, branch, above),
        "seat": seat,
        "role_label": LABELS[seat.role] if seat else "",
        "today": clock.today(),
    }


def landing(request: HttpRequest) -> str:
    """The address where this person's work is; empty for one without any role."""
    ways = _ways(request, _seat(request, branch=True), _seat(request, branch=False))
    return ways[0].address if ways else ""


def _seat(request: HttpRequest, *, branch: bool) -> Hold | None:
    """The branch that the person works in, or the level above that they look from."""
    lower = {Organization.Kind.BRANCH, Organization.Kind.GROUP}
    verb = Verb.SEE_BRANCH if branch else Verb.SEE_OVERVIEW
    for hold in reach(request).with_verb(verb):
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
            ("手册", "book", (key, year)),
        ]
    if above is not None:
        offers.append(("总览", "overview", (above.organization_id,)))
    for label, name, verb in (
        ("账号", "accounts", Verb.EDIT_ACCOUNTS),
        ("授权", "grants", Verb.GRANT),
        ("组织", "organization", Verb.SEE_ORGANIZATION),
    ):
        hold = next(iter(reach(request).with_verb(verb)), None)
        if hold is not None:
            offers.append((label, name, () if name == "accounts" else (hold.organization_id,)))
    if reach(request).has(Verb.SEE_LEDGER):
        offers.append(("台账", "ledger", ()))
    offers.append(("规范", "norm-list", ()))
    here = _section(request, {label for label, _, _ in offers})
    return tuple(
        Way(label, reverse(name, args=args), label == here) for label, name, args in offers
    )


def _section(request: HttpRequest, offered: set[str]) -> str:
    """The entry that the page belongs to; whoever looks from above comes to a branch by 总览."""
    match = getattr(request, "resolver_match", None)
    section = _SECTIONS.get((match.url_name or "").partition("-")[0], "") if match else ""
    return "总览" if section in _IN_A_BRANCH and section not in offered else section
