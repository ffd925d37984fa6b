"""Four ways of asking for whom a text is say the same: the rule, the list, the roll, the statement."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from tests.network.dissemination.scene import AT, DAY, HOUR, Town

from zhibu.network.dissemination.models import Forward, Receipt
from zhibu.network.dissemination.queries import Roll, seat_on, stays_of, to_read
from zhibu.network.dissemination.services import (
    NotForYou,
    TextRefused,
    acknowledge,
    forward_text,
)
from zhibu.org.models import Member, Organization, Post
from zhibu.org.services import appoint, transfer_member
from zhibu.rules.reach import Mode, Readers, comes_down

# Which part of the cast, which kinds and which fields.
CASES: tuple[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]], ...] = (
    (("commission",), (), ()),
    (("committee",), ("branch",), ()),
    (("branch", "far_branch"), (), ("organ",)),
    (("commission",), ("committee", "branch"), ("school", "village")),
)


@pytest.fixture
def busy(town: Town) -> Town:
    """Offices at several levels, a branch of a school, somebody who has moved, accounts for all."""
    cast = town.cast
    members = [
        *town.members(cast.branch),
        *town.members(cast.other_branch),
        *town.members(cast.far_branch),
    ]
    for member in members:
        town.account(member)
    Organization.objects.filter(pk=cast.other_branch.pk).update(field="school")
    since = (AT - 100 * DAY).date()
    for member, organization, office in (
        (members[0], cast.committee, Post.Office.SECRETARY),  # a branch's secretary as well
        (members[3], cast.committee, Post.Office.PUBLICITY),
        (members[9], cast.other_branch, Post.Office.SECRETARY),
        (members[12], cast.far_committee, Post.Office.SECRETARY),
        (members[4], cast.group, Post.Office.GROUP_LEADER),
    ):
        appoint(
            member=member, organization=organization, office=office, since=since, by=None, at=AT
        )
    on = (AT - 50 * DAY).date()
    transfer_member(member=members[5], branch=cast.far_branch, on=on, by=None, at=AT)
    return town


@pytest.mark.parametrize(("readers", "mode"), list(product(Readers, Mode)))
def test_they_agree(busy: Town, readers: Readers, mode: Mode) -> None:
    """For everybody, whatever the audience, and however far down it has come."""
    cast = busy.cast
    for named, kinds, fields in CASES:
        audience = tuple(getattr(cast, name) for name in named)
        text = busy.issue(readers=readers, mode=mode, kinds=kinds, fields=fields, audience=audience)
        levels: tuple[Any, ...] = (None,)
        if mode is Mode.BY_LEVEL:
            levels = (None, cast.committee, cast.branch)
        for level in levels:
            if level is not None:
                try:
                    forward_text(
                        text=text, organization=level, words="", by=cast.office, at=AT + HOUR
                    )
                except TextRefused:  # not every text goes by every level
                    continue
            agree(busy, text)


def agree(town: Town, text: Any) -> None:
    sent = set(Forward.objects.filter(text=text).values_list("path", flat=True))
    stays = stays_of(Member.objects.all())
    roll = Roll(text)
    on_roll = dict(roll.seats().values_list("member", "seat"))
    here = set(roll.come_down(roll.seats()).values_list("member", flat=True))
    listed = {
        member.pk
        for member in Member.objects.select_related("person")
        if member.person is not None and to_read(member.person).filter(pk=text.pk).exists()
    }
    assert listed >= here
    for member in Member.objects.select_related("person"):
        seat = seat_on(text, stays.get(member.pk, ()))
        assert on_roll.get(member.pk) == (seat.path if seat else None)
        if seat is None:
            assert member.pk not in listed
        else:
            down = comes_down(text.path, seat.path, Mode(text.mode), sent, Readers(text.readers))
            assert (member.pk in here) is down
        try:
            assert member.person is not None
            acknowledge(text=text, version=1, by=member.person, at=AT + HOUR)
        except NotForYou:
            assert member.pk not in listed
        else:
            assert member.pk in listed
            receipt = Receipt.objects.get(member=member, text=text)
            assert seat is not None
            assert receipt.path == seat.path
    Receipt.objects.filter(text=text).delete()
