"""Reads of notices, channels and what is on its way."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Case, IntegerField, Min, Q, QuerySet, Value, When

from zhibu.network.notices.asking import without_hidden
from zhibu.network.notices.models import Channel, Delivery, Notice, Outage, Preference
from zhibu.org.models import Organization
from zhibu.org.reach import Reach
from zhibu.people.models import Person
from zhibu.rules.notices import Hours


def notices_of(person: Person, reach: Reach) -> QuerySet[Notice]:
    """What a person may be shown: the unread first, then the newest first."""
    unread_first = Case(
        When(read_at__isnull=True, then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    return (
        seen_by(person, reach)
        .select_related("organization")
        .order_by(unread_first, "-made_at", "-id")
    )


def seen_by(person: Person, reach: Reach, *, only_unread: bool = False) -> QuerySet[Notice]:
    """A person's notices whose matter they may still see: asked anew each time."""
    mine = Notice.objects.filter(person=person)
    if only_unread:
        mine = mine.unread()
    return without_hidden(mine.visible_to(reach), person)


def count_unread(person: Person, reach: Reach, most: int = 100) -> int:
    """How many are unread and may be shown, up to `most`."""
    unread = seen_by(person, reach, only_unread=True).order_by()
    return unread[:most].count()


def hours_of(people: set[UUID]) -> dict[UUID, Hours]:
    """When each wants to be told; the usual hours for whoever has said nothing."""
    chosen = {row.person_id: hours_chosen(row) for row in Preference.objects.filter(pk__in=people)}
    return {key: chosen.get(key, Hours()) for key in people}


def hours_chosen(row: Preference | None) -> Hours:
    """A row as the rules take it."""
    if row is None:
        return Hours()
    return Hours(row.quiet_from, row.quiet_until, row.digest_hour, row.days_off)


def open_channels(channels: QuerySet[Channel], *, with_mail: bool) -> QuerySet[Channel]:
    """Of these channels the ones that something may be sent through now."""
    usable = channels.filter(is_on=True, verified_at__isnull=False)
    return usable if with_mail else usable.exclude(tool=Channel.Tool.MAIL)


def channels_of(person: Person) -> QuerySet[Channel]:
    """A person's channels, the mail first."""
    mail_first = Case(
        When(tool=Channel.Tool.MAIL, then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    return Channel.objects.filter(person=person).order_by(mail_first, "made_at", "id")


def robots_of(organization: Organization) -> QuerySet[Channel]:
    """The chat robots of an organisation."""
    return Channel.objects.filter(organization=organization)


def with_robots(organizations: Iterable[UUID]) -> list[UUID]:
    """Of these organisations the ones that have a robot in use."""
    channels = Channel.objects.filter(organization__in=list(organizations), is_on=True).order_by()
    return list(channels.values_list("organization_id", flat=True).distinct())


def latest_of(channels: list[Channel]) -> dict[UUID, Delivery]:
    """What was last sent or is being sent through each of a few channels."""
    found: dict[UUID, Delivery] = {}
    for channel in channels:
        last = channel.deliveries.order_by("-made_at", "-id").first()
        if last is not None:
            found[channel.pk] = last
    return found


def due_channels(now: datetime, *, with_mail: bool, most: int) -> list[UUID]:
    """Channels that something is due for and that may be asked, the longest waiting first."""
    paused = Outage.objects.filter(pause_until__gt=now).values("host")
    waiting = (
        Delivery.objects.filter(next_at__lte=now)
        .filter(Q(channel__busy_until=None) | Q(channel__busy_until__lte=now))
        .exclude(channel__host__in=paused)
    )
    if not with_mail:
        waiting = waiting.exclude(channel__tool=Channel.Tool.MAIL)
    rows = waiting.values("channel").annotate(since=Min("next_at")).order_by("since")
    return [row["channel"] for row in rows[:most]]


def outages() -> QuerySet[Outage]:
    """Hosts that do not answer, the longest first."""
    return Outage.objects.order_by("since")
