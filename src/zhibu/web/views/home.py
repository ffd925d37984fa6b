"""今天: the home of a branch."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from zhibu.org.models import Organization
from zhibu.people.roles import Verb
from zhibu.web import access, clock
from zhibu.web.pages.home import build_home
from zhibu.web.record_access import may_read_talks, pen_of


def home(request: HttpRequest, branch: UUID) -> HttpResponse:
    """What is missing, due and done this month, and one button to record."""
    found = access.get_visible(
        request, Organization.objects.branches(), Verb.SEE_BRANCH, prefix="", pk=branch
    )
    page = build_home(
        found,
        access.reach(request),
        clock.today(),
        access.person_of(request),
        pen=pen_of(request, found),
        reads_talks=may_read_talks(request, found),
    )
    return render(request, "web/home.html", {"page": page})
