"""Lists of organisations: parents by name, code or level; circles, repetitions, impossible places."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhibu.rules.norm import Field, OrganizationKind
from zhibu.rules.roster_columns import TreeField, find_heading, label_of
from zhibu.rules.roster_export import TREE_COLUMNS, organization_cells
from zhibu.rules.roster_judging import Outcome
from zhibu.rules.roster_tree import (
    KnownOrganization,
    TreeRow,
    parse_tree,
    read_theme_day,
    say_theme_day,
)
from zhibu.rules.roster_tree_judging import MAY_HOLD, TreeJudgement, judge_tree
from zhibu.rules.wording_roster import say_fault

TODAY = date(2026, 11, 23)
START = date(2020, 1, 1)
K = OrganizationKind
ROOT = KnownOrganization("r", "市局直属机关党委", K.COMMITTEE, date(2010, 1, 1), "机关党委")
FIRST = KnownOrganization(
    "b1", "市局第一党支部", K.BRANCH, date(2015, 1, 1), "第一党支部", parent="r", theme_day="day:15"
)
KNOWN = (ROOT, FIRST)


def judged(*rows: dict[str, Any], known: tuple[KnownOrganization, ...] = KNOWN) -> TreeJudgement:
    headings = list(dict.fromkeys(name for row in rows for name in row))
    headings += [] if len(headings) > 1 else ["简称"]
    sheet = [
        (1, headings),
        *((n, [row.get(h, "") for h in headings]) for n, row in enumerate(rows, 2)),
    ]
    found = find_heading(sheet, is_tree=True)
    assert found is not None
    parsed, faults = parse_tree(sheet, found)
    return judge_tree(parsed, faults, known, root="r", founded_on=START, today=TODAY)


def rules(result: TreeJudgement) -> set[str]:
    return {fault.rule for fault in result.faults}


NEW = {"组织全称": "市局第二党支部", "上级组织": "机关党委", "成立日期": "2021-03-01"}
CASES: list[tuple[dict[str, Any], set[str], Outcome]] = [
    ({}, set(), Outcome.NEW),
    ({"上级组织": ""}, {"FOUND-18"}, Outcome.NEW),
    ({"成立日期": ""}, {"FOUND-12"}, Outcome.NEW),
    ({"组织全称": ""}, {"FOUND-01"}, Outcome.FAULTY),
    ({"组织全称": "长" * 201 + "党支部"}, {"FOUND-02"}, Outcome.FAULTY),
    ({"类型": "支部"}, set(), Outcome.NEW),
    ({"类型": "科室"}, {"FOUND-03"}, Outcome.FAULTY),
    ({"组织全称": "综合处"}, {"FOUND-04"}, Outcome.FAULTY),
    ({"类型": "党小组"}, {"FOUND-09"}, Outcome.FAULTY),
    ({"领域": "企业"}, set(), Outcome.NEW),
    ({"领域": "海洋"}, {"FOUND-05"}, Outcome.FAULTY),
    ({"上级组织": "邻局党委"}, {"FOUND-06"}, Outcome.FAULTY),
    ({"上级组织": "市局第二党支部"}, {"FOUND-08"}, Outcome.FAULTY),
    ({"成立日期": "2009-01-01"}, {"FOUND-10"}, Outcome.FAULTY),
    ({"成立日期": "2027-01-01"}, {"ROSTER-11"}, Outcome.FAULTY),
    ({"成立日期": "2026-11-24"}, {"ROSTER-11"}, Outcome.FAULTY),
    ({"成立日期": "2026-11-23"}, set(), Outcome.NEW),
    ({"成立日期": "2010-01-01"}, set(), Outcome.NEW),  # the day of the one above
    ({"成立日期": "2009-12-31"}, {"FOUND-10"}, Outcome.FAULTY),
    ({"层级": "16"}, set(), Outcome.NEW),
    ({"层级": "17"}, {"FOUND-21"}, Outcome.FAULTY),
    ({"层级": "0"}, {"FOUND-21"}, Outcome.FAULTY),
    ({"组织全称": "长" * 197 + "党支部"}, set(), Outcome.NEW),
    ({"简称": "长" * 60}, set(), Outcome.NEW),
    ({"简称": "长" * 61}, {"FOUND-02"}, Outcome.FAULTY),
    ({"成立日期": "去年"}, {"ROSTER-05"}, Outcome.FAULTY),
    ({"上级组织代码": "9"}, set(), Outcome.NEW),
    ({"上级组织": "", "上级组织代码": "9"}, {"FOUND-17"}, Outcome.FAULTY),
    ({"上级组织": "", "层级": "2"}, {"FOUND-15"}, Outcome.FAULTY),
    ({"层级": "很高"}, {"FOUND-21"}, Outcome.FAULTY),
    ({"试点单位": "是"}, set(), Outcome.NEW),
    ({"主题党日固定日": "每月第二个星期五"}, set(), Outcome.NEW),
    ({"主题党日固定日": "每逢节日"}, {"FOUND-19"}, Outcome.FAULTY),
    ({"系统编号": "zzz"}, {"FOUND-22"}, Outcome.FAULTY),
]


@pytest.mark.parametrize(
    ("cells", "expected", "outcome"), CASES, ids=[str(c[0])[:40] for c in CASES]
)
def test_one_row(cells: dict[str, Any], expected: set[str], outcome: Outcome) -> None:
    """Each fault has its rule, and says what to do."""
    result = judged(NEW | cells)
    assert rules(result) == expected
    assert [one.outcome for one in result.differences] == [outcome]
    for fault in result.faults:
        assert say_fault(fault).endswith("。")


def test_parents_in_the_file() -> None:
    """By name, by code and by level; parents are founded before their children."""
    rows = [
        {"组织全称": "业务二支部", "类型": "党支部", "上级组织": "业务总支", "成立日期": "2021-01-01"},
        {"组织全称": "业务总支", "类型": "党总支", "上级组织": "市局直属机关党委", "成立日期": "2020-01-01", "组织代码": "7"},
        {"组织全称": "业务三支部", "类型": "党支部", "上级组织代码": "7", "成立日期": "2021-01-01"},
    ]  # fmt: skip
    result = judged(*rows)
    assert not result.faults
    order = [one.row.row for one in result.differences]
    assert order == [3, 2, 4]
    assert [one.parent_row for one in result.differences] == [0, 3, 3]
    assert result.may_confirm()


def test_parents_by_level() -> None:
    """Without names: the nearest row above that is one level higher."""
    rows = [
        {"组织全称": "业务总支", "层级": "1", "上级组织": "机关党委", "成立日期": "2020-01-01"},
        {"组织全称": "业务一支部", "层级": "2", "成立日期": "2020-01-01"},
        {"组织全称": "业务二支部", "层级": "二", "成立日期": "2020-01-01"},
    ]  # fmt: skip
    result = judged(*rows)
    assert not result.faults
    assert [one.parent_row for one in result.differences] == [0, 2, 2]


@pytest.mark.parametrize(
    ("above", "expected"), [("2019-01-01", START), ("2022-05-01", date(2022, 5, 1))]
)
def test_no_branch_is_older_than_what_it_hangs_under(above: str, expected: date) -> None:
    """Without a day of its own it has the one of the import, but none before the one above."""
    rows = [
        {"组织全称": "业务总支", "类型": "党总支", "上级组织": "机关党委", "成立日期": above},
        {"组织全称": "业务一支部", "类型": "党支部", "上级组织": "业务总支"},
    ]
    result = judged(*rows)
    assert rules(result) == {"FOUND-12"}
    assert result.differences[1].founded_on == expected


def test_a_name_of_two_is_no_parent() -> None:
    """Neither when two of the file have it, nor when one of the file and two that are kept do."""
    twins = [
        {
            "组织全称": "业务总支",
            "类型": "党总支",
            "上级组织": "机关党委",
            "组织代码": code,
            "成立日期": "2020-01-01",
        }
        for code in "12"
    ]
    child = {"组织全称": "业务一支部", "上级组织": "业务总支", "成立日期": "2020-01-01"}
    assert "FOUND-07" in rules(judged(*twins, child))
    kept = [
        KnownOrganization(key, "业务总支", K.GENERAL_BRANCH, START, parent=above)
        for key, above in (("x1", "r"), ("x2", "f"))
    ]
    far = KnownOrganization("f", "邻局党委", K.COMMITTEE, date(2010, 1, 1), parent="r")
    found = judged(twins[0], child, known=(*KNOWN, far, *kept))
    assert [one.row for one in found.faults if one.rule == "FOUND-07"] == [3]


def test_circles() -> None:
    """A circle is named at one of its rows and hangs nobody."""
    rows = [
        {"组织全称": f"{a}总支", "类型": "党委", "上级组织": f"{b}总支", "成立日期": "2020-01-01"}
        for a, b in ("甲乙", "乙丙", "丙甲")
    ]
    result = judged(*rows)
    assert "FOUND-08" in rules(result)
    assert not result.may_confirm()


def test_repetition() -> None:
    """The same name under the same parent twice; under two parents it is two organisations."""
    assert "FOUND-11" in rules(judged(NEW, NEW))
    assert "FOUND-11" in rules(
        judged(*[{"组织全称": "市局第一党支部", "上级组织": "机关党委"}] * 2)
    )
    two = [
        {
            "组织全称": f"{where}总支",
            "类型": "党总支",
            "上级组织": "机关党委",
            "成立日期": "2020-01-01",
        }
        for where in "东西"
    ]
    below = [
        {"组织全称": "第一党支部", "上级组织": f"{where}总支", "成立日期": "2020-01-01"}
        for where in "东西"
    ]
    result = judged(*two, *below, known=(ROOT,))
    assert not result.faults
    assert len(result.of(Outcome.NEW)) == 4


def test_known_organisations() -> None:
    """The same list again changes nothing; other values are shown; kind and parent stay."""
    same = {"组织全称": "市局第一党支部", "上级组织": "机关党委"}
    assert [one.outcome for one in judged(same).differences] == [Outcome.SAME]
    (one,) = judged(same | {"简称": "一支部", "试点单位": "是"}).differences
    assert [(c.field, c.after) for c in one.changes] == [
        ("short_name", "一支部"),
        ("is_pilot", True),
    ]
    assert "FOUND-14" in rules(judged(same | {"类型": "党总支"}))
    moved = {"组织全称": "市局第一党支部", "系统编号": "b1", "上级组织": "邻局党委"}
    far = KnownOrganization("f", "邻局党委", K.COMMITTEE, date(2010, 1, 1), parent="r")
    assert "FOUND-13" in rules(judged(moved, known=(*KNOWN, far)))


@pytest.mark.parametrize(
    ("day", "is_told"),
    [("", False), ("2015-01-01", False), ("2015.01", False), ("2015-01-02", True), ("2014-12-31", True),
     ("2016-01-01", True)],
)  # fmt: skip
def test_another_day_of_founding_is_told_and_kept(day: str, is_told: bool) -> None:
    """What duties follow from is not changed by a list, nor passed over in silence."""
    result = judged({"组织全称": "市局第一党支部", "上级组织": "机关党委", "成立日期": day})
    assert rules(result) == ({"FOUND-23"} if is_told else set())
    assert [one.outcome for one in result.differences] == [Outcome.SAME]
    assert result.may_confirm()


def test_a_month_stands_for_a_day_of_it() -> None:
    """2015.03 says nothing against 12 March, 12 April does."""
    kept = replace(FIRST, founded_on=date(2015, 3, 12))
    for day, expected in (("2015.03", set()), ("2015-03-12", set()), ("2015.04", {"FOUND-23"})):
        row = {"组织全称": "市局第一党支部", "上级组织": "机关党委", "成立日期": day}
        assert rules(judged(row, known=(ROOT, kept))) == expected


@pytest.mark.parametrize(
    ("text", "stored"),
    [("每月15日", "day:15"), ("每月31日", "day:31"), ("5号", "day:5"), ("15", "day:15"), ("每月第二个星期五", "friday:2"),
     ("第一个周一", "monday:1"), ("每月最后一个星期日", "sunday:last"), ("随时", None), ("每月32日", None),
     ("每月第五个周三", "wednesday:5"), ("friday:2", "friday:2"), ("0310", None), ("day:32", None),
     ("friday:12", None), ("friday:每逢重大节日都要好好安排一次", None)],
)  # fmt: skip
def test_theme_day(text: str, stored: str | None) -> None:
    """As people write it; what is stored is said so that it is read again."""
    assert read_theme_day(text) == stored
    if stored is not None:
        assert read_theme_day(say_theme_day(stored)) == stored
    else:
        assert say_theme_day(text) == text


def seconds_for(count: int) -> float:
    """What it takes to judge a list of what is kept, without our own numbers."""
    kept = [
        KnownOrganization(f"k{n}", f"第{n:05}党支部", K.BRANCH, START, parent="r")
        for n in range(count)
    ]
    rows = [TreeRow(n + 2, one.name, kind=K.BRANCH) for n, one in enumerate(kept)]
    began = process_time()
    found = judge_tree(rows, [], [ROOT, *kept], root="r", founded_on=START, today=TODAY)
    assert {one.outcome for one in found.differences} == {Outcome.SAME}
    return process_time() - began


def test_a_long_list_is_gone_through_once() -> None:
    """Four times the rows take about four times as long: none is compared with all before it."""
    few, many = (min(seconds_for(count) for _ in range(2)) for count in (1500, 6000))
    assert many < 9 * few


@st.composite
def trees(draw: st.DrawFn) -> list[KnownOrganization]:
    """A tree below the root, as the system may hold it."""
    found = [ROOT]
    for number in range(draw(st.integers(0, 14))):
        above = draw(st.sampled_from([one for one in found if MAY_HOLD[one.kind]]))
        kind = draw(st.sampled_from(sorted(MAY_HOLD[above.kind])))
        name = draw(st.sampled_from(["第一", "第二", "业务", "综合处"])) + draw(
            st.sampled_from(["党支部", "", "组"])
        )
        short_name = draw(st.sampled_from(["一支部", name, "简称"]))
        taken = {(one.parent, one.name) for one in found}
        if (above.key, name) in taken:
            name = f"{name}{number}"
        found.append(
            KnownOrganization(
                f"k{number}", name, kind, draw(st.dates(above.founded_on, date(2025, 1, 1))), short_name,
                draw(st.sampled_from(list(Field))), above.key, draw(st.booleans()),
                draw(st.sampled_from(["", "day:5", "friday:2", "monday:last"])),
            )
        )  # fmt: skip
    return found


@settings(max_examples=80, deadline=None)
@given(trees())
def test_an_export_changes_nothing(known: list[KnownOrganization]) -> None:
    """Whatever tree is kept, written and read again it is the same; founded anew it is that tree."""
    by_key = {one.key: one for one in known}
    codes = {one.key: str(number) for number, one in enumerate(known, 1)}
    cells = [
        organization_cells(
            one,
            code=codes[one.key],
            parent=by_key[one.parent].name if one.parent else "",
            parent_code=codes.get(one.parent, ""),
        )
        for one in known
    ]
    sheet = [(1, [label_of(field) for field in TREE_COLUMNS]), *enumerate(cells, 2)]
    found = find_heading(sheet, is_tree=True)
    assert found is not None
    assert found.fields == set(TREE_COLUMNS) <= set(TreeField)
    rows, faults = parse_tree(sheet, found)
    again = judge_tree(rows, faults, known, root="r", founded_on=START, today=TODAY)
    assert not again.faults
    assert {one.outcome for one in again.differences} == {Outcome.SAME}
    assert not again.missing
    unknown = tuple(replace(row, key="") for row in rows)
    anew = judge_tree(unknown, faults, (ROOT,), root="r", founded_on=START, today=TODAY)
    assert not anew.faults
    made = {one.row.row: one for one in anew.differences}
    for number, one in enumerate(known[1:], 3):
        difference = made[number]
        parent = difference.parent or codes_of(known, difference.parent_row)
        assert (difference.outcome, parent) == (Outcome.NEW, one.parent)


def codes_of(known: list[KnownOrganization], row: int) -> str:
    return known[row - 2].key


ROWS = st.builds(
    TreeRow,
    row=st.integers(2, 40),
    name=st.sampled_from(["甲党委", "乙总支", "丙支部", "", "市局第一党支部"]),
    parent=st.sampled_from(["甲党委", "乙总支", "丙支部", "", "丁", "机关党委"]),
    code=st.sampled_from(["", "1", "2"]),
    parent_code=st.sampled_from(["", "1", "2", "9"]),
    level=st.none() | st.integers(1, 4),
    kind=st.none() | st.sampled_from(list(K)),
    founded_on=st.none() | st.dates(date(2000, 1, 1), date(2030, 1, 1)),
    key=st.sampled_from(["", "b1", "r", "x"]),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(ROWS, max_size=10, unique_by=lambda row: row.row))
def test_nothing_raises(rows: list[TreeRow]) -> None:
    """Whatever the list says, there is an answer in words, and nobody hangs below themselves."""
    rows = sorted(rows, key=lambda row: row.row)
    result = judge_tree(rows, (), KNOWN, root="r", founded_on=START, today=TODAY)
    for fault in result.faults:
        assert say_fault(fault).endswith("。")
    seen: set[int] = set()
    for one in result.differences:
        if one.outcome is Outcome.NEW and result.may_confirm():
            assert not one.parent_row or one.parent_row in seen
        seen.add(one.row.row)


def test_the_level_above_names_an_organisation() -> None:
    """Who brings a file in at an organisation renames what lies below, and itself only at the top."""
    rows = (
        TreeRow(2, name="另一个名称", short_name="另名", is_pilot=True, key="r"),
        TreeRow(3, name="市局一支部", short_name="一支部", is_pilot=True, key="b1"),
    )
    given: dict[str, Any] = {"root": "r", "founded_on": START, "today": TODAY}
    below = judge_tree(rows, (), KNOWN, is_highest=False, **given)
    assert [(one.row, one.field) for one in below.faults if one.rule == "FOUND-24"] == [
        (2, "name"), (2, "short_name"), (2, "is_pilot"),
    ]  # fmt: skip
    assert [one.outcome for one in below.differences] == [Outcome.FAULTY, Outcome.CHANGED]
    assert not below.may_confirm()
    assert judge_tree(rows, (), KNOWN, is_highest=True, **given).may_confirm()
    same = TreeRow(2, name=ROOT.name, short_name=ROOT.short_name, theme_day="day:5", key="r")
    assert judge_tree((same,), (), KNOWN, is_highest=False, **given).may_confirm()
