"""Importing people: preview, questions, confirming, undoing; all or nothing, once and not twice."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from django.db import OperationalError, close_old_connections, connection
from django_tasks_db.models import DBTaskResult
from tests.cast import AT, Cast, make_cast
from tests.handbook.test_concurrency import PATIENCE

from zhibu.documents.roster_writing import SheetColumn, write_roster
from zhibu.ledger.models import Entry
from zhibu.ledger.wording import SUBJECTS, VERBS
from zhibu.ops.worker import new_tasks
from zhibu.org.imports import (
    ImportKept,
    ImportOutdated,
    ImportReport,
    confirm_import,
    decide_questions,
    discard_import,
    imports_of,
    judge_import,
    marked_xlsx,
    read_report,
    resume_imports,
    roster_xlsx,
    start_import,
    steps,
    template_xlsx,
    undo_import,
)
from zhibu.org.imports.undoing import _WORDS, known_models
from zhibu.org.models import (
    Member,
    Membership,
    MemberSpell,
    Organization,
    OwnField,
    Post,
    RosterImport,
)
from zhibu.org.services import Refused, admit_member, begin_spell, edit_member, open_account

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
TODAY = NOW.date()
START = date(2026, 1, 1)
State = RosterImport.State
MEMBERS = RosterImport.Kind.MEMBERS


@pytest.fixture
def cast(db: Any) -> Cast:
    return make_cast()


def sheet(*rows: dict[str, Any]) -> bytes:
    headings = list(dict.fromkeys(name for row in rows for name in row))
    columns = [SheetColumn(name) for name in headings]
    return write_roster("花名册", columns, [[row.get(h, "") for h in headings] for row in rows])


def person(name: str, **more: Any) -> dict[str, Any]:
    given = {"姓名": name, "性别": "男", "出生日期": "1990-01-01", "入党时间": "2012-07-01"}
    return given | {"转正时间": "2013-07-01", "所在党支部": "第一党支部"} | more


def started(
    cast: Cast,
    *rows: dict[str, Any],
    on: Organization | None = None,
    content: bytes = b"",
    at: datetime = NOW,
) -> RosterImport:
    return start_import(
        organization=on or cast.committee, kind=MEMBERS, content=content or sheet(*rows),
        file_name="名册.xlsx", effective_on=START, by=cast.office, at=at,
    )  # fmt: skip


def confirmed(cast: Cast, *rows: dict[str, Any], **more: Any) -> RosterImport:
    held = started(cast, *rows, **more)
    assert held.state == State.READY, read_report(held).faults
    return confirm_import(held=held, by=cast.office, at=NOW)


def everything() -> list[Any]:
    """All that is kept of people, to see that nothing has changed."""
    return [
        sorted(map(str, model._default_manager.values_list()))
        for model in (Member, Membership, MemberSpell, Post, Organization)
    ]


def test_who_is_kept_elsewhere_is_remarked_on(cast: Cast) -> None:
    """Out of the importer's reach: a warning, not where; another day of joining is another person."""
    far = admit_member(
        name="周远", branch=cast.far_branch, group=None, joined_on=date(2012, 7, 1),
        full_on=date(2013, 7, 1), since=START, by=None, at=NOW,
    )  # fmt: skip
    rows = [person("周远"), person("周远", 入党时间="2010-07-01", 转正时间="2011-07-01")]
    held = started(cast, *rows)
    assert held.state == State.READY
    found = [one for one in read_report(held).faults if one.rule == "ROSTER-36"]
    assert [(one.row, one.severity) for one in found] == [(2, "warning")]
    assert cast.far_branch.name not in str(read_report(held))
    Membership.objects.filter(member=far).update(until=START)
    assert not [
        one for one in read_report(started(cast, rows[0])).faults if one.rule == "ROSTER-36"
    ]


