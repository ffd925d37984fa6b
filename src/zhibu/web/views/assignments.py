"""交办: give a task to those below, follow it, remind, withdraw."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from zhibu.network.tasks import services
from zhibu.network.tasks.models import Assignment
from zhibu.network.tasks.queries import assignments_of
from zhibu.org.models import Organization
from zhibu.org.services import Refused
from zhibu.people.roles import Verb
from zhibu.web import clock
from zhibu.web.access import get_organization, get_visible, person_of
from zhibu.web.answers import see_other
from zhibu.web.forms.tasks import AssignmentForm, WordsForm
from zhibu.web.once import once
from zhibu.web.pages.assignments import (
    STATES,
    build_assignment,
    build_assignments,
    in_state,
    say_audience,
)
from zhibu.web.pages.forms import Crumb, FormPage
from zhibu.web.paging import page_of

_LEAVES = frozenset({Organization.Kind.BRANCH, Organization.Kind.GROUP})


@require_safe
def index(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What the organisation gave to those below it, the newest first."""
    organization = _giver(request, pk)
    page = build_assignments(
        organization, page_of(request, assignments_of(organization), 20), clock.today()
    )
    return render(request, "web/tasks/assignments.html", {"page": page})


@require_http_methods(["GET", "POST"])
@once
def new(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Give a task to those below."""
    organization = _giver(request, pk)
    form = AssignmentForm(request.POST or None, organization=organization, today=clock.today())
    if request.method == "POST" and form.is_valid():
        given = {**form.cleaned_data, "chosen": [one.pk for one in form.cleaned_data["chosen"]]}
        try:
            made = services.assign_task(
                organization=organization, by=person_of(request), at=clock.now(), **given
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "任务已交办，各组织随即可以看到。")
            return see_other("assignment", made.pk)
    back = reverse("assignment-list", args=(pk,))
    page = FormPage(
        title="交办任务", form=form, submit="交办", back=back,
        intro="交办后，任务列入各组织的任务清单和下次会议议程；每个组织只收到一次。",
        crumbs=(Crumb("交办", back),),
    )  # fmt: skip
    return render(request, "web/form.html", {"page": page}, status=422 if form.is_bound else 200)


@require_safe
def show(request: HttpRequest, pk: UUID) -> HttpResponse:
    """How far it is carried out, in the order of the tree."""
    assignment = _assignment(request, pk)
    state = request.GET.get("state", "")
    state = state if state in dict(STATES) else "all"
    today = clock.today()
    pages = page_of(request, in_state(assignment, state, today))
    page = build_assignment(assignment, pages, state=state, today=today)
    return render(request, "web/tasks/assignment.html", {"page": page})


@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take it back from all who have not done it."""
    assignment = _assignment(request, pk)
    form = WordsForm(request.POST or None, label="撤回理由")
    if request.method == "POST" and form.is_valid():
        try:
            services.withdraw_assignment(
                assignment=assignment, reason=form.cleaned_data["words"], by=person_of(request),
                at=clock.now(),
            )  # fmt: skip
        except Refused as refused:
            form.add_error("words", str(refused))
        else:
            messages.success(request, "已撤回；已经办结的保留。")
            return see_other("assignment", pk)
    back = reverse("assignment", args=(pk,))
    page = FormPage(
        title="撤回交办", form=form, submit="撤回", back=back,
        intro=f"{assignment.title}（{say_audience(assignment)}）",
        warning="尚未办结的组织将不再办理，理由会告诉他们；已经办结的不受影响。",
        crumbs=(Crumb("交办", reverse("assignment-list", args=(assignment.organization_id,))),),
    )  # fmt: skip
    return render(request, "web/form.html", {"page": page}, status=422 if form.is_bound else 200)


@require_POST
def remind(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Remind those who have not done it."""
    assignment = _assignment(request, pk)
    try:
        told = services.remind_assignment(
            assignment=assignment, by=person_of(request), at=clock.now()
        )
    except Refused as refused:
        messages.warning(request, str(refused))
    else:
        if told:
            messages.success(request, f"已提醒{told}人。")
        else:
            messages.info(request, "没有需要提醒的，或者今天已经提醒过。")
    return see_other("assignment", pk)


def _giver(request: HttpRequest, pk: UUID) -> Organization:
    """An organisation that has others below it, with the right to give them tasks."""
    organization = get_organization(request, pk, Verb.ASSIGN_TASK)
    if organization.kind in _LEAVES:
        raise Http404
    return organization


def _assignment(request: HttpRequest, pk: UUID) -> Assignment:
    rows = Assignment.objects.select_related("organization", "made_by")
    return get_visible(request, rows, Verb.ASSIGN_TASK, prefix="organization__", pk=pk)
