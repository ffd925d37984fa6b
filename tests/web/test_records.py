"""Records on pages: starting, writing, filing, reading, correcting, voiding."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse
from tests.cast import Cast, client_of
from tests.handbook.scene import AT as SCENE_AT
from tests.handbook.scene import make_scene
from tests.web.record_story import MINUTES, Writer, a_filed_record, a_line, fields_of, make_table

from zhibu.handbook.books import bind_book
from zhibu.handbook.facts import judge_filed
from zhibu.handbook.models import Record, RecordVersion
from zhibu.handbook.services import correct_record, save_draft, start_correction
from zhibu.handbook.versions import read_version
from zhibu.ledger.models import Entry
from zhibu.network.search.services import index_changes
from zhibu.people.keys import new_key
from zhibu.plans.models import Plan, PlanLine
from zhibu.plans.queries import lines_of_record
from zhibu.rules.norm import Activity

pytestmark = pytest.mark.usefixtures("data_dir")


@pytest.fixture
def plan(cast: Cast) -> Plan:
    return make_table(cast)


def test_a_record_begins_with_what_is_known(cast: Cast, plan: Plan) -> None:
    """From a line: its kind, topic and day; who writes it; everybody present; the line ticked."""
    line = a_line(plan, "members_meeting")
    writer = Writer(cast.secretary).start(cast, line)
    data = writer.data
    assert data["activities"] == ["members_meeting"]
    assert data["lines"] == [str(line.pk)]
    assert data["recorder"] == ["甲一明"]
    assert data["day"] == [min(line.planned_on.isoformat(), "2026-03-12")]
    statuses = [value for name, value in data.items() if name.startswith("status-")]
    assert len(statuses) == 9
    assert all(value == ["present"] for value in statuses)
    assert "应到<b>9</b>人，实到<b>9</b>人" in writer.html


def test_place_and_presider_come_from_last_time(cast: Cast, plan: Plan) -> None:
    """The second meeting knows where the first one was, and who presided."""
    a_filed_record(cast, plan)
    writer = Writer(cast.deputy).start(cast, activities=("members_meeting",))
    assert writer.data["place"] == ["三楼会议室"]
    assert writer.data["presider"] == ["甲一明"]
    assert writer.data["recorder"] == ["乙二芳"]


def test_the_button_pressed_twice_begins_one_draft(cast: Cast, plan: Plan) -> None:
    """Starting the same lines, or the same kind within seconds, opens the draft that is there."""
    line = a_line(plan, "members_meeting")
    first = Writer(cast.secretary).start(cast, line)
    second = Writer(cast.deputy).start(cast, line)
    assert first.key == second.key
    once = Writer(cast.secretary).start(cast, activities=("talk",))
    again = Writer(cast.secretary).start(cast, activities=("talk",))
    assert once.key == again.key


@pytest.mark.parametrize("gone", [False, True])
def test_nothing_chosen_begins_no_draft(cast: Cast, plan: Plan, gone: bool) -> None:
    """Who presses 开始记录 with nothing chosen, or with what is done by now, is asked to choose."""
    asked = {"lines": [str(uuid4())]} if gone else {}
    answer = client_of(cast.secretary).post(reverse("record-new", args=[cast.branch.pk]), asked)
    assert answer.status_code == 422
    assert ("所选事项已经完成" if gone else "还没有选择") in answer.content.decode()
    assert not Record.objects.exists()


@pytest.mark.parametrize("kind", ["other", "report"])
def test_an_activity_of_ones_own_owes_no_other_duty(cast: Cast, plan: Plan, kind: str) -> None:
    """A calligraphy circle is filed without the half-yearly analysis of what members think."""
    writer = Writer(cast.secretary).start(cast, activities=(kind,))
    assert not [name for name in writer.data if name.startswith("element-")]
    writer.complete(topic="书法兴趣小组活动")
    assert writer.file().status_code == 303
    record = Record.objects.get(pk=writer.key)
    assert record.current is not None


@pytest.mark.parametrize("name", ["某" * 32 + "-" * 4, "-" * 36, "𠮷" * 100])
def test_a_name_that_looks_like_a_key_is_a_name(cast: Cast, plan: Plan, name: str) -> None:
    """The record, its book and the page of blacking out open whatever the recorder was called."""
    record = a_filed_record(cast, plan, recorder=name)
    member, office = client_of(cast.member), client_of(cast.office)
    shown = member.get(reverse("record", args=[record.pk]))
    assert name in shown.content.decode()
    assert member.get(reverse("book", args=[cast.branch.pk, 2026])).status_code == 200
    assert bind_book(cast.branch, 2026, today=date(2026, 3, 12)).sections
    check = {"part": "particulars", "basis": "法", "reason": "申请", "do": "check"}
    assert office.post(reverse("record-redact", args=[record.pk]), check).status_code == 200


def test_fields_follow_kinds_without_javascript(cast: Cast, plan: Plan) -> None:
    """更新栏目 shows the fields of a kind just ticked and ticks its line; nothing typed is lost."""
    writer = Writer(cast.secretary).start(cast, a_line(plan, "members_meeting"))
    assert "element-lecturer" not in writer.data
    answer = writer.send("refresh", activities=["members_meeting", "lesson"], minutes=MINUTES)
    assert answer.status_code == 303
    writer.open(Record.objects.get(pk=writer.key))
    assert "element-lecturer" in writer.data
    assert writer.data["minutes"] == [MINUTES]
    ticked = PlanLine.objects.filter(pk__in=writer.data["lines"])
    assert {line.activity for line in ticked} == {"members_meeting", "lesson"}
    writer.send("refresh", activities=["members_meeting"], element__lecturer="请退休老党员讲")
    writer.open(Record.objects.get(pk=writer.key))
    assert len(writer.data["lines"]) == 1
    assert writer.data["element-lecturer"] == ["请退休老党员讲"], "what was typed stays to be seen"


def test_htmx_draws_the_form_anew_only_when_its_fields_change(cast: Cast, plan: Plan) -> None:
    """A new kind redraws the body; a word in the minutes answers with the remarks alone."""
    writer = Writer(cast.secretary).start(cast, a_line(plan, "members_meeting"))
    small = writer.send("", htmx=True, minutes=MINUTES)
    assert small.status_code == 200
    assert "HX-Retarget" not in small
    assert int(small["X-Draft-Saved"]) == 2
    assert b'id="says-minutes"' in small.content
    assert MINUTES.encode() not in small.content
    writer.data["revision"] = small["X-Draft-Saved"]
    whole = writer.send("", htmx=True, activities=["members_meeting", "lesson"])
    assert whole["HX-Retarget"] == "#record-body"
    assert b"element-lecturer" in whole.content


def test_counts_and_reasons(cast: Cast, plan: Plan) -> None:
    """应到, 实到, 列席 and voters are worked out; an absence without a reason is named."""
    writer = Writer(cast.secretary).start(cast, a_line(plan, "members_meeting"))
    away, late = (str(member.pk) for member in cast.members[2:4])
    changes = {f"status-{away}": "leave", f"status-{late}": "late", "guests": "赵上级、钱列席"}
    answer = writer.send("", htmx=True, **changes)
    text = answer.content.decode()
    assert "应到<b>9</b>人，实到<b>8</b>人（迟到1人），请假<b>1</b>人，列席<b>2</b>人" in text
    assert "有表决权的应到<b>8</b>人、实到<b>7</b>人" in text
    assert "丙三强请假，请写明原因" in text
    # Whoever has no script sees where the reason belongs; the others stay folded.
    page = writer.client.get(reverse("record-edit", args=[writer.key])).content.decode()
    assert re.findall(r'id="attendee-([^"]+)" open', page) == [away]


def test_votes_are_judged_beside_the_decision(cast: Cast, plan: Plan) -> None:
    """Rows come and go by buttons; a majority is judged with its base; impossible votes are named."""
    writer = Writer(cast.secretary).start(cast, a_line(plan, "members_meeting"))
    assert writer.send("add-decision").status_code == 303
    writer.open(Record.objects.get(pk=writer.key))
    carried = writer.send("", htmx=True, decision__1__text="通过计划", decision__1__for="5")
    assert "至少5票），通过" in carried.content.decode()
    writer.data["revision"] = carried["X-Draft-Saved"]
    failed = writer.send("", htmx=True, decision__1__for="4")
    assert "未通过" in failed.content.decode()
    writer.data["revision"] = failed["X-Draft-Saved"]
    absurd = writer.send("", htmx=True, decision__1__for="40")
    assert "超过可投票数" in absurd.content.decode()
    writer.open(Record.objects.get(pk=writer.key))
    writer.send("remove-decision:1")
    writer.open(Record.objects.get(pk=writer.key))
    assert "decision-1-text" not in writer.data


def test_an_incomplete_record_is_not_filed(cast: Cast, plan: Plan) -> None:
    """The step before filing names what is missing; pressing the button all the same files nothing."""
    writer = Writer(cast.secretary).start(cast, a_line(plan, "members_meeting"))
    answer = writer.file()
    assert answer.status_code == 303
    assert "暂不能归档" in writer.filing_html
    assert "请填写会议内容" in writer.filing_html
    record = Record.objects.get(pk=writer.key)
    assert record.state == Record.State.DRAFT
    page = writer.client.get(answer["Location"])
    assert "记录还不完整" in page.content.decode()
    assert "已归档" not in page.content.decode()


def test_filing_ticks_the_line_and_says_the_three_times(cast: Cast, plan: Plan) -> None:
    """A filed record: version 1 in the chain, its line done, all three times and the digest shown."""
    record = a_filed_record(cast, plan)
    line = PlanLine.objects.get(discharged_by=record.pk)
    assert line.activity == "members_meeting"
    page = client_of(cast.member).get(reverse("record", args=[record.pk])).content.decode()
    assert "2026年3月10日 14:30—16:00" in page
    assert "2026年3月12日 10:30" in page
    assert "尚未封存" in page
    assert "摘要码" in page
    assert MINUTES in page
    assert f'data-settled="{record.pk}"' in page


def test_a_filed_record_says_whether_quorum_and_votes_held(
    cast: Cast, plan: Plan, django_assert_max_num_queries: Any
) -> None:
    """Page and book say base, majority and article as the step before filing did."""
    writer = Writer(cast.secretary).start(cast, a_line(plan, "members_meeting"))
    for number in (1, 2):
        writer.send("add-decision")
        writer.open(Record.objects.get(pk=writer.key))
        writer.send(**{f"decision__{number}__text": f"事项{number}"})
        writer.open(Record.objects.get(pk=writer.key))
    writer.complete(decision__1__for="5", decision__2__for="4", decision__2__against="4").file()
    with django_assert_max_num_queries(12):
        page = writer.client.get(reverse("record", args=[writer.key])).content.decode()
    told = (
        "“事项1”赞成5票", "至少5票），通过。", "至少5票方可通过，未通过。",
        "依据：",
    )  # fmt: skip
    (sheet,) = (
        one
        for section in bind_book(cast.branch, 2026, today=date(2026, 3, 12)).sections
        for one in section.records
    )
    for words in told:
        assert words in page
        assert words in "".join(sheet.findings)
    assert "达到规定" in page
    assert len(sheet.findings) == 3
    version = RecordVersion.objects.get(record=writer.key)
    covered = replace(read_version(version), redacted=frozenset({"decisions"}))
    assert judge_filed(cast.branch, covered, list(lines_of_record(writer.key))) == ()


def test_the_same_form_sent_twice_files_once(cast: Cast, plan: Plan) -> None:
    """A double click, and a form sent again after going back, give the record that is there."""
    writer = Writer(cast.secretary).start(cast, a_line(plan, "members_meeting")).complete()
    first = writer.file()
    second = writer.client.post(reverse("record-file", args=[writer.key]), writer.filed)
    assert first["Location"] == second["Location"] == reverse("record", args=[writer.key])
    assert RecordVersion.objects.filter(record=writer.key).count() == 1
    assert Entry.objects.filter(verb="file_record").count() == 1


def test_a_success_is_said_only_when_it_was_stored(cast: Cast, plan: Plan) -> None:
    """Mistake 5: a draft that is gone is not "saved"; the writer is told."""
    writer = Writer(cast.secretary).start(cast, a_line(plan, "members_meeting")).complete()
    writer.file()
    answer = writer.send("save", minutes="改动" * 40)
    assert answer.status_code == 303
    page = writer.client.get(answer["Location"]).content.decode()
    assert "没有保存" in page
    assert "草稿已保存" not in page
    assert Record.objects.get(pk=writer.key).draft is None


def test_a_late_record_looks_late(cast: Cast, plan: Plan) -> None:
    """Mistake 11: written two months after it happened, it says so in the form, page, list and book."""
    record = a_filed_record(cast, plan, day="2026-01-08")
    client = client_of(cast.member)
    for address in (
        reverse("record", args=[record.pk]),
        reverse("record-list", args=[cast.branch.pk]),
        reverse("book", args=[cast.branch.pk, 2026]),
    ):
        assert "63天" in client.get(address).content.decode(), address


def test_a_correction_names_what_it_changed(cast: Cast, plan: Plan) -> None:
    """A correction begins with what was filed, needs a reason, and both versions stay readable."""
    record = a_filed_record(cast, plan)
    client = client_of(cast.secretary)
    answer = client.post(reverse("record-correct", args=[record.pk]))
    assert answer["Location"] == reverse("record-edit", args=[record.pk])
    writer = Writer(cast.secretary).open(Record.objects.get(pk=record.pk))
    assert writer.data["minutes"] == [MINUTES]
    writer.complete(place="二楼会议室")
    assert writer.file().status_code == 422
    answer = writer.file(reason="地点写错")
    assert answer["Location"] == reverse("record", args=[record.pk])
    page = writer.client.get(answer["Location"]).content.decode()
    for words in ("更正已归档", "第2版", "地点写错", "三楼会议室", "二楼会议室"):
        assert words in page, words
    assert "更正1次" in client.get(reverse("book", args=[cast.branch.pk, 2026])).content.decode()


def test_voiding_needs_a_reason_and_opens_the_line_again(cast: Cast, plan: Plan) -> None:
    """Without a reason nothing happens; with one the text stays, and the line is open."""
    record = a_filed_record(cast, plan)
    client = client_of(cast.secretary)
    address = reverse("record-void", args=[record.pk])
    assert client.post(address, {"reason": "  "}).status_code == 422
    form = fields_of(client.get(address).content, "")
    data = {"reason": "<b>重复</b>记录", "submission": form["submission"][0]}
    assert client.post(address, data).status_code == 303
    client.post(address, data)
    assert RecordVersion.objects.filter(record=record, action="void").count() == 1
    assert not PlanLine.objects.filter(discharged_by=record.pk).exists()
    page = client.get(reverse("record", args=[record.pk])).content.decode()
    assert "已作废" in page
    assert "&lt;b&gt;重复&lt;/b&gt;记录" in page
    assert MINUTES in page


def test_a_draft_can_be_given_up(cast: Cast, plan: Plan) -> None:
    """A draft is given up after asking once more; another line of work does not vanish unseen."""
    writer = Writer(cast.secretary).start(cast, a_line(plan, "members_meeting"))
    address = reverse("record-discard", args=[writer.key])
    old = fields_of(writer.client.get(address).content, "")
    writer.send("save", topic="新主题")
    assert writer.client.post(address, {"revision": old["revision"][0]}).status_code == 303
    assert Record.objects.filter(pk=writer.key).exists()
    new = fields_of(writer.client.get(address).content, "")
    writer.client.post(address, {"revision": new["revision"][0]})
    assert not Record.objects.filter(pk=writer.key).exists()


HOSTILE: list[dict[str, Any]] = [
    {"topic": "<script>alert(1)</script>", "minutes": "</textarea><script>alert(2)</script>"},
    {"presider": "𠮷" * 300, "recorder": "买买提·吐尔逊", "topic": "长" * 900},
    {"day": "1899-01-01", "began": "25:99"},
    {"day": "2100-12-31"},
    {"day": "2026-99-99", "ended": "abc"},
    {"day": "99999-01-01"},
    {"activities": ["rm -rf", "lesson"], "lines": ["x", "00000000-0000-0000-0000-000000000000"]},
    {"group": "not-a-key"},
    {"minutes": "零\x00字节\ud800"},
    {"minutes": "字" * 120_000},
    {"decision-1-text": "x", "decision-1-for": "-5", "decision-1-against": "九"},
    {"decision-1-text": "x", "decision-1-kind": "coup", "decision-999-text": "y"},
    {"attendee": ["x", "' OR 1=1"], "status-x": "present"},
    {"revision": "abc"},
    {"element-../../x": "y", "element-ok": "z"},
]


@pytest.mark.parametrize("changes", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("htmx", [False, True])
def test_hostile_input_gets_an_answer(
    cast: Cast, plan: Plan, changes: dict[str, Any], htmx: bool
) -> None:
    """Never a 500, never script in the page; what was typed before is still there."""
    writer = Writer(cast.secretary).start(cast, a_line(plan, "members_meeting"))
    if "minutes" in changes:
        changes = {**changes, "minutes": changes["minutes"].replace("\ud800", "�")}
    writer.data.update(changes)
    answer = writer.send("save", htmx=htmx)
    assert answer.status_code in {200, 303, 409, 422}
    assert b"<script>alert" not in answer.content
    page = writer.client.get(reverse("record-edit", args=[writer.key]))
    assert page.status_code == 200
    assert b"<script>alert" not in page.content
    assert writer.client.get(reverse("record-file", args=[writer.key])).status_code == 200


def test_an_empty_post_loses_nothing(cast: Cast, plan: Plan) -> None:
    """A form of which nothing arrived but the revision changes nothing."""
    writer = Writer(cast.secretary).start(cast, a_line(plan, "members_meeting")).complete()
    before = Record.objects.get(pk=writer.key).draft
    writer.client.post(
        reverse("record-save", args=[writer.key]), {"revision": writer.data["revision"][0]}
    )
    assert Record.objects.get(pk=writer.key).draft == before


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("secretary", 200), ("deputy", 200), ("group_leader", 404), ("member", 404),
        ("office", 404), ("leader", 404), ("neighbour", 404), ("stranger", 404), ("nobody", 404),
        ("audit_admin", 404),
    ],
)  # fmt: skip
def test_who_may_open_a_draft(cast: Cast, plan: Plan, who: str, expected: int) -> None:
    """Mistake 1 and scope: a draft is for those who write the branch's records."""
    writer = Writer(cast.secretary).start(cast, a_line(plan, "members_meeting"))
    client = client_of(getattr(cast, who))
    for name in ("record-edit", "record-file"):
        assert client.get(reverse(name, args=[writer.key])).status_code == expected, name
    if expected == 404:
        address = reverse("record-save", args=[writer.key])
        assert client.post(address, writer.data).status_code == 404


