"""Rosters as offices keep them: headings, cells, faults of a row. Tables of cases, then properties."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhibu.rules.roster_columns import (
    Leaving,
    RosterField,
    TreeField,
    find_heading,
    fold,
    label_of,
    likeness,
)
from zhibu.rules.roster_sheet import MemberRow, needed_columns, parse_roster
from zhibu.rules.roster_values import (
    Day,
    Unread,
    read_category,
    read_day,
    read_days,
    read_name,
    read_offices,
    read_sex,
    read_yes,
)
from zhibu.rules.verdicts import Severity
from zhibu.rules.wording_roster import RULES, say_fault

TODAY = date(2026, 11, 23)
F = RosterField
JULY = date(2012, 7, 1)

DAYS: list[tuple[Any, Any]] = [
    ("2012.07", Day(JULY, is_month=True)),
    ("2012.7", Day(JULY, is_month=True)),
    ("2012年7月", Day(JULY, is_month=True)),
    ("2012年07月份", Day(JULY, is_month=True)),
    ("2012-07", Day(JULY, is_month=True)),
    ("2012/7", Day(JULY, is_month=True)),
    ("201207", Day(JULY, is_month=True)),
    (201207.0, Day(JULY, is_month=True)),
    (2012.07, Day(JULY, is_month=True)),
    ("2012年7月1日", Day(JULY)),
    ("2012-7-1", Day(JULY)),
    ("2012/7/1", Day(JULY)),
    ("2012.07.01", Day(JULY)),
    ("2012.07.01.", Day(JULY)),
    ("2012、7、1", Day(JULY)),
    ("２０１２．０７．０１", Day(JULY)),
    ("　2012 年 7 月 1 日　", Day(JULY)),
    ("2012-07-01 00:00:00", Day(JULY)),
    ("2012-07-01T08:30", Day(JULY)),
    ("2012.07（26岁）", Day(JULY, is_month=True)),
    ("1985年3月生", Day(date(1985, 3, 1), is_month=True)),
    ("20120701", Day(JULY)),
    (20120701.0, Day(JULY)),
    (41091.0, Day(JULY)),
    (41091, Day(JULY)),
    ("41091", Day(JULY)),
    (41091.5, Day(JULY)),
    (10_000, Day(date(1927, 5, 18))),  # the smallest number that is taken for a day
    (9_999, "ROSTER-06"),
    (80_000, Day(date(2119, 1, 11))),
    (80_001, "ROSTER-05"),
    ("1900-01-01", Day(date(1900, 1, 1))),
    ("1899-12-31", "ROSTER-12"),
    ("2199-12-31", Day(date(2199, 12, 31))),
    ("2200-01-01", "ROSTER-12"),
    (date(2012, 7, 1), Day(JULY)),
    (datetime(2012, 7, 1, 8), Day(JULY)),
    ("2012.1", Day(date(2012, 1, 1), is_month=True)),
    ("2012.10", Day(date(2012, 10, 1), is_month=True)),
    (2012.1, "ROSTER-09"),
    (2012.11, Day(date(2012, 11, 1), is_month=True)),
    ("", None),
    ("—", None),
    ("无", None),
    ("暂无", None),
    ("2012", "ROSTER-06"),
    (2012.0, "ROSTER-06"),
    ("2012年", "ROSTER-06"),
    ("85.7", "ROSTER-08"),
    ("85-07-01", "ROSTER-08"),
    ("2012-2-30", "ROSTER-07"),
    ("2012.13", "ROSTER-07"),
    ("20121301", "ROSTER-07"),
    ("1812-7-1", "ROSTER-12"),
    ("去年七月", "ROSTER-05"),
    ("=TODAY()", "ROSTER-05"),
    (True, "ROSTER-05"),
    (time(3, 4), "ROSTER-05"),
    (float("nan"), "ROSTER-05"),
    (float("inf"), "ROSTER-05"),
    (-1e300, "ROSTER-05"),
]


@pytest.mark.parametrize(("cell", "expected"), DAYS, ids=[repr(cell) for cell, _ in DAYS])
def test_days_in_all_spellings(cell: Any, expected: Any) -> None:
    """Each spelling gives the day that a person reads, or the rule that says why not."""
    found = read_day(cell)
    assert (found.rule if isinstance(found, Unread) else found) == expected


def test_text_files_lose_the_last_zero() -> None:
    """In a csv 2012.1 may be January or October: it is asked for, never guessed."""
    assert read_day("2012.1", is_text=True) == Unread("ROSTER-09", "2012.1")
    for certain in ("2012.01", "2012-1", "2012/1", "2012年1月"):
        assert read_day(certain, is_text=True) == Day(date(2012, 1, 1), is_month=True)
    assert read_day("2012.2", is_text=True) == Day(date(2012, 2, 1), is_month=True)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2020-01-01、2021-05-01", [date(2020, 1, 1), date(2021, 5, 1)]),
        ("202001、202105", [date(2020, 1, 1), date(2021, 5, 1)]),
        ("2020.1；\n2021.5", [date(2020, 1, 1), date(2021, 5, 1)]),
        ("2012、7、1", [JULY]),
        ("2012、7", [JULY]),
        (41091, [JULY]),
    ],
)
def test_one_day_or_several(cell: Any, expected: list[date]) -> None:
    """Marks within a day are told from those between days; nothing is nothing, a wrong one is said."""
    found = read_days(cell)
    assert isinstance(found, tuple)
    assert [day.on for day in found] == expected
    assert read_days("") is None
    assert read_days("2020-01-01、去年") == Unread("ROSTER-05", "去年")


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("男", "m"), (" 女 ", "f"), ("M", "m"), ("Ｆ", "f"), ("女性", "f"), ("", ""), ("—", ""),
        ("未知", Unread("ROSTER-18", "未知")), (3.0, Unread("ROSTER-18", "3")),
    ],
)  # fmt: skip
def test_sex(cell: Any, expected: Any) -> None:
    """男, 女, M, F, full-width too; anything else is a fault."""
    assert read_sex(cell) == expected


@pytest.mark.parametrize(
    ("cell", "heading", "expected"),
    [
        ("正式党员", "", "full"), ("正式", "", "full"), ("中共正式党员", "", "full"),
        ("预备党员", "", "probationary"), ("预备", "", "probationary"),
        ("中共预备党员", "", "probationary"), ("预备期", "", "probationary"),
        ("中共党员", "", ""), ("党员", "", ""), ("", "", ""),
        ("是", "是否正式党员", "full"), ("否", "是否正式党员", "probationary"),
        ("是", "是否预备党员", "probationary"), ("否", "是否预备党员", "full"),
        ("群众", "", Unread("ROSTER-19", "群众")),
    ],
)  # fmt: skip
def test_category(cell: Any, heading: str, expected: Any) -> None:
    """Full and probationary in their variants; a mere 党员 says neither."""
    assert read_category(cell, heading) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("书记", ("secretary",)), ("党支部书记", ("secretary",)), ("副书记", ("deputy_secretary",)),
        ("支部副书记兼组织委员", ("deputy_secretary", "organization")),
        ("书记、副书记", ("secretary", "deputy_secretary")),
        ("组织委员、宣传委员", ("organization", "publicity")), ("纪律检查委员", ("discipline",)),
        ("支部委员", ("committee_member",)), ("支委", ("committee_member",)),
        ("支部委员会委员、纪检委员", ("discipline",)),
        ("第一党小组组长", ("group_leader",)), ("党小组长", ("group_leader",)),
        ("党小组长、支部委员", ("group_leader", "committee_member")),
        ("委员、书记、党小组长", ("secretary", "group_leader")),
        ("局党委办公室党支部书记", ("secretary",)), ("某集团党支部副书记", ("deputy_secretary",)),
        ("第一总支第二支部组织委员", ("organization",)), ("市委办公厅机关支委", ("committee_member",)),
        ("无", ()), ("普通党员", ()), ("", None), ("—", None),
    ],
)  # fmt: skip
def test_offices(cell: str, expected: Any) -> None:
    """Party offices, several in one cell; 无 says that none is held, a blank says nothing."""
    assert read_offices(cell) == (expected, ())


@pytest.mark.parametrize(
    "cell",
    ["处长", "机关党委书记", "党委委员", "局党组书记", "纪委书记", "党总支副书记", "总支部委员", "直属机关工委委员",
     "区委书记", "团支部书记", "团委副书记", "集团党委书记", "驻村第一书记", "工会委员", "青年委员"],
)  # fmt: skip
def test_offices_that_are_none(cell: str) -> None:
    """A post of the administration, of another body or level is none of the branch: named, left out."""
    assert read_offices(cell) == (None, (cell,))


def test_one_office_beside_another_post() -> None:
    """What is known is taken, the other post is named."""
    assert read_offices("书记、处长") == (("secretary",), ("处长",))
    assert read_offices("机关党委委员、支部书记") == (("secretary",), ("机关党委委员",))


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("张　三", "张三"), (" 李 四 ", "李四"), ("王五（女）", "王五"), ("赵六(预备)", "赵六"),
        ("阿依努尔•吐尔逊", "阿依努尔·吐尔逊"), ("阿依努尔・吐尔逊", "阿依努尔·吐尔逊"),
        ("陈𠮷祥", "陈𠮷祥"), ("张\n三", "张三"), ("John  Smith", "John Smith"), ("\u200b钱七\ufeff", "钱七"),
    ],
)  # fmt: skip
def test_names(cell: str, expected: str) -> None:
    """Blanks between Chinese characters go, one dot for all dots, rare characters stay."""
    assert read_name(cell) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("是", True), ("否", False), ("√", True), ("×", False), ("", None), ("流动党员", True),
     ("非流动党员", False), ("不是", False), ("Y", True), (True, True), ("也许", Unread("ROSTER-30", "也许"))],
)  # fmt: skip
def test_yes_and_no(cell: Any, expected: Any) -> None:
    """是 and 否 in their variants; a cell that repeats the heading says yes."""
    assert read_yes(cell, ("流动",)) == expected


@pytest.mark.parametrize(
    ("field", "cell", "expected"),
    [("流动党员", "无流动", False), ("流动党员", "外出", True), ("年老体弱", "无病", False), ("年老体弱", "未患病", False),
     ("年老体弱", "不便行走", True), ("年老体弱", "行动不便", True), ("暂无表决权", "无表决权", True),
     ("暂无表决权", "未受留党察看", False), ("党员领导干部", "非领导干部", False), ("党员领导干部", "领导干部", True)],
)  # fmt: skip
def test_a_word_that_denies(field: str, cell: str, expected: bool) -> None:
    """无, 未, 不 before a word say no, but where the word itself begins so."""
    row, found = parsed(**{field: cell})
    assert not found
    name = {"流动党员": "away", "年老体弱": "infirm", "暂无表决权": "voteless"}.get(
        field, "is_leader"
    )
    assert getattr(row, name) is expected


HEADINGS = ["序号", "姓 名", "性别\n", "民族", "身份证号码", "出生年月\n（yyyy-mm）", "学历", "入党时间*",
            "转正日期", "人员类别", "所在 党支部", "党小组", "党内职务", "手机号", "备注", "血型"]  # fmt: skip


def test_headings_of_a_common_roster() -> None:
    """Found under merged titles, in any order; what is not stored is named with its reason."""
    rows = [(1, ["党员花名册"]), (2, ["填报单位：某某局", "", "填报日期：2026-11"]), (4, HEADINGS)]
    found = find_heading(rows)
    assert found is not None
    assert found.row == 4
    assert {c.field: c.index for c in found.columns} == {
        F.NAME: 1, F.SEX: 2, F.BORN_ON: 5, F.JOINED_ON: 7, F.FULL_ON: 8, F.CATEGORY: 9, F.BRANCH: 10,
        F.GROUP: 11, F.OFFICE: 12,
    }  # fmt: skip
    assert {left.heading: left.why for left in found.left} == {
        "民族": Leaving.NOT_STORED, "身份证号码": Leaving.NEVER_STORED, "学历": Leaving.NOT_STORED,
        "手机号": Leaving.NOT_STORED, "备注": Leaving.NOT_STORED, "血型": Leaving.UNKNOWN,
    }  # fmt: skip
    assert not needed_columns(found)


def test_headings_in_two_rows() -> None:
    """A title over several columns and the names below it are one heading."""
    rows = [
        (1, ["姓名", "性别", "党籍信息", "", ""]),
        (2, ["", "", "入党时间", "转正时间", "党支部"]),
        (3, ["张三", "男", "2012.07", "2013.07", "第一党支部"]),
    ]
    found = find_heading(rows)
    assert found is not None
    assert found.row == 2
    assert found.fields == {F.NAME, F.SEX, F.JOINED_ON, F.FULL_ON, F.BRANCH}


@pytest.mark.parametrize(
    ("taken", "left"),
    [("党内职务", "职务"), ("党员类别", "类别"), ("所在党支部", "支部")],
)
def test_of_two_columns_the_plainer_name_wins(taken: str, left: str) -> None:
    """党内职务 is taken before 职务, whichever comes first."""
    for pair in ((taken, left), (left, taken)):
        found = find_heading([(1, ["姓名", "入党时间", *pair])])
        assert found is not None
        assert taken in {column.heading for column in found.columns}
        assert [(one.heading, one.why) for one in found.left] == [(left, Leaving.TWICE)]


def test_no_heading() -> None:
    """Without a name and one more column nothing is a roster."""
    assert find_heading([(1, ["姓名"]), (2, ["张三"]), (3, ["甲", "乙"])]) is None
    assert likeness([]) == 0


def test_every_name_of_a_column_is_known() -> None:
    """What we write above a column is what we recognise."""
    for fields, is_tree in ((RosterField, False), (TreeField, True)):
        names = [label_of(one) for one in fields]
        found = find_heading([(1, names)], is_tree=is_tree)
        assert found is not None
        assert [column.field for column in found.columns] == list(fields)


def parsed(**cells: Any) -> tuple[MemberRow | None, dict[str, Severity]]:
    """One row with these cells beside a good name and day of joining; rules of its faults."""
    cells = {"姓名": "张三", "入党时间": "2012-07-01"} | cells
    headings = find_heading([(1, list(cells))])
    assert headings is not None
    result = parse_roster([(2, list(cells.values()))], headings, today=TODAY)
    row = result.rows[0] if result.rows else None
    return row, {fault.rule: fault.severity for fault in result.faults}


ERROR, WARNING = Severity.ERROR, Severity.WARNING
FAULTS: list[tuple[dict[str, Any], dict[str, Severity]]] = [
    ({}, {}),
    ({"姓名": ""}, {"ROSTER-01": ERROR}),
    ({"姓名": "长" * 51}, {"ROSTER-02": ERROR}),
    ({"姓名": "长" * 50}, {}),
    ({"姓名": "张三1"}, {"ROSTER-03": WARNING}),
    ({"姓名": "=HYPERLINK(1)"}, {"ROSTER-03": WARNING}),
    ({"入党时间": ""}, {"ROSTER-04": ERROR}),
    ({"入党时间": "2012"}, {"ROSTER-06": ERROR}),
    ({"入党时间": "2027-01-01"}, {"ROSTER-11": ERROR}),
    ({"入党时间": "1920-01-01"}, {"ROSTER-12": ERROR}),
    ({"入党时间": "1921-06-30"}, {"ROSTER-12": ERROR}),
    ({"入党时间": "1921-07-01"}, {}),
    ({"入党时间": TODAY}, {}),
    ({"出生日期": "2012-07-01"}, {"ROSTER-13": ERROR}),
    ({"出生日期": "1994-07-01"}, {}),
    ({"出生日期": "1994-07-02"}, {"ROSTER-14": ERROR}),
    ({"出生日期": "1994-07", "入党时间": "2012-07"}, {}),
    ({"出生日期": "1994-08", "入党时间": "2012-07"}, {"ROSTER-14": ERROR}),
    ({"出生日期": "1994-07-31", "入党时间": "2012-07"}, {}),
    ({"出生日期": "1994-02-28", "入党时间": "2012-02-28"}, {}),
    ({"出生日期": "1996-02-29", "入党时间": "2014-02-28"}, {"ROSTER-14": ERROR}),
    ({"出生日期": "1996-02-29", "入党时间": "2014-03-01"}, {}),
    ({"出生日期": "1933-01-01", "入党时间": "1949-09-30"}, {"ROSTER-15": WARNING}),
    ({"出生日期": "1933-01-01", "入党时间": "1949-10-01"}, {"ROSTER-14": ERROR}),
    ({"出生日期": "1930-01-01", "入党时间": "1946-01-01"}, {"ROSTER-15": WARNING}),
    ({"转正时间": "2012-06-30"}, {"ROSTER-16": ERROR}),
    ({"转正时间": "2013-07-01"}, {}),
    ({"转正时间": "2013-08-20"}, {}),
    ({"转正时间": "2013-09-01"}, {}),  # two months after the year
    ({"转正时间": "2013-09-02"}, {"ROSTER-17": WARNING}),
    ({"转正时间": "2013-04-30"}, {}),  # and before it
    ({"转正时间": "2013-04-29"}, {"ROSTER-17": WARNING}),
    ({"转正时间": "2014-07-01"}, {"ROSTER-17": WARNING}),
    ({"转正时间": "2012-07-01"}, {"ROSTER-17": WARNING}),
    ({"入党时间": "1970-03-01", "转正时间": "1970-03-01"}, {}),
    ({"入党时间": "1969-03-31", "转正时间": "1969-03-31"}, {"ROSTER-17": WARNING}),
    ({"入党时间": "1969-04-01", "转正时间": "1969-04-01"}, {}),
    ({"入党时间": "1977-08-31", "转正时间": "1977-08-31"}, {}),
    ({"入党时间": "1977-09-01", "转正时间": "1977-09-01"}, {"ROSTER-17": WARNING}),
    ({"入党时间": "1949-03-01", "转正时间": "1949-09-30"}, {}),
    ({"入党时间": "1949-03-01", "转正时间": "1949-10-01"}, {"ROSTER-17": WARNING}),
    ({"转正时间": "2013-07-01", "党员类别": "预备党员"}, {"ROSTER-20": ERROR}),
    ({"性别": "不明"}, {"ROSTER-18": ERROR}),
    ({"党员类别": "群众"}, {"ROSTER-19": ERROR}),
    ({"党内职务": "处长"}, {"ROSTER-26": WARNING}),
    ({"流动党员": "也许"}, {"ROSTER-30": ERROR}),
    ({"转入日期": "2010-01-01"}, {"ROSTER-34": ERROR}),
    ({"转入日期": "2012-06-30"}, {"ROSTER-34": ERROR}),
    ({"转入日期": "2012-07-01"}, {}),
    ({"转入日期": "2012-07-01", "入党时间": "2012-07-15"}, {}),  # the month may be all that is known
    ({"转入日期": TODAY}, {}),
    ({"转入日期": "2026-11-24"}, {"ROSTER-11": ERROR}),
    ({"党内职务": "书记", "任职日期": TODAY}, {}),
    ({"党内职务": "书记", "任职日期": "2026-11-24"}, {"ROSTER-11": ERROR}),
    ({"入党时间": "2025-11-23", "转正时间": TODAY, "党员类别": "预备党员"}, {"ROSTER-20": ERROR}),
    ({"入党时间": "2025-11-24", "转正时间": "2026-11-24", "党员类别": "预备党员"}, {"ROSTER-11": WARNING}),
    ({"入党时间": "2025-12-01", "转正时间": "2026-12-01"}, {"ROSTER-11": WARNING}),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "expected"), FAULTS, ids=[str(cells) for cells, _ in FAULTS])
def test_faults_of_a_row(cells: dict[str, Any], expected: dict[str, Severity]) -> None:
    """Each fault has its rule and weight, and no other fault comes with it."""
    row, found = parsed(**cells)
    assert found == expected
    assert row is not None
    assert row.has_fault is (ERROR in expected.values())


@pytest.mark.parametrize(
    "cells",
    [
        ["", ""], ["姓名", "入党时间"], ["姓 名", "入党时间"], ["合计", ""], ["注：本表一式两份", ""],
        ["", "填表人：张三"], ["", "—"], ["制表人：李四", ""], ["合计", "6人", "男", "3人", "女", "3人"],
    ],
)  # fmt: skip
def test_rows_that_are_no_members(cells: list[str]) -> None:
    """Blank rows, repeated headings, sums, remarks and signatures are passed over in silence."""
    headings = find_heading([(1, ["姓名", "入党时间"])])
    assert headings is not None
    result = parse_roster([(2, cells)], headings, today=TODAY)
    assert result.rows == ()
    assert result.faults == ()


def test_a_full_row_is_somebody() -> None:
    """However it begins: a sum has few cells."""
    headings = find_heading([(1, ["姓名", "入党时间"])])
    assert headings is not None
    cells = ["审核", "2012-07-01", "男", "汉", "本科", "甲", "乙"]
    assert len(parse_roster([(2, cells)], headings, today=TODAY).rows) == 1


def test_a_day_that_cannot_be_read_is_said_once() -> None:
    """However much else is wrong with the row, a day that is there is not called missing as well."""
    spoiled = {"性别": "？", "党员类别": "？", "转正时间": "？", "转入日期": "？", "任职日期": "？", "党员领导干部": "？",
               "流动党员": "？", "流动开始日期": "？", "年老体弱": "？", "暂无表决权": "？"}  # fmt: skip
    _, found = parsed(入党时间="去年七月", **spoiled)
    assert "ROSTER-05" in found
    assert "ROSTER-04" not in found


def test_formula_without_result() -> None:
    """A formula whose result was not stored is said, and not taken for a blank."""
    headings = find_heading([(1, ["姓名", "入党时间"])])
    assert headings is not None
    result = parse_roster([(2, ["张三", ""])], headings, today=TODAY, unvalued=frozenset({(2, 2)}))
    assert "ROSTER-35" in {fault.rule for fault in result.faults}


CELLS = st.one_of(
    st.none().map(lambda _: ""),
    st.text(max_size=12),
    st.sampled_from(
        ["2012.07", "男", "正式党员", "是", "书记", "无", "第一党支部", "张三", "2012"]
    ),
    st.floats(allow_nan=True),
    st.integers(),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(CELLS, max_size=24), max_size=12), st.booleans())
def test_nothing_raises(rows: list[list[Any]], is_text: bool) -> None:
    """Whatever the cells are, reading gives rows and faults that can be said."""
    heading = [label_of(one) for one in RosterField]
    numbered = [(1, heading), *enumerate(rows, 2)]
    found = find_heading(numbered)
    assert found is not None
    result = parse_roster(numbered, found, today=TODAY, is_text=is_text)
    for fault in result.faults:
        assert say_fault(fault).endswith("。")
    assert len(result.rows) <= len(rows)


@given(st.text("姓名（）ＡＢab 　\n*：:·/-１2入党时间", max_size=30))
def test_folding_is_stable(text: str) -> None:
    """A folded heading folds to itself, once every bracket is closed."""
    text = text.replace("（", "（）").replace("）", "")
    assert fold(fold(text)) == fold(text)


@given(st.dates(date(1927, 6, 1), date(2099, 12, 31)))
def test_every_spelling_of_a_day_is_that_day(day: date) -> None:
    """All the usual spellings of one day are read as that day."""
    serial = (day - date(1899, 12, 30)).days
    for spelling in (
        f"{day:%Y-%m-%d}", f"{day:%Y.%m.%d}", f"{day:%Y%m%d}", f"{day.year}/{day.month}/{day.day}",
        f"{day.year}年{day.month}月{day.day}日", float(serial), serial, day, float(f"{day:%Y%m%d}"),
    ):  # fmt: skip
        assert read_day(spelling) == Day(day), spelling


def test_rules_have_words() -> None:
    """Ids come once, titles are told apart, sentences end as sentences do."""
    titles = [title for title, _ in RULES.values()]
    assert len(set(titles)) == len(titles)
    for _, template in RULES.values():
        assert template.endswith(("。", "？"))
