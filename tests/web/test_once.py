"""A form that is sent twice is done once; another form, or one that was refused, is another matter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.test import Client
from django.urls import reverse
from tests.cast import Cast, client_of

from zhibu.org.models import Activist, Membership
from zhibu.people.models import SentForm
from zhibu.people.sent_forms import KEPT, SAME_WITHIN, forget_forms
from zhibu.web import clock

FORM = {"name": "钱九明", "since": "2026-03-01", "csrfmiddlewaretoken": "of this page"}


def enrol(client: Client, cast: Cast, **changes: str) -> Any:
    address = reverse("activist-enrol", args=(cast.branch.pk,))
    return client.post(address, {**FORM, **changes}, follow=True)


def test_the_same_form_again_leads_to_the_same_place_and_says_so(cast: Cast) -> None:
    client = client_of(cast.secretary)
    first, second = enrol(client, cast), enrol(client, cast)
    assert first.redirect_chain[0][0] == second.redirect_chain[0][0]
    assert "没有重复办理" in second.content.decode()
    assert "没有重复办理" not in first.content.decode()
    assert Activist.objects.count() == 1


def test_another_form_is_done(cast: Cast) -> None:
    """Other words, by going back to the same page; or the form drawn anew, which is judged anew."""
    client = client_of(cast.secretary)
    enrol(client, cast)
    other = enrol(client, cast, name="钱九光")
    assert "没有重复办理" not in other.content.decode()
    assert Activist.objects.count() == 2
    assert enrol(client, cast, csrfmiddlewaretoken="of another page").status_code == 422


def test_a_form_that_lacked_something_may_come_again(cast: Cast) -> None:
    """Nothing was done for it, so it is not remembered."""
    client = client_of(cast.secretary)
    assert enrol(client, cast, name="").status_code == 422
    assert not SentForm.objects.exists()
    assert enrol(client, cast).status_code == 200
    assert SentForm.objects.count() == 1


def test_what_somebody_else_sent_is_theirs(cast: Cast) -> None:
    """The same words and token from another person are another form, with that person's rights."""
    enrol(client_of(cast.secretary), cast)
    assert enrol(client_of(cast.neighbour), cast).status_code == 404
    assert Activist.objects.count() == 1


def test_moving_somebody_who_was_just_moved_is_told(cast: Cast) -> None:
    """Two people at it: the second reads why, instead of an error."""
    member = cast.members[0]
    client = client_of(cast.office)
    address = reverse("member-transfer", args=(member.pk,))
    sent = {"seat": str(cast.other_branch.pk), "on": "2026-03-12"}
    assert client.post(address, sent).status_code == 302
    again = client.post(address, {**sent, "seat": str(cast.branch.pk)})
    assert again.status_code == 422
    assert Membership.objects.filter(member=member, until=None).count() == 1


def test_the_same_form_much_later_is_meant(cast: Cast, freeze: Callable[[datetime], None]) -> None:
    """What was given up can be begun again from the page one goes back to."""
    client = client_of(cast.secretary)
    enrol(client, cast)
    Activist.objects.all().delete()
    assert "没有重复办理" in enrol(client, cast).content.decode()
    assert not Activist.objects.exists()
    freeze(clock.now() + SAME_WITHIN)
    assert "没有重复办理" not in enrol(client, cast).content.decode()
    assert Activist.objects.count() == 1


def test_forms_are_forgotten_after_a_while(cast: Cast) -> None:
    enrol(client_of(cast.secretary), cast)
    sent_at = SentForm.objects.get().sent_at
    assert forget_forms(at=sent_at + KEPT - timedelta(seconds=1)) == 0
    assert forget_forms(at=sent_at + KEPT + timedelta(seconds=1)) == 1
    assert not SentForm.objects.exists()
