"""Every rule has its sentence, every sentence its rule, every value its word."""

from __future__ import annotations

import re
import string
from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules import (
    test_duties,
    test_feedback,
    test_reach,
    test_records,
    test_responsibilities,
    test_schedule,
    test_standing,
    test_tasks,
)
from tests.rules.samples import branch, requirement

import zhibu.rules
from zhibu.rules.attendance import Tally
from zhibu.rules.contents import AttendanceStatus, Candidate, Decision, DecisionKind
from zhibu.rules.feedback import About, Act, CaseState
from zhibu.rules.norm import (
    Activity,
    Attendees,
    Basis,
    Cadence,
    Field,
    Happening,
    OrganizationKind,
    Per,
    PracticeClass,
    Scope,
    Threshold,
    Unit,
)
from zhibu.rules.reach import Mode, Readers
from zhibu.rules.records import judge_record
from zhibu.rules.redaction import judge_redaction
from zhibu.rules.responsibilities import Fulfilment
from zhibu.rules.scope import explain_scope
from zhibu.rules.standing import LineFacts, State, judge_line
from zhibu.rules.tasks import judge_task
from zhibu.rules.verdicts import Article, Certainty, Severity, Verdict
from zhibu.rules.votes import VOTE_RULES, judge_decision, judge_election, judge_votes
from zhibu.rules.wording import (
    RULES,
    label,
    labels_of,
    nest_quotes,
    say,
    say_article,
    say_cadence,
    say_date,
    say_moment,
    say_months,
    say_scope,
    say_threshold,
)

FOLDER = Path(zhibu.rules.__file__).parent
OTHERS = ("packs", "digests", "chains", "roster_")  # their findings are no verdicts
ID = re.compile(r'"([A-Z]{4,8}-\d\d)"')


def emitted() -> set[str]:
    """The rule ids that stand in the code of the core, the catalogue left out."""
    found: set[str] = set()
    for file in FOLDER.glob("*.py"):
        if not file.stem.startswith((*OTHERS, "wording")):
            found |= set(ID.findall(file.read_text(encoding="utf-8")))
    return found


def test_every_rule_has_words_and_every_sentence_a_rule() -> None:
    """A rule without a sentence cannot be said; a sentence without a rule is never said."""
    assert emitted() == set(RULES)


def test_rules_are_told_apart() -> None:
    """Ids and titles come once; sentences end as sentences do; no English slips in."""
    assert len({rule.title for rule in RULES.values()}) >= len(RULES) - 6
    for rule in RULES.values():
        plain = re.sub(r"\{\w+\}", "", rule.template)
        assert plain.endswith("。") or rule.template.endswith(("{hint}", "{reason}"))
        assert not re.search(r"[A-Za-z]", plain)
        assert re.fullmatch(r"[A-Z]+-\d\d", rule.id)


def verdicts() -> list[Verdict]:
    """Verdicts of every rule, made by the rules themselves from the cases of the other tests."""
    found: list[Verdict] = []
    for scope, facts, _ in test_duties.CASES:
        asked = replace(test_duties.MONTHLY, title="主题党日", scope=scope)
        found += explain_scope(asked, facts, 2026)
    event = replace(test_duties.MONTHLY, cadence=Cadence(Unit.EVENT))
    late = replace(test_duties.MONTHLY, in_force_from=date(2027, 1, 1))
    found += explain_scope(event, branch(), 2026) + explain_scope(late, branch(), 2026)
    found += test_feedback.verdicts()
    found += test_reach.verdicts()
    found += test_responsibilities.verdicts()
    found += _of_redactions() + _of_lines() + _of_tables() + _of_records() + _of_votes()
    return found


def _of_redactions() -> list[Verdict]:
    asked = [
        ("head", "", "", frozenset()),
        ("minutes", "某法第一条", "理" * 251, frozenset()),
    ]
    return [
        verdict
        for part, basis, reason, showing in asked
        for verdict in judge_redaction(
            part=part, basis=basis, reason=reason, showing=showing, has_draft=True
        )
    ]


