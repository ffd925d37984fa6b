"""From notices to deliveries: through which channels, and when. The worker's, in chunks."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from zhibu.network.notices.mail import is_mail_set
from zhibu.network.notices.models import Channel, Delivery, Message, Notice
from zhibu.network.notices.queries import hours_of, open_channels
from zhibu.people.keys import new_key
from zhibu.plans.facts import work_calendar
from zhibu.rules.calendar import WorkCalendar
from zhibu.rules.notices import Hours, send_at

CHUNK: Final = 500
M = TypeVar("M", Notice, Message)


def spread_all(at: datetime, *, chunk: int = CHUNK) -> int:
    """Write the deliveries of all notices and messages that have none yet; how many deliveries.

    Chunk by chunk, each a transaction: a worker that dies leaves nothing half spread, and two at
    once hinder nobody. Those not spread are found by an index of their own.
    """
    calendar = work_calendar()
    made = 0
    for spread in (_spread_notices, _spread_messages):
        while (count := spread(at, chunk, calendar)) is not None:
            made += count
    return made


@transaction.atomic
def _spread_notices(at: datetime, chunk: int, calendar: WorkCalendar) -> int | None:
    rows = list(_unlocked(Notice.objects.filter(is_spread=False).order_by("id"))[:chunk])
    if not rows:
        return None
    people = {row.person_id for row in rows}
    channels: dict[UUID, list[Channel]] = defaultdict(list)
    found = open_channels(Channel.objects.filter(person__in=people), with_mail=is_mail_set())
    for channel in found:
        if channel.person_id is not None:
            channels[channel.person_id].append(channel)
    hours = hours_of(set(channels))
    deliveries = [
        _delivery(channel, at, row.kind, hours[row.person_id], calendar, notice=row)
        for row in rows
        for channel in channels[row.person_id]
        if takes(channel, row.kind)
    ]
    Delivery.objects.bulk_create(deliveries, batch_size=chunk, ignore_conflicts=True)
    Notice.objects.filter(pk__in=[row.pk for row in rows]).update(is_spread=True)
    return len(deliveries)


@transaction.atomic
def _spread_messages(at: datetime, chunk: int, calendar: WorkCalendar) -> int | None:
    rows = list(_unlocked(Message.objects.filter(is_spread=False).order_by("id"))[:chunk])
    if not rows:
        return None
    channels: dict[UUID, list[Channel]] = defaultdict(list)
    wanted = {row.organization_id for row in rows}
    for channel in open_channels(Channel.objects.filter(organization__in=wanted), with_mail=False):
        if channel.organization_id is not None:
            channels[channel.organization_id].append(channel)
    deliveries = [
        _delivery(channel, at, row.kind, Hours(), calendar, message=row)
        for row in rows
        for channel in channels[row.organization_id]
        if takes(channel, row.kind)
    ]
    Delivery.objects.bulk_create(deliveries, batch_size=chunk, ignore_conflicts=True)
    Message.objects.filter(pk__in=[row.pk for row in rows]).update(is_spread=True)
    return len(deliveries)


@transaction.atomic
def withhold_waiting() -> int:
    """Send nothing of what waits, for rows that come from a backup; how many deliveries.

    They were sent long ago, or this is a drill on another machine. The notices themselves stay.
    """
    Notice.objects.filter(is_spread=False).update(is_spread=True)
    Message.objects.filter(is_spread=False).update(is_spread=True)
    Channel.objects.filter(busy_until__isnull=False).update(busy_until=None)
    waiting = Delivery.objects.filter(next_at__isnull=False)
    return waiting.update(state=Delivery.State.WITHHELD, next_at=None)


def takes(channel: Channel, kind: str) -> bool:
    """Whether what is of this kind goes through the channel."""
    return not channel.kinds or kind in channel.kinds


def _delivery(
    channel: Channel,
    at: datetime,
    kind: str,
    hours: Hours,
    calendar: WorkCalendar,
    *,
    notice: Notice | None = None,
    message: Message | None = None,
) -> Delivery:
    return Delivery(
        id=new_key(),
        channel=channel,
        notice=notice,
        message=message,
        made_at=at,
        next_at=send_at(timezone.localtime(at), kind, hours, calendar),
    )


def _unlocked(rows: QuerySet[M]) -> QuerySet[M]:
    """Only those that no other worker is at; on SQLite there is one writer at a time anyway."""
    if connection.features.has_select_for_update_skip_locked:
        return rows.select_for_update(skip_locked=True)
    return rows
