"""Attendance, quorum and votes at their boundaries."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules import samples
from tests.rules.samples import branch, member, requirement

from zhibu.rules.attendance import Tally, expected_attendees, tally_attendance
from zhibu.rules.branches import Span
from zhibu.rules.contents import (
    Attendance,
    AttendanceStatus,
    Candidate,
    Decision,
    DecisionKind,
    RecordContent,
)
from zhibu.rules.norm import Activity, Attendees, Basis, Requirement, Threshold
from zhibu.rules.votes import (
    VOTE_RULES,
    base_of,
    judge_decision,
    judge_election,
    judge_quorum,
    judge_uncounted,
    judge_votes,
    needed,
    present_of,
    reaches,
    vote_rule,
)

DAY = date(2026, 3, 12)
ORDINARY = VOTE_RULES[DecisionKind.ORDINARY]
ADMISSION = VOTE_RULES[DecisionKind.ADMISSION]
POLL = VOTE_RULES[DecisionKind.ELECTION]
HALF_OF_COMMITTEE = Threshold(Basis.COMMITTEE, Fraction(1, 2))


def tally(expected: int, present: int) -> Tally:
    """A meeting of voters only."""
    return Tally(
        expected,
        present,
        absent=expected - present,
        voters_expected=expected,
        voters_present=present,
        committee_expected=expected,
        committee_present=present,
    )


@pytest.mark.parametrize(
    ("threshold", "expected", "present", "is_reached"),
    [
        # at least half of the voters came (半数以上到会)
        (ORDINARY.quorum, 20, 9, False),
        (ORDINARY.quorum, 20, 10, True),
        (ORDINARY.quorum, 21, 10, False),
        (ORDINARY.quorum, 21, 11, True),
        # half of those expected does not do here: 必须超过应到会的半数
        (ADMISSION.quorum, 20, 10, False),
        (ADMISSION.quorum, 20, 11, True),
        (ADMISSION.quorum, 21, 11, True),
        # elections: not less than four fifths
        (POLL.quorum, 20, 15, False),
        (POLL.quorum, 20, 16, True),
        (POLL.quorum, 21, 16, False),
        (POLL.quorum, 21, 17, True),
        # the rule of 1990: more than four fifths
        (Threshold(Basis.VOTERS_EXPECTED, Fraction(4, 5), is_strict=True), 20, 16, False),
        (Threshold(Basis.VOTERS_EXPECTED, Fraction(4, 5), is_strict=True), 20, 17, True),
        (HALF_OF_COMMITTEE, 5, 2, False),
        (HALF_OF_COMMITTEE, 5, 3, True),
        (HALF_OF_COMMITTEE, 4, 2, True),
        (ORDINARY.quorum, 0, 0, False),
    ],
)
def test_quorums(threshold: Threshold, expected: int, present: int, is_reached: bool) -> None:
    """Each half and each four fifths at its own boundary."""
    meeting = tally(expected, present)
    assert (judge_quorum(threshold, meeting).rule == "QUORUM-01") is is_reached
    with_votes = judge_quorum(threshold, meeting, has_votes=True).rule
    without = judge_quorum(threshold, meeting, has_votes=False).rule
    assert (with_votes, without) == (
        ("QUORUM-01", "QUORUM-01") if is_reached else ("QUORUM-02", "QUORUM-03")
    )


@pytest.mark.parametrize(
    ("threshold", "expected", "present", "votes", "is_carried"),
    [
        (ORDINARY.majority, 20, 15, 10, False),  # more than half of 应到, not of 实到
        (ORDINARY.majority, 20, 15, 11, True),
        (ORDINARY.majority, 21, 15, 11, True),
        (POLL.majority, 20, 16, 8, False),  # more than half of 实到
        (POLL.majority, 20, 16, 9, True),
        (POLL.majority, 20, 17, 9, True),
    ],
)
def test_majorities(
    threshold: Threshold, expected: int, present: int, votes: int, is_carried: bool
) -> None:
    """A meeting decides by those expected, an election by those who came."""
    verdict = judge_decision(Decision("通过计划", votes), threshold, tally(expected, present))
    assert (verdict.rule == "VOTE-01") is is_carried


@given(st.integers(0, 300), st.integers(1, 300), st.fractions(0, 1), st.booleans())
def test_needed_is_the_smallest_count_that_reaches(
    count: int, base: int, share: Fraction, is_strict: bool
) -> None:
    """Reaching a share and having as many as are needed are the same thing."""
    threshold = Threshold(Basis.EXPECTED, share, is_strict)
    assert reaches(threshold, count, base) is (count >= needed(threshold, base))


@pytest.mark.parametrize("basis", list(Basis))
def test_bases(basis: Basis) -> None:
    """Each base counts its own people."""
    meeting = Tally(10, 8, 1, 1, 1, 0, 2, 7, 6, 5, 4)
    expected = {
        Basis.EXPECTED: (10, 8),
        Basis.PRESENT: (8, 8),
        Basis.VOTERS_EXPECTED: (7, 6),
        Basis.VOTERS_PRESENT: (6, 6),
        Basis.COMMITTEE: (5, 4),
    }
    assert (base_of(basis, meeting), present_of(basis, meeting)) == expected[basis]


@pytest.mark.parametrize(
    ("decision", "rules"),
    [
        (Decision("甲", 12, 2, 1), []),
        (Decision("甲", 12, 2, 2), ["VOTE-03"]),
        (Decision("甲", 12, 2, 2, written=1), []),
        (Decision("甲", 12, 2, 8, written=6), ["VOTE-03", "VOTE-04"]),
        (Decision("甲", 1, written=2), ["VOTE-05"]),
        (Decision("甲"), []),
        (Decision("甲", candidates=(Candidate("王一", 10, 3, 3),)), ["VOTE-06"]),
        (Decision("甲", candidates=(Candidate("王一", 10, 3, 2),)), []),
    ],
)
def test_votes_add_up(decision: Decision, rules: list[str]) -> None:
    """Fifteen of twenty voters came: no more votes than them and the written opinions."""
    assert [verdict.rule for verdict in judge_votes(decision, tally(20, 15))] == rules


@pytest.mark.parametrize(
    ("decision", "missing"),
    [
        (Decision("甲", 12, 2, 1), None),
        (Decision("甲", 12, 2, 0), 1),
        (Decision("甲", 12, 2, 1, written=1), 1),
        (Decision("甲", 12, 2, 2, written=1), None),
        (Decision("甲", 12, 2, 2), None),  # too many is another fault
        (Decision("甲"), None),  # no vote was taken
        (Decision("甲", 1, kind=DecisionKind.RATING), None),
        (Decision("甲", 1, candidates=(Candidate("王一", 10, 3, 2),)), None),
    ],
)
def test_whose_vote_is_not_counted(decision: Decision, missing: int | None) -> None:
    """Fifteen of twenty voters came: what they said adds up to fifteen, and the written opinions."""
    found = list(judge_uncounted([Decision("乙"), decision], tally(20, 15)))
    said = [(one.rule, one.subject, one.facts["missing"]) for one in found]
    assert said == ([("VOTE-13", "decisions[2]", missing)] if missing else [])


@pytest.mark.parametrize(
    ("votes", "seats", "rules"),
    [
        ((15, 14, 9, 3), 3, ["VOTE-08", "VOTE-08", "VOTE-08", "VOTE-09"]),
        ((15, 14, 8, 3), 3, ["VOTE-08", "VOTE-08", "VOTE-09", "VOTE-09", "VOTE-11"]),
        ((15, 14, 12, 10), 3, ["VOTE-08", "VOTE-08", "VOTE-08", "VOTE-12"]),
        ((15, 12, 12, 3), 2, ["VOTE-08", "VOTE-10", "VOTE-10", "VOTE-09", "VOTE-11"]),
        ((9,), 0, ["VOTE-08"]),
    ],
)
def test_elections(votes: tuple[int, ...], seats: int, rules: list[str]) -> None:
    """Over half of those who came; the most votes where too many are; ties are voted on again."""
    names = tuple(Candidate(f"甲{at}", count, 16 - count) for at, count in enumerate(votes))
    decision = Decision("选举支委会", kind=DecisionKind.ELECTION, candidates=names, seats=seats)
    found = judge_election(decision, POLL.majority, tally(20, 16))
    assert [verdict.rule for verdict in found] == rules


def test_no_written_votes_in_an_election() -> None:
    """Who is not there cannot vote in an election; the record is asked to be looked at again."""
    decision = Decision(
        "选举", written=1, kind=DecisionKind.ELECTION, candidates=(Candidate("甲", 12),)
    )
    found = judge_election(decision, None, tally(20, 16))
    assert [verdict.rule for verdict in found] == ["VOTE-07"]


OWN = Threshold(Basis.VOTERS_EXPECTED, Fraction(2, 3))


@pytest.mark.parametrize(
    ("kind", "asked", "activities", "quorum"),
    [
        (DecisionKind.ORDINARY, [], [Activity.MEMBERS_MEETING], ORDINARY.quorum),
        (DecisionKind.ORDINARY, [], [Activity.GROUP_MEETING], None),
        (DecisionKind.ORDINARY, [requirement(quorum=OWN)], [Activity.MEMBERS_MEETING], OWN),
        (DecisionKind.ADMISSION, [requirement(quorum=OWN)], [], ADMISSION.quorum),
        (DecisionKind.ADMISSION, [requirement("A", Activity.ADMISSION, quorum=OWN)], [], OWN),
        (DecisionKind.ORDINARY, [requirement("A", Activity.ADMISSION, quorum=OWN)], [], None),
        (DecisionKind.ELECTION, [requirement(quorum=OWN)], [], POLL.quorum),
        (DecisionKind.RATING, [requirement(quorum=OWN)], [Activity.MEMBERS_MEETING], None),
        (
            DecisionKind.ORDINARY,
            [
                replace(samples.COMMITTEE, quorum=HALF_OF_COMMITTEE),
                requirement(quorum=OWN),
            ],
            [],
            OWN,
        ),
    ],
)
def test_which_rule_a_decision_follows(
    kind: DecisionKind,
    asked: list[Requirement],
    activities: list[Activity],
    quorum: Threshold | None,
) -> None:
    """The norm's own rule for that kind first, then the general one; a group has none."""
    assert vote_rule(Decision("甲", 1, kind=kind), asked, activities).quorum == quorum


