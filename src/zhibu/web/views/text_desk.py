"""传达, sent: the texts of an organisation, writing one, sending it out, changing it, taking it back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from zhibu.handbook.refusals import AttachmentRefused
from zhibu.network.dissemination import queries, services
from zhibu.network.dissemination.facts import TextDraft, draft_of, judged_facts
from zhibu.network.dissemination.models import Text, TextFile
from zhibu.network.dissemination.queries.estimates import estimate
from zhibu.network.dissemination.services.writing import UNTITLED
from zhibu.network.themes.models import Theme
from zhibu.network.themes.queries import running_themes
from zhibu.org.models import Organization
from zhibu.org.services import Refused
from zhibu.people.roles import Verb
from zhibu.rules import wording
from zhibu.rules.reach import judge_text
from zhibu.web import access, clock
from zhibu.web.access import person_of
from zhibu.web.answers import see_other
from zhibu.web.forms.record_form import read_key
from zhibu.web.forms.texts import (
    AUDIENCE,
    LIMITS,
    MANNER,
    WRITING,
    AmendForm,
    Offered,
    RecallForm,
    TextForm,
    initial_of,
)
from zhibu.web.once import once
from zhibu.web.pages.forms import Crumb, FormPage
from zhibu.web.pages.text_desk import (
    DRAFTS_A_PAGE,
    PARTS,
    AmendPage,
    ComposePage,
    PreviewPage,
    build_desk,
    facts_of,
    say_audience,
)
from zhibu.web.pages.texts import Piece, compare_words, file_lines
from zhibu.web.paging import page_of
from zhibu.web.text_access import get_kept

FORM_METHODS: Final = require_http_methods(["GET", "HEAD", "POST"])
OVERTAKEN: Final = "这份草稿刚刚由他人保存过。下面是您填写的；仍要保存的，请再点一次，以您的为准。"
# What the services call a field, and what the form does.
_FIELDS: Final = {"fields": "fields_", "theme_id": "theme", "is_new_version": "extent"}


@require_safe
def index(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What this organisation sent, and what came to it."""
    organization = _organization(request, pk, Verb.SEE_REACH)
    may_issue = access.reach(request).may(Verb.ISSUE_TEXT, organization.path)
    part = request.GET.get("part", "")
    if part not in PARTS:
        is_low = organization.kind == Organization.Kind.BRANCH or not may_issue
        part = "arrived" if is_low else "own"
    own = queries.texts_written_by(Q(organization=organization))
    drafts = own.filter(state=Text.State.DRAFT)
    rows = own.sent() if part == "own" else queries.texts_arrived(organization)
    paged = page_of(request, rows.select_related("organization"))
    page = build_desk(
        organization,
        part=part,
        paged=paged,
        coverage=queries.coverages_of_texts(paged.object_list, organization),
        drafts=page_of(request, drafts, DRAFTS_A_PAGE, name="drafts") if may_issue else None,
        today=clock.today(),
    )
    return render(request, "web/texts/desk.html", {"page": page})


