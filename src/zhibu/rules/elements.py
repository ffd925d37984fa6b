"""Which parts a record must or should hold, and whether what is there says anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from zhibu.rules.contents import RecordContent
from zhibu.rules.norm import Activity, Attendees, Element, Requirement
from zhibu.rules.packs_tighten import is_severity_kept
from zhibu.rules.verdicts import Article, Severity, Verdict

MEETINGS = frozenset(
    {Attendees.MEMBERS, Attendees.FULL_MEMBERS, Attendees.COMMITTEE, Attendees.GROUP}
)
MEETING_ACTIVITIES = frozenset(
    {
        Activity.MEMBERS_MEETING,
        Activity.COMMITTEE_MEETING,
        Activity.GROUP_MEETING,
        Activity.LESSON,
        Activity.THEME_DAY,
        Activity.ORGANIZATION_LIFE,
        Activity.APPRAISAL,
        Activity.ELECTION,
        Activity.STUDY,
    }
)

MEETING_ELEMENTS: tuple[Element, ...] = (
    Element("topic", "议题（主题）", Severity.WARNING),
    Element("place", "地点", Severity.WARNING),
    Element("presider", "主持人", Severity.ERROR),
    Element("recorder", "记录人", Severity.WARNING),
    Element("attendance", "参会情况", Severity.ERROR),
    Element("minutes", "会议内容", Severity.ERROR),
)
"""What the minutes of any meeting hold (domain.md 2.6), where the norm at hand says nothing of it.

No article asks for it in these words, so none is named; a norm that leaves one of them free (选填)
has the last word.
"""

MIXED = frozenset({Activity.OTHER, Activity.REPORT, Activity.STUDY})
"""Kinds under which quite different things are asked for: an analysis of what members think, a
report on two-fold organisation life, hours of training. Which of them a record answers, only the
line of the table tells; what a branch does of its own (X) answers none of them."""

OWN_ELEMENTS: tuple[Element, ...] = (
    Element("topic", "主题", Severity.WARNING),
    Element("minutes", "内容", Severity.ERROR),
)
"""What the record of a mixed kind holds that no requirement speaks of."""

SHORT_MINUTES = 30
"""Minutes with fewer characters than this can hardly tell what was discussed."""

EMPTY_WORDS = frozenset(
    (
        "无",
        "略",
        "暂无",
        "没有",
        "同上",
        "见附件",
        "详见附件",
        "待补",
        "待补充",
        "待定",
        "测试",
        "内容",
        "会议内容",
        "学习",
        "开会",
        "已开会",
        "已学习",
        "test",
        "none",
        "null",
        "nil",
        "na",
        "n/a",
        "xxx",
        "todo",
    )
)
"""What people write when they write nothing."""


@dataclass(slots=True)
class _Asked:
    """One element as the strictest of the requirements asks for it."""

    element: Element
    severity: Severity
    least: int
    requirement: Requirement | None

    @property
    def article(self) -> Article | None:
        return self.requirement.article if self.requirement else None


def judge_elements(
    content: RecordContent, asked: Sequence[Requirement], own: Sequence[Element] = ()
) -> Iterator[Verdict]:
    """A verdict for each element that is missing, too short or says nothing.

    `own` are those that the organisation asks for, by no article.
    """
    for wanted in _wanted(content, asked, own).values():
        yield from _judge_element(content, wanted)


def is_meeting(content: RecordContent, asked: Sequence[Requirement]) -> bool:
    """Whether people met: by what the requirements say, else by the kind of activity."""
    if any(one.attendees in MEETINGS for one in asked):
        return True
    answered = {one.activity for one in asked}
    return any(a in MEETING_ACTIVITIES and a not in answered for a in content.activities)


def says_nothing(text: str) -> bool:
    """Whether a text is only a placeholder: 无, 略, 同上, one character again and again, marks."""
    bare = "".join(char for char in text if char.isalnum()).lower()
    if not bare:
        return bool(text.strip())
    if bare in EMPTY_WORDS or text.strip().lower() in EMPTY_WORDS:
        return True
    return len(bare) > 2 and len(set(bare)) == 1


def written_length(text: str) -> int:
    """The number of characters of a text, spaces and line breaks not counted."""
    return sum(1 for char in text if not char.isspace())


def _wanted(
    content: RecordContent, asked: Sequence[Requirement], own: Sequence[Element]
) -> dict[str, _Asked]:
    wanted: dict[str, _Asked] = {}
    for requirement in asked:
        for element in requirement.elements:
            _ask(wanted, element, requirement)
    if is_meeting(content, asked):
        for element in MEETING_ELEMENTS:
            wanted.setdefault(
                element.key, _Asked(element, element.severity, element.min_length, None)
            )
    elif not asked and MIXED.intersection(content.activities):
        for element in OWN_ELEMENTS:
            _ask(wanted, element, None)
    for element in own:
        _ask(wanted, element, None)
    return wanted


def _ask(wanted: dict[str, _Asked], element: Element, requirement: Requirement | None) -> None:
    had = wanted.get(element.key)
    if had is None:
        wanted[element.key] = _Asked(element, element.severity, element.min_length, requirement)
        return
    had.least = max(had.least, element.min_length)
    if not is_severity_kept(had.severity, element.severity):
        had.severity, had.requirement = element.severity, requirement


def _judge_element(content: RecordContent, wanted: _Asked) -> Iterator[Verdict]:
    key = wanted.element.key
    count, text = _held(content, key)
    subject = key if text is None or hasattr(content, key) else f"elements.{key}"
    facts = {
        "label": wanted.element.label,
        "hint": wanted.element.hint,
        "requirement": wanted.requirement.title if wanted.requirement else "",
        "least": wanted.least,
        "length": count,
    }
    article = wanted.article
    if count == 0:
        yield Verdict("RECORD-20", wanted.severity, subject, facts, article)
    elif text is not None and says_nothing(text):
        is_own = key in ("minutes", "topic")
        severity = wanted.severity if is_own else Severity.WARNING
        yield Verdict("RECORD-21", severity, subject, {**facts, "text": text.strip()}, article)
    elif count < wanted.least:
        if text is None:
            yield Verdict("RECORD-24", wanted.severity, subject, facts, article)
        else:
            # How many characters are enough is asked by the norm pack, by no article; to stop a
            # filing over it would make people write to fill. It is said.
            is_must = wanted.severity is Severity.ERROR
            severity = Severity.WARNING if is_must else wanted.severity
            yield Verdict("RECORD-22", severity, subject, facts)
    elif key == "minutes" and count < SHORT_MINUTES:
        short = {**facts, "least": SHORT_MINUTES}
        yield Verdict("RECORD-23", Severity.WARNING, subject, short)


def _held(content: RecordContent, key: str) -> tuple[int, str | None]:
    """How much of an element there is, and its text where it is one."""
    if key == "attendance":
        return sum(1 for row in content.attendance if row.is_there), None
    if key == "decisions":
        return sum(1 for decision in content.decisions if decision.text.strip()), None
    if key in ("guests", "attachments", "activities"):
        return len(getattr(content, key)), None
    if key in ("began_at", "ended_at"):
        return int(getattr(content, key) is not None), None
    if key in ("topic", "place", "presider", "recorder", "agenda", "minutes"):
        text: str = getattr(content, key)
    else:
        text = content.elements.get(key, "")
    return written_length(text), text