FOUR_FIFTHS = Fraction(4, 5)


@pytest.mark.parametrize(
    ("kind", "day", "quorum"),
    [
        (DecisionKind.ORDINARY, date(2018, 10, 27), None),
        (DecisionKind.ORDINARY, date(2018, 10, 28), ORDINARY.quorum),
        (DecisionKind.DISCIPLINE, date(2017, 10, 18), None),
        (DecisionKind.ADMISSION, date(2017, 10, 18), ADMISSION.quorum),
        (
            DecisionKind.ELECTION,
            date(2020, 7, 12),
            Threshold(Basis.VOTERS_EXPECTED, FOUR_FIFTHS, is_strict=True),
        ),
        (DecisionKind.ELECTION, date(2020, 7, 13), Threshold(Basis.VOTERS_EXPECTED, FOUR_FIFTHS)),
    ],
)
def test_a_meeting_is_judged_by_the_texts_of_its_day(
    kind: DecisionKind, day: date, quorum: Threshold | None
) -> None:
    """Before the rules of 2018 and 2020 their numbers, and their articles, do not apply."""
    rule = vote_rule(Decision("甲", 1, kind=kind), [], [Activity.MEMBERS_MEETING], day=day)
    assert rule.quorum == quorum
    assert (rule.article is None) is (quorum is None)


