"""Acknowledging a text: against bare durable inserts, and 5,000 members over HTTP within a minute.

Inserts and acknowledgements are done in turns by the same processes on the same connections: the
first is one row by `cursor.execute` in a transaction of its own, the second the verb of the product.
Over HTTP each member sends the form once, with their own session; the worker folds meanwhile.
"""

from __future__ import annotations

import http.client
import json
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import city
from filing import serving

from ground import Result, environment, options, tell

FLOOR = 0.3
MINUTE = 60.0
PROCESSES = 2
CONNECTIONS = 2  # of each process
CLIENTS = 8  # over HTTP
TOKEN = "z" * 32
_BARE = "CREATE TABLE IF NOT EXISTS bare (id integer, said varchar(200))"


@dataclass
class Teller:
    """One process that inserts or acknowledges when it is told to."""

    name: str
    is_sqlite: bool
    number: int

    def serve(self) -> None:
        """A line "bare 400", "read 400 <text>" or "warm …" is answered by the seconds it took."""
        _, _, people = city.build_small(self.name, MEMBERS, is_sqlite=self.is_sqlite)
        own = people[self.number :: PROCESSES]
        print("ready", flush=True)
        for line in sys.stdin:
            what, number, *text = line.split()
            print(json.dumps(self._do(what, int(number), own, *text)), flush=True)

    def _do(self, what: str, number: int, own: Sequence[Any], text: str = "") -> float:
        """Seconds of all connections doing their part at the same time."""
        from zhibu.network.dissemination.models import Text

        sent = Text.objects.get(pk=text) if text else None
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            barrier = threading.Barrier(CONNECTIONS + 1)
            running = [
                pool.submit(self._part, barrier, own[at::CONNECTIONS], number, sent)
                for at in range(CONNECTIONS)
            ]
            barrier.wait()
            started = time.perf_counter()
            done = sum(each.result() for each in running)
        if done != number * CONNECTIONS:
            raise SystemExit(f"{what}: {done} written")
        return time.perf_counter() - started

    def _part(self, barrier: threading.Barrier, own: Sequence[Any], number: int, text: Any) -> int:
        from django.db import connection

        from zhibu.network.dissemination.services import acknowledge
        from zhibu.web import clock

        connection.ensure_connection()
        barrier.wait()
        try:
            if text is not None:
                return sum(
                    acknowledge(text=text, version=1, by=person, at=clock.now())
                    for person in own[:number]
                )
            with connection.cursor() as cursor:
                for at in range(number):
                    cursor.execute("INSERT INTO bare (id, said) VALUES (%s, %s)", (at, "回执" * 50))
            return number
        finally:
            connection.close()


MEMBERS = 5_000


class Tellers:
    """All processes, told together."""

    def __init__(self, name: str, *, is_sqlite: bool) -> None:
        command = [sys.executable, str(Path(__file__)), "--serve", name]
        command += ["--sqlite"] if is_sqlite else []
        self.all = [
            subprocess.Popen(
                [*command, "--number", str(number)], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, text=True,
            )
            for number in range(PROCESSES)
        ]  # fmt: skip
        for each in self.all:
            self._answer(each)

    def rate(self, number: int, line: str) -> float:
        """Rows a second of all connections; `number` are those of one connection."""
        for each in self.all:
            assert each.stdin is not None
            print(line, file=each.stdin, flush=True)
        slowest = max(float(self._answer(each)) for each in self.all)
        return number * CONNECTIONS * PROCESSES / slowest

    def end(self) -> None:
        """Let them go."""
        for each in self.all:
            assert each.stdin is not None
            each.stdin.close()
            each.wait()

    @staticmethod
    def _answer(each: subprocess.Popen[str]) -> str:
        assert each.stdout is not None
        line = each.stdout.readline()
        if not line:
            raise SystemExit("a process ended before its time")
        return line


def against_inserts(name: str, root: Any, office: Any, *, is_sqlite: bool, turns: int) -> Result:
    """The median of the ratios of the turns."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(_BARE)
    tellers = Tellers(name, is_sqlite=is_sqlite)
    number = MEMBERS // (PROCESSES * CONNECTIONS) // 3
    bare, read = [], []
    for turn in range(turns + 1):  # the first is to warm up
        text = city.issued(city.drafted(root, office, root), office)
        rates = (
            tellers.rate(number, f"bare {number}"),
            tellers.rate(number, f"read {number} {text.pk}"),
        )
        if turn:
            bare.append(rates[0])
            read.append(rates[1])
    tellers.end()
    ratio = statistics.median(r / b for r, b in zip(read, bare, strict=True))
    where = "SQLite" if is_sqlite else "PostgreSQL"
    said = (
        f"{statistics.median(read):,.0f} acknowledged a second, {statistics.median(bare):,.0f} bare "
        f"inserts; {PROCESSES} processes of {CONNECTIONS} connections, {turns} turns"
    )
    return Result("acknowledge", f"rate of acknowledging against bare durable inserts, {where}",
                  ratio, FLOOR, "×", notes=(said,))  # fmt: skip


def sessions_of(people: Sequence[Any]) -> list[str]:
    """A session for each, as signing in leaves it."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.db import transaction
    from django.http import HttpRequest

    from zhibu.web import clock
    from zhibu.web.entry.guard import begin_session
    from zhibu.web.entry.sessions import SessionStore

    keys = []
    with transaction.atomic():
        for person in people:
            session = SessionStore()
            session[SESSION_KEY] = str(person.pk)
            session[BACKEND_SESSION_KEY] = "zhibu.web.entry.backend.PersonBackend"
            session[HASH_SESSION_KEY] = person.get_session_auth_hash()
            request = HttpRequest()
            request.session = session
            begin_session(request, clock.now())
            session.create()
            keys.append(str(session.session_key))
    return keys


