"""What a text's page keeps back, nothing else gives away: search, a stray form, the meetings of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from tests.cast import Cast, client_of
from tests.handbook.scene import AT, make_scene
from tests.web.text_story import NINE, a_text, give_account, tie

from zhibu.network.dissemination.models import Carriage, Text
from zhibu.network.dissemination.services import recall_text
from zhibu.network.search.services import index_changes
from zhibu.rules.contents import Carried
from zhibu.rules.norm import Activity

pytestmark = pytest.mark.usefixtures("data_dir")


def recalled(cast: Cast) -> Text:
    text = a_text(cast.branch, cast.secretary, title="关于防汛值班的通知")
    recall_text(text=text, reason="人名写错了", by=cast.secretary, at=NINE + timedelta(hours=1))
    index_changes(now=NINE + timedelta(hours=2))
    return text


def test_the_words_of_a_recalled_text_are_not_found_by_its_readers(cast: Cast) -> None:
    """Its page shows them the title and the reason, so search shows no more; who keeps it finds it."""
    reader = give_account(cast)
    text = recalled(cast)
    address = reverse("text", args=[text.pk])
    for asked, is_found in (("防汛值班", True), ("每名党员", False)):
        said = reader.get(reverse("search"), {"q": asked}).content.decode()
        assert (address in said) is is_found, asked
    titled = reader.get(reverse("search"), {"q": "通知"}).content.decode()
    assert address in titled
    assert "传达学习" not in titled
    assert (
        address
        in client_of(cast.secretary).get(reverse("search"), {"q": "每名党员"}).content.decode()
    )


def test_why_a_text_was_recalled_is_told_to_its_readers_only(cast: Cast) -> None:
    """Whoever knows the key of a text that was never for them is told nothing by the button."""
    text = recalled(cast)
    act, shown = reverse("text-acknowledge", args=[text.pk]), reverse("text", args=[text.pk])
    for person in (cast.neighbour, cast.stranger, cast.nobody, cast.audit_admin):
        client = client_of(person)
        assert client.post(act, {"version": 1}).status_code == 404, person
        assert "人名写错了" not in client.get(reverse("notice-list")).content.decode()
        assert client.get(shown).status_code == 404, person
    answer = give_account(cast).post(act, {"version": 1}, follow=True)
    assert "人名写错了" in answer.content.decode()


def test_a_talk_that_passed_a_text_on_is_not_named_to_the_branch(
    db: Any, freeze: Callable[..., None]
) -> None:
    """A member who reads the text is not told what talk somebody had."""
    freeze(AT)
    scene = make_scene()
    cast = scene.cast
    tie(cast.members[4], cast.member)
    text = a_text(cast.branch, cast.secretary, at=AT - timedelta(days=9))
    content = replace(
        scene.content(topic="与己同志谈家里的事"),
        activities=(Activity.TALK,),
        lines=(),
        texts=(Carried(str(text.pk), text.title),),
    )
    record = scene.file(content).record
    Carriage.objects.get_or_create(
        text=text, branch=cast.branch, record_id=record.pk,
        defaults={"happened_on": AT.date()},
    )  # fmt: skip
    shown = reverse("text", args=[text.pk])
    assert "谈家里的事" in client_of(cast.secretary).get(shown).content.decode()
    for person in (cast.member, cast.group_leader):
        answer = client_of(person).get(shown)
        assert "谈家里的事" not in answer.content.decode(), person
        assert reverse("record", args=[record.pk]) not in answer.content.decode(), person
