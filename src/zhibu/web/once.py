"""A form that is sent twice is done once: a button pressed twice, a page loaded again after sending.

Every drawing of a form carries a token of its own against forged requests. The same person sending
the same words with the same token to the same address has sent one form, however often.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, Final, ParamSpec

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from zhibu.people.sent_forms import claim_form
from zhibu.web import clock
from zhibu.web.access import person_of
from zhibu.web.answers import SeeOther

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]
_TOKEN: Final = "csrfmiddlewaretoken"  # noqa: S105  the name of a field, no secret
_DONE: Final = frozenset({302, 303})


def once(view: View[P]) -> View[P]:
    """What the view does for one form, it does once; whoever sends it again is led to the same place.

    The whole view is one transaction. It has done something when it redirects; with any other
    answer (a form that lacks something, a refusal) nothing stays, and the form may come again.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        digest = _digest_of(request)
        if not digest:
            return view(request, *args, **kwargs)
        with transaction.atomic():
            form, is_new = claim_form(digest=digest, at=clock.now())
            if not is_new:
                messages.info(request, "这份表单刚才已经提交，没有重复办理。")
                return SeeOther(form.led_to)
            response = view(request, *args, **kwargs)
            if response.status_code in _DONE:
                form.led_to = response["Location"]
                form.save(update_fields=["led_to"])
            else:
                transaction.set_rollback(True)
            return response

    return wrapped


def _digest_of(request: HttpRequest) -> str:
    """What tells one sent form from another; empty for one that carries no token of its own."""
    if request.method != "POST" or _TOKEN not in request.POST:
        return ""
    said = [str(person_of(request).pk), request.path]
    for name, values in sorted(request.POST.lists()):
        said += [name, *values]
    for name in sorted(request.FILES):
        for file in request.FILES.getlist(name):
            said += [name, str(file.name), str(file.size)]
    return hashlib.sha256("\0".join(said).encode()).hexdigest()
