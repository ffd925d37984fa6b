"""What a record must hold, and its data."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules.samples import branch, group, member, requirement

from zhibu.rules.branches import Span
from zhibu.rules.contents_data import LONGEST_TEXT
from zhibu.rules.elements import says_nothing
from zhibu.rules.norm import Activity, Attendees, Basis, Element, Requirement, Threshold
from zhibu.rules.records import (
    AttachmentNote,
    Attendance,
    AttendanceStatus,
    Candidate,
    ContentError,
    Decision,
    DecisionKind,
    LineTarget,
    RecordContent,
    from_data,
    is_fit_to_file,
    judge_record,
    to_data,
)
from zhibu.rules.verdicts import Severity
from zhibu.rules.wording import say

TODAY = date(2026, 3, 20)
SINCE = date(2020, 1, 1)
TERM = (Span(SINCE),)
FACTS = branch(
    member("m1", SINCE, committee=TERM),
    member("m2", SINCE, committee=TERM),
    member("m3", SINCE, committee=TERM),
    member("m4", SINCE),
    member("m5", date(2025, 6, 1), full_on=None),
    member("m6", SINCE, voteless=TERM),
    since=SINCE,
    groups=(group("g1", SINCE),),
)
NAMES = {"m1": "王一", "m2": "李二", "m3": "张三", "m4": "刘四", "m5": "陈五", "m6": "杨六"}
HALF = Threshold(Basis.VOTERS_EXPECTED, Fraction(1, 2))
MEETING = requirement(
    "D1",
    quorum=HALF,
    majority=replace(HALF, is_strict=True),
    elements=(
        Element("topic", "议题"),
        Element("agenda", "议程", Severity.WARNING),
        Element("minutes", "会议内容", min_length=20),
    ),
)
LESSON = requirement(
    "D4",
    Activity.LESSON,
    elements=(Element("lecturer", "授课人", hint="写明姓名和职务"),),
)
TALK = requirement(
    "D8",
    Activity.TALK,
    attendees=Attendees.PAIR,
    elements=(Element("talk_pair", "谈话双方"), Element("decisions", "意见", Severity.WARNING)),
)
FULL = RecordContent(
    activities=(Activity.MEMBERS_MEETING,),
    topic="审议年度工作计划",
    began_at=datetime(2026, 3, 12, 14, 30),
    ended_at=datetime(2026, 3, 12, 16, 0),
    place="三楼会议室",
    presider="m1",
    recorder="m2",
    agenda="一、宣读计划；二、讨论；三、表决",
    minutes="支部书记王一宣读了年度工作计划草案，李二、张三先后发言，建议把党课改到季度中间，会议作了表决。",
    attendance=tuple(
        Attendance(key, name, has_vote=key not in ("m5", "m6")) for key, name in NAMES.items()
    ),
    decisions=(Decision("通过年度工作计划", 4),),
)


def rules(content: RecordContent, *asked: Requirement, **more: Any) -> list[str]:
    found = judge_record(content, asked or (MEETING,), FACTS, today=TODAY, **more)
    assert all(say(verdict) for verdict in found)
    return [verdict.rule for verdict in found]


def marked(at: int, **changes: Any) -> tuple[Attendance, ...]:
    """The full attendance with one row changed."""
    kept = list(FULL.attendance)
    kept[at] = replace(kept[at], **changes)
    return tuple(kept)


def test_a_complete_record_has_nothing_wrong() -> None:
    """What remains are notes: the quorum was reached, the decision carried."""
    found = judge_record(FULL, [MEETING], FACTS, today=TODAY)
    assert [(v.rule, v.severity) for v in found] == [
        ("QUORUM-01", Severity.NOTE),
        ("VOTE-01", Severity.NOTE),
    ]
    assert is_fit_to_file(found)


def test_an_empty_record_says_what_to_do() -> None:
    """Nothing but what is missing, and it is not fit to file."""
    found = judge_record(RecordContent(), [MEETING], FACTS, today=TODAY)
    assert [v.rule for v in found] == ["RECORD-01", "RECORD-03"]
    assert not is_fit_to_file(found)


ABSENT, LEAVE = AttendanceStatus.ABSENT, AttendanceStatus.LEAVE
CASES: list[tuple[dict[str, Any], str, Severity, str]] = [
    ({"activities": ()}, "RECORD-01", Severity.ERROR, "activities"),
    ({"began_at": None}, "RECORD-03", Severity.ERROR, "began_at"),
    ({"began_at": datetime(2026, 3, 21)}, "RECORD-04", Severity.ERROR, "began_at"),
    ({"began_at": datetime(2019, 12, 31)}, "RECORD-05", Severity.ERROR, "began_at"),
    ({"began_at": datetime(1899, 1, 1)}, "RECORD-05", Severity.ERROR, "began_at"),
    ({"ended_at": datetime(2026, 3, 12, 14, 29)}, "RECORD-07", Severity.ERROR, "ended_at"),
    ({"ended_at": datetime(2026, 3, 13, 14, 30)}, "RECORD-08", Severity.WARNING, "ended_at"),
    ({"decisions": (Decision(" "),)}, "RECORD-09", Severity.ERROR, "decisions[1]"),
    ({"topic": " "}, "RECORD-20", Severity.ERROR, "topic"),
    ({"place": ""}, "RECORD-20", Severity.WARNING, "place"),
    ({"presider": ""}, "RECORD-20", Severity.ERROR, "presider"),
    ({"recorder": ""}, "RECORD-20", Severity.WARNING, "recorder"),
    ({"agenda": ""}, "RECORD-20", Severity.WARNING, "agenda"),
    ({"attendance": ()}, "RECORD-20", Severity.ERROR, "attendance"),
    ({"minutes": "略。"}, "RECORD-21", Severity.ERROR, "minutes"),
    ({"minutes": "啊啊啊啊啊啊啊啊啊啊啊啊啊啊"}, "RECORD-21", Severity.ERROR, "minutes"),
    ({"topic": "……"}, "RECORD-21", Severity.ERROR, "topic"),
    ({"agenda": "无"}, "RECORD-21", Severity.WARNING, "agenda"),
    ({"minutes": "大家学习了文件并讨论"}, "RECORD-22", Severity.WARNING, "minutes"),
    (
        {"minutes": "大家学习了文件并讨论了计划，一致表示同意。"},
        "RECORD-23",
        Severity.WARNING,
        "minutes",
    ),
    (
        {"attendance": (*FULL.attendance, FULL.attendance[0])},
        "RECORD-30",
        Severity.ERROR,
        "attendance[7]",
    ),
    ({"attendance": marked(3, status=LEAVE)}, "RECORD-31", Severity.ERROR, "attendance[4]"),
    (
        {"attendance": (*FULL.attendance, Attendance("", " ", has_vote=False))},
        "RECORD-32",
        Severity.ERROR,
        "attendance[7]",
    ),
    (
        {"attendance": marked(0, status=ABSENT, reason="出差")},
        "RECORD-33",
        Severity.ERROR,
        "presider",
    ),
    ({"presider": "赵某"}, "RECORD-34", Severity.WARNING, "presider"),
    (
        {"attendance": marked(1, status=LEAVE, reason="病假")},
        "RECORD-35",
        Severity.ERROR,
        "recorder",
    ),
    ({"presider": "陈五"}, "RECORD-36", Severity.WARNING, "presider"),
    ({"presider": "m4"}, "RECORD-37", Severity.WARNING, "presider"),
    (
        {"attendance": (*FULL.attendance, Attendance("x9", "吴九"))},
        "RECORD-38",
        Severity.WARNING,
        "attendance[7]",
    ),
    ({"attendance": marked(5, has_vote=True)}, "RECORD-39", Severity.ERROR, "attendance[6]"),
    ({"attendance": marked(4, has_vote=True)}, "RECORD-40", Severity.ERROR, "attendance[5]"),
    ({"attendance": FULL.attendance[:5]}, "RECORD-41", Severity.WARNING, "attendance"),
    ({"decisions": (Decision("甲", 5),)}, "VOTE-03", Severity.ERROR, "decisions[1]"),
    ({"decisions": (Decision("甲", 2, 2),)}, "VOTE-02", Severity.WARNING, "decisions[1]"),
    ({"decisions": (Decision("甲", 2, 1),)}, "VOTE-13", Severity.WARNING, "decisions[1]"),
]


@pytest.mark.parametrize(("changes", "rule", "severity", "subject"), CASES)
def test_what_is_wrong(
    changes: dict[str, Any], rule: str, severity: Severity, subject: str
) -> None:
    """One thing spoilt in a complete record is named, with its weight and its field."""
    found = judge_record(replace(FULL, **changes), [MEETING], FACTS, today=TODAY)
    assert (rule, severity, subject) in {(v.rule, v.severity, v.subject) for v in found}
    assert rule not in rules(FULL)


def test_nothing_follows_from_votes_that_cannot_be() -> None:
    """More votes than voters: neither passed nor failed is said of them."""
    found = rules(replace(FULL, decisions=(Decision("甲", 9),)))
    assert "VOTE-03" in found
    assert not {"VOTE-01", "VOTE-02", "VOTE-13"} & set(found)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"attendance": marked(3, status=LEAVE, reason="病假")}, "RECORD-31"),
        ({"attendance": marked(3, status=LEAVE, is_expected=False)}, "RECORD-31"),
        ({"began_at": datetime(2026, 3, 20, 23, 59), "ended_at": None}, "RECORD-04"),
        ({"began_at": datetime(2020, 1, 1), "ended_at": None}, "RECORD-05"),
        ({"ended_at": datetime(2026, 3, 12, 14, 30)}, "RECORD-07"),
        ({"ended_at": datetime(2026, 3, 13, 2, 30)}, "RECORD-08"),
    ],
)
def test_what_is_just_right(changes: dict[str, Any], rule: str) -> None:
    """A reason given, today itself, the founding day itself: nothing to say."""
    assert rule not in rules(replace(FULL, **changes))


def test_a_dissolved_branch_meets_no_more() -> None:
    """After its last day a branch has no records."""
    facts = replace(FACTS, span=Span(SINCE, date(2026, 3, 11)))
    found = judge_record(FULL, [MEETING], facts, today=TODAY)
    assert "RECORD-06" in {verdict.rule for verdict in found}


def test_no_quorum_no_vote() -> None:
    """Without enough voters a vote is an error, a meeting without votes only a warning."""
    away = tuple(
        replace(row, status=LEAVE, reason="出差") if row.member in ("m2", "m3", "m4") else row
        for row in FULL.attendance
    )
    content = replace(FULL, attendance=away, recorder="m5")
    assert "QUORUM-02" in rules(content)
    assert "QUORUM-03" in rules(replace(content, decisions=()))


def test_an_event_of_two_kinds_answers_both() -> None:
    """A members' meeting with a lesson needs a lecturer too."""
    both = replace(FULL, activities=(Activity.MEMBERS_MEETING, Activity.LESSON))
    found = judge_record(both, [MEETING, LESSON], FACTS, today=TODAY)
    missing = [verdict for verdict in found if verdict.rule == "RECORD-20"]
    assert [verdict.subject for verdict in missing] == ["elements.lecturer"]
    assert say(missing[0]) == "请填写授课人。写明姓名和职务。"
    assert "RECORD-20" not in rules(replace(both, elements={"lecturer": "王一"}), MEETING, LESSON)
    assert "RECORD-21" in rules(replace(both, elements={"lecturer": "无"}), MEETING, LESSON)


