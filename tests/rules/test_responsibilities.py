"""Responsibilities: from what is recorded to a state, with its reason; and the list as a file."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhibu.rules.labels import label
from zhibu.rules.packs import PackFaulty
from zhibu.rules.responsibilities import (
    Fulfilment,
    Judged,
    Measure,
    Responsibility,
    Seen,
    count_states,
    judge_responsibility,
    names_person,
)
from zhibu.rules.responsibility_lists import check_list, is_list, read_list
from zhibu.rules.verdicts import Article, Certainty, Severity, Verdict
from zhibu.rules.wording import say

FILE = Path(__file__).parents[2] / "catalogue" / "lists" / "responsibilities.toml"
SOME = Article("测试条例第一条", "S1", Certainty.SEEN)
EARLY, NEXT = date(2026, 2, 28), date(2026, 3, 31)


def asked(measure: Measure = Measure.LINES) -> Responsibility:
    return Responsibility("S1", "召集支部党员大会", "每季度1次。", SOME, measure)


CASES = [
    (Seen(), Fulfilment.IDLE, "RESP-03"),
    (Seen(is_known=False), Fulfilment.UNKNOWN, "RESP-02"),
    (Seen(done=3), Fulfilment.MET, "RESP-06"),
    (Seen(done=3, late=1), Fulfilment.MET, "RESP-07"),
    (Seen(done=1, pending=3, next_on=NEXT), Fulfilment.UNDER_WAY, "RESP-08"),
    (Seen(done=1, pending=3), Fulfilment.UNDER_WAY, "RESP-09"),
    (Seen(pending=3), Fulfilment.UNDER_WAY, "RESP-10"),
    (Seen(pending=1, next_on=NEXT), Fulfilment.UNDER_WAY, "RESP-11"),
    (Seen(done=1, overdue=2, oldest=EARLY), Fulfilment.NOT_YET, "RESP-04"),
    (Seen(overdue=1, pending=4, next_on=NEXT), Fulfilment.NOT_YET, "RESP-05"),
]


@pytest.mark.parametrize(("seen", "state", "rule"), CASES)
def test_states(seen: Seen, state: Fulfilment, rule: str) -> None:
    """Not yet is said only when something is overdue; every state has its reason and article."""
    judged = judge_responsibility(asked(), seen)
    assert (judged.state, judged.verdict.rule) == (state, rule)
    assert judged.verdict.article == SOME
    assert (judged.verdict.severity is Severity.WARNING) is (state is Fulfilment.NOT_YET)


def verdicts() -> list[Verdict]:
    """Verdicts of every rule, for the test of the words."""
    found = [judge_responsibility(asked(), seen).verdict for seen, _, _ in CASES]
    below = judge_responsibility(asked(Measure.BELOW_LINES), Seen(done=4, overdue=1, oldest=EARLY))
    return [*found, below.verdict, judge_responsibility(asked(Measure.OWN), Seen()).verdict]


def test_who_stands_above_is_not_judged_by_what_others_owe() -> None:
    """Branches that are behind need help: that is under way, and said with the number."""
    judged = judge_responsibility(asked(Measure.BELOW_LINES), Seen(done=4, overdue=2, oldest=EARLY))
    assert judged.state is Fulfilment.UNDER_WAY
    assert "有2项逾期未办" in say(judged.verdict)


def test_what_no_record_shows_is_not_judged() -> None:
    """由本人自行掌握, whatever else is known."""
    judged = judge_responsibility(asked(Measure.OWN), Seen(overdue=9))
    assert judged.state is Fulfilment.OWN
    assert "不作判断" in say(judged.verdict)


def test_sentences() -> None:
    """As people read them."""
    assert say(judge_responsibility(asked(), CASES[8][0]).verdict) == (
        "本年度安排表中的这类事项应办3项，已办1项，有2项逾期未办，最早的应于2026年2月28日（周六）前（含当日）完成。"
    )
    assert say(judge_responsibility(asked(Measure.OWN_LESSON), CASES[7][0]).verdict) == (
        "本人本年度讲党课应办1次，还没有办理，2026年3月31日（周二）前（含当日）完成即可。"
    )


numbers = st.integers(0, 1000)
days = st.none() | st.dates()
seens = st.builds(
    Seen, done=numbers, late=numbers, overdue=numbers, pending=numbers, oldest=days, next_on=days
)


@given(st.sampled_from(Measure), seens)
def test_whatever_is_seen_there_is_one_state_and_a_sentence(measure: Measure, seen: Seen) -> None:
    """The state follows from overdue, pending and done alone; nobody is called late in time."""
    judged = judge_responsibility(asked(measure), seen)
    assert say(judged.verdict).endswith("。")
    if measure is not Measure.OWN:
        is_behind = bool(seen.overdue) and measure is not Measure.BELOW_LINES
        assert (judged.state is Fulfilment.NOT_YET) is is_behind
        assert (judged.state is Fulfilment.MET) is bool(
            seen.done and not seen.overdue and not seen.pending
        )


@given(st.lists(seens, max_size=6))
def test_seen_adds_up_in_any_order(parts: list[Seen]) -> None:
    """What several sources show of one thing adds up."""
    assert sum(parts, Seen()) == sum(reversed(parts), Seen())
    assert sum(parts, Seen()).total == sum(one.total for one in parts)


def test_states_are_counted_without_shares() -> None:
    """Numbers of each state, in their order; no percentage of a person."""
    judged: tuple[Judged, ...] = tuple(judge_responsibility(asked(), seen) for seen, _, _ in CASES)
    counted = count_states(judged)
    assert sum(counted.values()) == len(CASES)
    assert all(isinstance(number, int) for number in counted.values())
    assert [state for state in Fulfilment if state in counted] == list(counted)
    assert all(label(state) for state in Fulfilment)


def test_the_list_that_is_shipped_is_sound() -> None:
    """Every post of the notice is there; each item has its text, source and measure."""
    text = FILE.read_text(encoding="utf-8")
    assert check_list(text) == ()
    found = read_list(text)
    keys = {post.key for post in found.posts}
    assert {"branch_secretary", "committee_secretary", "leading_member", "office"} <= keys
    assert {"branch_organization", "branch_publicity", "branch_discipline"} <= keys
    for post in found.posts:
        assert post.items
        for item in post.items:
            assert item.text
            assert item.article.text
            assert item.article.source
    used = {item.measure for post in found.posts for item in post.items}
    assert used == set(Measure)


def test_posts_are_found_by_office_then_role() -> None:
    """An office of a branch and of a committee are different posts."""
    found = read_list(FILE.read_text(encoding="utf-8"))
    branch, above = (
        found.of_office("branch", "secretary"),
        found.of_office("committee", "secretary"),
    )
    assert branch is not None
    assert above is not None
    assert branch.key != above.key
    assert found.of_role("committee", "office") is not None
    assert found.of_role("branch", "member") is None
    assert found.of_office("group", "group_leader") is None


SMALL = """[list]
id = "responsibilities"
version = "1"
title = "清单"
summary = "测试"
sources = ["测试"]

