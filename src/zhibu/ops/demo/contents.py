"""What a made-up record says: a content that the rules let pass, from lines, facts and phrases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from random import Random

from zhibu.ops.demo import phrases
from zhibu.ops.demo.population import Population
from zhibu.ops.demo.topics import OUTSIDE, PLACES, REASONS
from zhibu.org.models import Post
from zhibu.plans.models import PlanLine
from zhibu.rules.attendance import covers, expected_attendees, has_vote, tally_attendance
from zhibu.rules.branches import BranchFacts
from zhibu.rules.contents import (
    Attendance,
    AttendanceStatus,
    Candidate,
    Decision,
    DecisionKind,
    RecordContent,
)
from zhibu.rules.elements import MIXED
from zhibu.rules.norm import Activity, Norm, Per, PracticeClass, Requirement, Unit

OWN_FIELDS = frozenset(
    {"topic", "place", "presider", "recorder", "attendance", "agenda", "minutes", "decisions"}
)
ON_PAPER = frozenset({Activity.DUES, Activity.REPORT, Activity.PUBLICITY})
STARTS = (time(9, 0), time(9, 30), time(14, 0), time(14, 30), time(15, 0), time(16, 0))


@dataclass(frozen=True, slots=True)
class Gathering:
    """Lines held together on one day, by one branch or one of its groups."""

    population: Population
    norm: Norm
    facts: BranchFacts
    lines: Sequence[PlanLine]
    day: date

    @property
    def group(self) -> str | None:
        """The group that meets, None for the branch."""
        return str(self.lines[0].group_id) if self.lines[0].group_id else None

    @property
    def requirements(self) -> list[Requirement]:
        """What the norm asks of it; of a branch's own activity what it asks of a kind of its own."""
        asked = [self.norm.requirement(line.requirement) for line in self.lines]
        found = [one for one in asked if one is not None]
        spoken_of = {one.activity for one in found}
        for activity in self.activities:
            if activity not in spoken_of and activity not in MIXED:
                found += _usual(self.norm, activity)[:1]
        return found

    @property
    def activities(self) -> tuple[Activity, ...]:
        """The kinds that it is of, each once."""
        return tuple(dict.fromkeys(Activity(line.activity) for line in self.lines))


def _usual(norm: Norm, activity: Activity) -> list[Requirement]:
    """The regular demands on an activity, what must be done first: as the form takes them."""
    found = [
        one for one in norm.requirements if one.activity is activity and one.scope.per is Per.BRANCH
    ]
    return sorted(
        found,
        key=lambda one: (
            one.cadence.unit is Unit.EVENT,
            one.practice_class is not PracticeClass.B,
        ),
    )


def compose_content(gathering: Gathering, rng: Random) -> RecordContent:
    """The record of a gathering."""
    names = gathering.population.names()
    attendance = _attend(gathering, names, rng)
    presider = _presider(gathering, attendance)
    attendance = tuple(_must_come(row, presider) for row in attendance)
    speakers = _speakers(gathering, attendance, presider, rng)
    began, ended = _hours(gathering.day, rng)
    main = gathering.lines[0]
    topic = "；".join(dict.fromkeys(line.topic or line.title for line in gathering.lines))
    slots = {
        "topic": _in_quotes(main.topic or main.title),
        "unit": gathering.population.branch.short_name,
        "year": gathering.day.year,
        "month": gathering.day.month,
        "n": rng.randint(2, 9),
        "money": f"{rng.randint(180, 420) * max(5, len(names)) / 4:.2f}",
        **speakers,
    }
    has_meeting = bool(attendance)
    content = RecordContent(
        activities=gathering.activities,
        topic=topic,
        began_at=began,
        ended_at=ended if has_meeting else None,
        place=_place(gathering, rng),
        presider=presider if has_meeting else "",
        recorder=speakers["b"] if has_meeting else speakers["a"],
        agenda=_agenda(gathering.activities, slots, rng) if has_meeting else "",
        minutes=_minutes(gathering.activities, slots, rng),
        guests=("机关党办工作人员",) if has_meeting and rng.random() < 0.05 else (),
        attendance=attendance,
        elements=_elements(gathering, slots, rng),
        lines=tuple(str(line.id) for line in gathering.lines),
        group=gathering.group or "",
    )
    return replace(content, decisions=_decide(gathering, content, slots, rng))


