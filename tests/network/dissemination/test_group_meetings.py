"""A group's meeting reaches those who were there; sending a text on is the branch's to do."""

from __future__ import annotations

from typing import Any

from tests.handbook.scene import Scene
from tests.network.dissemination.scene import AT, HOUR, Town, make_meeting_scene
from tests.network.dissemination.test_meetings import file, meeting, reached

from zhibu.network.dissemination.models import Forward
from zhibu.network.dissemination.services import forward_text
from zhibu.rules.norm import Activity
from zhibu.rules.reach import Mode


def test_a_group_leader_does_not_send_a_text_on_for_the_branch(db: None, data_dir: Any) -> None:
    """Whoever writes for a group alone may not forward; the members wait for the branch's word."""
    scene: Scene = make_meeting_scene()
    cast, own = scene.cast, Town(scene.cast)
    text = own.issue(mode=Mode.BY_LEVEL)
    forward_text(text=text, organization=cast.committee, words="", by=cast.office, at=AT + HOUR)
    content = meeting(
        scene, text, activities=(Activity.GROUP_MEETING,), group=str(cast.group.pk), lines=()
    )
    file(scene, content)
    assert reached(text)
    assert not Forward.objects.filter(organization=scene.branch).exists()
    file(scene, meeting(scene, text))
    assert Forward.objects.filter(organization=scene.branch).count() == 1
