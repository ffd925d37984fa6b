"""What the pages of getting in show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import segno
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from axes.models import AccessAttempt
from django import forms
from django.conf import settings
from django.db.models import Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from zhibu.org.accounts import Slip
from zhibu.org.models import Grant, Organization
from zhibu.org.reach import Hold
from zhibu.people.attempts import plain_name
from zhibu.people.models import Invitation, Person
from zhibu.people.roles import LABELS
from zhibu.web.entry import factors, sign_on
from zhibu.web.pages.forms import Crumb


@dataclass(frozen=True, slots=True)
class PrintedSlip:
    """One slip of paper."""

    name: str
    username: str
    place: str
    link: str
    code: str
    picture: SafeString  # QR code, inline SVG
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SlipsPage:
    """Slips to be printed, now: they are not shown again."""

    slips: tuple[PrintedSlip, ...]
    back: str
    left: int  # how many more there are to invite
    entrance: str  # where a code is typed by hand


def print_slips(
    request: HttpRequest, slips: Sequence[Slip], *, back: str, left: int = 0
) -> SlipsPage:
    """The slips with their links and pictures."""
    places = _places([slip.person for slip in slips])
    printed = []
    for slip in slips:
        link = request.build_absolute_uri(reverse("invitation", args=(slip.token,)))
        printed.append(
            PrintedSlip(
                name=slip.person.name,
                username=slip.person.username,
                place=places.get(slip.person.pk, ""),
                link=link,
                code=slip.token,
                picture=draw_code(link),
                expires_at=slip.expires_at,
            )
        )
    entrance = request.build_absolute_uri(reverse("invitation-code"))
    return SlipsPage(tuple(printed), back, left, entrance)


def draw_code(text: str) -> SafeString:
    """A QR code as inline SVG without any style of its own."""
    drawn = segno.make(text, error="m").svg_inline(
        border=2, omitsize=True, svgclass="qr", lineclass=None
    )
    return mark_safe(drawn)  # noqa: S308 - drawn by us from an address, it holds nothing but a path


def _places(people: Sequence[Person]) -> dict[Any, str]:
    """Where each belongs: the branch on the roster, else where a role is held."""
    places: dict[Any, str] = {}
    grants = Grant.objects.filter(person__in=people).select_related("organization")
    for grant in grants.order_by("-organization__path"):
        places[grant.person_id] = grant.organization.short_name
    members = Organization.objects.filter(
        memberships__member__person__in=people, memberships__until__isnull=True
    ).values_list("memberships__member__person_id", "short_name")
    places.update(members)
    return places


@dataclass(frozen=True, slots=True)
class InvitationsPage:
    """Inviting all of an organisation."""

    organization: Organization
    crumbs: tuple[Crumb, ...]
    count: int
    names: tuple[str, ...]  # the first few
    most: int
    days: int
    nonce: str
    members: int  # on the rosters, without an account


@dataclass(frozen=True, slots=True)
class InvitationPage:
    """The page behind a link: who is meant, and the form; or why it does not work any more."""

    form: forms.BaseForm | None
    name: str = ""
    username: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """One way of single sign-on, for its owner."""

    door: sign_on.Door
    account_id: int | None  # of the link that there is


@dataclass(frozen=True, slots=True)
class AccountPage:
    """本人账号: how one gets in."""

    person: Person
    password_age: int | None  # days
    has_password: bool
    factor_names: tuple[str, ...]
    factor_is_demanded: bool
    links: tuple[Link, ...]
    seats: int


def build_account(person: Person, at: datetime, *, demanded: bool, seats: int) -> AccountPage:
    """The page of one's own account."""
    linked = dict(SocialAccount.objects.filter(user=person).values_list("provider", "pk"))
    return AccountPage(
        person=person,
        password_age=(at - person.password_set_at).days if person.password_set_at else None,
        has_password=person.has_usable_password(),
        factor_names=_factor_names(person),
        factor_is_demanded=demanded,
        links=tuple(Link(door, linked.get(door.key)) for door in sign_on.doors()),
        seats=seats,
    )


def _factor_names(person: Person) -> tuple[str, ...]:
    kinds = list(
        Authenticator.objects.filter(user=person).order_by("pk").values_list("type", flat=True)
    )
    keys = kinds.count(Authenticator.Type.WEBAUTHN)
    names = ["动态口令"] if Authenticator.Type.TOTP in kinds else []
    return (*names, f"通行密钥 {keys} 个") if keys else tuple(names)


@dataclass(frozen=True, slots=True)
class Seat:
    """One place in which a person acts."""

    key: Any
    name: str
    role: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class SeatsPage:
    """Where one may act."""

    seats: tuple[Seat, ...]


def build_seats(holds: Sequence[Hold], here: Hold | None) -> SeatsPage:
    """One seat for each organisation, with all roles held there."""
    roles: dict[Any, list[str]] = {}
    names: dict[Any, str] = {}
    for hold in holds:
        roles.setdefault(hold.organization_id, []).append(LABELS[hold.role])
        names[hold.organization_id] = hold.name
    chosen = here.organization_id if here else None
    return SeatsPage(
        tuple(
            Seat(key, names[key], "、".join(labels), key == chosen) for key, labels in roles.items()
        )
    )


@dataclass(frozen=True, slots=True)
class AccountDeskPage:
    """One account, for the administrator of accounts."""

    person: Person
    grants: tuple[Grant, ...]
    factor_names: tuple[str, ...]
    factor_is_demanded: bool
    invitation: Invitation | None
    invitation_holds: bool
    is_locked: bool
    is_own: bool
    form: forms.BaseForm


def build_account_desk(
    person: Person, at: datetime, *, viewer: Person, form: forms.BaseForm
) -> AccountDeskPage:
    """What there is to know and to do about one account."""
    grants = Grant.objects.filter(person=person).select_related("organization")
    open_grants = tuple(g for g in grants if g.until is None or g.until > at)
    invitation = person.invitations.waiting().first()
    failures = AccessAttempt.objects.filter(
        username=plain_name(person.username), attempt_time__gte=at - settings.AXES_COOLOFF_TIME
    )
    counts = failures.values("ip_address").annotate(count=Sum("failures_since_start"))
    return AccountDeskPage(
        person=person,
        grants=open_grants,
        factor_names=_factor_names(person),
        factor_is_demanded=factors.is_demanded_of(person, at),
        invitation=invitation,
        invitation_holds=invitation is not None and invitation.expires_at > at,
        is_locked=any(row["count"] >= settings.AXES_FAILURE_LIMIT for row in counts),
        is_own=person.pk == viewer.pk,
        form=form,
    )
