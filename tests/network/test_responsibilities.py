"""Responsibilities from rows: whose they are, and what is seen of each in what is recorded."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.cast import AT as LONG_AGO
from tests.handbook.scene import AT, Scene, make_scene
from tests.network.test_feedback import send
from tests.network.test_reports import issue, lesson

from zhibu.ledger.services import seal_branch
from zhibu.network.dissemination.models import Expected, Forward, Reached, Text
from zhibu.network.responsibilities.facts import (
    Holder,
    holders_in,
    holders_of_person,
    shipped_list,
)
from zhibu.org.models import Organization, Post
from zhibu.org.services import (
    admit_member,
    appoint,
    found_organization,
    grant_role,
    open_account,
    relieve,
    revoke_role,
)
from zhibu.people.models import Person
from zhibu.people.roles import Role
from zhibu.rules.contents import Attendance, Decision, TaskNote
from zhibu.rules.norm import Activity
from zhibu.rules.reach import Mode
from zhibu.rules.responsibilities import Fulfilment, Judged, Measure

ZONE = ZoneInfo("Asia/Shanghai")
DAY = AT.date()
pytestmark = pytest.mark.usefixtures("data_dir")


@pytest.fixture
def scene(db: None) -> Scene:
    return make_scene()


def mine(person: Person, day: date = DAY) -> tuple[Holder, ...]:
    return holders_of_person(person, day, AT)


def item(holders: tuple[Holder, ...], measure: Measure, *, has: str = "") -> Judged:
    return next(
        judged
        for holder in holders
        for judged in holder.judged
        if judged.responsibility.measure is measure
        and (not has or has in judged.responsibility.activities)
    )


def test_the_list_knows_the_offices_and_roles_of_the_tree() -> None:
    """What the file names is there: a wrong word would never find anybody."""
    for post in shipped_list().posts:
        assert set(post.offices) <= set(Post.Office.values)
        assert set(post.roles) <= {role.value for role in Role}
        assert post.kinds <= set(Organization.Kind.values)
    branch_offices = set(Post.Office.values) - {Post.Office.GROUP_LEADER}
    for office in branch_offices:
        assert shipped_list().of_office("branch", office) is not None
        assert shipped_list().of_office("committee", office) is not None


@pytest.mark.parametrize(
    ("who", "posts"),
    [
        ("secretary", ["branch_secretary"]),
        ("deputy", ["branch_organization"]),  # the office, not the role of a committee member
        ("neighbour", ["branch_secretary"]),  # by the role: no post was registered
        ("office", ["office"]),
        ("leader", ["leading_member"]),
        ("member", []),
        ("group_leader", []),
        ("system_admin", []),
        ("nobody", []),
    ],
)
def test_whose_they_are(scene: Scene, who: str, posts: list[str]) -> None:
    """By office, else by role; who has neither has no list."""
    assert [one.post.key for one in mine(getattr(scene.cast, who))] == posts


def test_lines_are_those_of_the_table(scene: Scene) -> None:
    """Meetings called: overdue, then done late, then under way."""
    judged = item(mine(scene.cast.secretary), Measure.ALL_LINES)
    assert judged.state is Fulfilment.NOT_YET  # the lessons of January and February
    assert judged.verdict.facts["overdue"] == 2
    assert judged.verdict.facts["oldest"] == date(2026, 1, 31)
    lesson(scene, 1, datetime(2026, 2, 10, 9, tzinfo=ZONE))
    lesson(scene, 2, datetime(2026, 2, 20, 9, tzinfo=ZONE))
    judged = item(mine(scene.cast.secretary), Measure.ALL_LINES)
    assert judged.state is Fulfilment.UNDER_WAY
    assert (judged.verdict.facts["done"], judged.verdict.facts["late"]) == (2, 1)
    meetings = item(mine(scene.cast.secretary), Measure.LINES, has="members_meeting")
    assert (meetings.state, meetings.verdict.facts["total"]) == (Fulfilment.UNDER_WAY, 4)


def test_a_branch_without_a_table_is_asked_for_one(scene: Scene) -> None:
    """The table is under way; nothing else of it can be seen."""
    holders = mine(scene.cast.neighbour)
    assert item(holders, Measure.TABLE).state is Fulfilment.UNDER_WAY
    assert item(holders, Measure.ALL_LINES).state is Fulfilment.IDLE
    assert item(mine(scene.cast.secretary), Measure.TABLE).state is Fulfilment.MET


def test_a_lesson_counts_for_who_gave_it(scene: Scene) -> None:
    """The lecturer that the record names; without one, who presided."""
    secretary = scene.cast.secretary
    assert item(mine(secretary), Measure.OWN_LESSON).state is Fulfilment.UNDER_WAY
    lesson(
        scene, 1, datetime(2026, 1, 20, 9, tzinfo=ZONE), elements={"lecturer": "乙二芳（组织委员）"}
    )
    assert item(mine(secretary), Measure.OWN_LESSON).state is Fulfilment.UNDER_WAY
    lesson(scene, 2, datetime(2026, 2, 20, 9, tzinfo=ZONE), elements={"lecturer": "甲一明（书记）"})
    assert item(mine(secretary), Measure.OWN_LESSON).state is Fulfilment.MET


def test_a_voided_record_shows_nothing(scene: Scene) -> None:
    """What was voided was not done."""
    from uuid import uuid4

    from zhibu.handbook.services import void_record

    filed = lesson(scene, 1, datetime(2026, 1, 20, 9, tzinfo=ZONE), elements={"lecturer": "甲一明"})
    assert item(mine(scene.cast.secretary), Measure.OWN_LESSON).state is Fulfilment.MET
    void_record(
        record=filed.record, reason="重复归档", submission=uuid4(), by=scene.cast.secretary, at=AT
    )
    assert item(mine(scene.cast.secretary), Measure.OWN_LESSON).state is Fulfilment.UNDER_WAY


def test_talks_count_for_both(scene: Scene) -> None:
    """By the pair that is named, or by attendance; a longer name is somebody else."""
    cast = scene.cast
    first, second = cast.members[0], cast.members[1]
    common: dict[str, Any] = {"activities": (Activity.TALK,), "decisions": (), "topic": "谈心"}
    scene.file(**common, attendance=(), elements={"talk_pair": "甲一明华与丙三强"})
    assert item(mine(cast.secretary), Measure.OWN_TALKS).state is Fulfilment.UNDER_WAY
    scene.file(**common, attendance=(), elements={"talk_pair": "甲一明与丙三强"})
    assert item(mine(cast.secretary), Measure.OWN_TALKS).state is Fulfilment.MET
    assert item(mine(cast.deputy), Measure.OWN_TALKS).state is Fulfilment.UNDER_WAY
    rows = tuple(Attendance(str(one.pk), one.name) for one in (first, second))
    scene.file(**common, attendance=rows)
    assert item(mine(cast.deputy), Measure.OWN_TALKS).state is Fulfilment.MET


def a_leader(scene: Scene) -> Person:
    """A member of the first branch who holds an office in the committee."""
    cast = scene.cast
    member = cast.members[3]
    person = open_account(username="shuji", name=member.name, password=None, by=None, at=LONG_AGO)
    member.person = person
    member.save(update_fields=["person"])
    appoint(
        member=member, organization=cast.committee, office=Post.Office.SECRETARY,
        since=date(2020, 1, 1), by=None, at=AT,
    )  # fmt: skip
    return person


def test_life_of_the_own_branch_counts_for_who_stands_above(scene: Scene) -> None:
    """A committee's secretary takes part as an ordinary member: present counts, leave does not."""
    person = a_leader(scene)
    holders = mine(person)
    assert [one.post.key for one in holders] == ["committee_secretary"]
    assert item(holders, Measure.OWN_LIFE).state is Fulfilment.UNDER_WAY
    scene.file()
    assert item(mine(person), Measure.OWN_LIFE).state is Fulfilment.MET


