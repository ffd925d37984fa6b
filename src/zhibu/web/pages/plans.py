"""年度安排表: what the page of a branch's year shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.utils import timezone

from zhibu.org.models import Organization
from zhibu.plans.facts import Demands, say_attendees, standing_of
from zhibu.plans.models import Plan, PlanLine
from zhibu.rules import wording
from zhibu.rules.norm import Activity, Norm, PracticeClass
from zhibu.rules.standing import Standing, State
from zhibu.rules.verdicts import Severity, Verdict


@dataclass(frozen=True, slots=True)
class PlanRights:
    """What the reader may do with this table; `groups` are those whose meetings they record."""

    may_edit: bool = False
    may_adopt: bool = False
    may_waive: bool = False
    may_record: bool = False
    may_export: bool = False
    groups: tuple[UUID, ...] = ()
    only_groups: bool = False  # a group leader records nothing but the meetings of their groups

    def may_record_line(self, line: PlanLine) -> bool:
        """Whether the reader may write the record that discharges this line."""
        if not self.may_record:
            return False
        if not self.only_groups:
            return True
        return line.group_id in self.groups and line.activity == Activity.GROUP_MEETING


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with the table, with its words and what it is about."""

    severity: Severity
    sentence: str
    rule: str
    article: str  # what it rests on; empty where on nothing written
    line: UUID | None  # the line, where one is spoken of
    code: str  # the requirement, where there is no line


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line of the table as a row."""

    id: UUID
    practice_class: PracticeClass
    class_label: str
    title: str
    group: str
    topic: str
    form: str
    attendees: str
    presenter: str
    responsible: str
    remark: str
    planned_on: date
    opens_on: date
    due_on: date
    state: State
    why: str
    filing: str  # that its record was written late; empty where it was not
    record: UUID | None
    requirement: str
    may_record: bool
    may_edit: bool
    faults: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class ClassCell:
    """The lines of one class in one month."""

    practice_class: PracticeClass
    label: str
    rows: tuple[LineRow, ...]


@dataclass(frozen=True, slots=True)
class Month:
    """One month of the year: its lines, also apart by class."""

    number: int
    is_current: bool
    rows: tuple[LineRow, ...]
    cells: tuple[ClassCell, ...]
    open_count: int  # lines that wait for somebody
    overdue_count: int


@dataclass(frozen=True, slots=True)
class Filters:
    """What the reader wants to see of the table; empty means everything."""

    practice_class: str = ""
    state: str = ""
    activity: str = ""

    @property
    def is_set(self) -> bool:
        """Whether anything is left out."""
        return bool(self.practice_class or self.state or self.activity)

    def lets(self, row: LineRow, activity: str) -> bool:
        """Whether a row is shown."""
        return (
            self.practice_class in ("", row.practice_class)
            and self.state in ("", row.state)
            and self.activity in ("", activity)
        )


@dataclass(frozen=True, slots=True)
class Count:
    """How many lines are in one state."""

    state: State
    number: int


@dataclass(frozen=True, slots=True)
class PlanPage:
    """The table of one branch and year."""

    branch_id: UUID
    branch: str
    year: int
    this_year: int
    plan_id: UUID
    revision: int
    is_draft: bool
    is_provisional: bool
    is_calendar_known: bool  # made before the holidays were published, and now they are
    status: str
    in_use: str  # since when the branch uses the system, where that cuts into the year
    norm_title: str
    norm_pack: str
    norm_version: str
    classes: tuple[tuple[PracticeClass, str], ...]
    months: tuple[Month, ...]
    counts: tuple[Count, ...]
    shown: int
    total: int
    gaps: tuple[Finding, ...]
    faults: tuple[Finding, ...]
    filters: Filters
    states: tuple[tuple[str, str], ...]
    activities: tuple[tuple[str, str], ...]
    next_step: str
    rights: PlanRights

    @property
    def last_year(self) -> int:
        """The year before."""
        return self.year - 1

    @property
    def next_year(self) -> int:
        """The year after."""
        return self.year + 1

    @property
    def open_months(self) -> frozenset[int]:
        """Those that a telephone shows unfolded at first: this month, or all that a filter left."""
        there = [month for month in self.months if month.rows]
        if self.filters.is_set:
            return frozenset(month.number for month in there)
        first = next((month for month in there if month.is_current), there[0] if there else None)
        return frozenset({first.number} if first else ())


def build_plan_page(
    plan: Plan,
    lines: Sequence[PlanLine],
    demands: Demands,
    verdicts: Iterable[Verdict],
    *,
    today: date,
    rights: PlanRights,
    filters: Filters,
    is_calendar_known: bool,
) -> PlanPage:
    """The page from its rows and what the rules say of them."""
    classes = norm_labels(demands.norm, plan.branch)
    keys = {str(line.pk): line.pk for line in lines}
    # The provisional calendar has a notice of its own.
    findings = tuple(
        say_finding(verdict, keys) for verdict in verdicts if verdict.rule != "TABLE-09"
    )
    rows = build_rows(lines, demands.norm, findings, today=today, rights=rights)
    shown = [row for row, line in zip(rows, lines, strict=True) if filters.lets(row, line.activity)]
    gaps = tuple(f for f in findings if f.line is None)
    faults = tuple(f for f in findings if f.line is not None)
    return PlanPage(
        branch_id=plan.branch_id,
        branch=plan.branch.short_name or plan.branch.name,
        year=plan.year,
        this_year=today.year,
        plan_id=plan.pk,
        revision=plan.revision,
        is_draft=plan.state == Plan.State.DRAFT,
        is_provisional=plan.is_provisional,
        is_calendar_known=is_calendar_known,
        status=say_status(plan),
        in_use=_say_use(plan),
        norm_title=demands.norm.title,
        norm_pack=demands.norm.pack,
        norm_version=demands.norm.version,
        classes=tuple(classes.items()),
        months=_months(shown, plan.year, today, classes),
        counts=_counts(rows),
        shown=len(shown),
        total=len(rows),
        gaps=gaps,
        faults=faults,
        filters=filters,
        states=tuple((state.value, wording.label(state)) for state in State),
        activities=_activities(lines),
        next_step=_next_step(plan, rows, gaps, rights, today),
        rights=rights,
    )


def build_rows(
    lines: Sequence[PlanLine],
    norm: Norm,
    findings: Iterable[Finding],
    *,
    today: date,
    rights: PlanRights,
) -> list[LineRow]:
    """The rows of these lines, in their order."""
    labels = norm_labels(norm, lines[0].branch) if lines else {}
    requirements = {requirement.code: requirement for requirement in norm.requirements}
    of_line: dict[UUID, list[Finding]] = {}
    for finding in findings:
        if finding.line is not None:
            of_line.setdefault(finding.line, []).append(finding)
    rows = []
    for line in lines:
        standing = standing_of(line, today)
        requirement = requirements.get(line.requirement)
        attendees = say_attendees(line, requirement)
        faults = tuple(of_line.get(line.pk, ()))
        rows.append(_row(line, standing, labels, attendees, faults, rights))
    return rows


def norm_labels(norm: Norm, branch: Organization) -> dict[PracticeClass, str]:
    """The labels of the three classes, as the branch calls them, else the norm."""
    return {key: branch.class_labels.get(key, word) for key, word in norm.labels}


def say_status(plan: Plan) -> str:
    """In which state the table is, with its day."""
    if plan.state == Plan.State.DRAFT or plan.adopted_at is None:
        return "草稿"
    return f"{wording.say_date(timezone.localdate(plan.adopted_at))}通过"


def _say_use(plan: Plan) -> str:
    since = plan.branch.in_use_since
    if since is None or since <= date(plan.year, 1, 1):
        return ""
    return (
        f"本支部{wording.say_date(since)}启用系统。此前到期的事项在系统内不作要求："
        "新起草的安排表不列，已在表中的列为“启用前”；以前的活动仍可补写记录。"
    )


def say_finding(verdict: Verdict, lines: Mapping[str, UUID]) -> Finding:
    """The words of a verdict on the table; `lines` are the keys of its lines by their text."""
    line = lines.get(verdict.subject)
    return Finding(
        severity=verdict.severity,
        sentence=wording.say(verdict),
        rule=verdict.rule,
        article=wording.say_article(verdict.article),
        line=line,
        code="" if line else verdict.subject,
    )


def _row(
    line: PlanLine,
    standing: Standing,
    labels: Mapping[PracticeClass, str],
    attendees: str,
    faults: tuple[Finding, ...],
    rights: PlanRights,
) -> LineRow:
    practice_class = PracticeClass(line.practice_class)
    waits = standing.state not in _FINISHED
    return LineRow(
        id=line.pk,
        practice_class=practice_class,
        class_label=labels.get(practice_class, ""),
        title=line.title,
        group=line.group.short_name if line.group else "",
        topic=line.topic,
        form=line.form,
        attendees=attendees,
        presenter=line.presenter,
        responsible=line.responsible,
        remark=line.remark,
        planned_on=line.planned_on,
        opens_on=line.opens_on,
        due_on=line.due_on,
        state=standing.state,
        why=wording.say(standing.verdict),
        filing=wording.say(standing.filing) if standing.filing else "",
        record=line.discharged_by,
        requirement=line.requirement,
        may_record=waits and line.plan.state == Plan.State.ADOPTED and rights.may_record_line(line),
        may_edit=rights.may_edit and waits,
        faults=faults,
    )


_FINISHED = frozenset({State.DONE, State.DONE_LATE, State.WAIVED})
_SETTLED = _FINISHED | {State.BEFORE_USE}  # nobody has to do anything
_WAITING = frozenset({State.OPEN, State.DUE_SOON, State.OVERDUE})


def _months(
    rows: Sequence[LineRow], year: int, today: date, classes: Mapping[PracticeClass, str]
) -> tuple[Month, ...]:
    by_month: dict[int, list[LineRow]] = {number: [] for number in range(1, 13)}
    for row in rows:
        by_month[row.planned_on.month].append(row)
    return tuple(
        Month(
            number=number,
            is_current=(year, number) == (today.year, today.month),
            rows=tuple(of_month),
            cells=tuple(
                ClassCell(key, label, tuple(r for r in of_month if r.practice_class is key))
                for key, label in classes.items()
            ),
            open_count=sum(row.state in _WAITING for row in of_month),
            overdue_count=sum(row.state is State.OVERDUE for row in of_month),
        )
        for number, of_month in by_month.items()
    )


def _counts(rows: Iterable[LineRow]) -> tuple[Count, ...]:
    counts = dict.fromkeys(State, 0)
    for row in rows:
        counts[row.state] += 1
    return tuple(Count(state, number) for state, number in counts.items() if number)


def _activities(lines: Iterable[PlanLine]) -> tuple[tuple[str, str], ...]:
    there = {line.activity for line in lines}
    return tuple((a.value, wording.label(a)) for a in Activity if a.value in there)


def _next_step(
    plan: Plan,
    rows: Sequence[LineRow],
    gaps: Sequence[Finding],
    rights: PlanRights,
    today: date,
) -> str:
    """One line that says what to do now."""
    if plan.state == Plan.State.DRAFT:
        if not rights.may_edit:
            return "安排表还在起草，通过后生效。"
        if any(gap.severity is Severity.ERROR for gap in gaps):
            return "草稿还有缺项：先按下面的提示补齐，再提交通过。"
        return "核对日期和主题，补上主持人和责任人；确认无误后通过。"
    overdue = sum(row.state is State.OVERDUE for row in rows)
    soon = sum(row.state is State.DUE_SOON for row in rows)
    if overdue:
        return f"有{overdue}项已逾期：已经开展的请补记录，未开展的请尽快安排。"
    if soon:
        return f"有{soon}项即将到期。"
    ahead = min((r.planned_on for r in rows if r.state not in _SETTLED), default=None)
    if ahead is None:
        return "本年度安排已全部完成。" if rows else "安排表还没有内容。"
    if ahead < today:
        return "有安排过了计划日期还没有记录，请核对。"
    return f"下一项安排在{wording.say_date(ahead)}。"
