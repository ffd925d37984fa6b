"""The roster of a branch: who belongs to it, from when to when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from zhibu.org import corrections, queries, services
from zhibu.org.choices import fields_on
from zhibu.org.models import (
    CorrectionRequest,
    Membership,
    MemberSpell,
    Organization,
    OwnField,
)
from zhibu.people.roles import Verb
from zhibu.web import access, clock
from zhibu.web.forms.organization import (
    AdmitForm,
    AnswerForm,
    EndForm,
    MemberForm,
    SpellForm,
    TransferForm,
)
from zhibu.web.once import once
from zhibu.web.pages.forms import Crumb, FormPage
from zhibu.web.pages.organizations import RosterPage, build_member, crumbs_to
from zhibu.web.paging import page_of
from zhibu.web.readings import note_reading

LATELY: Final = timedelta(days=365)


def roster(request: HttpRequest, branch: UUID) -> HttpResponse:
    """The members of today."""
    found = _branch(request, branch, Verb.SEE_ROSTER)
    reach = access.reach(request)
    may_edit = reach.may(Verb.EDIT_ROSTER, found.path)
    page = RosterPage(
        branch=found,
        crumbs=crumbs_to(found, reach),
        rows=page_of(request, queries.roster_of(found, clock.today())),
        may_edit=may_edit,
        activists=tuple(queries.activists_of(found)),
        may_see_personal=reach.may(Verb.SEE_PERSONAL, found.path),
        corrections=tuple(queries.open_corrections(found)) if may_edit else (),
    )
    note_reading(request, "see_roster", found, None)
    return render(request, "web/roster.html", {"page": page})


def transfers(request: HttpRequest, branch: UUID) -> HttpResponse:
    """Who came and who left in the last year: the two branches of a transfer both see it."""
    found = _branch(request, branch, Verb.SEE_ROSTER)
    note_reading(request, "see_roster", found, None)
    context = {
        "branch": found,
        "crumbs": _crumbs(request, found),
        "rows": page_of(request, list(queries.transfers_of(found, clock.today() - LATELY))),
    }
    return render(request, "web/transfers.html", context)


@once
def admit(request: HttpRequest, branch: UUID) -> HttpResponse:
    """A member comes onto the roster."""
    found = _branch(request, branch, Verb.EDIT_ROSTER)
    form = AdmitForm(
        request.POST or None,
        branch=found,
        initial={"since": clock.today()},
        own=list(fields_on(found, OwnField.About.MEMBER, clock.today())),
    )
    if request.method == "POST" and form.is_valid():
        try:
            member = services.admit_member(
                branch=found, by=access.person_of(request), at=clock.now(), **form.details
            )
        except services.Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"{member.name}已编入{found.short_name}。")
            return redirect("roster", found.pk)
    back = reverse("roster", args=(found.pk,))
    return _ask(request, found, form, title="登记党员", submit="登记", back=back)


def show(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What is kept about one member."""
    membership = _membership(request, pk, Verb.SEE_ROSTER)
    page = build_member(membership, access.reach(request))
    note_reading(request, "see_member", membership.branch, membership.member)
    return render(request, "web/member.html", {"page": page})


def edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Corrects what is kept about a member."""
    membership = _membership(request, pk, Verb.EDIT_ROSTER)
    member = membership.member
    names = ("name", "sex", "born_on", "joined_on", "full_on", "is_leader")
    form = MemberForm(
        request.POST or None,
        initial={name: getattr(member, name) for name in names},
        own=list(fields_on(membership.branch, OwnField.About.MEMBER, clock.today())),
        held=member.own,
    )
    if request.method == "POST" and form.is_valid():
        services.edit_member(
            member=member, branch=membership.branch, by=access.person_of(request), at=clock.now(),
            **form.details,
        )  # fmt: skip
        messages.success(request, "已保存。")
        return redirect("member", pk)
    return _ask(
        request, membership.branch, form, title=f"修改{member.name}的信息", submit="保存",
        back=reverse("member", args=(pk,)),
    )  # fmt: skip


@once
def transfer(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Moves a member to another branch within reach, or to another group of this one."""
    membership = _membership(request, pk, Verb.EDIT_ROSTER)
    branch = membership.branch
    seats = access.only_visible(request, _seats_of(branch), Verb.EDIT_ROSTER, prefix="")
    form = TransferForm(request.POST or None, seats=seats, initial={"on": clock.today()})
    if request.method == "POST" and form.is_valid():
        seat: Organization = form.cleaned_data["seat"]
        is_group = seat.kind == Organization.Kind.GROUP
        to = seat.parent if is_group else seat
        assert to is not None  # noqa: S101  (a group has a parent: constraint)
        try:
            services.transfer_member(
                member=membership.member, branch=to, group=seat if is_group else None,
                on=form.cleaned_data["on"], by=access.person_of(request), at=clock.now(),
            )  # fmt: skip
        except services.Refused as refusal:
            form.add_error("on", str(refusal))
        else:
            messages.success(request, f"{membership.member.name}已转入{seat.short_name}。")
            return redirect("roster", branch.pk)
    return _ask(
        request, branch, form, title=f"{membership.member.name}：转接或换组", submit="转入",
        back=reverse("member", args=(pk,)),
        intro="以往的安排表、记录和手册保持原样；转出后在本支部的职务自前一日起终止。",
    )  # fmt: skip


