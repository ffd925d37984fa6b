"""The month's report: facts → sections and sentences, said as an office would write them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhibu.rules.reporting import compose_report, say_counts, say_difference, say_names
from zhibu.rules.reporting_values import (
    LONGEST_QUOTE,
    OWN_PARTS,
    Below,
    BelowWords,
    ClassFigures,
    FeedbackFigures,
    KindFigures,
    MonthFacts,
    MonthReport,
    Own,
    Part,
    Recovered,
    Source,
    TaskFigures,
    TextFigures,
    ThemeFigures,
    Voice,
    read_report,
    report_data,
)
from zhibu.rules.tallies import Cell

DAY = date(2026, 4, 3)
FACTS = MonthFacts(
    organization="市局直属机关党委",
    superior="市直机关工委",
    year=2026,
    month=3,
    day=DAY,
    branches=12,
    total=Cell(done=30, late=2, waived=1, overdue=4),
)


def said(facts: MonthFacts, part: Part, **words: str) -> list[str]:
    report = compose_report(facts, words)
    section = next(each for each in report.sections if each.part is part)
    return [each.text for each in section.paragraphs]


def test_an_empty_month_has_all_sections_and_says_so() -> None:
    """Nothing due, nothing to tell: five sections, none of them empty."""
    report = compose_report(replace(FACTS, total=Cell()), {})
    assert [each.part for each in report.sections] == list(Part)
    assert all(each.paragraphs for each in report.sections)
    assert said(replace(FACTS, total=Cell()), Part.PROGRESS) == [
        "截至2026年4月3日，所属党支部共12个。年度安排表中没有应于3月完成的事项。"
    ]
    assert said(replace(FACTS, total=Cell()), Part.PROBLEMS) == [
        "本月没有发现逾期未完成事项和其他突出问题。"
    ]


def test_the_whole_is_said_in_numbers_that_add_up() -> None:
    """36 = 30 + 2 + 1 + 4 − 1 would not do: the parts are those of the cell."""
    first = said(FACTS, Part.PROGRESS)[0]
    assert first == (
        "截至2026年4月3日，所属党支部共12个。年度安排表中应于3月完成的事项37项，"
        "其中按时完成30项、逾期完成2项、经批准免除1项、逾期未完成4项。"
    )


CASES: list[tuple[dict[str, Any], Part, str]] = [
    (
        {"classes": (ClassFigures("B（必做）", Cell(done=2)), ClassFigures("X（自选）", Cell(late=1)))},
        Part.PROGRESS,
        "按类别看，B（必做）2项，按时完成2项；X（自选）1项，逾期完成1项。",
    ),
    ({"classes": (ClassFigures("B（必做）", Cell(done=2)),)}, Part.PROGRESS, ""),
    (
        {"before": Cell(done=20, overdue=6)},
        Part.PROGRESS,
        "与上月相比，应完成事项增加11项，已完成增加12项，逾期未完成减少2项。",
    ),
    (
        {"before": Cell(done=30, late=2, waived=1, overdue=4)},
        Part.PROGRESS,
        "与上月相比，应完成事项持平，已完成持平，逾期未完成持平。",
    ),
    (
        {"below": Below(2, 2)},
        Part.PROGRESS,
        "所属2个党委（党总支）均已报送本月工作报告。",
    ),
    (
        {"below": Below(3, 1, ("甲局党委", "乙局党委"))},
        Part.PROGRESS,
        "所属3个党委（党总支）中，1个已报送本月工作报告，尚未报送的有甲局党委、乙局党委。",
    ),
    (
        {"below": Below(9, 1, tuple("甲乙丙丁戊己"))},
        Part.PROGRESS,
        "尚未报送的有甲、乙、丙、丁、戊等8个。",
    ),
    (
        {"recovered": (Recovered("第一党支部", 2), Recovered("第二党支部", 1))},
        Part.STANDING_OUT,
        "补做工作到位。第一党支部、第二党支部在本月完成此前逾期的事项3项，目前没有以前月份的欠账。",
    ),
    (
        {"own": (Own("第一党支部", "党员责任区"),)},
        Part.STANDING_OUT,
        "基层有新做法。本月开展的自选动作有第一党支部“党员责任区”。",
    ),
    (
        {"themes": (ThemeFigures("作风建设", 4), ThemeFigures("没开展的", 0))},
        Part.STANDING_OUT,
        "专题工作持续推进。本月围绕专题开展活动：“作风建设”4次。",
    ),
    (
        {"texts": TextFigures(3, 2, ("会议精神",), 11)},
        Part.STANDING_OUT,
        "传达学习持续推进。本月向所属党组织传达文件3件，其中2件已传达到全体对象。",
    ),
    (
        {"texts": TextFigures(3, 2, ("会议精神",), 11)},
        Part.PROBLEMS,
        "《会议精神》尚未传达到全体对象，还有11人次未传达到。",
    ),
    ({"tasks": TaskFigures(closed=3)}, Part.STANDING_OUT, "议定事项有落实。本月办结任务3项。"),
    (
        {"tasks": TaskFigures(overdue=2, overdue_titles=("第一党支部“修订制度”", "本级“修订章程”"))},
        Part.PROBLEMS,
        "2项任务超过期限仍未办结：第一党支部“修订制度”、本级“修订章程”。",
    ),
    (
        {"feedback": FeedbackFigures(concluded=2, voices=(Voice("表太长", "已办结", "精简为一页。"),))},
        Part.STANDING_OUT,
        "基层反映有回应。本月办结意见反映2件，改进的有：精简为一页。",
    ),
    (
        {
            "feedback": FeedbackFigures(
                received=4, waiting=2, by_about=(("规", 3), ("表", 0), ("册", 1)),
                by_state=(("待受理", 1), ("办理中", 3)),
            )
        },
        Part.PROBLEMS,
        "基层本月反映使用中的问题4件（涉及“规”3件、“册”1件），其中待受理1件、办理中3件；连同以前收到的，目前共有2件没有办结。",
    ),
    (
        {"feedback": FeedbackFigures(waiting=2)},
        Part.PROBLEMS,
        "此前收到的意见反映还有2件没有办结。",
    ),
    (
        {"feedback": FeedbackFigures(received=1, voices=(Voice("党费栏目重复", "已报上级", "", 3),))},
        Part.PROPOSALS,
        "关于“党费栏目重复”（3人提出），目前已报上级，建议研究答复。",
    ),
    ({"without_table": 2}, Part.PROBLEMS, "2个党支部还没有通过2026年度安排表，应完成事项尚未计入。"),
    ({"older": 5}, Part.PROBLEMS, "本年度3月以前到期的事项还有5项逾期未完成。"),
    (
        {
            "kinds": (
                KindFigures("主题党日", "B", Cell(overdue=3), ("甲", "乙", "丙"), date(2026, 3, 15)),
                KindFigures("党课", "B", Cell(overdue=1), ("甲",), date(2026, 3, 31)),
            )
        },
        Part.PROBLEMS,
        "一是“主题党日”逾期未完成3项，涉及甲、乙、丙，最早的应于3月15日前（含当日）完成，至今没有归档记录。",
    ),
    (
        {"kinds": (KindFigures("党课", "B", Cell(done=3), minutes=45),), "records": 5},
        Part.BURDEN,
        "各党支部3月归档记录5份，完成安排表中3月的事项32项。按规范估算，填写这些事项的记录共需约45分钟，平均每个党支部约4分钟。",
    ),
    (
        {
            "below": Below(
                1, 1, (), (BelowWords("甲局党委", {"proposals": "精简台账。\n\n增加培训"}),)
            )
        },
        Part.PROPOSALS,
        "甲局党委报告：精简台账；增加培训。",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "part", "sentence"), CASES)
def test_sentences(changes: dict[str, Any], part: Part, sentence: str) -> None:
    """Each fact is said in its section, in these words."""
    text = "\n".join(said(replace(FACTS, **changes), part))
    if sentence:
        assert sentence in text
    else:
        assert "按类别看" not in text


def test_nothing_is_proposed_about_what_was_answered() -> None:
    """What was answered and is still to be closed asks for no answer; its neighbour does."""
    voices = (Voice("栏目重复", "已答复", is_answered=True), Voice("字偏小", "办理中"))
    lines = said(
        replace(FACTS, feedback=FeedbackFigures(received=2, voices=voices)), Part.PROPOSALS
    )
    assert not [line for line in lines if "栏目重复" in line]
    assert [line for line in lines if "字偏小" in line]


def test_problems_are_numbered_in_their_order() -> None:
    """一是…二是…, and each ends as a sentence does."""
    facts = replace(FACTS, without_table=1, older=2, tasks=TaskFigures(overdue=1))
    lines = said(facts, Part.PROBLEMS)
    assert [line[:2] for line in lines] == ["一是", "二是", "三是", "四是"]
    assert all(line.endswith("。") and "。。" not in line for line in lines)


def test_many_kinds_of_problems_stay_readable() -> None:
    """After the tenth no number is made up."""
    kinds = tuple(KindFigures(f"事项{at}", "B", Cell(overdue=1)) for at in range(13))
    lines = said(replace(FACTS, kinds=kinds), Part.PROBLEMS)
    assert lines[9].startswith("十是")
    assert lines[10].startswith("此外，")


def test_own_words_come_last_and_are_marked() -> None:
    """The office's words stand behind what was worked out, one paragraph a line, and nowhere else."""
    words = {part.value: "第一条。\r\n\r\n  第二条。" for part in Part}
    report = compose_report(replace(FACTS, older=1), words)
    for section in report.sections:
        own = [each.text for each in section.paragraphs if each.is_own]
        assert own == (["第一条。", "第二条。"] if section.part in OWN_PARTS else [])
        if own:
            assert section.paragraphs[-1].is_own
    # With words of its own a section does not say that there is nothing.
    assert "没有" not in "".join(said(FACTS, Part.STANDING_OUT, standing_out="好"))


