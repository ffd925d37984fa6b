"""Before there is a table: how to begin one, and what it will hold."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django import forms
from django.urls import reverse

from zhibu.norms.facts import NormMissing, norm_for
from zhibu.org.facts import branch_facts
from zhibu.org.models import Organization
from zhibu.plans.facts import Demands, demands_of, work_calendar
from zhibu.rules import wording
from zhibu.rules.duties import Duty
from zhibu.web.pages.forms import Crumb
from zhibu.web.pages.plans import PlanRights, norm_labels

FIRST_YEAR, LAST_YEAR = 1921, 2200  # as the table's own constraint has it


@dataclass(frozen=True, slots=True)
class NoPlanPage:
    """A year for which a branch has no table."""

    branch_id: UUID
    branch: str
    year: int
    this_year: int
    may_draft: bool

    @property
    def last_year(self) -> int:
        """The year before; 0 where there can be no table of it."""
        return self.year - 1 if self.year > FIRST_YEAR else 0

    @property
    def next_year(self) -> int:
        """The year after; 0 where there can be no table of it."""
        return self.year + 1 if self.year < LAST_YEAR else 0


@dataclass(frozen=True, slots=True)
class Asked:
    """How often a requirement will stand in the table."""

    code: str
    practice_class: str
    title: str
    cadence: str
    times: int
    article: str


@dataclass(frozen=True, slots=True)
class DraftPage:
    """What will be made, and the form that makes it."""

    branch_id: UUID
    branch: str
    year: int
    norm_title: str
    norm_pack: str
    norm_version: str
    duties: tuple[Asked, ...]
    offers: tuple[Asked, ...]
    total: int
    is_provisional: bool
    form: forms.BaseForm
    hindrance: str  # why nothing can be made; empty where it can
    crumbs: tuple[Crumb, ...]


def build_no_plan_page(
    branch: Organization, year: int, today: date, rights: PlanRights
) -> NoPlanPage:
    """The empty year."""
    return NoPlanPage(
        branch.pk, branch.short_name or branch.name, year, today.year, may_draft=rights.may_edit
    )


def build_draft_page(branch: Organization, year: int, form: forms.BaseForm) -> DraftPage:
    """What the norm in force asks of the branch in the year."""
    hindrance, demands = "", None
    try:
        _, norm = norm_for(branch, year)
    except NormMissing as error:
        hindrance = str(error)
    else:
        demands = demands_of(norm, branch_facts(branch, year=year), year)
        if not demands.duties:
            hindrance = f"按照现行规范和支部情况，{year}年度没有需要安排的事项，请核对支部成立日期和党员信息。"
    name = branch.short_name or branch.name
    return DraftPage(
        branch_id=branch.pk,
        branch=name,
        year=year,
        norm_title=demands.norm.title if demands else "",
        norm_pack=demands.norm.pack if demands else "",
        norm_version=demands.norm.version if demands else "",
        duties=_asked(branch, demands, demands.duties) if demands else (),
        offers=_asked(branch, demands, demands.offers) if demands else (),
        total=len(demands.duties) if demands else 0,
        is_provisional=work_calendar().is_provisional(year),
        form=form,
        hindrance=hindrance,
        crumbs=(
            Crumb(name, reverse("branch-home", args=[branch.pk])),
            Crumb(f"{year}年度安排表", reverse("plan", args=[branch.pk, year])),
        ),
    )


def _asked(branch: Organization, demands: Demands, duties: tuple[Duty, ...]) -> tuple[Asked, ...]:
    labels = norm_labels(demands.norm, branch)
    times = Counter(duty.requirement.code for duty in duties)
    return tuple(
        Asked(
            code=requirement.code,
            practice_class=labels.get(requirement.practice_class, ""),
            title=requirement.title,
            cadence=wording.say_cadence(requirement.cadence),
            times=times[requirement.code],
            article=wording.say_article(requirement.article),
        )
        for requirement in demands.norm.requirements
        if requirement.code in times
    )
