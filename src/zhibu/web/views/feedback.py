"""反映, as everybody has it: say what is wrong, see what became of it, and what changed for all."""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from zhibu.network.feedback import queries, services
from zhibu.network.feedback.models import Feedback
from zhibu.org.models import Member, Organization
from zhibu.org.queries import branch_of_member
from zhibu.org.services import Refused
from zhibu.people.roles import Verb
from zhibu.rules.feedback import About
from zhibu.web import clock
from zhibu.web.access import person_of, reach
from zhibu.web.answers import see_other
from zhibu.web.entry.seats import chosen_first
from zhibu.web.forms.feedback import NAMED, AboutForm, AgainForm, CodeForm, FeedbackForm
from zhibu.web.pages.feedback import (
    ImprovementsPage,
    NewPage,
    SentPage,
    build_course,
    build_mine,
    build_row,
    place_of,
    word_place,
)
from zhibu.web.paging import page_of

_MOST_SEATS: Final = 6


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The form, filled in from where one stood; POST sends it.

    Without a name the answer to the POST itself shows the code: a redirect would have to keep it
    somewhere, and the session is somebody's.
    """
    at = (request.POST or request.GET).get("at", "").replace("\x00", "")[:300]
    place = place_of(at)
    ways = _ways(request)
    initial = {"about": place.about.value, "at": at, "secret": uuid4()}
    form = FeedbackForm(request.POST or None, ways=ways, initial=initial)
    page = NewPage(form, word_place(place), place.address or reverse("home"))
    if form.is_bound and form.is_valid():
        try:
            return _send(request, form, place)
        except Refused as refused:
            form.add_error(None, str(refused))
    status = 422 if form.is_bound else 200
    return render(request, "web/feedback/new.html", {"page": page}, status=status)


def _send(request: HttpRequest, form: FeedbackForm, place: services.Place) -> HttpResponse:
    values = form.cleaned_data
    is_named = values["name"] == NAMED
    seat, to = form.chosen()
    sent = services.send_feedback(
        by=person_of(request),
        is_named=is_named,
        text=values["text"],
        place=replace(place, about=About(values["about"])),
        seat=Organization.objects.get(pk=seat),
        addressed_to=to,
        secret=form.secret_of_form(),
        at=clock.now(),
    )
    where = sent.feedback.addressed_to.short_name
    if not is_named:
        page = SentPage(sent.code, where, place.address or reverse("home"))
        return render(request, "web/feedback/sent.html", {"page": page})
    messages.success(request, f"已送达{where}，办理进展在这里查看。")
    return see_other("feedback-one", sent.feedback.pk)


def _ways(request: HttpRequest) -> list[tuple[str, str]]:
    """From which of one's organisations, to whom: what the form offers, the usual one first."""
    seats = _seats(request)
    offered = services.offered(seats=seats, by=person_of(request), at=clock.now())
    return [
        (
            f"{seat.pk} {to.pk}",
            f"{to.short_name}办理"
            if len(seats) == 1
            else f"从{seat.short_name}反映，{to.short_name}办理",
        )
        for seat in seats
        for to in offered[seat.pk]
    ]


def _seats(request: HttpRequest) -> list[Organization]:
    """Where one may speak from: where one has a role, or belongs to, or else at the top."""
    holds = chosen_first(request, reach(request).holds)
    keys = list(dict.fromkeys(hold.seat_id for hold in holds))[:_MOST_SEATS]
    if keys:
        rows = Organization.objects.in_bulk(keys)
        return [rows[key] for key in keys]
    member = Member.objects.filter(person=person_of(request)).first()
    held = branch_of_member(member.pk) if member else None
    if held is not None:
        return [held.branch]
    return list(Organization.objects.filter(parent=None).order_by("path")[:1])


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """What one has sent with one's name, the newest first."""
    page = build_mine(page_of(request, queries.own_feedback(person_of(request))))
    return render(request, "web/feedback/mine.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One's own feedback and its course; POST asks once more."""
    feedback = get_object_or_404(queries.own_feedback(person_of(request)), pk=pk)
    again = AgainForm(request.POST or None)
    if again.is_bound and again.is_valid() and _ask_again(feedback, again):
        messages.success(request, "已要求继续办理，办理组织会看到您的理由。")
        return see_other("feedback-one", pk)
    page = build_course(feedback, again)
    status = 422 if again.is_bound else 200
    return render(request, "web/feedback/one.html", {"page": page}, status=status)


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """What was sent without a name, found by its code; with a reason it is asked for once more.

    The code is sent in the body and answered at once: it stands in no address, log or session.
    """
    form = CodeForm(request.POST or None)
    if not form.is_bound or not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "web/feedback/code.html", {"form": form}, status=status)
    typed = form.cleaned_data["code"]
    feedback = queries.feedback_of_code(typed)
    if feedback is None:
        form.add_error("code", "没有找到这个查询码，请核对后再输入。")
        return render(request, "web/feedback/code.html", {"form": form}, status=422)
    asks = "reason" in request.POST
    again = AgainForm(request.POST if asks else None)
    is_done = asks and again.is_valid() and _ask_again(feedback, again)
    if is_done:
        feedback, again = queries.feedback_of_code(typed) or feedback, AgainForm()
    page = build_course(feedback, again, code=typed)
    status = 422 if asks and not is_done else 200
    context = {"page": page, "is_asked": is_done}
    return render(request, "web/feedback/one.html", context, status=status)


def _ask_again(feedback: Feedback, form: AgainForm) -> bool:
    """Ask once more; False, with the reason in the form, where that cannot be."""
    try:
        services.reopen_case(feedback=feedback, reason=form.cleaned_data["reason"], at=clock.now())
    except services.FeedbackRefused as refused:
        form.add_error(None, str(refused))
        return False
    return True


@require_safe
def improvements(request: HttpRequest) -> HttpResponse:
    """What was asked and what changed because of it, in one's own organisations and above."""
    form = AboutForm(request.GET or None)
    about = form.cleaned_data["about"] if form.is_bound and form.is_valid() else ""
    held = reach(request)
    seats = {hold.seat for hold in held.holds} or {each.path for each in _seats(request)}
    below = held.within(Verb.SEE_OVERVIEW, "organization__")
    rows = page_of(request, queries.improvements(seats, below=below, about=about))
    page = ImprovementsPage(rows, tuple(build_row(row) for row in rows), form)
    return render(request, "web/feedback/improvements.html", {"page": page})
