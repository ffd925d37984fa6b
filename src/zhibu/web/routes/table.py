"""Addresses of the annual table and its lines.

A draft is edited by whoever may draft; once the table is adopted the same addresses want the right
to adopt for a change, and say so to the others (`zhibu.web.views.tables.closed`).
"""

from __future__ import annotations

from typing import Final

from django.urls import URLPattern, path

from zhibu.people.roles import Verb
from zhibu.web.views import plan_lines, plan_sheets, plans

_YEAR = "b/<uuid:branch>/plan/<int:year>/"
_LINE = "l/<uuid:line>/"

urlpatterns: list[URLPattern] = [
    path(_YEAR, plans.plan, name="plan"),
    path(f"{_YEAR}draft/", plans.draft, name="plan-draft"),
    path(f"{_YEAR}adopt/", plans.adopt, name="plan-adopt"),
    path(f"{_YEAR}changes/", plans.changes, name="plan-changes"),
    path(f"{_YEAR}holidays/", plans.holidays, name="plan-holidays"),
    path(f"{_YEAR}redraft/", plans.redraft_, name="plan-redraft"),
    path(f"{_YEAR}add/", plan_lines.add, name="plan-add"),
    path(f"{_YEAR}offers/", plan_lines.offers, name="plan-offers"),
    path(f"{_YEAR}table.xlsx", plan_sheets.export, name="plan-xlsx"),
    path(f"{_YEAR}upload/", plan_sheets.upload, name="plan-upload"),
    path(_LINE, plan_lines.line, name="line"),
    path(f"{_LINE}edit/", plan_lines.edit, name="line-edit"),
    path(f"{_LINE}remove/", plan_lines.remove, name="line-remove"),
    path(f"{_LINE}waive/", plan_lines.waive, name="line-waive"),
    path(f"{_LINE}restore/", plan_lines.restore, name="line-restore"),
]

RIGHTS: Final[dict[str, Verb | str]] = {
    "plan": Verb.SEE_BRANCH,
    "plan-draft": Verb.DRAFT_PLAN,
    "plan-adopt": Verb.ADOPT_PLAN,
    "plan-changes": Verb.SEE_BRANCH,
    "plan-holidays": Verb.DRAFT_PLAN,
    "plan-redraft": Verb.DRAFT_PLAN,
    "plan-add": Verb.DRAFT_PLAN,
    "plan-offers": Verb.DRAFT_PLAN,
    "plan-xlsx": Verb.EXPORT,
    "plan-upload": Verb.DRAFT_PLAN,
    "line": Verb.SEE_BRANCH,
    "line-edit": Verb.DRAFT_PLAN,
    "line-remove": Verb.DRAFT_PLAN,
    "line-waive": Verb.WAIVE_LINE,
    "line-restore": Verb.WAIVE_LINE,
}