def test_new_members_come_in(cast: Cast) -> None:
    """Preview, confirm: member, place, posts and special times, from the days of the file."""
    held = confirmed(
        cast,
        person(
            "赵新",
            党小组="第二党小组",
            党内职务="党小组长、纪检委员",
            任职日期="2025-03-01",
            流动党员="是",
        ),
        person("钱新", 入党时间="2026-05-04", 转正时间="", 党员类别="预备党员", 性别="女"),
    )
    assert held.state == State.APPLIED
    assert held.cells is None
    zhao = Member.objects.get(name="赵新")
    seat = zhao.memberships.get()
    assert (seat.branch, seat.group, seat.since) == (cast.branch, cast.other_group, START)
    assert {(p.office, p.organization, p.since) for p in zhao.posts.all()} == {
        ("group_leader", cast.other_group, date(2025, 3, 1)),
        ("discipline", cast.branch, date(2025, 3, 1)),
    }
    assert [(s.kind, s.since) for s in zhao.spells.all()] == [("away", START)]
    qian = Member.objects.get(name="钱新")
    assert (qian.sex, qian.full_on) == ("f", None)
    assert qian.memberships.get().since == date(2026, 5, 4)
    lines = Entry.objects.filter(verb="apply_import")
    assert [(line.person, line.detail["new"]) for line in lines] == [(cast.office, 2)]


def test_the_same_file_again_changes_nothing(cast: Cast) -> None:
    """Imported once more, nothing is new, nothing is asked."""
    rows = [person("赵新"), person("钱新", 入党时间="2012.07", 出生日期="1991.03")]
    confirmed(cast, *rows)
    before = everything()
    held = started(cast, *rows)
    counts = read_report(held).counts
    assert (counts.same, counts.new, counts.changed, counts.asked) == (2, 0, 0, 0)
    confirm_import(held=held, by=cast.office, at=NOW)
    assert everything() == before


def test_an_export_changes_nothing(cast: Cast) -> None:
    """The full export of what is there comes in as the same, and so does its second export."""
    begin_spell(
        member=cast.members[4], branch=cast.branch, kind="infirm", since=START, by=None, at=AT
    )
    Member.objects.filter(pk=cast.members[0].pk).update(
        born_on=date(1970, 2, 3), sex="m", is_leader=True
    )
    content = roster_xlsx(cast.committee, on=TODAY)
    held = started(cast, content=content)
    report = read_report(held)
    assert report.counts.same == report.counts.rows == 12
    assert not report.questions
    assert not [fault for fault in report.faults if fault.severity == "error"]
    assert held.state == State.READY


def test_changes_are_shown_and_done(cast: Cast) -> None:
    """Another group, another office, a day that was wrong: shown before and after, then done."""
    key = str(cast.members[1].pk)
    row = person(
        "乙二芳", 系统编号=key, 入党时间="2005-07-02", 转正时间="2006-07-01", 出生日期="",
        党小组="第二党小组", 党内职务="副书记", 任职日期="2026-10-01", 性别="女", 流动党员="是",
    )  # fmt: skip
    held = started(cast, row)
    (change,) = read_report(held).changes
    assert {field.label for field in change.fields} == {
        "入党时间",
        "性别",
        "党小组",
        "党内职务",
        "流动党员",
    }
    # 乙二芳 sits in 第一党小组: members with an odd number do.
    assert ("党内职务", "组织委员", "副书记") in {
        (f.label, f.before, f.after) for f in change.fields
    }
    confirm_import(held=held, by=cast.office, at=NOW)
    member = Member.objects.get(pk=key)
    assert (member.joined_on, member.sex) == (date(2005, 7, 2), "f")
    seats = list(member.memberships.order_by("since").values_list("group__name", "since", "until"))
    assert seats[1:] == [("第二党小组", TODAY, None)]
    assert seats[0][2] == TODAY - timedelta(days=1)
    posts = {(p.office, p.since, p.until) for p in member.posts.all()}
    assert ("deputy_secretary", date(2026, 10, 1), None) in posts
    assert [p[2] for p in posts if p[0] == "organization"] == [TODAY - timedelta(days=1)]


