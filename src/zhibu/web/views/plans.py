"""年度安排表: the year of a branch; drafting, adopting, what changed, holidays, a new norm."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from zhibu.network.themes.services import draft_table
from zhibu.norms.facts import NormMissing
from zhibu.people.roles import Verb
from zhibu.plans.models import Plan
from zhibu.plans.queries import changes_of, find_plan
from zhibu.plans.services import (
    adopt_plan,
    apply_holiday_proposals,
    apply_redraft,
    recheck_holidays,
    redraft,
)
from zhibu.web import clock
from zhibu.web.access import get_organization, person_of
from zhibu.web.answers import see_other
from zhibu.web.forms.plans import DraftForm, RevisionForm
from zhibu.web.pages.plan_changes import build_changes_page
from zhibu.web.pages.plan_drafts import build_draft_page, build_no_plan_page
from zhibu.web.pages.plan_moves import build_holiday_page, build_redraft_page, read_keys, read_lines
from zhibu.web.views.tables import (
    attempt,
    build_page,
    change_form,
    check_year,
    closed,
    find_desk,
    posted,
    rights_on,
    tell,
)

FORM_METHODS = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def plan(request: HttpRequest, branch: UUID, year: int) -> HttpResponse:
    """The year on one screen; where there is no table yet, how to begin one."""
    check_year(year)
    rows = Plan.objects.select_related("branch", "norm", "adopted_by")
    if not rows.filter(branch=branch, year=year).exists():
        organization = get_organization(request, branch, Verb.SEE_BRANCH)
        rights = rights_on(request, organization, is_adopted=False)
        page = build_no_plan_page(organization, year, clock.today(), rights)
        return render(request, "web/plan_none.html", {"page": page})
    desk = find_desk(request, branch, year, Verb.SEE_BRANCH)
    template = "web/plan.html#plan" if request.htmx else "web/plan.html"  # type: ignore[attr-defined]
    return render(request, template, {"page": build_page(desk, request.GET), "touched": ()})


@FORM_METHODS
def draft(request: HttpRequest, branch: UUID, year: int) -> HttpResponse:
    """Says what a new table will hold, asks where its topics come from, and makes it."""
    check_year(year)
    organization = get_organization(request, branch, Verb.DRAFT_PLAN)
    if find_plan(organization, year) is not None:
        return see_other("plan", branch, year)
    form = DraftForm(posted(request))

    def act() -> HttpResponse:
        made = draft_table(
            branch=organization, year=year, by=person_of(request), at=clock.now(),
            topics=form.chosen_themes(),
        )  # fmt: skip
        tell(request, f"已按规范起草{year}年度安排表，共{made.lines.count()}项。")
        return see_other("plan", branch, year)

    answer, status = attempt(request, form, act)
    if answer is not None:
        return answer
    page = build_draft_page(organization, year, form)
    return render(request, "web/plan_draft.html", {"page": page}, status=status)


@FORM_METHODS
def adopt(request: HttpRequest, branch: UUID, year: int) -> HttpResponse:
    """Shows gaps and clashes once more, then adopts."""
    desk = find_desk(request, branch, year, Verb.ADOPT_PLAN)
    if desk.is_adopted:
        return see_other("plan", branch, year)
    form = RevisionForm(
        posted(request), needs_reason=False, initial={"revision": desk.plan.revision}
    )

    def act() -> HttpResponse:
        revision = form.cleaned_data["revision"]
        adopt_plan(plan=desk.plan, revision=revision, by=person_of(request), at=clock.now())
        began = "自即日起执行" if year <= clock.today().year else f"自{year}年1月1日起执行"
        tell(request, f"{year}年度安排表已通过，{began}。")
        return see_other("plan", branch, year)

    answer, status = attempt(request, form, act)
    if answer is not None:
        return answer
    context = {"page": build_page(desk, request.GET), "form": form, "desk": desk}
    return render(request, "web/plan_adopt.html", context, status=status)


@require_safe
def changes(request: HttpRequest, branch: UUID, year: int) -> HttpResponse:
    """The trace: what was changed after the table was adopted, by whom, why."""
    desk = find_desk(request, branch, year, Verb.SEE_BRANCH)
    page = build_changes_page(desk.plan, changes_of(desk.plan), request.GET.get("page"))
    return render(request, "web/plan_changes.html", {"page": page, "desk": desk})


@FORM_METHODS
def holidays(request: HttpRequest, branch: UUID, year: int) -> HttpResponse:
    """The lines that now fall on a day off, each with a proposal."""
    desk = find_desk(request, branch, year, Verb.DRAFT_PLAN)
    if not desk.rights.may_edit:
        return closed(request, desk)
    form = change_form(request, desk, "按照公布的节假日安排调整")

    def act() -> HttpResponse:
        moved = apply_holiday_proposals(
            plan=desk.plan, revision=form.cleaned_data["revision"], by=person_of(request),
            at=clock.now(), lines=read_lines(request.POST, "line"), reason=form.stated_reason,
        )  # fmt: skip
        tell(request, f"已调整{moved}项安排。" if moved else "没有选择要调整的安排。")
        return see_other("plan", branch, year)

    answer, status = attempt(request, form, act)
    if answer is not None:
        return answer
    proposals = recheck_holidays(desk.plan, today=clock.today())
    page = build_holiday_page(desk.plan, proposals, form, posted(request))
    return render(request, "web/plan_holidays.html", {"page": page, "desk": desk}, status=status)


@FORM_METHODS
def redraft_(request: HttpRequest, branch: UUID, year: int) -> HttpResponse:
    """What the norm asks now and the table does not have, and the other way round."""
    desk = find_desk(request, branch, year, Verb.DRAFT_PLAN)
    if not desk.rights.may_edit:
        return closed(request, desk)
    form = change_form(request, desk, "按照现行规范和支部情况调整")

    def act() -> HttpResponse:
        apply_redraft(
            plan=desk.plan, revision=form.cleaned_data["revision"],
            add=read_keys(request.POST, "add"), end=read_lines(request.POST, "end"),
            shift=read_lines(request.POST, "shift"), by=person_of(request),
            at=clock.now(), reason=form.stated_reason,
        )  # fmt: skip
        tell(request, "已按选定的内容调整安排表。")
        return see_other("plan", branch, year)

    answer, status = attempt(request, form, act)
    if answer is not None:
        return answer
    try:
        difference = redraft(desk.plan)
    except NormMissing as error:
        messages.error(request, str(error))
        return see_other("plan", branch, year)
    page = build_redraft_page(desk.plan, difference, form, posted(request))
    return render(request, "web/plan_redraft.html", {"page": page, "desk": desk}, status=status)
