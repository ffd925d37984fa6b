"""月度工作报告: from what a month shows to the sections and sentences of the report upwards.

Nobody fills in a form: `MonthFacts` are counts and names that are there already, the sentences say
them, and the office may add words of its own to three of the sections.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from zhibu.rules.reporting_values import (
    LONGEST_QUOTE,
    NAMED,
    OWN_PARTS,
    PART_TITLES,
    Below,
    FeedbackFigures,
    KindFigures,
    KindRow,
    MonthFacts,
    MonthReport,
    Paragraph,
    Part,
    Section,
    Source,
    TextFigures,
)
from zhibu.rules.tallies import Cell


def compose_report(facts: MonthFacts, words: Mapping[str, str]) -> MonthReport:
    """The report: what the facts say, then the office's own words (by part) where there are any."""
    from_facts: dict[Part, tuple[Paragraph, ...]] = {
        part: say(facts) for part, say in _SECTIONS.items()
    }
    return MonthReport(
        organization=facts.organization,
        superior=facts.superior,
        year=facts.year,
        month=facts.month,
        worked_out_on=facts.day.isoformat(),
        opening=f"现将{facts.year}年{facts.month}月党建工作情况报告如下。",
        sections=tuple(
            Section(part, PART_TITLES[part], _with_words(part, from_facts[part], facts, words))
            for part in Part
        ),
        rows=tuple(
            _row(kind.title, kind.practice_class, kind.cell, kind.minutes) for kind in facts.kinds
        ),
        sum=_row("合计", "", facts.total, sum(kind.minutes for kind in facts.kinds)),
        branches=facts.branches,
    )


def _row(title: str, practice_class: str, cell: Cell, minutes: int) -> KindRow:
    return KindRow(
        title=title,
        practice_class=practice_class,
        total=cell.total,
        done=cell.done,
        late=cell.late,
        overdue=cell.overdue,
        pending=_pending(cell),
        waived=cell.waived,
        minutes=minutes,
    )


def _pending(cell: Cell) -> int:
    """What may still be done in time."""
    return cell.due_soon + cell.later


def _with_words(
    part: Part, said: tuple[Paragraph, ...], facts: MonthFacts, words: Mapping[str, str]
) -> tuple[Paragraph, ...]:
    if part not in OWN_PARTS:
        return said
    quoted = tuple(
        Paragraph(f"{below.name}报告：{_quote(text)}", Source.BELOW)
        for below in facts.below.words
        if (text := below.words.get(part, "").strip())
    )
    own = tuple(
        Paragraph(line.strip(), is_own=True)
        for line in words.get(part, "").splitlines()
        if line.strip()
    )
    return (*said, *quoted, *own) or (Paragraph(_NOTHING[part]),)


_NOTHING: Final[Mapping[Part, str]] = {
    Part.STANDING_OUT: "本月没有需要专门报告的突出情况。",
    Part.PROBLEMS: "本月没有发现逾期未完成事项和其他突出问题。",
    Part.PROPOSALS: "本月没有意见建议。",
}


def _quote(text: str) -> str:
    line = "；".join(part.strip().rstrip("。；") for part in text.splitlines() if part.strip())
    cut = line if len(line) <= LONGEST_QUOTE else line[:LONGEST_QUOTE] + "…"
    return cut if cut.endswith(("？", "！")) else f"{cut}。"


def say_day(day: date) -> str:
    """3月12日."""
    return f"{day.month}月{day.day}日"


def say_names(names: tuple[str, ...], unit: str, number: int = 0) -> str:
    """甲、乙、丙; 甲、乙、丙、丁、戊等8个党支部 where more are meant than are written out."""
    count = max(number, len(names))
    shown = "、".join(names[:NAMED])
    return shown if count <= NAMED else f"{shown}等{count}{unit}"


def say_counts(cell: Cell) -> str:
    """按时完成3项、逾期完成1项、…; empty for nothing."""
    parts = (
        ("按时完成", cell.done),
        ("逾期完成", cell.late),
        ("经批准免除", cell.waived),
        ("逾期未完成", cell.overdue),
        ("尚未到期", _pending(cell)),
    )
    return "、".join(f"{word}{number}项" for word, number in parts if number)


def _progress(facts: MonthFacts) -> tuple[Paragraph, ...]:
    found = [_whole(facts)]
    if facts.total.total:
        found.append(Paragraph("".join(_say_parts(facts)), Source.OVERVIEW))
    if facts.before is not None:
        found.append(Paragraph(say_difference(facts.total, facts.before), Source.OVERVIEW))
    if facts.below.expected:
        found.append(_say_below(facts.below))
    return tuple(found)


