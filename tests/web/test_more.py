"""更多: what has no place in the navigation."""

from __future__ import annotations

import pytest
from tests.cast import Cast, client_of

from zhibu.web.pages.more import OFFERS
from zhibu.web.urls import RIGHTS

pytestmark = pytest.mark.django_db


def test_offers_exactly_what_the_person_may_open(cast: Cast) -> None:
    """Every address on the page opens, for everybody."""
    for name, person in cast.people().items():
        client = client_of(person)
        page = client.get("/more/").context["page"]
        assert page.entries, name
        for entry in page.entries:
            assert client.get(entry.address).status_code == 200, (name, entry.label)


def test_asks_for_the_right_of_the_page() -> None:
    """An offer names the verb that its address asks for, not another."""
    for offer in OFFERS:
        assert offer.verb == RIGHTS[offer.name], offer.label


def test_lists_what_a_telephone_hides(cast: Cast) -> None:
    """The entries that the foot of a telephone has no room for stand on the page."""
    text = client_of(cast.secretary).get("/more/").content.decode()
    far = text.partition('class="card far-ways"')[2].partition("</nav>")[0]
    assert "规范" in far
    assert "今天" not in far
