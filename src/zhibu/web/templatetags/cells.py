"""The rows of the overview, which draw themselves: see `zhibu.web.pages.overview_cells`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template
from django.utils.safestring import SafeString

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zhibu.web.pages.overview import ChildRow
    from zhibu.web.pages.overview_cells import Course

register = template.Library()


@register.filter
def drawn(course: Course) -> SafeString:
    """The twelve months and the year of one row, as cells of a table; all in them is escaped."""
    return SafeString(course.drawn)


@register.filter
def drawn_rows(rows: Iterable[ChildRow]) -> SafeString:
    """The rows of a table, with their names; all in them is escaped."""
    return SafeString("\n".join(row.draw() for row in rows))