def _of_lines() -> list[Verdict]:
    opens, due = test_standing.OPENS, test_standing.DUE
    filed = date(2026, 12, 1)
    lines = [
        (LineFacts(opens, due), day)
        for day in (date(2026, 2, 1), date(2026, 3, 2), date(2026, 3, 30), date(2026, 4, 2))
    ]
    lines += [
        (LineFacts(opens, due, happened_on=day, filed_on=filed), filed)
        for day in (date(2026, 2, 1), date(2026, 3, 2), date(2026, 4, 2))
    ]
    lines.append((LineFacts(opens, due, opens), date(2026, 3, 2)))
    waived = LineFacts(opens, due, is_waived=True, waived_by="机关党委", waive_reason="集中办公")
    lines.append((waived, due))
    lines.append((LineFacts(opens, due, in_use_since=date(2026, 7, 1)), filed))
    found = [judge_line(line, today) for line, today in lines]
    tasks = [
        judge_task(task, day, grace_days=grace) for task, day, grace, *_ in test_tasks.STANDINGS
    ]
    said = [one.verdict for one in found] + [one.verdict for one in tasks]
    return said + [one.filing for one in found if one.filing]


def _of_tables() -> list[Verdict]:
    duties, lines = test_schedule.table(
        branch(), requirement("D1", title="支部党员大会"), requirement("D4", Activity.LESSON)
    )
    judge, calendar = test_schedule.judge_table, test_schedule.CALENDAR
    found = [*judge(lines[1:], duties, calendar), *judge(lines, duties[1:], calendar)]
    found += judge([*lines, lines[0]], duties, calendar)
    wrong = [
        test_schedule.line(planned_on=day, title="支部党员大会")
        for day in (date(2026, 2, 28), date(2026, 4, 4), date(2027, 1, 4), date(2027, 1, 4))
    ]
    found += judge(wrong, (), calendar)
    first = test_schedule.line(Activity.APPRAISAL, date(2026, 3, 2))
    second = test_schedule.line(Activity.ORGANIZATION_LIFE, date(2026, 3, 3))
    return found + list(judge([first, second], (), calendar))


def _of_records() -> list[Verdict]:
    full, today = test_records.FULL, test_records.TODAY
    asked = [test_records.MEETING, test_records.LESSON]
    contents = [replace(full, **changes) for changes, *_ in test_records.CASES]
    contents += [replace(full, **changes) for changes, *_ in test_tasks.RECORDS]
    contents.append(replace(full, activities=(Activity.GROUP_MEETING,)))
    few = tuple(
        replace(row, status=AttendanceStatus.LEAVE) if row.has_vote else row
        for row in full.attendance
    )
    contents += [replace(full, attendance=few), replace(full, attendance=few, decisions=())]
    found = [
        verdict
        for content in contents
        for verdict in judge_record(content, asked, test_records.FACTS, today=today)
    ]
    gone = replace(test_records.FACTS, span=test_records.Span(test_records.SINCE, date(2026, 3, 1)))
    found += judge_record(full, asked, gone, today=date(2026, 6, 1))
    two = replace(
        test_records.MEETING, elements=(test_records.Element("decisions", "决议", min_length=2),)
    )
    found += judge_record(full, [two], test_records.FACTS, today=today)
    far, near = date(1899, 1, 1), date(2026, 3, 1)
    target = test_records.LineTarget
    lines = [
        target("a", Activity.LESSON, far, near, "党课", "g2", is_waived=True, discharged_by="r"),
        target("b", Activity.MEMBERS_MEETING, date(2026, 6, 1), date(2100, 1, 1), "党员大会"),
    ]
    named = replace(full, lines=("a", "b", "c"))
    return [*found, *judge_record(named, asked, test_records.FACTS, today=today, lines=lines)]