def test_who_is_on_no_roster_is_not_judged_by_records(scene: Scene) -> None:
    """The leader's account has no member: said so, and neither met nor missing."""
    holders = mine(scene.cast.leader)
    for measure in (Measure.OWN_LIFE, Measure.OWN_LESSON, Measure.OWN_TASKS):
        assert item(holders, measure).state is Fulfilment.UNKNOWN


def test_below_is_read_from_the_tallies(scene: Scene) -> None:
    """What branches owe is said to those above, who are not called behind for it."""
    judged = item(mine(scene.cast.office), Measure.BELOW_LINES)
    assert judged.state is Fulfilment.UNDER_WAY
    assert (judged.verdict.rule, judged.verdict.facts["overdue"]) == ("RESP-12", 2)
    assert judged.verdict.facts["oldest"] == date(2026, 1, 31)


def test_seals_and_countersignatures(scene: Scene) -> None:
    """Filed and not sealed is under way; sealed is met, and then waits for the level above."""
    assert item(mine(scene.cast.secretary), Measure.SEALS).state is Fulfilment.IDLE
    scene.file()
    assert item(mine(scene.cast.secretary), Measure.SEALS).state is Fulfilment.UNDER_WAY
    assert item(mine(scene.cast.office), Measure.COUNTERSIGNS).state is Fulfilment.IDLE
    seal = seal_branch(branch=scene.branch, by=scene.cast.secretary, at=AT)
    assert item(mine(scene.cast.secretary), Measure.SEALS).state is Fulfilment.MET
    assert item(mine(scene.cast.office), Measure.COUNTERSIGNS).state is Fulfilment.UNDER_WAY
    from zhibu.ledger.services import countersign_seal

    countersign_seal(seal=seal, organization=scene.cast.committee, by=scene.cast.office, at=AT)
    assert item(mine(scene.cast.office), Measure.COUNTERSIGNS).state is Fulfilment.MET