def test_transfer_is_asked_about(cast: Cast) -> None:
    """Somebody of another branch: asked; then both branches see it, each its time."""
    held = started(
        cast,
        person(
            "戊五伟",
            入党时间="2005-07-01",
            转正时间="2006-07-01",
            出生日期="",
            所在党支部="第二党支部",
            转入日期="2026-09-01",
        ),
    )
    assert held.state == State.ASKING
    (question,) = read_report(held).questions
    assert [option.label for option in question.options] == ["是，办理转接", "不是，另一个人"]
    held = decide_questions(held=held, answers={question.key: "same"}, by=cast.office, at=NOW)
    assert held.state == State.READY
    assert read_report(held).questions[0].decided == "same"
    confirm_import(held=held, by=cast.office, at=NOW)
    seats = cast.members[4].memberships.order_by("since").values_list("branch__name", "until")
    assert list(seats) == [("第一党支部", date(2026, 8, 31)), ("第二党支部", None)]


def test_nobody_beyond_the_organisation_is_looked_at(cast: Cast) -> None:
    """A neighbour's member of the same name and days is not betrayed by a question."""
    far = cast.far_branch.memberships.first()
    assert far is not None
    row = person(far.member.name, 入党时间="2010-07-01", 转正时间="2011-07-01", 出生日期="")
    report = read_report(started(cast, row))
    assert (report.counts.new, report.questions) == (1, ())
    (fault,) = read_report(started(cast, person("某", 所在党支部="邻局党支部"))).faults
    assert fault.rule == "ROSTER-23"
    assert "相近" not in fault.text or "邻局" not in fault.text.split("相近")[1]


def test_faults_are_said_and_marked(cast: Cast) -> None:
    """Nothing can be confirmed; the faulty rows come back as a file with colours and words."""
    held = started(
        cast, person("赵新"), person("", 入党时间="2012"), person("孙新", 转正时间="2014-12-01")
    )
    assert held.state == State.FAULTY
    report = read_report(held)
    assert sorted((f.row, f.rule, f.severity) for f in report.faults) == [
        (3, "ROSTER-01", "error"), (3, "ROSTER-06", "error"), (4, "ROSTER-17", "warning"),
    ]  # fmt: skip
    assert (report.counts.faulty, report.counts.warned) == (1, 1)
    with pytest.raises(Refused):
        confirm_import(held=held, by=cast.office, at=NOW)
    marked = openpyxl.load_workbook(io.BytesIO(marked_xlsx(held))).worksheets[0]
    assert [row[0].value for row in marked.iter_rows(min_row=2)] == [3, 4]
    assert "没有填写姓名" in str(marked.cell(2, marked.max_column).value)


def test_identity_numbers_are_never_kept(cast: Cast) -> None:
    """The number is named as left out, and stands nowhere in what is stored."""
    held = started(cast, person("赵新", 身份证号="110101199001010010", 备注="机密备注"))
    report = read_report(held)
    assert {one.heading for one in report.ignored} == {"身份证号", "备注"}
    assert "不应收集" in next(one.why for one in report.ignored if one.heading == "身份证号")
    import zlib

    kept = zlib.decompress(bytes(held.cells or b"")).decode()
    assert "赵新" in kept
    assert "110101199001010010" not in kept
    assert "机密备注" not in kept
    assert held.content is None
    assert b"110101" not in marked_xlsx(held)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "空的"),
        (b"%PDF-1.7", "PDF"),
        (b"PK\x03\x04xx", "损坏"),
        ("甲,乙\n1,2".encode(), "表头"),
    ],
)
def test_unreadable_files(cast: Cast, content: bytes, words: str) -> None:
    """Refused with a sentence, never an exception."""
    held = start_import(
        organization=cast.branch, kind=MEMBERS, content=content, file_name="x.xlsx",
        effective_on=START, by=None, at=NOW,
    )  # fmt: skip
    assert held.state == State.REFUSED
    assert words in held.message
    assert read_report(held) == ImportReport()


