"""The second factor at sign-in: a wrong code counts as a wrong password does."""

from __future__ import annotations

from typing import Any

from allauth.mfa.base.views import AuthenticateView
from django.http import HttpRequest, HttpResponse

from zhibu.web.entry import lock
from zhibu.web.views.entry import locked_out


class SecondFactor(AuthenticateView):  # type: ignore[misc]
    """Asks for the code or the passkey."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        person = self.stage.login.user
        if lock.is_locked(request, person.username):
            return locked_out(request, None, {"username": person.username})
        answer: HttpResponse = super().post(request, *args, **kwargs)
        return answer

    def form_invalid(self, form: Any) -> HttpResponse:
        answer: HttpResponse = super().form_invalid(form)
        answer.status_code = 422
        return answer
