"""A group's meeting reaches those who were there; sending a text on is the branch's to do."""

from __future__ import annotations

from typing import Any

from tests.handbook.scene import Scene
from tests.network.dissemination.scene import AT, HOUR, Town, make_meeting_scene
from tests.network.dissemination.test_meetings import FILED, file, meeting, reached

from zhibu.handbook.services import void_record
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


def test_a_group_meeting_does_not_take_over_what_the_branch_sent_on(
    db: None, data_dir: Any
) -> None:
    """With the branch's record goes its word; another meeting of the branch's own keeps it."""
    scene: Scene = make_meeting_scene()
    cast, own = scene.cast, Town(scene.cast)
    text = own.issue(mode=Mode.BY_LEVEL)
    forward_text(text=text, organization=cast.committee, words="", by=cast.office, at=AT + HOUR)
    content = meeting(
        scene, text, activities=(Activity.GROUP_MEETING,), group=str(cast.group.pk), lines=()
    )
    file(scene, content)
    of_branch = [file(scene, meeting(scene, text)) for _ in range(2)]
    sent = Forward.objects.filter(organization=scene.branch)
    for version, left in zip(of_branch, ([of_branch[1].record_id], []), strict=True):
        void_record(record=version.record, reason="记错", by=cast.secretary, at=FILED + HOUR)
        assert list(sent.values_list("record_id", flat=True)) == left
    assert reached(text)  # by the group's