@pytest.mark.parametrize(
    ("words", "quoted"),
    [("能否减少报表？", "能否减少报表？"), ("请加强培训！\n谢谢。", "请加强培训！；谢谢。"), ("已改；", "已改。"),
     ("长" * 300, "长" * 300 + "。"), ("长" * 301, "长" * 300 + "…。")],
)  # fmt: skip
def test_a_quote_ends_as_a_sentence_does(words: str, quoted: str) -> None:
    """With one mark at its end, and the mark of a question stays."""
    below = Below(1, 1, (), (BelowWords("甲局党委", {"problems": words}),))
    assert said(replace(FACTS, below=below), Part.PROBLEMS)[-1] == f"甲局党委报告：{quoted}"


@pytest.mark.parametrize(
    ("cell", "is_whole"),
    [(Cell(done=2, late=1, waived=1), True), (Cell(done=2, later=1), False), (Cell(done=2, due_soon=1), False),
     (Cell(done=2, overdue=1), False)],
)  # fmt: skip
def test_a_kind_is_whole_when_nothing_is_left_of_it(cell: Cell, is_whole: bool) -> None:
    """What is still to be done is not praised for being in time."""
    text = said(replace(FACTS, kinds=(KindFigures("党课", "B", cell),)), Part.PROGRESS)[1]
    assert ("“党课”没有逾期未完成的" in text) is is_whole


