"""How Django knows this part."""

from __future__ import annotations

from django.apps import AppConfig


class OrgConfig(AppConfig):
    """This part of the house."""

    name = "zhibu.org"
    label = "org"
    verbose_name = "组织"
