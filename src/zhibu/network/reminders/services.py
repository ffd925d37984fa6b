"""The daily round of reminders: in chunks, resumed where a worker left it, each thing told once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from zhibu.network.notices.models import Kind, ReminderRound
from zhibu.network.notices.queries import with_robots
from zhibu.network.notices.services import Telling, tell_all, tell_organization
from zhibu.network.reminders.queries import (
    actors_in,
    next_branches,
    offices,
    owed_below,
    owed_by,
    rounds_broken_off,
)
from zhibu.org.models import Organization
from zhibu.people.roles import Verb
from zhibu.plans.facts import work_calendar
from zhibu.rules.reminders import (
    Actors,
    Owed,
    Reminder,
    Span,
    Stage,
    due_days_above,
    last_told,
    nearest_only,
    remind,
    say_lines,
)

CHUNK: Final = 300
FROM_HOUR: Final = 7
SECONDS: Final = 5

_KINDS: Final = {Stage.DUE: Kind.DUE, Stage.OVERDUE: Kind.OVERDUE}


def remind_due(*, at: datetime, seconds: float = SECONDS, chunk: int = CHUNK) -> int:
    """Go on with the round of the day for a few seconds; how many branches were gone over.

    The worker calls it again and again. On a day off and before seven it does nothing. Each chunk
    is one transaction with the place where the next begins: a worker that dies repeats at most one,
    whose notices are not made twice; of several workers one goes on at a time. A round that its day
    did not finish stays where it is: who was gone over in it is not told of the same days again.
    """
    local = timezone.localtime(at)
    if local.hour < FROM_HOUR or not work_calendar().is_working(local.date()):
        return 0
    begin = time.monotonic()
    count = 0
    while (gone_over := _do_chunk(at, chunk)) is not None:
        count += gone_over
        if time.monotonic() - begin >= seconds:
            break
    return count


@transaction.atomic
def _do_chunk(at: datetime, size: int) -> int | None:
    """The next branches of the round; None where it is finished or another worker is at it."""
    held = _hold_round(at)
    if held is None:
        return None
    span = Span(held.day, held.since)
    branches = next_branches(held.after, held.day, size)
    if not branches:
        tell_all(_above(span, at), at=at)
        held.finished_at = at
        held.save(update_fields=["finished_at"])
        return None
    owed, actors = owed_by(branches, held.day), actors_in(branches, at)
    broken_off = rounds_broken_off(held)
    tellings = [
        pair
        for branch in branches
        for pair in _tellings(
            branch, owed.get(branch.pk, []), actors[branch.pk],
            Span(held.day, last_told(branch.path, broken_off, held.since)),
        )
    ]  # fmt: skip
    tell_all((telling for _, telling in tellings), at=at)
    _tell_chats(tellings, at)
    held.after = branches[-1].path
    held.save(update_fields=["after"])
    return len(branches)


def _tell_chats(tellings: list[tuple[Reminder, Telling]], at: datetime) -> None:
    """What is due soon is also said in a branch's chat, where it has a robot; what is late is not."""
    due = {
        telling.organization_id: telling
        for reminder, telling in tellings
        if reminder.stage is Stage.DUE and reminder.group is None
    }
    for key in with_robots(due):
        telling = due[key]
        tell_organization(
            organization_id=key, kind=telling.kind, title=telling.title, address=telling.address,
            once=telling.once, at=at,
        )  # fmt: skip


def _hold_round(at: datetime) -> ReminderRound | None:
    """The round of this day, held by this worker; None where it is finished or held."""
    day = timezone.localtime(at).date()
    rows = ReminderRound.objects.filter(day=day)
    if not rows.exists():
        before = ReminderRound.objects.filter(day__lt=day, finished_at__isnull=False)
        last = before.order_by("-day").values_list("day", flat=True).first()
        ReminderRound.objects.bulk_create(
            [ReminderRound(day=day, since=last, began_at=at)], ignore_conflicts=True
        )
    rows = rows.filter(finished_at__isnull=True)
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True)
    return rows.first()


def _tellings(
    branch: Organization, lines: list[Owed], actors: Actors, span: Span
) -> Iterator[tuple[Reminder, Telling]]:
    """What to tell in one branch, each with its key of the day."""
    for reminder in remind(lines, span, actors, soon_days=branch.soon_days):
        yield (
            reminder,
            Telling(
                people=tuple(UUID(person) for person in reminder.people),
                kind=_KINDS[reminder.stage],
                title=say_lines(reminder.stage, reminder.lines),
                address=_address(branch, reminder),
                organization_id=branch.pk,
                subject="",
                once=f"{reminder.stage}:{branch.pk}:{reminder.group or ''}:{span.day}",
                verb=Verb.SEE_BRANCH,
            ),
        )


def _address(branch: Organization, reminder: Reminder) -> str:
    """The line itself where it is the only one, else what is to be done in the branch."""
    if len(reminder.lines) == 1:
        return reverse("line", args=[reminder.lines[0].line])
    return reverse("branch-home", args=[branch.pk])


def _above(span: Span, at: datetime) -> Iterator[Telling]:
    """One line for each office: how much below it has been overdue for a week, as of this round."""
    found = offices(at)
    since, until = due_days_above(span)
    owed = owed_below([key for key, _ in found.values()], since, until)
    counts = nearest_only({path: owed.get(key, 0) for path, (key, _) in found.items()})
    for path, count in counts.items():
        key, people = found[path]
        yield Telling(
            people=tuple(people),
            kind=Kind.OVERDUE,
            title=f"下级党支部又有{count}项逾期满一周仍未完成，请了解情况，给予帮助",
            address=reverse("overview-overdue", args=[key]),
            organization_id=key,
            subject="",
            once=f"above:{key}:{span.day}",
            verb=Verb.SEE_OVERVIEW,
        )