def test_template_comes_back_empty(cast: Cast) -> None:
    """The template itself is recognised; without rows there is nothing to import, and that is said."""
    held = started(cast, content=template_xlsx(MEMBERS))
    assert held.state == State.FAULTY
    assert [fault.rule for fault in read_report(held).faults] == ["ROSTER-44"]


def test_changed_since_the_preview(cast: Cast) -> None:
    """Somebody was admitted meanwhile: nothing is written, and the new preview says why."""
    held = started(cast, person("赵新"))
    admit_member(
        name="赵新", branch=cast.branch, joined_on=date(2012, 7, 1), since=START, by=None, at=NOW
    )
    before = everything()
    with pytest.raises(ImportOutdated):
        confirm_import(held=held, by=cast.office, at=NOW)
    assert everything() == before
    held.refresh_from_db()
    assert held.state == State.ASKING
    assert "有变动" in held.message


def test_confirming_twice(cast: Cast) -> None:
    """The second time is refused; what was done is done once."""
    held = confirmed(cast, person("赵新"))
    with pytest.raises(Refused):
        confirm_import(held=held, by=cast.office, at=NOW)
    assert steps.apply_import(held=held, at=NOW).state == State.APPLIED
    assert Member.objects.filter(name="赵新").count() == 1


def test_failure_half_way_leaves_nothing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure after the members are written takes them back; done again, it is whole."""
    held = started(cast, person("赵新"), person("钱新", 流动党员="是"))
    before = everything()
    make = MemberSpell.objects.bulk_create

    def fail(*_: Any, **__: Any) -> None:
        raise SystemExit(9)  # as a worker that is ended

    monkeypatch.setattr(
        type(MemberSpell.objects),
        "bulk_create",
        lambda self, rows, **more: (
            fail()
            if rows and isinstance(rows[0], MemberSpell)
            else make.__func__(self, rows, **more)
        ),
    )  # type: ignore[attr-defined]
    with pytest.raises(SystemExit):
        confirm_import(held=held, by=cast.office, at=NOW)
    assert everything() == before
    monkeypatch.undo()
    held.refresh_from_db()
    assert held.state == State.APPLYING
    steps.apply_import(held=held, at=NOW)
    assert Member.objects.filter(name__in=["赵新", "钱新"]).count() == 2


@pytest.mark.parametrize(
    ("error", "raised", "state"),
    [
        (ValueError("ours"), Refused, State.READY),
        (OperationalError("away"), OperationalError, State.APPLYING),
    ],
)
def test_a_fault_while_writing_is_not_tried_for_ever(
    cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    raised: type[Exception],
    state: RosterImport.State,
) -> None:
    """Our own fault ends in a message and in the preview; a database that is away is waited for."""
    held = started(cast, person("赵新"))

    def fail(_: object) -> None:
        raise error

    monkeypatch.setattr(steps.MemberWriter, "write", fail)
    with pytest.raises(raised):
        confirm_import(held=held, by=cast.office, at=NOW)
    held.refresh_from_db()
    assert held.state == state
    assert ("什么也没有导入" in held.message) is (raised is Refused)
    assert not Member.objects.filter(name="赵新").exists()


UNDONE: dict[str, Callable[[Cast], list[dict[str, Any]]]] = {
    "new": lambda cast: [person("赵新", 党小组="一组", 党内职务="宣传委员", 流动党员="是") | {"党小组": "第一党小组"}],
    "changed": lambda cast: [
        person("乙二芳", 系统编号=str(cast.members[1].pk), 党小组="第二党小组", 党内职务="纪检委员", 流动党员="是")
    ],
    "transfer": lambda cast: [
        person("丁四娟", 系统编号=str(cast.members[3].pk), 所在党支部="第二党支部", 转入日期="2026-09-01")
    ],
    "new secretary": lambda cast: [person("赵新", 党内职务="书记")],
}  # fmt: skip


@pytest.mark.parametrize("name", UNDONE)
def test_undoing_leaves_everything_as_it_was(cast: Cast, name: str) -> None:
    """New rows go, changed ones are as before; the ledger says so, and it can be imported again."""
    before = everything()
    rows = UNDONE[name](cast)
    held = confirmed(cast, *rows)
    assert everything() != before
    held = undo_import(held=held, by=cast.office, at=NOW)
    assert held.state == State.UNDONE
    assert everything() == before
    assert Entry.objects.filter(verb="undo_import").count() == 1
    with pytest.raises(Refused):
        undo_import(held=held, by=cast.office, at=NOW)
    confirmed(cast, *rows)


def _edit(cast: Cast) -> None:
    edit_member(
        member=Member.objects.get(name="乙二芳"), branch=cast.branch, sex="m", by=None, at=NOW
    )


def _account(cast: Cast) -> None:
    open_account(
        username="zhao",
        name="赵新",
        password="x",
        member=Member.objects.get(name="赵新"),
        by=None,
        at=NOW,
    )


def _spell(cast: Cast) -> None:
    begin_spell(
        member=Member.objects.get(name="赵新"),
        branch=cast.branch,
        kind="infirm",
        since=TODAY,
        by=None,
        at=NOW,
    )


def _draft(cast: Cast) -> None:
    from zhibu.handbook.models import Record

    key = str(Member.objects.get(name="赵新").pk)
    Record.objects.create(
        branch=cast.branch,
        draft={"attendance": [{"member": key}]},
        drafted_at=NOW + timedelta(hours=1),
    )


KEPT = {_edit: "又有改动", _account: "账号", _spell: "特殊情形", _draft: "草稿"}


@pytest.mark.parametrize("step", KEPT)
def test_what_depends_on_an_import_keeps_it(cast: Cast, step: Callable[[Cast], None]) -> None:
    """Later edits, an account, more entries, a record: it says which, and nothing is undone."""
    held = confirmed(
        cast, person("赵新"), person("乙二芳", 系统编号=str(cast.members[1].pk), 性别="女")
    )
    step(cast)
    before = everything()
    with pytest.raises(ImportKept) as caught:
        undo_import(held=held, by=cast.office, at=NOW)
    assert KEPT[step] in str(caught.value)
    assert caught.value.reasons
    assert everything() == before


def test_discarding(cast: Cast) -> None:
    """What was read is forgotten; an import that was taken in cannot be put away."""
    held = discard_import(held=started(cast, person("赵新")), by=cast.office, at=NOW)
    assert (held.state, held.cells, held.report) == (State.DISCARDED, None, {})
    with pytest.raises(Refused):
        discard_import(held=confirmed(cast, person("钱新")), by=cast.office, at=NOW)


@pytest.mark.django_db(transaction=True)
def test_long_imports_run_as_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Large files are read, judged and written by the worker; progress can be read meanwhile."""
    cast = make_cast()
    monkeypatch.setattr(steps, "SMALL_FILE", 10)
    monkeypatch.setattr(steps, "SMALL_ROSTER", 1)
    held = started(cast, person("赵新"), person("钱新"))
    assert held.state == State.WAITING
    assert held.is_running
    new_tasks(batch=True).run()
    held = imports_of(cast.committee).get()
    assert held.state == State.READY
    held = confirm_import(held=held, by=cast.office, at=NOW)
    assert held.state == State.APPLYING
    new_tasks(batch=True).run()
    held.refresh_from_db()
    assert held.state == State.APPLIED
    assert Member.objects.filter(name__in=["赵新", "钱新"]).count() == 2
    assert set(DBTaskResult.objects.values_list("status", flat=True)) == {"SUCCESSFUL"}


