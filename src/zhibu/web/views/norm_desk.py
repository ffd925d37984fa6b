"""规范管理: publish a pack, and choose which one binds an organisation."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from zhibu.norms.facts import norm_of, resolve
from zhibu.norms.queries import branches_bound, choices_on, list_versions, versions_in_force
from zhibu.norms.services import choose_pack, load_pack
from zhibu.org.models import Organization
from zhibu.org.services import Refused
from zhibu.people.roles import Verb
from zhibu.rules.packs import check_pack
from zhibu.rules.phrases import say_date
from zhibu.web import access, clock
from zhibu.web.answers import see_other
from zhibu.web.forms.norms import NormChoiceForm, PackForm
from zhibu.web.norm_access import may_publish
from zhibu.web.pages.norm_desk import PackPage, build_pack, consequences_of_choice
from zhibu.web.pages.organizations import crumbs_to
from zhibu.web.pages.tree import ChangePage, fingerprint_of
from zhibu.web.views.organizations import ask


@require_http_methods(["GET", "POST"])
def load(request: HttpRequest) -> HttpResponse:
    """Check a pack, see what it says, publish it."""
    if not may_publish(request):
        raise Http404
    if request.method != "POST":
        return render(request, "web/norm_load.html", {"page": PackPage(PackForm())})
    form = PackForm(request.POST, request.FILES)
    if not form.is_valid():
        return render(request, "web/norm_load.html", {"page": PackPage(form)}, status=422)
    text = form.pack_text
    if faults := check_pack(text, resolve):
        page = PackPage(PackForm(initial={"text": text}), faults=faults)
        return render(request, "web/norm_load.html", {"page": page}, status=422)
    if request.POST.get("do") == "again":
        page = PackPage(PackForm(initial={"text": text}))
        return render(request, "web/norm_load.html", {"page": page})
    if request.POST.get("do") == "publish":
        try:
            made = load_pack(text=text, by=access.person_of(request), at=clock.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
            return render(request, "web/norm_load.html", {"page": PackPage(form)}, status=422)
        messages.success(request, f"“{made}”已发布。请到有关党组织的页面选定执行的规范。")
        return see_other("norm", made.pack, made.version)
    page = build_pack(PackForm(initial={"text": text}), text)
    return render(request, "web/norm_load.html", {"page": page})


@require_http_methods(["GET", "POST"])
def choose(request: HttpRequest, pk: UUID) -> HttpResponse:
    """From a day on a pack binds an organisation and those below it: first shown, then done."""
    organization = access.get_organization(request, pk, Verb.EDIT_NORM)
    if organization.kind == Organization.Kind.GROUP or organization.dissolved_on is not None:
        raise Http404
    form = NormChoiceForm(
        request.POST or None, versions=list_versions(), initial={"since": clock.today()}
    )
    title = f"{organization.short_name}：选定规范"
    if request.method != "POST" or not form.is_valid():
        return _ask(request, organization, form, title)
    pack, since = form.cleaned_data["pack"], form.cleaned_data["since"]
    try:
        with transaction.atomic():
            held = choices_on([organization], since).get(organization.pk)
            versions = versions_in_force({pack.key, *([held.pack] if held else [])}, since)
            before = versions.get(held.pack) if held else None
            # Refuses a day on which the pack is not in force, before anything is shown.
            choose_pack(
                organization=organization, pack=pack.key, since=since,
                by=access.person_of(request), at=clock.now(),
            )  # fmt: skip
            expected = consequences_of_choice(
                held, norm_of(before) if before else None, norm_of(versions[pack.key]),
                branches_bound(organization, since),
            )  # fmt: skip
            now = fingerprint_of(expected)
            if request.POST.get("shown") == now:
                messages.success(request, f"已选定“{pack.name}”，{say_date(since)}起执行。")
                return see_other("organization", pk)
            transaction.set_rollback(True)  # until it is confirmed
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return _ask(request, organization, form, title)
    page = ChangePage(
        title=title,
        summary="选定后约束本组织和全部下级组织。",
        consequences=expected,
        fingerprint=now,
        has_changed=bool(request.POST.get("shown")),
        form=form,
        submit="确认选定",
        back=reverse("organization", args=(organization.pk,)),
        crumbs=crumbs_to(organization, access.reach(request)),
    )
    return render(request, "web/tree_change.html", {"page": page})


def _ask(
    request: HttpRequest, organization: Organization, form: NormChoiceForm, title: str
) -> HttpResponse:
    intro = "选定本组织和全部下级组织执行哪一部规范；下级另有需要的，到下级组织的页面另行选定。"
    return ask(request, organization, form, title=title, submit="下一步", intro=intro)