def test_requirements_of_other_activities_ask_for_nothing() -> None:
    """A lesson's fields are not asked of a meeting."""
    assert rules(FULL, MEETING, LESSON) == ["QUORUM-01", "VOTE-01"]


def test_a_talk_is_no_meeting() -> None:
    """No presider, no attendance; only what the norm names."""
    talk = RecordContent((Activity.TALK,), began_at=FULL.began_at)
    found = judge_record(talk, [TALK], FACTS, today=TODAY)
    assert [(v.rule, v.subject, v.severity) for v in found] == [
        ("RECORD-20", "elements.talk_pair", Severity.ERROR),
        ("RECORD-20", "decisions", Severity.WARNING),
    ]


def test_a_number_of_parts_may_be_asked_for() -> None:
    """Two decisions where two are asked for."""
    asked = replace(TALK, elements=(Element("decisions", "意见", min_length=2),))
    talk = RecordContent(
        (Activity.TALK,), began_at=FULL.began_at, decisions=(Decision("改进会风"),)
    )
    assert rules(talk, asked) == ["RECORD-24"]


@pytest.mark.parametrize("kind", [Activity.OTHER, Activity.REPORT])
def test_an_own_activity_of_a_mixed_kind_says_what_was_done(kind: Activity) -> None:
    """A calligraphy circle is no analysis of what members think: what was done is all it owes."""
    own = RecordContent((kind,), began_at=FULL.began_at)
    found = judge_record(own, [], FACTS, today=TODAY)
    assert [(v.rule, v.subject, v.severity) for v in found] == [
        ("RECORD-20", "topic", Severity.WARNING),
        ("RECORD-20", "minutes", Severity.ERROR),
    ]