@pytest.mark.parametrize(
    ("who", "expected"),
    [("secretary", 200), ("member", 200), ("office", 200), ("neighbour", 404), ("far_office", 404)],
)
def test_who_may_read_a_filed_record(cast: Cast, plan: Plan, who: str, expected: int) -> None:
    """Members of the branch and the levels above read it; neighbours do not learn that it exists."""
    record = a_filed_record(cast, plan)
    client = client_of(getattr(cast, who))
    assert client.get(reverse("record", args=[record.pk])).status_code == expected


def test_a_talk_is_not_for_every_member(cast: Cast, plan: Plan) -> None:
    """Talks are read by the committee and from above: no page or list shows them to plain members."""
    writer = Writer(cast.secretary).start(cast, activities=("talk",))
    elements = {
        name: ["与丁四娟谈心，了解近况，帮助解决困难"]
        for name in writer.data
        if name.startswith("element-")
    }
    writer.data.update(elements)
    writer.complete(topic="谈心谈话甲乙")
    writer.file()
    record = Record.objects.get(pk=writer.key)
    assert record.current is not None, writer.filing_html[-3000:]
    for who, sees in (
        ("deputy", True),
        ("office", True),
        ("member", False),
        ("group_leader", False),
    ):
        client = client_of(getattr(cast, who))
        status = client.get(reverse("record", args=[record.pk])).status_code
        assert status == (200 if sees else 404), who
        for name, args in (("record-list", ()), ("book", (2026,))):
            page = client.get(reverse(name, args=[cast.branch.pk, *args])).content.decode()
            assert ("谈心谈话甲乙" in page) is sees, (who, name)


