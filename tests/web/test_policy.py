"""What a browser may keep of a page: nothing of what is only read, and a form until it was sent."""

from __future__ import annotations

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse
from tests.cast import Cast, client_of
from tests.web.record_story import Writer, a_line, make_table

pytestmark = pytest.mark.usefixtures("data_dir")
KEPT_UNTIL_SENT, NOT_KEPT = "private, no-cache", "private, no-store"


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("branch-home", NOT_KEPT), ("roster", NOT_KEPT), ("record-list", NOT_KEPT),
        ("organization", NOT_KEPT), ("overview", NOT_KEPT), ("overview-xlsx", NOT_KEPT),
        ("member-admit", KEPT_UNTIL_SENT), ("organization-edit", KEPT_UNTIL_SENT),
        ("record-new", KEPT_UNTIL_SENT),
    ],
)  # fmt: skip
def test_what_is_read_is_not_kept_and_a_form_may_be_gone_back_to(
    cast: Cast, name: str, rule: str
) -> None:
    """Back after signing out shows no names; Back from a form shows what was typed."""
    make_table(cast)
    answer = client_of(cast.secretary).get(reverse(name, args=[cast.branch.pk]))
    assert answer.status_code == 200
    assert answer["Cache-Control"] == rule


def test_the_table_and_a_draft_may_be_gone_back_to(cast: Cast) -> None:
    """The lines of the table are edited in their rows; a record is written for an hour."""
    plan = make_table(cast)
    writer = Writer(cast.secretary).start(cast, a_line(plan, "members_meeting"))
    for name, args in (("plan", (cast.branch.pk, 2026)), ("record-edit", (writer.key,))):
        answer = writer.client.get(reverse(name, args=args))
        assert answer["Cache-Control"] == KEPT_UNTIL_SENT


def test_what_says_it_itself_is_left_alone(cast: Cast) -> None:
    """A picture that is drawn once a minute, the monitor's page, our own script and stylesheet."""
    client = client_of(cast.secretary)
    course = client.get(reverse("overview-course", args=[cast.branch.pk, 2026]))
    assert course["Cache-Control"] == "private, max-age=60"
    assert "no-store" in client.get(reverse("healthz"))["Cache-Control"]
    assert finders.find("web/zhibu.css")
    style = client.get("/static/web/zhibu.css")
    assert style.status_code == 200
    assert "private" not in style["Cache-Control"]


def test_an_error_page_and_a_stranger_s_answer_are_private_too(cast: Cast) -> None:
    """No cache between us and the browser keeps whatever we say."""
    client = client_of(cast.secretary)
    assert "private" in client.get("/no-such-page/")["Cache-Control"]
    assert "private" in Client().get(reverse("home"))["Cache-Control"]


def test_signing_out_throws_away_what_the_browser_kept(cast: Cast) -> None:
    """Also the forms; and nothing else does."""
    client = client_of(cast.secretary)
    page = client.get(reverse("roster", args=[cast.branch.pk]))
    assert "Clear-Site-Data" not in page
    client.cookies["sessionid"] = "no-such-session"
    ended = client.get(reverse("roster", args=[cast.branch.pk]))
    assert ended.status_code == 302
    assert ended["Clear-Site-Data"] == '"cache"'