def _whole(facts: MonthFacts) -> Paragraph:
    head = f"截至{facts.day.year}年{say_day(facts.day)}，所属党支部共{facts.branches}个。"
    if not facts.total.total:
        return Paragraph(f"{head}年度安排表中没有应于{facts.month}月完成的事项。", Source.OVERVIEW)
    return Paragraph(
        f"{head}年度安排表中应于{facts.month}月完成的事项{facts.total.total}项，"
        f"其中{say_counts(facts.total)}。",
        Source.OVERVIEW,
    )


def _say_parts(facts: MonthFacts) -> list[str]:
    classes = [each for each in facts.classes if each.cell.total]
    found = []
    if len(classes) > 1:
        said = "；".join(
            f"{each.label}{each.cell.total}项，{say_counts(each.cell)}" for each in classes
        )
        found.append(f"按类别看，{said}。")
    if facts.kinds:
        whole = [kind for kind in facts.kinds if not (kind.cell.overdue or _pending(kind.cell))]
        if whole:
            names = say_names(tuple(f"“{kind.title}”" for kind in whole), "类事项")
            found.append(f"按事项看，{names}没有逾期未完成的。")
        origin = f"按{facts.kinds_from}个下级党组织的报告汇总，" if facts.kinds_from else ""
        found.append(f"{origin}各类事项的完成情况见附件。")
    return found


def say_difference(now: Cell, before: Cell) -> str:
    """与上月相比，应完成事项增加4项，逾期未完成减少2项。"""
    pairs = (
        ("应完成事项", now.total, before.total),
        ("已完成", now.done + now.late, before.done + before.late),
        ("逾期未完成", now.overdue, before.overdue),
    )
    said = []
    for word, new, old in pairs:
        if new == old:
            said.append(f"{word}持平" if new else "")
        else:
            said.append(f"{word}{'增加' if new > old else '减少'}{abs(new - old)}项")
    words = "，".join(part for part in said if part)
    return f"与上月相比，{words}。" if words else "与上月相比没有变化。"


def _say_below(below: Below) -> Paragraph:
    left = below.expected - below.issued
    if not left:
        return Paragraph(
            f"所属{below.expected}个党委（党总支）均已报送本月工作报告。", Source.BELOW
        )
    names = say_names(below.missing, "个", left)
    return Paragraph(
        f"所属{below.expected}个党委（党总支）中，{below.issued}个已报送本月工作报告，"
        f"尚未报送的有{names}。",
        Source.BELOW,
    )


def _standing_out(facts: MonthFacts) -> tuple[Paragraph, ...]:
    found = []
    if facts.recovered:
        names = say_names(tuple(each.name for each in facts.recovered), "个党支部")
        lines = sum(each.lines for each in facts.recovered)
        found.append(
            Paragraph(
                f"补做工作到位。{names}在本月完成此前逾期的事项{lines}项，目前没有以前月份的欠账。",
                Source.OVERVIEW,
            )
        )
    if facts.own:
        said = "、".join(f"{each.branch}“{each.title}”" for each in facts.own[:NAMED])
        more = f"等{len(facts.own)}项" if len(facts.own) > NAMED else ""
        found.append(
            Paragraph(f"基层有新做法。本月开展的自选动作有{said}{more}。", Source.OVERVIEW)
        )
    served = [theme for theme in facts.themes if theme.records]
    if served:
        said = "、".join(f"“{theme.title}”{theme.records}次" for theme in served[:NAMED])
        found.append(Paragraph(f"专题工作持续推进。本月围绕专题开展活动：{said}。", Source.THEMES))
    if facts.texts.issued:
        found.append(_say_texts(facts.texts))
    if facts.tasks.closed:
        found.append(
            Paragraph(f"议定事项有落实。本月办结任务{facts.tasks.closed}项。", Source.TASKS)
        )
    if facts.feedback.concluded:
        found.append(
            Paragraph(
                f"基层反映有回应。本月办结意见反映{facts.feedback.concluded}件{_say_outcomes(facts)}。",
                Source.FEEDBACK,
            )
        )
    return tuple(found)


def _say_texts(texts: TextFigures) -> Paragraph:
    whole = f"，其中{texts.complete}件已传达到全体对象" if texts.complete else ""
    course = "及时跟进" if texts.complete == texts.issued else "持续推进"
    return Paragraph(
        f"传达学习{course}。本月向所属党组织传达文件{texts.issued}件{whole}。", Source.TEXTS
    )


def _say_outcomes(facts: MonthFacts) -> str:
    outcomes = [voice.outcome.rstrip("。") for voice in facts.feedback.voices if voice.outcome]
    return f"，改进的有：{'；'.join(outcomes[:NAMED])}" if outcomes else ""


