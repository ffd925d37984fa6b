"""Reading what is kept about others leaves a line in the ledger, as changing it does."""

from __future__ import annotations

from django.http import HttpRequest

from zhibu.ledger.services import note
from zhibu.org.models import Member, Organization
from zhibu.web import clock
from zhibu.web.access import person_of


def note_reading(
    request: HttpRequest, verb: str, branch: Organization, member: Member | None
) -> None:
    """Who read which roster or whose data; one's own data may be read without."""
    person = person_of(request)
    if member is not None and member.person_id == person.pk:
        return
    note(by=person, verb=verb, organization_id=branch.pk, subject=member, at=clock.now())
