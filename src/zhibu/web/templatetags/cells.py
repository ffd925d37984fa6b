"""The cells of the overview.

A page has hundreds of them. Written out here they take a tenth of the time that the template
language needs, which was the greater part of the whole page.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from django import template
from django.utils.safestring import SafeString

if TYPE_CHECKING:
    from zhibu.web.pages.overview import MonthCell

register = template.Library()


@register.simple_tag
def month_cells(months: tuple[MonthCell, ...], year: MonthCell) -> SafeString:
    """The twelve months and the year of one row, as cells of a table."""
    return SafeString("".join(_cell(each) for each in (*months, year)))


def _cell(month: MonthCell) -> str:
    sentence = escape(month.sentence)
    # What moved out of reach is shown and does not open.
    opens = f' href="{escape(month.address)}"' if month.address else ""
    label = f"{month.month}月" if month.month else "全年"
    total = month.cell.total
    idle = "" if total else ' tabindex="-1"'
    # What is shown is hidden from reading aloud, so the title is the link's name.
    return (
        f'<td class="month {month.state}"><a{opens} title="{sentence}"{idle}>'
        f'<span class="of" aria-hidden="true">{label}</span>'
        f'<span aria-hidden="true">{_short(month) if total else "—"}</span></a></td>'
    )


def _short(month: MonthCell) -> str:
    cell = month.cell
    short = f"{month.finished}/{cell.total}"
    if cell.overdue:
        return f"{short}<b>▲{cell.overdue}</b>"
    return f"{short}<i>◑{cell.due_soon}</i>" if cell.due_soon else short
