"""Making, revoking and reading an address of a calendar."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from zhibu.documents.calendar_feed import write_calendar
from zhibu.ledger.services import note
from zhibu.network.feeds.models import Feed
from zhibu.network.feeds.queries import branch_occasions, feeds_of, person_occasions
from zhibu.org.models import Organization
from zhibu.org.reach import reach_of
from zhibu.org.services import Refused
from zhibu.people.models import Person
from zhibu.people.roles import Verb

MOST: Final = 20
"""So many addresses a person may have in use."""

LENGTH: Final = 24
"""Bytes of a secret: 192 bits cannot be guessed, however often somebody tries."""


@dataclass(frozen=True, slots=True)
class MadeFeed:
    """A new address; its secret is seen this once."""

    feed: Feed
    secret: str


@dataclass(frozen=True, slots=True)
class ReadFeed:
    """A calendar, and the mark by which one knows that it is still the same."""

    body: bytes
    tag: str


def digest_of(secret: str) -> str:
    """What is kept of a secret (SHA-256, hex). It is drawn, not chosen: nothing slower is needed."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


@transaction.atomic
def make_feed(*, organization: Organization | None, by: Person, at: datetime) -> MadeFeed:
    """A new address of one's own calendar, or of a branch's. Raises Refused when there are many."""
    Person.objects.select_for_update().get(pk=by.pk)
    if feeds_of(by).count() >= MOST:
        raise Refused(f"已有{MOST}个订阅地址在用，请先停用不用的。")
    secret = secrets.token_urlsafe(LENGTH)
    feed = Feed.objects.create(
        person=by, organization=organization, digest=digest_of(secret), made_at=at
    )
    _note("make_feed", feed, by, at)
    return MadeFeed(feed, secret)


@transaction.atomic
def revoke_feed(*, feed: Feed, by: Person, at: datetime) -> Feed:
    """End an address at once. Ending it again changes nothing."""
    held = Feed.objects.select_for_update().get(pk=feed.pk)
    if held.revoked_at is None:
        held.revoked_at = at
        held.save(update_fields=["revoked_at"])
        _note("revoke_feed", held, by, at)
    return held


def read_feed(*, secret: str, site: str, at: datetime) -> ReadFeed | None:
    """The calendar under this secret as its person may see it now; None for no (longer an) address.

    Leaves the day on which it was read, nothing more. `site` is put before addresses.
    """
    feed = (
        Feed.objects.filter(digest=digest_of(secret), revoked_at=None)
        .select_related("person", "organization")
        .first()
    )
    if feed is None or not feed.person.is_active:
        return None
    today = timezone.localdate(at)
    held = reach_of(feed.person, at)
    branch = feed.organization
    if branch is not None:
        if not held.may(Verb.SEE_BRANCH, branch.path):
            return None
        name, occasions = f"{branch.short_name}安排表", branch_occasions(branch, today)
    else:
        own = Organization.objects.filter(
            memberships__member__person=feed.person, memberships__until=None
        ).first()
        if own is not None and not held.may(Verb.SEE_BRANCH, own.path):
            own = None
        name, occasions = "支部：我的日程", person_occasions(feed.person, own, today)
    if feed.used_on != today:
        Feed.objects.filter(pk=feed.pk).update(used_on=today)
    body = write_calendar(name, occasions, zone=settings.TIME_ZONE, site=site)
    return ReadFeed(body, hashlib.sha256(body).hexdigest())


def _note(verb: str, feed: Feed, by: Person, at: datetime) -> None:
    note(by=by, verb=verb, organization_id=feed.organization_id, subject=feed, at=at)
