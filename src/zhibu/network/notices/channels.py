"""Verbs of channels: a person's mail and robots, an organisation's robots, when to be told.

A robot's address is a secret: the ledger names the tool and the label, never the address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from zhibu.ledger.services import note
from zhibu.network.notices.mail import HOST
from zhibu.network.notices.models import Channel, Delivery, Kind, Message, Notice, Preference
from zhibu.network.notices.queries import hours_chosen
from zhibu.network.notices.robots import BadAddress, take_address
from zhibu.org.models import Grant, Organization
from zhibu.org.services import Refused
from zhibu.people.keys import new_key
from zhibu.people.models import Person
from zhibu.plans.facts import work_calendar
from zhibu.rules.notices import Hours, send_at

MOST_OF_PERSON: Final = 3
MOST_OF_ORGANIZATION: Final = 5
CODE_TIME: Final = timedelta(minutes=30)
CODE_AGAIN: Final = timedelta(minutes=2)
CODE_TRIES: Final = 5
TRY_AGAIN: Final = timedelta(minutes=1)
LABEL: Final = 60
MAIL_LENGTH: Final = 254


@transaction.atomic
def set_mail(*, by: Person, address: str, at: datetime) -> Channel:
    """Set one's own mail address and ask for a code to be sent there. Raises Refused.

    Nothing else is sent there before the code has been given back: the address may be somebody
    else's by a slip of the pen.
    """
    address = address.strip()
    try:
        validate_email(address if len(address) <= MAIL_LENGTH else "")
    except ValidationError as error:
        raise Refused("邮箱地址不对，请核对后重新填写。") from error
    Person.objects.select_for_update().get(pk=by.pk)  # there is no row yet to wait for
    channel = Channel.objects.select_for_update().filter(person=by, tool=Channel.Tool.MAIL).first()
    if channel is not None and channel.code_at and at - channel.code_at < CODE_AGAIN:
        raise Refused("验证码刚刚发出，请稍等两分钟再试。")
    if channel is None:
        channel = Channel(person=by, tool=Channel.Tool.MAIL, host=HOST, made_at=at)
    elif channel.target != address:
        _withhold(channel)
    channel.target, channel.verified_at, channel.is_on = address, None, True
    channel.code_at, channel.code_sent_at, channel.code_tries = at, None, 0
    channel.failing_since = channel.told_at = None
    channel.last_error = ""
    channel.save()
    note(by=by, verb="set_mail", organization_id=None, subject=channel, at=at)
    return channel


@transaction.atomic
def verify_mail(*, by: Person, code: str, at: datetime) -> Channel | None:
    """Give back the code that was sent; None where it is wrong. Raises Refused where it is over."""
    channel = Channel.objects.select_for_update().filter(person=by, tool=Channel.Tool.MAIL).first()
    if channel is None or channel.code_at is None:
        raise Refused("没有等待验证的邮箱，请先填写邮箱地址。")
    if at - channel.code_at > CODE_TIME or channel.code_tries >= CODE_TRIES:
        raise Refused("验证码已经失效，请重新获取。")
    if not constant_time_compare(code_of(channel), re.sub(r"\s", "", code)):
        channel.code_tries += 1
        channel.save(update_fields=["code_tries"])
        return None
    channel.verified_at, channel.code_at, channel.code_sent_at = at, None, None
    channel.save(update_fields=["verified_at", "code_at", "code_sent_at"])
    note(by=by, verb="verify_mail", organization_id=None, subject=channel, at=at)
    return channel


def code_of(channel: Channel) -> str:
    """The six digits that belong to this asking; they follow from it and are stored nowhere."""
    if channel.code_at is None:
        raise ValueError("no code was asked for")
    asked = f"{channel.pk}:{channel.target}:{channel.code_at.timestamp():.6f}"
    digest = salted_hmac("zhibu.notices.code", asked, algorithm="sha256").digest()
    return f"{int.from_bytes(digest[:8], 'big') % 1_000_000:06}"


@transaction.atomic
def add_robot(
    *,
    tool: str,
    address: str,
    secret: str = "",
    label: str = "",
    kinds: Iterable[str] = (),
    organization: Organization | None = None,
    by: Person,
    at: datetime,
) -> Channel:
    """Add a chat robot of an organisation, or without one of oneself. Raises Refused."""
    if organization is not None:  # two at once count one after the other
        Organization.objects.select_for_update().get(pk=organization.pk)
    else:
        Person.objects.select_for_update().get(pk=by.pk)
    of = Channel.objects.filter(organization=organization) if organization else _robots(by)
    most = MOST_OF_ORGANIZATION if organization else MOST_OF_PERSON
    if of.count() >= most:
        raise Refused(f"最多设置{most}个机器人，请先删去不用的。")
    try:
        target, host = take_address(tool, address, secret)
    except BadAddress as error:
        raise Refused(str(error)) from error
    if of.filter(target=target).exists():
        raise Refused("这个机器人已经设置过了。")
    channel = Channel.objects.create(
        person=None if organization else by,
        organization=organization,
        tool=tool,
        label=label.strip()[:LABEL],
        target=target,
        host=host,
        kinds=_kinds(kinds),
        verified_at=at,
        made_at=at,
    )
    _note("add_robot", channel, by, at)
    return channel


@transaction.atomic
def change_channel(
    *,
    channel: Channel,
    is_on: bool,
    kinds: Iterable[str],
    label: str = "",
    by: Person,
    at: datetime,
) -> Channel:
    """Switch a channel on or off, and choose what goes through it. None chosen: everything."""
    channel = Channel.objects.select_for_update().get(pk=channel.pk)
    channel.is_on, channel.kinds, channel.label = is_on, _kinds(kinds), label.strip()[:LABEL]
    channel.save(update_fields=["is_on", "kinds", "label"])
    if not is_on:
        _withhold(channel)
    _note("change_channel", channel, by, at, reason="" if is_on else "停用")
    return channel


@transaction.atomic
def remove_channel(*, channel: Channel, by: Person, at: datetime) -> None:
    """Forget a channel with its address; what waits for it is not sent."""
    _note("remove_channel", channel, by, at)
    Channel.objects.filter(pk=channel.pk).delete()


@transaction.atomic
def try_channel(*, channel: Channel, by: Person, at: datetime) -> Delivery:
    """Send something through it, at once and at any hour. Raises Refused."""
    channel = Channel.objects.select_for_update().get(pk=channel.pk)
    if channel.verified_at is None or not channel.is_on:
        raise Refused("请先启用，邮箱还须先验证。")
    last = channel.deliveries.order_by("-made_at").first()
    if last is not None and at - last.made_at < TRY_AGAIN:
        raise Refused("刚刚发过一条，请一分钟后再试。")
    title = f"试发：收到这一条，说明{channel.get_tool_display()}已经设置好。"
    delivery = Delivery(id=new_key(), channel=channel, made_at=at, next_at=at)
    once = f"try:{delivery.pk}"
    if channel.organization is not None:
        delivery.message = Message.objects.create(
            organization=channel.organization, kind=Kind.SYSTEM, title=title,
            address=reverse("robots", args=[channel.organization.pk]), once=once, made_at=at,
            is_spread=True,
        )  # fmt: skip
    else:
        delivery.notice = Notice.objects.create(
            person=by, kind=Kind.SYSTEM, title=title, address=reverse("notice-settings"),
            organization_id=home_of(by), once=once, made_at=at, is_spread=True,
        )  # fmt: skip
    delivery.save(force_insert=True)
    return delivery


@transaction.atomic
def set_hours(*, by: Person, hours: Hours, at: datetime) -> Preference:
    """When one wants to be told; what waits goes by it too. Raises Refused."""
    if hours.digest_hour is not None and hours.is_quiet(hours.digest_hour):
        raise Refused("汇总的时间在免打扰时段里，请另选一个时间。")
    row, _ = Preference.objects.update_or_create(
        person=by,
        defaults={
            "quiet_from": hours.quiet_from,
            "quiet_until": hours.quiet_until,
            "digest_hour": hours.digest_hour,
            "days_off": hours.days_off,
            "changed_at": at,
        },
    )
    chosen, calendar, local = hours_chosen(row), work_calendar(), timezone.localtime(at)
    waiting = Delivery.objects.filter(
        channel__person=by, state=Delivery.State.WAITING, parcel__isnull=True
    ).select_related("notice")
    rows = list(waiting)
    for delivery in rows:
        kind = delivery.notice.kind if delivery.notice else Kind.SYSTEM
        delivery.next_at = send_at(local, kind, chosen, calendar)
    Delivery.objects.bulk_update(rows, ["next_at"], batch_size=200)
    return row


def home_of(person: Person) -> UUID:
    """The organisation that a notice about the person's own account hangs on. Raises Refused."""
    grant = Grant.objects.filter(person=person).order_by("since", "id").first()
    if grant is None:
        raise Refused("您还没有任何角色，请先与所在党组织联系。")
    return grant.organization_id


def _robots(person: Person) -> QuerySet[Channel]:
    return Channel.objects.filter(person=person).exclude(tool=Channel.Tool.MAIL)


def _kinds(kinds: Iterable[str]) -> list[str]:
    """Known kinds in their order; all of them are the same as none."""
    chosen = set(kinds)
    known = [kind.value for kind in Kind if kind in chosen]
    return [] if len(known) == len(Kind) else known


def _withhold(channel: Channel) -> None:
    """What waits for a channel is not sent any more."""
    channel.deliveries.filter(next_at__isnull=False).exclude(state=Delivery.State.SENDING).update(
        state=Delivery.State.WITHHELD, next_at=None
    )


def _note(verb: str, channel: Channel, by: Person, at: datetime, **detail: object) -> None:
    note(
        by=by,
        verb=verb,
        organization_id=channel.organization_id,
        subject=channel,
        detail={"name": f"{channel.get_tool_display()} {channel.label}".strip(), **detail},
        at=at,
    )