[[post]]
key = "office"
title = "党办"
kinds = ["committee"]
roles = ["office"]

[[post.item]]
code = "B1"
title = "报告"
text = "每月报告。"
article = { text = "测试", source = "S0", certainty = "V" }
measure = "report"
"""
FAULTS = [
    ('measure = "report"', 'measure = "reports"', 19, "是否要写 report"),
    ('measure = "report"', 'measure = "lines"', 14, "requirements 或 activities"),
    ('measure = "report"', 'measure = "own_lesson"', 14, "缺少 times"),
    ('measure = "report"', 'measure = "report"\ntimes = 2', 20, "请删去 times"),
    ('measure = "report"', 'measure = "report"\nactivities = ["talk"]', 20, "请删去"),
    ('text = "每月报告。"', "", 14, "缺少 text"),
    ('kinds = ["committee"]', 'kinds = ["commitee"]', 11, "是否要写 committee"),
    ('roles = ["office"]', "", 8, "缺少 offices"),
    ('roles = ["office"]', 'role = ["office"]', 12, "是否要写 roles"),
    ('key = "office"', 'key = "Office 1"', 9, "应当形如"),
    ("[[post.item]]", "[[post.items]]", 14, "是否要写 item"),
    ('certainty = "V"', 'certainty = "X"', 18, "可用的值"),
    ('title = "清单"', 'title = "清单', 4, "引号"),
    ('version = "1"', "", 1, "缺少 version"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "reason"), FAULTS)
def test_faults_have_their_line_and_reason(old: str, new: str, line: int, reason: str) -> None:
    """Whoever edits the file is told where and what to do."""
    assert check_list(SMALL) == ()
    assert SMALL.count(old) == 1
    faults = check_list(SMALL.replace(old, new))
    assert any(fault.line == line and reason in fault.reason for fault in faults), faults
    with pytest.raises(PackFaulty):
        read_list(SMALL.replace(old, new))


def test_two_posts_for_one_office_are_refused() -> None:
    """Whose duties they are must be clear."""
    second = SMALL[SMALL.index("[[post]]") :].replace('key = "office"', 'key = "second"')
    faults = check_list(f"{SMALL}\n{second}")
    assert [fault.where for fault in faults] == ["岗位 second 的 roles"]


def test_a_list_is_told_from_a_norm_pack() -> None:
    """`zhibu norm check` reads both."""
    assert is_list(SMALL)
    assert not is_list("[pack]\nid = 'x'")
    assert not is_list("[list")


@given(st.text(max_size=300))
def test_any_text_is_judged(text: str) -> None:
    """No text breaks the reader."""
    assert check_list(text)


@pytest.mark.parametrize(
    ("text", "name", "is_named"),
    [
        ("孟清文与曾超", "曾超", True),
        ("廖丽（党支部书记）", "廖丽", True),
        ("谈话人：李明；谈话对象：王强", "王强", True),
        ("李明华与王强", "李明", False),
        ("", "李明", False),
        ("李明", "", False),
        ("张和平、李明", "张和平", True),
        ("李明和张和平", "张和平", True),
        ("李同华、王强", "李同", False),
        ("王强、张和平安", "张和平", False),
        ("王李明、李明和", "李明", True),
        ("李（组长）与王", "李", True),
        ("李.明", "李x明", False),
        ("李x明", "李.明", False),
    ],
)
def test_names(text: str, name: str, is_named: bool) -> None:
    """A name inside a longer one is somebody else."""
    assert names_person(text, name) is is_named
