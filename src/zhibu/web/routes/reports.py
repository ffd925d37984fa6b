"""Addresses of 月度工作报告 (the month's report) and 责任清单 (responsibilities)."""

from __future__ import annotations

from typing import Final

from django.urls import URLPattern, path

from zhibu.people.roles import Verb
from zhibu.web.routes import SIGNED_IN
from zhibu.web.views import reports, responsibilities

_MONTH = "o/<uuid:pk>/reports/<int:year>/<int:month>/"

urlpatterns: list[URLPattern] = [
    path("o/<uuid:pk>/reports/", reports.index, name="report-list"),
    path(_MONTH, reports.show, name="report"),
    path(f"{_MONTH}below/", reports.below, name="report-below"),
    path(f"{_MONTH}write/", reports.write, name="report-write"),
    path(f"{_MONTH}issue/", reports.issue, name="report-issue"),
    path(f"{_MONTH}receive/", reports.receive, name="report-receive"),
    path(f"{_MONTH}report.docx", reports.docx, name="report-docx"),
    path(f"{_MONTH}report.pdf", reports.pdf, name="report-pdf"),
    path("my/responsibilities/", responsibilities.mine, name="responsibility-mine"),
    path("o/<uuid:pk>/responsibilities/", responsibilities.index, name="responsibility-list"),
]

RIGHTS: Final[dict[str, Verb | str]] = {
    "report-list": Verb.SEE_OVERVIEW,
    "report": Verb.SEE_OVERVIEW,
    "report-below": Verb.SEE_OVERVIEW,
    "report-write": Verb.WRITE_REPORT,
    "report-issue": Verb.WRITE_REPORT,
    "report-receive": Verb.WRITE_REPORT,
    "report-docx": Verb.EXPORT,
    "report-pdf": Verb.EXPORT,
    "responsibility-mine": SIGNED_IN,
    "responsibility-list": Verb.SEE_OVERVIEW,
}
