"""传达, followed: how far a text has got at each level, whom not; sending on, reminding, visits."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Page
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from zhibu.documents.unreached import write_unreached_xlsx
from zhibu.handbook.models import Record
from zhibu.network.dissemination import queries, services
from zhibu.network.dissemination.models import Receipt, Text
from zhibu.org.models import Member, Membership, MemberSpell, Organization, Place
from zhibu.org.queries import ancestors_of
from zhibu.org.services import Refused
from zhibu.people.roles import Verb
from zhibu.rules import wording
from zhibu.rules.reach import Readers
from zhibu.web import access, clock
from zhibu.web.access import person_of, reach
from zhibu.web.answers import see_other
from zhibu.web.downloads import download
from zhibu.web.forms.texts import ForwardForm, VisitForm, WithdrawForm
from zhibu.web.once import once
from zhibu.web.pages.forms import Crumb, FormPage
from zhibu.web.pages.text_desk import waits_here
from zhibu.web.pages.text_reach import (
    PARTS,
    LevelRow,
    Part,
    PersonRow,
    ReachPage,
    advise,
    level_rows,
    reached_row,
    say_gone,
    say_state,
    unreached_list,
    unreached_row,
    ways_of,
)
from zhibu.web.paging import page_of
from zhibu.web.readings import note_reading
from zhibu.web.record_access import pen_of
from zhibu.web.text_access import get_reached
from zhibu.web.views.text_desk import FORM_METHODS

MOST_EXPORTED: Final = 20_000
MOST_STUCK: Final = 300  # levels that are looked at
MOST_NAMED: Final = 10


@require_safe
def show(request: HttpRequest, pk: UUID, organization: UUID) -> HttpResponse:
    """By level: right below, in the order of the tree; or the names, for those in scope."""
    text, level = get_reached(request, pk, organization, Verb.SEE_REACH)
    is_branch = level.kind == Organization.Kind.BRANCH
    part = request.GET.get("part", "")
    if part not in PARTS or (is_branch and part == "levels"):
        part = "left" if is_branch else "levels"
    return render(request, "web/texts/reach.html", {"page": _page(request, text, level, part)})


def _page(request: HttpRequest, text: Text, level: Organization, part: str) -> ReachPage:
    today = clock.today()
    is_branch = level.kind == Organization.Kind.BRANCH
    coverage = queries.reach_at(text, level)
    stuck = _stuck(text, level)
    levels: tuple[LevelRow, ...] = ()
    people: tuple[PersonRow, ...] = ()
    if part == "levels":
        paged = page_of(request, queries.reach_below(text, level))
        levels = _levels(request, text, paged, stuck)
    elif part == "left":
        rows = queries.not_reached(text, level, reach(request), today)
        paged = page_of(request, rows.annotate(is_infirm=_infirm(text)))
        people = _left(request, text, paged)
    else:
        paged = page_of(request, queries.reached_seats(text, level, reach(request)))
        people = _reached(request, text, paged)
    if part != "levels":
        note_reading(request, "see_reach", level, None)
    may_issue = reach(request).may(Verb.ISSUE_TEXT, level.path)
    here = reverse("text-reach", args=(text.pk, level.pk))
    return ReachPage(
        key=text.pk,
        title=text.title,
        organization=level,
        moment=clock.now(),
        coverage=coverage,
        ways=ways_of(coverage),
        gone=say_gone(queries.count_gone(text, level, today))
        if coverage.open and part != "reached" and not is_branch  # a branch's list names them
        else "",
        is_counted=text.is_counted,
        mark=say_state(text, coverage, today)[1],
        parts=tuple(
            Part(label, f"{here}?part={key}", key == part)
            for key, label in PARTS.items()
            if not (is_branch and key == "levels")
        ),
        part=part,
        levels=levels,
        people=people,
        paged=paged,
        with_branch=not is_branch,
        with_how=any(one.how or one.note for one in people),
        with_acts=any(one.visit or one.withdraw for one in people),
        stuck=_name(stuck),
        advice=advise(
            text,
            coverage,
            is_branch=is_branch,
            may_remind=may_issue,
            branches=sum(row.coverage.open > 0 for row in levels)
            if paged.paginator.num_pages == 1
            else 0,
        ),
        recalled=_recalled(text),
        reminded=_reminded(level) if may_issue else "",
        may_remind=may_issue and text.is_asking and coverage.open > 0,
        may_forward=may_issue
        and text.is_asking
        and any(p.organization_id == level.pk for p in stuck),
        may_export=reach(request).may(Verb.EXPORT, level.path) and coverage.open > 0,
        crumbs=_crumbs(request, text, level),
    )


@FORM_METHODS
def forward(request: HttpRequest, pk: UUID, organization: UUID) -> HttpResponse:
    """Send a text on to the level below, with words of one's own."""
    text, level = get_reached(request, pk, organization, Verb.ISSUE_TEXT)
    back = reverse("text", args=(pk,))
    arrived = queries.texts_arrived(level).filter(pk=pk).first()
    if arrived is None or not waits_here(level, arrived) or not text.is_asking:
        messages.info(request, "这份文件不需要本级转发，或者已经转发。")
        return see_other("text", pk)
    form = ForwardForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.forward_text(
                text=text, organization=level, words=form.cleaned_data["words"],
                by=person_of(request), at=clock.now(),
            )  # fmt: skip
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            below = "本支部的党员" if level.kind == Organization.Kind.BRANCH else "下级党组织"
            messages.success(request, f"已转发，{below}现在可以看到。")
            return see_other("text-reach", pk, level.pk)
    page = FormPage(
        title=f"转发《{text.title}》",
        form=form,
        submit="转发",
        back=back,
        intro=f"{text.organization.name}下发，逐级传达。由{level.name}转发以后，下面的党组织和党员才能看到。",
        crumbs=_crumbs(request, text, level),
    )
    return render(request, "web/form.html", {"page": page}, status=422 if form.errors else 200)


