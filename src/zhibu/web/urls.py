"""The addresses of the pages, gathered from their parts."""

from __future__ import annotations

from typing import Final

from zhibu.people.roles import Verb
from zhibu.web.routes import (
    entry,
    feedback,
    mobile,
    network,
    norms,
    notices,
    records,
    reports,
    search,
    table,
    tasks,
    texts,
    themes,
)

_PARTS = (
    entry,
    network,
    table,
    records,
    norms,
    texts,
    feedback,
    tasks,
    themes,
    reports,
    notices,
    search,
    mobile,
)

urlpatterns = [pattern for part in _PARTS for pattern in part.urlpatterns]

RIGHTS: Final[dict[str, Verb | str]] = {
    name: verb for part in _PARTS for name, verb in part.RIGHTS.items()
}