@pytest.mark.django_db(transaction=True)
def test_jobs_of_dead_workers_are_taken_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """An import that has said nothing for minutes gets a new job; the old one does no harm."""
    cast = make_cast()
    monkeypatch.setattr(steps, "SMALL_ROSTER", 0)
    held = started(cast, person("赵新"))
    confirm_import(held=held, by=cast.office, at=NOW)
    DBTaskResult.objects.update(status="RUNNING")  # its worker died
    assert resume_imports(NOW + timedelta(minutes=1)) == 0
    assert resume_imports(NOW + timedelta(minutes=5)) == 1
    assert resume_imports(NOW + timedelta(minutes=5)) == 0
    new_tasks(batch=True).run()
    held.refresh_from_db()
    assert held.state == State.APPLIED
    DBTaskResult.objects.filter(status="RUNNING").update(status="READY")
    new_tasks(batch=True).run()
    assert Member.objects.filter(name="赵新").count() == 1


def test_forgotten_previews(cast: Cast) -> None:
    """A preview that nobody confirmed is forgotten after a month, with all that was read."""
    held = started(cast, person("赵新"))
    resume_imports(NOW + timedelta(days=31))
    held.refresh_from_db()
    assert (held.state, held.cells) == (State.DISCARDED, None)


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once() -> None:
    """Two confirm the same roster at the same moment: it comes in once, and both are told."""
    cast = make_cast()
    rows = [
        person(f"新{number}号") | {"姓名": f"赵{'甲乙丙丁戊己庚辛'[number]}"} for number in range(8)
    ]
    helds = [started(cast, *rows), started(cast, *rows)]
    barrier = threading.Barrier(2)
    said: list[str] = []

    def run(held: RosterImport) -> None:
        close_old_connections()
        try:
            barrier.wait(PATIENCE)
            said.append(confirm_import(held=held, by=cast.office, at=NOW).state)
        except ImportOutdated:
            said.append("outdated")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(held,)) for held in helds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert sorted(said) == ["applied", "outdated"]
    assert Member.objects.filter(name__startswith="赵").count() == 8


