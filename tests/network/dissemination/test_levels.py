"""From level to level, who sees what, how far a text has got, and whom it has not reached."""

from __future__ import annotations

import pytest
from tests.network.dissemination.scene import AT, DAY, HOUR, Town, work

from zhibu.network.dissemination.models import Expected, Text, TextJob
from zhibu.network.dissemination.queries import (
    coverages,
    not_forwarded,
    not_reached,
    path_of,
    reach_at,
    reach_below,
    reached_seats,
    receipts_of,
    text_of_person,
    texts_arrived,
    texts_seen,
    texts_to_pass_on,
    texts_written_by,
    to_read,
)
from zhibu.network.dissemination.services import (
    NotForYou,
    TextRefused,
    forward_text,
    issue_text,
    recall_text,
)
from zhibu.network.notices.models import Notice
from zhibu.network.tree import services as tree
from zhibu.org.models import Organization
from zhibu.org.queries import holding
from zhibu.org.services import transfer_member
from zhibu.people.roles import Verb
from zhibu.rules.reach import Coverage, Mode, Readers


def forward(town: Town, text: Text, organization: Organization, words: str = "") -> None:
    forward_text(
        text=text, organization=organization, words=words, by=town.cast.office, at=AT + HOUR
    )


class TestForwarding:
    def test_each_level_sends_it_on(self, town: Town) -> None:
        """Members see it once their branch has sent it on, with the words of every level."""
        cast = town.cast
        text = town.issue(mode=Mode.BY_LEVEL)
        member = town.members(cast.branch)[4]
        person = town.account(member)
        assert list(texts_arrived(cast.committee)) == [text]
        assert not texts_arrived(cast.branch).exists()
        with pytest.raises(TextRefused, match="上级还没有转发"):
            forward(town, text, cast.branch)
        with pytest.raises(NotForYou):
            town.read(text, member)
        forward(town, text, cast.committee, "请各支部<b>认真</b>学习")
        assert list(texts_arrived(cast.branch)) == [text]
        assert not to_read(person).exists()
        forward(town, text, cast.branch, "周五下午集中学习")
        assert list(to_read(person)) == [text]
        found = text_of_person(person, text.pk)
        assert found is not None
        assert [one.words for one in found.words] == ["请各支部<b>认真</b>学习", "周五下午集中学习"]
        assert town.read(text, member)
        assert texts_arrived(cast.branch).get().forwarded_at == AT + HOUR
        far = town.members(cast.far_branch)[0]
        assert not to_read(town.account(far)).exists()

    def test_where_it_is_stuck(self, town: Town) -> None:
        """The levels that have it and did not send it on, and no level below them."""
        cast = town.cast
        text = town.issue(mode=Mode.BY_LEVEL)

        def stuck(at: Organization) -> list[str]:
            return [place.name for place in not_forwarded(text, at)]

        assert stuck(cast.commission) == [cast.committee.name, cast.far_committee.name]
        forward(town, text, cast.committee)
        forward(town, text, cast.other_branch)
        assert stuck(cast.commission) == [cast.branch.name, cast.far_committee.name]
        assert stuck(cast.committee) == [cast.branch.name]
        assert stuck(cast.far_committee) == [cast.far_committee.name]
        at_once = town.issue()
        assert not not_forwarded(at_once, cast.commission).exists()

    def test_refusals(self, town: Town) -> None:
        """Not twice, not by those whom it does not concern, not what goes to all at once."""
        cast = town.cast
        text = town.issue(mode=Mode.BY_LEVEL, audience=(cast.committee,))
        forward(town, text, cast.committee)
        cases = [
            (text, cast.committee, "已经转发过"),
            (text, cast.far_committee, "不包括本级"),
            (text, cast.commission, "不需要本级转发"),
            (text, cast.group, "不需要本级转发"),
            (town.issue(), cast.committee, "直接传达"),
            (town.draft(mode=Mode.BY_LEVEL), cast.committee, "还没有下发"),
        ]
        for one, organization, words in cases:
            with pytest.raises(TextRefused, match=words):
                forward(town, one, organization)
        recall_text(text=text, reason="有误", by=cast.office, at=AT + HOUR)
        with pytest.raises(TextRefused, match="撤回"):
            forward(town, text, cast.branch)

    def test_secretaries_read_what_has_arrived(self, town: Town) -> None:
        """Those in office read it when it comes to their level; their branch sends nothing on."""
        cast = town.cast
        text = town.issue(mode=Mode.BY_LEVEL, readers=Readers.SECRETARIES)
        secretary = town.members(cast.branch)[0]
        assert not to_read(cast.secretary).exists()
        forward(town, text, cast.committee)
        assert list(to_read(cast.secretary)) == [text]
        assert town.read(text, secretary)
        with pytest.raises(TextRefused, match="不需要党支部再转发"):
            forward(town, text, cast.branch)
        assert [place.name for place in not_forwarded(text, cast.commission)] == [
            cast.far_committee.name
        ]

    def test_those_who_can_send_it_on_are_told(self, town: Town) -> None:
        """The next level only, and its members once the branch has sent it on."""
        cast = town.cast
        for member in town.members(cast.branch):
            town.account(member)
        text = town.issue(mode=Mode.BY_LEVEL)
        work()
        told = Notice.objects.filter(subject=f"text:{text.pk}")
        assert {notice.person for notice in told} == {cast.office, cast.far_office}
        forward(town, text, cast.committee)
        work()
        assert {notice.person for notice in told.all()} == {
            cast.office, cast.far_office, cast.secretary, cast.neighbour,
        }  # fmt: skip
        forward(town, text, cast.branch)
        work()
        people = {notice.person for notice in told.all()}
        assert {town.account(member) for member in town.members(cast.branch)} <= people
        assert told.filter(person=cast.secretary).count() == 2  # to send on, to read


