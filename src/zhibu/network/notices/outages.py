"""What does not work outside: noted, left alone for a while, told to who can mend it, once."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from zhibu.network.notices.mail import HOST
from zhibu.network.notices.models import Channel, Kind, Outage
from zhibu.network.notices.services import tell
from zhibu.org.models import Grant
from zhibu.people.roles import Role, Verb, roles_with
from zhibu.rules.notices import pause_until

TELL_AFTER: Final = 3
"""So many failures in a row before somebody is told: one may be a hiccup."""


def is_paused(host: str, now: datetime) -> bool:
    """Whether this host is left alone now."""
    return Outage.objects.filter(host=host, pause_until__gt=now).exists()


@transaction.atomic
def note_outage(*, host: str, reason: str, at: datetime) -> None:
    """A host did not answer: leave it alone, the longer the more often; tell once."""
    Outage.objects.bulk_create(
        [Outage(host=host, since=at, pause_until=at, tries=0, last_error=reason)],
        ignore_conflicts=True,
    )
    outage = Outage.objects.select_for_update().get(pk=host)
    if outage.pause_until > at and outage.tries:
        return  # another worker has just noted it
    outage.tries += 1
    outage.pause_until = pause_until(at, outage.tries)
    outage.last_error = reason
    if outage.tries >= TELL_AFTER and outage.told_at is None:
        outage.told_at = at
        _tell_administrators(outage, at)
    outage.save(update_fields=["tries", "pause_until", "last_error", "told_at"])


@transaction.atomic
def note_success(*, channel: Channel, at: datetime) -> None:
    """It went through: what was wrong is over."""
    Outage.objects.filter(pk=channel.host).delete()
    Channel.objects.filter(pk=channel.pk).update(
        last_sent_at=at, failing_since=None, told_at=None, last_error=""
    )


@transaction.atomic
def note_failure(*, channel: Channel, reason: str, tries: int, at: datetime) -> None:
    """It did not go through: shown beside the channel, told once to who keeps it.

    Where the host does not answer at all, the administrator is told of that instead.
    """
    Channel.objects.filter(pk=channel.pk).update(last_error=reason)
    Channel.objects.filter(pk=channel.pk, failing_since=None).update(failing_since=at)
    if tries < TELL_AFTER or Outage.objects.filter(pk=channel.host).exists():
        return
    if Channel.objects.filter(pk=channel.pk, told_at=None).update(told_at=at):
        _tell_keepers(channel, reason, at)


def _tell_administrators(outage: Outage, at: datetime) -> None:
    """One notice to each who administrates the system."""
    holders = _holding(Role.SYSTEM_ADMIN, at=at)
    what = outage.host if outage.host == HOST else f"聊天工具服务器 {outage.host}"
    for organization_id, people in holders.items():
        tell(
            people=people,
            kind=Kind.SYSTEM,
            title=f"{what}连续{outage.tries}次没有应答：{outage.last_error}",
            address=reverse("notice-list"),
            organization_id=organization_id,
            subject="",
            once=f"outage:{outage.host}:{outage.since:%Y%m%d%H%M%S}"[:200],
            verb=Verb.EDIT_ACCOUNTS,
            at=at,
        )


def _tell_keepers(channel: Channel, reason: str, at: datetime) -> None:
    """The person whose channel it is, or who keeps the robots of the organisation."""
    once = f"channel:{channel.pk}:{at:%Y%m%d%H%M%S}"
    if channel.organization_id is not None:
        # Where nobody keeps those of this organisation itself, who set them up from further above.
        holders = _holding(
            *roles_with(Verb.KEEP_CHANNELS), at=at, on=channel.organization_id
        ) or _holding(Role.SYSTEM_ADMIN, at=at)
        tell(
            people={key for people in holders.values() for key in people},
            kind=Kind.SYSTEM,
            title=f"{channel}发送不成功：{reason}",
            address=reverse("robots", args=[channel.organization_id]),
            organization_id=channel.organization_id,
            subject="",
            once=once,
            verb=Verb.KEEP_CHANNELS,
            at=at,
        )
        return
    if channel.person_id is None:
        return
    grant = Grant.objects.filter(person_id=channel.person_id).order_by("since").first()
    if grant is not None:
        tell(
            people=[channel.person_id],
            kind=Kind.SYSTEM,
            title=f"{channel}发送不成功：{reason}",
            address=reverse("notice-settings"),
            organization_id=grant.organization_id,
            subject="",
            once=once,
            verb=None,
            at=at,
        )


def _holding(*roles: Role, at: datetime, on: UUID | None = None) -> dict[UUID, list[UUID]]:
    """Who holds one of these roles now (on this organisation), by organisation."""
    grants = Grant.objects.filter(role__in=roles, since__lte=at, person__is_active=True).filter(
        Q(until__isnull=True) | Q(until__gt=at)
    )
    if on is not None:
        grants = grants.filter(organization=on)
    found: dict[UUID, list[UUID]] = {}
    for organization_id, person_id in grants.values_list("organization_id", "person_id"):
        found.setdefault(organization_id, []).append(person_id)
    return found
