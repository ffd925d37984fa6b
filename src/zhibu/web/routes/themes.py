"""Addresses of 专题 (themes).

A theme is looked at from an organisation: what is counted is what lies at and below that one. Who
begins themes may look at them too, without seeing the records (`zhibu.web.views.themes`).
"""

from __future__ import annotations

from typing import Final

from django.urls import URLPattern, path

from zhibu.people.roles import Verb
from zhibu.web.views import themes

_SEEN: Final = "o/<uuid:pk>/themes/"

urlpatterns: list[URLPattern] = [
    path(_SEEN, themes.index, name="theme-list"),
    path(f"{_SEEN}new/", themes.begin, name="theme-begin"),
    path(f"{_SEEN}<uuid:theme>/", themes.show, name="theme"),
    path(f"{_SEEN}<uuid:theme>/report.pdf", themes.pdf, name="theme-pdf"),
    path(f"{_SEEN}<uuid:theme>/report.docx", themes.docx, name="theme-docx"),
    path("themes/<uuid:theme>/change/", themes.change, name="theme-change"),
    path("themes/<uuid:theme>/end/", themes.end, name="theme-end"),
    path("l/<uuid:line>/themes/", themes.of_line, name="line-themes"),
]

RIGHTS: Final[dict[str, Verb | str]] = {
    "theme-list": Verb.SEE_BRANCH,
    "theme-begin": Verb.KEEP_THEME,
    "theme": Verb.SEE_BRANCH,
    "theme-pdf": Verb.EXPORT,
    "theme-docx": Verb.EXPORT,
    "theme-change": Verb.KEEP_THEME,
    "theme-end": Verb.KEEP_THEME,
    "line-themes": Verb.DRAFT_PLAN,
}
