"""What every page shows around its own content: who is signed in, where they are, where they can go."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def frame(request: HttpRequest) -> dict[str, Any]:
    """The values of the frame."""
    return {}
