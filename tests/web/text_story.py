"""What the tests of 传达 share: texts in every state, and what the worker does meanwhile."""

from __future__ import annotations

from datetime import date, datetime
from io import BytesIO
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.test import Client
from tests.cast import Cast, client_of

from zhibu.network.dissemination import services
from zhibu.network.dissemination.facts import TextDraft
from zhibu.network.dissemination.models import Text
from zhibu.org.models import Member, Organization
from zhibu.people.models import Person

ZONE = ZoneInfo("Asia/Shanghai")
NINE = datetime(2026, 3, 11, 9, tzinfo=ZONE)  # the day before the frozen one
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
BODY = "各党支部：\n请认真传达学习，结合实际抓好落实。\n每名党员都要学到。"


def work(at: datetime = NINE) -> None:
    """What the worker does until nothing is left."""
    while services.run_jobs(at=at):
        pass
    while services.fold_reach():
        pass


def a_draft(
    organization: Organization, by: Person, *, title: str = "关于认真学习的通知", file: str = "",
    at: datetime = NINE, **more: Any,
) -> Text:  # fmt: skip
    """A text that is being written, for everybody at and below the organisation."""
    values: dict[str, Any] = {"organizations": (organization.pk,), "body": BODY, **more}
    text = services.draft_text(
        organization=organization, draft=TextDraft(title=title, **values), by=by, at=at
    )
    if file:
        services.add_file(text=text, name=file, stream=BytesIO(PDF), by=by, at=at)
    return text


def a_text(organization: Organization, by: Person, *, at: datetime = NINE, **more: Any) -> Text:
    """A text that was issued, and counted."""
    text = a_draft(organization, by, at=at, **more)
    sent = services.issue_text(text=text, revision=text.revision, by=by, at=at)
    work(at)
    return Text.objects.get(pk=sent.pk)


def give_account(cast: Cast, number: int = 4) -> Client:
    """The plain member of the cast is on the roster as this one; their browser."""
    tie(cast.members[number], cast.member)
    return client_of(cast.member)


def tie(member: Member, person: Person) -> None:
    """The account is that of the member."""
    Member.objects.filter(pk=member.pk).update(person=person)


def members_of(branch: Organization) -> list[Member]:
    """Everybody on the roster of a branch."""
    return list(Member.objects.filter(memberships__branch=branch).order_by("id"))


def read(text: Text, member: Member, *, at: datetime = NINE) -> None:
    """A member with an account of their own reads it and says so."""
    person = Member.objects.select_related("person").get(pk=member.pk).person
    if person is None:
        person = Person.objects.create(username=f"m{member.pk.hex}", name=member.name)
        tie(member, person)
    services.acknowledge(text=text, version=text.version, by=person, at=at)


def infirm(member: Member, branch: Organization, by: Person) -> None:
    """The member is too old or ill to come to meetings."""
    from zhibu.org.services import begin_spell

    begin_spell(member=member, branch=branch, kind="infirm", since=date(2025, 1, 1), by=by, at=NINE)


def key_in(location: str) -> UUID:
    """The first key in an address."""
    return UUID(next(part for part in location.split("/") if len(part) == 36))
