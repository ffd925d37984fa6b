"""The second factor: who must have one, who has."""

from __future__ import annotations

from datetime import datetime

from allauth.mfa.models import Authenticator
from django.conf import settings

from zhibu.org.reach import Reach, reach_of
from zhibu.people.models import Person

_OWN = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def is_demanded(reach: Reach) -> bool:
    """Whether one of the roles that the person holds asks for a second factor."""
    return any(hold.role in settings.MFA_ROLES for hold in reach.holds)


def is_demanded_of(person: Person, at: datetime) -> bool:
    """The same, for somebody whose roles are not at hand."""
    return bool(settings.MFA_ROLES) and is_demanded(reach_of(person, at))


def has_factor(person: Person) -> bool:
    """Whether the person has set one up; recovery codes alone are none."""
    return bool(Authenticator.objects.filter(user=person, type__in=_OWN).exists())


def is_last_factor(authenticator: Authenticator) -> bool:
    """Whether nothing would be left without this one."""
    others = Authenticator.objects.filter(user=authenticator.user, type__in=_OWN)
    return authenticator.type in _OWN and not others.exclude(pk=authenticator.pk).exists()
