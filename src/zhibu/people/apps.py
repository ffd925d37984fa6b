"""How Django knows this part."""

from __future__ import annotations

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """This part of the house."""

    name = "zhibu.people"
    label = "people"
    verbose_name = "账号"
