"""Filing a record over HTTP on PostgreSQL, against bare durable single-row inserts in the same run.

The record has 30 attendees and discharges two lines. Drafts are written by the forms beforehand;
what is measured is the request that files. Inserts and filings take turns, and so does the least
that a signed-in person can ask the same server for: no request that writes could be quicker.
"""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ground import PASSWORD, ROOT, Result, environment, open_database, options, tell

sys.path.insert(0, str(ROOT))

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.survival.clerk import Clerk, Filing

CLIENTS = 4
PROCESSES = 2
MEMBERS = 30
TURNS = 5
INSERTS = 400  # of each connection, a turn
ASKED = 100  # the same
YEAR = 2025
DATABASE = "filing"


@dataclass(frozen=True, slots=True)
class Desk:
    """A branch, its secretary, and for each record the two lines that it discharges."""

    number: int
    branch: str
    username: str
    pairs: tuple[tuple[list[str], date], ...]


def found_branches(count: int) -> list[Desk]:
    """Branches of 30 members with an adopted table, made by the verbs of the product."""
    from django.db import transaction

    from zhibu.norms.services import choose_pack, load_catalogue
    from zhibu.org.models import Organization
    from zhibu.org.services import found_organization
    from zhibu.web import clock

    at = clock.now()
    with transaction.atomic():
        load_catalogue(by=None, at=at)
        kinds = Organization.Kind
        root = found_organization(
            name="测量党委", short_name="测量党委", kind=kinds.COMMITTEE, parent=None,
            founded_on=date(2015, 1, 1), by=None, at=at,
        )  # fmt: skip
        choose_pack(organization=root, pack="branch", since=date(2020, 1, 1), by=None, at=at)
        return [_found_branch(root, number, at) for number in range(1, count + 1)]


def _found_branch(root: Any, number: int, at: datetime) -> Desk:
    from zhibu.org.models import Organization, Post
    from zhibu.org.services import (
        admit_member,
        appoint,
        found_organization,
        grant_role,
        open_account,
    )
    from zhibu.people.roles import Role
    from zhibu.plans.services import adopt_plan, draft_plan

    since = date(2015, 1, 1)
    branch = found_organization(
        name=f"第{number}党支部", short_name=f"第{number}党支部", parent=root,
        kind=Organization.Kind.BRANCH, founded_on=since, by=None, at=at,
    )  # fmt: skip
    members = [
        admit_member(
            name=f"党员{number}之{each}", branch=branch, joined_on=date(2005, 7, 1),
            full_on=date(2006, 7, 1), since=since, by=None, at=at,
        )
        for each in range(MEMBERS)
    ]  # fmt: skip
    offices = (Post.Office.SECRETARY, Post.Office.ORGANIZATION, Post.Office.PUBLICITY)
    for member, office in zip(members, offices, strict=False):
        appoint(member=member, organization=branch, office=office, since=since, by=None, at=at)
    username = f"shuji{number}"
    person = open_account(
        username=username,
        name=members[0].name,
        password=PASSWORD,
        must_set_password=False,
        by=None,
        at=at,
    )
    grant_role(
        person=person, role=Role.SECRETARY, organization=branch, with_below=False, since=at,
        by=None, at=at,
    )  # fmt: skip
    plan = draft_plan(branch=branch, year=YEAR, by=person, at=at)
    adopt_plan(plan=plan, revision=plan.revision, by=person, at=at)
    return Desk(number, str(branch.pk), username, tuple(_pairs(plan)))


def _pairs(plan: Any) -> Iterator[tuple[list[str], date]]:
    """Members' meeting and lesson of each quarter."""
    meetings, lessons = (
        list(plan.lines.filter(activity=activity).order_by("opens_on"))
        for activity in ("members_meeting", "lesson")
    )
    for meeting, lesson in zip(meetings, lessons, strict=True):
        yield [str(meeting.pk), str(lesson.pk)], meeting.planned_on


def said_of(number: int, day: date) -> dict[str, Any]:
    """What the secretary writes."""
    minutes = (
        "会议由书记主持。组织委员汇报一季度工作，七名党员发言，围绕窗口服务提出三条意见，"
        "其中一人建议调整值班安排；经讨论形成一致意见，由宣传委员牵头，三月底前落实并反馈。"
    )
    return {
        "topic": "季度工作与党课", "day": day.isoformat(), "began": "14:30", "ended": "16:00",
        "place": "三楼会议室", "presider": f"党员{number}之1", "recorder": f"党员{number}之2",
        "agenda": "一、听取支部委员会工作报告；二、党课。", "minutes": minutes * 4,
        "activities": ["members_meeting", "lesson"], "element-lecturer": f"党员{number}之3",
    }  # fmt: skip