@FORM_METHODS
@once
def new(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A text begins as a draft."""
    return _compose(request, _organization(request, pk, Verb.ISSUE_TEXT), None)


@FORM_METHODS
def edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A draft goes on."""
    text = get_kept(request, pk)
    if not text.is_draft:
        return see_other("text", pk)
    return _compose(request, text.organization, text)


@FORM_METHODS
def issue(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What will go out to whom; confirmed, it goes."""
    text = get_kept(request, pk)
    if not text.is_draft:
        return see_other("text", pk)
    warnings: tuple[str, ...] = ()
    status = 200
    if request.method == "POST":
        try:
            services.issue_text(
                text=text, revision=_revision(request), by=person_of(request), at=clock.now()
            )
        except services.TextIncomplete as incomplete:
            warnings = tuple(wording.say(verdict) for verdict in incomplete.verdicts)
            status = 422
        except services.TextConflict as conflict:
            text = conflict.text
            warnings = ("草稿刚刚被他人改动，下面是最新的内容，请重新核对后下发。",)
            status = 409
        except Refused as refused:
            warnings = (str(refused),)
            status = 422
        else:
            messages.success(request, "已下发。传达情况随时可以在这里查看。")
            return see_other("text-reach", pk, text.organization_id)
    draft = draft_of(text)
    missing = _missing(text)
    page = PreviewPage(
        heading="预览",
        organization=text.organization,
        title=text.title,
        body=text.body,
        files=file_lines(queries.files_of(text)),
        facts=facts_of(draft, _theme_title(text)),
        goes_to=_say_audience(text.organization, draft),
        warnings=warnings or missing,
        is_incomplete=bool(missing),
        revision=text.revision,
        back=reverse("text-edit", args=(pk,)),
        crumbs=_crumbs(text.organization),
    )
    return render(request, "web/texts/preview.html", {"page": page}, status=status)


@FORM_METHODS
def discard(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A draft is given up, with its files."""
    text = get_kept(request, pk)
    if not text.is_draft:
        return see_other("text", pk)
    if request.method == "POST":
        try:
            services.discard_text(text=text, by=person_of(request), at=clock.now())
        except Refused as refused:
            messages.error(request, str(refused))
            return see_other("text", pk)
        messages.success(request, f"草稿《{text.title}》已删除。")
        return see_other("text-list", text.organization_id)
    page = FormPage(
        title="放弃这份草稿",
        form=forms.Form(),
        submit="删除草稿",
        back=reverse("text-edit", args=(pk,)),
        intro=f"《{text.title}》还没有下发。删除以后不能恢复，附件一并删除。",
        crumbs=_crumbs(text.organization),
    )
    return render(request, "web/form.html", {"page": page})


@FORM_METHODS
def amend(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Another wording: a correction keeps what was acknowledged, a new version asks again."""
    text = get_kept(request, pk)
    if not text.is_asking:
        return see_other("text", pk)
    held = list(queries.files_of(text))
    initial = {
        "revision": text.revision,
        "title": text.title,
        "body": text.body,
        "keep": [str(file.pk) for file in held],
    }
    form = AmendForm(request.POST or None, request.FILES or None, held=held, initial=initial)
    status, is_seen, advice = 200, False, ""
    pieces: tuple[Piece, ...] = ()
    if request.method == "POST":
        is_seen = request.POST.get("do") == "compare"
        if not form.is_valid():
            status = 422
        elif not is_seen:
            answer = _do_amend(request, text, form)
            if answer is not None:
                return answer
            status = 409 if form.data.get("revision") != str(text.revision) else 422
        pieces, advice = _compare(text, form)
    page = AmendPage(
        text=text,
        form=form,
        pieces=pieces,
        is_seen=is_seen or status == 422,
        advice=advice,
        crumbs=(*_crumbs(text.organization), Crumb(text.title, reverse("text", args=(pk,)))),
    )
    return render(request, "web/texts/amend.html", {"page": page}, status=status)


@FORM_METHODS
def recall(request: HttpRequest, pk: UUID) -> HttpResponse:
    """It is taken back, and whoever knows of it is told why."""
    text = get_kept(request, pk)
    if not text.is_asking:
        return see_other("text", pk)
    form = RecallForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.recall_text(
                text=text, reason=form.cleaned_data["reason"], by=person_of(request),
                at=clock.now(),
            )  # fmt: skip
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "已撤回。收到过这份文件的人会看到撤回的理由。")
            return see_other("text", pk)
    page = FormPage(
        title=f"撤回《{text.title}》",
        form=form,
        submit="撤回",
        back=reverse("text", args=(pk,)),
        warning="撤回以后不再向任何人传达，正文和附件不再提供，已经传达的情况保留备查。撤回后不能恢复。",
        crumbs=_crumbs(text.organization),
    )
    status = 422 if form.is_bound else 200
    return render(request, "web/form.html", {"page": page}, status=status)


def _compose(request: HttpRequest, organization: Organization, text: Text | None) -> HttpResponse:
    today = clock.today()
    offered = Offered.of(organization, today, running_themes(organization, today))
    initial: dict[str, Any] = {"revision": text.revision if text else 0}
    draft = None
    if text is not None:
        draft = draft_of(text)
        initial |= initial_of(draft, offered)
    form = TextForm(request.POST or None, request.FILES or None, offered=offered, initial=initial)
    if request.method != "POST":
        return _show(request, organization, text, form, draft)
    do = request.POST.get("do", "save")
    is_valid = form.is_valid()
    if do == "count":
        return _show(request, organization, text, form, form.draft if is_valid else None)
    if not is_valid:
        return _show(request, organization, text, form, None, status=422)
    return _keep(request, organization, text, form, do)


def _keep(
    request: HttpRequest, organization: Organization, text: Text | None, form: TextForm, do: str
) -> HttpResponse:
    """Save what was written; what was refused is said beside its field."""
    try:
        saved = _save(request, organization, text, form)
    except services.TextConflict as conflict:
        form.renumber(conflict.text.revision)
        return _show(
            request, organization, text, form, form.draft, status=409, conflict=OVERTAKEN,
            theirs=f"{conflict.text.title}\n{conflict.text.body}",
        )  # fmt: skip
    except Refused as refused:
        form.add_error(None, str(refused))
        return _show(request, organization, text, form, form.draft, status=422)
    _take_files(request, saved, form, do)
    if form.errors:
        form.renumber(saved.revision)
        return _show(request, organization, saved, form, form.draft, status=422)
    if do == "preview":
        return see_other("text-issue", saved.pk)
    messages.success(request, "草稿已保存，还没有下发。")
    return see_other("text-edit", saved.pk)


def _save(
    request: HttpRequest, organization: Organization, text: Text | None, form: TextForm
) -> Text:
    by, at = person_of(request), clock.now()
    if text is None:
        return services.draft_text(organization=organization, draft=form.draft, by=by, at=at)
    revision = form.cleaned_data["revision"]
    return services.save_text(text=text, revision=revision, draft=form.draft, by=by, at=at)


def _take_files(request: HttpRequest, text: Text, form: TextForm, do: str) -> None:
    """Add what was sent, take out what was named; what was refused stands beside the field."""
    by, at = person_of(request), clock.now()
    for sent in form.cleaned_data["attachments"]:
        try:
            services.add_file(text=text, name=sent.name or "", stream=sent, by=by, at=at)
        except Refused as refused:
            form.add_error("attachments", str(refused))
    verb, _, key = do.partition(":")
    if verb == "detach" and (wanted := read_key(key)):
        for held in TextFile.objects.filter(text=text, pk=wanted):
            try:
                services.remove_file(file=held, by=by, at=at)
            except Refused as refused:
                form.add_error("attachments", str(refused))


def _show(
    request: HttpRequest,
    organization: Organization,
    text: Text | None,
    form: TextForm,
    draft: TextDraft | None,
    *,
    status: int = 200,
    conflict: str = "",
    theirs: str = "",
) -> HttpResponse:
    if draft is None and not form.is_bound:
        draft = TextDraft(organizations=(organization.pk,))
    address = (
        reverse("text-edit", args=(text.pk,))
        if text
        else reverse("text-new", args=(organization.pk,))
    )
    page = ComposePage(
        title="修改草稿" if text else "下发文件",
        organization=organization,
        address=address,
        form=form,
        writing=tuple(form[name] for name in WRITING),
        audience=_bound(form, AUDIENCE),
        limits=_bound(form, LIMITS),
        is_limited=bool(draft and (draft.kinds or draft.fields)),
        manner=_bound(form, MANNER),
        files=file_lines(queries.files_of(text)) if text else (),
        goes_to=_say_audience(organization, draft) if draft else "请先改正下面“发给谁”里的问题。",
        discard=reverse("text-discard", args=(text.pk,)) if text else "",
        crumbs=_crumbs(organization),
        conflict=conflict,
        theirs=theirs,
    )
    part = "#goes_to" if request.headers.get("HX-Request") else ""
    return render(
        request, f"web/texts/compose.html{part}", {"page": page}, status=200 if part else status
    )


def _bound(form: TextForm, names: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(form[name] for name in names if name in form.fields)


def _say_audience(organization: Organization, draft: TextDraft) -> str:
    chosen: tuple[Organization, ...] = (organization,)
    if draft.organizations != (organization.pk,):
        rows = Organization.objects.filter(pk__in=draft.organizations)
        chosen = tuple(rows.order_by("path"))
    number = estimate(draft, chosen, clock.today())
    return say_audience(draft, tuple(each.short_name for each in chosen), number)


def _put(form: Any, incomplete: services.TextIncomplete) -> None:
    """Each verdict beside the field that it is about."""
    for verdict in incomplete.verdicts:
        field = _FIELDS.get(verdict.subject, verdict.subject)
        form.add_error(field if field in form.fields else None, wording.say(verdict))


def _missing(text: Text) -> tuple[str, ...]:
    has_files = queries.files_of(text).exists()
    facts = judged_facts(text, text.organization, has_files=has_files)
    if facts.title == UNTITLED:
        facts = replace(facts, title="")
    return tuple(wording.say(verdict) for verdict in judge_text(facts, clock.today()))


def _theme_title(text: Text) -> str:
    if text.theme_id is None:
        return ""
    theme = Theme.objects.filter(pk=text.theme_id).first()
    return theme.title if theme else ""


def _do_amend(request: HttpRequest, text: Text, form: AmendForm) -> HttpResponse | None:
    given = form.cleaned_data
    is_new = given["extent"] == "version"
    try:
        services.amend_text(
            text=text, revision=given["revision"], title=given["title"], body=form.body_text,
            note=given["note"], is_new_version=is_new, keep=form.kept,
            added=[(sent.name or "", sent) for sent in given["attachments"]],
            by=person_of(request), at=clock.now(),
        )  # fmt: skip
    except services.TextConflict as conflict:
        form.renumber(conflict.text.revision)
        form.add_error(None, "这份文件刚刚由他人修改过，请对照下面的比较重新核对。")
        return None
    except services.TextIncomplete as incomplete:
        _put(form, incomplete)
        return None
    except AttachmentRefused as refused:
        form.add_error("attachments", str(refused))
        return None
    except Refused as refused:
        form.add_error(None, str(refused))
        return None
    messages.success(
        request,
        "已修改，请所有人重新阅知。" if is_new else "已更正，原来阅知的仍然有效。",
    )
    return see_other("text", text.pk)


def _compare(text: Text, form: AmendForm) -> tuple[tuple[Piece, ...], str]:
    """What would change, and a word where it is more than a correction should be."""
    title = str(form.data.get("title", ""))[:200]
    body = str(form.data.get("body", "")).replace("\r\n", "\n").strip()[:100_000]
    before, after = f"{text.title}\n{text.body}", f"{title}\n{body}"
    pieces = compare_words(before, after)
    return pieces, "" if pieces else "标题和正文没有改动。"


def _revision(request: HttpRequest) -> int:
    given = request.POST.get("revision", "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 9 else 0


def _organization(request: HttpRequest, pk: UUID, verb: Verb) -> Organization:
    found = access.get_organization(request, pk, verb)
    if found.kind == Organization.Kind.GROUP:
        raise Http404
    return found


def _crumbs(organization: Organization) -> tuple[Crumb, ...]:
    address = reverse("text-list", args=(organization.pk,))
    return (Crumb(f"{organization.short_name}的传达工作", address),)
