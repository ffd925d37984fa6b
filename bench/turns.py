"""Two databases, a process each, that take turns, so that what else the machine does falls on both.

A measure that uses this gives `serve` its works; its own file, started with `--serve`, is a visitor.
"""

from __future__ import annotations

import io
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Go = tuple[float, float]
"""Seconds of the clock; of the processor, in this process and in PostgreSQL's that answers it."""


@dataclass(frozen=True, slots=True)
class Taken:
    """How long one work took on one database, in seconds."""

    goes: tuple[Go, ...]

    @property
    def p95(self) -> float:
        """Of the clock: one go in twenty took longer."""
        return _p95(wall for wall, _ in self.goes)

    @property
    def processor_p95(self) -> float:
        """The same of the processor."""
        return _p95(own for _, own in self.goes)

    @property
    def median(self) -> float:
        """Of the clock."""
        return statistics.median(wall for wall, _ in self.goes)

    def say(self) -> str:
        """In words, in milliseconds."""
        return (
            f"{self.p95 * 1000:.1f} ms (median {self.median * 1000:.1f},"
            f" processor p95 {self.processor_p95 * 1000:.1f})"
        )


def _p95(found: Iterable[float]) -> float:
    return statistics.quantiles(found, n=20, method="inclusive")[-1]


def timed(work: Callable[[], object]) -> Go:
    """One go."""
    server, own, wall = _server_time(), time.process_time(), time.perf_counter()
    work()
    taken = time.perf_counter() - wall
    return taken, time.process_time() - own + _server_time() - server


def _server_time() -> float:
    """Processor seconds of the server's process that answers us; only Linux tells."""
    from django.db import connection

    pid = connection.connection.info.backend_pid if connection.connection else 0
    known = Path(f"/proc/{pid}/schedstat")
    return int(known.read_text().split()[0]) / 1e9 if known.is_file() else 0.0


def serve(works: Mapping[str, Callable[[], object]], facts: object, *, goes: int) -> None:
    """Tell the facts, then do the works that the other process names, so many goes of each."""
    for work in works.values():
        for _ in range(3):
            work()  # the caches of the process and of the server are warm
    print(json.dumps(facts), flush=True)
    for line in sys.stdin:
        work = works[line.strip()]
        print(json.dumps([timed(work) for _ in range(goes)]), flush=True)


def take_turns(
    script: str, names: Sequence[str], works: Sequence[str], *, turns: int
) -> dict[str, tuple[Any, dict[str, Taken]]]:
    """The facts of each database and how long its works took."""
    visitors = {
        name: subprocess.Popen(
            [sys.executable, script, "--serve", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in names
    }
    facts = {name: _answer(visitor) for name, visitor in visitors.items()}
    goes: dict[str, dict[str, list[Go]]] = {n: {w: [] for w in works} for n in names}
    for turn in range(turns):
        for work in works:
            # Now the one begins, now the other.
            for name in names if turn % 2 else reversed(names):
                visitor = visitors[name]
                assert visitor.stdin is not None
                print(work, file=visitor.stdin, flush=True)
                goes[name][work] += [(wall, own) for wall, own in _answer(visitor)]
    for visitor in visitors.values():
        assert visitor.stdin is not None
        visitor.stdin.close()
        visitor.wait()
    return {
        name: (facts[name], {work: Taken(tuple(found)) for work, found in goes[name].items()})
        for name in names
    }


def _answer(visitor: subprocess.Popen[str]) -> Any:
    assert visitor.stdout is not None
    line = visitor.stdout.readline()
    if not line:
        raise SystemExit("a visitor ended before its time")
    return json.loads(line)


def visit(username: str) -> Callable[[str], bytes]:
    """How somebody asks for pages, by the WSGI application itself; the body as it is sent."""
    from django.test import Client

    from zhibu.people.models import Person
    from zhibu.wsgi import application

    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(Person.objects.get(username=username))
    client.get("/more/")  # as a browser that was here before: with the cookie of forms too
    environ = {
        "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "127.0.0.1",
        "HTTP_ACCEPT_ENCODING": "gzip, br", "wsgi.url_scheme": "http", "wsgi.errors": sys.stderr,
        "HTTP_COOKIE": "; ".join(f"{key}={one.value}" for key, one in client.cookies.items()),
    }  # fmt: skip

    def started(status: str, *_: Any) -> Callable[[bytes], object]:
        if not status.startswith("200"):
            raise SystemExit(f"the page did not come: {status}")
        return lambda _: None

    def ask(address: str) -> bytes:
        path, _, query = address.partition("?")
        asked = {"PATH_INFO": path, "QUERY_STRING": query, "wsgi.input": io.BytesIO()}
        answer = application({**environ, **asked}, started)
        try:
            return b"".join(answer)
        finally:
            answer.close()

    return ask
