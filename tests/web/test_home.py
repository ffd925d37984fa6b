"""今天: what a branch's home shows to whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from tests.cast import client_of
from tests.handbook.scene import AT, Scene, make_scene

from zhibu.handbook.services import save_draft, start_record
from zhibu.people.models import Person
from zhibu.plans.models import PlanLine
from zhibu.rules.norm import Activity

if TYPE_CHECKING:
    from zhibu.web.pages.home import HomePage

pytestmark = pytest.mark.usefixtures("data_dir")


@pytest.fixture
def scene(db: None, freeze: Callable[..., None]) -> Scene:
    freeze(AT)
    return make_scene()


def home(scene: Scene, person: Person) -> HomePage:
    answer = client_of(person).get(reverse("branch-home", args=[scene.branch.pk]))
    assert answer.status_code == 200
    found: HomePage = answer.context["page"]
    return found


def begin(scene: Scene, activity: Activity, topic: str, group: str = "") -> None:
    draft = scene.content(activities=(activity,), topic=topic, group=group)
    record = start_record(branch=scene.branch, draft=draft, by=scene.cast.secretary, at=AT)
    save_draft(record=record, revision=record.revision, draft=draft, by=scene.cast.secretary, at=AT)


def test_a_groups_leader_sees_the_drafts_of_the_group(scene: Scene) -> None:
    """Not what others are writing: a talk's topic is for those who write the branch's records."""
    begin(scene, Activity.TALK, "与某同志的谈话")
    begin(scene, Activity.GROUP_MEETING, "小组学习", str(scene.cast.group.pk))
    secretary, leader = (
        home(scene, person) for person in (scene.cast.secretary, scene.cast.group_leader)
    )
    assert {row.title for row in secretary.drafts} == {"与某同志的谈话", "小组学习"}
    assert [row.title for row in leader.drafts] == ["小组学习"]
    assert not home(scene, scene.cast.member).drafts
    for row in leader.drafts:
        assert client_of(scene.cast.group_leader).get(row.address).status_code == 200


def test_no_link_leads_to_a_talk_that_is_not_read(scene: Scene) -> None:
    """A member sees that the talks were held, and opens no record of one."""
    version = scene.file(activities=(Activity.TALK,), topic="与某同志的谈话", decisions=())
    line = scene.lines(Activity.LESSON)[0]
    PlanLine.objects.filter(pk=line.pk).update(
        activity=Activity.TALK.value, discharged_by=version.record_id,
        happened_on=AT.date(), filed_on=AT.date(),
    )  # fmt: skip
    for person, opens in ((scene.cast.member, False), (scene.cast.secretary, True)):
        (item,) = home(scene, person).done
        assert bool(item.record) is opens