def _of_votes() -> list[Verdict]:
    poll = VOTE_RULES[DecisionKind.ELECTION].majority
    meeting = Tally(20, 16, voters_expected=20, voters_present=16)
    found: list[Verdict] = []
    for votes, seats in (((15, 12, 12, 3), 2), ((15, 14, 12), 2)):
        names = tuple(Candidate(f"甲{at}", count) for at, count in enumerate(votes))
        decision = Decision(
            "选举支部委员会", written=1, kind=DecisionKind.ELECTION, candidates=names, seats=seats
        )
        found += judge_election(decision, poll, meeting)
    found += judge_votes(Decision("甲", 1, written=5), meeting)
    return found + judge_votes(Decision("甲", 9, 9, candidates=(Candidate("王一", 17),)), meeting)


def test_every_rule_is_said_with_its_facts() -> None:
    """Each rule is met at least once, and every place of its sentence is filled by a fact."""
    met = {verdict.rule: verdict for verdict in verdicts()}
    assert set(RULES) - set(met) == set()
    for verdict in verdicts():
        wanted = {
            name for _, name, _, _ in string.Formatter().parse(RULES[verdict.rule].template) if name
        }
        assert wanted <= set(verdict.facts), verdict.rule
        said = say(verdict)
        assert not re.search(r"None|[{}]|_|\b(true|false)\b", said), said
        assert "（）" not in said


def test_sentences() -> None:
    """Some sentences in full, as people read them."""
    said = {verdict.rule: say(verdict) for verdict in reversed(verdicts())}
    assert said["SCOPE-02"] == "“主题党日”2026年5—12月适用于本支部。"
    assert said["SCOPE-07"] == "全年正式党员不足7人（全年最多时3人），不作要求。"
    assert said["LINE-06"] == "应于2026年3月31日（周二）前（含当日）完成，至今没有记录，已逾期2天。"
    assert said["LINE-07"] == "已由机关党委批准免除。理由：集中办公。"
    assert said["RECORD-31"] == "刘四请假，请写明原因。"
    assert said["QUORUM-01"] == (
        "应到会有表决权人数4人，到会4人，达到规定（不少于应到会有表决权人数的半数，即至少2人）。"
    )
    lost = judge_decision(
        Decision("甲", 2),
        test_records.MEETING.majority or test_records.HALF,
        Tally(voters_expected=4),
    )
    assert say(lost) == "“甲”赞成2票，应到会有表决权人数4人，至少3票方可通过，未通过。"


ENUMS: list[type[StrEnum]] = [
    About,
    Act,
    CaseState,
    Activity,
    AttendanceStatus,
    Attendees,
    Basis,
    Certainty,
    DecisionKind,
    Field,
    Happening,
    Mode,
    OrganizationKind,
    Per,
    PracticeClass,
    Readers,
    Fulfilment,
    Severity,
    State,
    Unit,
]


@pytest.mark.parametrize("kind", ENUMS)
def test_every_value_has_its_own_word(kind: type[StrEnum]) -> None:
    """No English value is ever shown, and no two values of a kind look alike."""
    words = [label(member) for member in kind]
    assert len(set(words)) == len(words)
    assert all(re.search(r"[\u4e00-\u9fff]", word) for word in words)
    assert labels_of(kind) == tuple((m.value, label(m)) for m in kind)


def test_like_named_values_keep_their_own_words() -> None:
    """`committee` is three things."""
    words = {label(OrganizationKind.COMMITTEE), label(Attendees.COMMITTEE), label(Basis.COMMITTEE)}
    assert words == {"党委", "支部委员", "支部委员人数"}


def test_dates() -> None:
    """As an official text writes them, with the day of the week."""
    assert say_date(date(2026, 3, 12)) == "2026年3月12日（周四）"
    assert say_date(date(1899, 12, 31)) == "1899年12月31日（周日）"
    assert say_moment(datetime(2026, 3, 12, 9, 5)) == "2026年3月12日（周四）09:05"


@pytest.mark.parametrize(
    ("months", "said"),
    [((), "无"), (range(1, 13), "全年"), ((8, 1, 2, 3), "1—3月、8月"), ((12,), "12月")],
)
def test_months(months: tuple[int, ...], said: str) -> None:
    """Runs of months."""
    assert say_months(months) == said


