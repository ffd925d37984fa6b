"""检索: over records, texts, requirements and people, as far as somebody may see them."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from zhibu.ledger.services import note
from zhibu.people.roles import Verb
from zhibu.rules.searching import LONGEST
from zhibu.web import clock
from zhibu.web.access import person_of, reach
from zhibu.web.pages.search import SearchPage, build_search

_LAST: Final = 1 << 63


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """The form, and what was found. Told to no cache: somebody else may find less."""
    typed = request.GET.get("q", "").replace("\x00", "")
    page = build_search(
        request, typed[:LONGEST], kind=request.GET.get("kind", ""), below=_number(request)
    )
    if page.people:
        _note_people(request, page)
    answer = render(request, "web/search.html", {"page": page})
    answer["Cache-Control"] = "private, no-store"
    return answer


def _number(request: HttpRequest) -> int | None:
    """From where on older finds are asked for."""
    given = request.GET.get("below", "")
    if not (given.isascii() and given.isdecimal() and len(given) < 20):
        return None
    return number if 0 < (number := int(given)) < _LAST else None


def _note_people(request: HttpRequest, page: SearchPage) -> None:
    """Names of others were shown: that leaves a line, as reading a roster does."""
    hold = reach(request).with_verb(Verb.SEE_ROSTER)[0]
    note(
        by=person_of(request), verb="see_people", organization_id=hold.seat_id, subject=None,
        detail={"words": page.query, "found": len(page.people)}, at=clock.now(),
    )  # fmt: skip
