"""All addresses."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("", include("zhibu.web.urls"))]

handler400 = "zhibu.web.views.faults.refused"
handler404 = "zhibu.web.views.entry.not_found"
handler500 = "zhibu.web.views.entry.failed"