def test_a_talk_stays_one_when_it_is_corrected_to_something_else(
    db: Any, freeze: Callable[..., None]
) -> None:
    """The record's page shows every version: what was said in the talk is no more for everybody."""
    freeze(SCENE_AT)
    scene = make_scene()
    talk = scene.content(
        activities=(Activity.TALK,), topic="谈话所谈", minutes="谈话中说的家事" * 20, lines=(),
        decisions=(),
    )  # fmt: skip
    record = scene.file(talk).record
    start_correction(record=record, by=scene.cast.secretary, at=SCENE_AT)
    record.refresh_from_db()
    draft = save_draft(
        record=record, draft=scene.content(topic="改成的大会"), revision=record.revision,
        by=scene.cast.secretary, at=SCENE_AT,
    )  # fmt: skip
    correct_record(
        record=draft, revision=draft.revision, submission=uuid4(), reason="类别有误",
        by=scene.cast.secretary, at=SCENE_AT,
    )  # fmt: skip
    index_changes(now=SCENE_AT)
    for person, sees in ((scene.cast.member, False), (scene.cast.deputy, True)):
        client = client_of(person)
        answer = client.get(reverse("record", args=[record.pk]))
        assert answer.status_code == (200 if sees else 404)
        assert ("谈话中说的家事" in answer.content.decode()) is sees
        for name, args in (("record-list", ()), ("book", (2026,))):
            page = client.get(reverse(name, args=[scene.branch.pk, *args])).content.decode()
            assert ("改成的大会" in page) is sees, name
        page = client.get(reverse("search"), {"q": "改成的大会"}).content.decode()
        assert (reverse("record", args=[record.pk]) in page) is sees


