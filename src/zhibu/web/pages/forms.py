"""A page that holds one small form."""

from __future__ import annotations

from dataclasses import dataclass, field

from django import forms


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the way back."""

    label: str
    address: str


@dataclass(frozen=True, slots=True)
class FormPage:
    """What `web/form.html` shows."""

    title: str
    form: forms.BaseForm
    submit: str
    back: str  # where "返回" leads
    intro: str = ""
    warning: str = ""
    crumbs: tuple[Crumb, ...] = ()
    consequences: tuple[str, ...] = field(default=())
