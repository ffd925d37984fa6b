from __future__ import annotations

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "zhibu.ledger"
    label = "ledger"
    verbose_name = "台账"