@require_POST
def remind(request: HttpRequest, pk: UUID, organization: UUID) -> HttpResponse:
    """Those whom it has not reached, and only they, are told once more."""
    text, level = get_reached(request, pk, organization, Verb.ISSUE_TEXT)
    try:
        number = services.remind(
            text=text, organization=level, by=person_of(request), at=clock.now()
        )
    except Refused as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, _say_reminded(number, queries.reach_at(text, level).open))
    return see_other("text-reach", pk, organization)


def _say_reminded(number: int, still_open: int) -> str:
    """Whom no notice can reach has to be told otherwise."""
    if not still_open:
        return "没有需要提醒的人。"
    others = still_open - number
    if others <= 0:
        return f"已提醒还没有传达到的{number}人。"
    said = f"已提醒还没有传达到的{number}人；" if number else ""
    return f"{said}另有{others}人没有账号或者已经转出，请通过会议或者上门传达。"


@require_safe
def export(request: HttpRequest, pk: UUID, organization: UUID) -> HttpResponse:
    """The names of those whom it has not reached, as Excel."""
    text, level = get_reached(request, pk, organization, Verb.EXPORT)
    of_members = text.readers == Readers.MEMBERS.value
    place = "branch" if of_members else "organization"
    rows = queries.not_reached(text, level, reach(request), clock.today())
    found = list(rows.select_related("member", f"{place}__parent")[: MOST_EXPORTED + 1])
    values = unreached_list(
        text, level, found[:MOST_EXPORTED], of_members=of_members, at=clock.now(),
        is_cut=len(found) > MOST_EXPORTED,
    )  # fmt: skip
    return download(
        request, write_unreached_xlsx(values), f"未传达名单（{level.short_name}）.xlsx",
        verb="export_unreached", organization_id=level.pk, subject=text,
    )  # fmt: skip


