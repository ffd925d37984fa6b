"""日历订阅: which addresses somebody has, which they can make, and the one that was just made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from zhibu.network.feeds.models import Feed
from zhibu.network.feeds.queries import feeds_of
from zhibu.network.feeds.services import MadeFeed
from zhibu.org.models import Organization
from zhibu.people.roles import Verb
from zhibu.web.access import get_visible, person_of, reach
from zhibu.web.entry.seats import chosen_first
from zhibu.web.pages.entry import draw_code

OWN: Final = "own"


@dataclass(frozen=True, slots=True)
class Offer:
    """A calendar that can be made."""

    value: str
    label: str
    about: str
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One address in use."""

    feed: Feed
    label: str


@dataclass(frozen=True, slots=True)
class ShownFeed:
    """The address that was just made: seen this once."""

    label: str
    address: str
    opens: str  # the same, for the calendar of this device
    picture: SafeString


@dataclass(frozen=True, slots=True)
class FeedsPage:
    """What somebody has and can make."""

    rows: tuple[FeedRow, ...]
    offers: tuple[Offer, ...]
    made: ShownFeed | None
    fault: str


def build_feeds(
    request: HttpRequest, *, made: ShownFeed | None = None, fault: str = ""
) -> FeedsPage:
    """The page. A branch that was come from is offered beside one's own."""
    rows = feeds_of(person_of(request))
    return FeedsPage(
        rows=tuple(FeedRow(row, _label(row.organization)) for row in rows),
        offers=tuple(_offers(request)),
        made=made,
        fault=fault,
    )


def show_made(request: HttpRequest, made: MadeFeed) -> ShownFeed:
    """The address in all its forms."""
    address = request.build_absolute_uri(reverse("feed-calendar", args=(made.secret,)))
    scheme, _, rest = address.partition(":")
    del scheme
    return ShownFeed(
        label=_label(made.feed.organization),
        address=address,
        opens=f"webcal:{rest}",
        picture=draw_code(address),
    )


def _offers(request: HttpRequest) -> list[Offer]:
    wanted = _come_from(request)
    found = [
        Offer(
            OWN, "我的日程", "要我参加的会议、交给我的任务、要我阅读的传达文件",
            is_chosen=wanted is None,
        )
    ]  # fmt: skip
    branches: dict[str, str] = {}
    kinds = {Organization.Kind.BRANCH, Organization.Kind.GROUP}
    for hold in chosen_first(request, reach(request).with_verb(Verb.SEE_BRANCH)):
        if hold.kind == Organization.Kind.BRANCH:
            branches[str(hold.organization_id)] = hold.name
        elif hold.kind in kinds:
            branches.setdefault(str(hold.seat_id), "我所在的党支部")
    if wanted is not None:
        branches[str(wanted.pk)] = wanted.short_name
    for key, name in branches.items():
        is_chosen = wanted is not None and key == str(wanted.pk)
        found.append(Offer(key, f"{name}安排表", "年度安排表的全部事项", is_chosen))
    return found


def _come_from(request: HttpRequest) -> Organization | None:
    try:
        key = UUID(request.GET.get("branch", ""))
    except ValueError:
        return None
    rows = Organization.objects.branches()
    return get_visible(request, rows, Verb.SEE_BRANCH, prefix="", pk=key)


def _label(organization: Organization | None) -> str:
    return f"{organization.short_name}安排表" if organization else "我的日程"
