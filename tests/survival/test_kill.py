"""The filing process is killed at random moments: what it acknowledged is there, whole and once.

Three rounds in every test run; ``SURVIVE_ROUNDS=50`` for the long form (`make survive`).
"""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from tests.handbook.scene import Scene

ROUNDS = int(os.environ.get("SURVIVE_ROUNDS", "3"))
CLIENTS = 4
HERE = Path(__file__).parent


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


class Bench:
    """The server process, killed and started again, and what the clients heard from it."""

    def __init__(self, scene: Scene, data_dir: Path) -> None:
        from zhibu.rules.contents_data import to_data

        self.scene = scene
        self.content = to_data(scene.content())
        self.environment = {
            **os.environ,
            "DATABASE_URL": database_url(),
            "ZHIBU_DATA_DIR": str(data_dir),
            "PYTHONPATH": os.pathsep.join((str(HERE.parents[1] / "src"), str(HERE.parents[1]))),
        }
        self.acknowledged: dict[str, tuple[int, str]] = {}
        self.pending: set[str] = set()
        self.lock = threading.Lock()

    def start(self) -> tuple[subprocess.Popen[str], int]:
        process = subprocess.Popen(
            [sys.executable, str(HERE / "filing_server.py")],
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        return process, int(process.stdout.readline())

    def run_client(self, port: int) -> None:
        """File one record after the other, first those that nobody answered, until it breaks."""
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
                stream = connection.makefile("rwb")
                while True:
                    with self.lock:
                        submission = self.pending.pop() if self.pending else str(uuid4())
                    try:
                        heard = self.ask(stream, submission)
                    except (OSError, ValueError):
                        with self.lock:
                            self.pending.add(submission)
                        return
                    with self.lock:
                        known = self.acknowledged.setdefault(submission, heard)
                    assert known == heard
        except OSError:
            return

    def ask(self, stream: Any, submission: str) -> tuple[int, str]:
        question = {
            "branch": str(self.scene.branch.id),
            "person": str(self.scene.cast.secretary.id),
            "submission": submission,
            "content": self.content,
        }
        stream.write(json.dumps(question).encode() + b"\n")
        stream.flush()
        answer = json.loads(stream.readline())  # nothing at all when the server died
        return answer["sequence"], answer["link"]

    def round(self, seconds: float) -> None:
        process, port = self.start()
        clients = [threading.Thread(target=self.run_client, args=(port,)) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        time.sleep(seconds)
        patience = time.monotonic() + 60  # a busy machine needs long until the very first one
        while not self.acknowledged and time.monotonic() < patience:
            time.sleep(0.02)
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
        for client in clients:
            client.join(timeout=40)

    def check(self) -> None:
        """Everything acknowledged is there once, as it was answered, and the chain verifies."""
        from zhibu.handbook.models import Record, RecordVersion
        from zhibu.handbook.verification import verify_database
        from zhibu.ledger.models import Entry

        stored = {
            str(submission): (sequence, link)
            for submission, sequence, link in RecordVersion.objects.values_list(
                "submission", "sequence", "link"
            )
        }
        for submission, heard in self.acknowledged.items():
            assert stored.get(submission) == heard
        assert set(stored) <= set(self.acknowledged) | self.pending
        assert Record.objects.filter(state="filed").count() == len(stored)
        assert Entry.objects.filter(verb="file_record").count() == len(stored)
        outcomes = list(verify_database(has_bytes=True))
        assert [outcome.fault for outcome in outcomes if outcome.fault] == []
        assert sum(outcome.versions for outcome in outcomes) == len(stored)


@pytest.mark.slow
def test_killed_at_random_moments(live_scene: Scene, data_dir: Path) -> None:
    """After every kill the database is whole, and the work goes on where it stopped."""
    bench = Bench(live_scene, data_dir)
    dice = random.Random(9)
    for _ in range(ROUNDS):
        bench.round(0.2 + dice.random() * 1.3)
        bench.check()
    assert bench.acknowledged