class TestSight:
    def test_who_may_look_at_a_text(self, town: Town) -> None:
        """Those above the issuer, and those whom it concerns once it has come down to them."""
        cast = town.cast
        text = town.issue(cast.committee, mode=Mode.BY_LEVEL)

        def seen(name: str) -> bool:
            return texts_seen(town.reach(getattr(cast, name)), Verb.SEE_REACH).exists()

        assert seen("office")
        assert seen("leader")
        assert seen("secretary")  # the branch is right below the issuer
        assert not seen("stranger")
        assert not seen("far_office")
        assert not seen("member")
        own = town.issue(cast.commission, mode=Mode.BY_LEVEL)
        assert texts_seen(town.reach(cast.secretary), Verb.SEE_REACH).get() == text
        forward(town, own, cast.committee)
        assert texts_seen(town.reach(cast.secretary), Verb.SEE_REACH).count() == 2
        town.draft(cast.committee)
        assert texts_seen(town.reach(cast.office), Verb.SEE_REACH).count() == 2
        condition = town.reach(cast.office).within(Verb.ISSUE_TEXT, "organization__")
        assert texts_written_by(condition).count() == 2

    def test_names_only_in_one_s_own_part(self, town: Town) -> None:
        """A neighbour asks for the names of a branch, and gets none (mistakes 7 and 14)."""
        cast = town.cast
        text = town.issue()
        reader = town.members(cast.branch)[4]
        town.read(text, reader)

        def names(person: str, at: Organization) -> set[str]:
            rows = not_reached(text, at, town.reach(getattr(cast, person)), AT.date())
            return {row.member.name for row in rows}

        own = {member.name for member in town.members(cast.branch)} - {reader.name}
        assert names("secretary", cast.branch) == own
        assert names("secretary", cast.commission) == own
        assert names("neighbour", cast.branch) == set()
        assert names("member", cast.branch) == set()
        assert names("office", cast.far_branch) == set()
        assert len(names("office", cast.commission)) == 11
        seats = reached_seats(text, cast.commission, town.reach(cast.office))
        assert [row.member.name for row in seats] == [reader.name]
        assert receipts_of(text, [reader.pk])[reader.pk].how == "read"
        assert not reached_seats(text, cast.branch, town.reach(cast.neighbour)).exists()


