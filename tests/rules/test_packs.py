"""A pack is read whole, or every fault of it is said at once with its line and what to do."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhibu.rules.norm import (
    Activity,
    Basis,
    Cadence,
    Happening,
    Norm,
    Per,
    PracticeClass,
    Threshold,
    Unit,
)
from zhibu.rules.packs import (
    Fault,
    PackFaulty,
    check_pack,
    pack_name,
    read_pack,
    shelve_packs,
)
from zhibu.rules.verdicts import Certainty, Severity

PACK = """\
[pack]
id = "small"
version = "1"
title = "小规范"
in_force_from = 2020-01-01
summary = "只有一条。"
sources = ["《示例规定》"]

[labels]
B = "必做"
T = "推荐"
X = "自选"

[element.lecturer]
label = "主讲人"

[[requirement]]
code = "D4"
class = "T"
title = "党课"
activity = "lesson"
cadence = { unit = "quarter" }
scope = { per = "branch" }
attendees = "members"
quorum = { basis = "voters_expected", share = "1/2" }
article = { text = "《示例规定》第一条", source = "S1", certainty = "V2" }
text = "每季度上一次党课。"
must = ["topic", "lecturer"]
should = ["place"]
hints = { place = "写到会议室" }
lengths = { topic = 4 }
guide = "讲清一个问题。"
model = "主题：守好岗位。"
minutes = 25
"""
EXTENDING = """\
[pack]
id = "large"
version = "2"
title = "大规范"
extends = "small@1"
in_force_from = 2021-01-01
summary = "加严。"
sources = ["《另一规定》"]