def test_a_group_leader_writes_the_meetings_of_the_group(cast: Cast, plan: Plan) -> None:
    """Of their own group, and of no other; nothing else, whatever the form says."""
    own = a_line(plan, "group_meeting", group=cast.group)
    writer = Writer(cast.group_leader).start(cast, own)
    assert writer.data["group"] == [str(cast.group.pk)]
    assert len([name for name in writer.data if name.startswith("status-")]) == 4
    writer.send("save", activities=["members_meeting"], group=str(cast.other_group.pk))
    draft = Record.objects.get(pk=writer.key).draft
    assert draft is not None
    assert draft["activities"] == ["group_meeting"]
    assert draft["group"] == str(cast.group.pk)
    other = a_line(plan, "group_meeting", group=cast.other_group)
    theirs = Writer(cast.secretary).start(cast, other)
    assert writer.client.get(reverse("record-edit", args=[theirs.key])).status_code == 404
    start = writer.client.get(reverse("record-new", args=[cast.branch.pk])).content.decode()
    assert "支部党员大会" not in start


def test_another_meeting_that_names_the_group_is_not_its_leaders(cast: Cast, plan: Plan) -> None:
    """A draft of a members' meeting with the group still in it stays the secretary's."""
    writer = Writer(cast.secretary).start(cast, a_line(plan, "members_meeting"))
    record = Record.objects.get(pk=writer.key)
    assert record.draft is not None
    record.draft["group"] = str(cast.group.pk)
    record.save(update_fields=["draft"])
    leader = client_of(cast.group_leader)
    for name in ("record-edit", "record"):
        assert leader.get(reverse(name, args=[record.pk])).status_code == 404


