"""Writing, issuing, amending, recalling: what is asked of whom, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from tests.network.dissemination.scene import AT, DAY, HOUR, Town, work

from zhibu.ledger.models import Entry
from zhibu.network.dissemination.facts import draft_of
from zhibu.network.dissemination.models import Receipt, Text, TextFile, TextVersion
from zhibu.network.dissemination.queries import (
    files_of,
    history_of,
    read_earlier,
    text_of_person,
    texts_of_person,
    to_read,
)
from zhibu.network.dissemination.services import (
    NotForYou,
    TextConflict,
    TextIncomplete,
    TextRefused,
    VersionGone,
    acknowledge,
    add_file,
    amend_text,
    discard_text,
    issue_text,
    recall_text,
    remove_file,
    save_text,
)
from zhibu.network.notices.models import Notice
from zhibu.org.models import Organization
from zhibu.org.services import Refused, admit_member, transfer_member
from zhibu.rules.reach import Readers
from zhibu.rules.revisions import ChangeKind, compare_paragraphs

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f"
    b"\x15\xc4\x89\x00\x00\x00\nIDATx\x9cc\x00\x01\x00\x00\x05\x00\x01\r\n-\xb4\x00\x00\x00\x00IEND"
    b"\xaeB`\x82"
)


class TestDrafts:
    def test_a_draft_is_written_by_one_at_a_time(self, town: Town) -> None:
        """Who has not seen the latest draft is told, and nothing is overwritten."""
        text = town.draft()
        first = draft_of(text)
        saved = save_text(text=text, revision=1, draft=first, by=town.cast.office, at=AT)
        with pytest.raises(TextConflict) as told:
            save_text(text=text, revision=1, draft=first, by=town.cast.keeper, at=AT)
        assert told.value.text.revision == saved.revision == 2
        assert draft_of(saved) == first

    def test_hostile_words_are_kept_as_words(self, town: Town) -> None:
        """What a person writes is text: control signs go, the rest stays as it is."""
        body = "<script>alert(1)</script>\x00\u202e𠮷\r\n第二段"
        text = town.issue(title="<b>标题</b>\n第二行", body=body)
        assert text.title == "<b>标题</b> 第二行"
        assert text.body == "<script>alert(1)</script>𠮷\n第二段"

    def test_what_is_missing_is_said(self, town: Town) -> None:
        """Nothing is issued that is not whole; nothing is stored of the attempt."""
        text = town.draft(title="", body="", audience=(), reach_by=(AT - DAY).date())
        with pytest.raises(TextIncomplete) as told:
            issue_text(text=text, revision=text.revision, by=town.cast.office, at=AT)
        rules = {verdict.rule for verdict in told.value.errors}
        assert rules == {"TEXT-01", "TEXT-03", "TEXT-05", "TEXT-09"}
        assert Text.objects.get().is_draft
        assert not TextVersion.objects.exists()

    def test_only_one_s_own_part_of_the_tree(self, town: Town) -> None:
        """A committee cannot address the branches of another."""
        text = town.draft(town.cast.committee, audience=(town.cast.committee, town.cast.far_branch))
        with pytest.raises(TextIncomplete) as told:
            issue_text(text=text, revision=text.revision, by=town.cast.office, at=AT)
        assert [verdict.rule for verdict in told.value.errors] == ["TEXT-07"]

    def test_a_group_sends_nothing_down(self, town: Town) -> None:
        """It is a part of its branch."""
        with pytest.raises(Refused):
            town.draft(town.cast.group)

    def test_files_come_and_go_with_a_draft(self, town: Town) -> None:
        """What was issued keeps its files; a draft that is thrown away takes them along."""
        text = town.draft()
        file = add_file(
            text=text, name="../图 片.png", stream=BytesIO(PNG), by=town.cast.office, at=AT
        )
        again = add_file(
            text=text, name="../图 片.png", stream=BytesIO(PNG), by=town.cast.office, at=AT
        )
        assert again.pk == file.pk
        assert file.name == "图 片.png"
        with pytest.raises(Refused):
            add_file(text=text, name="a.png", stream=BytesIO(b"no"), by=town.cast.office, at=AT)
        issued = issue_text(text=text, revision=text.revision, by=town.cast.office, at=AT)
        with pytest.raises(TextRefused):
            remove_file(file=file, by=town.cast.office, at=AT)
        assert [one.is_issued for one in files_of(issued)] == [True]
        other = town.draft()
        add_file(text=other, name="a.png", stream=BytesIO(PNG), by=town.cast.office, at=AT)
        discard_text(text=other, by=town.cast.office, at=AT)
        assert not Text.objects.filter(pk=other.pk).exists()
        assert default_storage.exists(file.file.name)
        with pytest.raises(TextRefused):
            discard_text(text=issued, by=town.cast.office, at=AT)


class TestReading:
    def test_everybody_below_is_asked_and_nobody_else(self, town: Town) -> None:
        """By the tree: a text of the committee is for its two branches, not for the far one."""
        text = town.issue(town.cast.committee)
        for branch, asked in (
            (town.cast.branch, 1),
            (town.cast.other_branch, 1),
            (town.cast.far_branch, 0),
        ):
            person = town.account(town.members(branch)[-1])
            assert to_read(person).count() == asked
            assert (text_of_person(person, text.pk) is not None) == bool(asked)
        stranger = town.members(town.cast.far_branch)[0]
        with pytest.raises(NotForYou):
            town.read(text, stranger)
        with pytest.raises(NotForYou):
            acknowledge(text=text, version=1, by=town.cast.nobody, at=AT + HOUR)
        assert not Receipt.objects.exists()

    def test_acknowledged_once(self, town: Town) -> None:
        """Twice is as good as once; what was read is read earlier."""
        text = town.issue()
        member = town.members(town.cast.branch)[4]
        person = town.account(member)
        assert town.read(text, member)
        assert not town.read(text, member, at=AT + 2 * HOUR)
        receipt = Receipt.objects.get()
        assert (receipt.member_id, receipt.at, receipt.how) == (member.pk, AT + HOUR, "read")
        assert receipt.path == town.cast.branch.path
        assert not to_read(person).exists()
        assert [one.acknowledged_at for one in read_earlier(person)] == [AT + HOUR]
        found = text_of_person(person, text.pk)
        assert found is not None
        assert found.receipt is not None

    def test_no_line_of_the_ledger_for_a_reader(self, town: Town) -> None:
        """The ledger is for those who administrate; a receipt is a receipt."""
        text = town.issue()
        member = town.members(town.cast.branch)[4]
        town.account(member)
        before = Entry.objects.count()
        town.read(text, member)
        assert Entry.objects.count() == before

    def test_the_day_of_issue_says_who_belongs(self, town: Town) -> None:
        """Who came later is not asked; who has left since still belongs where they were."""
        leaving = town.members(town.cast.branch)[5]
        text = town.issue(town.cast.branch)
        later = admit_member(
            name="新来", branch=town.cast.branch, joined_on=AT.date(), since=(AT + DAY).date(),
            by=None, at=AT + DAY,
        )  # fmt: skip
        transfer_member(
            member=leaving, branch=town.cast.far_branch, on=(AT + DAY).date(), by=None, at=AT + DAY
        )
        with pytest.raises(NotForYou):
            town.read(text, later, at=AT + 2 * DAY)
        assert town.read(text, leaving, at=AT + 2 * DAY)
        assert Receipt.objects.get().path == town.cast.branch.path

    @pytest.mark.parametrize(
        ("readers", "names"),
        [
            (Readers.SECRETARIES, {"甲一明"}),
            (Readers.COMMITTEE, {"甲一明", "乙二芳", "丙三强"}),
        ],
    )
    def test_by_office(self, town: Town, readers: Readers, names: set[str]) -> None:
        """Secretaries, or all of the committee, on the day of issue."""
        text = town.issue(readers=readers)
        asked = set()
        for member in town.members(town.cast.branch):
            if to_read(town.account(member)).exists():
                asked.add(member.name)
                assert town.read(text, member)
            else:
                with pytest.raises(NotForYou):
                    town.read(text, member)
        assert asked == names

    def test_by_field(self, town: Town) -> None:
        """Only in organisations of the field that was chosen."""
        Organization.objects.filter(pk=town.cast.other_branch.pk).update(field="school")
        text = town.issue(fields=("school",))
        pupil = town.members(town.cast.other_branch)[0]
        clerk = town.members(town.cast.branch)[0]
        assert to_read(town.account(pupil)).count() == 1
        assert to_read(town.account(clerk)).count() == 0
        assert town.read(text, pupil)
        with pytest.raises(NotForYou):
            town.read(text, clerk)

    def test_a_draft_is_nobody_s(self, town: Town) -> None:
        """Nothing is seen of what is still being written."""
        text = town.draft()
        member = town.members(town.cast.branch)[0]
        assert not texts_of_person(town.account(member)).exists()
        with pytest.raises(NotForYou):
            acknowledge(text=text, version=0, by=town.account(member), at=AT)


class TestAmending:
    def amend(self, town: Town, text: Text, **changes: object) -> Text:
        said = {
            "revision": text.revision, "title": text.title, "body": text.body, "note": "改正",
            "is_new_version": False, "by": town.cast.office, "at": AT + 2 * HOUR, **changes,
        }  # fmt: skip
        return amend_text(text=text, **said)  # type: ignore[arg-type]

    def test_a_small_correction_keeps_the_receipts(self, town: Town) -> None:
        """Nobody is asked again."""
        text = town.issue()
        member = town.members(town.cast.branch)[4]
        town.read(text, member)
        amended = self.amend(town, text, title="关于开展集中学习活动的通知")
        assert (amended.version, amended.revision) == (1, 3)
        assert not to_read(town.account(member)).exists()
        assert [(row.version, row.correction) for row in history_of(amended)] == [(1, 1), (1, 0)]

    def test_a_real_change_asks_again(self, town: Town) -> None:
        """And shows what changed; the old version can be acknowledged no more."""
        text = town.issue()
        member = town.members(town.cast.branch)[4]
        town.read(text, member)
        amended = self.amend(
            town, text, body="请各党支部组织学习。\n四月底前完成。", is_new_version=True
        )
        assert amended.version == 2
        person = town.account(member)
        assert to_read(person).count() == 1
        with pytest.raises(VersionGone) as told:
            acknowledge(text=text, version=1, by=town.cast.secretary, at=AT + 3 * HOUR)
        assert told.value.version == 2
        found = text_of_person(person, text.pk)
        assert found is not None
        assert found.receipt is None
        assert found.earlier is not None
        new, old = history_of(amended)
        changes = compare_paragraphs(old.body, new.body)
        assert [change.kind for change in changes] == [ChangeKind.SAME, ChangeKind.CHANGED]
        assert town.read(amended, member, at=AT + 3 * HOUR)
        assert Receipt.objects.count() == 2

    def test_refusals(self, town: Town) -> None:
        """Without a note, without a change, over somebody else's change: nothing is stored."""
        text = town.issue()
        for changes in ({"note": " ", "body": "新"}, {}, {"title": "", "body": "新"}):
            with pytest.raises(TextIncomplete):
                self.amend(town, text, **changes)
        self.amend(town, text, body=text.body + "补一句。")
        with pytest.raises(TextConflict):
            self.amend(town, text, body="别的")
        assert TextVersion.objects.count() == 2
        with pytest.raises(TextRefused):
            self.amend(town, town.draft())

    def test_files_are_exchanged(self, town: Town) -> None:
        """An attachment that is taken off stays with the wording that had it."""
        draft = town.draft()
        add_file(text=draft, name="a.png", stream=BytesIO(PNG), by=town.cast.office, at=AT)
        text = issue_text(text=draft, revision=1, by=town.cast.office, at=AT)
        other = PNG.replace(b"\x08\x06", b"\x08\x02")
        amended = self.amend(
            town, text, keep=(), added=[("b.png", BytesIO(other))], is_new_version=True
        )
        assert [file.name for file in files_of(amended)] == ["b.png"]
        new, old = history_of(amended)
        assert TextFile.objects.get(pk=old.files[0]).name == "a.png"
        assert TextFile.objects.get(pk=new.files[0]).name == "b.png"
        assert TextFile.objects.filter(is_issued=True).count() == 2

    def test_a_refused_change_leaves_no_bytes(self, town: Town) -> None:
        """What was stored for it goes with the transaction."""
        text = town.issue()
        for changes in ({"note": " "}, {"title": ""}):
            with pytest.raises(TextIncomplete):
                self.amend(town, text, added=[("b.png", BytesIO(PNG))], **changes)
        folder = Path(default_storage.location)  # type: ignore[attr-defined]
        assert not [one for one in folder.rglob("*") if one.is_file()]
        assert not TextFile.objects.exists()