@FORM_METHODS
@once
def visit(request: HttpRequest, pk: UUID, member: UUID) -> HttpResponse:
    """Somebody went to see an old or ill member and passed the text on."""
    membership = access.get_visible(
        request,
        Membership.objects.filter(until__isnull=True).select_related("member", "branch"),
        Verb.DRAFT_RECORD,
        member=member,
    )
    branch = membership.branch
    _need_whole_pen(request, branch)
    text, _ = get_reached(request, pk, branch.pk, Verb.SEE_REACH)
    colleagues = Member.objects.filter(
        pk__in=Membership.objects.filter(
            branch=branch, until__isnull=True
        ).exclude(member=membership.member).values("member")
    ).order_by("joined_on", "id")  # fmt: skip
    form = VisitForm(
        request.POST or None, visitors=colleagues, initial={"visited_on": clock.today()}
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.record_visit(
                text=text, member=membership.member, visitor=form.cleaned_data["visitor"],
                visited_on=form.cleaned_data["visited_on"], by=person_of(request), at=clock.now(),
            )  # fmt: skip
        except services.VisitRefused as refused:
            for verdict in refused.verdicts:
                field = verdict.subject if verdict.subject in form.fields else None
                form.add_error(field, wording.say(verdict))
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"已登记上门传达：{membership.member.name}。")
            return see_other("text-reach", pk, branch.pk)
    page = FormPage(
        title=f"登记上门传达：{membership.member.name}",
        form=form,
        submit="登记",
        back=reverse("text-reach", args=(pk, branch.pk)),
        intro=f"当面把《{text.title}》传达给年老体弱或长期病休的党员以后，在这里登记。",
        crumbs=_crumbs(request, text, branch),
    )
    return render(request, "web/form.html", {"page": page}, status=422 if form.errors else 200)


