"""Django's sessions in the database, read by a query that is put together once."""

from __future__ import annotations

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from zhibu.people.prepared import Given, Prepared

_LASTING = Prepared(
    lambda: Session.objects.filter(session_key=Given("key"), expire_date__gt=Given("now"))
)


class SessionStore(db.SessionStore):
    """The session of a request."""

    def _get_session_from_db(self) -> Session | None:
        """The row, while it lasts; what Django's own `load` asks for."""
        # A cookie may say anything; the keys that are given out are letters and digits.
        key = self.session_key or ""
        found = _LASTING.objects(key=key, now=timezone.now()) if key.isalnum() else []
        if found:
            return found[0]
        self._session_key = None
        return None
