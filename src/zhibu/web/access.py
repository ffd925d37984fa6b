"""The object and the right together, or a 404: a stranger cannot tell what exists.

Which verb an address asks for is named beside it in `zhibu.web.routes`; a test walks all of them
with every role.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar, cast
from uuid import UUID

from django.db import models
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from zhibu.org.models import Organization
from zhibu.org.reach import Reach, reach_of
from zhibu.people.models import Person
from zhibu.people.prepared import Given, Prepared
from zhibu.people.roles import Verb
from zhibu.web import clock

M = TypeVar("M", bound=models.Model)


def person_of(request: HttpRequest) -> Person:
    """Who is signed in."""
    return cast(Person, request.user)


def reach(request: HttpRequest) -> Reach:
    """How far they reach; asked for once a request, or come with the person of the session."""
    found: Reach | None = getattr(request, "zhibu_reach", None)
    if found is None:
        person = person_of(request)
        found = getattr(person, "zhibu_reach", None) or reach_of(person, clock.now())
        request.zhibu_reach = found  # type: ignore[attr-defined]
    return found


def get_organization(request: HttpRequest, pk: UUID, verb: Verb) -> Organization:
    """The organisation, if this verb may be done on it; else 404."""
    found = _ORGANIZATION.objects(pk=pk)
    if not found or not reach(request).may(verb, found[0].path):
        raise Http404
    return found[0]


_ORGANIZATION: Final = Prepared(lambda: Organization.objects.filter(pk=Given("pk")))


def get_visible(
    request: HttpRequest,
    queryset: models.QuerySet[M],
    verb: Verb,
    *,
    prefix: str = "branch__",
    **lookup: Any,
) -> M:
    """The one row that the look-up names, if its organisation is within reach; else 404.

    `prefix` leads from the row to its organisation.
    """
    return get_object_or_404(queryset.filter(reach(request).within(verb, prefix)), **lookup)


def only_visible(
    request: HttpRequest, queryset: models.QuerySet[M], verb: Verb, *, prefix: str = "branch__"
) -> models.QuerySet[M]:
    """The rows whose organisation is within reach: what every list starts from."""
    return queryset.filter(reach(request).within(verb, prefix))


def get_with_below(request: HttpRequest, pk: UUID, verb: Verb) -> Organization:
    """The organisation, if this verb may be done on it and on all that lies below; else 404."""
    found = get_organization(request, pk, verb)
    if not reach(request).may_below(verb, found.path):
        raise Http404
    return found


def require(request: HttpRequest, verb: Verb, path: str) -> None:
    """Raises 404 unless this verb may be done at this path."""
    if not reach(request).may(verb, path):
        raise Http404