[[requirement]]
tighten = "D4"
article = { text = "《另一规定》第二条", source = "S2", certainty = "V" }
text = "每月上一次党课。"
"""


def nothing(name: str) -> Norm | None:
    return None


def line_containing(text: str, part: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if part in line)


def faults_of(text: str) -> tuple[Fault, ...]:
    return check_pack(text, shelve_packs([PACK]))


class TestReading:
    def test_a_sound_pack_becomes_a_norm(self) -> None:
        """Every field of the file arrives in the norm."""
        norm = read_pack(PACK, nothing)
        assert (norm.pack, norm.version, norm.title) == ("small", "1", "小规范")
        assert norm.in_force_from == date(2020, 1, 1)
        assert dict(norm.labels)[PracticeClass.B] == "必做"
        assert norm.sources == ("《示例规定》",)
        (lesson,) = norm.requirements
        assert lesson.practice_class is PracticeClass.T
        assert lesson.activity is Activity.LESSON
        assert lesson.cadence == Cadence(Unit.QUARTER)
        assert lesson.quorum == Threshold(Basis.VOTERS_EXPECTED, Fraction(1, 2))
        assert lesson.article.certainty is Certainty.SECONDARY
        assert lesson.origin == "small@1"
        assert [(e.key, e.severity) for e in lesson.elements] == [
            ("topic", Severity.ERROR),
            ("lecturer", Severity.ERROR),
            ("place", Severity.WARNING),
        ]
        assert lesson.elements[0].min_length == 4
        assert lesson.elements[2].hint == "写到会议室"

    def test_line_breaks_of_the_file_are_not_line_breaks_of_the_text(self) -> None:
        """A long text is wrapped in the file; an empty line begins a paragraph."""
        text = PACK.replace('"讲清一个问题。"', '"""\n讲清\n一个问题。\n\n第二段。\n"""')
        assert read_pack(text, nothing).requirements[0].guide == "讲清一个问题。\n第二段。"

    def test_the_whole_cadence_is_read(self) -> None:
        """Events, months and fixed days are read as they are written."""
        event = '{ unit = "event", after = "application", within_months = 1 }'
        text = PACK.replace('{ unit = "quarter" }', event)
        assert read_pack(text, nothing).requirements[0].cadence == Cadence(
            Unit.EVENT, after=Happening.APPLICATION, within_months=1
        )
        text = PACK.replace('{ unit = "quarter" }', '{ unit = "month", fixed_day = true }')
        assert read_pack(text, nothing).requirements[0].cadence.is_fixed_day

    def test_a_group_scope_is_read(self) -> None:
        """What falls on each group says so."""
        text = PACK.replace('{ per = "branch" }', '{ per = "group", needs_groups = true }')
        scope = read_pack(text, nothing).requirements[0].scope
        assert scope.per is Per.GROUP
        assert scope.needs_groups

    def test_a_byte_order_mark_does_no_harm(self) -> None:
        """Windows editors put one at the head of a file."""
        assert read_pack("\ufeff" + PACK, nothing) == read_pack(PACK, nothing)
        assert pack_name("\ufeff" + PACK) == "small@1"

    def test_a_faulty_pack_is_not_read(self) -> None:
        """The error carries every fault."""
        with pytest.raises(PackFaulty) as error:
            read_pack(PACK.replace('"lesson"', '"leson"'), nothing)
        assert error.value.faults == check_pack(PACK.replace('"lesson"', '"leson"'), nothing)
        assert "第 21 行" in str(error.value)


# what is replaced, by what, a part of the line on which it is said, a part of the reason
FAULTS = [
    ('title = "小规范"\n', "", "[pack]", "缺少 title（名称）"),
    ('id = "small"', 'id = "Small Pack"', "id =", "形如"),
    ('version = "1"', "version = 1", "version =", "形如"),
    ("2020-01-01", '"2020-01-01"', "in_force_from", "不加引号"),
    ("2020-01-01", "2020-01-01T08:00:00", "in_force_from", "应当是日期"),
    ("2020-01-01\n", "2020-01-01\nin_force_until = 2019-01-01\n", "in_force_until", "早于施行"),
    ('sources = ["《示例规定》"]', 'sources = ["a", "a"]', "sources", "重复"),
    ('B = "必做"\n', "", "[labels]", "缺少 B"),
    ('X = "自选"', 'X = ""', "X =", "不能为空"),
    ('[labels]\nB = "必做"\nT = "推荐"\nX = "自选"\n', "", "[pack]", "缺少 [labels]"),
    ("[element.lecturer]", "[element.Lecturer]", "[element.Lecturer]", "内容项代号"),
    ("[element.lecturer]", "[element.minutes]", "[element.minutes]", "记录本身的栏目"),
    ('code = "D4"', 'code = "四"', "code =", "形如"),
    ('class = "T"', 'class = "Z"', "class =", "可用的值：B、T、X"),
    ('activity = "lesson"', 'activity = "leson"', "activity", "是否要写 lesson"),
    ('title = "党课"', 'titel = "党课"', "titel", "是否要写 title"),
    ('title = "党课"', 'title = "党课"\nqqqq = 1', "qqqq", "请删去"),
    ('cadence = { unit = "quarter" }\n', "", "[[requirement]]", "缺少 cadence"),
    ('{ unit = "quarter" }', '{ unit = "weekly" }', "cadence", "可用的值：month"),
    ('{ unit = "quarter" }', '"quarter"', "cadence", "应当是一张表"),
    ('{ unit = "quarter" }', '{ unit = "quarter", times = 0 }', "cadence", "1 至 12"),
    ('{ unit = "quarter" }', '{ unit = "quarter", times = true }', "cadence", "整数"),
    ('{ unit = "quarter" }', '{ unit = "year", months = [13] }', "cadence", "1 至 12"),
    ('{ unit = "quarter" }', '{ unit = "year", months = [1, 1] }', "cadence", "重复"),
    ('{ unit = "quarter" }', '{ unit = "year", fixed_day = true }', "cadence", "只用于每月"),
    ('{ unit = "quarter" }', '{ unit = "event" }', "cadence", "补上 after"),
    ('{ unit = "quarter" }', '{ unit = "year", after = "vacancy" }', "cadence", "改为 event"),
    (
        '{ unit = "quarter" }',
        '{ unit = "event", after = "other", months = [1] }',
        "cadence",
        "不能写 months",
    ),
    ('{ per = "branch" }', '{ per = "group" }', "scope", "needs_groups"),
    ('{ per = "branch" }', "{ needs_committee = 1 }", "scope", "true 或 false"),
    ('{ per = "branch" }', '{ fields = ["moon"] }', "scope", "可用的值：organ"),
    (
        '{ per = "branch" }',
        "{ min_full_members = 9, max_full_members = 3 }",
        "scope",
        "小于下限",
    ),
    ('share = "1/2"', 'share = "3/2"', "quorum", "不大于 1"),
    ('share = "1/2"', "share = 0.5", "quorum", "加引号的分数"),
    ('share = "1/2"', 'share = "1/0"', "quorum", "加引号的分数"),
    ('share = "1/2"', 'share = "1/1", strict = true', "quorum", "去掉 strict"),
    ('attendees = "members"', 'attendees = "none"', "quorum", "没有参加人员"),
    ('certainty = "V2"', 'certainty = "sure"', "article", "可用的值：V、V2、K"),
    ('text = "每季度上一次党课。"\n', "", "[[requirement]]", "缺少 text"),
    ('"topic", "lecturer"]', '"topic", "lecterer"]', "must =", "[element.lecterer]"),
    ('should = ["place"]', 'should = ["topic", "place"]', "should =", "只能写一次"),
    ("{ place =", "{ agenda =", "hints", "没有列入"),
    ("{ topic = 4 }", "{ agenda = 4 }", "lengths", "没有列入"),
    ("minutes = 25", "minutes = -1", "minutes =", "0 至 1440"),
    ("minutes = 25", "minutes = 25\ntighten = 3", "tighten", "形如"),
    ("minutes = 25", "in_force_from = 2022-01-01\nin_force_until = 2021-01-01", "until", "早于"),
]


@pytest.mark.parametrize(("old", "new", "at", "reason"), FAULTS)
def test_each_fault_is_said_on_its_line(old: str, new: str, at: str, reason: str) -> None:
    """The line is that of the thing itself, or of its table when it is missing."""
    assert old in PACK
    text = PACK.replace(old, new, 1)
    said = [f for f in check_pack(text, nothing) if reason in f.reason]
    assert said, check_pack(text, nothing)
    assert said[0].line == line_containing(text, at)
    assert re.search(r"[\u4e00-\u9fff]", said[0].where)


def test_all_faults_are_said_at_once() -> None:
    """Faults of shape and of sense, in the head and in every requirement, in order of lines."""
    text = PACK.replace('class = "T"', 'class = "Z"').replace('"lecturer"]', '"nobody"]')
    text = text.replace("2020-01-01", "20200101").replace("minutes = 25", "minuts = 25")
    faults = check_pack(text, nothing)
    parts = ("in_force_from", "class", "must", "minuts")
    assert [f.line for f in faults] == [line_containing(text, f"{part} =") for part in parts]


def test_a_code_written_twice_is_said_at_the_second() -> None:
    """Two requirements with one code cannot be told apart."""
    text = PACK + PACK[PACK.index("[[requirement]]") :]
    (fault,) = check_pack(text, nothing)
    assert fault.line == len(PACK.splitlines()) + 2
    assert "已经写过" in fault.reason


def test_a_pack_without_requirements_is_no_pack() -> None:
    """It would ask nothing of anybody."""
    (fault,) = check_pack(PACK[: PACK.index("[[requirement]]")], nothing)
    assert "没有一条规定动作" in fault.reason


@pytest.mark.parametrize(
    ("text", "line", "where", "reason"),
    [
        ("[pack]\ntitle = 规范\n", 2, "第 9 列", "双引号"),
        ("[pack\n", 1, "第 6 列", "右方括号"),
        ("[pack]\nid\n", 2, "第 3 列", "等号"),
        ("[pack]\nid = 1\nid = 2\n", 3, "第 7 列", "重复"),
        ("[pack]\n\n[pack]\n", 3, "第 6 列", "重复"),
        ("a = [1\nb = 2\n", 2, "第 1 列", "方括号"),
        ("a = 2018-02-30\n", 1, "第 5 列", "日期"),
        ('a = "x\n', 1, "第 7 列", "补上引号"),
        ('a = """x\n\n', 3, "文件末尾", "收尾的引号"),
        ("标题 = 1\n", 1, "第 1 列", "加引号"),
        ("a = 1 2\n", 1, "第 7 列", "换行"),
    ],
)
def test_broken_toml_is_said_in_chinese(text: str, line: int, where: str, reason: str) -> None:
    """Where the syntax breaks, with line and column and what to look for."""
    (fault,) = check_pack(text, nothing)
    assert (fault.line, fault.where) == (line, where)
    assert reason in fault.reason
    assert not re.search(r"[A-Za-z]{6,}", fault.reason)


