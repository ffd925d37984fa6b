"""The table as an Excel file: out, and in again with a preview of every difference."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse


def export(request: HttpRequest, branch: UUID, year: int) -> HttpResponse:
    """The table as it circulates."""
    raise Http404


def upload(request: HttpRequest, branch: UUID, year: int) -> HttpResponse:
    """An edited copy comes back."""
    raise Http404
