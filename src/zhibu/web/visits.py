"""What the session remembers of a writer's drafts: what a page saved last, what a conflict left over."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.http import HttpRequest

_SAVES = "draft_saves"
_LEFTOVERS = "draft_leftovers"
_MOST = 20
_LONGEST = 200_000


def note_save(
    request: HttpRequest, record: UUID, *, page_key: str, revision: int, typed: int
) -> None:
    """This page has saved this revision of the draft, with so many of its changes."""
    saves = dict(request.session.get(_SAVES, {}))
    saves.pop(str(record), None)
    saves[str(record)] = [page_key, revision, typed]
    request.session[_SAVES] = dict(list(saves.items())[-_MOST:])


def last_save(request: HttpRequest, record: UUID) -> tuple[str, int, int]:
    """The page that saved last in this session, the revision it made, the changes it had."""
    page_key, revision, typed = request.session.get(_SAVES, {}).get(str(record), ("-", 0, 0))
    return str(page_key), int(revision), int(typed)


def note_leftover(request: HttpRequest, record: UUID, texts: Mapping[str, str]) -> None:
    """What was not chosen between two drafts; kept as long as the draft is written."""
    left = dict(request.session.get(_LEFTOVERS, {}))
    left[str(record)] = {name: text[:_LONGEST] for name, text in texts.items()}
    request.session[_LEFTOVERS] = dict(list(left.items())[-_MOST:])


def read_leftover(request: HttpRequest, record: UUID) -> Mapping[str, str]:
    """The same: shown as long as the draft is being written."""
    texts: Mapping[str, str] = request.session.get(_LEFTOVERS, {}).get(str(record), {})
    return texts


def forget(request: HttpRequest, record: UUID) -> None:
    """The draft was filed or given up: texts of a conflict need not be kept any more.

    What a page saved last may stay: it names a revision that no draft will have again, it is pushed
    out by other drafts, and to take it out would cost every filing a durable write of its own.
    """
    held = dict(request.session.get(_LEFTOVERS, {}))
    if held.pop(str(record), None) is not None:
        request.session[_LEFTOVERS] = held
