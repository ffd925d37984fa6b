"""Single sign-on: which ways are configured, and who it is that comes by one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.urls import reverse

from zhibu.people.models import Person

NAMES: Final = {"wecom": "企业微信", "dingtalk": "钉钉", "feishu": "飞书"}


@dataclass(frozen=True, slots=True)
class Door:
    """One way that is configured."""

    key: str  # as it stands in the table of links
    label: str
    address: str  # where a form is sent to begin


def doors() -> tuple[Door, ...]:
    """All ways that are configured, from the settings alone."""
    found = []
    for provider, config in settings.SOCIALACCOUNT_PROVIDERS.items():
        for app in config.get("APPS", ()):
            if provider == "openid_connect":
                address = reverse("openid_connect_login", args=(app["provider_id"],))
                found.append(Door(app["provider_id"], app["name"], address))
            else:
                found.append(Door(provider, app["name"], reverse(f"{provider}_login")))
    return tuple(found)


def label_of(key: str) -> str:
    """The name of a way, also of one that is no longer configured."""
    named = {door.key: door.label for door in doors()}
    return named.get(key) or NAMES.get(key, "统一身份认证")


def person_by_claim(way: str, claims: Mapping[str, Any]) -> Person | None:
    """The account whose user name the configured claim says; never one that has another link."""
    claim = settings.SIGN_ON_CLAIMS.get(way)
    if not claim:
        return None
    said = _claim(claims, claim)
    if not said:
        return None
    person = Person.objects.filter(username=said, is_active=True).first()
    if person is None or SocialAccount.objects.filter(user=person, provider=way).exists():
        return None
    return person


def _claim(claims: Mapping[str, Any], name: str) -> str:
    """A claim from where OIDC puts it, or from a plain answer."""
    for part in (claims.get("userinfo"), claims.get("id_token"), claims):
        if isinstance(part, Mapping) and isinstance(part.get(name), (str, int)):
            return str(part[name])
    return ""
