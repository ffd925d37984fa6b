"""A branch with a norm and a table, for the tests of the table's pages."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from tests.cast import Cast, client_of

from zhibu.norms.services import choose_pack, load_catalogue
from zhibu.org.models import Organization
from zhibu.people.models import Person
from zhibu.plans.models import Plan, PlanLine
from zhibu.plans.services import adopt_plan, draft_plan

AT = datetime(2025, 12, 20, 9, tzinfo=ZoneInfo("Asia/Shanghai"))


def load_norms(cast: Cast) -> None:
    """All packs, and the one that binds everybody below the commission."""
    load_catalogue(by=None, at=AT)
    choose_pack(
        organization=cast.commission, pack="branch", since=date(2018, 11, 1), by=None, at=AT
    )


def drafted(cast: Cast, year: int = 2026, branch: Organization | None = None) -> Plan:
    """A draft of the branch's table."""
    return draft_plan(branch=branch or cast.branch, year=year, by=cast.secretary, at=AT)


def adopted(cast: Cast, year: int = 2026) -> Plan:
    """An adopted table of the branch."""
    plan = drafted(cast, year)
    return adopt_plan(plan=plan, revision=plan.revision, by=cast.secretary, at=AT)


def line_of(plan: Plan, activity: str = "committee_meeting", at: int = 0) -> PlanLine:
    """The n-th line of this activity."""
    return plan.lines.filter(activity=activity).order_by("planned_on", "id")[at]


def address(name: str, plan: Plan) -> str:
    """The address of a page of the table."""
    return reverse(name, args=[plan.branch_id, plan.year])


def line_address(name: str, line: PlanLine) -> str:
    """The address of a page of a line."""
    return reverse(name, args=[line.pk])


def values(line: PlanLine, **changes: object) -> dict[str, str]:
    """What the form of a line sends, with these changes."""
    plan = Plan.objects.get(pk=line.plan_id)
    fields = ("planned_on", "topic", "form", "presenter", "responsible", "remark")
    sent: dict[str, object] = {name: getattr(line, name) for name in fields}
    if not line.requirement:
        sent |= {"title": line.title, "activity": line.activity}
    sent |= {"revision": plan.revision, **changes}
    return {name: str(value) for name, value in sent.items()}


def text(response: HttpResponse) -> str:
    """The page as text."""
    return response.content.decode()


def client(person: Person) -> Client:
    """A browser of this person's."""
    return client_of(person)
