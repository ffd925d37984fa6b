"""Answers that views give besides pages."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseRedirectBase
from django.urls import reverse


class SeeOther(HttpResponseRedirectBase):
    """After a POST: look there, by GET."""

    status_code = 303


def see_other(name: str, *args: Any, anchor: str = "") -> HttpResponse:
    """Redirect to a named address after something was written."""
    address = reverse(name, args=args)
    return SeeOther(f"{address}#{anchor}" if anchor else address)
