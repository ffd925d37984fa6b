"""One line of the table: see it, edit it in its place, add, take up, remove, waive, restore."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from zhibu.network.themes.queries import running_themes, themes_of_lines
from zhibu.network.themes.services import add_line_for
from zhibu.org.services import Refused
from zhibu.people.roles import Verb
from zhibu.plans.facts import plan_demands
from zhibu.plans.models import PlanLine
from zhibu.plans.services import (
    PlanConflict,
    edit_line,
    remove_line,
    restore_line,
    take_up,
    waive_line,
    why_kept,
)
from zhibu.web import clock
from zhibu.web.access import person_of
from zhibu.web.answers import SeeOther, see_other
from zhibu.web.forms.plans import LineForm, OwnLineForm, ReasonForm
from zhibu.web.pages.forms import FormPage
from zhibu.web.pages.plan_lines import build_kept_page, build_line_page, build_offers_page
from zhibu.web.views.plans import FORM_METHODS
from zhibu.web.views.tables import (
    Desk,
    attempt,
    build_page,
    change_form,
    closed,
    fail,
    find_desk,
    find_line,
    member_names,
    norm_of_plan,
    posted,
    refusal_status,
    tell,
)


@require_safe
def line(request: HttpRequest, line: UUID) -> HttpResponse:
    """All that is known of a line, and why it stands as it does."""
    desk, row = find_line(request, line, Verb.SEE_BRANCH)
    themes = themes_of_lines([row.pk]).get(row.pk, ())
    page = build_line_page(row, norm_of_plan(desk.plan), desk.rights, themes)
    return render(request, "web/line.html", {"page": page, "desk": desk})


@FORM_METHODS
def edit(request: HttpRequest, line: UUID) -> HttpResponse:
    """Change a line: in its row where htmx asks, else on a page of its own."""
    desk, row = find_line(request, line, Verb.DRAFT_PLAN)
    if not desk.rights.may_edit:
        return closed(request, desk)
    form = _line_form(desk, row, posted(request), request.GET.get("reason", "")[:500])
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            following = _following(request, desk, row)
            try:
                edit_line(
                    line=row, revision=form.cleaned_data["revision"], changes=form.values(),
                    by=person_of(request), at=clock.now(), reason=form.stated_reason,
                )  # fmt: skip
            except PlanConflict as error:
                status = refusal_status(error)
                form = _again(desk, row, form, error)
            except Refused as error:
                fail(form, error)
                status = refusal_status(error)
            else:
                return _saved(request, desk, row, following, form.stated_reason)
    form.look_at_first()
    # Read again where somebody else may have changed it meanwhile.
    current = PlanLine.objects.filter(pk=line).first() if status == 409 else row
    context = {
        "desk": desk,
        "line": row,
        "form": form,
        "current": current,
        "is_stale": status == 409,
    }
    template = "web/line_edit.html#row" if request.htmx else "web/line_edit.html"  # type: ignore[attr-defined]
    return render(request, template, context, status=status)


@FORM_METHODS
def add(request: HttpRequest, branch: UUID, year: int) -> HttpResponse:
    """Add a line of the branch's own (X)."""
    desk = find_desk(request, branch, year, Verb.DRAFT_PLAN)
    if not desk.rights.may_edit:
        return closed(request, desk)
    names = member_names(desk.plan.branch)
    themes = running_themes(desk.plan.branch, clock.today())
    form = OwnLineForm(
        posted(request),
        themes=list(themes),
        needs_reason=desk.is_adopted,
        names=names,
        initial={"revision": desk.plan.revision},
    )

    def act() -> HttpResponse:
        made = add_line_for(
            plan=desk.plan, revision=form.cleaned_data["revision"], values=form.values(),
            themes=form.served, day=clock.today(), by=person_of(request), at=clock.now(),
            reason=form.stated_reason,
        )  # fmt: skip
        tell(request, f"已增加“{made.title}”。")
        return see_other("plan", branch, year, anchor=f"l{made.pk}")

    answer, status = attempt(request, form, act)
    if answer is not None:
        return answer
    context = {"desk": desk, "form": form}
    return render(request, "web/line_add.html", context, status=status)


@FORM_METHODS
def offers(request: HttpRequest, branch: UUID, year: int) -> HttpResponse:
    """What the norm recommends (T): take one up."""
    desk = find_desk(request, branch, year, Verb.DRAFT_PLAN)
    if not desk.rights.may_edit:
        return closed(request, desk)
    form = change_form(request, desk)

    def act() -> HttpResponse:
        made = take_up(
            plan=desk.plan, requirement=request.POST.get("requirement", "")[:40],
            revision=form.cleaned_data["revision"], by=person_of(request),
            at=clock.now(), reason=form.stated_reason,
        )  # fmt: skip
        tell(request, f"已列入“{made[0].title}”{len(made)}项。")
        return see_other("plan", branch, year, anchor=f"l{made[0].pk}")

    answer, status = attempt(request, form, act)
    if answer is not None:
        return answer
    demands = plan_demands(desk.plan)
    page = build_offers_page(desk.plan, demands.norm, demands.offers)
    context = {"page": page, "desk": desk, "form": form}
    return render(request, "web/plan_offers.html", context, status=status)