rows = st.builds(
    Attendance,
    member=st.uuids().map(str),
    status=st.sampled_from(AttendanceStatus),
    is_expected=st.booleans(),
    has_vote=st.booleans(),
    is_committee=st.booleans(),
)


@given(st.lists(rows), st.lists(st.sampled_from(["", "  ", "李某"])))
def test_attendance_adds_up(some: list[Attendance], guests: list[str]) -> None:
    """应到 is 实到 and those on leave and those absent; nobody is lost."""
    found = tally_attendance(RecordContent(attendance=tuple(some), guests=tuple(guests)))
    assert found.expected == found.present + found.leave + found.absent
    assert found.expected + found.excused == len(some)
    assert found.late <= found.present
    assert found.voters_present <= min(found.voters_expected, found.present)
    assert found.committee_present <= found.committee_expected <= found.expected
    assert found.guests == guests.count("李某")


def test_who_need_not_come_counts_when_they_come() -> None:
    """An ill member who stays away is not 应到; one who comes is 应到 and 实到."""
    away = Attendance("m1", status=AttendanceStatus.LEAVE, is_expected=False)
    came = Attendance("m2", is_expected=False)
    found = tally_attendance(RecordContent(attendance=(away, came)))
    assert (found.expected, found.present, found.excused) == (1, 1, 1)
    assert (found.voters_expected, found.voters_present) == (1, 1)