@pytest.mark.parametrize(
    ("minutes", "branches", "sentence"),
    [
        (119, 2, "共需约119分钟，平均每个党支部约60分钟。"),
        (120, 3, "共需约2小时，平均每个党支部约40分钟。"),
        (3, 100, "共需约3分钟。"),
        (45, 0, "共需约45分钟。"),
    ],
)
def test_minutes(minutes: int, branches: int, sentence: str) -> None:
    """From two hours on in hours; no average of nothing, and none of no branches."""
    kinds = (KindFigures("党课", "B", Cell(done=1), minutes=minutes),)
    (text,) = said(replace(FACTS, kinds=kinds, branches=branches), Part.BURDEN)
    assert sentence in text


@pytest.mark.parametrize(
    ("number", "sentence"),
    [(2, "“甲1”、第二党支部“甲2”。"), (5, "、第五党支部“甲5”。"), (6, "、第五党支部“甲5”等6项。")],
)
def test_what_branches_did_of_their_own(number: int, sentence: str) -> None:
    """Five are written out."""
    own = tuple(Own(f"第{'一二三四五六'[at]}党支部", f"甲{at + 1}") for at in range(number))
    (line,) = said(replace(FACTS, own=own), Part.STANDING_OUT)
    assert line.endswith(sentence)


