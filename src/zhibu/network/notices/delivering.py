"""Deliveries: one parcel at a time through one channel, by as many workers as there are.

What a crash can do. A parcel is claimed in one transaction (its rows are `SENDING`, the channel has
a lease), sent outside of any, and settled in a second one. A worker that dies before it sends leaves
a parcel that is sent when the lease has run out: nothing is lost. One that dies after the server
took it and before it settled leaves the same, and it is sent once more: SMTP and chat tools know no
way to ask whether they have it. So deliveries happen at least once; the repeated mail has the
Message-ID of the first, and both say that they may be a repetition.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from zhibu.network.notices import outages
from zhibu.network.notices.asking import name_now
from zhibu.network.notices.channels import code_of
from zhibu.network.notices.letters import Item, chat_text, code_body, mail_body, mail_subject
from zhibu.network.notices.mail import HOST, is_mail_set, send_mail
from zhibu.network.notices.models import Channel, Delivery
from zhibu.network.notices.queries import due_channels, hours_chosen, seen_by
from zhibu.network.notices.robots import ask_robot
from zhibu.network.notices.wire import SECONDS, Rejected, Unreachable
from zhibu.org.reach import reach_of
from zhibu.people.keys import new_key
from zhibu.plans.facts import work_calendar
from zhibu.rules.notices import Hours, retry_at, send_at

logger = logging.getLogger("zhibu.notices")

State = Delivery.State
LEASE: Final = timedelta(seconds=SECONDS * 4)
GAP: Final = timedelta(seconds=3)
"""Between two messages to the same robot: 企业微信 and 钉钉 take twenty a minute."""

MOST: Final = 200
"""So many notices go in one parcel at most."""

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Parcel:
    """What goes through a channel in one mail or one message."""

    key: UUID
    channel: Channel
    items: tuple[Item, ...]
    is_doubtful: bool


def deliver_due(clock: Clock, *, most: int = 20, seconds: float = SECONDS) -> int:
    """Deliver one parcel through each of the channels that are longest due; how many were tried.

    Hosts that do not answer are left alone for a while, so that they hold up nobody else.
    """
    tried = 0
    for key in due_channels(clock(), with_mail=is_mail_set(), most=most):
        parcel = claim(key, clock())
        if parcel is not None:
            send(parcel, clock, seconds=seconds)
            tried += 1
    return tried


def send_codes(clock: Clock, *, most: int = 20, seconds: float = SECONDS) -> int:
    """Send the codes that were asked for to verify a mail address; how many were tried."""
    if not is_mail_set() or outages.is_paused(HOST, clock()):
        return 0
    asked = Channel.objects.filter(code_at__isnull=False, code_sent_at__isnull=True)
    tried = 0
    for channel in asked.order_by("code_at")[:most]:
        now = clock()
        if not _take(channel.pk, now):
            continue
        tried += 1
        _send_code(channel, clock, seconds)
        if outages.is_paused(HOST, now):
            break
    return tried


def _send_code(channel: Channel, clock: Clock, seconds: float) -> None:
    """One code. A refused address keeps the reason; one that could not be asked is tried again."""
    sent_at: datetime | None = None
    reason = ""
    try:
        send_mail(
            to=channel.target,
            subject=f"【支部】邮箱验证码：{code_of(channel)}",
            body=code_body(code_of(channel)),
            identity=f"{channel.pk.hex}.{int(channel.code_at.timestamp()) if channel.code_at else 0}",
            seconds=seconds,
        )
        sent_at = clock()
    except Unreachable as error:
        reason = str(error)
        outages.note_outage(host=HOST, reason=reason, at=clock())
    except Rejected as error:
        sent_at, reason = clock(), str(error)
    # Only this asking: a later one has another moment.
    Channel.objects.filter(pk=channel.pk, code_at=channel.code_at).update(
        code_sent_at=sent_at, last_error=reason
    )
    Channel.objects.filter(pk=channel.pk).update(busy_until=None)


def _take(channel_id: UUID, now: datetime) -> bool:
    """Whether this worker has the channel now, for as long as the lease."""
    free = Q(busy_until=None) | Q(busy_until__lte=now)
    return bool(Channel.objects.filter(free, pk=channel_id).update(busy_until=now + LEASE))


@transaction.atomic
def claim(channel_id: UUID, now: datetime) -> Parcel | None:
    """Take what is due for a channel, and the channel for as long as that may last.

    None where another worker has it, or nothing is left to send: what was read meanwhile, what the
    person may not see any more, what was switched off is withheld, silently.
    """
    if not _take(channel_id, now):
        return None
    channel = Channel.objects.select_related("person", "organization").get(pk=channel_id)
    rows = _due_rows(channel, now)
    sendable, withheld = _sort(channel, rows, now)
    if withheld:
        Delivery.objects.filter(pk__in=withheld).update(state=State.WITHHELD, next_at=None)
    if not sendable or outages.is_paused(channel.host, now):
        Channel.objects.filter(pk=channel_id).update(busy_until=None)
        return None
    first = sendable[0]
    key = first.parcel or new_key()
    is_doubtful = any(row.is_doubtful or row.state == State.SENDING for row in sendable)
    Delivery.objects.filter(pk__in=[row.pk for row in sendable]).update(
        state=State.SENDING,
        parcel=key,
        tries=first.tries + 1,
        tried_at=now,
        is_doubtful=is_doubtful,
        next_at=now,
    )
    name_now(filter(None, (row.notice or row.message for row in sendable)))
    return Parcel(key, channel, tuple(_item(row) for row in sendable), is_doubtful)


def send(parcel: Parcel, clock: Clock, *, seconds: float = SECONDS) -> bool:
    """Send a claimed parcel and settle it; whether it was taken."""
    channel, is_sent, reason = parcel.channel, False, ""
    try:
        if channel.tool == Channel.Tool.MAIL:
            send_mail(
                to=channel.target,
                subject=mail_subject(parcel.items),
                body=mail_body(parcel.items, is_doubtful=parcel.is_doubtful),
                identity=parcel.key.hex,
                seconds=seconds,
            )
        else:
            text = chat_text(parcel.items, is_doubtful=parcel.is_doubtful)
            ask_robot(tool=channel.tool, target=channel.target, text=text, seconds=seconds)
        is_sent = True
    except Unreachable as error:
        reason = str(error)
        outages.note_outage(host=channel.host, reason=reason, at=clock())
    except Rejected as error:
        reason = str(error)
    settle(parcel, is_sent=is_sent, reason=reason, at=clock())
    return is_sent


@transaction.atomic
def settle(parcel: Parcel, *, is_sent: bool, reason: str, at: datetime) -> None:
    """Write down how it went; a failure is tried again with patience."""
    channel = parcel.channel
    rows = Delivery.objects.filter(parcel=parcel.key, state=State.SENDING)
    if is_sent:
        rows.update(state=State.SENT, next_at=None, last_error="", is_doubtful=False)
        outages.note_success(channel=channel, at=at)
        Channel.objects.filter(pk=channel.pk).update(busy_until=at + GAP)
        return
    tries = rows.values_list("tries", flat=True).first() or 1
    again = retry_at(at, tries)
    if again is None:
        rows.update(state=State.GIVEN_UP, next_at=None, last_error=reason)
    else:
        again = _within_hours(channel, again)
        rows.update(
            state=State.FAILED, next_at=again, last_error=reason, is_doubtful="超时" in reason
        )
    Channel.objects.filter(pk=channel.pk).update(busy_until=at + GAP)
    outages.note_failure(channel=channel, reason=reason, tries=tries, at=at)


def _within_hours(channel: Channel, moment: datetime) -> datetime:
    """A second try disturbs nobody at night either."""
    hours = Hours()
    if channel.person is not None:
        hours = hours_chosen(getattr(channel.person, "notice_preference", None))
    local = timezone.localtime(moment)
    undigested = Hours(hours.quiet_from, hours.quiet_until, None, days_off=True)
    return send_at(local, "", undigested, work_calendar())


def _due_rows(channel: Channel, now: datetime) -> list[Delivery]:
    """The oldest parcel that is to be tried again, or else what is new and due."""
    due = (
        channel.deliveries.filter(next_at__lte=now)
        .select_related("notice__organization", "message__organization")
        .order_by("made_at", "id")
    )
    again = due.filter(parcel__isnull=False).order_by("next_at").values_list("parcel", flat=True)
    if (parcel := again.first()) is not None:
        return list(due.filter(parcel=parcel))
    return list(due[:MOST])


def _sort(
    channel: Channel, rows: list[Delivery], now: datetime
) -> tuple[list[Delivery], list[UUID]]:
    """What may be sent, and what not any more."""
    if not channel.is_on or channel.verified_at is None:
        return [], [row.pk for row in rows]
    visible: set[UUID] = set()
    if channel.person is not None:
        reach = reach_of(channel.person, now)
        if channel.person.is_active:
            wanted = [row.notice_id for row in rows if row.notice_id]
            found = seen_by(channel.person, reach, only_unread=True).filter(pk__in=wanted)
            visible = set(found.values_list("pk", flat=True))
    sendable, withheld = [], []
    for row in rows:
        if row.notice_id in visible or (row.message is not None and _stands(row, now)):
            sendable.append(row)
        else:
            withheld.append(row.pk)
    return sendable, withheld


def _stands(row: Delivery, now: datetime) -> bool:
    """Whether the organisation of a message still exists."""
    organization = row.message.organization if row.message else None
    day = timezone.localtime(now).date()
    return organization is not None and (
        organization.dissolved_on is None or organization.dissolved_on >= day
    )


def _item(row: Delivery) -> Item:
    told = row.notice or row.message
    if told is None:
        raise ValueError("a delivery of nothing")
    return Item(told.get_kind_display(), told.title, told.organization.name, told.address)
