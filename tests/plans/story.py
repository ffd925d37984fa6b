"""A small branch with a norm, and a cast that acts on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

from django.db import connections

from zhibu.norms.services import choose_pack, load_pack
from zhibu.org.models import Organization, Post
from zhibu.org.services import admit_member, appoint, found_organization, set_term
from zhibu.people.models import Person
from zhibu.plans.queries import read_tallies
from zhibu.plans.services import discharge_lines

AT = datetime(2025, 12, 20, 8, 0, tzinfo=UTC)

PACK = """
[pack]
id = "small"
version = "1"
title = "试用规范"
in_force_from = 2010-01-01
summary = "测试用"
sources = ["测试"]

[labels]
B = "必做"
T = "推荐"
X = "自选"
"""

REQUIREMENT = """
[[requirement]]
code = "{code}"
class = "{practice_class}"
title = "{title}"
activity = "{activity}"
attendees = "{attendees}"
text = "测试条文。"
article = {{ text = "测试条例第一条", source = "S1", certainty = "K" }}
cadence = {{ unit = "{unit}" }}
scope = {scope}
"""


def requirement(
    code: str,
    *,
    practice_class: str = "B",
    title: str = "支部党员大会",
    activity: str = "members_meeting",
    attendees: str = "members",
    unit: str = "quarter",
    scope: str = "{}",
) -> str:
    return REQUIREMENT.format(
        code=code, practice_class=practice_class, title=title, activity=activity,
        attendees=attendees, unit=unit, scope=scope,
    )  # fmt: skip


SMALL = PACK + "".join(
    [
        requirement("D1"),
        requirement("D2", title="党课", activity="lesson"),
        requirement("D3", title="主题党日", activity="theme_day", unit="month"),
        requirement(
            "D4", title="党小组会", activity="group_meeting", attendees="group", unit="month",
            scope='{ per = "group", needs_groups = true }',
        ),
        requirement("D5", practice_class="T", title="联学联建", activity="study", unit="half"),
    ]
)  # fmt: skip


@dataclass
class Cast:
    """One bureau with two branches, the first with a group, and people who act."""

    bureau: Organization
    branch: Organization
    group: Organization
    neighbour: Organization
    secretary: Person
    office: Person


def make_cast() -> Cast:
    secretary = Person.objects.create(username="zhibu01", name="甲")
    office = Person.objects.create(username="dangban", name="乙")
    load_pack(text=SMALL, by=None, at=AT)
    bureau = found_organization(
        kind="committee", name="某局直属机关党委", short_name="某局机关党委",
        parent=None, founded_on=date(2015, 1, 1), by=None, at=AT,
    )  # fmt: skip
    choose_pack(organization=bureau, pack="small", since=date(2015, 1, 1), by=None, at=AT)
    branch, neighbour = (
        found_organization(
            kind="branch", name=f"某局{name}党支部", short_name=f"{name}党支部", parent=bureau,
            founded_on=date(2018, 3, 1), theme_day="friday:2", by=None, at=AT,
        )
        for name in ("政工处", "财务处")
    )  # fmt: skip
    group = found_organization(
        kind="group", name="第一党小组", short_name="第一党小组", parent=branch,
        founded_on=date(2018, 3, 1), by=None, at=AT,
    )  # fmt: skip
    for number in range(4):
        member = admit_member(
            name=f"党员{number}", branch=branch, group=group, joined_on=date(2010, 1, 1),
            full_on=date(2011, 1, 1), since=date(2018, 3, 1), by=None, at=AT,
        )  # fmt: skip
        if number == 0:
            appoint(
                member=member, organization=branch, office=Post.Office.SECRETARY,
                since=date(2024, 3, 1), by=None, at=AT,
            )  # fmt: skip
    set_term(
        organization=branch, number=3, began_on=date(2024, 3, 1), ends_on=date(2027, 2, 28),
        by=None, at=AT,
    )  # fmt: skip
    return Cast(bureau, branch, group, neighbour, secretary, office)


def tallied(organization: Organization, year: int = 2026) -> Counter[tuple[str, date, str]]:
    """What the tallies say of an organisation: by class, due day and name of the count."""
    found: Counter[tuple[str, date, str]] = Counter()
    for count in read_tallies([organization], year)[organization.id]:
        for name in ("total", "done", "late", "waived"):
            if number := getattr(count, name):
                found[count.practice_class, count.due_on, name] = number
    return found


def discharge_each(lines: Iterable[UUID], by: Person, day: date) -> None:
    """Records of a day for these lines, one by one, on a connection of the calling thread."""
    try:
        for key in lines:
            discharge_lines(
                lines=[key], record_id=uuid4(), happened_on=day, filed_on=day + timedelta(days=1),
                by=by,
            )  # fmt: skip
    finally:
        connections.close_all()