def test_an_own_activity_is_a_meeting_by_its_kind() -> None:
    """A branch's own study has no requirement and still has a place and a presider."""
    study = RecordContent((Activity.STUDY,), began_at=FULL.began_at)
    found = judge_record(study, [], FACTS, today=TODAY)
    assert {verdict.subject for verdict in found} == {
        "topic",
        "place",
        "presider",
        "recorder",
        "attendance",
        "minutes",
    }


def test_what_the_norm_leaves_free_stops_no_filing() -> None:
    """A lesson whose norm says 选填 of the minutes is filed without; what it does not name is asked."""
    norm = replace(
        LESSON, elements=(*LESSON.elements, Element("minutes", "会议内容", Severity.NOTE))
    )
    lesson = replace(
        FULL,
        activities=(Activity.LESSON,),
        minutes="",
        presider="",
        decisions=(),
        elements={"lecturer": "王一，支部书记"},
    )
    found = {v.subject: v for v in judge_record(lesson, [norm], FACTS, today=TODAY)}
    assert found["minutes"].severity is Severity.NOTE
    assert found["presider"].severity is Severity.ERROR
    assert found["presider"].article is None  # no article says so in these words


def test_of_two_requirements_the_stricter_asks() -> None:
    """选填 in the one and 应填 in the other is 应填, with the article of the other."""
    free = replace(LESSON, elements=(Element("place", "地点", Severity.NOTE),))
    asked = replace(
        MEETING,
        elements=(Element("place", "地点", Severity.WARNING),),
        article=replace(MEETING.article, text="第十一条"),
    )
    content = replace(FULL, activities=(Activity.LESSON, Activity.MEMBERS_MEETING), place="")
    found = [
        v for v in judge_record(content, [free, asked], FACTS, today=TODAY) if v.subject == "place"
    ]
    assert [(v.severity, v.article) for v in found] == [(Severity.WARNING, asked.article)]