def test_one_who_asked_is_not_counted() -> None:
    """Of several it is said how many."""
    voices = (Voice("甲", asked=1), Voice("乙", asked=2))
    lines = said(replace(FACTS, feedback=FeedbackFigures(voices=voices)), Part.PROPOSALS)
    assert lines == ["关于“甲”，建议研究答复。", "关于“乙”（2人提出），建议研究答复。"]


def test_a_long_quote_from_below_is_cut() -> None:
    """What lower levels wrote does not swell the report above."""
    below = Below(1, 1, (), (BelowWords("甲局党委", {"problems": "长" * 2000}),))
    line = said(replace(FACTS, below=below), Part.PROBLEMS)[-1]
    assert len(line) < LONGEST_QUOTE + 20
    assert line.endswith("…。")


def test_the_sum_is_the_whole() -> None:
    """The annex ends with the numbers of the first sentence."""
    report = compose_report(FACTS, {})
    assert (report.sum.total, report.sum.done, report.sum.overdue) == (37, 30, 4)


def test_names() -> None:
    """Five are written out, of more it is said how many there are."""
    assert say_names(("甲", "乙"), "个") == "甲、乙"
    assert say_names(tuple("甲乙丙丁戊"), "个党支部") == "甲、乙、丙、丁、戊"
    assert say_names(tuple("甲乙丙丁戊己"), "个党支部") == "甲、乙、丙、丁、戊等6个党支部"
    assert say_names(tuple("甲乙丙丁戊"), "项", 8) == "甲、乙、丙、丁、戊等8项"


counts = st.integers(0, 10**6)
cells = st.builds(
    Cell, done=counts, late=counts, waived=counts, overdue=counts, due_soon=counts, later=counts
)
texts = st.text(max_size=60)
facts = st.builds(
    MonthFacts,
    organization=texts, superior=texts, year=st.integers(1950, 2200), month=st.integers(1, 12),
    day=st.dates(), branches=counts, total=cells, before=st.none() | cells, older=counts,
    without_table=counts, records=st.none() | counts,
    kinds=st.lists(
        st.builds(
            KindFigures, title=texts, practice_class=st.sampled_from("BTX"), cell=cells,
            overdue_at=st.lists(texts, max_size=8).map(tuple), oldest_due=st.none() | st.dates(),
            minutes=counts,
        ),
        max_size=4,
    ).map(tuple),
    feedback=st.builds(
        FeedbackFigures, received=counts, concluded=counts, waiting=counts,
        voices=st.lists(st.builds(Voice, summary=texts, state=texts, outcome=texts, asked=counts), max_size=3).map(tuple),
    ),
    below=st.builds(
        Below, expected=counts, issued=st.just(0),
        words=st.lists(
            st.builds(BelowWords, name=texts, words=st.dictionaries(st.sampled_from([p.value for p in OWN_PARTS]), texts)),
            max_size=2,
        ).map(tuple),
    ),
)  # fmt: skip


@given(facts, st.dictionaries(st.sampled_from([part.value for part in Part]), texts))
def test_whatever_the_facts_the_report_is_whole_and_survives_storing(
    month: MonthFacts, words: dict[str, str]
) -> None:
    """Five sections, no empty one; as JSON and back it is the same report."""
    report = compose_report(month, words)
    assert [each.part for each in report.sections] == list(Part)
    assert all(each.paragraphs for each in report.sections)
    stored: MonthReport = read_report(json.loads(json.dumps(report_data(report))))
    assert stored == report


@given(cells, cells)
def test_numbers_are_those_of_the_cells(now: Cell, before: Cell) -> None:
    """The numbers said add up to the total; a difference is never negative."""
    assert sum(map(int, re.findall(r"\d+", say_counts(now)))) == now.total
    assert "-" not in say_difference(now, before)


def test_every_source_is_known() -> None:
    """A stored source is read again."""
    assert Source("") is Source.NONE
    assert Source("overview") is Source.OVERVIEW
