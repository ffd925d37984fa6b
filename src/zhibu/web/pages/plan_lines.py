"""One line of the table: all that is known of it, and why it stands as it does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse

from zhibu.network.themes.models import Theme
from zhibu.plans.models import LineChange, Plan, PlanLine
from zhibu.plans.queries import lines_of
from zhibu.rules import wording
from zhibu.rules.duties import Duty
from zhibu.rules.norm import Activity, Norm, PracticeClass, Requirement
from zhibu.web import clock
from zhibu.web.pages.plan_changes import TraceEntry, build_trace
from zhibu.web.pages.plans import LineRow, PlanRights, build_rows, norm_labels


@dataclass(frozen=True, slots=True)
class Together:
    """Another line of the same event."""

    id: UUID
    title: str


@dataclass(frozen=True, slots=True)
class LineTheme:
    """A theme that the line serves."""

    title: str
    address: str


@dataclass(frozen=True, slots=True)
class LinePage:
    """One line with its rule, its trace and what may be done with it."""

    row: LineRow
    branch: str
    year: int
    activity: str
    norm_pack: str
    norm_version: str
    requirement: Requirement | None
    article_words: str
    cadence: str
    together: tuple[Together, ...]
    trace: tuple[TraceEntry, ...]
    is_waived: bool
    waived_by: str
    waive_reason: str
    may_remove: bool
    may_waive: bool
    may_restore: bool
    themes: tuple[LineTheme, ...]
    may_give_themes: bool


@dataclass(frozen=True, slots=True)
class KeptPage:
    """A line that cannot be taken out of the table: why, and what can be done instead."""

    row: LineRow
    refusal: str
    above: str  # who may waive it; empty where nobody can


@dataclass(frozen=True, slots=True)
class Offer:
    """A recommended practice that a branch may take up."""

    code: str
    title: str
    cadence: str
    times: int
    minutes: int
    guide: str
    article: str
    is_taken: bool


@dataclass(frozen=True, slots=True)
class OffersPage:
    """What the norm recommends."""

    year: int
    label: str
    norm_pack: str
    norm_version: str
    offers: tuple[Offer, ...]


def build_line_page(
    line: PlanLine, norm: Norm, rights: PlanRights, themes: Iterable[Theme] = ()
) -> LinePage:
    """The page of one line; wants plan, group and who waived fetched with it."""
    plan: Plan = line.plan
    row = build_rows([line], norm, (), today=clock.today(), rights=rights)[0]
    requirement = norm.requirement(line.requirement) if line.requirement else None
    changes = LineChange.objects.filter(line_id=line.pk).select_related("by").order_by("-at", "-id")
    is_b = line.practice_class == PracticeClass.B
    return LinePage(
        row=row,
        branch=plan.branch.short_name or plan.branch.name,
        year=plan.year,
        activity=wording.label(Activity(line.activity)),
        norm_pack=norm.pack,
        norm_version=norm.version,
        requirement=requirement,
        article_words=wording.say_article(requirement.article) if requirement else "",
        cadence=wording.say_cadence(requirement.cadence) if requirement else "",
        together=_together(line),
        trace=build_trace(changes),
        is_waived=line.waived_at is not None,
        waived_by=line.waived_by.name if line.waived_by else "",
        waive_reason=line.waive_reason,
        may_remove=rights.may_edit and not is_b and line.discharged_by is None,
        may_waive=rights.may_waive and line.discharged_by is None and line.waived_at is None,
        may_restore=rights.may_waive and line.waived_at is not None,
        themes=tuple(
            LineTheme(theme.title, reverse("theme", args=(line.branch_id, theme.pk)))
            for theme in themes
        ),
        may_give_themes=rights.may_edit,
    )


def build_kept_page(line: PlanLine, norm: Norm, rights: PlanRights, refusal: str) -> KeptPage:
    """The page of a refusal; wants plan, branch and group fetched with the line."""
    row = build_rows([line], norm, (), today=clock.today(), rights=rights)[0]
    is_waivable = (
        line.practice_class == PracticeClass.B
        and line.discharged_by is None
        and line.waived_at is None
    )
    above = line.branch.parent if is_waivable else None
    return KeptPage(row, refusal, above.name if above else "")


def build_offers_page(plan: Plan, norm: Norm, duties: tuple[Duty, ...]) -> OffersPage:
    """What is recommended to the branch in this year."""
    taken = set(lines_of(plan).values_list("requirement", "group_id", "ordinal"))
    by_code: dict[str, list[Duty]] = {}
    for duty in duties:
        by_code.setdefault(duty.requirement.code, []).append(duty)
    offers = []
    for code, asked in by_code.items():
        requirement = asked[0].requirement
        there = sum(
            (d.requirement.code, UUID(d.group) if d.group else None, d.window.ordinal) in taken
            for d in asked
        )
        offers.append(
            Offer(
                code=code,
                title=requirement.title,
                cadence=wording.say_cadence(requirement.cadence),
                times=len(asked),
                minutes=len(asked) * requirement.minutes,
                guide=requirement.guide,
                article=wording.say_article(requirement.article),
                is_taken=there == len(asked),
            )
        )
    label = norm_labels(norm, plan.branch).get(PracticeClass.T, "")
    return OffersPage(plan.year, label, norm.pack, norm.version, tuple(offers))


def _together(line: PlanLine) -> tuple[Together, ...]:
    if line.event is None:
        return ()
    rows = PlanLine.objects.filter(plan=line.plan_id, event=line.event).exclude(pk=line.pk)
    return tuple(Together(other.pk, other.title) for other in rows.order_by("planned_on", "id"))
