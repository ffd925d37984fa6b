"""The long part of assigning, as a job of the queue. It may be run again after a dead worker."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from django_tasks import task

from zhibu.network.tasks.services.assigning import spread_assignment


@task()
def spread_in_background(key: str) -> int:
    """Give all their task; how many were given it now."""
    return spread_assignment(key=UUID(key), at=timezone.now())
