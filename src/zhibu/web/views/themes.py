"""专题: the list, one theme and its course, begin, change, end; the themes of a line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from zhibu.documents.official import typeset_official, write_official_docx
from zhibu.network.dissemination.models import Text
from zhibu.network.themes import course
from zhibu.network.themes.models import Carrying, Theme
from zhibu.network.themes.queries import running_themes, themes_of_lines, themes_seen
from zhibu.network.themes.services import (
    ThemeConflict,
    begin_theme,
    change_theme,
    end_theme,
    give_line_themes,
)
from zhibu.org.models import Organization
from zhibu.org.services import Refused
from zhibu.people.roles import Verb
from zhibu.rules.norm import Activity
from zhibu.web import access, clock
from zhibu.web.answers import see_other
from zhibu.web.downloads import download
from zhibu.web.forms.themes import EndThemeForm, LineThemesForm, ThemeForm
from zhibu.web.once import once
from zhibu.web.pages.forms import Crumb, FormPage
from zhibu.web.pages.theme_report import build_report
from zhibu.web.pages.themes import build_theme, build_themes, see, theme_crumbs
from zhibu.web.paging import page_of
from zhibu.web.record_access import may_read_talks
from zhibu.web.views.plans import FORM_METHODS
from zhibu.web.views.tables import closed, find_line

AnyForm = TypeVar("AnyForm", ThemeForm, EndThemeForm)


@require_safe
def index(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The themes of an organisation, its own and those from above; the earlier ones on request."""
    organization = _organization(request, pk)
    is_earlier = request.GET.get("which") == "earlier"
    rows = themes_seen(organization, clock.today(), is_earlier=is_earlier)
    page = build_themes(
        organization, page_of(request, rows), access.reach(request), clock.today(),
        is_earlier=is_earlier,
    )  # fmt: skip
    return render(request, "web/themes/list.html", {"page": page})


@require_safe
def show(request: HttpRequest, pk: UUID, theme: UUID) -> HttpResponse:
    """One theme: what it asks, its course by months and years, who did what."""
    organization = _organization(request, pk)
    held, path = access.reach(request), organization.path
    if not (held.may_below(Verb.SEE_BRANCH, path) or held.may_below(Verb.KEEP_THEME, path)):
        raise Http404  # its course is counted over all that lies below
    found = _theme(organization, theme)
    seen, day = see(found, organization), clock.today()
    units, things, idle, only = None, None, 0, ""
    if organization.kind in {Organization.Kind.BRANCH, Organization.Kind.GROUP}:
        rows = course.things_of(found, organization)
        if not may_read_talks(request, organization):
            rows = rows.exclude(record__versions__activities__contains=Activity.TALK.value)
        things = page_of(request, rows)
    else:
        every = course.units_of(found, organization, day)
        without = course.idle_units(found, every, is_idle=True)
        only = "none" if request.GET.get("only") == "none" else ""
        units = page_of(request, without if only else every)
        idle = without.count()
    page = build_theme(
        seen, access.reach(request), day, units=units, idle=idle, only=only, things=things,
        texts=_texts(request, organization, things or ()),
    )  # fmt: skip
    return render(request, "web/themes/theme.html", {"page": page})


@require_safe
def pdf(request: HttpRequest, pk: UUID, theme: UUID) -> HttpResponse:
    """The course as a report, PDF."""
    return _report(request, pk, theme, "pdf")


@require_safe
def docx(request: HttpRequest, pk: UUID, theme: UUID) -> HttpResponse:
    """The course as a report, Word."""
    return _report(request, pk, theme, "docx")