@pytest.mark.parametrize(
    "text",
    ["", "[" * 20000, "a = " + "[" * 20000, "a = " + "9" * 6000, "\x00", "x" * 2_000_001, "\ud800"],
)
def test_hostile_texts_get_an_answer(text: str) -> None:
    """Whatever the file is, there is a fault and no failure."""
    assert check_pack(text, nothing)
    assert pack_name(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "pack = 1\nlabels = 2\nelement = 3\nrequirement = 4\n",
        "requirement = [1, 2]\n",
        "pack = []\nrequirement = [[]]\n",
        "[[requirement]]\ncode = []\ntighten = {}\nhints = 3\nlengths = { topic = [] }\n",
        '[element]\nlecturer = "主讲人"\n[element.x.y]\nz = 1\n',
        "[[pack]]\n[[labels]]\n",
    ],
)
def test_tables_of_a_wrong_kind_are_faults(text: str) -> None:
    """A list in the place of a table, a number in the place of a list."""
    assert check_pack(text, nothing)


TOKENS = re.findall(r"\w+|[^\w\s]|\n", PACK)


@given(
    st.integers(0, len(TOKENS) - 1), st.sampled_from(["", "[]", "{}", '"', "1", "-1", "\n", "#"])
)
def test_one_wrong_token_never_fails(index: int, token: str) -> None:
    """A pack with any one token spoilt is read or has faults on lines that it has."""
    start = [m.span() for m in re.finditer(r"\w+|[^\w\s]|\n", PACK)][index]
    text = PACK[: start[0]] + token + PACK[start[1] :]
    faults = check_pack(text, nothing)
    assert all(1 <= f.line <= text.count("\n") + 1 and f.reason for f in faults)
    if not faults:
        assert read_pack(text, nothing).requirements


