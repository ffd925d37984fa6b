"""日历订阅: addresses for the calendar of a telephone, made, revoked, and read without signing in."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from zhibu.network.feeds.queries import feeds_of
from zhibu.network.feeds.services import make_feed, read_feed, revoke_feed
from zhibu.org.models import Organization
from zhibu.org.services import Refused
from zhibu.people.roles import Verb
from zhibu.web import clock
from zhibu.web.access import get_visible, person_of
from zhibu.web.answers import see_other
from zhibu.web.pages.feeds import OWN, build_feeds, show_made

_LONGEST: Final = 100


@require_http_methods(["GET", "POST"])
def feeds(request: HttpRequest) -> HttpResponse:
    """The addresses in use, and the form for a new one; a new one shows this once."""
    if request.method != "POST":
        return render(request, "web/feeds.html", {"page": build_feeds(request)})
    organization = _chosen(request)
    try:
        made = make_feed(organization=organization, by=person_of(request), at=clock.now())
    except Refused as refused:
        page = build_feeds(request, fault=str(refused))
        return render(request, "web/feeds.html", {"page": page}, status=422)
    page = build_feeds(request, made=show_made(request, made))
    answer = render(request, "web/feeds.html", {"page": page})
    answer["Cache-Control"] = "private, no-store"
    return answer


@require_POST
def revoke(request: HttpRequest, pk: UUID) -> HttpResponse:
    """End one of one's own addresses."""
    feed = get_object_or_404(feeds_of(person_of(request)), pk=pk)
    revoke_feed(feed=feed, by=person_of(request), at=clock.now())
    messages.success(request, "这个订阅地址已停用，手机日历不会再收到更新。")
    return see_other("feeds")


@login_not_required
@require_safe
def calendar(request: HttpRequest, secret: str) -> HttpResponse:
    """The calendar for whoever has its address; anything else is not there."""
    site = request.build_absolute_uri("/").rstrip("/")
    found = None
    if len(secret) <= _LONGEST:
        found = read_feed(secret=secret, site=site, at=clock.now())
    if found is None:
        raise Http404
    tag = f'"{found.tag}"'
    answer: HttpResponse
    if tag in [one.strip() for one in request.headers.get("If-None-Match", "").split(",")]:
        answer = HttpResponseNotModified()
    else:
        answer = HttpResponse(found.body, content_type="text/calendar; charset=utf-8")
        answer["Content-Disposition"] = 'inline; filename="zhibu.ics"'
    answer["ETag"] = tag
    answer["Cache-Control"] = "private, no-store"
    answer["X-Robots-Tag"] = "noindex"
    answer["Referrer-Policy"] = "no-referrer"
    return answer


def _chosen(request: HttpRequest) -> Organization | None:
    """The branch that was chosen, which the person may see; None for their own calendar."""
    given = request.POST.get("of", "")
    if given == OWN:
        return None
    try:
        key = UUID(given)
    except ValueError as error:
        raise Http404 from error
    return get_visible(request, Organization.objects.branches(), Verb.SEE_BRANCH, prefix="", pk=key)
