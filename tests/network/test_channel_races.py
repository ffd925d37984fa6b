"""Two who set up a channel at once: one after the other, and never one too many."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.cast import make_cast
from tests.handbook.test_concurrency import at_once

from zhibu.network.notices.channels import MOST_OF_ORGANIZATION, add_robot, set_mail
from zhibu.network.notices.models import Channel
from zhibu.org.services import Refused

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 3, 12, 2, tzinfo=UTC)


def test_a_first_address_sent_twice_is_one() -> None:
    """The second is told that a code has just gone out; nothing breaks."""
    cast = make_cast()
    answers = at_once(
        *(lambda: set_mail(by=cast.member, address="wuwei@example.cn", at=AT) for _ in range(2))
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["Channel", "Refused"]
    assert Channel.objects.filter(person=cast.member).count() == 1


def test_robots_are_never_one_too_many() -> None:
    """Eight at once where five may be: five."""
    cast = make_cast()

    def adding(number: int) -> object:
        return add_robot(
            tool="dingtalk", address=f"https://oapi.dingtalk.com/robot/send?access_token={number:064x}",
            organization=cast.branch, by=cast.secretary, at=AT,
        )  # fmt: skip

    answers = at_once(*(lambda number=number: adding(number) for number in range(8)))
    assert Channel.objects.filter(organization=cast.branch).count() == MOST_OF_ORGANIZATION
    assert sum(isinstance(answer, Refused) for answer in answers) == 8 - MOST_OF_ORGANIZATION