def _problems(facts: MonthFacts) -> tuple[Paragraph, ...]:
    found = [_say_overdue(kind) for kind in facts.kinds if kind.cell.overdue]
    if facts.total.overdue and not found:
        found.append((f"{facts.total.overdue}项应完成事项逾期未完成", Source.OVERDUE))
    if facts.older:
        found.append(
            (f"本年度{facts.month}月以前到期的事项还有{facts.older}项逾期未完成", Source.OVERDUE)
        )
    if facts.without_table:
        found.append(
            (
                f"{facts.without_table}个党支部还没有通过{facts.year}年度安排表，应完成事项尚未计入",
                Source.OVERVIEW,
            )
        )
    if facts.texts.open_titles:
        names = say_names(tuple(f"《{title}》" for title in facts.texts.open_titles), "件文件")
        found.append(
            (f"{names}尚未传达到全体对象，还有{facts.texts.open_members}人次未传达到", Source.TEXTS)
        )
    if facts.tasks.overdue:
        names = say_names(facts.tasks.overdue_titles, "项", facts.tasks.overdue)
        said = f"：{names}" if facts.tasks.overdue_titles else ""
        found.append((f"{facts.tasks.overdue}项任务超过期限仍未办结{said}", Source.TASKS))
    if facts.feedback.received or facts.feedback.waiting:
        found.append((_say_feedback(facts.feedback), Source.FEEDBACK))
    numbered = (
        Paragraph(f"{_FIRSTLY[at]}是{text}。" if at < len(_FIRSTLY) else f"此外，{text}。", source)
        for at, (text, source) in enumerate(found)
    )
    return tuple(numbered)


_FIRSTLY: Final = "一二三四五六七八九十"


def _say_overdue(kind: KindFigures) -> tuple[str, Source]:
    where = ""
    if kind.overdue_at:
        where = f"，涉及{say_names(kind.overdue_at, '个党支部')}"
    oldest = ""
    if kind.oldest_due is not None:
        oldest = f"，最早的应于{say_day(kind.oldest_due)}前（含当日）完成，至今没有归档记录"
    return f"“{kind.title}”逾期未完成{kind.cell.overdue}项{where}{oldest}", Source.OVERDUE


def _say_feedback(feedback: FeedbackFigures) -> str:
    if not feedback.received:
        return f"此前收到的意见反映还有{feedback.waiting}件没有办结"
    about = "、".join(f"“{word}”{number}件" for word, number in feedback.by_about if number)
    states = "、".join(f"{word}{number}件" for word, number in feedback.by_state if number)
    said = f"基层本月反映使用中的问题{feedback.received}件"
    if about:
        said += f"（涉及{about}）"
    if states:
        said += f"，其中{states}"
    if not feedback.waiting:
        return said
    return f"{said}；连同以前收到的，目前共有{feedback.waiting}件没有办结"


def _proposals(facts: MonthFacts) -> tuple[Paragraph, ...]:
    found = []
    for voice in facts.feedback.voices:
        if voice.outcome or voice.is_answered:
            continue  # what became of it is said among what stands out
        people = f"（{voice.asked}人提出）" if voice.asked > 1 else ""
        state = f"，目前{voice.state}" if voice.state else ""
        found.append(
            Paragraph(
                f"关于“{voice.summary.rstrip('。')}”{people}{state}，建议研究答复。",
                Source.FEEDBACK,
            )
        )
    return tuple(found)


def _burden(facts: MonthFacts) -> tuple[Paragraph, ...]:
    found = []
    minutes = sum(kind.minutes for kind in facts.kinds)
    records = "" if facts.records is None else f"归档记录{facts.records}份"
    done = facts.total.done + facts.total.late
    parts = [part for part in (records, f"完成安排表中{facts.month}月的事项{done}项") if part]
    found.append(f"各党支部{facts.month}月{'，'.join(parts)}。")
    if minutes:
        each = round(minutes / facts.branches) if facts.branches else 0
        average = f"，平均每个党支部约{each}分钟" if each else ""
        found.append(f"按规范估算，填写这些事项的记录共需约{say_minutes(minutes)}{average}。")
    found.append("本报告由系统根据已有记录形成，未要求所属党组织另行填表报数。")
    return (Paragraph("".join(found), Source.OVERVIEW),)


def say_minutes(minutes: int) -> str:
    """45分钟; 12小时."""
    return f"{minutes}分钟" if minutes < 120 else f"{round(minutes / 60)}小时"


_SECTIONS: Final[Mapping[Part, Callable[[MonthFacts], tuple[Paragraph, ...]]]] = {
    Part.PROGRESS: _progress,
    Part.STANDING_OUT: _standing_out,
    Part.PROBLEMS: _problems,
    Part.PROPOSALS: _proposals,
    Part.BURDEN: _burden,
}
