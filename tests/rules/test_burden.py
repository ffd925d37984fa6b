"""What a norm costs a branch in a year."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from tests.rules import samples
from tests.rules.samples import branch, requirement

from zhibu.rules.branches import BranchFacts
from zhibu.rules.burden import count_fields, sum_burden, weigh_norm
from zhibu.rules.duties import derive_duties, offer_duties
from zhibu.rules.elements import MEETING_ELEMENTS
from zhibu.rules.norm import Attendees, Cadence, Element, PracticeClass, Unit


def test_a_quarterly_meeting_of_an_hour() -> None:
    """Four records of sixty minutes; the fields of any meeting, the time and one of its own."""
    asked = requirement(
        minutes=60, elements=(Element("topic", "议题"), Element("lecturer", "授课人"))
    )
    (burden,) = weigh_norm(samples.norm(asked), branch(), 2026)
    assert (burden.records, burden.minutes) == (4, 240)
    assert burden.fields == len(MEETING_ELEMENTS) + 2
    assert burden.all_fields == 4 * burden.fields


def test_what_is_no_meeting_asks_only_for_its_own_fields() -> None:
    """Dues ask for the time and what the norm names."""
    dues = requirement(attendees=Attendees.NONE, elements=(Element("dues_total", "合计"),))
    assert count_fields(dues) == 2


def test_what_falls_due_by_event_counts_none() -> None:
    """Nobody knows how often; the burden says that it is by event."""
    event = requirement(cadence=Cadence(Unit.EVENT), minutes=90)
    (burden,) = weigh_norm(samples.norm(event), branch(), 2026)
    assert (burden.records, burden.minutes, burden.is_by_event) == (0, 0, True)


def test_recommended_practices_are_weighed_apart() -> None:
    """By default a sum is over what every branch must do."""
    must, may = requirement("D1", minutes=10), replace(samples.LECTURE, minutes=100)
    burdens = weigh_norm(samples.norm(must, may), branch(), 2026)
    assert sum_burden(burdens).minutes == 40
    assert sum_burden(burdens, tuple(PracticeClass)).minutes == 240


@given(samples.branches())
def test_every_duty_is_weighed_once(facts: BranchFacts) -> None:
    """The records of a burden are the duties of the year."""
    burdens = weigh_norm(samples.norm(), facts, 2026)
    total = sum_burden(burdens, tuple(PracticeClass)).records
    assert total == len(derive_duties(samples.norm(), facts, 2026)) + len(
        offer_duties(samples.norm(), facts, 2026)
    )
    assert [burden.requirement for burden in burdens] == [one.code for one in samples.ALL]