@FORM_METHODS
def remove(request: HttpRequest, line: UUID) -> HttpResponse:
    """Take a T or X line out of the table, after one more question."""
    desk, row = find_line(request, line, Verb.DRAFT_PLAN)
    if not desk.rights.may_edit:
        return closed(request, desk)
    if refusal := why_kept(row):
        page = build_kept_page(row, norm_of_plan(desk.plan), desk.rights, refusal)
        status = 422 if request.method == "POST" else 200
        return render(request, "web/line_kept.html", {"page": page, "desk": desk}, status=status)
    form = change_form(request, desk)

    def act() -> HttpResponse:
        remove_line(
            line=row, revision=form.cleaned_data["revision"], by=person_of(request),
            at=clock.now(), reason=form.stated_reason,
        )  # fmt: skip
        tell(request, f"已取消“{row.title}”。")
        return SeeOther(desk.back)

    answer, status = attempt(request, form, act)
    if answer is not None:
        return answer
    asked = FormPage(
        title=f"取消“{row.title}”",
        form=form,
        submit="取消这项安排",
        back=reverse("line", args=[row.pk]),
        crumbs=desk.crumbs,
    )
    return render(request, "web/form.html", {"page": asked}, status=status)


@FORM_METHODS
def waive(request: HttpRequest, line: UUID) -> HttpResponse:
    """A higher level lets the branch off a line."""
    return _from_above(
        request, line, waive_line, "免除", "免除后不再计入应完成事项，理由对支部公开。"
    )


@FORM_METHODS
def restore(request: HttpRequest, line: UUID) -> HttpResponse:
    """A higher level takes a waiver back."""
    return _from_above(request, line, restore_line, "恢复", "恢复后重新计入应完成事项。")


def _from_above(request: HttpRequest, key: UUID, verb: Any, word: str, intro: str) -> HttpResponse:
    desk, row = find_line(request, key, Verb.WAIVE_LINE)
    form = ReasonForm(posted(request))

    def act() -> HttpResponse:
        verb(line=row, reason=form.cleaned_data["reason"], by=person_of(request), at=clock.now())
        tell(request, f"已{word}“{row.title}”。")
        return see_other("line", row.pk)

    answer, status = attempt(request, form, act)
    if answer is not None:
        return answer
    page = FormPage(
        title=f"{word}“{row.title}”",
        form=form,
        submit=word,
        back=reverse("line", args=[row.pk]),
        intro=f"{desk.plan.branch.name}，{desk.plan.year}年度。{intro}",
        crumbs=desk.crumbs,
    )
    return render(request, "web/form.html", {"page": page}, status=status)


def _line_form(
    desk: Desk, row: PlanLine, data: Mapping[str, Any] | None, reason: str = ""
) -> LineForm:
    kind = LineForm if row.requirement else OwnLineForm
    initial = {name: getattr(row, name) for name in kind.base_fields if hasattr(row, name)}
    return kind(
        data,
        needs_reason=desk.is_adopted,
        names=member_names(desk.plan.branch),
        initial={**initial, "revision": desk.plan.revision, "reason": reason},
    )


def _again(desk: Desk, row: PlanLine, form: LineForm, error: PlanConflict) -> LineForm:
    """The form with what was typed; saved once more it changes the table as it stands now."""
    again = _line_form(desk, row, {**dict(form.data.items()), "revision": error.plan.revision})
    again.is_valid()
    again.add_error(None, str(error))
    return again


def _following(request: HttpRequest, desk: Desk, row: PlanLine) -> UUID | None:
    """The line that stood below this one and can be changed, if the writer wants to go on to it.

    Asked before the change is saved: a line that is moved to a later day is not to take its
    writer along.
    """
    if request.POST.get("then") != "next":
        return None
    rows = (line for month in build_page(desk, _query(request)).months for line in month.rows)
    keys = [line.id for line in rows if line.may_edit]
    place = keys.index(row.pk) + 1 if row.pk in keys else len(keys)
    return keys[place] if place < len(keys) else None


def _query(request: HttpRequest) -> QueryDict:
    """The filter that the writer looks through, where the table is drawn anew by htmx."""
    url = request.htmx.current_url if request.htmx else ""  # type: ignore[attr-defined]
    return QueryDict((url or "").partition("?")[2].partition("#")[0])


def _saved(
    request: HttpRequest, desk: Desk, row: PlanLine, following: UUID | None, reason: str
) -> HttpResponse:
    """The table with the change in it: all of it, since lines of one event move together.

    With a line to go on to, that line is open for changes, with the same reason filled in.
    """
    if not request.htmx:  # type: ignore[attr-defined]
        tell(request, f"已保存“{row.title}”。")
        if following is None:
            return SeeOther(f"{desk.back}#l{row.pk}")
        return SeeOther(_edit_address(following, reason))
    desk.plan.refresh_from_db(fields=["revision"])
    page = build_page(desk, _query(request))
    shown = {row.pk, following}
    context = {
        "page": page,
        # Unfolded on a telephone, also where the line has moved to another month.
        "touched": {m.number for m in page.months if shown & {line.id for line in m.rows}},
        "saved": row.pk,
        "saved_title": row.title,
        "following": following,
        "following_address": _edit_address(following, reason) if following else "",
    }
    answer = render(request, "web/plan.html#plan", context)
    answer["HX-Retarget"] = "#plan"
    answer["HX-Reswap"] = "outerHTML"
    return answer


def _edit_address(line: UUID, reason: str) -> str:
    address = reverse("line-edit", args=[line])
    return f"{address}?{urlencode({'reason': reason})}" if reason else address
