"""`zhibu serve` is killed at random moments while four people file: what it answered is there, once.

Three rounds in every test run; ``SURVIVE_ROUNDS=50`` for the long form (`make survive`).
"""

from __future__ import annotations

import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.handbook.scene import Scene
    from tests.survival.clerk import Clerk, Filing

    from zhibu.people.models import Person

ROUNDS = int(os.environ.get("SURVIVE_ROUNDS", "3"))
CLIENTS = 4
DRAFTS = 60  # wait to be filed at the start of each round
LONGEST_START = 60.0
LONGEST_ROUND = 1.5
ROOT = Path(__file__).parents[2]


@pytest.fixture
def live_scene(transactional_db: None, data_dir: Any) -> Scene:
    from tests.handbook.scene import make_scene

    return make_scene()


def database_url() -> str:
    """The test's own database, for another process."""
    from django.db import connection

    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))


class Siege:
    """The server, killed and started again, and what the clients heard from it."""

    def __init__(self, scene: Scene, data_dir: Path) -> None:
        from django.conf import settings
        from django.db import connection

        self.scene = scene
        self.environment = {
            **os.environ,
            "DATABASE_URL": database_url(),
            "ZHIBU_DATA_DIR": str(data_dir),
            "ZHIBU_SECRET_KEY": settings.SECRET_KEY,  # sessions made here are good there
            "PYTHONPATH": str(ROOT / "src"),
        }
        self.processes = 1 if connection.vendor == "sqlite" else 2
        self.waiting: list[str] = []  # drafts that nobody has opened yet
        self.sent: dict[str, Filing] = {}  # sent, and no answer heard, by record
        self.acknowledged: dict[str, str] = {}  # the submission by its record
        self.links: dict[str, str] = {}
        self.oddities: list[str] = []
        self.lock = threading.Lock()
        self.heard = threading.Event()
        self.cookies = [cookies_of(scene.cast.secretary) for _ in range(CLIENTS)]

    def round(self, seconds: float) -> None:
        """Start, let them file, kill everything at once so long after the first answer."""
        missing = DRAFTS - len(self.waiting)
        self.waiting += [str(self.scene.start().pk) for _ in range(missing)]
        port = free_port()
        process = self.start(port)
        self.heard.clear()
        clients = [
            threading.Thread(target=self.run_client, args=(port, cookies))
            for cookies in self.cookies
        ]
        for client in clients:
            client.start()
        self.heard.wait(60)  # a busy machine needs long until the very first one
        time.sleep(seconds)
        kill(process)
        for client in clients:
            client.join(timeout=60)
        assert not any(client.is_alive() for client in clients)

    def start(self, port: int) -> subprocess.Popen[bytes]:
        """`zhibu serve` as it is documented, with its worker; waits until it listens."""
        command = [sys.executable, "-m", "zhibu", "serve", "--port", str(port), "--no-demo"]
        process = subprocess.Popen(
            [*command, "--processes", str(self.processes)],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        until = time.monotonic() + LONGEST_START
        while time.monotonic() < until:
            assert process.poll() is None, "the server did not start"
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return process
            time.sleep(0.05)
        kill(process)
        raise AssertionError("the server does not listen")

    def run_client(self, port: int, cookies: dict[str, str]) -> None:
        """File one record after the other, first those that nobody answered, until it breaks."""
        from tests.survival.clerk import Clerk

        clerk = Clerk("127.0.0.1", port, cookies)
        try:
            clerk.get(f"/b/{self.scene.branch.pk}/records/new/")
            while (record := self.take()) is not None:
                self.file(clerk, record)
        except (OSError, http.client.HTTPException):
            return
        except AssertionError as odd:
            self.oddities.append(str(odd))
        finally:
            if clerk.connection is not None:
                clerk.connection.close()

    def take(self) -> str | None:
        """A record to file, which no other client has."""
        with self.lock:
            if unanswered := next(iter(self.sent), None):
                self.waiting.append(unanswered)
                return self.waiting.pop()
            return self.waiting.pop(0) if self.waiting else None

    def file(self, clerk: Clerk, record: str) -> None:
        """Press 归档, on the form that was sent before if there is one."""
        with self.lock:
            filing = self.sent.pop(record, None)
        try:
            if filing is None:
                filing = clerk.prepare(record)
            answer = clerk.file(filing)
        except (OSError, http.client.HTTPException):
            with self.lock:
                if filing is None:
                    self.waiting.append(record)
                else:
                    self.sent[record] = filing
            raise
        assert (answer.status, answer.location) == (303, f"/r/{record}/"), answer
        with self.lock:
            self.acknowledged[record] = filing.submission
        self.heard.set()

    def check(self) -> None:
        """Everything acknowledged is there once, as it was, and the chain verifies."""
        from zhibu.handbook.models import Record, RecordVersion
        from zhibu.handbook.verification import verify_database
        from zhibu.ledger.models import Entry

        assert self.oddities == []
        rows = RecordVersion.objects.values_list("record_id", "submission", "link")
        stored = {str(record): (str(submission), link) for record, submission, link in rows}
        assert len(stored) == len(rows)
        for record, submission in self.acknowledged.items():
            assert stored[record][0] == submission
        assert set(stored) <= {*self.acknowledged, *self.sent}
        links = {record: link for record, (_, link) in stored.items()}
        assert self.links.items() <= links.items()
        self.links = links
        assert Record.objects.filter(state="filed").count() == len(stored)
        assert Entry.objects.filter(verb="file_record").count() == len(stored)
        outcomes = list(verify_database(has_bytes=True))
        assert [outcome.fault for outcome in outcomes if outcome.fault] == []
        assert sum(outcome.versions for outcome in outcomes) == len(stored)


def cookies_of(person: Person) -> dict[str, str]:
    """The cookies of a browser in which this person is signed in."""
    from django.test import Client

    client = Client()
    client.force_login(person)
    return {name: morsel.value for name, morsel in client.cookies.items()}


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def kill(process: subprocess.Popen[bytes]) -> None:
    """The server and its web processes at once, without a word; the worker sees that it is alone."""
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def moments(rounds: int) -> Iterable[float]:
    """How long each round lasts, in seconds after the first answer."""
    dice = random.Random(9)
    return [dice.random() * LONGEST_ROUND for _ in range(rounds)]


@pytest.mark.slow
def test_killed_at_random_moments(live_scene: Scene, data_dir: Path) -> None:
    """After every kill the database is whole, and the work goes on where it stopped."""
    siege = Siege(live_scene, data_dir)
    for seconds in moments(ROUNDS):
        siege.round(seconds)
        siege.check()
    assert siege.acknowledged
    print(f"{ROUNDS} rounds, {len(siege.acknowledged)} records acknowledged")
