"""A worker is killed while it gives a task to all branches: nobody has it twice, nobody half."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from tests.survival.test_import_kill import environment

# The worker as it is, that says when the second chunk is written and then waits to be killed.
WORKER = """
import time
from zhibu.ops.cli import set_up_django
set_up_django()
from zhibu.network.tasks.services import assigning
spread, told, calls = assigning._spread_chunk, assigning._tell_all, []

def slowly(tasks, at):
    told(tasks, at)
    calls.append(1)
    if len(calls) == 2:
        print("written", flush=True)
        time.sleep(300)

assigning._tell_all = slowly
assigning._spread_chunk = lambda key, at, chunk: spread(key, at, 5)
from zhibu.ops.worker import new_tasks
new_tasks(batch=True).run()
"""


@pytest.mark.django_db(transaction=True)
def test_killed_in_the_middle(data_dir: Path) -> None:
    """The chunk that was being written is not there; another worker gives it to all others, once."""
    from django.db import connection
    from django.utils import timezone
    from tests.handbook.scene import make_scene
    from tests.network.test_tasks import branches_below, give

    from zhibu.network.notices.models import Notice
    from zhibu.network.tasks.models import Task
    from zhibu.network.tasks.services import resume_assignments
    from zhibu.ops.worker import new_tasks

    scene = make_scene()
    branches_below(scene, 18)
    made = give(scene)
    connection.close()
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER],
        env=environment(data_dir), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert worker.stdout is not None
    assert "written" in worker.stdout.readline()
    assert Task.objects.filter(assignment=made).count() == 5
    worker.kill()
    worker.wait(30)
    made.refresh_from_db()
    assert made.spread_at is None
    assert Task.objects.filter(assignment=made).count() == 5
    assert resume_assignments(timezone.now() + timedelta(minutes=10)) == 1
    new_tasks(batch=True).run()
    made.refresh_from_db()
    assert made.spread_at is not None
    keys = list(Task.objects.filter(assignment=made).values_list("organization", flat=True))
    assert len(keys) == len(set(keys)) == 20
    told = Notice.objects.filter(once__endswith=":given").values_list("person", "once")
    assert len(told) == len(set(told)) > 0
