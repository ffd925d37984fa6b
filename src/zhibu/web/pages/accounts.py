"""What the pages of accounts and of the ledger show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.core.paginator import Page

from zhibu.org.models import Organization
from zhibu.web.pages.forms import Crumb


@dataclass(frozen=True, slots=True)
class AccountsPage:
    """Accounts with their open grants."""

    rows: Page[Any]
    sought: str
    organization_id: UUID | None  # the highest that all may be invited of


@dataclass(frozen=True, slots=True)
class GrantsPage:
    """The grants on one organisation, and the form for another."""

    organization: Organization
    crumbs: tuple[Crumb, ...]
    rows: Page[Any]
    form: forms.BaseForm
    members: int  # with an account and no role yet


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One line, worded."""

    at: Any
    who: str
    did: str
    where: str
    detail: str


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """Lines of the ledger, the newest first."""

    rows: Page[Any]
    lines: tuple[LedgerLine, ...]
    form: forms.BaseForm
    query: str  # of the address, for the export of the same
    is_cut: bool = False  # there are more than can be turned through
