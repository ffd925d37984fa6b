"""Who a session belongs to."""

from __future__ import annotations

from uuid import UUID

from allauth.account.auth_backends import AuthenticationBackend

from zhibu.org.reach import person_with_reach
from zhibu.people.models import Person
from zhibu.web import clock


class PersonBackend(AuthenticationBackend):  # type: ignore[misc]  # the library has no types
    """allauth's, but the person comes with how far they reach: a page needs both, in one query."""

    def get_user(self, user_id: UUID) -> Person | None:
        """The account, if it is open. What it holds is that of this moment, so of this request."""
        found = person_with_reach(user_id, clock.now())
        if found is None or not found[0].is_active:
            return None
        person, reach = found
        person.zhibu_reach = reach  # type: ignore[attr-defined]  # carried along, no field of it
        return person
