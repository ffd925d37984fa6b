"""Addresses of the network: home, overview, the tree and its people."""

from __future__ import annotations

from typing import Final

from django.urls import path

from zhibu.people.roles import Verb
from zhibu.web.routes import SIGNED_IN
from zhibu.web.views import accounts, home, ledger, members, organizations, overview, own, tree

urlpatterns = [
    path("b/<uuid:branch>/", home.home, name="branch-home"),
    path("o/<uuid:pk>/", overview.overview, name="overview"),
    path("o/<uuid:pk>/overview.xlsx", overview.export, name="overview-xlsx"),
    path("o/<uuid:pk>/overdue/", overview.overdue, name="overview-overdue"),
    path("o/<uuid:pk>/course-<int:year>.svg", overview.course, name="overview-course"),
    path("o/<uuid:pk>/<int:year>/<int:month>/", overview.cell, name="overview-cell"),
    path("o/<uuid:pk>/organization/", organizations.show, name="organization"),
    path("o/<uuid:pk>/edit/", organizations.edit, name="organization-edit"),
    path("o/<uuid:pk>/found/", organizations.found, name="organization-found"),
    path("o/<uuid:pk>/use/", organizations.use, name="organization-use"),
    path("o/<uuid:pk>/dissolve/", tree.dissolve, name="organization-dissolve"),
    path("o/<uuid:pk>/rename/", tree.rename, name="organization-rename"),
    path("o/<uuid:pk>/move/", tree.move, name="organization-move"),
    path("o/<uuid:pk>/merge/", tree.merge, name="organization-merge"),
    path("o/<uuid:pk>/split/", tree.split, name="organization-split"),
    path("o/<uuid:pk>/term/", organizations.term, name="organization-term"),
    path("o/<uuid:pk>/appoint/", organizations.appoint, name="appoint"),
    path("posts/<uuid:pk>/relieve/", organizations.relieve, name="relieve"),
    path("b/<uuid:branch>/members/", members.roster, name="roster"),
    path("b/<uuid:branch>/members/new/", members.admit, name="member-admit"),
    path("m/<uuid:pk>/", members.show, name="member"),
    path("m/<uuid:pk>/edit/", members.edit, name="member-edit"),
    path("m/<uuid:pk>/transfer/", members.transfer, name="member-transfer"),
    path("m/<uuid:pk>/spell/", members.begin_spell, name="spell-begin"),
    path("spells/<uuid:pk>/end/", members.end_spell, name="spell-end"),
    path("corrections/<uuid:pk>/answer/", members.answer_correction, name="correction-answer"),
    path("me/", own.own, name="own"),
    path("accounts/", accounts.accounts, name="accounts"),
    path("accounts/new/", accounts.open_account, name="account-open"),
    path("o/<uuid:pk>/grants/", accounts.grants, name="grants"),
    path("grants/<uuid:pk>/revoke/", accounts.revoke, name="grant-revoke"),
    path("ledger/", ledger.ledger, name="ledger"),
    path("ledger.csv", ledger.export, name="ledger-export"),
]

RIGHTS: Final[dict[str, Verb | str]] = {
    "branch-home": Verb.SEE_BRANCH,
    "overview": Verb.SEE_OVERVIEW,
    "overview-xlsx": Verb.EXPORT,
    "overview-overdue": Verb.SEE_OVERVIEW,
    "overview-course": Verb.SEE_OVERVIEW,
    "overview-cell": Verb.SEE_OVERVIEW,
    "organization": Verb.SEE_ORGANIZATION,
    "organization-edit": Verb.EDIT_ORGANIZATION,
    "organization-found": Verb.EDIT_ORGANIZATION,
    "organization-dissolve": Verb.EDIT_ORGANIZATION,
    "organization-use": Verb.EDIT_ORGANIZATION,
    "organization-rename": Verb.EDIT_ORGANIZATION,
    "organization-move": Verb.EDIT_ORGANIZATION,
    "organization-merge": Verb.EDIT_ORGANIZATION,
    "organization-split": Verb.EDIT_ORGANIZATION,
    "organization-term": Verb.EDIT_ORGANIZATION,
    "appoint": Verb.EDIT_ORGANIZATION,
    "relieve": Verb.EDIT_ORGANIZATION,
    "roster": Verb.SEE_ROSTER,
    "member-admit": Verb.EDIT_ROSTER,
    "member": Verb.SEE_ROSTER,
    "member-edit": Verb.EDIT_ROSTER,
    "member-transfer": Verb.EDIT_ROSTER,
    "spell-begin": Verb.EDIT_ROSTER,
    "spell-end": Verb.EDIT_ROSTER,
    "correction-answer": Verb.EDIT_ROSTER,
    "own": SIGNED_IN,
    "accounts": Verb.EDIT_ACCOUNTS,
    "account-open": Verb.EDIT_ACCOUNTS,
    "grants": Verb.GRANT,
    "grant-revoke": Verb.GRANT,
    "ledger": Verb.SEE_LEDGER,
    "ledger-export": Verb.SEE_LEDGER,
}
