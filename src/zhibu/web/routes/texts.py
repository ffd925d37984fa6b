"""Addresses of 传达 (dissemination)."""

from __future__ import annotations

from typing import Final

from django.urls import URLPattern, path

from zhibu.people.roles import Verb
from zhibu.web.routes import SIGNED_IN
from zhibu.web.views import text_desk, text_reach, texts

_TEXT = "texts/<uuid:pk>/"
_LEVEL = f"{_TEXT}o/<uuid:organization>/"

urlpatterns: list[URLPattern] = [
    path("texts/", texts.reading, name="text-reading"),
    path("text-files/<uuid:pk>/", texts.file, name="text-file"),
    path("o/<uuid:pk>/texts/", text_desk.index, name="text-list"),
    path("o/<uuid:pk>/texts/new/", text_desk.new, name="text-new"),
    path(_TEXT, texts.show, name="text"),
    path(f"{_TEXT}acknowledge/", texts.acknowledge, name="text-acknowledge"),
    path(f"{_TEXT}edit/", text_desk.edit, name="text-edit"),
    path(f"{_TEXT}issue/", text_desk.issue, name="text-issue"),
    path(f"{_TEXT}discard/", text_desk.discard, name="text-discard"),
    path(f"{_TEXT}amend/", text_desk.amend, name="text-amend"),
    path(f"{_TEXT}recall/", text_desk.recall, name="text-recall"),
    path(f"{_LEVEL}forward/", text_reach.forward, name="text-forward"),
    path(f"{_LEVEL}reach/", text_reach.show, name="text-reach"),
    path(f"{_LEVEL}remind/", text_reach.remind, name="text-remind"),
    path(f"{_LEVEL}unreached.xlsx", text_reach.export, name="text-unreached"),
    path(f"{_TEXT}m/<uuid:member>/visit/", text_reach.visit, name="text-visit"),
    path("visits/<uuid:pk>/withdraw/", text_reach.withdraw, name="text-visit-withdraw"),
]

RIGHTS: Final[dict[str, Verb | str]] = {
    "text-reading": SIGNED_IN,
    # For whom a text is, and to whom it has come down (`web.text_access`).
    "text": SIGNED_IN,
    "text-acknowledge": SIGNED_IN,
    "text-file": SIGNED_IN,
    "text-list": Verb.SEE_REACH,
    "text-new": Verb.ISSUE_TEXT,
    "text-edit": Verb.ISSUE_TEXT,
    "text-issue": Verb.ISSUE_TEXT,
    "text-discard": Verb.ISSUE_TEXT,
    "text-amend": Verb.ISSUE_TEXT,
    "text-recall": Verb.ISSUE_TEXT,
    "text-forward": Verb.ISSUE_TEXT,
    "text-reach": Verb.SEE_REACH,
    "text-remind": Verb.ISSUE_TEXT,
    "text-unreached": Verb.EXPORT,
    "text-visit": Verb.DRAFT_RECORD,
    "text-visit-withdraw": Verb.DRAFT_RECORD,
}
