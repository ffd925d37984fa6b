"""/healthz and the worker's sign of life."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError
from django.test import Client

from zhibu.ledger.keys import MasterKeyError
from zhibu.web import beats
from zhibu.web.views import health

NOW = datetime(2026, 3, 12, 2, 30, tzinfo=UTC)


@pytest.mark.django_db
def test_healthz_answers_a_stranger(client: Client, data_dir: Path) -> None:
    """A monitor needs no account and learns no data; without a worker it says so."""
    response = client.get("/healthz")
    assert response.status_code == 200
    body = response.json()
    assert body["signs"]["database"]["state"] == "ok"
    assert body["signs"]["worker"]["state"] == "weak"
    assert body["state"] == "weak"
    assert str(data_dir) not in response.text


@pytest.mark.django_db
def test_healthz_sees_the_worker(client: Client, data_dir: Path) -> None:
    """A fresh sign of life makes it well."""
    from django.utils import timezone

    beats.write_beat(data_dir, now=timezone.now())
    body = client.get("/healthz").json()
    assert body["signs"]["worker"]["state"] == "ok"


@pytest.mark.django_db
def test_healthz_says_503_when_the_database_is_away(
    client: Client, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A load balancer must not send people here."""

    class Gone:
        def cursor(self) -> Any:
            raise DatabaseError("gone")

    monkeypatch.setattr(health, "connection", Gone())
    response = client.get("/healthz")
    assert response.status_code == 503
    assert response.json()["signs"]["database"]["state"] == "down"


@pytest.mark.django_db
@pytest.mark.parametrize("host", ["127.0.0.1:8000", "10.1.2.3", "zhibu.example.cn"])
def test_healthz_is_asked_by_address_and_without_https(
    host: str, client: Client, data_dir: Path, settings: Any
) -> None:
    """Behind a proxy, too, a monitor on the inside learns the state and not a redirect."""
    settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS = ["zhibu.example.cn"]
    response = client.get("/healthz", headers={"host": host})
    assert (response.status_code, response.json()["state"]) == (200, "weak")
    assert client.get("/sign-in/", headers={"host": "zhibu.example.cn"}).status_code == 301


def test_a_wrong_name_is_answered_in_chinese(client: Client, settings: Any) -> None:
    """Somebody types the IP address: 400, and a page that says what to do."""
    settings.ALLOWED_HOSTS = ["zhibu.example.cn"]
    response = client.get("/sign-in/", headers={"host": "10.1.2.3"})
    assert response.status_code == 400
    assert "ZHIBU_HOSTS" in response.text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "status", "word"),
    [
        (OperationalError("gone"), 503, "数据库"),
        (MasterKeyError("lost"), 500, "签名密钥"),
        (RuntimeError("a fault"), 500, "系统出错"),
    ],
)
def test_a_failure_is_told_without_asking_the_database(
    error: Exception,
    status: int,
    word: str,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
) -> None:
    """With the database away even the frame of a page cannot be made: the page is still ours."""
    client.raise_request_exception = False

    def fail(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr("zhibu.web.entry.sessions.SessionStore.load", fail)
    client.cookies[settings.SESSION_COOKIE_NAME] = "x" * 32
    response = client.get("/")
    assert response.status_code == status
    assert word in response.text
    assert ("Retry-After" in response.headers) is (status == 503)


@pytest.mark.parametrize(
    ("free_mb", "state"), [(50_000, "ok"), (1023, "weak"), (99, "down"), (0, "down")]
)
def test_disk(free_mb: int, state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Little room is a warning, none stops the work."""

    class Usage:
        free = free_mb * 2**20

    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage)
    assert health.look_at_disk(tmp_path).state == state


def test_last_beat_is_the_latest_of_all_workers(tmp_path: Path) -> None:
    """Several workers, one of them alive, is enough."""
    assert beats.last_beat(tmp_path, now=NOW) is None
    beats.write_beat(tmp_path, now=NOW - timedelta(minutes=9), process=1)
    beats.write_beat(tmp_path, now=NOW - timedelta(seconds=3), process=2)
    assert beats.last_beat(tmp_path, now=NOW) == NOW - timedelta(seconds=3)
    assert health.look_at_worker(tmp_path, NOW).state == "ok"
    beats.remove_beat(tmp_path, process=2)
    assert beats.last_beat(tmp_path, now=NOW) == NOW - timedelta(minutes=9)
    assert health.look_at_worker(tmp_path, NOW).state == "weak"


def test_beats_of_dead_workers_are_cleared(tmp_path: Path) -> None:
    """A killed worker leaves no file for ever; a torn file is no crash."""
    old = beats.write_beat(tmp_path, now=NOW - timedelta(days=2), process=1)
    torn = beats.write_beat(tmp_path, now=NOW, process=2)
    torn.write_text("{", encoding="ascii")
    assert beats.last_beat(tmp_path, now=NOW) is None
    assert not old.exists()
