"""Who may see which text: those whom it is for and has come down to, and those who look after it.

A draft is for those who may issue it, and for nobody else. Anybody else gets a 404.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.http import Http404, HttpRequest

from zhibu.network.dissemination import queries
from zhibu.network.dissemination.models import Text
from zhibu.org import paths
from zhibu.org.models import Organization
from zhibu.org.reach import Reach
from zhibu.people.roles import Verb
from zhibu.web.access import get_visible, person_of, reach


@dataclass(frozen=True, slots=True)
class Seen:
    """A text that somebody may see, and as whom."""

    text: Text
    person: queries.PersonText | None  # it is for them
    by_reach: bool  # they look at whom it reaches
    keeps: bool  # they may change it


def find_seen(request: HttpRequest, pk: UUID) -> Seen:
    """The text, or a 404."""
    reached = reach(request)
    person = queries.text_of_person(person_of(request), pk)
    if person is not None:
        text = person.text
    else:
        found = Text.objects.select_related("organization").filter(pk=pk).first()
        if found is None:
            raise Http404
        text = found
    keeps = reached.may(Verb.ISSUE_TEXT, text.organization.path)
    if text.is_draft:
        if not keeps:
            raise Http404
        return Seen(text, None, by_reach=False, keeps=True)
    by_reach = _looks_at(reached, text, person)
    if person is None and not by_reach:
        raise Http404
    return Seen(text, person, by_reach=by_reach, keeps=keeps)


def _looks_at(reached: Reach, text: Text, person: queries.PersonText | None) -> bool:
    """Whether they look at whom it reaches; the database is asked only where it has to be."""
    if reached.may(Verb.SEE_REACH, text.organization.path):
        return True
    seats = {hold.seat for hold in reached.with_verb(Verb.SEE_REACH)}
    if person is not None and person.seat in seats:  # it has come down to where they work
        return True
    return bool(seats) and queries.texts_seen(reached, Verb.SEE_REACH).filter(pk=text.pk).exists()


def _has_come(text: Text, level: Organization) -> bool:
    """Whether the text is for somebody at, below or above this level and has come down to it."""
    path = queries.path_of(text, level)
    audience = queries.audience_paths(text)
    if not any(path.startswith(one) or one.startswith(path) for one in audience):
        return False
    above = path[: -paths.WIDTH]
    if not text.is_by_level or text.path in {path, above}:
        return True
    return text.forwards.filter(path=above).exists()


def get_kept(request: HttpRequest, pk: UUID) -> Text:
    """The text, if this person may write and issue at the organisation that it is of; else 404."""
    rows = Text.objects.select_related("organization")
    return get_visible(request, rows, Verb.ISSUE_TEXT, prefix="organization__", pk=pk)


def get_reached(
    request: HttpRequest, pk: UUID, organization: UUID, verb: Verb
) -> tuple[Text, Organization]:
    """A sent text and a level of the tree at which this verb may be done with it; else 404."""
    rows = Text.objects.sent().select_related("organization").prefetch_related("audiences")
    text = rows.filter(pk=pk).first()
    if text is None:
        raise Http404
    levels = queries.levels_of(text).exclude(kind=Organization.Kind.GROUP)
    level: Organization = get_visible(request, levels, verb, prefix="", pk=organization)
    if not _has_come(text, level) and not _looks_at(reach(request), text, None):
        raise Http404
    return text, level
