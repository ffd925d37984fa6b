"""Who may publish norms."""

from __future__ import annotations

from django.http import HttpRequest

from zhibu.org import paths
from zhibu.people.roles import Verb
from zhibu.web.access import reach


def may_publish(request: HttpRequest) -> bool:
    """Only for the highest level: everybody reads a pack, and its next version binds all who chose it."""
    holds = reach(request).with_verb(Verb.EDIT_NORM)
    return any(not paths.parent(hold.path) for hold in holds)