def test_every_step_has_its_words() -> None:
    """Ledger lines and the reasons why an import stays can be said in Chinese."""
    assert {
        "start_import",
        "decide_import",
        "apply_import",
        "discard_import",
        "undo_import",
    } <= set(VERBS)
    assert SUBJECTS["rosterimport"]
    assert known_models() <= set(_WORDS)


def test_own_columns(cast: Cast) -> None:
    """Columns that an organisation added come in, are checked, changed, undone and go out again."""
    one = OwnField.objects.create(
        organization=cast.committee,
        about="member",
        label="业务专长",
        since=START,
        options=["法律", "检验"],
    )
    two = OwnField.objects.create(
        organization=cast.branch, about="member", label="备注", since=START
    )
    before = everything()
    rows = [
        person("赵新", 业务专长="法律", 备注="新近调入"),
        person("钱新", 所在党支部="第二党支部", 业务专长="检验"),
    ]
    held = confirmed(cast, *rows)
    assert Member.objects.get(name="赵新").own == {one.key: "法律", two.key: "新近调入"}
    assert read_report(started(cast, *rows)).counts.same == 2
    content = roster_xlsx(cast.committee, on=TODAY)
    report = read_report(started(cast, content=content))
    assert {"业务专长", "备注"} <= {column.label for column in report.columns}
    assert report.counts.same == report.counts.rows
    changed = started(cast, person("赵新", 业务专长="检验"))
    (change,) = read_report(changed).changes
    assert [(f.label, f.before, f.after) for f in change.fields] == [("业务专长", "法律", "检验")]
    changed = confirm_import(held=changed, by=cast.office, at=NOW)
    assert Member.objects.get(name="赵新").own == {one.key: "检验", two.key: "新近调入"}
    undo_import(held=changed, by=cast.office, at=NOW)
    undo_import(held=held, by=cast.office, at=NOW)
    assert everything() == before
    wrong = started(
        cast, person("赵新", 业务专长="绘画"), person("钱新", 所在党支部="第二党支部", 备注="某")
    )
    assert [fault.rule for fault in read_report(wrong).faults] == ["ROSTER-47", "ROSTER-46"]


def test_judging_an_applied_import_changes_nothing(cast: Cast) -> None:
    """A late job finds it done."""
    held = confirmed(cast, person("赵新"))
    assert judge_import(held=held, at=NOW).state == State.APPLIED