def test_what_is_too_long_is_not_filed_past_the_page_before(cast: Cast, plan: Plan) -> None:
    """The page before filing says so; sending its form all the same leads back to it."""
    writer = Writer(cast.secretary).start(cast, a_line(plan, "members_meeting")).complete()
    record = Record.objects.get(pk=writer.key)
    assert record.draft is not None
    record.draft["elements"] = {"own_long": "长" * 20_001}
    record.save(update_fields=["draft"])
    address = reverse("record-file", args=[record.pk])
    sent = fields_of(writer.client.get(address).content, "")
    answer = writer.client.post(
        address, {**sent, "submission": str(new_key()), "revision": str(record.revision)}
    )
    assert answer["Location"] == address
    record.refresh_from_db()
    assert record.state == "draft"


def test_a_line_of_another_branch_cannot_be_named(cast: Cast, plan: Plan) -> None:
    """A key that was guessed is dropped; the neighbour's table stays as it is."""
    other = draft_for_neighbour(cast)
    foreign = a_line(other, "members_meeting")
    writer = Writer(cast.secretary).start(cast, a_line(plan, "members_meeting"))
    writer.send("save", lines=[str(foreign.pk)])
    draft = Record.objects.get(pk=writer.key).draft
    assert draft is not None
    assert draft["lines"] == []