@pytest.mark.parametrize(
    ("cadence", "said"),
    [
        (Cadence(Unit.QUARTER), "每季度一次"),
        (Cadence(Unit.MONTH, is_fixed_day=True), "每月一次（固定日）"),
        (Cadence(Unit.YEAR, months=(10, 11, 12)), "每年一次（第四季度）"),
        (Cadence(Unit.YEAR, times=2, months=(6, 12)), "每年两次（6月、12月）"),
        (Cadence(Unit.YEAR, every=3), "每三年一次"),
        (Cadence(Unit.MONTH, every=2), "每两个月一次"),
        (Cadence(Unit.TERM), "每届一次"),
        (Cadence(Unit.HALF), "每半年一次"),
        (Cadence(Unit.EVENT), "有关情形发生时"),
        (
            Cadence(Unit.EVENT, after=Happening.APPLICATION, within_months=1),
            "收到入党申请书后一个月内",
        ),
        (Cadence(Unit.EVENT, after=Happening.VACANCY), "委员出缺时"),
    ],
)
def test_cadences(cadence: Cadence, said: str) -> None:
    """How often, in words."""
    assert say_cadence(cadence) == said


@pytest.mark.parametrize(
    ("threshold", "said"),
    [
        (Threshold(Basis.VOTERS_EXPECTED, Fraction(1, 2)), "不少于应到会有表决权人数的半数"),
        (Threshold(Basis.VOTERS_PRESENT, Fraction(1, 2), True), "超过实到会有表决权人数的半数"),
        (Threshold(Basis.VOTERS_EXPECTED, Fraction(4, 5)), "不少于应到会有表决权人数的五分之四"),
        (Threshold(Basis.COMMITTEE, Fraction(1)), "达到全部支部委员人数"),
        (Threshold(Basis.EXPECTED, Fraction(19, 20)), "不少于应到人数的20分之19"),
    ],
)
def test_thresholds(threshold: Threshold, said: str) -> None:
    """超过 and 不少于 are never mixed up."""
    assert say_threshold(threshold) == said


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        (Scope(), "所有党支部"),
        (Scope(per=Per.GROUP, needs_groups=True), "每个党小组"),
        (Scope(min_full_members=7), "正式党员7人以上的党支部"),
        (
            Scope(fields=frozenset({Field.VILLAGE, Field.ORGAN}), needs_committee=True),
            "机关、村领域、设立支部委员会的党支部",
        ),
        (
            Scope(per=Per.GROUP, fields=frozenset({Field.ORGAN})),
            "机关领域的党支部的每个党小组",
        ),
    ],
)
def test_scopes(scope: Scope, said: str) -> None:
    """Whom a requirement binds, in words."""
    assert say_scope(scope) == said


def test_articles_carry_their_doubt() -> None:
    """What was not seen in its own text says so."""
    assert say_article(Article("条例第十一条", "S32", Certainty.SEEN)) == "条例第十一条"
    assert say_article(Article("条例第十六条", "S35", Certainty.SECONDARY)) == (
        "条例第十六条（据转引资料）"
    )
    assert say_article(None) == ""


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("“党课”与“主题党日”同日。", "“党课”与“主题党日”同日。"),
        (
            "““支部开放日”：旁听党课”与“主题党日”同日。",
            "“‘支部开放日’：旁听党课”与“主题党日”同日。",
        ),
        ("“引号没有写完“的题目”。", "“引号没有写完“的题目”。"),
        ("”反了“", "”反了“"),
    ],
)
def test_quotes_within_quotes(sentence: str, said: str) -> None:
    """Inner quotes are single; a text with a quote left open is left as it was written."""
    assert nest_quotes(sentence) == said


@given(st.sampled_from(sorted(RULES)), st.dictionaries(st.text(max_size=8), st.text(max_size=300)))
def test_odd_facts_never_fail(rule: str, facts: dict[str, str]) -> None:
    """Missing or strange facts leave gaps, not errors."""
    facts.pop("months", None)
    assert say(Verdict(rule, Severity.NOTE, "", facts))
