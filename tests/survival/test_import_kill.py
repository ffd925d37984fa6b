"""A worker is killed while it writes an import: nothing is half done, and it is done once after all."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.survival.test_kill import database_url

ROOT = Path(__file__).parents[2]
PEOPLE = 2_400

# The worker as it is, that says when the members are written and then waits to be killed.
WORKER = """
import sys, time
from zhibu.ops.cli import set_up_django
set_up_django()
from zhibu.org.imports import members
insert = members.MemberWriter._insert

def slowly(self, model, rows, before=None):
    insert(self, model, rows, before)
    if model.__name__ == sys.argv[1]:
        print("written", flush=True)
        time.sleep(300)

members.MemberWriter._insert = slowly
from zhibu.ops.worker import new_tasks
new_tasks(batch=True).run()
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("at", ["Member", "Membership"])
def test_killed_in_the_middle(at: str, data_dir: Path) -> None:
    """Killed after the members, or after their places: nobody sees any of it; then it is whole."""
    from django.db import connection
    from tests.cast import make_cast
    from tests.org.test_imports import NOW, person, started

    from zhibu.ledger.models import Entry
    from zhibu.ops.worker import new_tasks
    from zhibu.org.imports import confirm_import, resume_imports
    from zhibu.org.models import Member, Membership

    cast = make_cast()
    before = Member.objects.count()
    held = started(cast, *(person(name(number)) for number in range(PEOPLE)))
    if held.is_running:
        new_tasks(batch=True).run()
        held.refresh_from_db()
    assert held.state == "ready"
    held = confirm_import(held=held, by=cast.office, at=NOW)
    assert held.state == "applying"
    connection.close()
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, at],
        env=environment(data_dir), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert worker.stdout is not None
    assert "written" in worker.stdout.readline()
    assert Member.objects.count() == before
    worker.kill()
    worker.wait(30)
    held.refresh_from_db()
    assert held.state == "applying"
    assert Member.objects.count() == before
    assert not Entry.objects.filter(verb="apply_import").exists()
    assert resume_imports(NOW + timedelta(minutes=10)) == 1
    new_tasks(batch=True).run()
    held.refresh_from_db()
    assert held.state == "applied"
    assert Member.objects.count() == before + PEOPLE
    assert Membership.objects.filter(until__isnull=True).count() == before + PEOPLE
    assert Entry.objects.filter(verb="apply_import").count() == 1


def name(number: int) -> str:
    """Names that differ, without a digit in them."""
    return "赵" + "".join("甲乙丙丁戊己庚辛壬癸"[int(digit)] for digit in f"{number:04d}")


def environment(data_dir: Path) -> dict[str, Any]:
    from django.conf import settings

    return {
        **os.environ,
        "DATABASE_URL": database_url(),
        "ZHIBU_DATA_DIR": str(data_dir),
        "ZHIBU_SECRET_KEY": settings.SECRET_KEY,
        "PYTHONPATH": str(ROOT / "src"),
    }