def draft_for_neighbour(cast: Cast) -> Plan:
    from tests.web.record_story import AT

    from zhibu.plans.services import adopt_plan, draft_plan

    plan = draft_plan(branch=cast.other_branch, year=2026, by=cast.neighbour, at=AT)
    return adopt_plan(plan=plan, revision=plan.revision, by=cast.neighbour, at=AT)


def test_every_draft_of_the_branch_can_be_reached(
    cast: Cast, plan: Plan, django_assert_max_num_queries: Any
) -> None:
    """Fifty a page, with the true number; a group's leader finds theirs behind any number of others."""
    started = [
        Writer(cast.secretary).start(cast, activities=("group_meeting",)).record,
        Writer(cast.secretary).start(cast, activities=("talk",)).record,
    ]
    own, other = (Record.objects.get(pk=record.pk) for record in started if record is not None)
    Record.objects.filter(pk=own.pk).update(
        draft={**(own.draft or {}), "topic": "一组的会", "group": str(cast.group.pk)}
    )
    Record.objects.bulk_create(
        Record(
            branch=cast.branch, state="draft", draft={**(other.draft or {}), "topic": f"谈话{at}"},
            drafted_by=cast.secretary, drafted_at=other.drafted_at + timedelta(minutes=at + 1),
        )
        for at in range(60)
    )  # fmt: skip
    address = reverse("record-list", args=[cast.branch.pk])
    found = ""
    for number in (1, 2):
        client = client_of(cast.secretary)
        with django_assert_max_num_queries(12):
            page = client.get(address, {"drafts": number, "year": "2026"}).content.decode()
        assert "正在填写的草稿（62）" in page
        assert f"第{number}页，共2页" in page
        found += page
    assert all(found.count(f">谈话{at}</a>") == 1 for at in range(60))
    assert found.count("一组的会") == 1
    led = client_of(cast.group_leader).get(address).content.decode()
    assert "正在填写的草稿（1）" in led
    assert "一组的会" in led
    assert "谈话" not in led.partition("<form class")[0]
    assert "草稿" not in client_of(cast.member).get(address).content.decode()


