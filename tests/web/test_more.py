"""更多: what has no place in the navigation."""

from __future__ import annotations

import pytest
from tests.cast import Cast, client_of

from zhibu.people.roles import Verb, roles_with
from zhibu.web.pages.more import OFFERS
from zhibu.web.urls import RIGHTS

pytestmark = pytest.mark.django_db


def test_offers_exactly_what_the_person_may_open(cast: Cast) -> None:
    """Every address on the page opens, for everybody."""
    for name, person in cast.people().items():
        client = client_of(person)
        page = client.get("/more/").context["page"]
        entries = [entry for _, entries in page.shelves for entry in entries]
        assert entries, name
        assert len({entry.label for entry in entries}) == len(entries)
        for entry in entries:
            assert client.get(entry.address).status_code == 200, (name, entry.label)


def test_asks_for_no_less_than_the_page() -> None:
    """Whoever is offered a page may open it: the roles are those of its address, or fewer."""
    for offer in OFFERS:
        asked = RIGHTS[offer.name]
        if isinstance(asked, Verb):
            assert isinstance(offer.verb, Verb), offer.label
            assert roles_with(offer.verb) <= roles_with(asked), offer.label


def test_lists_what_a_telephone_hides(cast: Cast) -> None:
    """The entries that the foot of a telephone has no room for stand on the page."""
    text = client_of(cast.secretary).get("/more/").content.decode()
    far = text.partition('class="card far-ways"')[2].partition("</nav>")[0]
    assert "规范" in far
    assert "今天" not in far
