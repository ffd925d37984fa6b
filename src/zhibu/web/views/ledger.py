"""The ledger: read by the audit administrator alone. That someone read it leaves a line too."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from zhibu.ledger.models import Entry
from zhibu.ledger.wording import VERBS
from zhibu.org.models import Organization
from zhibu.people.roles import Verb
from zhibu.web import access
from zhibu.web.pages.accounts import LedgerPage
from zhibu.web.pages.ledger import word_lines
from zhibu.web.paging import page_of


def ledger(request: HttpRequest) -> HttpResponse:
    """Who did what when, the newest first."""
    reach = access.reach(request)
    if not reach.has(Verb.SEE_LEDGER):
        raise Http404
    within = Organization.objects.filter(reach.within(Verb.SEE_LEDGER))
    # Lines without an organisation (accounts, norms, sign-ins) belong to the whole system.
    rows: QuerySet[Entry] = Entry.objects.filter(
        organization_id__in=within.values("pk")
    ) | Entry.objects.filter(organization_id=None)
    verb, who = request.GET.get("verb", ""), request.GET.get("who", "").strip()[:64]
    if verb in VERBS:
        rows = rows.filter(verb=verb)
    if who:
        rows = rows.filter(person__username__icontains=who)
    shown = page_of(request, rows.select_related("person").order_by("-at", "-id"))
    page = LedgerPage(
        rows=shown,
        lines=word_lines(list(shown)),
        verb=verb,
        verbs=tuple(VERBS.items()),
        who=who,
    )
    return render(request, "web/ledger.html", {"page": page})