def test_the_list_has_pages_filters_and_few_queries(
    cast: Cast, plan: Plan, django_assert_max_num_queries: Any
) -> None:
    """Mistake 12: sixty records are two pages in at most twelve queries."""
    record = a_filed_record(cast, plan)
    multiply(record, 60)
    client = client_of(cast.secretary)
    with django_assert_max_num_queries(12):
        page = client.get(reverse("record-list", args=[cast.branch.pk])).content.decode()
    assert "共2页" in page
    with django_assert_max_num_queries(12):
        client.get(reverse("book", args=[cast.branch.pk, 2026]))
    with django_assert_max_num_queries(12):
        client.get(reverse("record", args=[record.pk]))
    narrowed = client.get(reverse("record-list", args=[cast.branch.pk]), {"kind": "lesson"})
    assert "没有符合条件" in narrowed.content.decode()
    for junk in ({"kind": "'"}, {"year": "²²²²"}, {"page": "999"}, {"state": "x", "year": "0000"}):
        assert client.get(reverse("record-list", args=[cast.branch.pk]), junk).status_code == 200


def multiply(record: Record, count: int) -> None:
    """More filed records like this one, for lists: only what lists read need be true."""
    version = record.current
    assert version is not None
    from zhibu.people.keys import new_key

    for number in range(count):
        other = Record.objects.create(
            branch=record.branch, drafted_by=record.drafted_by, drafted_at=record.drafted_at
        )
        copy = RecordVersion.objects.get(pk=version.pk)
        copy.pk, copy.record, copy.submission = new_key(), other, new_key()
        copy.sequence, copy.previous, copy.link = 100 + number, "a" * 64, f"{number:064d}"
        copy.save(force_insert=True)
        Record.objects.filter(pk=other.pk).update(state="filed", current=copy)


