"""What a person is told: the list, the number in the header, opening one."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from zhibu.network.notices.queries import count_unread, seen_by
from zhibu.network.notices.services import read_all_notices, read_notice
from zhibu.web import access, clock
from zhibu.web.answers import see_other
from zhibu.web.pages.notices import build_notices


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All that one may still see, the unread first."""
    return render(request, "web/notices/list.html", {"page": build_notices(request)})


@require_safe
def count(request: HttpRequest) -> HttpResponse:
    """The number in the header; loaded after the page, so that no page is slower for it."""
    number = count_unread(access.person_of(request), access.reach(request))
    # Without the request: nothing of the frame is worked out.
    return render(None, "web/notices/count.html", {"number": number})


@require_safe
def open_one(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Mark it as read and go where it leads."""
    mine = seen_by(access.person_of(request), access.reach(request))
    notice = get_object_or_404(mine, pk=pk)
    read_notice(notice=notice, at=clock.now())
    return redirect(notice.address)


@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark all as read."""
    number = read_all_notices(by=access.person_of(request), at=clock.now())
    messages.success(request, f"已将{number}条通知标为已读。" if number else "没有未读的通知。")
    return see_other("notice-list")