@FORM_METHODS
def withdraw(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A visit that was written down by mistake does not count."""
    rows = Receipt.objects.filter(how=Receipt.How.VISIT, is_valid=True)
    receipt = get_object_or_404(rows.select_related("member", "text"), pk=pk)
    membership = access.get_visible(
        request,
        Membership.objects.filter(until__isnull=True).select_related("branch"),
        Verb.DRAFT_RECORD,
        member=receipt.member_id,
    )
    branch = membership.branch
    _need_whole_pen(request, branch)
    text, _ = get_reached(request, receipt.text_id, branch.pk, Verb.SEE_REACH)
    form = WithdrawForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.withdraw_visit(
                receipt=receipt, reason=form.cleaned_data["reason"], by=person_of(request),
                at=clock.now(),
            )  # fmt: skip
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"{receipt.member.name}的上门传达已取消。")
            return see_other("text-reach", text.pk, branch.pk)
    page = FormPage(
        title=f"取消上门传达：{receipt.member.name}",
        form=form,
        submit="取消这次登记",
        back=reverse("text-reach", args=(text.pk, branch.pk)),
        intro=f"《{text.title}》。取消以后，仍按没有传达到计算。",
        crumbs=_crumbs(request, text, branch),
    )
    return render(request, "web/form.html", {"page": page}, status=422 if form.errors else 200)


def _need_whole_pen(request: HttpRequest, branch: Organization) -> None:
    """A group's leader writes the group's meetings, and no visits."""
    pen = pen_of(request, branch)
    if pen is None or pen.groups is not None:
        raise Http404


def _levels(
    request: HttpRequest, text: Text, paged: Page[Any], stuck: tuple[Place, ...]
) -> tuple[LevelRow, ...]:
    places = list(paged)
    coverages = queries.coverages(text, [place.path for place in places])
    reached = reach(request)
    seen = {
        place.organization_id
        for place in places
        if reached.may(Verb.SEE_REACH, place.organization.path)
    }
    return level_rows(
        text,
        places,
        coverages,
        stuck={place.path for place in stuck},
        within_reach=seen,
        today=clock.today(),
    )


def _stuck(text: Text, level: Organization) -> tuple[Place, ...]:
    """Where at and below this level it is stuck, as many as are worth naming."""
    if not text.is_by_level or not text.is_asking:
        return ()
    return tuple(queries.not_forwarded(text, level)[:MOST_STUCK])


def _name(stuck: tuple[Place, ...]) -> tuple[str, ...]:
    names = tuple(place.name for place in stuck[:MOST_NAMED])
    return (*names, "……") if len(stuck) > MOST_NAMED else names


def _left(request: HttpRequest, text: Text, paged: Page[Any]) -> tuple[PersonRow, ...]:
    """The names of a page, each with a way to write down a visit where there may be one."""
    of_members = text.readers == Readers.MEMBERS.value
    rows = list(paged)
    writes: dict[UUID, bool] = {}
    found = []
    for row in rows:
        place = row.branch if of_members else row.organization
        if place.pk not in writes:
            pen = pen_of(request, place)
            writes[place.pk] = pen is not None and pen.groups is None
        may_visit = writes[place.pk] and text.is_asking and row.is_infirm
        sees_why = reach(request).may(Verb.SEE_PERSONAL, place.path)
        found.append(
            unreached_row(
                row,
                of_members=of_members,
                visit=reverse("text-visit", args=(text.pk, row.member_id)) if may_visit else "",
                is_infirm=sees_why and row.is_infirm,
            )
        )
    return tuple(found)


def _infirm(text: Text) -> Exists:
    """Whether somebody was too old or ill to come at some time since the text was issued."""
    spells = MemberSpell.objects.filter(
        member=OuterRef("member"), kind=MemberSpell.Kind.INFIRM, since__lte=clock.today()
    )
    return Exists(spells.filter(Q(until__isnull=True) | Q(until__gte=text.issue_day)))


def _reached(request: HttpRequest, text: Text, paged: Page[Any]) -> tuple[PersonRow, ...]:
    of_members = text.readers == Readers.MEMBERS.value
    rows = list(paged)
    receipts = queries.receipts_of(text, [row.member_id for row in rows])
    records = _open_records(request, receipts.values())
    found = []
    for row in rows:
        place = row.branch if of_members else row.organization
        receipt = receipts.get(row.member_id)
        if receipt is None:
            continue
        receipt.member = row.member
        pen = pen_of(request, place) if receipt.how == Receipt.How.VISIT else None
        withdraw_at = (
            reverse("text-visit-withdraw", args=(receipt.pk,))
            if pen is not None and pen.groups is None and text.is_asking
            else ""
        )
        found.append(reached_row(receipt, place.short_name, records, withdraw_at))
    return tuple(found)


def _open_records(request: HttpRequest, receipts: Iterable[Receipt]) -> frozenset[UUID]:
    """Which records of meetings this person may open; nothing is asked where there are none."""
    keys = {receipt.record_id for receipt in receipts if receipt.record_id is not None}
    if not keys:
        return frozenset()
    rows: QuerySet[Record] = access.only_visible(
        request, Record.objects.filter(pk__in=keys, current__isnull=False), Verb.SEE_BRANCH
    )
    return frozenset(rows.values_list("pk", flat=True))


def _recalled(text: Text) -> str:
    return f"文件已经撤回。理由：{text.recall_reason}" if text.state == Text.State.RECALLED else ""


def _reminded(level: Any) -> str:
    """When those below were reminded last."""
    on: date | None = level.reminded_on
    return f"最近一次提醒：{on.month}月{on.day}日，提醒{level.reminded}人。" if on else ""


def _crumbs(request: HttpRequest, text: Text, level: Organization) -> tuple[Crumb, ...]:
    """The list of texts of the level that one looks from, then the levels down to this one."""
    reached = reach(request)
    above: list[Organization] = []
    if level.pk != text.organization_id and reached.may(Verb.SEE_REACH, level.path[:-4]):
        above = [
            each
            for each in ancestors_of(level)
            if reached.may(Verb.SEE_REACH, each.path) and each.path.startswith(text.path)
        ]
    first = above[0] if above else level
    return (
        Crumb(f"{first.short_name}的传达工作", reverse("text-list", args=(first.pk,))),
        *(Crumb(each.short_name, reverse("text-reach", args=(text.pk, each.pk))) for each in above),
    )


__all__ = ["export", "forward", "remind", "show", "visit", "withdraw"]