def test_tasks_are_those_of_the_branch_and_of_the_owner(scene: Scene) -> None:
    """Out of a decision: the secretary sees the branch's, the owner their own."""
    cast = scene.cast
    task = TaskNote(str(cast.members[1].pk), cast.members[1].name, date(2026, 3, 15), "台账")
    scene.file(decisions=(Decision("修订学习制度", for_=7, task=task),))
    for holders, measure in (
        (mine(cast.secretary), Measure.TASKS),
        (mine(cast.deputy), Measure.OWN_TASKS),
    ):
        judged = item(holders, measure)
        assert judged.state is Fulfilment.NOT_YET
        assert judged.verdict.facts["oldest"] == date(2026, 3, 15)


def test_feedback_that_waits_too_long_is_behind(scene: Scene) -> None:
    """Within the days it is under way; after them it is behind."""
    sent = send(scene.cast, scene.cast.deputy, to=scene.cast.committee)
    on = sent.feedback.sent_on
    assert item(mine(scene.cast.office, on), Measure.FEEDBACK).state is Fulfilment.UNDER_WAY
    still = date.fromordinal(on.toordinal() + 14)
    assert item(mine(scene.cast.office, still), Measure.FEEDBACK).state is Fulfilment.UNDER_WAY
    late = date.fromordinal(on.toordinal() + 15)  # from then on a level above may take it over
    assert item(mine(scene.cast.office, late), Measure.FEEDBACK).state is Fulfilment.NOT_YET


def test_texts_are_met_when_everybody_is_reached(scene: Scene) -> None:
    """Open, then past its date, then reached."""
    cast = scene.cast
    text = Text.objects.create(
        organization=cast.committee, state=Text.State.ISSUED, title="会议精神", version=1,
        drafted_by=cast.office, drafted_at=AT, issued_by=cast.office, issued_at=AT, issued_on=DAY,
        path=cast.committee.path, reach_by=date(2026, 3, 25),
    )  # fmt: skip
    Expected.objects.create(text=text, path=cast.branch.path, number=9)
    judged = item(mine(cast.secretary), Measure.TEXTS)
    assert (judged.state, judged.verdict.facts["next"]) == (
        Fulfilment.UNDER_WAY,
        date(2026, 3, 25),
    )
    late = date(2026, 3, 26)
    assert item(mine(cast.secretary, late), Measure.TEXTS).state is Fulfilment.NOT_YET
    Reached.objects.create(text=text, version=1, path=cast.branch.path, number=9)
    assert item(mine(cast.secretary, late), Measure.TEXTS).state is Fulfilment.MET
    assert item(mine(cast.neighbour, late), Measure.TEXTS).state is Fulfilment.IDLE


