"""Chinese words for values, and addresses, in templates."""

from __future__ import annotations

import re
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from django import template
from django.template.base import Parser, Token
from django.template.context import Context
from django.template.defaulttags import URLNode, url
from django.utils import timezone
from django.utils.html import conditional_escape

from zhibu.rules import wording
from zhibu.rules.verdicts import Verdict
from zhibu.web.addresses import address_of

register = template.Library()


class AddressNode(URLNode):
    """Django's `url`, for addresses that were found before."""

    def render(self, context: Context) -> str:
        """As Django does; what it does not find, or by other ways, is left to it."""
        if self.kwargs or self.asvar:
            return str(super().render(context))
        address = address_of(
            self.view_name.resolve(context), *(each.resolve(context) for each in self.args)
        )
        return conditional_escape(address) if context.autoescape else address


@register.tag("url")
def url_tag(parser: Parser, token: Token) -> AddressNode:
    """{% url 'name' argument … %}: a page asks for up to a hundred addresses, most of them again."""
    node = url(parser, token)
    return AddressNode(node.view_name, node.args, node.kwargs, node.asvar)


@register.filter
def word(value: StrEnum) -> str:
    """The Chinese label of an enum's value."""
    return wording.label(value)


@register.filter
def say(verdict: Verdict) -> str:
    """The sentence of a verdict."""
    return wording.say(verdict)


@register.filter
def day(value: date | datetime | None) -> str:
    """2026年3月12日（周四）; empty for nothing."""
    if value is None:
        return ""
    return wording.say_date(_local_day(value))


@register.filter
def bare_day(value: date | None) -> str:
    """2018年3月1日, for days whose weekday says nothing: birth, admission, founding, terms, rules."""
    return "" if value is None else f"{value.year}年{value.month}月{value.day}日"


@register.filter
def short_day(value: date | datetime | None) -> str:
    """3月12日（周四）; for lists within one year."""
    return "" if value is None else day(value).partition("年")[2]


@register.filter
def within(sentence: str, year: int) -> str:
    """A sentence on a page of one year, without that year before each day."""
    return re.sub(rf"(?<!\d){year}年(?=\d)", "", sentence)


@register.filter
def moment(value: datetime | None) -> str:
    """2026年3月12日 14:30, on the wall clock here."""
    if value is None:
        return ""
    local = timezone.localtime(value)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"


@register.filter
def at(mapping: Any, key: Any) -> Any:
    """The value at a key that is itself a variable."""
    return mapping.get(key) if mapping is not None else None


def _local_day(value: date | datetime) -> date:
    return timezone.localtime(value).date() if isinstance(value, datetime) else value
