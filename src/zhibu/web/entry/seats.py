"""The seat: where a person with roles in several places acts now. The session remembers it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.http import HttpRequest

from zhibu.org.reach import Hold
from zhibu.web.access import reach

_CHOSEN: Final = "seat"


def choose_seat(request: HttpRequest, organization: UUID) -> None:
    """From now on, in this session, the person acts there."""
    request.session[_CHOSEN] = str(organization)


def is_chosen(request: HttpRequest, hold: Hold) -> bool:
    """Whether this is where the person chose to act."""
    return str(hold.organization_id) == request.session.get(_CHOSEN)


def chosen_first(request: HttpRequest, holds: Sequence[Hold]) -> list[Hold]:
    """The same holds, those of the chosen place before the others."""
    return sorted(holds, key=lambda hold: not is_chosen(request, hold))


def can_switch(request: HttpRequest) -> bool:
    """Whether there is another place to act in."""
    return len({hold.organization_id for hold in reach(request).holds}) > 1