def test_a_text_that_has_not_come_down_is_nobodys_fault(scene: Scene) -> None:
    """From level to level: the branch is asked once the level above has sent it on."""
    cast = scene.cast
    text = Text.objects.create(
        organization=cast.commission, state=Text.State.ISSUED, title="会议精神", version=1,
        drafted_by=cast.keeper, drafted_at=AT, issued_by=cast.keeper, issued_at=AT, issued_on=DAY,
        path=cast.commission.path, reach_by=date(2026, 3, 25), mode=Mode.BY_LEVEL.value,
    )  # fmt: skip
    for path in (cast.commission.path, cast.committee.path, cast.branch.path):
        Expected.objects.create(text=text, path=path, number=9)
    late = date(2026, 3, 26)
    assert item(mine(cast.secretary, late), Measure.TEXTS).state is Fulfilment.IDLE
    assert item(mine(cast.office, late), Measure.TEXTS).state is Fulfilment.NOT_YET
    Forward.objects.create(
        text=text, path=cast.committee.path, organization=cast.committee, by=cast.office, at=AT
    )
    assert item(mine(cast.secretary, late), Measure.TEXTS).state is Fulfilment.NOT_YET


def test_the_report_of_last_month(scene: Scene) -> None:
    """Under way until it is issued; another month does not count."""
    day = date(2026, 4, 3)
    assert item(mine(scene.cast.office, day), Measure.REPORT).state is Fulfilment.UNDER_WAY
    issue(scene, month=2)
    assert item(mine(scene.cast.office, day), Measure.REPORT).state is Fulfilment.UNDER_WAY
    issue(scene)
    assert item(mine(scene.cast.office, day), Measure.REPORT).state is Fulfilment.MET
    assert item(mine(scene.cast.far_office, day), Measure.REPORT).state is Fulfilment.UNDER_WAY


def test_who_was_relieved_or_revoked_has_no_list(scene: Scene) -> None:
    """Posts and grants count on the day alone."""
    cast = scene.cast
    relieve(
        post=Post.objects.get(organization=cast.branch, office="secretary"),
        until=date(2026, 3, 1), by=None, at=AT,
    )  # fmt: skip
    assert [one.post.key for one in mine(cast.secretary)] == ["branch_secretary"]  # the role
    for grant in cast.secretary.grants.all():
        revoke_role(grant=grant, until=AT, by=None, at=AT)
    assert mine(cast.secretary) == ()


def test_the_list_of_organisations_is_in_the_order_of_the_tree(scene: Scene) -> None:
    """Posts in the order of tree and office; a post of somewhere else is not among them."""
    cast = scene.cast
    found = holders_in([cast.branch, cast.committee, cast.other_branch], DAY, AT)
    assert [(one.organization.short_name, one.post.key) for one in found] == [
        ("市局直属机关党委", "leading_member"),
        ("市局直属机关党委", "office"),
        ("第一党支部", "branch_secretary"),
        ("第一党支部", "branch_organization"),
        ("第一党支部", "branch_publicity"),
        ("第二党支部", "branch_secretary"),
    ]
    assert all(one.judged for one in found)


def test_ten_times_the_posts_cost_no_more_queries(scene: Scene) -> None:
    """However many organisations and posts."""
    cast = scene.cast
    a_leader(scene)
    scene.file()

    def count(shown: list[Organization]) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert holders_in(shown, DAY, AT)
        return len(asked)

    shown = [cast.committee, cast.branch]
    before = count(shown)
    for number in range(20):
        branch = found_organization(
            name=f"新支部{number}", short_name=f"新支部{number}", kind="branch",
            parent=cast.committee, founded_on=date(2020, 1, 1), by=None, at=LONG_AGO,
        )  # fmt: skip
        member = admit_member(
            name=f"党员{number}", branch=branch, joined_on=date(2010, 7, 1), by=None, at=LONG_AGO,
            full_on=date(2011, 7, 1), since=date(2020, 1, 1),
        )  # fmt: skip
        appoint(
            member=member, organization=branch, office=Post.Office.SECRETARY,
            since=date(2020, 1, 1), by=None, at=LONG_AGO,
        )  # fmt: skip
        shown.append(branch)
    assert count(shown) == before <= 7


def test_a_grant_that_ends_is_no_post(scene: Scene) -> None:
    """A deputy's time is over with its moment."""
    cast = scene.cast
    person = open_account(username="daiban", name="代办", password=None, by=None, at=LONG_AGO)
    grant_role(
        person=person, role=Role.OFFICE, organization=cast.committee, since=LONG_AGO,
        until=datetime(2026, 3, 1, tzinfo=ZONE), by=None, at=LONG_AGO,
    )  # fmt: skip
    assert mine(person) == ()
    names = [one.name for one in holders_in([cast.committee], DAY, AT)]
    assert "代办" not in names
