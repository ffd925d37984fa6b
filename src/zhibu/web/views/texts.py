"""传达, read: what is for me, one text with its files, and that I have taken note of it."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from zhibu.network.dissemination import queries, services
from zhibu.network.dissemination.models import Forward, Text, TextFile
from zhibu.network.notices.services import read_notices_of
from zhibu.org.models import Membership, Organization
from zhibu.org.reach import Hold
from zhibu.people.roles import Verb
from zhibu.web import clock
from zhibu.web.access import person_of, reach
from zhibu.web.answers import see_other
from zhibu.web.entry.seats import chosen_first
from zhibu.web.pages.forms import Crumb
from zhibu.web.pages.text_desk import waits_here
from zhibu.web.pages.texts import SHOWN, Act, build_reading, build_text
from zhibu.web.paging import page_of
from zhibu.web.text_access import Seen, find_seen
from zhibu.web.views.attachments import SHOWN_IN_PLACE

_PRIVATE: Final = "private, no-store"


@require_safe
def reading(request: HttpRequest) -> HttpResponse:
    """What is for me to read now, and what I read or heard earlier."""
    person, today = person_of(request), clock.today()
    membership = (
        Membership.objects.filter(member__person=person, until__isnull=True)
        .select_related("branch")
        .first()
    )
    to_read = (
        list(queries.to_read(person).select_related("organization")[: SHOWN + 1])
        if membership
        else []
    )
    total = len(to_read)
    if total > SHOWN:
        total = queries.to_read(person).count()
    page = build_reading(
        request,
        branch=membership.branch if membership else None,
        to_read=to_read[:SHOWN],
        total=total,
        earlier=page_of(request, queries.read_earlier(person).select_related("organization"))
        if membership
        else None,
        today=today,
    )
    return _private(render(request, "web/texts/reading.html", {"page": page}))


@require_safe
def show(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One text, for those whom it is for and those who look after it."""
    seen = find_seen(request, pk)
    text = seen.text
    if text.is_draft:
        return see_other("text-edit", pk)
    page = build_text(
        request,
        text,
        person=seen.person,
        keeps=seen.keeps,
        acts=_acts(request, seen),
        crumbs=_crumbs(request, seen),
        words=seen.person.words if seen.person else _words_above(request, seen),
    )
    return _private(render(request, "web/texts/text.html", {"page": page}))


@require_POST
def acknowledge(request: HttpRequest, pk: UUID) -> HttpResponse:
    """I have taken note. Sent twice, it is kept once."""
    text = get_object_or_404(Text.objects.sent(), pk=pk)
    version = request.POST.get("version", "")
    if not (version.isascii() and version.isdecimal() and len(version) <= 5):
        raise Http404
    try:
        by, at = person_of(request), clock.now()
        services.acknowledge(text=text, version=int(version), by=by, at=at)
        read_notices_of(by=by, subject=services.subject_of(text), at=at)
    except services.NotForYou:
        raise Http404 from None
    except services.VersionGone:
        return _ask_again(request, pk)
    except services.TextRefused as refused:
        messages.error(request, str(refused))
        return see_other("text", pk)
    if text.version != int(version):  # of an older page, and acknowledged long ago
        return _ask_again(request, pk)
    messages.success(request, f"已记下您阅知《{text.title}》。")
    return see_other("text-reading")


def _ask_again(request: HttpRequest, pk: UUID) -> HttpResponse:
    messages.warning(request, "这份文件刚刚有了修改，请看过改动以后再确认。")
    return see_other("text", pk)


@require_safe
def file(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The bytes of an attachment, for those who may read the text that it belongs to now."""
    held = get_object_or_404(TextFile.objects.select_related("text"), pk=pk)
    seen = find_seen(request, held.text_id)
    if not seen.keeps and (not held.is_current or held.text.state == Text.State.RECALLED):
        raise Http404
    try:
        stream = held.file.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    answer = FileResponse(stream, content_type=held.media_type)
    is_saved = held.media_type not in SHOWN_IN_PLACE or "download" in request.GET
    answer["Content-Disposition"] = content_disposition_header(is_saved, held.name) or "attachment"
    answer["Content-Length"] = str(held.size)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Cache-Control"] = _PRIVATE
    return answer


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = _PRIVATE
    return response


def _acts(request: HttpRequest, seen: Seen) -> tuple[Act, ...]:
    """What this person may do with the text, from where they stand."""
    text, found = seen.text, []
    if text.is_asking:
        seat = _seat(request, Verb.ISSUE_TEXT, seen)
        if seat is not None and _waits_at(seat, text):
            is_branch = seat.kind in {Organization.Kind.BRANCH, Organization.Kind.GROUP}
            label = "转发给本支部党员" if is_branch else "转发下级"
            found.append(Act(label, reverse("text-forward", args=(text.pk, seat.seat_id))))
    if seen.by_reach:
        seat = _seat(request, Verb.SEE_REACH, seen)
        if seat is not None:
            key = text.organization_id if text.path.startswith(seat.seat) else seat.seat_id
            found.append(Act("传达情况", reverse("text-reach", args=(text.pk, key))))
    if seen.keeps and text.is_asking:
        found.append(Act("修改", reverse("text-amend", args=(text.pk,))))
        found.append(Act("撤回", reverse("text-recall", args=(text.pk,)), is_danger=True))
    return tuple(found)


def _seat(request: HttpRequest, verb: Verb, seen: Seen) -> Hold | None:
    """The chosen seat, or the first, from which somebody with this verb looks at the text."""
    holds = chosen_first(request, reach(request).with_verb(verb))
    path = seen.text.path
    for hold in holds:
        if path.startswith(hold.seat) or hold.seat.startswith(path):
            return hold
    return next(iter(holds), None)


def _waits_at(seat: Hold, text: Text) -> bool:
    """Whether the text has come to this level and was not sent on."""
    if not text.is_by_level or text.organization_id == seat.seat_id:
        return False
    organization = Organization.objects.get(pk=seat.seat_id)
    arrived = queries.texts_arrived(organization).filter(pk=text.pk).first()
    return arrived is not None and waits_here(organization, arrived)


def _words_above(request: HttpRequest, seen: Seen) -> tuple[Forward, ...]:
    """The words on the way down to where this person looks from."""
    if not seen.text.is_by_level:
        return ()
    seat = _seat(request, Verb.SEE_REACH, seen)
    if seat is None:
        return ()
    organization = Organization.objects.get(pk=seat.seat_id)
    return tuple(queries.words_down_to(seen.text, queries.path_of(seen.text, organization)))


def _crumbs(request: HttpRequest, seen: Seen) -> tuple[Crumb, ...]:
    if seen.person is not None:
        return (Crumb("传达", reverse("text-reading")),)
    seat = _seat(request, Verb.SEE_REACH, seen)
    if seat is None:
        return ()
    return (Crumb(f"{seat.name}的传达工作", reverse("text-list", args=(seat.seat_id,))),)