@FORM_METHODS
@once
def begin(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A new theme."""
    organization = access.get_visible(
        request, Organization.objects.exclude(kind=Organization.Kind.GROUP), Verb.KEEP_THEME,
        prefix="", pk=pk,
    )  # fmt: skip
    form = ThemeForm(request.POST or None, initial={"since": clock.today()})
    if request.method == "POST" and form.is_valid():
        try:
            made = begin_theme(
                organization=organization, by=access.person_of(request), at=clock.now(),
                **form.values(),
            )  # fmt: skip
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"已设立专题“{made.title}”。")
            return see_other("theme", pk, made.pk)
    return _ask(
        request, organization, form, title="设立专题", submit="设立",
        intro="专题贯穿安排表、记录和传达文件，开展情况由记录自动汇总，不需要下级填报。",
        back=reverse("theme-list", args=(pk,)),
    )  # fmt: skip


@FORM_METHODS
def change(request: HttpRequest, theme: UUID) -> HttpResponse:
    """What a theme says, changed."""
    found = _kept(request, theme)
    initial = {
        name: getattr(found, name) for name in ("title", "text", "since", "until", "revision")
    }
    form = ThemeForm(request.POST or None, initial={**initial, "kinds": found.kind_list})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                change_theme(
                    theme=found, revision=form.cleaned_data["revision"] or 0,
                    by=access.person_of(request), at=clock.now(), **form.values(),
                )  # fmt: skip
            except ThemeConflict as conflict:
                form, status = _again(form, conflict), 409
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, "已保存。")
                return see_other("theme", found.organization_id, found.pk)
    back = reverse("theme", args=(found.organization_id, found.pk))
    return _ask(
        request, found.organization, form, title=f"修改“{found.title}”", submit="保存", back=back,
        status=status,
    )  # fmt: skip


@FORM_METHODS
def end(request: HttpRequest, theme: UUID) -> HttpResponse:
    """End a theme before its time."""
    found = _kept(request, theme)
    initial = {"on": clock.today(), "revision": found.revision}
    form = EndThemeForm(request.POST or None, initial=initial)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            end_theme(
                theme=found, revision=form.cleaned_data["revision"] or 0,
                on=form.cleaned_data["on"], reason=form.cleaned_data["reason"],
                by=access.person_of(request), at=clock.now(),
            )  # fmt: skip
        except ThemeConflict as conflict:
            form, status = _again(form, conflict), 409
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"专题“{found.title}”已结束，开展情况长期保留。")
            return see_other("theme", found.organization_id, found.pk)
    return _ask(
        request, found.organization, form, title=f"结束“{found.title}”", submit="结束专题",
        intro="结束后不再列入新的安排和记录；已经开展的情况长期保留。",
        back=reverse("theme", args=(found.organization_id, found.pk)), status=status,
    )  # fmt: skip


@FORM_METHODS
def of_line(request: HttpRequest, line: UUID) -> HttpResponse:
    """Which of the running themes a line of the table serves."""
    desk, row = find_line(request, line, Verb.DRAFT_PLAN)
    if not desk.rights.may_edit:
        return closed(request, desk)
    themes = list(running_themes(desk.plan.branch, clock.today()))
    carried = [theme.pk for theme in themes_of_lines([row.pk]).get(row.pk, ())]
    data = request.POST if request.method == "POST" else None
    form = LineThemesForm(data, themes=themes, initial={"themes": [str(key) for key in carried]})
    if request.method == "POST" and form.is_valid():
        try:
            give_line_themes(
                line=row, themes=form.cleaned_data["themes"], day=clock.today(),
                by=access.person_of(request), at=clock.now(),
            )  # fmt: skip
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"已保存“{row.title}”的专题。")
            return see_other("line", row.pk)
    page = FormPage(
        title=f"“{row.title}”列入专题", form=form, submit="保存",
        back=reverse("line", args=(row.pk,)), crumbs=desk.crumbs,
        intro="完成这项安排的记录，同时计入所选专题。"
        if themes
        else "目前没有正在开展的专题。上级或本支部设立专题后，可以在这里选择。",
    )  # fmt: skip
    return render(request, "web/form.html", {"page": page}, status=422 if form.is_bound else 200)


def _organization(request: HttpRequest, pk: UUID, verb: Verb = Verb.SEE_BRANCH) -> Organization:
    """The organisation that is looked from. Who begins themes there may look too."""
    reach = access.reach(request)
    condition = reach.within(verb)
    if verb is Verb.SEE_BRANCH and reach.has(Verb.KEEP_THEME):
        condition = Q(condition) | reach.within(Verb.KEEP_THEME)
    return get_object_or_404(Organization.objects.filter(condition), pk=pk)


def _theme(organization: Organization, key: UUID) -> Theme:
    rows = Theme.objects.seen_by(organization).select_related("organization")
    return get_object_or_404(rows, pk=key)


def _kept(request: HttpRequest, key: UUID) -> Theme:
    found = access.get_visible(
        request, Theme.objects.select_related("organization"), Verb.KEEP_THEME,
        prefix="organization__", pk=key,
    )  # fmt: skip
    if found.ended_on is not None:
        raise Http404
    return found


def _again(form: AnyForm, conflict: ThemeConflict) -> AnyForm:
    """The form with what was typed; sent once more it is done to the theme as it stands now."""
    now = conflict.theme
    again = type(form)({**form.cleaned_data, "revision": now.revision})
    again.is_valid()
    again.add_error(None, f"{conflict} 现在的名称是“{now.title}”，工作要求是“{now.text}”。")
    return again


def _texts(
    request: HttpRequest, organization: Organization, things: Iterable[Carrying]
) -> dict[UUID, str]:
    """Titles of the texts among the things, for those who may see what was sent down from here."""
    keys = [one.text_id for one in things if one.text_id]
    if not keys or not access.reach(request).may(Verb.SEE_REACH, organization.path):
        return {}
    return dict(Text.objects.filter(pk__in=keys).values_list("pk", "title"))


def _report(request: HttpRequest, pk: UUID, theme: UUID, form: str) -> HttpResponse:
    organization = _organization(request, pk, Verb.EXPORT)
    found = _theme(organization, theme)
    document = build_report(see(found, organization), clock.today())
    make = typeset_official if form == "pdf" else write_official_docx
    name = f"{organization.short_name}{found.title}开展情况.{form}"
    return download(
        request, make(document), name, verb="export_theme", organization_id=organization.pk,
        subject=found,
    )  # fmt: skip


def _ask(
    request: HttpRequest,
    organization: Organization,
    form: ThemeForm | EndThemeForm,
    *,
    title: str,
    submit: str,
    back: str,
    intro: str = "",
    status: int = 200,
) -> HttpResponse:
    crumbs: tuple[Crumb, ...] = theme_crumbs(organization, access.reach(request))
    page = FormPage(title=title, form=form, submit=submit, back=back, intro=intro, crumbs=crumbs)
    if form.is_bound and status == 200:
        status = 422
    return render(request, "web/form.html", {"page": page}, status=status)
