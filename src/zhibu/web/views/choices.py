"""What an organisation may choose for itself and those below: reminders, words, own fields."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from zhibu.org import choices
from zhibu.org.models import Organization, OwnField
from zhibu.org.services import Refused
from zhibu.people.roles import Verb
from zhibu.web import access, clock
from zhibu.web.forms.choices import ChoicesForm, OwnFieldForm
from zhibu.web.forms.organization import EndForm
from zhibu.web.once import once
from zhibu.web.pages.forms import Crumb, FormPage
from zhibu.web.pages.organizations import crumbs_to


def show(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Reminders, the names of the classes, and the list of own fields."""
    organization = access.get_organization(request, pk, Verb.EDIT_ORGANIZATION)
    form = ChoicesForm(
        request.POST or None,
        initial={"soon_days": organization.soon_days, **organization.class_labels},
    )
    if request.method == "POST" and form.is_valid():
        choices.choose(
            organization=organization, soon_days=form.cleaned_data["soon_days"],
            class_labels=form.class_labels, by=access.person_of(request), at=clock.now(),
        )  # fmt: skip
        messages.success(request, "已保存，原来相同的下级组织一并更改。")
        return redirect("choices", pk)
    every = [
        field
        for about in OwnField.About.values
        for field in choices.fields_of(organization, about).select_related("organization")
    ]
    context = {
        "organization": organization,
        "crumbs": crumbs_to(organization, access.reach(request)),
        "form": form,
        "fields": every,
    }
    return render(request, "web/choices.html", context, status=422 if form.is_bound else 200)


@once
def add(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A field of one's own."""
    organization = access.get_organization(request, pk, Verb.EDIT_ORGANIZATION)
    form = OwnFieldForm(request.POST or None, initial={"since": clock.today()})
    if request.method == "POST" and form.is_valid():
        try:
            choices.add_own_field(
                organization=organization, by=access.person_of(request), at=clock.now(),
                **form.cleaned_data,
            )  # fmt: skip
        except Refused as refusal:
            form.add_error("label", str(refusal))
        else:
            messages.success(request, f"已增加栏目“{form.cleaned_data['label']}”。")
            return redirect("choices", pk)
    return _ask(request, organization, form, title="增加自设栏目", submit="增加")


def end(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A field that is asked for no more."""
    field = access.get_visible(
        request,
        OwnField.objects.filter(until=None).select_related("organization"),
        Verb.EDIT_ORGANIZATION,
        prefix="organization__",
        pk=pk,
    )
    form = EndForm(request.POST or None, initial={"until": clock.today()})
    if request.method == "POST" and form.is_valid():
        try:
            choices.end_own_field(
                field=field, by=access.person_of(request), at=clock.now(), **form.cleaned_data
            )
        except Refused as refusal:
            form.add_error("until", str(refusal))
        else:
            messages.success(request, f"“{field.label}”已停用，以前填写的内容保留。")
            return redirect("choices", field.organization_id)
    return _ask(request, field.organization, form, title=f"停用栏目“{field.label}”", submit="停用")


def _ask(
    request: HttpRequest, organization: Organization, form: Form, *, title: str, submit: str
) -> HttpResponse:
    back = reverse("choices", args=(organization.pk,))
    page = FormPage(
        title=title, form=form, submit=submit, back=back,
        crumbs=(*crumbs_to(organization, access.reach(request)), Crumb("本组织设置", back)),
    )  # fmt: skip
    return render(request, "web/form.html", {"page": page}, status=422 if form.is_bound else 200)
