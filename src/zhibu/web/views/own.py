"""What is kept about oneself, and asking to have it put right."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from zhibu.org import corrections
from zhibu.web import access, clock
from zhibu.web.forms.organization import CorrectionForm
from zhibu.web.pages.own import build_own


def own(request: HttpRequest) -> HttpResponse:
    """One's own data; POST asks for a correction."""
    form = CorrectionForm(request.POST or None)
    page = build_own(access.person_of(request), form)
    if request.method == "POST" and form.is_valid():
        if page.member is None:
            form.add_error(None, "您的账号没有对应名册中的党员，请与党支部联系。")
        else:
            corrections.ask_correction(
                member=page.member, by=page.person, at=clock.now(), **form.cleaned_data
            )
            messages.success(request, "申请已经提交，由所在党支部核对后答复。")
            return redirect("own")
    status = 422 if form.is_bound else 200
    return render(request, "web/own.html", {"page": page}, status=status)
