"""What the pages of notices show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.core.paginator import Page
from django.http import HttpRequest

from zhibu.network.notices.asking import name_now
from zhibu.network.notices.models import Channel, Delivery, Kind, Notice, Preference
from zhibu.network.notices.queries import (
    channels_of,
    hours_chosen,
    latest_of,
    notices_of,
    robots_of,
)
from zhibu.network.notices.robots import shown_target
from zhibu.org.models import Organization
from zhibu.web import clock
from zhibu.web.access import person_of, reach
from zhibu.web.forms.notices import CodeForm, HoursForm, MailForm
from zhibu.web.pages.forms import Crumb
from zhibu.web.paging import page_of

WATCHED: Final = timedelta(minutes=2)
"""So long after sending the page looks for how it went."""


@dataclass(frozen=True, slots=True)
class NoticesPage:
    """A person's notices."""

    rows: Page[Notice]
    has_unread: bool


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """A channel and how it is doing."""

    channel: Channel
    where: str
    kinds: str
    state: str  # a state's class of the stylesheet
    word: str
    why: str
    is_busy: bool  # something is just being sent


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """Where and when a person is told outside the system."""

    mail: ChannelRow | None
    robots: tuple[ChannelRow, ...]
    is_mail_set: bool  # the operator has named a mail server
    is_waiting: bool  # for the code
    is_code_sent: bool
    mail_form: MailForm
    code_form: CodeForm
    hours_form: HoursForm
    is_busy: bool


@dataclass(frozen=True, slots=True)
class RobotsPage:
    """The chat robots of an organisation."""

    organization: Organization
    crumbs: tuple[Crumb, ...]
    robots: tuple[ChannelRow, ...]
    is_busy: bool


def build_notices(request: HttpRequest) -> NoticesPage:
    """A fixed number of queries, whatever the number of notices."""
    rows = page_of(request, notices_of(person_of(request), reach(request)))
    name_now(list(rows))
    return NoticesPage(rows, any(row.read_at is None for row in rows))


def build_settings(
    request: HttpRequest,
    *,
    mail_form: MailForm | None = None,
    code_form: CodeForm | None = None,
    hours_form: HoursForm | None = None,
) -> SettingsPage:
    """With the forms as they were sent, where they were."""
    person = person_of(request)
    rows = channel_rows(list(channels_of(person)), clock.now())
    mail = next((row for row in rows if row.channel.tool == Channel.Tool.MAIL), None)
    waiting = mail is not None and mail.channel.verified_at is None
    hours = hours_chosen(Preference.objects.filter(person=person).first())
    return SettingsPage(
        mail=mail,
        robots=tuple(row for row in rows if row is not mail),
        is_mail_set=settings.MAIL_IS_SET,
        is_waiting=waiting,
        is_code_sent=mail is not None and mail.channel.code_sent_at is not None,
        mail_form=mail_form or MailForm(initial={"address": mail.channel.target if mail else ""}),
        code_form=code_form or CodeForm(),
        hours_form=hours_form or HoursForm.of(hours),
        is_busy=any(row.is_busy for row in rows),
    )


def build_robots(organization: Organization, crumbs: tuple[Crumb, ...]) -> RobotsPage:
    """The robots with their state."""
    rows = channel_rows(list(robots_of(organization)), clock.now())
    return RobotsPage(organization, crumbs, rows, any(row.is_busy for row in rows))


def channel_rows(channels: list[Channel], now: datetime) -> tuple[ChannelRow, ...]:
    """Each channel as a line; one query each, and there are a handful at most."""
    latest = latest_of(channels)
    return tuple(_row(channel, latest.get(channel.pk), now) for channel in channels)


def _row(channel: Channel, last: Delivery | None, now: datetime) -> ChannelRow:
    labels = dict(Kind.choices)
    is_busy = (
        last is not None
        and last.next_at is not None
        and last.next_at <= now
        and now - last.made_at < WATCHED
        and last.state in {Delivery.State.WAITING, Delivery.State.SENDING}
    ) or (
        channel.code_at is not None
        and channel.code_sent_at is None
        and now - channel.code_at < WATCHED
    )
    state, word, why = _standing(channel, is_busy=is_busy)
    return ChannelRow(
        channel=channel,
        where=channel.target if channel.tool == Channel.Tool.MAIL else shown_target(channel),
        kinds="、".join(str(labels.get(kind, kind)) for kind in channel.kinds) or "全部通知",
        state=state,
        word=word,
        why=why,
        is_busy=is_busy,
    )


def _standing(channel: Channel, *, is_busy: bool) -> tuple[str, str, str]:
    """Class, word and reason."""
    if not channel.is_on:
        return "waived", "已停用", ""
    if is_busy:
        return "open", "正在发送", ""
    if channel.verified_at is None:
        return "due_soon", "等待验证", channel.last_error
    if channel.last_error:
        return "overdue", "发送不成功", f"{channel.last_error}。稍后自动再试。"
    return "done", "可以使用", ""
