"""The ledger as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """Its name and label."""

    name = "zhibu.ledger"
    label = "ledger"
    verbose_name = "台账"
