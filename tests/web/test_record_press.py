"""Buttons of the record form that the page sends by itself, so that it can keep what does not arrive."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse
from tests.cast import Cast
from tests.web.record_story import Writer, a_line, make_table

from zhibu.handbook.models import Record
from zhibu.plans.models import Plan
from zhibu.rules.contents_data import ContentError

pytestmark = pytest.mark.usefixtures("data_dir")


@pytest.fixture
def plan(cast: Cast) -> Plan:
    return make_table(cast)


def test_a_button_pressed_by_the_page_leads_where_a_browser_would_go(
    cast: Cast, plan: Plan
) -> None:
    """The redirect is left to the page, so that what is said on the next one is still said there."""
    writer = Writer(cast.secretary).start(cast, a_line(plan, "members_meeting")).complete()
    for deed, name in (("save", "record-edit"), ("file", "record-file")):
        answer = writer.send(deed, htmx=True)
        assert answer["HX-Redirect"] == reverse(name, args=[writer.key])
        assert answer["X-Draft-Saved"] == str(Record.objects.get(pk=writer.key).revision)
    filing = reverse("record-file", args=[writer.key])
    page = writer.client.get(filing)
    assert "草稿已保存" in page.content.decode()
    revision = Record.objects.get(pk=writer.key).revision
    given = {"submission": str(uuid4()), "revision": revision}
    answer = writer.client.post(filing, given, headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == reverse("record", args=[writer.key])
    assert "已归档" in writer.client.get(answer["HX-Redirect"]).content.decode()


def test_what_is_wrong_takes_the_place_of_the_form(cast: Cast, plan: Plan) -> None:
    """Pressed by the page, a form with faults comes back whole, as it does without script."""
    writer = Writer(cast.secretary).start(cast, a_line(plan, "members_meeting"))
    answer = writer.send("file", htmx=True, day="2026-99-99")
    assert answer.status_code == 422
    assert answer["HX-Retarget"] == answer["HX-Reselect"] == "#main"
    assert b'id="main"' in answer.content


@pytest.mark.parametrize("deed", ["", "save"])
def test_a_refused_save_is_not_answered_as_saved(
    cast: Cast, plan: Plan, monkeypatch: pytest.MonkeyPatch, deed: str
) -> None:
    """What could not be stored stays in the browser: nothing tells it that the server has it."""
    writer = Writer(cast.secretary).start(cast, a_line(plan, "members_meeting"))

    def refuse(**_: Any) -> None:
        raise ContentError("minutes", "文字过长")

    monkeypatch.setattr("zhibu.web.views.drafts.save_draft", refuse)
    answer = writer.send(deed, htmx=True, minutes="写了很多")
    assert "X-Draft-Saved" not in answer
    assert "HX-Redirect" not in answer
    assert "已保存" not in answer.content.decode()
    assert "文字过长" in answer.content.decode()
