"""Quorum and votes, each with its own base: 应到, 实到, those who may vote, the committee."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from zhibu.rules.attendance import Tally
from zhibu.rules.contents import Candidate, Decision, DecisionKind
from zhibu.rules.norm import Activity, Basis, Requirement, Threshold
from zhibu.rules.verdicts import Article, Certainty, Severity, Verdict

HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class VoteRule:
    """Which quorum and which majority one kind of decision needs; None where nothing is asked."""

    quorum: Threshold | None
    majority: Threshold | None
    article: Article | None


_MEETING = Article("支部工作条例（试行）第十一条", "S32", Certainty.SEEN)
_ADMISSION = Article("发展党员工作细则第二十条、第三十三条", "S73", Certainty.SEEN)
_ELECTION = Article("基层组织选举工作条例", "S70", Certainty.SECONDARY)
_ELECTION_1990 = Article("基层组织选举工作暂行条例（1990年）", "S69、S71", Certainty.SEEN)

AT_LEAST_HALF = Threshold(Basis.VOTERS_EXPECTED, HALF)
OVER_HALF = Threshold(Basis.VOTERS_EXPECTED, HALF, is_strict=True)

VOTE_RULES: Mapping[DecisionKind, VoteRule] = {
    DecisionKind.ORDINARY: VoteRule(AT_LEAST_HALF, OVER_HALF, _MEETING),
    DecisionKind.DISCIPLINE: VoteRule(AT_LEAST_HALF, OVER_HALF, _MEETING),
    DecisionKind.ADMISSION: VoteRule(OVER_HALF, OVER_HALF, _ADMISSION),
    DecisionKind.CONVERSION: VoteRule(OVER_HALF, OVER_HALF, _ADMISSION),
    DecisionKind.ELECTION: VoteRule(
        Threshold(Basis.VOTERS_EXPECTED, Fraction(4, 5)),
        Threshold(Basis.VOTERS_PRESENT, HALF, is_strict=True),
        _ELECTION,
    ),
    DecisionKind.RATING: VoteRule(None, None, None),
}
"""What a members' meeting needs where the norm at hand says nothing of its own. Two half rules
stand beside each other: 半数以上到会 (half is enough) and 必须超过应到会的半数 (half is not)."""

NO_RULE = VoteRule(None, None, None)

EARLIER_RULES: Mapping[DecisionKind, tuple[date, VoteRule]] = {
    DecisionKind.ORDINARY: (date(2018, 10, 28), NO_RULE),
    DecisionKind.DISCIPLINE: (date(2018, 10, 28), NO_RULE),
    DecisionKind.ELECTION: (
        date(2020, 7, 13),
        VoteRule(
            Threshold(Basis.VOTERS_EXPECTED, Fraction(4, 5), is_strict=True),
            Threshold(Basis.VOTERS_PRESENT, HALF, is_strict=True),
            _ELECTION_1990,
        ),
    ),
}
"""What held before a day: a meeting of 2017 is not judged by a text of 2018 (domain.md 2.0, 2.4)."""

ACTIVITY_OF_KIND: Mapping[DecisionKind, Activity] = {
    DecisionKind.ADMISSION: Activity.ADMISSION,
    DecisionKind.CONVERSION: Activity.ADMISSION,
    DecisionKind.ELECTION: Activity.ELECTION,
}
"""The activity whose requirement rules a kind of decision."""


def base_of(basis: Basis, tally: Tally) -> int:
    """How many the whole is that a share is taken of."""
    if basis is Basis.EXPECTED:
        return tally.expected
    if basis is Basis.PRESENT:
        return tally.present
    if basis is Basis.VOTERS_EXPECTED:
        return tally.voters_expected
    if basis is Basis.VOTERS_PRESENT:
        return tally.voters_present
    # In a meeting of the committee alone everybody expected is of the committee.
    return tally.committee_expected or tally.expected


def present_of(basis: Basis, tally: Tally) -> int:
    """How many of that whole are there."""
    if basis in (Basis.EXPECTED, Basis.PRESENT):
        return tally.present
    if basis in (Basis.VOTERS_EXPECTED, Basis.VOTERS_PRESENT):
        return tally.voters_present
    return tally.committee_present if tally.committee_expected else tally.present


def reaches(threshold: Threshold, count: int, base: int) -> bool:
    """Whether a count reaches (or, where strict, exceeds) the share of a base; never of nothing."""
    if base <= 0:
        return False
    reached, asked = count * threshold.share.denominator, base * threshold.share.numerator
    return reached > asked if threshold.is_strict else reached >= asked


def needed(threshold: Threshold, base: int) -> int:
    """The smallest count that reaches the share of a base."""
    asked = base * threshold.share.numerator
    whole, rest = divmod(asked, threshold.share.denominator)
    return whole + 1 if threshold.is_strict or rest else whole


def judge_quorum(
    threshold: Threshold,
    tally: Tally,
    *,
    has_votes: bool = True,
    article: Article | None = None,
) -> Verdict:
    """Whether enough came. Where votes were taken without a quorum it is an error."""
    base, there = base_of(threshold.basis, tally), present_of(threshold.basis, tally)
    facts = {
        "basis": threshold.basis,
        "threshold": threshold,
        "base": base,
        "there": there,
        "needed": needed(threshold, base),
    }
    if reaches(threshold, there, base):
        return Verdict("QUORUM-01", Severity.NOTE, "attendance", facts, article)
    if has_votes:
        return Verdict("QUORUM-02", Severity.ERROR, "attendance", facts, article)
    return Verdict("QUORUM-03", Severity.WARNING, "attendance", facts, article)


def judge_decision(
    decision: Decision,
    threshold: Threshold,
    tally: Tally,
    *,
    subject: str = "decisions",
    article: Article | None = None,
) -> Verdict:
    """Whether a decision is carried. Written opinions are among its votes already."""
    base = base_of(threshold.basis, tally)
    facts = {
        "text": decision.text,
        "for": decision.for_,
        "against": decision.against,
        "abstain": decision.abstain,
        "threshold": threshold,
        "basis": threshold.basis,
        "base": base,
        "needed": needed(threshold, base),
    }
    if reaches(threshold, decision.for_, base):
        return Verdict("VOTE-01", Severity.NOTE, subject, facts, article)
    return Verdict("VOTE-02", Severity.WARNING, subject, facts, article)


def judge_votes(decision: Decision, tally: Tally, *, subject: str = "decisions") -> list[Verdict]:
    """Whether the numbers of a decision can be true at all."""
    verdicts: list[Verdict] = []
    cast = decision.for_ + decision.against + decision.abstain
    limit = tally.voters_present + decision.written
    facts = {"text": decision.text, "written": decision.written, "voters": tally.voters_present}
    if cast > limit:
        more = {**facts, "cast": cast, "limit": limit}
        verdicts.append(Verdict("VOTE-03", Severity.ERROR, subject, more))
    away = max(0, tally.voters_expected - tally.voters_present)
    if decision.written > away:
        verdicts.append(Verdict("VOTE-04", Severity.ERROR, subject, {**facts, "away": away}))
    if decision.written > cast and not decision.candidates:
        verdicts.append(Verdict("VOTE-05", Severity.ERROR, subject, {**facts, "cast": cast}))
    for who in decision.candidates:
        got = who.for_ + who.against + who.abstain
        if got > limit:
            more = {**facts, "name": who.name, "cast": got, "limit": limit}
            verdicts.append(Verdict("VOTE-06", Severity.ERROR, subject, more))
    return verdicts


def judge_uncounted(decisions: Iterable[Decision], tally: Tally) -> Iterator[Verdict]:
    """Whose vote is not among the numbers: for, against and abstentions together are all that came.

    A remark for the recorder; what was filed is not judged by it.
    """
    for at, decision in enumerate(decisions, start=1):
        if not decision.has_votes or decision.candidates or decision.kind is DecisionKind.RATING:
            continue
        cast = decision.for_ + decision.against + decision.abstain
        missing = tally.voters_present + decision.written - cast
        if missing > 0:
            facts = {
                "text": decision.text, "cast": cast, "missing": missing,
                "voters": tally.voters_present, "written": decision.written,
            }  # fmt: skip
            yield Verdict("VOTE-13", Severity.WARNING, f"decisions[{at}]", facts)


def judge_election(
    decision: Decision,
    threshold: Threshold | None,
    tally: Tally,
    *,
    subject: str = "decisions",
    article: Article | None = None,
) -> list[Verdict]:
    """Who is elected: over the threshold, and where too many are, those with the most votes."""
    verdicts: list[Verdict] = []
    if decision.written:
        facts = {"text": decision.text, "written": decision.written}
        verdicts.append(Verdict("VOTE-07", Severity.WARNING, subject, facts, article))
    if threshold is None:
        return verdicts
    base = base_of(threshold.basis, tally)
    over = [who for who in decision.candidates if reaches(threshold, who.for_, base)]
    elected, tied = _elected(over, decision.seats)
    for who in decision.candidates:
        rule = _outcome(who, elected, tied, over)
        severity = Severity.WARNING if rule == "VOTE-10" else Severity.NOTE
        facts_who = {
            "name": who.name,
            "for": who.for_,
            "base": base,
            "basis": threshold.basis,
            "threshold": threshold,
            "needed": needed(threshold, base),
        }
        verdicts.append(Verdict(rule, severity, subject, facts_who, article))
    if decision.seats and len(elected) < decision.seats:
        facts_seats = {"text": decision.text, "seats": decision.seats, "elected": len(elected)}
        verdicts.append(Verdict("VOTE-11", Severity.WARNING, subject, facts_seats, article))
    return verdicts


def vote_rule(
    decision: Decision,
    requirements: Iterable[Requirement],
    activities: Iterable[Activity],
    *,
    day: date | None = None,
) -> VoteRule:
    """The rule for a decision: the norm's own where it has one, else the table's of that day.

    Only a members' meeting decides by the table; a committee or a group by what its requirement
    says.
    """
    if decision.kind is DecisionKind.RATING:
        return NO_RULE
    wanted = ACTIVITY_OF_KIND.get(decision.kind)
    special = set(ACTIVITY_OF_KIND.values())
    for requirement in _members_meeting_first(requirements):
        fits = requirement.activity is wanted if wanted else requirement.activity not in special
        if fits and (requirement.quorum or requirement.majority):
            return VoteRule(requirement.quorum, requirement.majority, requirement.article)
    if wanted or Activity.MEMBERS_MEETING in tuple(activities):
        return _rule_on(decision.kind, day)
    return NO_RULE


def _rule_on(kind: DecisionKind, day: date | None) -> VoteRule:
    until, earlier = EARLIER_RULES.get(kind, (date.min, NO_RULE))
    return earlier if day is not None and day < until else VOTE_RULES[kind]


def _members_meeting_first(requirements: Iterable[Requirement]) -> Iterator[Requirement]:
    rest: list[Requirement] = []
    for requirement in requirements:
        if requirement.activity is Activity.MEMBERS_MEETING:
            yield requirement
        else:
            rest.append(requirement)
    yield from rest


def _outcome(
    who: Candidate, elected: list[Candidate], tied: list[Candidate], over: list[Candidate]
) -> str:
    if who in elected:
        return "VOTE-08"
    if who in tied:
        return "VOTE-10"
    return "VOTE-12" if who in over else "VOTE-09"


def _elected(over: list[Candidate], seats: int) -> tuple[list[Candidate], list[Candidate]]:
    """Those elected, and those who tie for the last seats and must be voted on again."""
    if not seats or len(over) <= seats:
        return over, []
    ranked = sorted(over, key=lambda who: -who.for_)
    last = ranked[seats - 1].for_
    if ranked[seats].for_ != last:
        return ranked[:seats], []
    return (
        [who for who in ranked if who.for_ > last],
        [who for who in ranked if who.for_ == last],
    )
