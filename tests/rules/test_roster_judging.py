"""Rows beside what is kept: new, same, changed, asked, missing. A written export changes nothing."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhibu.documents.roster_reading import read_roster_file
from zhibu.documents.roster_writing import SheetColumn, write_roster
from zhibu.rules.roster_columns import RosterField, find_heading, label_of, likeness
from zhibu.rules.roster_comparing import KnownMember
from zhibu.rules.roster_export import ROSTER_COLUMNS, member_cells
from zhibu.rules.roster_judging import Judgement, Outcome, judge_roster
from zhibu.rules.roster_places import KnownPlace, Places
from zhibu.rules.roster_sheet import parse_roster
from zhibu.rules.roster_values import OFFICE_WORDS
from zhibu.rules.wording_roster import say_fault, say_option, say_question

TODAY = date(2026, 11, 23)
BRANCHES = (
    KnownPlace("b1", "市局第一党支部", "第一党支部"),
    KnownPlace("b2", "市局第二党支部", "第二党支部"),
    KnownPlace("b3", "机关服务中心党支部", "服务中心党支部"),
)
GROUPS = (
    KnownPlace("g1", "第一党小组", "一组", branch="b1"),
    KnownPlace("g2", "第二党小组", "二组", branch="b1"),
)
LI = KnownMember(
    "m1", "李明", date(2005, 7, 1), "b1", date(2015, 1, 1), sex="m", born_on=date(1980, 3, 2),
    full_on=date(2006, 7, 1), group="g1", posts=(("secretary", date(2020, 1, 1)),),
)  # fmt: skip
WANG = KnownMember(
    "m2", "王芳", date(2010, 7, 1), "b1", date(2015, 1, 1), sex="f", born_on=date(1985, 5, 5),
    full_on=date(2011, 7, 1), group="g2", spells=(("away", date(2024, 1, 1)),),
)  # fmt: skip
KNOWN = (LI, WANG)
GOOD = {
    "姓名": "张三",
    "出生日期": "1990-01-01",
    "入党时间": "2012-07-01",
    "转正时间": "2013-07-01",
}


def places(default: str = "b1") -> Places:
    return Places(BRANCHES, GROUPS, default)


def judged(
    *rows: dict[str, Any],
    known: tuple[KnownMember, ...] = KNOWN,
    default: str = "b1",
    decisions: dict[str, str] | None = None,
    own: Mapping[str, Mapping[str, tuple[str, ...]]] | None = None,
    needed: Mapping[str, tuple[str, ...]] | None = None,
) -> Judgement:
    headings = list(dict.fromkeys(name for row in rows for name in row))
    sheet = [
        (1, headings),
        *((n, [row.get(h, "") for h in headings]) for n, row in enumerate(rows, 2)),
    ]
    found = find_heading(sheet, own=[label for labels in (own or {}).values() for label in labels])
    assert found is not None
    parsed = parse_roster(sheet, found, today=TODAY)
    return judge_roster(
        parsed, known, places(default), today=TODAY, decisions=decisions, own=own, needed=needed
    )


def outcomes(result: Judgement) -> list[Outcome]:
    return [one.outcome for one in sorted(result.differences, key=lambda one: one.row.row)]


def rules(result: Judgement) -> list[str]:
    return [fault.rule for fault in result.faults]


def as_row(member: KnownMember, **changes: Any) -> dict[str, Any]:
    names = places()
    cells = member_cells(
        member, branch=names.name(member.branch), group=names.name(member.group), today=TODAY
    )
    row = {label_of(field): cell for field, cell in zip(ROSTER_COLUMNS, cells, strict=True)}
    return row | {"系统编号": ""} | changes


def test_new_member() -> None:
    """Nobody of this name: new, in the branch that imports; the others are missing, and stay."""
    result = judged(GOOD)
    assert outcomes(result) == [Outcome.NEW]
    assert result.differences[0].branch == "b1"
    assert [one.key for one in result.missing] == ["m1", "m2"]
    assert result.may_confirm({})


NEEDED: Final[dict[str, Any]] = {
    "own": {"b1": {"服务组别": (), "特长": ()}},
    "needed": {"b1": ("服务组别",)},
}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([GOOD | {"服务组别": "甲组"}], []),
        (
            [GOOD | {"服务组别": "甲组"}, GOOD | {"姓名": "钱新", "服务组别": ""}],
            [(3, "ROSTER-49")],
        ),
        ([GOOD, GOOD | {"姓名": "钱新"}], [(0, "ROSTER-49")]),  # no such column: said once
        ([as_row(LI)], []),  # who is kept already is not asked again
    ],
)
def test_needed_columns_are_asked_of_new_members(
    rows: list[dict[str, Any]], expected: list[tuple[int, str]]
) -> None:
    """A new member must have what the organisation says must be there."""
    result = judged(*rows, **NEEDED)
    assert [(one.row, one.rule) for one in result.faults] == expected
    assert result.may_confirm({}) is (not expected)


def test_same_file_again() -> None:
    """Name, birth and joining are the same: nothing is asked and nothing changes."""
    result = judged(as_row(LI), as_row(WANG))
    assert outcomes(result) == [Outcome.SAME, Outcome.SAME]
    assert not result.questions
    assert not result.faults
    assert not result.missing


CHANGES: list[tuple[dict[str, Any], list[tuple[str, Any, Any]]]] = [
    ({"性别": "女"}, [("sex", "m", "f")]),
    ({"性别": ""}, []),
    ({"党小组": "第二党小组"}, [("group", "一组", "二组")]),
    ({"党小组": "无"}, [("group", "一组", "")]),
    ({"党小组": ""}, []),
    ({"党内职务": "副书记"}, [("office", ("secretary",), ("deputy_secretary",))]),
    ({"党内职务": "无"}, [("office", ("secretary",), ())]),
    ({"党内职务": ""}, []),
    ({"任职日期": "2021-01-01"},
     [("office_since", (date(2020, 1, 1),), (date(2021, 1, 1),))]),
    ({"流动党员": "是"}, [("away", False, True)]),
    ({"党员领导干部": "是"}, [("is_leader", False, True)]),
    ({"转正时间": "2006.07"}, []),
    ({"转正时间": "2006.08"}, [("full_on", date(2006, 7, 1), date(2006, 8, 1))]),
    ({"转入日期": "2016-01-01"}, [("since", date(2015, 1, 1), date(2016, 1, 1))]),
    ({"转入日期": "2015.01"}, []),
    ({"转入日期": "2015.02"}, [("since", date(2015, 1, 1), date(2015, 2, 1))]),
    ({"出生日期": "1980.03"}, []),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "expected"), CHANGES, ids=[str(cells) for cells, _ in CHANGES])
def test_changes(cells: dict[str, Any], expected: list[tuple[str, Any, Any]]) -> None:
    """What the file says otherwise is shown; a blank says nothing; a month does not undo a day."""
    result = judged(as_row(LI, **cells))
    (one,) = result.differences
    assert [(c.field, c.before, c.after) for c in one.changes] == expected
    assert one.outcome is (Outcome.CHANGED if expected else Outcome.SAME)


POSTS: list[tuple[tuple[str, ...], str, tuple[str, ...] | None]] = [
    (("group_leader", "committee_member"), "党小组长、委员", None),
    (("group_leader", "committee_member"), "党小组长", ("group_leader",)),
    (("organization", "committee_member"), "组织委员", None),  # who holds it is of the committee
    (("organization", "committee_member"), "组织委员、委员", None),
    (("organization", "committee_member"), "委员", ("committee_member",)),
    (("committee_member",), "组织委员", ("organization",)),
]


@pytest.mark.parametrize(("held", "cell", "after"), POSTS)
def test_a_mere_member_of_the_committee(
    held: tuple[str, ...], cell: str, after: tuple[str, ...] | None
) -> None:
    """A group leader who is of the committee too stays so; beside another office 委员 is not missed."""
    member = replace(LI, posts=tuple((one, date(2020, 1, 1)) for one in held))
    (one,) = judged(as_row(member, 党内职务=cell), known=(member,)).differences
    assert [c.after for c in one.changes] == ([] if after is None else [after])
    (same,) = judged(as_row(member), known=(member,)).differences
    assert same.changes == ()


def test_each_office_has_its_day() -> None:
    """Of two offices the one whose day the file has otherwise; one day stands for both."""
    member = replace(
        LI, posts=(("secretary", date(2020, 1, 1)), ("organization", date(2021, 5, 1)))
    )
    for told, after in (
        ("2020-01-01、2021-05-01", []),
        ("2020-01-01、2021-06-01", [(date(2020, 1, 1), date(2021, 6, 1))]),
        ("2022-01-01", [(date(2022, 1, 1), date(2022, 1, 1))]),
    ):
        (one,) = judged(as_row(member, 任职日期=told), known=(member,)).differences
        assert [c.after for c in one.changes] == after


def test_spell_that_ended() -> None:
    """否 ends what holds, whatever day stands beside it; a blank leaves it."""
    for since in ("", "2024-01-01", "2024-02-01"):
        (one,) = judged(as_row(WANG, 流动党员="否", 流动开始日期=since)).differences
        assert [(c.field, c.before, c.after) for c in one.changes] == [("away", True, False)]
    (one,) = judged(as_row(WANG, 流动党员="", 流动开始日期="2024-02-01")).differences
    assert [(c.field, c.after) for c in one.changes] == [("away_since", date(2024, 2, 1))]


ALIKE = [
    ({"出生日期": "1980-03-03"}, "ROSTER-51"),
    ({"入党时间": "2005-08-01"}, "ROSTER-51"),
    ({"出生日期": ""}, "ROSTER-51"),
    ({"出生日期": "1981-01-01", "入党时间": "2005-01-01"}, "ROSTER-51"),
]


@pytest.mark.parametrize(("cells", "rule"), ALIKE, ids=[str(cells) for cells, _ in ALIKE])
def test_namesakes_are_asked_about(cells: dict[str, Any], rule: str) -> None:
    """A namesake in the branch whose days differ: asked; `same` changes, `another` is new."""
    row = as_row(LI, **cells, 党内职务="")
    result = judged(row)
    (question,) = result.questions
    assert question.rule == rule
    assert outcomes(result) == [Outcome.ASKED]
    assert not result.may_confirm({})
    same = judged(row, decisions={question.key: "same"})
    assert same.differences[0].member == "m1"
    assert same.differences[0].outcome in {Outcome.CHANGED, Outcome.SAME}
    assert same.may_confirm({question.key: "same"})
    another = judged(row, decisions={question.key: "another"})
    assert outcomes(another) == [Outcome.NEW]
    assert another.differences[0].member == ""


def test_member_of_another_branch() -> None:
    """The same person is kept in another branch: a transfer is asked about, never done unasked."""
    row = as_row(LI, 所在党支部="第二党支部", 党小组="", 党内职务="")
    result = judged(row)
    (question,) = result.questions
    assert question.rule == "ROSTER-52"
    assert "第二党支部" in say_question(question)
    assert say_option(question, "same") == "是，办理转接"
    moved = judged(row, decisions={question.key: "same"})
    assert [(c.field, c.before, c.after) for c in moved.differences[0].changes] == [
        ("branch", "市局第一党支部", "市局第二党支部")
    ]
    assert outcomes(judged(row, decisions={question.key: "another"})) == [Outcome.NEW]


ELSEWHERE: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"出生日期": ""}, True),  # only the day of joining is known
    ({"出生日期": "1980.03", "入党时间": "2005.07"}, True),
    ({"出生日期": "1980-03-03"}, False),
    ({"入党时间": "2005-07-02"}, False),
    ({"出生日期": "", "入党时间": "2005-07-02"}, False),
]


@pytest.mark.parametrize(("cells", "is_asked"), ELSEWHERE)
def test_who_may_have_come_from_another_branch(cells: dict[str, Any], is_asked: bool) -> None:
    """Who joined on the same day and was not born on another; others are somebody else."""
    row = as_row(LI, 所在党支部="第二党支部", 党小组="", 党内职务="", **cells)
    assert [one.rule for one in judged(row).questions] == ["ROSTER-52"] * is_asked


def test_namesake_elsewhere_with_other_days() -> None:
    """The same name alone, in another branch, is no reason to ask."""
    assert outcomes(judged(GOOD | {"姓名": "李明", "所在党支部": "第二党支部"})) == [Outcome.NEW]


def test_twice_in_the_file() -> None:
    """The same person in two rows is asked about: one is left out, or both are taken."""
    result = judged(GOOD, GOOD)
    (question,) = result.questions
    assert question.rule == "ROSTER-53"
    assert outcomes(judged(GOOD, GOOD, decisions={question.key: "same"})) == [
        Outcome.NEW, Outcome.LEFT_OUT,
    ]  # fmt: skip
    both = judged(GOOD, GOOD, decisions={question.key: "another"})
    assert outcomes(both) == [Outcome.NEW, Outcome.NEW]


def test_twins_are_told_apart_when_both_are_kept() -> None:
    """Two kept members with the same name and days: two rows, one each."""
    twin = replace(LI, key="m9", posts=())
    result = judged(as_row(LI), as_row(LI), known=(LI, twin))
    (question,) = result.questions
    again = judged(as_row(LI), as_row(LI), known=(LI, twin), decisions={question.key: "another"})
    assert {one.member for one in again.differences} == {"m1", "m9"}


def test_own_key_decides() -> None:
    """The key of an export names the person, even under another name."""
    result = judged(as_row(LI, 系统编号="m1", 姓名="李敏"))
    (one,) = result.differences
    assert [(c.field, c.after) for c in one.changes] == [("name", "李敏")]
    assert rules(judged(as_row(LI, 系统编号="m7"))) == ["ROSTER-32"]
    assert rules(judged(*[as_row(LI, 系统编号="m1", 党内职务="")] * 2)) == ["ROSTER-43"]


PLACES = [
    ("第一党支部", "b1", []), ("市局第1党支部", "b1", []), ("中共市局第一党支部", "b1", []),
    ("市局 第一党支部", "b1", []), ("第三党支部", "", ["ROSTER-23"]), ("", "", ["ROSTER-22"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "key", "expected"), PLACES, ids=[one[0] for one in PLACES])
def test_branches_by_name(name: str, key: str, expected: list[str]) -> None:
    """Full and short names, 第1 for 第一, 中共 before it; an unknown one is answered with the nearest."""
    result = judged(GOOD | {"所在党支部": name}, default="")
    assert result.differences[0].branch == key
    assert rules(result) == expected
    if expected == ["ROSTER-23"]:
        assert "第一党支部" in say_fault(result.faults[0])


def test_namesakes_among_branches() -> None:
    """A short name of two branches is not guessed."""
    two = Places([*BRANCHES, KnownPlace("b9", "邻局第一党支部", "第一党支部")])
    assert two.branch("第一党支部")[:2] == ("", "ROSTER-24")
    assert two.branch("邻局第一党支部")[:2] == ("b9", "")


def test_groups() -> None:
    """A group of another name is a fault, with what there is; a branch may have none at all."""
    assert rules(judged(GOOD | {"党小组": "第三党小组"})) == ["ROSTER-25"]
    assert rules(judged(GOOD | {"党小组": "一组", "所在党支部": "第二党支部"})) == ["ROSTER-42"]
    assert rules(judged(GOOD | {"党内职务": "党小组长"})) == ["ROSTER-27"]
    assert rules(judged(GOOD | {"党内职务": "党小组长", "党小组": "一组"})) == []


def test_a_leader_whose_group_is_kept() -> None:
    """Where one namesake is kept the group is known; of two in different groups it is not."""
    row = as_row(WANG, 党内职务="党小组长", 党小组="", 出生日期="", 入党时间="2010.07")
    assert "ROSTER-27" not in rules(judged(row))
    twin = replace(WANG, key="m9", group="g1")
    assert "ROSTER-27" in rules(judged(row, known=(LI, WANG, twin)))


@pytest.mark.parametrize(("length", "expected"), [(500, []), (501, ["ROSTER-48"])])
def test_a_long_text_in_an_added_column(length: int, expected: list[str]) -> None:
    """Five hundred characters are kept, more are a fault."""
    own = {"b1": {"特长": ()}}
    assert rules(judged(GOOD | {"特长": "长" * length}, own=own)) == expected


def test_secretaries() -> None:
    """Two in one branch is a fault; another than the one in office is pointed out."""
    other = GOOD | {"姓名": "赵四", "党内职务": "书记"}
    assert rules(judged(other)) == ["ROSTER-29"]
    result = judged(other, GOOD | {"党内职务": "书记"}, known=())
    assert rules(result) == ["ROSTER-28"]
    assert outcomes(result) == [Outcome.NEW, Outcome.FAULTY]


def test_full_members_without_their_day() -> None:
    """One question for the whole sheet; the answer is said in a note, or each row is sent back."""
    rows = [
        GOOD | {"姓名": name, "转正时间": "", "党员类别": "正式党员"} for name in ("赵甲", "钱乙")
    ]
    result = judged(*rows)
    (question,) = result.questions
    assert (question.key, question.facts["count"]) == ("full_on", 2)
    later = judged(*rows, decisions={"full_on": "year_later"})
    assert {one.full_on for one in later.differences} == {date(2013, 7, 1)}
    assert rules(later) == ["ROSTER-39"]
    assert later.may_confirm({"full_on": "year_later"})
    mend = judged(*rows, decisions={"full_on": "mend"})
    assert rules(mend) == ["ROSTER-21", "ROSTER-21"]
    assert outcomes(mend) == [Outcome.FAULTY, Outcome.FAULTY]


@pytest.mark.parametrize(
    ("joined", "full"),
    [("2012-02-29", (2013, 2, 28)), ("2011-02-28", (2012, 2, 28)), ("2012-12-31", (2013, 12, 31)),
     ("1969-03-31", (1970, 3, 31)), ("1969-04-01", (1969, 4, 1)), ("1977-08-31", (1977, 8, 31)),
     ("1977-09-01", (1978, 9, 1))],
)  # fmt: skip
def test_a_year_after_joining(joined: str, full: tuple[int, int, int]) -> None:
    """The same day of the next year; 九大 and 十大 knew no probation, so then on the day itself."""
    row = GOOD | {"出生日期": "", "入党时间": joined, "转正时间": "", "党员类别": "正式党员"}
    (one,) = judged(row, decisions={"full_on": "year_later"}).differences
    assert one.full_on == date(*full)


@pytest.mark.parametrize(("joined", "is_asked"), [("2024-10-22", True), ("2024-10-23", False)])
def test_nobody_is_on_probation_for_longer(joined: str, is_asked: bool) -> None:
    """Where nothing is said, who joined more than two years and a month ago is a full member."""
    assert bool(judged(GOOD | {"入党时间": joined, "转正时间": ""}).questions) is is_asked


def test_a_year_that_is_not_over() -> None:
    """A full member who joined less than a year ago has another day, which only people know."""
    row = GOOD | {"入党时间": "2025-11-24", "转正时间": "", "党员类别": "正式党员"}
    answer = {"full_on": "year_later"}
    assert rules(judged(row, decisions=answer)) == ["ROSTER-39", "ROSTER-21"]
    over = row | {"入党时间": "2025-11-23"}
    assert rules(judged(over, decisions=answer)) == ["ROSTER-39"]


def test_probationary_members() -> None:
    """预备 without a day of becoming full is as it should be; so is a recent member without a word."""
    assert not judged(GOOD | {"转正时间": "", "党员类别": "预备党员"}).questions
    assert not judged(GOOD | {"转正时间": "", "入党时间": "2026-01-05"}).questions
    assert judged(GOOD | {"转正时间": ""}).questions
    assert rules(judged(as_row(LI, 转正时间="", 党员类别="预备党员"))) == ["ROSTER-33"]


def test_months_are_said_once() -> None:
    """Days that stand for a month are told in one note, not in one for each row."""
    result = judged(GOOD | {"出生日期": "1990.01"}, GOOD | {"姓名": "赵", "出生日期": "1990.02"})
    assert [(f.rule, f.facts["count"]) for f in result.faults] == [("ROSTER-10", 2)]


# ------------------------------------------------------------------------------------ properties

NAMES = st.text("王李张刘陈杨赵黄伟芳娜敏静丽强磊军洋𠮷·", min_size=2, max_size=4).filter(
    lambda name: not name.startswith("·") and not name.endswith("·")
)


@st.composite
def members(draw: st.DrawFn) -> list[KnownMember]:
    """A roster as the system may hold it."""
    found = []
    secretaries: set[str] = set()
    for number in range(draw(st.integers(0, 12))):
        joined = draw(st.dates(date(1980, 1, 1), date(2024, 1, 1)))
        branch = draw(st.sampled_from(["b1", "b2", "b3"]))
        offices = draw(st.lists(st.sampled_from(list(OFFICE_WORDS)), max_size=3, unique=True))
        group = draw(st.sampled_from(["", "g1", "g2"])) if branch == "b1" else ""
        if "secretary" in offices and branch in secretaries:
            offices.remove("secretary")
        secretaries |= {branch} if "secretary" in offices else set()
        if not group and "group_leader" in offices:
            offices.remove("group_leader")
        since = draw(st.dates(joined, date(2025, 12, 31)))
        spells = draw(st.lists(st.sampled_from(["away", "infirm", "voteless"]), unique=True))
        days = st.dates(since, date(2026, 6, 1))
        found.append(
            KnownMember(
                f"m{number}", draw(NAMES), joined, branch, since,
                sex=draw(st.sampled_from(["m", "f", ""])),
                born_on=draw(st.none() | st.dates(date(1930, 1, 1), date(joined.year - 19, 1, 1))),
                full_on=draw(st.none() | st.just(date(joined.year + 1, joined.month, 1))),
                is_leader=draw(st.booleans()), group=group,
                posts=tuple((office, draw(days)) for office in offices),
                spells=tuple((spell, draw(days)) for spell in spells),
            )
        )  # fmt: skip
    return found


@settings(max_examples=60, deadline=None)
@given(members(), st.booleans())
def test_an_export_changes_nothing(known: list[KnownMember], with_keys: bool) -> None:
    """Whatever is kept, written as xlsx and read again, every member is the same in every field."""
    names = places("")
    columns = [SheetColumn(label_of(field)) for field in ROSTER_COLUMNS]
    rows = [
        member_cells(one, branch=names.name(one.branch), group=names.name(one.group), today=TODAY)
        for one in known
    ]
    if not with_keys:
        rows = [[*row[:-1], ""] for row in rows]
    content = write_roster("党员花名册", columns, rows)
    sheet = read_roster_file(content, "花名册.xlsx", liking=likeness)
    headings = find_heading(sheet.rows)
    assert headings is not None
    assert headings.fields == set(RosterField)
    parsed = parse_roster(sheet.rows, headings, today=TODAY)
    marks = [(one.name, one.born_on, one.joined_on, one.branch) for one in known]
    result = judge_roster(parsed, known, places(""), today=TODAY)
    if with_keys or len(set(marks)) == len(marks) == len({mark[0] for mark in marks}):
        assert [one.outcome for one in result.differences] == [Outcome.SAME] * len(known)
        assert not result.questions
        assert not result.missing


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries({}, optional={
            "姓名": NAMES | st.sampled_from(["李明", "王芳"]), "入党时间": st.sampled_from(["2005-07-01", "2010.07", "2012"]),
            "出生日期": st.sampled_from(["1980-03-02", "1985-05-05", ""]), "所在党支部": st.sampled_from(["第一党支部", "第二党支部", "无此支部"]),
            "党小组": st.sampled_from(["一组", "无", "三组"]), "党内职务": st.text(max_size=6) | st.sampled_from(["书记", "无"]),
            "系统编号": st.sampled_from(["", "m1", "m2", "m3"]), "党员类别": st.sampled_from(["正式党员", "预备党员", ""]),
        }), min_size=1, max_size=8,
    ),
    st.sampled_from(["same", "another"]),
)  # fmt: skip
def test_answering_everything_settles_everything(rows: list[dict[str, Any]], answer: str) -> None:
    """Questions end when answered; each member is claimed once; all can be said; twice is the same."""
    rows = [{"姓名": "", "入党时间": ""} | row for row in rows]
    decisions: dict[str, str] = {}
    for _ in range(40):
        result = judged(*rows, decisions=decisions)
        open_questions = result.open_questions(decisions)
        if not open_questions:
            break
        for question in open_questions:
            assert say_question(question)
            decisions[question.key] = answer if answer in question.options else question.options[0]
    else:
        pytest.fail("questions without end")
    assert Outcome.ASKED not in outcomes(result)
    claimed = [one.member for one in result.differences if one.member]
    assert len(claimed) == len(set(claimed))
    for fault in result.faults:
        assert say_fault(fault).endswith("。")
    assert result == judged(*rows, decisions=decisions)


def test_csv_of_an_export() -> None:
    """Saved as csv by a spreadsheet program, an export is still the same roster."""
    out = io.StringIO()
    out.write(",".join(label_of(field) for field in ROSTER_COLUMNS) + "\r\n")
    for one in KNOWN:
        cells = member_cells(one, branch="第一党支部", group=places().name(one.group), today=TODAY)
        out.write(",".join(str(cell or "") for cell in cells) + "\r\n")
    sheet = read_roster_file(out.getvalue().encode("gb18030"), liking=likeness)
    headings = find_heading(sheet.rows)
    assert headings is not None
    parsed = parse_roster(sheet.rows, headings, today=TODAY, is_text=sheet.is_text)
    result = judge_roster(parsed, KNOWN, places(""), today=TODAY)
    assert outcomes(result) == [Outcome.SAME, Outcome.SAME]
