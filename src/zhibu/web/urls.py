"""The addresses of the pages."""

from __future__ import annotations

from django.urls import path

from zhibu.web.views import entry

urlpatterns = [
    path("sign-in/", entry.SignIn.as_view(), name="sign-in"),
    path("sign-out/", entry.SignOut.as_view(), name="sign-out"),
]
