"""What all views of the annual table share: the table with the right, what the reader may do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse

from zhibu.norms.facts import NormMissing, norm_of
from zhibu.org.models import Membership, Organization
from zhibu.org.services import Refused
from zhibu.people.roles import Role, Verb
from zhibu.plans.facts import judge_plan, plan_demands, work_calendar
from zhibu.plans.models import Plan, PlanLine
from zhibu.plans.queries import lines_of
from zhibu.plans.services import PlanConflict
from zhibu.rules.norm import Norm
from zhibu.web import clock
from zhibu.web.access import get_visible, reach
from zhibu.web.forms.plans import RevisionForm
from zhibu.web.pages.forms import Crumb
from zhibu.web.pages.plan_drafts import FIRST_YEAR, LAST_YEAR
from zhibu.web.pages.plans import Filters, PlanPage, PlanRights, build_plan_page


@dataclass(frozen=True, slots=True)
class Desk:
    """A table that somebody works at."""

    plan: Plan
    rights: PlanRights

    @property
    def is_adopted(self) -> bool:
        """Whether changes need a reason."""
        return self.plan.state == Plan.State.ADOPTED

    @property
    def back(self) -> str:
        """The address of the table."""
        return reverse("plan", args=[self.plan.branch_id, self.plan.year])

    @property
    def crumbs(self) -> tuple[Crumb, ...]:
        """The way back to the table."""
        branch = self.plan.branch
        return (
            Crumb(branch.short_name or branch.name, reverse("branch-home", args=[branch.pk])),
            Crumb(f"{self.plan.year}年度安排表", self.back),
        )


def check_year(year: int) -> None:
    """Raises 404 for a year that no table can have."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Http404


def find_desk(request: HttpRequest, branch: UUID, year: int, verb: Verb) -> Desk:
    """The table of a branch and year, if this verb may be done on it; else 404."""
    check_year(year)
    rows = Plan.objects.select_related("branch", "norm", "adopted_by")
    return _desk(request, get_visible(request, rows, verb, branch=branch, year=year))


def find_line(request: HttpRequest, key: UUID, verb: Verb) -> tuple[Desk, PlanLine]:
    """A line and its table, if this verb may be done on it; else 404."""
    rows = PlanLine.objects.select_related(
        "branch", "plan__branch", "plan__norm", "group", "waived_by"
    )
    line = get_visible(request, rows, verb, pk=key)
    return _desk(request, line.plan), line


def _desk(request: HttpRequest, plan: Plan) -> Desk:
    return Desk(plan, rights_on(request, plan.branch, is_adopted=plan.state == Plan.State.ADOPTED))


def rights_on(request: HttpRequest, branch: Organization, *, is_adopted: bool) -> PlanRights:
    """What the reader may do with a table of this branch."""
    reached, path = reach(request), branch.path
    groups = reached.groups(path)
    writers = reached.with_verb(Verb.DRAFT_RECORD)
    return PlanRights(
        may_edit=reached.may(Verb.ADOPT_PLAN if is_adopted else Verb.DRAFT_PLAN, path),
        may_adopt=reached.may(Verb.ADOPT_PLAN, path),
        may_waive=reached.may(Verb.WAIVE_LINE, path),
        may_record=reached.may(Verb.DRAFT_RECORD, path),
        may_export=reached.may(Verb.EXPORT, path),
        groups=groups,
        only_groups=not any(
            hold.role is not Role.GROUP_LEADER and path.startswith(hold.seat) for hold in writers
        ),
    )


def closed(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The table is adopted and the reader may not amend it: says who may. A write is refused."""
    if request.method == "POST":
        raise Http404
    return render(request, "web/plan_closed.html", {"desk": desk})


View = Callable[..., HttpResponse]


def build_page(desk: Desk, query: QueryDict) -> PlanPage:
    """The page of a table, read afresh."""
    plan = desk.plan
    lines = list(lines_of(plan))
    for line in lines:
        line.plan = plan  # known already
    demands = plan_demands(plan)
    calendar = work_calendar()
    return build_plan_page(
        plan,
        lines,
        demands,
        judge_plan(plan, demands=demands, lines=lines, calendar=calendar),
        today=clock.today(),
        rights=desk.rights,
        filters=Filters(query.get("class", ""), query.get("state", ""), query.get("kind", "")),
        is_calendar_known=plan.is_provisional and not calendar.is_provisional(plan.year),
    )


def norm_of_plan(plan: Plan) -> Norm:
    """The norm that the table was made from."""
    return norm_of(plan.norm)


def member_names(branch: Organization) -> tuple[str, ...]:
    """Those who belong to the branch today, to choose from."""
    rows = Membership.objects.filter(branch=branch, until__isnull=True)
    return tuple(rows.order_by("member__name").values_list("member__name", flat=True))


def tell(request: HttpRequest, sentence: str) -> None:
    """A message that something was done."""
    messages.success(request, sentence)


def refusal_status(error: Exception) -> int:
    """409 where somebody else was quicker, 422 where the value cannot be taken."""
    return 409 if isinstance(error, PlanConflict) else 422


def fail(form: Any, error: Exception) -> None:
    """Put a refusal beside the field that it speaks of, or above the form."""
    field = getattr(error, "field", None)
    form.add_error(field if field in form.fields else None, str(error))


def renew_revision(form: forms.Form, error: Exception) -> None:
    """After a conflict the form, sent once more, means the table as it stands now."""
    if isinstance(error, PlanConflict):
        form.data = {**dict(form.data.items()), "revision": str(error.plan.revision)}


def attempt(
    request: HttpRequest, form: forms.Form, act: Callable[[], HttpResponse]
) -> tuple[HttpResponse | None, int]:
    """What a form that was sent comes to: the answer of `act`, or the status to show it again with.

    `act` does the verb and says where to go; a refusal stands in the form then, beside its field.
    Of a form that was not sent there is no answer, and the status is 200.
    """
    if request.method != "POST":
        return None, 200
    if not form.is_valid():
        return None, 422
    try:
        return act(), 303
    except (Refused, NormMissing) as error:
        fail(form, error)
        renew_revision(form, error)
        return None, refusal_status(error)


def change_form(request: HttpRequest, desk: Desk, reason: str = "") -> RevisionForm:
    """The form of a change that needs the revision, and a reason once the table is adopted."""
    initial = {"revision": desk.plan.revision, "reason": reason}
    return RevisionForm(posted(request), needs_reason=desk.is_adopted, initial=initial)


def posted(request: HttpRequest) -> QueryDict | None:
    """What was sent, if anything was: an empty form that was sent is not an unasked one."""
    return request.POST if request.method == "POST" else None