@once
def begin_spell(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Something special holds for a member for a time."""
    membership = _membership(request, pk, Verb.EDIT_ROSTER)
    form = SpellForm(request.POST or None, initial={"since": clock.today()})
    if request.method == "POST" and form.is_valid():
        try:
            services.begin_spell(
                member=membership.member, branch=membership.branch, by=access.person_of(request),
                at=clock.now(), **form.cleaned_data,
            )  # fmt: skip
        except services.Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "已登记。")
            return redirect("member", pk)
    return _ask(
        request, membership.branch, form, title=f"{membership.member.name}：登记特殊情形", submit="登记",
        back=reverse("member", args=(pk,)),
        intro="流动外出、年老体弱的党员不计入应到；暂无表决权的党员不计入表决基数。不记录具体病情和缘由。",
    )  # fmt: skip


def end_spell(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The special time is over."""
    spell = MemberSpell.objects.select_related("member").filter(pk=pk, until=None).first()
    if spell is None:
        raise Http404
    membership = _membership(request, spell.member_id, Verb.EDIT_ROSTER)
    form = EndForm(request.POST or None, initial={"until": clock.today()})
    if request.method == "POST" and form.is_valid():
        try:
            services.end_spell(
                spell=spell, branch=membership.branch, by=access.person_of(request),
                at=clock.now(), **form.cleaned_data,
            )  # fmt: skip
        except services.Refused as refusal:
            form.add_error("until", str(refusal))
        else:
            messages.success(request, "已登记结束。")
            return redirect("member", spell.member_id)
    return _ask(
        request, membership.branch, form, title=f"结束“{spell.get_kind_display()}”", submit="保存",
        back=reverse("member", args=(spell.member_id,)),
    )  # fmt: skip


def answer_correction(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What was done about what a member asked to have put right."""
    asked = CorrectionRequest.objects.select_related("member").filter(pk=pk).first()
    if asked is None:
        raise Http404
    membership = _membership(request, asked.member_id, Verb.EDIT_ROSTER)
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            corrections.answer_correction(
                correction=asked, branch=membership.branch, by=access.person_of(request),
                at=clock.now(), **form.cleaned_data,
            )  # fmt: skip
        except services.Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "已答复，申请人可以看到。")
            return redirect("roster", membership.branch_id)
    return _ask(
        request, membership.branch, form, title=f"答复{asked.member.name}的更正申请", submit="答复",
        back=reverse("roster", args=(membership.branch_id,)),
        intro=f"申请内容：{asked.text}。请先在“{asked.member.name}”的页面修改，再答复；不修改的说明理由。",
    )  # fmt: skip


def _branch(request: HttpRequest, pk: UUID, verb: Verb) -> Organization:
    return access.get_visible(request, Organization.objects.branches(), verb, prefix="", pk=pk)


def _membership(request: HttpRequest, member: UUID, verb: Verb) -> Membership:
    """Where the member belongs now; seen by those who reach that branch."""
    return access.get_visible(
        request,
        Membership.objects.filter(until=None).select_related("member", "branch"),
        verb,
        member_id=member,
    )


def _seats_of(branch: Organization) -> QuerySet[Organization]:
    """The groups of the branch, and every branch; how many of them one reaches is asked after.

    Into which of its groups another branch takes a member, it says itself.
    """
    return Organization.objects.filter(
        Q(kind=Organization.Kind.BRANCH) | Q(kind=Organization.Kind.GROUP, parent=branch),
        dissolved_on=None,
    )


def _ask(
    request: HttpRequest, branch: Organization, form: Any, *, title: str, submit: str, back: str, intro: str = ""
) -> HttpResponse:  # fmt: skip
    crumbs = _crumbs(request, branch)
    page = FormPage(title=title, form=form, submit=submit, back=back, intro=intro, crumbs=crumbs)
    return render(request, "web/form.html", {"page": page}, status=422 if form.is_bound else 200)


def _crumbs(request: HttpRequest, branch: Organization) -> tuple[Crumb, ...]:
    back = Crumb("党员名册", reverse("roster", args=(branch.pk,)))
    return (*crumbs_to(branch, access.reach(request)), back)