@contextmanager
def serving(env: dict[str, str], log: Any) -> Iterator[int]:
    """`zhibu serve` on a free port of this machine, with its worker, until the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "zhibu", "serve", "--port", str(port), "--no-demo"]
    process = subprocess.Popen(
        [*command, "--processes", str(PROCESSES)], env=env, stdout=log, stderr=log
    )
    try:
        for _ in range(1200):
            if process.poll() is not None:
                raise SystemExit("zhibu serve did not start; see serve.log")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


def write_drafts(port: int, desks: Sequence[Desk]) -> list[tuple[Clerk, Filing]]:
    """Every secretary signs in, writes all records and opens the step before filing."""
    from tests.survival.clerk import Clerk

    ready = []
    for desk in desks:
        clerk = Clerk("127.0.0.1", port)
        clerk.sign_in(desk.username, PASSWORD)
        for lines, day in desk.pairs:
            said = {**said_of(desk.number, day), "lines": lines}
            record = clerk.draft(desk.branch, said, lines=lines)
            ready.append((clerk, clerk.prepare(record)))
        assert clerk.connection is not None
        clerk.connection.close()
        clerk.connection = None
    return ready


def in_turns(work: Callable[[int], None]) -> float:
    """Seconds of all clients doing their work at the same time, from a common start."""
    barrier = threading.Barrier(CLIENTS + 1)

    def run(client: int) -> None:
        barrier.wait()
        work(client)

    with ThreadPoolExecutor(CLIENTS) as pool:
        running = [pool.submit(run, client) for client in range(CLIENTS)]
        barrier.wait()
        started = time.perf_counter()
        for each in running:
            each.result()
        return time.perf_counter() - started


def file_all(port: int, ready: Sequence[tuple[Clerk, Filing]]) -> float:
    """Records filed a second. Each client has one connection, as a proxy in front would."""
    import http.client

    connections = [http.client.HTTPConnection("127.0.0.1", port) for _ in range(CLIENTS)]
    for connection in connections:
        connection.connect()

    def work(client: int) -> None:
        for clerk, filing in ready[client::CLIENTS]:
            answer = replace(clerk, connection=connections[client]).file(filing)
            wanted = filing.address.removesuffix("file/")
            if answer.status != 303 or answer.location != wanted:
                raise SystemExit(f"{filing.address}: {answer.status} → {answer.location}")

    seconds = in_turns(work)
    for connection in connections:
        connection.close()
    return len(ready) / seconds


def ask_all(ready: Sequence[tuple[Clerk, Filing]]) -> float:
    """Requests a second for the least that somebody signed in can ask for: their unread notices."""

    def work(client: int) -> None:
        clerk = replace(ready[client][0], connection=None)
        for _ in range(ASKED):
            if clerk.ask("GET", "/notices/count/").status != 200:
                raise SystemExit("the number of notices did not come")

    return ASKED * CLIENTS / in_turns(work)


def insert_all(url: str) -> float:
    """Rows inserted a second, each in a transaction of its own, on as many connections."""
    import psycopg

    connections = [psycopg.connect(url, autocommit=True) for _ in range(CLIENTS)]
    connections[0].execute("CREATE TABLE IF NOT EXISTS bare (id bigserial PRIMARY KEY, said text)")

    def work(client: int) -> None:
        with connections[client].cursor() as cursor:
            for _ in range(INSERTS):
                cursor.execute("INSERT INTO bare (said) VALUES (%s)", ("记录" * 50,))

    seconds = in_turns(work)
    for connection in connections:
        connection.close()
    return INSERTS * CLIENTS / seconds


def check(filed: int) -> None:
    """Everything was filed once, with its two lines, and verifies."""
    from zhibu.handbook.models import RecordVersion
    from zhibu.handbook.verification import verify_database
    from zhibu.plans.models import PlanLine

    outcomes = list(verify_database())
    lines = PlanLine.objects.filter(discharged_by__isnull=False).count()
    stored = RecordVersion.objects.count()
    if stored != filed or lines != 2 * filed or any(outcome.fault for outcome in outcomes):
        raise SystemExit(f"{filed} filed, {stored} stored, {lines} lines discharged")


def measure(count: int) -> list[Result]:
    """Turns of inserts and filings; the median of each, and of their ratios."""
    desks = found_branches(count)
    env = {**environment(DATABASE), "ZHIBU_HOSTS": "127.0.0.1"}
    path = Path(env["ZHIBU_DATA_DIR"]) / "serve.log"
    with path.open("w", encoding="utf-8") as log, serving(env, log) as port:
        ready = write_drafts(port, desks)
        warm, ready = ready[: 4 * CLIENTS], ready[4 * CLIENTS :]
        file_all(port, warm)
        insert_all(env["DATABASE_URL"])
        bare, filed, asked = [], [], []
        for turn in range(TURNS):
            bare.append(insert_all(env["DATABASE_URL"]))
            filed.append(file_all(port, ready[turn::TURNS]))
            asked.append(ask_all(ready))
            print(f"turn {turn + 1}: {bare[-1]:,.0f} inserts/s, {filed[-1]:,.1f} filings/s")
        check(len(ready) + len(warm))
    ratio = statistics.median(f / b for f, b in zip(filed, bare, strict=True))
    said = (
        f"{statistics.median(filed):,.1f} records/s filed, {statistics.median(bare):,.0f} bare "
        f"inserts/s, {statistics.median(asked):,.0f} requests/s for the number of one's unread notices; "
        f"{len(ready)} records in {TURNS} turns, {CLIENTS} connections each, "
        f"{PROCESSES} web processes"
    )
    return [
        Result("filing", "rate of filing over HTTP against bare durable inserts", ratio, 0.05, "×",
               notes=(said,)),
    ]  # fmt: skip


if __name__ == "__main__":
    asked = options(__doc__).parse_args()
    branches = asked.branches or (15 if asked.quick else 80)
    migrate = [sys.executable, "-m", "django", "migrate", "-v0"]
    subprocess.run(migrate, env=environment(DATABASE), check=True)
    open_database(DATABASE)
    tell(measure(branches))
