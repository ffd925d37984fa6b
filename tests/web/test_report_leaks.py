"""The month's report names no text that has not come down to the organisation that reports."""

from __future__ import annotations

from datetime import date

import pytest
from tests.cast import Cast
from tests.web.text_story import NINE, a_text, work

from zhibu.network.dissemination.services import forward_text
from zhibu.network.reports.queries import texts_of_month
from zhibu.org.models import Organization
from zhibu.rules.reach import Mode

pytestmark = pytest.mark.usefixtures("data_dir")


def titles(organization: Organization) -> list[str]:
    march, places = (date(2026, 3, 1), date(2026, 3, 31)), list(organization.places.all())
    return [one.title for one in texts_of_month(organization, places, *march)]


def test_a_text_from_level_to_level_is_named_where_it_has_come(cast: Cast) -> None:
    """Right below the issuer at once, further down only when the level between has sent it on."""
    text = a_text(cast.commission, cast.keeper, title="逐级的通知", mode=Mode.BY_LEVEL)
    assert titles(cast.commission) == titles(cast.committee) == ["逐级的通知"]
    assert titles(cast.branch) == titles(cast.far_branch) == []
    forward_text(text=text, organization=cast.committee, words="", by=cast.office, at=NINE)
    work()
    assert titles(cast.branch) == ["逐级的通知"]
    assert titles(cast.far_branch) == []


def test_texts_of_those_below_are_named_above(cast: Cast) -> None:
    """What a committee sent from level to level stands in the report of the level above too."""
    a_text(cast.committee, cast.office, title="本级的通知", mode=Mode.BY_LEVEL)
    assert (
        titles(cast.commission) == titles(cast.committee) == titles(cast.branch) == ["本级的通知"]
    )
    assert titles(cast.far_committee) == []
