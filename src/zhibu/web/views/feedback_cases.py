"""One case and what its organisation does with it. Each form comes back with what was typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST, require_safe

from zhibu.network.feedback import services
from zhibu.network.feedback.models import Case
from zhibu.org import paths
from zhibu.org.models import Organization
from zhibu.org.services import Refused
from zhibu.people.roles import Verb
from zhibu.web import access, clock
from zhibu.web.answers import see_other
from zhibu.web.forms.feedback import (
    AnswerForm,
    CloseForm,
    JoinForm,
    MoveForm,
    RefusalForm,
    SendUpForm,
    SplitForm,
    SummaryForm,
)
from zhibu.web.pages.feedback_cases import MOST_TARGETS, build_case
from zhibu.web.views.feedback_desk import is_own_desk


def _case(request: HttpRequest, pk: UUID) -> Case:
    """A case of one's own desk: a level above does not look into it."""
    cases = Case.objects.select_related("organization")
    within = access.reach(request).within(Verb.ANSWER_FEEDBACK, "organization__")
    case = get_object_or_404(cases.filter(within), pk=pk)
    if not is_own_desk(request, case.organization.path):
        raise Http404
    return case


@require_safe
def show(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What was written, what was done, and what can be done."""
    return _render(request, _case(request, pk), {})


def _render(request: HttpRequest, case: Case, sent: dict[str, forms.Form]) -> HttpResponse:
    targets = tuple(_targets(case.organization).values_list("name", flat=True)[:MOST_TARGETS])
    page = build_case(case, sent, today=clock.today(), targets=targets)
    status = 422 if sent else 200
    return render(request, "web/feedback/case.html", {"page": page}, status=status)


def _targets(organization: Organization) -> Any:
    """Where a case may be moved: up, and one level down; others are named."""
    ways = paths.ancestors(organization.path)
    rows = Organization.objects.filter(Q(path__in=ways) | Q(parent=organization))
    return rows.exclude(kind=Organization.Kind.GROUP).standing_on(clock.today()).order_by("path")


def _act(
    request: HttpRequest,
    case: Case,
    act: str,
    form: forms.Form,
    do: Callable[[dict[str, Any]], str],
) -> HttpResponse:
    """Do what the form asks for, or show it again with the reason."""
    if form.is_valid():
        try:
            told = do(form.cleaned_data)
        except (services.FeedbackRefused, Refused) as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, told)
            return _after(request, case)
    case.refresh_from_db()
    return _render(request, case, {act: form})


def _after(request: HttpRequest, case: Case) -> HttpResponse:
    """To the case; to the desk when it is handled elsewhere now."""
    desk = case.organization_id
    now = Case.objects.select_related("organization").get(pk=case.pk)
    if not is_own_desk(request, now.organization.path):
        return see_other("feedback-desk", desk)
    return see_other("feedback-case", now.pk)


def _told(request: HttpRequest) -> dict[str, Any]:
    return {"by": access.person_of(request), "at": clock.now()}


@require_POST
def accept(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take it in hand."""
    case = _case(request, pk)
    try:
        services.accept_case(case=case, **_told(request))
    except services.FeedbackRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "已受理，反映人会看到。")
    return see_other("feedback-case", pk)


@require_POST
def summarize(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Keep the office's own words."""
    case = _case(request, pk)

    def do(values: dict[str, Any]) -> str:
        services.summarize_case(case=case, summary=values["summary"], **_told(request))
        return "摘要已保存。"

    return _act(request, case, "summarize", SummaryForm(request.POST), do)


@require_POST
def join(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Handle like ones together with it."""
    case = _case(request, pk)
    own = Case.objects.in_hand().filter(organization=case.organization)
    asked = [(key, "") for key in request.POST.getlist("others")]

    def do(values: dict[str, Any]) -> str:
        others = list(own.filter(pk__in=values["others"]))
        if len(others) < len(set(values["others"])):
            raise Refused("选择的事项已经不在这里办理，请重新选择。")
        services.join_cases(main=case, others=others, **_told(request))
        return f"已合并{len(others)}件，一并办理、一并答复。"

    return _act(request, case, "join", JoinForm(request.POST, cases=asked), do)


@require_POST
def split(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Handle it by itself again."""
    case = _case(request, pk)

    def do(values: dict[str, Any]) -> str:
        services.split_case(case=case, reason=values["reason"], **_told(request))
        return "已拆出，单独办理。"

    return _act(request, case, "split", SplitForm(request.POST), do)


@require_POST
def move(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Hand it to another organisation, above or below."""
    case = _case(request, pk)

    def do(values: dict[str, Any]) -> str:
        to = _named(case.organization, values["to"])
        services.move_case(
            case=case, to=to, summary=values["summary"], reason=values["reason"], **_told(request)
        )
        return f"已移交{to.short_name}。"

    return _act(request, case, "move", MoveForm(request.POST), do)


def _named(own: Organization, name: str) -> Organization:
    """The one organisation above or below with this name. Raises Refused for none or several."""
    scope = Q(path__in=paths.ancestors(own.path)) | Q(
        path__gt=own.path, path__lt=paths.successor(own.path)
    )
    rows = Organization.objects.filter(scope).standing_on(clock.today())
    found = list(rows.filter(Q(name=name.strip()) | Q(short_name=name.strip()))[:2])
    if not found:
        raise Refused("上级和下级中没有这个名称的党组织，请填写全称或简称。")
    if len(found) > 1:
        raise Refused("有几个党组织是这个名称，请填写全称。")
    return found[0]


@require_POST
def up(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask the level above."""
    case = _case(request, pk)

    def do(values: dict[str, Any]) -> str:
        above = services.send_up(case=case, summary=values["summary"], **_told(request))
        return f"已报{above.organization.short_name}，答复会同时送到反映人。"

    return _act(request, case, "up", SendUpForm(request.POST), do)


@require_POST
def answer(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Answer it, here and wherever it came from."""
    case = _case(request, pk)

    def do(values: dict[str, Any]) -> str:
        services.answer_case(case=case, answer=values["answer"], **_told(request))
        return "已答复，送到每一位反映人。"

    return _act(request, case, "answer", AnswerForm(request.POST), do)


@require_POST
def refuse(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say why nothing will come of it."""
    case = _case(request, pk)

    def do(values: dict[str, Any]) -> str:
        services.refuse_case(case=case, reason=values["reason"], **_told(request))
        return "已说明不予采纳的理由，送到每一位反映人。"

    return _act(request, case, "refuse", RefusalForm(request.POST), do)


@require_POST
def close(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say what changed because of it."""
    case = _case(request, pk)

    def do(values: dict[str, Any]) -> str:
        services.close_case(
            case=case, summary=values["summary"], outcome=values["outcome"], **_told(request)
        )
        return "已办结，列入“反映与改进”。"

    return _act(request, case, "close", CloseForm(request.POST), do)
