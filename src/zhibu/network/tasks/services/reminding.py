"""Due and overdue tasks come to whoever can see to them: once when due soon, once when overdue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone

from zhibu.network.notices.models import Kind
from zhibu.network.notices.services import Telling, tell_all
from zhibu.network.tasks.models import Task
from zhibu.network.tasks.queries import due_for_owners
from zhibu.network.tasks.services.telling import keepers_of, telling_of
from zhibu.plans.facts import work_calendar
from zhibu.rules.tasks import GRACE_DAYS
from zhibu.rules.wording import say_date

CHUNK: Final = 300
FROM_HOUR: Final = 7
MOST_SOON_DAYS: Final = 60  # an organisation may choose no more


def remind_tasks(at: datetime) -> int:
    """Tell owners, and keepers where there is none or it is late; how many tasks were gone over.

    A chore: on a day off and before seven it does nothing. Each thing is told once, however often
    and by however many workers it is called.
    """
    local = timezone.localtime(at)
    if local.hour < FROM_HOUR or not work_calendar().is_working(local.date()):
        return 0
    day, count = local.date(), 0
    # What has been overdue for longer was told, or came before there were reminders.
    rows = due_for_owners(day, soon_days=MOST_SOON_DAYS).filter(
        due_on__gte=day - timedelta(days=GRACE_DAYS)
    )
    last: UUID | None = None
    while True:
        found = rows.order_by("pk") if last is None else rows.order_by("pk").filter(pk__gt=last)
        chunk = list(found[:CHUNK])
        if not chunk:
            return count
        people = keepers_of((task.organization_id for task in chunk), at)
        tell_all(list(_tellings(chunk, people, day)), at=at)
        last = chunk[-1].pk
        count += len(chunk)


def _tellings(
    tasks: Sequence[Task], keepers: Mapping[UUID, Sequence[UUID]], day: date
) -> Iterator[Telling]:
    for task in tasks:
        left = (task.due_on - day).days
        if left > task.organization.soon_days:
            continue
        owner = task.owner.person_id if task.owner else None
        theirs = keepers.get(task.organization_id, ())
        if left < 0:
            people = (*([owner] if owner else ()), *theirs)
            title, once, kind = f"任务已过期限：{task.title}", f"late:{task.due_on}", Kind.OVERDUE
        else:
            people = (owner,) if owner else tuple(theirs)
            due = say_date(task.due_on)
            title, once, kind = f"{due}前办结：{task.title}", f"due:{task.due_on}", Kind.DUE
        if people:
            yield telling_of(task, people, title, once=once, kind=kind)