def over_http(
    name: str, root: Any, office: Any, people: Sequence[Any], *, is_sqlite: bool
) -> Result:
    """Everybody sends the form once; who did not get their receipt fails the measure."""
    from zhibu.network.dissemination.models import Receipt
    from zhibu.network.dissemination.queries import reach_at

    text = city.issued(city.drafted(root, office, root), office)
    keys = sessions_of(people)
    env = {**environment(name, is_sqlite=is_sqlite), "ZHIBU_HOSTS": "127.0.0.1"}
    path = Path(env["ZHIBU_DATA_DIR"]) / "serve.log"
    with path.open("w", encoding="utf-8") as log, serving(env, log) as port:
        from django.conf import settings

        send(port, text, keys[:CLIENTS], settings.SESSION_COOKIE_NAME)  # the pages are warm
        started = time.perf_counter()
        answers = send(port, text, keys[CLIENTS:], settings.SESSION_COOKIE_NAME)
        seconds = time.perf_counter() - started
    stored = Receipt.objects.filter(text=text, is_valid=True).count()
    said = path.read_text(encoding="utf-8")
    wrong = {status: count for status, count in answers.items() if status != 303}
    if stored != len(people) or wrong or "locked" in said or "Traceback" in said:
        raise SystemExit(f"{stored} stored, answers {dict(answers)}; see {path}")
    if reach_at(text, root).reached != stored:
        raise SystemExit("the reach is not the number of receipts")
    where = "SQLite" if is_sqlite else "PostgreSQL"
    note = (
        f"{len(people) / seconds:,.0f} a second by {CLIENTS} clients on the same machine, worker "
        "folding; every answer 303, every receipt stored, no lock error in the log"
    )
    return Result("acknowledge", f"{len(people):,} members over HTTP, {where}", seconds, MINUTE,
                  "s", is_most=True, notes=(note,))  # fmt: skip


def send(port: int, text: Any, keys: Sequence[str], cookie: str) -> Counter[int]:
    """Each session sends the form; how often which status came back."""
    body = urlencode({"csrfmiddlewaretoken": TOKEN, "version": "1"})

    def work(client: int) -> Counter[int]:
        heard: Counter[int] = Counter()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for key in keys[client::CLIENTS]:
            headers = {
                "Cookie": f"{cookie}={key}; csrftoken={TOKEN}",
                "Content-Type": "application/x-www-form-urlencoded",
            }
            connection.request("POST", f"/texts/{text.pk}/acknowledge/", body, headers)
            answer = connection.getresponse()
            answer.read()
            where = answer.headers.get("Location", "")
            heard[0 if "sign-in" in where else answer.status] += 1
        connection.close()
        return heard

    with ThreadPoolExecutor(CLIENTS) as pool:
        return sum(pool.map(work, range(CLIENTS)), Counter[int]())


def measure(*, is_sqlite: bool, turns: int, many: int) -> list[Result]:
    """Both on one database."""
    name = "readers-sqlite" if is_sqlite else "readers"
    root, office, people = city.build_small(name, MEMBERS, is_sqlite=is_sqlite)
    return [
        against_inserts(name, root, office, is_sqlite=is_sqlite, turns=turns),
        over_http(name, root, office, people[:many], is_sqlite=is_sqlite),
    ]


if __name__ == "__main__":
    parser = options(__doc__)
    parser.add_argument("--sqlite", action="store_true", help="on SQLite instead of PostgreSQL")
    parser.add_argument("--serve", help="be one of the processes (used by this file itself)")
    parser.add_argument("--number", type=int, default=0)
    asked = parser.parse_args()
    if asked.serve:
        Teller(asked.serve, asked.sqlite, asked.number).serve()
    else:
        size = 500 if asked.quick else MEMBERS
        tell(measure(is_sqlite=asked.sqlite, turns=2 if asked.quick else 7, many=size))
