"""What a meeting can take up comes from all rooms in one read, on both databases alike."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tests.handbook.scene import AT, Scene, make_scene
from tests.network.test_tasks import decided, give

from zhibu.network.agenda.queries import offers_for
from zhibu.network.dissemination.services import TextDraft, draft_text, issue_text
from zhibu.network.tasks.services import spread_assignment
from zhibu.network.themes.services import begin_theme, give_line_themes
from zhibu.rules.norm import Activity

TODAY = date(2026, 3, 20)


@pytest.fixture
def scene(db: None, data_dir: Any) -> Scene:
    return make_scene()


def test_one_read_brings_all_of_it(scene: Scene, django_assert_num_queries: Any) -> None:
    """Tasks of meetings and from above, themes, and which lines carry them; none of the neighbour."""
    cast = scene.cast
    scene.file(decided(scene, "甲事", "乙事"))
    spread_assignment(key=give(scene).pk, at=AT)
    theme = begin_theme(
        organization=cast.committee, title="学习贯彻专题", text="每季度一次。",
        since=date(2026, 1, 1), by=cast.office, at=AT,
    )  # fmt: skip
    begin_theme(
        organization=cast.far_committee, title="外单位专题", text="每季度一次。",
        since=date(2026, 1, 1), by=cast.far_office, at=AT,
    )  # fmt: skip
    line = scene.lines(Activity.LESSON)[0]
    give_line_themes(line=line, themes=[theme.pk], by=cast.secretary, at=AT, day=TODAY)
    with django_assert_num_queries(1):
        offers = offers_for(scene.branch, TODAY, lines=[line.pk])
    assert [one.title for one in offers.tasks] == ["甲事", "乙事", "排查安全隐患"]
    assert [one.owner for one in offers.tasks] == ["乙二芳", "乙二芳", ""]
    assert [(one.title, one.lines) for one in offers.themes] == [("学习贯彻专题", (str(line.pk),))]
    assert [type(one.since) for one in (*offers.tasks, *offers.themes)] == [date] * 4
    assert offers.texts == ()
    assert offers_for(cast.far_branch, TODAY).tasks == ()


def test_a_text_that_came_down_is_offered(scene: Scene) -> None:
    """Until everybody was reached by it; to the branches below who issued it alone."""
    cast = scene.cast
    draft = TextDraft("关于学习的通知", "请认真学习。", (cast.committee.pk,))
    text = draft_text(organization=cast.committee, draft=draft, by=cast.office, at=AT)
    assert offers_for(scene.branch, TODAY).texts == ()
    text = issue_text(text=text, revision=text.revision, by=cast.office, at=AT)
    offered = offers_for(scene.branch, TODAY).texts
    assert [(one.key, one.title) for one in offered] == [(str(text.pk), text.title)]
    assert offers_for(cast.far_branch, TODAY).texts == ()
