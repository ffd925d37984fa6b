"""入党积极分子 of a branch: entered, ended and put right on the roster's page."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from zhibu.org.activists import change_activist, enrol_activist
from zhibu.org.models import Activist, Organization
from zhibu.org.services import Refused
from zhibu.people.roles import Verb
from zhibu.web import access, clock
from zhibu.web.forms.organization import ActivistForm
from zhibu.web.once import once
from zhibu.web.pages.forms import Crumb, FormPage
from zhibu.web.pages.organizations import crumbs_to


@once
def enrol(request: HttpRequest, branch: UUID) -> HttpResponse:
    """Somebody is prepared for admission from a day on."""
    found = access.get_visible(
        request, Organization.objects.branches(), Verb.EDIT_ROSTER, prefix="", pk=branch
    )
    form = ActivistForm(request.POST or None, initial={"since": clock.today()})
    if request.method == "POST" and form.is_valid():
        try:
            enrol_activist(
                branch=found, by=access.person_of(request), at=clock.now(), **form.cleaned_data
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request,
                "已列入。自下一个月起每半年应考察一次；安排表已经通过的，请用“与现行规范核对”补入。",
            )
            return redirect("roster", found.pk)
    return _ask(request, found, form, title="登记入党积极分子", submit="登记")


def change(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The preparation ends, or what was entered is put right."""
    activist = access.get_visible(
        request, Activist.objects.select_related("branch"), Verb.EDIT_ROSTER, pk=pk
    )
    names = ("name", "since", "until")
    initial = {name: getattr(activist, name) for name in names}
    form = ActivistForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            change_activist(
                activist=activist, by=access.person_of(request), at=clock.now(),
                **form.cleaned_data,
            )  # fmt: skip
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "已保存。")
            return redirect("roster", activist.branch_id)
    title = f"入党积极分子{activist.name}"
    return _ask(request, activist.branch, form, title=title, submit="保存")


def _ask(
    request: HttpRequest, branch: Organization, form: ActivistForm, *, title: str, submit: str
) -> HttpResponse:
    back = reverse("roster", args=(branch.pk,))
    page = FormPage(
        title=title,
        form=form,
        submit=submit,
        back=back,
        intro="有入党积极分子的支部，每半年考察一次（发展党员工作细则第十一条）。只登记姓名和起止日期。",
        crumbs=(*crumbs_to(branch, access.reach(request)), Crumb("党员名册", back)),
    )
    return render(request, "web/form.html", {"page": page}, status=422 if form.is_bound else 200)