class TestExtending:
    def test_what_is_not_named_stays(self) -> None:
        """A tightening changes what it names, the rest is inherited."""
        norm = read_pack(EXTENDING, shelve_packs([PACK]))
        (lesson,) = norm.requirements
        old = read_pack(PACK, nothing).requirements[0]
        assert lesson.text == "每月上一次党课。"
        assert lesson.origin == "large@2"
        assert lesson == replace(
            old, text=lesson.text, article=lesson.article, origin=lesson.origin
        )
        assert norm.extends == "small@1"
        assert norm.labels == read_pack(PACK, nothing).labels
        assert norm.sources == ("《示例规定》", "《另一规定》")

    @pytest.mark.parametrize(
        "added",
        [
            'class = "B"',
            'cadence = { unit = "month" }',
            'cadence = { unit = "quarter", times = 2 }',
            'cadence = { unit = "quarter", months = [3, 6, 9, 12] }',
            'quorum = { basis = "voters_expected", share = "1/2", strict = true }',
            'quorum = { basis = "voters_expected", share = "2/3" }',
            'majority = { basis = "voters_present", share = "1/2" }',
            'must = ["place"]',
            'must = ["agenda"]\nhints = { agenda = "逐项写明", topic = "写清楚" }',
            "lengths = { topic = 9 }",
            'guide = "新指引。"\nmodel = "新示例。"\nminutes = 5\ntitle = "按月党课"',
        ],
    )
    def test_asking_for_more_is_allowed(self, added: str) -> None:
        """Higher class, oftener, narrower, more elements, stricter shares."""
        assert faults_of(EXTENDING + added + "\n") == ()

    @pytest.mark.parametrize(
        ("added", "reason"),
        [
            ('class = "X"', "只能提高"),
            ('cadence = { unit = "half" }', "周期放宽"),
            ('cadence = { unit = "year", times = 4 }', "周期放宽"),
            ('cadence = { unit = "quarter", months = [3] }', "周期放宽"),
            ('cadence = { unit = "event", after = "other" }', "周期放宽"),
            ('quorum = { basis = "voters_expected", share = "1/3" }', "比例放宽"),
            ('quorum = { basis = "expected", share = "2/3" }', "换了基数"),
            ('should = ["topic"]', "不能降到 should"),
            ('may = ["place"]', "不能降到 may"),
            ("lengths = { topic = 2 }", "不能减少"),
            ("scope = { needs_committee = true }", "不认识"),
            ('attendees = "committee"', "不认识"),
        ],
    )
    def test_asking_for_less_is_a_fault(self, added: str, reason: str) -> None:
        """Each loosening is said on the line that loosens."""
        (fault,) = faults_of(EXTENDING + added + "\n")
        assert fault.line == EXTENDING.count("\n") + 1
        assert reason in fault.reason

    def test_elements_are_added_and_sharpened(self) -> None:
        """What the extended pack asked for stays first; a should becomes a must."""
        norm = read_pack(EXTENDING + 'must = ["place", "agenda"]\n', shelve_packs([PACK]))
        assert [(e.key, e.severity.value) for e in norm.requirements[0].elements] == [
            ("topic", "error"),
            ("lecturer", "error"),
            ("place", "error"),
            ("agenda", "error"),
        ]

    def test_a_new_requirement_may_use_inherited_elements(self) -> None:
        """The vocabulary of the extended pack is that of the extending one."""
        new = PACK[PACK.index("[[requirement]]") :].replace('"D4"', '"D5"')
        norm = read_pack(EXTENDING + "\n" + new, shelve_packs([PACK]))
        assert [r.code for r in norm.requirements] == ["D4", "D5"]
        assert [r.origin for r in norm.requirements] == ["large@2", "large@2"]

    @pytest.mark.parametrize(
        ("old", "new", "at", "reason"),
        [
            ("small@1", "small@9", "extends", "找不到"),
            ("small@1", "large@2", "extends", "不能扩展自身"),
            ("small@1", "small", "extends", "形如"),
            ("2021-01-01", "2019-01-01", "in_force_from", "早于所扩展的规范"),
            ('tighten = "D4"', 'tighten = "D9"', "tighten", "没有 D9"),
            ('text = "每月上一次党课。"\n', "", "[[requirement]]", "缺少 text"),
            (
                "[[requirement]]",
                '[element.lecturer]\nlabel = "讲课人"\n[[requirement]]',
                "[element.lecturer]",
                "已叫“主讲人”",
            ),
        ],
    )
    def test_faults_of_extending(self, old: str, new: str, at: str, reason: str) -> None:
        """What is extended must be there, and what is tightened too."""
        text = EXTENDING.replace(old, new, 1)
        (fault,) = faults_of(text)
        assert fault.line == line_containing(text, at)
        assert reason in fault.reason

    def test_an_inherited_code_cannot_be_used_anew(self) -> None:
        """Replacing a requirement would be a way around the ban on loosening."""
        text = EXTENDING[: EXTENDING.index("[[requirement]]")] + PACK[PACK.index("[[req") :]
        (fault,) = faults_of(text)
        assert fault.line == line_containing(text, "code =")
        assert "改写 tighten" in fault.reason

    def test_a_circle_resolves_to_nothing(self) -> None:
        """Two packs that extend each other are both faulty and nobody waits for ever."""
        other = EXTENDING.replace('"large"', '"small"').replace('"2"', '"1"')
        other = other.replace("small@1", "large@2")
        resolve = shelve_packs([EXTENDING, other])
        assert resolve("large@2") is None
        assert any("相互扩展" in f.reason for f in check_pack(EXTENDING, resolve))

    def test_packs_are_found_on_the_shelf_in_any_order(self) -> None:
        """The extended pack is read when it is asked for."""
        for texts in ([PACK, EXTENDING], [EXTENDING, PACK]):
            norm = shelve_packs(texts)("large@2")
            assert norm is not None
            assert norm.extends == "small@1"

    def test_the_first_of_two_packs_with_one_name_counts(self) -> None:
        """Someone who checks a changed file sees their file, not the one that is shipped."""
        norm = shelve_packs([PACK.replace("小规范", "改过的"), PACK])("small@1")
        assert norm is not None
        assert norm.title == "改过的"