def _attend(gathering: Gathering, names: dict[str, str], rng: Random) -> tuple[Attendance, ...]:
    rows = expected_attendees(
        gathering.requirements or (), gathering.facts, gathering.day, group=gathering.group
    )
    if not gathering.requirements:  # an X line: everybody was asked
        rows = tuple(
            Attendance(
                member=m.member,
                has_vote=has_vote(m, gathering.day),
                is_committee=covers(m.committee, gathering.day),
            )
            for m in gathering.facts.members
            if m.span.covers(gathering.day)
        )
    most = max(1, len(rows) // 5)
    found: list[Attendance] = []
    away = 0
    for row in rows:
        named = replace(row, name=names.get(row.member, ""))
        if not row.is_expected:
            if rng.random() < 0.8:
                named = replace(named, status=AttendanceStatus.LEAVE, reason="身体原因")
        elif away < most and not row.is_committee and rng.random() < 0.06:
            away += 1
            named = replace(named, status=AttendanceStatus.LEAVE, reason=rng.choice(REASONS))
        elif rng.random() < 0.01:
            named = replace(named, status=AttendanceStatus.LATE)
        found.append(named)
    return tuple(found)


def _must_come(row: Attendance, presider: str) -> Attendance:
    if row.name != presider or row.is_there:
        return row
    return replace(row, status=AttendanceStatus.PRESENT, reason="")


def _presider(gathering: Gathering, attendance: Sequence[Attendance]) -> str:
    """Who leads: the group's leader, else the secretary of that day; somebody who is on the list."""
    listed = {row.name for row in attendance}
    office = Post.Office.SECRETARY.value
    if gathering.group is not None:
        rows = gathering.population.groups
        number = next(n for n, row in enumerate(rows) if str(row.id) == gathering.group)
        office = f"{Post.Office.GROUP_LEADER}:{number}"
    for member in gathering.population.seed.members:
        for name, span in member.offices:
            if name == office and span.covers(gathering.day) and member.name in listed:
                return member.name
    fit = [row.name for row in attendance if row.is_committee] or [
        row.name for row in attendance if row.is_expected and row.has_vote
    ]
    return fit[0] if fit else gathering.population.seed.members[0].name


def _speakers(
    gathering: Gathering, attendance: Sequence[Attendance], presider: str, rng: Random
) -> dict[str, str]:
    there = [row.name for row in attendance if row.is_there and row.name != presider]
    if Activity.ELECTION in gathering.activities:  # who stands for election counts no votes
        standing, other = _candidates(gathering)
        there = [name for name in there if name not in (*standing, *other)]
    if len(there) < 2:
        there += [m.name for m in gathering.population.seed.members[:4] if m.name != presider]
    second, third = rng.sample(there, 2) if len(there) >= 2 else (presider, presider)
    return {"a": presider, "b": second, "c": third}


def _hours(day: date, rng: Random) -> tuple[datetime, datetime]:
    began = datetime.combine(day, rng.choice(STARTS))
    return began, began + timedelta(minutes=rng.choice((50, 60, 75, 90, 105, 120, 150)))


def _place(gathering: Gathering, rng: Random) -> str:
    if ON_PAPER.issuperset(gathering.activities) and not any(
        element.key == "place" for one in gathering.requirements for element in one.elements
    ):
        return ""
    if Activity.THEME_DAY in gathering.activities and rng.random() < 0.4:
        return rng.choice(OUTSIDE)
    if gathering.group is not None and rng.random() < 0.5:
        return "科室办公室"
    return rng.choice(PLACES)


def _fill(phrase: str, slots: dict[str, object]) -> str:
    return phrase.format(**slots)


def _in_quotes(text: str) -> str:
    """A topic as it stands within quotation marks."""
    return text.replace("“", "‘").replace("”", "’")


def _agenda(activities: Sequence[Activity], slots: dict[str, object], rng: Random) -> str:
    own = next((phrases.OWN_AGENDAS[one] for one in activities if one in phrases.OWN_AGENDAS), "")
    return own or _fill(rng.choice(phrases.AGENDAS), slots)


def _minutes(activities: Sequence[Activity], slots: dict[str, object], rng: Random) -> str:
    whole = [rng.choice(phrases.WHOLE[one]) for one in activities if one in phrases.WHOLE]
    if whole:
        return "\n".join(_fill(phrase, slots) for phrase in whole)
    said = [
        rng.choice(phrases.OPENINGS.get(activity, (phrases.FALLBACK_OPENING,)))
        for activity in activities
    ]
    said += rng.sample(phrases.MIDDLES, rng.randint(2, 4))
    said.append(rng.choice(phrases.ENDINGS.get(activities[0], (phrases.FALLBACK_ENDING,))))
    return "\n".join(_fill(phrase, slots) for phrase in said)


def _elements(gathering: Gathering, slots: dict[str, object], rng: Random) -> dict[str, str]:
    keys = dict.fromkeys(
        element.key
        for requirement in gathering.requirements
        for element in requirement.elements
        if element.key not in OWN_FIELDS
    )
    return {
        key: _fill(rng.choice(phrases.ELEMENTS.get(key, (phrases.FALLBACK_ELEMENT,))), slots)
        for key in keys
    }


def _decide(
    gathering: Gathering, content: RecordContent, slots: dict[str, object], rng: Random
) -> tuple[Decision, ...]:
    voters = tally_attendance(content).voters_present
    activities = gathering.activities
    if Activity.ELECTION in activities:
        return (_elect(gathering, voters),)
    if Activity.MEMBERS_MEETING in activities:
        abstain = 1 if voters > 9 and rng.random() < 0.15 else 0
        text = _fill(rng.choice(phrases.DECISIONS), slots)
        return (Decision(text, for_=voters - abstain, abstain=abstain),)
    if Activity.COMMITTEE_MEETING in activities:
        chosen = rng.sample(phrases.COMMITTEE_DECISIONS, rng.randint(1, 2))
        return tuple(Decision(_fill(text, slots)) for text in chosen)
    asked = (element for one in gathering.requirements for element in one.elements)
    if Activity.APPRAISAL in activities:
        return (Decision(phrases.RATING_DECISION),)
    if any(element.key == "decisions" for element in asked):
        return (Decision(_fill(rng.choice(phrases.OTHER_DECISIONS), slots)),)
    return ()


def _elect(gathering: Gathering, voters: int) -> Decision:
    """More candidates than seats by one; the last gets too few votes."""
    office, others = _candidates(gathering)
    elected = [
        Candidate(name, for_=voters - at % 3, against=at % 3) for at, name in enumerate(office)
    ]
    few = max(0, voters // 3)
    last = [Candidate(name, for_=few, against=voters - few) for name in others]
    return Decision(
        "选举产生新一届支部委员会。",
        kind=DecisionKind.ELECTION,
        candidates=tuple(elected + last),
        seats=len(elected),
    )


def _candidates(gathering: Gathering) -> tuple[list[str], list[str]]:
    """Those who serve now and are elected, and one more who is not."""
    members = gathering.population.seed.members
    office = [
        member.name
        for member in members
        if any(":" not in name and span.until is None for name, span in member.offices)
    ]
    return office, [member.name for member in members if member.name not in office][:1]
