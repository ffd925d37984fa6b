"""`zhibu check`: each finding has an id and says what to do; a well-set server passes."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from zhibu.ops import checks, cli
from zhibu.people.models import Person

pytestmark = pytest.mark.django_db


def found(*which: checks.Check) -> list[str]:
    """The ids that these checks report."""
    return [str(message.id) for message in checks.examine(which)]


@pytest.fixture
def deployed(settings: Any, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The settings that docs/operating.md gives."""
    settings.HTTPS = settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SECURE_SSL_REDIRECT = settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    settings.SECURE_HSTS_PRELOAD = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.ALLOWED_HOSTS = ["zhibu.example.cn"]
    settings.SECRET_KEY = "Zk3v9-" + "aB4_xY7qLm0PrT2" * 4
    settings.KEYS_DIR = tmp_path / "elsewhere"
    settings.KEYS_DIR.mkdir(mode=0o700)
    data_dir.chmod(0o700)
    monkeypatch.delenv("DJANGO_ALLOW_ASYNC_UNSAFE", raising=False)  # only the tests need it
    monkeypatch.delenv("ZHIBU_DEMO_PASSWORD", raising=False)
    return settings


def test_a_well_set_server_has_no_error(deployed: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """What the docs give passes, the framework's own checks included."""
    assert cli.run(["check", "--deploy"]) == 0, capsys.readouterr()


def debug(settings: Any) -> None:
    settings.DEBUG = True


def demonstration(settings: Any) -> None:
    Person.objects.create(username="demo", name="演示", is_demonstration=True)


def short_key(settings: Any) -> None:
    settings.SECRET_KEY = "secret"


def no_https(settings: Any) -> None:
    settings.HTTPS = False


def open_cookie(settings: Any) -> None:
    settings.SESSION_COOKIE_SECURE = False


def any_host(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]


def no_host(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost"]


def open_keys(settings: Any) -> None:
    if os.name == "nt":
        pytest.skip("Windows keeps rights elsewhere")
    path = settings.KEYS_DIR / "master"
    path.write_bytes(b"x")
    path.chmod(0o644)


def open_data(settings: Any) -> None:
    if os.name == "nt":
        pytest.skip("Windows keeps rights elsewhere")
    settings.DATA_DIR.chmod(0o755)


@pytest.mark.parametrize(
    ("spoil", "identity"),
    [
        (debug, "ZHIBU-E11"),
        (demonstration, "ZHIBU-E12"),
        (short_key, "ZHIBU-E13"),
        (no_https, "ZHIBU-E14"),
        (open_cookie, "ZHIBU-E14"),
        (any_host, "ZHIBU-E15"),
        (no_host, "ZHIBU-E16"),
        (open_keys, "ZHIBU-E17"),
        (open_data, "ZHIBU-E18"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_deploy_refuses(
    spoil: Callable[[Any], None],
    identity: str,
    deployed: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One fault is enough for exit code 1; it is named by id and says what to do."""
    spoil(deployed)
    assert cli.run(["check", "--deploy"]) == 1
    out = capsys.readouterr().out
    assert f"错误 {identity}" in out
    assert "处理：" in out
    assert "未通过" in out


def test_without_deploy_a_trial_passes(data_dir: Path) -> None:
    """Somebody who tries it at home is not told to buy a certificate."""
    assert cli.run(["check"]) == 0


def test_a_trial_that_is_checked_for_deployment_is_told_in_chinese(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The framework's English for what ours say already is left out."""
    assert cli.run(["check", "--deploy"]) == 1
    out = capsys.readouterr().out
    assert "ZHIBU-E14" in out
    assert "security." not in out


def test_every_finding_says_what_to_do(deployed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Id, sentence and hint in Chinese, each id once."""
    monkeypatch.setenv("ZHIBU_DEMO_PASSWORD", "x")
    monkeypatch.setenv("ZHIBU_DATADIR", "x")
    for spoil in (debug, demonstration, short_key, no_https, any_host, open_keys, open_data):
        spoil(deployed)
    messages = checks.examine(checks.ALWAYS + checks.DEPLOYED)
    assert len(messages) >= 8
    for message in messages:
        assert str(message.id).startswith("ZHIBU-")
        assert message.hint
        assert any("\u4e00" <= letter <= "\u9fff" for letter in str(message.msg))
    identities = [message.id for message in messages]
    assert len(identities) == len(set(identities))


def test_misspelt_variable_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """ZHIBU_DATADIR would do nothing, silently."""
    monkeypatch.setenv("ZHIBU_DATADIR", "/srv")
    assert found(checks.check_variables) == ["ZHIBU-W03"]


def test_every_variable_that_is_read_is_known() -> None:
    """A new setting cannot be forgotten in the list that finds slips of the pen."""
    import re

    package = Path(checks.__file__).resolve().parents[1]
    read = set()
    for path in package.rglob("*.py"):
        if path.name != "checks.py":
            read |= set(re.findall(r'"(ZHIBU_[A-Z_]+)"', path.read_text(encoding="utf-8")))
    assert read <= checks.VARIABLES


@pytest.mark.django_db(transaction=True)
def test_pending_migration_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """After an upgrade: back up first, then start."""
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.recorder import MigrationRecorder

    recorder = MigrationRecorder(connection)
    ((app, newest),) = MigrationLoader(connection).graph.leaf_nodes("plans")
    recorder.record_unapplied(app, newest)
    try:
        assert found(checks.check_migrations) == ["ZHIBU-E03"]
    finally:
        recorder.record_applied(app, newest)
    assert found(checks.check_migrations) == []


def test_an_empty_database_is_no_old_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the first start there is nothing to back up: it says how to begin."""
    from django.db.migrations.recorder import MigrationRecorder

    monkeypatch.setattr(MigrationRecorder, "applied_migrations", lambda _: {})
    assert found(checks.check_migrations) == ["ZHIBU-E05"]


def test_a_lost_signing_key_is_told_and_renewed(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody finds out at the next seal only; the way out is in the hint, and it works."""
    from zhibu.ledger.keys import master_path, signing_key
    from zhibu.ledger.models import Entry

    assert found(checks.check_signing_key) == []
    assert cli.run(["keys", "renew", "--yes"]) == 1, "there is nothing to renew"
    signing_key(organization_id=uuid4(), at=datetime(2026, 3, 12, tzinfo=UTC))
    assert found(checks.check_signing_key) == []
    assert cli.run(["keys", "show"]) == 0
    master_path().unlink()
    assert found(checks.check_signing_key) == ["ZHIBU-E06"]
    assert cli.run(["keys", "show"]) == 1
    assert "keys renew" in capsys.readouterr().err
    assert cli.run(["keys", "renew", "--yes"]) == 0
    assert found(checks.check_signing_key) == []
    assert Entry.objects.get(verb="renew_keys").detail == {"generation": 2}


def test_missing_packs_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken installation is told before anybody works with it."""
    monkeypatch.setattr(checks, "catalogue_packs", lambda: iter(()))
    assert found(checks.check_catalogue) == ["ZHIBU-E04"]
