"""The long parts of importing, as jobs of the queue. Each may be run again after a dead worker."""

from __future__ import annotations

from django.utils import timezone
from django_tasks import task

from zhibu.org.imports import steps
from zhibu.org.models import RosterImport


@task()
def judge_in_background(key: str) -> str:
    """Judge an import; gives its state."""
    held = RosterImport.objects.get(pk=key)
    return str(steps.judge_import(held=held, at=timezone.now()).state)


@task()
def apply_in_background(key: str) -> str:
    """Write a confirmed import; gives its state."""
    held = RosterImport.objects.select_related("organization").get(pk=key)
    return str(steps.apply_import(held=held, at=timezone.now()).state)
