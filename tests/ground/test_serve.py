"""`zhibu serve` from an empty folder: the first and the second start, and the end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.ground import smoke

from zhibu.ops import accounts, serve

POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")


def start(folder: Path, *options: str) -> tuple[subprocess.Popen[bytes], smoke.Visitor]:
    """A server without demonstration data, well."""
    port = smoke.free_port()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ZHIBU_", "DATABASE"))}
    process = subprocess.Popen(
        [sys.executable, "-m", "zhibu", "serve", "--no-demo", "--port", str(port), *options],
        env={**kept, "ZHIBU_DATA_DIR": str(folder), "PYTHONUTF8": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    visitor = smoke.Visitor(f"http://127.0.0.1:{port}")
    smoke.wait_until_well(visitor, process)
    return process, visitor


PATIENCE = 120  # seconds, for a machine that does much else: what does not end never ends


def until(is_so: Callable[[], bool]) -> bool:
    """Whether it comes to be so; asked again and again."""
    limit = time.monotonic() + PATIENCE
    while not (found := is_so()) and time.monotonic() < limit:
        time.sleep(0.1)
    return found


def is_closed(visitor: smoke.Visitor) -> bool:
    """Whether nobody listens there any more."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(visitor.address.rpartition(":")[2]))) != 0


@pytest.mark.slow
def test_a_newcomer_signs_in_on_the_first_and_the_second_start() -> None:
    """Empty folder, one command, an account that works; the second start keeps it."""
    assert smoke.main([]) == 0


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
@POSIX
def test_server_stops_when_told(name: str, tmp_path: Path) -> None:
    """Exit code 0, worker and web processes with it."""
    process, visitor = start(tmp_path)
    process.send_signal(getattr(signal, name))
    assert process.wait(PATIENCE) == 0
    assert until(lambda: is_closed(visitor))
    assert list((tmp_path / "beats").glob("*.json")) == []


@POSIX
def test_killed_server_leaves_nothing_behind(tmp_path: Path) -> None:
    """Kill -9 of the server ends its helpers too: the port is free, the worker gone."""
    process, visitor = start(tmp_path)
    process.kill()
    process.wait(PATIENCE)
    assert until(lambda: is_closed(visitor))
    assert until(lambda: not list((tmp_path / "beats").glob("*.json")))


def test_port_that_is_taken_is_said(tmp_path: Path) -> None:
    """Another program on the port: a sentence with a way out, exit code 1."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "zhibu", "serve", "--port", port],
            env={**os.environ, "ZHIBU_DATA_DIR": str(tmp_path), "PYTHONUTF8": "1"},
            capture_output=True, text=True, encoding="utf-8", check=False, timeout=60,
        )  # fmt: skip
    assert done.returncode == 1
    assert "已被占用" in done.stderr
    assert "--port" in done.stderr


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("asked", "host", "database", "wanted"),
    [
        (None, "127.0.0.1", "", True),
        (None, "0.0.0.0", "", False),
        (None, "127.0.0.1", "postgresql://x", False),
        (True, "0.0.0.0", "postgresql://x", True),
        (False, "127.0.0.1", "", False),
    ],
)
def test_demonstration_only_for_a_trial(
    asked: bool | None, host: str, database: str, wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An open address or a database server means business: no accounts with a known password."""
    monkeypatch.setenv("DATABASE_URL", database)
    assert serve.is_demo_wanted(asked, host) is wanted


@pytest.mark.django_db
def test_no_demonstration_beside_real_data() -> None:
    """Whoever has begun to work gets nothing mixed in, even when asked."""
    from tests.cast import make_cast

    make_cast()
    assert serve.is_demo_wanted(True, "127.0.0.1") is False


def test_accounts_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second start tells the same password; the file is for its owner only."""
    monkeypatch.delenv("ZHIBU_DEMO_PASSWORD", raising=False)
    password = accounts.choose_password()
    assert len(password) == 14
    assert password != accounts.choose_password()
    known = (accounts.Account("zhibu01", "党支部书记（第一党支部）"),)
    accounts.remember_accounts(tmp_path, password=password, accounts=known)
    assert accounts.recall_accounts(tmp_path) == (password, known)
    assert password in accounts.describe_accounts(password, known)
    if os.name != "nt":
        assert (tmp_path / accounts.FILE).stat().st_mode & 0o077 == 0
    (tmp_path / accounts.FILE).write_text("{", encoding="ascii")
    assert accounts.recall_accounts(tmp_path) is None
