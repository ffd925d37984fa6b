"""The desk of those who handle feedback, and what waits at the levels below."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from zhibu.network.feedback import queries, services
from zhibu.network.feedback.models import Case
from zhibu.org import paths
from zhibu.org.models import Organization
from zhibu.org.reach import Hold
from zhibu.org.services import Refused
from zhibu.people.roles import Verb
from zhibu.rules.feedback import HELP_DAYS
from zhibu.rules.wording import say_date
from zhibu.web import access, clock
from zhibu.web.answers import see_other
from zhibu.web.entry.seats import chosen_first
from zhibu.web.forms.feedback import DeskForm, TakeForm
from zhibu.web.pages.feedback import word_place
from zhibu.web.pages.feedback_cases import build_desk, build_waiting
from zhibu.web.pages.forms import Crumb, FormPage
from zhibu.web.paging import page_of


def is_own_desk(request: HttpRequest, path: str) -> bool:
    """Whether the person handles feedback at this organisation itself, not from above."""
    holds = access.reach(request).with_verb(Verb.ANSWER_FEEDBACK)
    return any(hold.seat == path for hold in holds)


def _before(today: date) -> date:
    return today - timedelta(days=HELP_DAYS)


@require_safe
def desk(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What the organisation has in hand, the longest waiting first; from above it is not there."""
    organization = access.get_organization(request, pk, Verb.ANSWER_FEEDBACK)
    if not is_own_desk(request, organization.path):
        raise Http404
    form = DeskForm(request.GET)
    chosen = form.cleaned_data if form.is_valid() else {}
    cases = queries.desk(organization, state=chosen.get("state", ""), about=chosen.get("about", ""))
    today = clock.today()
    late = queries.waiting_below(organization, _before(today)).count()
    page = build_desk(organization, page_of(request, cases), form, today=today, below=late)
    status = 200 if form.is_valid() else 422
    return render(request, "web/feedback/desk.html", {"page": page}, status=status)


@require_safe
def waiting(request: HttpRequest, pk: UUID) -> HttpResponse:
    """How long what is open waits at each level, and what the level directly above can help with."""
    organization = access.get_organization(request, pk, Verb.SEE_OVERVIEW)
    reach, today = access.reach(request), clock.today()
    rows = queries.waiting_under(organization).filter(reach.within(Verb.SEE_OVERVIEW))
    late = queries.waiting_below(organization, _before(today))
    late = late.filter(reach.within(Verb.SEE_OVERVIEW, "organization__"))
    page = build_waiting(
        organization,
        page_of(request, rows),
        page_of(request, late, name="late"),
        today=today,
        may_take=bool(_desks_above(request, organization.path + paths.segment(1))),
    )
    return render(request, "web/feedback/waiting.html", {"page": page})


def _desks_above(request: HttpRequest, path: str) -> list[Hold]:
    """The person's own desks above this path, the chosen and then the nearest first."""
    found = [
        hold
        for hold in access.reach(request).with_verb(Verb.ANSWER_FEEDBACK)
        if hold.with_below and hold.seat != path and path.startswith(hold.seat)
    ]
    return chosen_first(request, sorted(found, key=lambda hold: -len(hold.seat)))


@require_http_methods(["GET", "HEAD", "POST"])
def take(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take over what has waited too long below."""
    cases = Case.objects.select_related("organization").filter(into=None)
    within = access.reach(request).within(Verb.ANSWER_FEEDBACK, "organization__")
    case = get_object_or_404(cases.filter(within), pk=pk)
    desks = _desks_above(request, case.organization.path)
    if not desks:
        raise Http404
    to = Organization.objects.get(pk=desks[0].seat_id)
    back = reverse("feedback-waiting", args=[to.pk])
    form = TakeForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            services.take_case(
                case=case, to=to, reason=form.cleaned_data["reason"],
                by=access.person_of(request), at=clock.now(),
            )  # fmt: skip
        except (services.FeedbackRefused, Refused) as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"已由{to.short_name}提级办理。")
            return see_other("feedback-case", case.pk)
    subject = word_place(case)
    page = FormPage(
        title="提级办理",
        form=form,
        submit="提级办理",
        back=back,
        intro=f"{case.organization.short_name}的一件反映"
        + (f"（关于{subject}）" if subject else "")
        + f"，自{say_date(case.waiting_since)}起等待办理。",
        consequences=(
            f"办理转到{to.short_name}，{case.organization.short_name}不再办理。",
            "可以看到反映的原文，看不到反映人的姓名。",
            "反映人会看到由谁提级办理和理由。",
        ),
        crumbs=(Crumb("反映等待情况", back),),
    )
    status = 422 if form.is_bound else 200
    return render(request, "web/form.html", {"page": page}, status=status)
