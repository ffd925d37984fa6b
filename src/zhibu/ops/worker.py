"""The worker: takes tasks from the database and does what has to be done from time to time."""

from __future__ import annotations

import importlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import click
from django.conf import settings
from django.core.management import call_command
from django.db import InterfaceError, OperationalError, close_old_connections, connection
from django.utils.crypto import get_random_string
from django_tasks_db.management.commands.db_worker import Worker

from zhibu.ops.couriers import Couriers, deliver_once
from zhibu.web import beats, clock

logger = logging.getLogger("zhibu.worker")

RETRY_AFTER_SECONDS: Final = 3


@dataclass(frozen=True, slots=True)
class Chore:
    """Something done again and again: `work` is called, `every` so long."""

    name: str
    every: timedelta
    work: Callable[[], object]


def show_life() -> None:
    """Leave the sign of life that /healthz looks for."""
    beats.write_beat(settings.DATA_DIR, now=clock.now())


def service(target: str, **arguments: Any) -> Callable[[], object]:
    """A chore that calls ``module:name``; loaded when it is first due, so that models are ready."""
    module, _, name = target.partition(":")

    def call() -> object:
        return getattr(importlib.import_module(module), name)(**arguments)

    return call


def seal_month() -> None:
    """Seal the branches that have unsealed records and no seal in this month yet."""
    service("zhibu.ledger.services:seal_due_branches", at=clock.now())()


def resume_imports() -> None:
    """Take up the imports whose worker died, and forget the ones that nobody finished."""
    service("zhibu.org.imports:resume_imports", at=clock.now())()


def forget_notices() -> None:
    """Take away notices that were read long ago, or that nobody has read in a year."""
    service("zhibu.network.notices.services:forget_notices", at=clock.now())()


def forget_forms() -> None:
    """Take away what was remembered of forms that were sent, against sending them twice."""
    service("zhibu.people.sent_forms:forget_forms", at=clock.now())()


def run_text_jobs() -> None:
    """Go on with counting whom texts are for, and with telling them."""
    service("zhibu.network.dissemination.services:run_jobs", at=clock.now())()


def index_changes() -> None:
    """Take what changed into the search index."""
    service("zhibu.network.search.services:index_changes", now=clock.now())()


def resume_assignments() -> None:
    """Take up the tasks for all branches whose worker died while it gave them out."""
    service("zhibu.network.tasks.services:resume_assignments", at=clock.now())()


def tell_of_feedback() -> None:
    """Tell who handles feedback how much came on an earlier day and waits to be accepted."""
    service("zhibu.network.feedback.services:tell_of_arrivals", at=clock.now())()


def remind_tasks() -> None:
    """Tell whoever can see to them of tasks that are due soon or overdue, each once."""
    service("zhibu.network.tasks.services:remind_tasks", at=clock.now())()


# Each machine may run a worker, so a chore must bear being done twice at once.
CHORES: Final = (
    Chore("show life", beats.EVERY, show_life),
    Chore("fold tallies", timedelta(seconds=5), service("zhibu.plans.services:fold_tallies")),
    Chore("index for search", timedelta(seconds=3), index_changes),
    Chore("resume imports", timedelta(minutes=1), resume_imports),
    Chore("resume assignments", timedelta(minutes=1), resume_assignments),
    Chore("remind of tasks", timedelta(hours=2), remind_tasks),
    Chore(
        "fold reach", timedelta(seconds=5), service("zhibu.network.dissemination.services:fold_all")
    ),
    Chore("count and tell of texts", timedelta(seconds=2), run_text_jobs),
    Chore("seal the month", timedelta(hours=6), seal_month),
    Chore("forget notices", timedelta(days=1), forget_notices),
    Chore("tell of feedback", timedelta(hours=1), tell_of_feedback),
    Chore("forget sent forms", timedelta(days=1), forget_forms),
    Chore("forget sessions", timedelta(days=1), lambda: call_command("clearsessions")),
    Chore(
        "forget finished tasks",
        timedelta(days=1),
        lambda: call_command("prune_db_task_results", verbosity=0),
    ),
)


class Round(threading.Thread):
    """Does the chores when they are due, beside the tasks, until told to stop."""

    def __init__(self, chores: tuple[Chore, ...] = CHORES) -> None:
        super().__init__(name="chores", daemon=True)
        self.chores = chores
        self.stopped = threading.Event()
        self._due: dict[str, datetime] = {}

    def run(self) -> None:
        while not self.stopped.wait(1):
            self.do_due(clock.now())
        connection.close()

    def do_due(self, now: datetime) -> list[str]:
        """Do what is due at this moment; the names of what was done. A failure does not stop the rest."""
        done = []
        for chore in self.chores:
            if now < self._due.get(chore.name, now):
                continue
            self._due[chore.name] = now + chore.every
            try:
                close_old_connections()
                chore.work()
            except Exception:  # the next chore has not deserved it
                logger.exception("chore failed: %s", chore.name)
            else:
                done.append(chore.name)
        return done


class Tasks(Worker):
    """The queue's own worker; it outlives a database that is away for a while."""

    def run_until_stopped(self) -> None:
        while self.running:
            try:
                self.run()
            except (OperationalError, InterfaceError) as error:
                logger.warning("the database does not answer, trying again: %s", error)
                connection.close()
                time.sleep(RETRY_AFTER_SECONDS)
            else:
                return


def new_tasks(*, batch: bool = False) -> Tasks:
    """A worker for all queues."""
    return Tasks(
        queue_names=["*"],
        interval=1,
        batch=batch,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id=get_random_string(32),
        excluded_queue_names=[],
    )


def stop_with_parent(tasks: Tasks) -> None:
    """Stop when the standard input closes: it is a pipe whose other end `zhibu serve` holds.

    Works on every system, and also when that process was killed and could send no signal.
    """

    def wait() -> None:
        # By the descriptor: a thread that waits inside sys.stdin would hold its lock at exit.
        while os.read(sys.stdin.fileno(), 1):
            pass
        tasks.running = False

    threading.Thread(target=wait, name="parent", daemon=True).start()


@click.command()
@click.option("--once", is_flag=True, help="做完手头的任务就结束，不等待新任务")
@click.option("--with-parent", is_flag=True, hidden=True)
def worker(*, once: bool, with_parent: bool) -> None:
    """运行后台任务。

    处理排队的任务，并定时归并统计数字、清理过期登录。zhibu serve 已经带有一个；
    多台机器时可在其他机器上另外运行，几个同时运行也互不妨碍。
    """
    tasks = new_tasks(batch=once)
    if with_parent:
        stop_with_parent(tasks)
    tasks.configure_signals()
    chores = Round()
    if once:
        tasks.run()
        chores.do_due(clock.now())
        deliver_once()
        beats.remove_beat(settings.DATA_DIR)
        return
    couriers = Couriers()
    chores.start()
    couriers.start()
    try:
        tasks.run_until_stopped()
    finally:
        chores.stopped.set()
        couriers.stop()
        chores.join(timeout=10)
        beats.remove_beat(settings.DATA_DIR)