def test_one_meeting_has_one_quorum() -> None:
    """Three votes, and who came is said once."""
    content = replace(FULL, decisions=(FULL.decisions[0],) * 3)
    assert rules(content) == ["QUORUM-01", "VOTE-01", "VOTE-01", "VOTE-01"]


def test_of_namesakes_the_one_who_came_presided() -> None:
    """The presider is written by name, and a second of that name is on leave."""
    rows = tuple(
        replace(row, name="王伟") if at < 2 else row for at, row in enumerate(FULL.attendance)
    )
    for away in (0, 1):
        changed = list(rows)
        changed[away] = replace(rows[away], status=LEAVE, reason="出差")
        content = replace(FULL, attendance=tuple(changed), presider="王伟", recorder="王伟")
        assert not {"RECORD-33", "RECORD-35"} & set(rules(content))


def test_a_group_meeting_names_its_group() -> None:
    """Which group met is not to be guessed."""
    content = replace(FULL, activities=(Activity.GROUP_MEETING,), decisions=())
    assert "RECORD-02" in rules(content)
    assert "RECORD-02" not in rules(replace(content, group="g1"))


@pytest.mark.parametrize(
    ("line", "rule", "severity"),
    [
        (LineTarget("l", Activity.LESSON, SINCE, TODAY), "RECORD-11", Severity.ERROR),
        (
            LineTarget("l", Activity.MEMBERS_MEETING, SINCE, TODAY, group="g1"),
            "RECORD-12",
            Severity.ERROR,
        ),
        (
            LineTarget("l", Activity.MEMBERS_MEETING, SINCE, TODAY, discharged_by="r"),
            "RECORD-13",
            Severity.ERROR,
        ),
        (
            LineTarget("l", Activity.MEMBERS_MEETING, SINCE, TODAY, is_waived=True),
            "RECORD-14",
            Severity.ERROR,
        ),
        (
            LineTarget("l", Activity.MEMBERS_MEETING, date(2026, 3, 13), TODAY),
            "RECORD-15",
            Severity.WARNING,
        ),
        (
            LineTarget("l", Activity.MEMBERS_MEETING, SINCE, date(2026, 3, 11)),
            "RECORD-16",
            Severity.WARNING,
        ),
        (LineTarget("k", Activity.MEMBERS_MEETING, SINCE, TODAY), "RECORD-10", Severity.ERROR),
        (
            LineTarget("l", Activity.MEMBERS_MEETING, date(2026, 3, 12), date(2026, 3, 12)),
            None,
            None,
        ),
    ],
)
def test_lines_that_a_record_can_discharge(
    line: LineTarget, rule: str | None, severity: Severity | None
) -> None:
    """The wrong kind is an error, a day outside the window a warning."""
    found = judge_record(replace(FULL, lines=("l",)), [MEETING], FACTS, today=TODAY, lines=[line])
    of_lines = [(v.rule, v.severity) for v in found if v.subject == "lines"]
    assert of_lines == ([(rule, severity)] if rule else [])


