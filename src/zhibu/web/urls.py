"""The addresses of the pages, gathered from their parts."""

from __future__ import annotations

from typing import Final

from zhibu.people.roles import Verb
from zhibu.web.routes import entry, network, norms, records, table

_PARTS = (entry, network, table, records, norms)

urlpatterns = [pattern for part in _PARTS for pattern in part.urlpatterns]

RIGHTS: Final[dict[str, Verb | str]] = {
    name: verb for part in _PARTS for name, verb in part.RIGHTS.items()
}