@pytest.mark.parametrize("kind", [a.value for a in Activity])
def test_the_form_of_every_kind_costs_few_queries(
    cast: Cast, plan: Plan, kind: str, django_assert_max_num_queries: Any
) -> None:
    """One form for every kind, in at most twelve queries."""
    writer = Writer(cast.secretary).start(cast, activities=(kind,))
    with django_assert_max_num_queries(12):
        page = writer.client.get(reverse("record-edit", args=[writer.key]))
    assert page.status_code == 200
    with django_assert_max_num_queries(12):
        writer.client.get(reverse("record-new", args=[cast.branch.pk]))


def test_two_people_file_one_draft(cast: Cast, plan: Plan) -> None:
    """Mistake 3: both stand at the step before filing and press; one version, and the other is told."""
    writer = Writer(cast.secretary).start(cast, a_line(plan, "members_meeting")).complete()
    address = reverse("record-file", args=[writer.key])
    other = client_of(cast.deputy)
    theirs = fields_of(other.get(address).content, "")
    writer.file()
    answer = other.post(
        address, {"submission": theirs["submission"][0], "revision": theirs["revision"][0]}
    )
    assert answer["Location"] == reverse("record", args=[writer.key])
    assert RecordVersion.objects.filter(record=writer.key).count() == 1
    page = other.get(answer["Location"]).content.decode()
    assert "这份记录已经归档" in page
    assert "编号第" not in page, "nobody is told of a success that was not theirs"
