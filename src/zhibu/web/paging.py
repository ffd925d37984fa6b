"""Pages of a list. Every list has them."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest

M = TypeVar("M", bound=Model)
SIZE = 50


class Slices(Protocol):
    """A list that is read by the slice, as a query is."""

    def count(self) -> int:
        """How many there are."""

    def __getitem__(self, part: slice, /) -> list[Any]: ...


def page_of(
    request: HttpRequest,
    rows: QuerySet[M] | Slices | list[Any],
    size: int = SIZE,
    *,
    name: str = "page",
) -> Page[Any]:
    """The page that the address asks for; the nearest one there is, for one that there is not.

    `name` is the word of the address where a page has a second list.

    The first is read with one row more: where that does not come, nothing has to be counted.
    """
    wanted = request.GET.get(name)
    paginator = Paginator(rows, size)  # type: ignore[arg-type]  # it slices and counts, no more
    if wanted not in {None, "", "1"}:
        return paginator.get_page(wanted)
    found = list(rows[: size + 1])
    if len(found) <= size:
        paginator.count = len(found)
    return Page(found[:size], 1, paginator)