class TestCoverage:
    def test_expected_is_said_once_it_is_counted(self, town: Town) -> None:
        """Until then there is nothing but what has been reached."""
        cast = town.cast
        text = town.issue()
        town.read(text, town.members(cast.branch)[4])
        assert not text.is_counted
        assert reach_at(text, cast.commission) == Coverage(0, 1)
        work()
        text.refresh_from_db()
        assert text.is_counted
        assert reach_at(text, cast.commission) == Coverage(15, 1)
        assert reach_at(text, cast.branch) == Coverage(9, 1)
        below = list(reach_below(text, cast.commission))
        assert [place.organization for place in below] == [cast.committee, cast.far_committee]
        numbers = coverages(text, [place.path for place in below])
        assert list(numbers.values()) == [Coverage(12, 1), Coverage(3, 0)]
        assert not reach_below(text, cast.branch).exists()

    @pytest.mark.parametrize(
        ("readers", "number"),
        [(Readers.MEMBERS, 15), (Readers.COMMITTEE, 3), (Readers.SECRETARIES, 1)],
    )
    def test_the_roll_is_what_is_expected(self, town: Town, readers: Readers, number: int) -> None:
        """The job counts whom the names list has."""
        text = town.issue(readers=readers)
        work()
        rows = not_reached(text, town.cast.commission, town.reach(town.cast.keeper), AT.date())
        assert rows.count() == 0  # the keeper of norms may not see names
        assert reach_at(text, town.cast.commission).expected == number

    def test_counted_in_chunks(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        """One organisation a chunk gives the same as all in one."""
        monkeypatch.setattr("zhibu.network.dissemination.services.jobs.CHUNK", 1)
        text = town.issue(audience=(town.cast.committee, town.cast.far_branch))
        work()
        assert reach_at(text, town.cast.commission).expected == 15
        job = TextJob.objects.get(text=text, kind="count")
        assert job.done == 15

    def test_audiences_may_overlap(self, town: Town) -> None:
        """A branch that is named beside its committee is counted once."""
        text = town.issue(audience=(town.cast.committee, town.cast.branch))
        work()
        assert reach_at(text, town.cast.commission).expected == 12
        assert not Expected.objects.filter(text=text, number__lt=1).exists()


class TestLeaving:
    def test_who_left_is_shown_as_gone(self, town: Town) -> None:
        """Still not reached, but gone; another group of the same branch is no leaving."""
        cast = town.cast
        text = town.issue()
        gone, regrouped = town.members(cast.branch)[4:6]
        later = AT + 2 * DAY
        transfer_member(member=gone, branch=cast.far_branch, on=later.date(), by=None, at=later)
        transfer_member(
            member=regrouped, branch=cast.branch, group=cast.group if regrouped.memberships.get().group_id != cast.group.pk else cast.other_group,
            on=later.date(), by=None, at=later,
        )  # fmt: skip
        rows = not_reached(text, cast.branch, town.reach(cast.secretary), later.date())
        assert {row.member.name for row in rows if row.is_gone} == {gone.name}
        assert rows.count() == 9
        before = not_reached(text, cast.branch, town.reach(cast.secretary), AT.date())
        assert not any(row.is_gone for row in before)

    def test_a_branch_that_moved_keeps_its_numbers_where_it_was(self, town: Town) -> None:
        """Expected and reached stay with the tree of the day of issue; sight follows today's."""
        cast = town.cast
        text = town.issue()
        member, other = town.members(cast.branch)[4:6]
        town.read(text, member)
        work()
        later = AT + 2 * DAY
        tree.move(
            organization=cast.branch, parent=cast.far_committee, on=later.date(), by=cast.keeper,
            at=later,
        )  # fmt: skip
        branch = Organization.objects.get(pk=cast.branch.pk)
        assert town.read(text, other, at=later)
        work()
        assert reach_at(text, cast.committee) == Coverage(12, 2)
        assert reach_at(text, cast.far_committee) == Coverage(3, 0)
        assert reach_at(text, branch) == Coverage(9, 2)
        assert path_of(text, branch) == cast.branch.path != branch.path
        names = not_reached(text, branch, town.reach(cast.office), later.date())
        assert not names.exists()  # of another committee now
        names = not_reached(text, branch, town.reach(cast.far_office), later.date())
        assert names.count() == 7
        assert texts_seen(town.reach(cast.secretary), Verb.SEE_REACH).get() == text

    def test_a_branch_that_moved_since_the_draft_is_still_meant(self, town: Town) -> None:
        """It was chosen by name: where it hangs on the day of issue is where it is asked."""
        cast = town.cast
        draft = town.draft(audience=(cast.branch,))
        tree.move(
            organization=cast.branch, parent=cast.far_committee, on=AT.date(), by=cast.keeper, at=AT
        )
        text = issue_text(text=draft, revision=draft.revision, by=cast.keeper, at=AT)
        reader = town.members(cast.branch)[4]
        assert to_read(town.account(reader)).get() == text
        work()
        assert reach_at(text, cast.far_committee) == Coverage(9, 0)

    def test_members_of_a_branch_that_was_merged_are_asked_on(self, town: Town) -> None:
        """They count where they were, may acknowledge, and have not gone."""
        cast = town.cast
        text = town.issue()
        reader = town.members(cast.other_branch)[0]
        later = AT + 3 * DAY
        tree.merge(
            source=cast.other_branch, target=cast.branch, on=later.date(), by=cast.keeper, at=later
        )
        assert town.read(text, reader, at=later)
        work(later)
        assert coverages(text, [cast.other_branch.path]) == {cast.other_branch.path: Coverage(3, 1)}
        rows = not_reached(text, cast.other_branch, town.reach(cast.office), later.date())
        assert [row.is_gone for row in rows] == [False, False]
        assert rows.filter(holding(AT.date())).count() == 2


class TestPassingOn:
    def test_what_a_meeting_can_pass_on(self, town: Town) -> None:
        """Texts that have come down and have not reached everybody who is still there."""
        cast = town.cast
        own = town.issue(cast.committee, title="甲")
        town.issue(cast.far_committee, title="别处的")
        by_level = town.issue(mode=Mode.BY_LEVEL, title="乙")
        town.issue(readers=Readers.SECRETARIES, title="给书记的")
        day = AT.date()

        def offered() -> list[str]:
            return sorted(row["title"] for row in texts_to_pass_on(cast.branch, day))

        assert offered() == ["甲"]
        forward(town, by_level, cast.committee)
        assert offered() == ["乙", "甲"]
        assert not texts_to_pass_on(cast.branch, (AT - DAY).date()).exists()
        for member in town.members(cast.branch):
            town.read(own, member)
        assert offered() == ["乙"]
        recall_text(text=by_level, reason="有误", by=cast.office, at=AT + HOUR)
        assert offered() == []

    def test_also_after_the_branch_has_moved(self, town: Town) -> None:
        """The text was for it on the day of issue."""
        cast = town.cast
        text = town.issue(cast.committee)
        later = AT + 2 * DAY
        tree.move(
            organization=cast.branch, parent=cast.far_committee, on=later.date(), by=cast.keeper,
            at=later,
        )  # fmt: skip
        branch = Organization.objects.get(pk=cast.branch.pk)
        rows = list(texts_to_pass_on(branch, later.date()))
        assert rows == [{"key": text.pk, "title": text.title, "since": AT.date()}]
