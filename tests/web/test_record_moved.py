"""A roster that is corrected backwards: what the step before filing shows is what is filed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.urls import reverse
from tests.cast import Cast, make_cast
from tests.web.record_story import Writer, a_filed_record, a_line, fields_of, make_table

from zhibu.handbook.models import Record, RecordVersion
from zhibu.handbook.services import start_correction
from zhibu.handbook.verification import verify_database
from zhibu.handbook.versions import read_version
from zhibu.ledger.models import Entry
from zhibu.org.models import Member, Membership
from zhibu.plans.models import Plan
from zhibu.rules.attendance import tally_attendance
from zhibu.rules.contents import RecordContent
from zhibu.web import clock
from zhibu.web.views import drafts

pytestmark = pytest.mark.usefixtures("data_dir")


@pytest.fixture
def cast(db: Any, freeze: Callable[..., None]) -> Cast:
    freeze(datetime.fromisoformat("2026-03-12T10:30:00+08:00"))
    return make_cast()


@pytest.fixture
def plan(cast: Cast) -> Plan:
    return make_table(cast)


@pytest.fixture
def writer(cast: Cast, plan: Plan) -> Writer:
    """A draft of a members' meeting on 10 March, complete and saved."""
    return Writer(cast.secretary).start(cast, a_line(plan, "members_meeting")).complete()


def filed(writer: Writer) -> RecordContent:
    return read_version(RecordVersion.objects.get(record_id=writer.key)).content


def join_backwards(cast: Cast, name: str = "补录人") -> Member:
    """A member who belonged to the branch all the time and was entered only now."""
    member = Member.objects.create(name=name, joined_on=date(2015, 1, 1), full_on=date(2016, 1, 1))
    Membership.objects.create(member=member, branch=cast.branch, since=date(2020, 1, 1))
    return member


def test_where_nothing_moved_nothing_is_said_or_saved(writer: Writer) -> None:
    """The draft holds what is shown: one form, no remark, the revision that was saved."""
    revision = Record.objects.get(pk=writer.key).revision
    assert writer.file().status_code == 303
    assert "renewed" not in writer.filing
    assert "名册有变动" not in writer.filing_html
    assert Record.objects.get(pk=writer.key).revision == revision + 1


def press(writer: Writer) -> Any:
    """What a browser sends: all fields of the form."""
    address = reverse("record-file", args=[writer.key])
    page = writer.client.get(address)
    writer.filing_html = page.content.decode()

    writer.filing = fields_of(page.content, "")
    return writer.client.post(address, writer.filing)


def test_who_was_entered_afterwards_is_expected_and_told(cast: Cast, writer: Writer) -> None:
    """One more is shown, named and filed, once, with a chain that verifies."""
    before = len(writer.data["attendee"])
    join_backwards(cast)
    assert press(writer).status_code == 303
    assert f"应到{before}人改为{before + 1}人：新列入补录人" in writer.filing_html
    assert f"应到{before + 1}人" in writer.filing_html
    content = filed(writer)
    assert tally_attendance(content).expected == before + 1
    assert [row.name for row in content.attendance].count("补录人") == 1
    assert (
        writer.client.post(reverse("record-file", args=[writer.key]), writer.filing).status_code
        == 303
    )
    assert RecordVersion.objects.count() == 1
    assert Entry.objects.filter(verb="file_record").count() == 1
    assert [outcome.fault for outcome in verify_database()] == [None]


def test_who_never_belonged_is_not_expected_any_more(cast: Cast, writer: Writer) -> None:
    """Transferred out before the meeting, as it turned out."""
    before = len(writer.data["attendee"])
    gone = cast.members[5]
    Membership.objects.filter(member=gone).update(until=date(2026, 2, 28))
    assert press(writer).status_code == 303
    assert f"应到{before}人改为{before - 1}人：不再列入{gone.name}" in writer.filing_html
    assert gone.name not in {row.name for row in filed(writer).attendance}


def test_who_was_not_yet_a_full_member_loses_the_vote_and_the_record_is_filed(
    cast: Cast, writer: Writer
) -> None:
    """The stored list gives a vote to who had none: that kept the record from ever being filed."""
    late = cast.members[5]
    Member.objects.filter(pk=late.pk).update(full_on=date(2026, 3, 11))
    assert press(writer).status_code == 303
    assert "应到人数不变" in writer.filing_html
    assert f"{late.name}的应到、表决资格有变化" in writer.filing_html
    row = next(row for row in filed(writer).attendance if row.member == str(late.pk))
    assert not row.has_vote


def test_what_moves_once_more_while_it_is_looked_at_is_shown_again(
    cast: Cast, writer: Writer
) -> None:
    """Nothing is filed that nobody saw."""
    join_backwards(cast)
    address = reverse("record-file", args=[writer.key])

    sent = fields_of(writer.client.get(address).content, "")
    join_backwards(cast, "又补录")
    answer = writer.client.post(address, sent)
    assert (answer.status_code, answer["Location"]) == (303, address)
    assert RecordVersion.objects.count() == 0
    assert "请核对新的内容后再归档" in writer.client.get(address).content.decode()
    assert press(writer).status_code == 303
    assert {"补录人", "又补录"} <= {row.name for row in filed(writer).attendance}


def test_killed_between_saving_and_filing_the_same_form_files(
    cast: Cast, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server died after it saved what was shown: the form, sent again, is the same one."""
    join_backwards(cast)
    address = reverse("record-file", args=[writer.key])
    sent = fields_of(writer.client.get(address).content, "")

    def die(**_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(drafts, "file_record", die)
        with pytest.raises(KeyboardInterrupt):
            writer.client.post(address, sent)
    answer = writer.client.post(address, sent)
    assert answer["Location"] == reverse("record", args=[writer.key])
    assert "补录人" in {row.name for row in filed(writer).attendance}


def test_what_somebody_else_saved_meanwhile_is_not_filed(cast: Cast, writer: Writer) -> None:
    """A form that shows a corrected roster knows no more of others than any other form."""
    join_backwards(cast)
    address = reverse("record-file", args=[writer.key])
    sent = fields_of(writer.client.get(address).content, "")
    Writer(cast.deputy).open(Record.objects.get(pk=writer.key)).send("save", place="四楼会议室")
    assert writer.client.post(address, sent)["Location"] == address
    assert RecordVersion.objects.count() == 0
    assert "已经修改并保存了这份草稿" in writer.client.get(address).content.decode()


def test_an_open_row_without_text_keeps_nobody_from_filing(writer: Writer) -> None:
    """A decision that was added and left empty is not shown, so it is not filed either."""
    writer.send("add-decision", htmx=True)
    assert press(writer).status_code == 303
    assert RecordVersion.objects.count() == 1


def test_a_correction_says_what_moved_since_it_was_filed(cast: Cast, plan: Plan) -> None:
    """The place is corrected; that one more is expected by now is told, not slipped in."""
    record = a_filed_record(cast, plan)
    before = len(filed_first(record).attendance)
    join_backwards(cast)
    assert len(filed_first(record).attendance) == before, "what was filed stays"
    start_correction(record=record, by=cast.secretary, at=clock.now())
    writer = Writer(cast.secretary).open(Record.objects.get(pk=record.pk))
    writer.send("save", place="四楼会议室")
    page = writer.client.get(reverse("record-file", args=[record.pk])).content.decode()
    assert f"与已归档的相比，应到{before}人改为{before + 1}人：新列入补录人" in page


def filed_first(record: Record) -> RecordContent:
    return read_version(RecordVersion.objects.get(record=record, version=1)).content
