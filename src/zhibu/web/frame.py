"""What every page shows around its own content: who is signed in, where they are, where they can go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from zhibu.org.models import Organization
from zhibu.org.reach import Hold
from zhibu.people.roles import LABELS, TABLE, Role, Verb
from zhibu.web import clock
from zhibu.web.access import reach


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
    seat = branch or above
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
    editor = next(iter(reach(request).with_verb(Verb.SEE_ORGANIZATION)), None)
    if editor is not None:
        offers.append(("组织", "organization", (editor.organization_id,)))
    roles = {hold.role for hold in reach(request).holds}
    verbs = {verb for role in roles for verb in TABLE[role]}
    if Verb.EDIT_ACCOUNTS in verbs or Verb.GRANT in verbs:
        offers.append(("账号", "accounts", ()))
    if Role.AUDIT_ADMIN in roles:
        offers.append(("台账", "ledger", ()))
    offers.append(("规范", "norm-list", ()))
    addresses = [(label, reverse(name, args=args)) for label, name, args in offers]
    # "/b/…/" begins the address of everything in a branch: the longest that fits is where one is.
    here = max((a for _, a in addresses if request.path.startswith(a)), key=len, default="")
    return tuple(Way(label, address, address == here) for label, address in addresses)