ILL = (Span(date(2026, 1, 1), date(2026, 6, 30)),)
PEOPLE = branch(
    member("full", committee=(Span(date(2020, 1, 1)),), group="g1"),
    member("probationary", full_on=date(2026, 9, 1), group="g1"),
    member("ill", infirm=ILL, group="g2"),
    member("away", away=ILL),
    member("watched", voteless=ILL),
    member("gone", until=date(2026, 3, 11)),
    member("new", date(2026, 3, 13)),
)


@pytest.mark.parametrize(
    ("attendees", "group", "expected"),
    [
        (Attendees.MEMBERS, None, ["full", "probationary", "ill", "away", "watched"]),
        (Attendees.FULL_MEMBERS, None, ["full", "ill", "away", "watched"]),
        (Attendees.COMMITTEE, None, ["full"]),
        (Attendees.GROUP, "g1", ["full", "probationary"]),
        (Attendees.GROUP, None, []),
        (Attendees.PAIR, None, []),
        (Attendees.NONE, None, []),
    ],
)
def test_who_is_expected(attendees: Attendees, group: str | None, expected: list[str]) -> None:
    """Who belongs to the branch, the committee or the group on that day."""
    found = expected_attendees(requirement(attendees=attendees), PEOPLE, DAY, group=group)
    assert [row.member for row in found] == expected
    assert all(row.is_expected for row in found)


def test_who_has_a_vote() -> None:
    """Probationary members and those without a vote are expected and do not vote."""
    found = expected_attendees(requirement(), PEOPLE, DAY)
    assert [row.member for row in found if row.has_vote] == ["full", "ill", "away"]
    assert [row.member for row in found if row.is_committee] == ["full"]


@pytest.mark.parametrize(
    ("day", "may_vote"), [(date(2026, 8, 31), False), (date(2026, 9, 1), True)]
)
def test_a_member_votes_from_the_day_of_becoming_full(day: date, may_vote: bool) -> None:
    """On the very day, not before."""
    rows_by_member = {row.member: row for row in expected_attendees(requirement(), PEOPLE, day)}
    assert rows_by_member["probationary"].has_vote is may_vote


@pytest.mark.parametrize(
    ("asked", "excused"),
    [
        ([requirement()], []),
        ([requirement(excuses_infirm=True)], ["ill"]),
        ([requirement(excuses_away=True)], ["away"]),
        ([requirement(excuses_infirm=True, excuses_away=True)], ["ill", "away"]),
        ([requirement(excuses_infirm=True), requirement("D4")], []),
    ],
)
def test_old_and_ill_count_where_the_rule_says_so(
    asked: list[Requirement], excused: list[str]
) -> None:
    """Who is excused by every rule that the event answers need not come."""
    found = expected_attendees(asked, PEOPLE, DAY)
    assert [row.member for row in found if not row.is_expected] == excused
    later = expected_attendees(asked, PEOPLE, date(2026, 7, 1))
    assert all(row.is_expected for row in later)