def test_written_late_is_said_while_writing() -> None:
    """On the sixteenth day the form says that it will look late."""
    found = judge_record(FULL, [MEETING], FACTS, today=date(2026, 3, 28))
    assert "FILING-01" in {verdict.rule for verdict in found}


@pytest.mark.parametrize(
    ("text", "is_empty"),
    [
        ("无", True),
        ("略。", True),
        ("同上", True),
        ("111", True),
        ("。。。", True),
        ("TEST", True),
        ("N/A", True),
        ("", False),
        ("无异议，一致同意", False),
        ("李二", False),
        ("22", False),
    ],
)
def test_placeholders(text: str, is_empty: bool) -> None:
    """What people write when they write nothing."""
    assert says_nothing(text) is is_empty


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
counts = st.integers(0, 1000)
moments = st.none() | st.datetimes(timezones=st.sampled_from([None, timezone(timedelta(hours=8))]))
attendances = st.builds(
    Attendance,
    st.sampled_from(["", "m1", "m5", "x"]),
    texts,
    st.sampled_from(AttendanceStatus),
    texts,
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
decisions = st.builds(
    Decision,
    texts,
    counts,
    counts,
    counts,
    counts,
    st.sampled_from(DecisionKind),
    st.lists(st.builds(Candidate, texts, counts, counts, counts), max_size=3).map(tuple),
    counts,
)
contents = st.builds(
    RecordContent,
    st.lists(st.sampled_from(Activity), unique=True, max_size=3).map(tuple),
    texts,
    moments,
    moments,
    texts,
    texts,
    texts,
    texts,
    texts,
    st.lists(texts, max_size=3).map(tuple),
    st.lists(attendances, max_size=4).map(tuple),
    st.lists(decisions, max_size=2).map(tuple),
    st.dictionaries(texts, texts, max_size=3),
    st.lists(st.builds(AttachmentNote, texts, texts, texts, counts, texts), max_size=2).map(tuple),
    st.lists(texts, max_size=2).map(tuple),
    texts,
)


@given(contents)
def test_data_is_without_loss(content: RecordContent) -> None:
    """Through JSON and back nothing changes."""
    assert from_data(json.loads(json.dumps(to_data(content)))) == content


@given(contents, st.dates())
def test_any_content_can_be_judged(content: RecordContent, today: date) -> None:
    """No content, no day and no name makes a rule fail, and every verdict has its sentence."""
    lines = [LineTarget("l", Activity.LESSON, date(1899, 1, 1), date(2100, 1, 1), "长" * 200)]
    for verdict in judge_record(content, [MEETING, LESSON, TALK], FACTS, today=today, lines=lines):
        assert say(verdict)


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.sampled_from(list(to_data(FULL))), junk, st.sampled_from([None, 0]))
def test_junk_is_refused_by_name(field: str, value: object, row: int | None) -> None:
    """Junk in a field is either read as what it says or refused with the field's name."""
    data = to_data(FULL)
    held = data[field]
    if row is not None and isinstance(held, list):
        data[field] = [value]
    else:
        data[field] = value
    refused = None
    try:
        again = from_data(data)
    except ContentError as error:
        refused = error
    if refused is None:
        assert from_data(to_data(again)) == again
    else:
        assert refused.field.startswith(field)
        assert refused.reason


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (None, "记录"),
        ([], "记录"),
        ({"topic": 1}, "topic"),
        ({"topic": "a\x00b"}, "topic"),
        ({"topic": "\ud800"}, "topic"),
        ({"minutes": "长" * (LONGEST_TEXT + 1)}, "minutes"),
        ({"began_at": "yesterday"}, "began_at"),
        ({"activities": ["party"]}, "activities[1]"),
        ({"activities": "lesson"}, "activities"),
        ({"attendance": [{}, {"status": "sleeping"}]}, "attendance[2].status"),
        ({"attendance": ["m1"]}, "attendance[1]"),
        ({"attendance": [{"has_vote": 1}]}, "attendance[1].has_vote"),
        ({"decisions": [{"for": True}]}, "decisions[1].for"),
        ({"decisions": [{"for": -1}]}, "decisions[1].for"),
        ({"decisions": [{"for": 10**9}]}, "decisions[1].for"),
        ({"decisions": [{"candidates": [{"for": 1.5}]}]}, "decisions[1].candidates[1].for"),
        ({"elements": {"lecturer": 5}}, "elements.lecturer"),
        ({"elements": []}, "elements"),
        ({"guests": ["a"] * 10_001}, "guests"),
    ],
)
def test_what_data_cannot_hold(data: object, field: str) -> None:
    """The field is named to the row, counted from one."""
    with pytest.raises(ContentError) as caught:
        from_data(data)
    assert caught.value.field == field


def test_what_is_left_out_is_empty() -> None:
    """An old draft without newer fields is still read; what is unknown is passed over."""
    assert from_data({}) == RecordContent()
    assert from_data({"topic": None, "colour": "red"}) == RecordContent()
