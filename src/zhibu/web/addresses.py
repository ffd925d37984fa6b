"""Addresses of pages, found once in a process: a page has up to a hundred of them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.urls import get_script_prefix, reverse


def address_of(name: str, *args: object) -> str:
    """Where the page of this name is; what Django's `reverse` says."""
    return _found(get_script_prefix(), name, args)


@lru_cache(maxsize=4096)
def _found(
    prefix: str,  # noqa: ARG001 - `reverse` puts it first
    name: str,
    args: tuple[Any, ...],
) -> str:
    return reverse(name, args=args)
