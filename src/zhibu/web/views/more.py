"""更多: the pages that have no place in the navigation."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from zhibu.web.pages.more import build_more


def more(request: HttpRequest) -> HttpResponse:
    """Everything that this person may open, with one line each."""
    return render(request, "web/more.html", {"page": build_more(request)})
