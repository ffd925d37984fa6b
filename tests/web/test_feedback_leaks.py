"""Whatever is done with feedback in whatever order: who reads which words is what was promised.

Cases are sent, joined, split, moved, sent up, taken over, answered and asked again at random; then
everybody opens every page of feedback. An asker's words show to the asker, and where they were
written to; a name shows there alone (mistakes 7 and 14 of those who came before).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from tests.cast import client_of

from zhibu.network.feedback.allowance import ALLOWANCE
from zhibu.network.feedback.models import Case, Feedback
from zhibu.network.feedback.services import (
    FeedbackRefused,
    Place,
    accept_case,
    answer_case,
    close_case,
    join_cases,
    move_case,
    refuse_case,
    reopen_case,
    send_feedback,
    send_up,
    split_case,
    summarize_case,
    take_case,
)
from zhibu.org.models import Grant, Organization
from zhibu.org.services import Refused
from zhibu.people.models import Person
from zhibu.people.roles import Role, Verb, roles_with
from zhibu.rules.feedback import About

if TYPE_CHECKING:
    from tests.cast import Cast

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 12, 10, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
HANDLING = {role.value for role in roles_with(Verb.ANSWER_FEEDBACK)}
MARK = re.compile(r"原话\d+号|理由\d+号")


class Course:
    """A course of acts, drawn from dice."""

    def __init__(self, cast: Cast, dice: Random) -> None:
        self.cast, self.dice = cast, dice
        self.at = START
        self.done: list[str] = []
        self.ways = [
            (cast.member, cast.branch), (cast.deputy, cast.branch), (cast.secretary, cast.branch),
            (cast.neighbour, cast.other_branch), (cast.stranger, cast.far_branch),
            (cast.office, cast.committee),
        ]  # fmt: skip

    def by(self, organization: Organization) -> Person | None:
        """Somebody who handles feedback there."""
        grants = Grant.objects.filter(organization=organization, role__in=HANDLING)
        grant = grants.select_related("person").first()
        return grant.person if grant else None

    def send(self) -> None:
        person, seat = self.dice.choice(self.ways)
        number = Feedback.objects.count()
        send_feedback(
            by=person, is_named=self.dice.random() < 0.6, text=f"原话{number}号，写给办理的人看。",
            place=Place(About.TABLE, page="plan"), seat=seat, addressed_to=None, secret=str(number),
            at=self.at,
        )  # fmt: skip

    def act(self) -> None:
        """One act on one case, by whoever may do it there; what is against a rule is refused."""
        self.at += timedelta(days=self.dice.choice((0, 1, 9)))
        case = self.dice.choice(list(Case.objects.select_related("organization").order_by("pk")))
        by = self.by(case.organization)
        if by is None:
            return
        told: dict[str, Any] = {"by": by, "at": self.at}
        summary = f"摘要{self.dice.randrange(99)}"
        others = list(Case.objects.filter(organization=case.organization).exclude(pk=case.pk))
        acts: dict[str, Callable[[], object]] = {
            "accept": lambda: accept_case(case=case, **told),
            "answer": lambda: answer_case(case=case, answer="答复如下", **told),
            "refuse": lambda: refuse_case(case=case, reason="另有规定", **told),
            "close": lambda: close_case(case=case, summary=summary, outcome="已改", **told),
            "summarize": lambda: summarize_case(case=case, summary=summary, **told),
            "join": lambda: join_cases(
                main=case, others=self.dice.sample(others, min(len(others), 2)), **told
            ),
            "split": lambda: split_case(case=case, reason="不同", **told),
            "up": lambda: send_up(case=case, summary=summary, **told),
            "move": lambda: move_case(
                case=case, to=self.dice.choice(list(Organization.objects.order_by("path"))),
                summary=summary, reason="由那里办理", **told,
            ),
            "take": self.take(case),
            "again": self.again(case),
        }  # fmt: skip
        name = self.dice.choice([*acts, "join", "up", "answer"])
        with suppress(FeedbackRefused, Refused):
            acts[name]()
            self.done.append(name)

    def take(self, case: Case) -> Callable[[], object]:
        above = case.organization.parent
        by = self.by(above) if above else None
        if above is None or by is None:
            return lambda: None
        return lambda: take_case(case=case, to=above, reason="等得太久", by=by, at=self.at)

    def again(self, case: Case) -> Callable[[], object]:
        row = Feedback.objects.filter(case=case).first()
        if row is None:
            return lambda: None
        number = row.text[2 : row.text.index("号")]
        return lambda: reopen_case(feedback=row, reason=f"理由{number}号", at=self.at)


def expected(person: Person) -> tuple[set[str], set[str]]:
    """The marks that this person may read, and those whose writer they may know."""
    desks = set(
        Grant.objects.filter(person=person, role__in=HANDLING).values_list(
            "organization_id", flat=True
        )
    )
    marks, named = set(), set()
    for row in Feedback.objects.select_related("case", "case__into"):
        found = set(MARK.findall(row.text + row.reopen_reason))
        place = (row.case.into or row.case).organization_id
        is_here = place in desks
        if person.pk == row.person_id or (
            is_here and place in {row.addressed_to_id, row.opened_to_id}
        ):
            marks |= found
        if is_here and place == row.addressed_to_id and row.person_id:
            named.add(row.person.name if row.person else "")
    return marks, named


def seen(person: Person, cast: Cast) -> str:
    """The main part of every page of feedback that opens for this person."""
    client = client_of(person)
    addresses = [
        reverse("feedback-mine"), reverse("feedback-improvements"), reverse("notice-list"),
        *(reverse("feedback-case", args=[key]) for key in Case.objects.values_list("pk", flat=True)),
        *(reverse("feedback-take", args=[key]) for key in Case.objects.values_list("pk", flat=True)),
        *(
            reverse("feedback-one", args=[key])
            for key in Feedback.objects.values_list("pk", flat=True)
        ),
        *(
            reverse(name, args=[key]) + more
            for key in Organization.objects.values_list("pk", flat=True)
            for name, more in (
                ("feedback-desk", ""), ("feedback-desk", "?state=closed"),
                ("feedback-desk", "?state=answered"), ("feedback-desk", "?state=sent_up"),
                ("feedback-desk", "?state=refused"), ("feedback-waiting", ""),
            )
        ),
    ]  # fmt: skip
    pages = []
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code in {200, 404}, address
        if answer.status_code == 200:
            pages.append(answer.content.decode().partition("<main")[2])
    return "\n".join(pages)


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    ALLOWANCE.forget()
    yield
    ALLOWANCE.forget()


@pytest.mark.parametrize("seed", range(2))
def test_who_reads_what_after_any_course(
    cast: Cast, freeze: Callable[[datetime], None], seed: int
) -> None:
    """For everybody in the cast, on every page: exactly the words and names that they may read."""
    for number in range(3):  # so many that a committee hides who wrote
        person = Person.objects.create(username=f"more{number}", name=f"某某{number}")
        Grant.objects.create(
            person=person, role=Role.MEMBER, organization=cast.other_branch, since=START
        )
    course = Course(cast, Random(seed))
    for number in range(30):
        if number < 6:
            ALLOWANCE.forget()
            course.send()
        course.act()
    assert len(set(course.done)) >= 4, course.done
    freeze(course.at)
    writers = {row.person.name for row in Feedback.objects.all() if row.person}
    for who, person in cast.people().items():
        pages = seen(person, cast)
        marks, named = expected(person)
        assert set(MARK.findall(pages)) == marks, who
        shown = {name for name in writers if f"{name}（" in pages}
        assert shown == named, who
