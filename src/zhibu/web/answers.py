"""Answers that views give besides pages."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseRedirectBase
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect


class SeeOther(HttpResponseRedirectBase):
    """After a POST: look there, by GET."""

    status_code = 303


def see_other(name: str, *args: Any, anchor: str = "") -> HttpResponse:
    """Redirect to a named address after something was written."""
    address = reverse(name, args=args)
    return SeeOther(f"{address}#{anchor}" if anchor else address)


def lead_on(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """The same for a form that the page sent by itself, as a browser would have taken it.

    A redirect is followed by the page, so that what is to be said there is still said there;
    a page with faults takes the place of the one that is shown.
    """
    if not getattr(request, "htmx", False) or "HX-Redirect" in answer:
        return answer
    if isinstance(answer, SeeOther):
        return HttpResponseClientRedirect(answer["Location"])
    answer["HX-Retarget"] = answer["HX-Reselect"] = "#main"
    answer["HX-Reswap"] = "outerHTML show:window:top"
    return answer
