"""A worker is killed in the middle of telling people: nothing is lost, nothing is told twice.

But for the one moment that SMTP leaves open, between the server's taking a mail and our writing it
down: there the same mail comes once more, under the Message-ID of the first.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.network.servers import mail_server
from tests.survival.test_import_kill import environment

AT = datetime(2026, 3, 12, 17, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
PEOPLE = 30

# The couriers as they are, that stop at one place and wait to be killed.
WORKER = """
import sys, time
from datetime import datetime
from zhibu.ops.cli import set_up_django
set_up_django()
from zhibu.web import clock
clock.now = lambda: datetime.fromisoformat(sys.argv[2])
from zhibu.network.notices import delivering, spreading
where = sys.argv[1]

def stop():
    print("stopped", flush=True)
    time.sleep(300)

def wrap(module, name, before, after):
    real, calls = getattr(module, name), []
    def call(*args, **kwargs):
        calls.append(1)
        if before and len(calls) == before:
            stop()
        found = real(*args, **kwargs)
        if after and len(calls) == after:
            stop()
        return found
    setattr(module, name, call)

if where == "spread":      # the second chunk's deliveries are written, not yet committed
    wrap(spreading, "_delivery", 15, 0)
    spread = spreading.spread_all
    import functools
    spreading.spread_all = functools.partial(spread, chunk=10)
elif where == "claimed":   # the fifth parcel is claimed, not sent
    wrap(delivering, "send_mail", 5, 0)
elif where == "taken":     # the server has the fifth mail, it is not written down
    wrap(delivering, "send_mail", 0, 5)
from zhibu.ops.couriers import deliver_once
deliver_once()
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("where", ["spread", "claimed", "taken"])
def test_killed_while_sending_the_digest(where: str, data_dir: Path, settings: Any) -> None:
    """Thirty people's daily mail: each gets all three titles, in one mail."""
    from collections import Counter

    from django.db import connection
    from tests.cast import make_cast

    from zhibu.network.notices.channels import code_of, set_hours, set_mail, verify_mail
    from zhibu.network.notices.delivering import LEASE, deliver_due
    from zhibu.network.notices.models import Delivery, Kind, ReminderRound
    from zhibu.network.notices.services import tell
    from zhibu.network.notices.spreading import spread_all
    from zhibu.people.models import Person
    from zhibu.rules.notices import Hours

    cast = make_cast()
    ReminderRound.objects.create(day=AT.date(), began_at=AT, finished_at=AT)
    people = [
        Person.objects.create(username=f"p{number}", name="某", password="x")
        for number in range(PEOPLE)
    ]
    for person in people:
        channel = set_mail(by=person, address=f"{person.username}@example.org", at=AT)
        verify_mail(by=person, code=code_of(channel), at=AT)
        set_hours(by=person, hours=Hours(digest_hour=17), at=AT)
    for number in range(3):
        tell(
            people=[person.pk for person in people], kind=Kind.TASK, title=f"事项{number}",
            address="/", organization_id=cast.branch.pk, subject="", once=f"{number}", verb=None,
            at=AT,
        )  # fmt: skip
    with mail_server(settings) as post:
        if where != "spread":
            spread_all(AT)
        env = environment(data_dir)
        env["ZHIBU_MAIL_URL"] = f"smtp://127.0.0.1:{settings.EMAIL_PORT}"
        env["ZHIBU_MAIL_FROM"] = "zhibu@example.gov.cn"
        connection.close()
        worker = subprocess.Popen(
            [sys.executable, "-c", WORKER, where, AT.isoformat()],
            env=env, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert worker.stdout is not None
        assert "stopped" in worker.stdout.readline()
        worker.kill()
        worker.wait(30)
        early = len(post.mails)
        assert early == {"spread": 0, "claimed": 4, "taken": 5}[where]
        now = AT
        for _ in range(6):
            spread_all(now)
            while deliver_due(lambda: now):  # noqa: B023 - the clock stands within the round
                pass
            now += LEASE / 2 + timedelta(seconds=10)
        got = Counter(post.to)
        assert set(got) == {f"p{number}@example.org" for number in range(PEOPLE)}
        assert sorted(got.values()) == [1] * (PEOPLE - 1) + [2 if where == "taken" else 1]
        for mail in post.mails:
            assert all(f"事项{number}" in mail.get_content() for number in range(3))
        identities = {mail["Message-ID"] for mail in post.mails}
        assert len(identities) == PEOPLE
        assert not Delivery.objects.exclude(state="sent").exists()
