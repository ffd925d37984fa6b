"""责任清单: my own, and the posts of an organisation."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from zhibu.network.responsibilities.facts import holders_in, holders_of_person
from zhibu.network.responsibilities.queries import organizations_at
from zhibu.people.roles import Verb
from zhibu.web import access, clock
from zhibu.web.pages.forms import Crumb
from zhibu.web.pages.responsibilities import build_list, build_mine
from zhibu.web.paging import page_of

SIZE = 20


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """What my own posts ask of me, and how that stands."""
    day, now = clock.today(), clock.now()
    holders = holders_of_person(access.person_of(request), day, now)
    page = build_mine(holders, access.reach(request), day)
    return render(request, "web/responsibilities/mine.html", {"page": page})


@require_safe
def index(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The posts of an organisation in full, those right below it in short."""
    day, now = clock.today(), clock.now()
    reach = access.reach(request)
    seen = organizations_at(pk, day).filter(reach.within(Verb.SEE_OVERVIEW))
    rows = page_of(request, seen, SIZE)
    shown = list(rows)
    organization = next((one if one.pk == pk else one.parent for one in shown), None)
    if organization is None:
        raise Http404
    access.require(request, Verb.SEE_OVERVIEW, organization.path)
    page = build_list(
        organization,
        rows,
        holders_in(shown, day, now),
        reach,
        day,
        (Crumb(organization.short_name, reverse("overview", args=(organization.pk,))),),
    )
    return render(request, "web/responsibilities/list.html", {"page": page})
