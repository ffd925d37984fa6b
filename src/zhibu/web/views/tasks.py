"""任务: lists, one task, and what is done with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from zhibu.network.tasks import services
from zhibu.network.tasks.models import Task
from zhibu.network.tasks.queries import tasks_of, tasks_of_person
from zhibu.org.models import Member, Organization
from zhibu.org.queries import members_of
from zhibu.org.services import Refused
from zhibu.people.roles import Verb
from zhibu.web import clock
from zhibu.web.access import get_organization, get_visible, person_of, reach
from zhibu.web.answers import see_other
from zhibu.web.forms.tasks import TaskForm, WordsForm
from zhibu.web.pages.forms import Crumb, FormPage
from zhibu.web.pages.organizations import crumbs_to
from zhibu.web.pages.tasks import STATES, MinePage, build_list, build_task, task_row
from zhibu.web.paging import page_of

_SHOWN = ("organization", "owner", "record", "assignment__organization", "ended_by_record")


@require_safe
def index(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The tasks of one organisation, those in hand first."""
    organization = get_organization(request, pk, Verb.SEE_BRANCH)
    state = request.GET.get("state", "")
    state = state if state in dict(STATES) else "open"
    page = build_list(
        organization,
        page_of(request, _in_state(tasks_of(organization), state)),
        reach=reach(request),
        person=person_of(request),
        state=state,
        today=clock.today(),
        crumbs=_crumbs(request, organization),
    )
    return render(request, "web/tasks/list.html", {"page": page})


def _in_state(rows: QuerySet[Task], state: str) -> QuerySet[Task]:
    if state == "all":
        return rows.order_by("-began_on", "-id")
    if state == Task.State.OPEN:
        return rows.filter(state=state).order_by("due_on", "began_on", "id")
    return rows.filter(state=state).order_by("-ended_on", "-id")


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """What the person who is signed in has to carry out."""
    pages = page_of(request, tasks_of_person(person_of(request)))
    today = clock.today()
    rows = tuple(
        task_row(one, today, soon_days=one.organization.soon_days, person=person_of(request))
        for one in pages
    )
    return render(request, "web/tasks/mine.html", {"page": MinePage(rows, pages)})


@require_safe
def show(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One task with its trace."""
    task = _task(request, pk, Verb.SEE_BRANCH)
    page = build_task(
        task,
        reach=reach(request),
        person=person_of(request),
        today=clock.today(),
        crumbs=_crumbs_of(request, task, with_own=False),
    )
    return render(request, "web/tasks/task.html", {"page": page})


@require_http_methods(["GET", "POST"])
def report(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The owner says what was done."""
    mine = Task.objects.filter(owner__person=person_of(request)).select_related(*_SHOWN)
    task = get_object_or_404(mine, pk=pk)
    return _ask_words(
        request, task, services.report_task, "words", title="报告办理情况", label="办理情况",
        submit="报告", done="已报告，请负责同志核对后办结。",
        hint="写明做了什么、结果怎样；由支部核对后办结。",
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def close(request: HttpRequest, pk: UUID) -> HttpResponse:
    """It is done."""
    return _ask_words(
        request, _task(request, pk, Verb.KEEP_TASK), services.close_task, "words",
        title="办结任务", label="办理结果", submit="办结", done="任务已办结。",
        hint="写明结果和证明，如：新值班表已公示。",
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def drop(request: HttpRequest, pk: UUID) -> HttpResponse:
    """It is not to be done any more."""
    return _ask_words(
        request, _task(request, pk, Verb.KEEP_TASK), services.drop_task, "reason",
        title="不再办理", label="理由", submit="不再办理", done="已记为不再办理。",
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def reopen(request: HttpRequest, pk: UUID) -> HttpResponse:
    """It was ended by mistake."""
    return _ask_words(
        request, _task(request, pk, Verb.KEEP_TASK), services.reopen_task, "reason",
        title="恢复办理", label="理由", submit="恢复办理", done="任务已恢复办理。",
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Another owner, another date."""
    task = _task(request, pk, Verb.KEEP_TASK)
    organization = task.organization
    members = members_of(organization, clock.today())
    if task.owner_id is not None:  # whoever has left may stay named
        members = members | Member.objects.filter(pk=task.owner_id)
    form = TaskForm(
        request.POST or None,
        members=members,
        has_date=task.assignment_id is None,
        initial={"owner": task.owner_id, "due_on": task.due_on},
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.change_task(
                task=task, by=person_of(request), at=clock.now(), **form.cleaned_data
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "任务已调整。")
            return see_other("task", pk)
    return _ask(request, task, form, title="调整办理人和期限", submit="保存")


def _ask_words(
    request: HttpRequest,
    task: Task,
    verb: Callable[..., Any],
    argument: str,
    *,
    title: str,
    label: str,
    submit: str,
    done: str,
    hint: str = "",
) -> HttpResponse:
    """Ask for a few words, then do it; who was quicker is said."""
    form = WordsForm(request.POST or None, label=label, hint=hint)
    if request.method == "POST" and form.is_valid():
        words = {argument: form.cleaned_data["words"]}
        try:
            verb(task=task, by=person_of(request), at=clock.now(), **words)
        except Refused as refused:
            form.add_error("words", str(refused))
        else:
            messages.success(request, done)
            return _back(request, task)
    return _ask(request, task, form, title=title, submit=submit)


def _ask(
    request: HttpRequest, task: Task, form: WordsForm | TaskForm, *, title: str, submit: str
) -> HttpResponse:
    page = FormPage(
        title=title,
        form=form,
        submit=submit,
        back=_back(request, task)["Location"],
        intro=task.title,
        crumbs=_crumbs_of(request, task, with_own=True),
    )
    return render(request, "web/form.html", {"page": page}, status=422 if form.is_bound else 200)


def _back(request: HttpRequest, task: Task) -> HttpResponse:
    """To the task; an owner without a role there goes to their own list."""
    if reach(request).may(Verb.SEE_BRANCH, task.organization.path):
        return see_other("task", task.pk)
    return see_other("task-mine")


def _task(request: HttpRequest, pk: UUID, verb: Verb) -> Task:
    rows = Task.objects.select_related(*_SHOWN)
    return get_visible(request, rows, verb, prefix="organization__", pk=pk)


def _crumbs(request: HttpRequest, organization: Organization) -> tuple[Crumb, ...]:
    if not reach(request).may(Verb.SEE_ORGANIZATION, organization.path):
        return ()
    return tuple(crumbs_to(organization, reach(request)))


def _crumbs_of(request: HttpRequest, task: Task, *, with_own: bool) -> tuple[Crumb, ...]:
    if not reach(request).may(Verb.SEE_BRANCH, task.organization.path):
        return (Crumb("我的任务", reverse("task-mine")),)
    found = [
        Crumb(
            f"{task.organization.short_name}的任务",
            reverse("task-list", args=(task.organization_id,)),
        )
    ]
    if with_own:
        found.append(Crumb("任务", reverse("task", args=(task.pk,))))
    return tuple(found)