class TestRecalling:
    def test_nobody_is_asked_any_more(self, town: Town) -> None:
        """Who had it sees it as recalled, with the reason; it cannot be acknowledged."""
        text = town.issue()
        member, other = town.members(town.cast.branch)[4:6]
        town.read(text, member)
        work()
        told = Notice.objects.filter(subject=f"text:{text.pk}").count()
        assert told > 0
        with pytest.raises(TextRefused):
            recall_text(text=text, reason=" ", by=town.cast.office, at=AT + 2 * HOUR)
        recalled = recall_text(text=text, reason="文号有误", by=town.cast.office, at=AT + 2 * HOUR)
        assert recalled.recall_reason == "文号有误"
        with pytest.raises(TextRefused, match="文号有误"):
            town.read(text, other, at=AT + 3 * HOUR)
        for one in (member, other):
            assert not to_read(town.account(one)).exists()
            assert read_earlier(town.account(one)).count() == 1
        with pytest.raises(TextRefused):
            recall_text(text=text, reason="再次", by=town.cast.office, at=AT + 3 * HOUR)
        work(AT + 3 * HOUR)
        assert not Notice.objects.filter(subject=f"text:{text.pk}").exists()

    def test_each_verb_leaves_one_line(self, town: Town) -> None:
        """Issuing and recalling stand in the ledger."""
        text = town.issue()
        recall_text(text=text, reason="文号有误", by=town.cast.office, at=AT + timedelta(hours=2))
        verbs = list(
            Entry.objects.filter(subject_id=text.pk).order_by("pk").values_list("verb", flat=True)
        )
        assert verbs == ["draft_text", "issue_text", "recall_text"]
