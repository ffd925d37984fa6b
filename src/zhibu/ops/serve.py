"""`zhibu serve`: everything that one computer needs, in one command, on every system."""

from __future__ import annotations

import logging
import multiprocessing
import os
import socket
import subprocess
import sys
import threading
import webbrowser
from typing import Final

import click
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from zhibu.ops import checks, cli
from zhibu.web import clock

logger = logging.getLogger("zhibu.serve")

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
WORKER_REST_SECONDS: Final = 3


@click.command()
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="监听的地址；0.0.0.0 为本机所有网卡"
)
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(1, 65535),
    envvar="PORT",
    help="监听的端口",
)
@click.option(
    "--processes",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="网页进程数；PostgreSQL 上可按处理器核数设置",
)
@click.option("--no-worker", is_flag=True, help="不带后台任务（另用 zhibu worker 运行时）")
@click.option(
    "--demo/--no-demo",
    default=None,
    help="空库时是否装入演示数据；不写时，仅在本机首次试用（未作任何正式设置）才装入",
)
@click.option("--open", "open_browser", is_flag=True, help="启动后打开浏览器")
def serve(
    *, host: str, port: int, processes: int, no_worker: bool, demo: bool | None, open_browser: bool
) -> int:
    """启动网站。

    首次启动自动建库、装入规范包；本机试用时一并装入演示数据，并显示账号。
    升级后再次启动会自动更新数据库结构。按 Ctrl+C 停止。
    """
    if not is_port_free(host, port):
        raise click.ClickException(
            f"{host}:{port} 已被占用或不能使用。如已启动过，请直接打开网页；"
            f"否则换一个端口：zhibu serve --port {port + 80}（或 make run PORT={port + 80}）。"
        )
    if found := checks.examine(checks.SURROUNDINGS):
        for message in found:
            click.secho(checks.describe(message), err=True, fg="red")
        raise click.ClickException("请先处理以上问题，再启动。")
    prepare_database()
    if is_demo_wanted(demo, host):
        click.get_current_context().invoke(cli.load_command("demo"))
    connections.close_all()  # helper processes open their own
    tell_address(host, port)
    if open_browser:
        threading.Timer(2, webbrowser.open, (f"http://{readable_host(host)}:{port}/",)).start()
    keeper = None if no_worker else WorkerKeeper()
    if keeper:
        keeper.start()
    try:
        run_server(host, port, processes)
    finally:
        if keeper:
            keeper.stop()
    click.echo("已停止。")
    return 0


def is_port_free(host: str, port: int) -> bool:
    """Whether the address can be listened on: better said now than from within a helper process."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if os.name != "nt":  # there the option means "take it from whoever has it"
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def prepare_database() -> None:
    """Bring the tables up to date and publish the norm packs that are shipped."""
    from zhibu.norms.services import load_catalogue

    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # may stay empty
    call_command("migrate", verbosity=0, interactive=False)
    load_catalogue(by=None, at=clock.now())


def is_demo_wanted(asked: bool | None, host: str) -> bool:
    """As asked; otherwise only for somebody who tries the program on their own computer.

    Data of one's own, a database server, https or an open address all mean business.
    """
    from zhibu.org.models import Organization
    from zhibu.people.models import Person

    if asked is False:
        return False
    if Person.objects.filter(is_demonstration=True).exists():
        return True  # it tells the accounts again
    if Organization.objects.exists():
        return False
    is_trial = not os.environ.get("DATABASE_URL") and not settings.HTTPS and host in LOOPBACK
    return asked or is_trial


def readable_host(host: str) -> str:
    """What to type into a browser for an address that is listened on."""
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - asked about, not bound
        return next((name for name in settings.ALLOWED_HOSTS if name not in LOOPBACK), "127.0.0.1")
    return f"[{host}]" if ":" in host else host


def tell_address(host: str, port: int) -> None:
    """Say where to go and where the data lie."""
    click.echo()
    click.echo(f"数据目录：{settings.DATA_DIR}")
    click.secho(f"请在浏览器打开：http://{readable_host(host)}:{port}/", bold=True)
    if host not in LOOPBACK and not os.environ.get("ZHIBU_HOSTS"):
        click.echo("提示：其他电脑访问时，须用 ZHIBU_HOSTS 写明本机的域名或 IP 地址。")
    click.echo("按 Ctrl+C 停止。")
    sys.stdout.flush()


def run_server(host: str, port: int, processes: int) -> None:
    """Serve pages until the process is told to stop."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    # A fork would copy the threads and connections of this process; and Windows has none.
    multiprocessing.set_start_method("spawn", force=True)
    Granian(
        "zhibu.ops.pages:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=processes,
        blocking_threads=4,
        # A thread keeps its connection to the database as long as Django would.
        blocking_threads_idle_timeout=600,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        log_level=LogLevels.warning,  # its "starting" and "stopping" say what we said already
        log_dictconfig={"loggers": {}, **settings.LOGGING},
        websockets=False,
    ).serve()


class WorkerKeeper:
    """Runs one worker beside the server, and another one when it dies.

    The worker holds the other end of a pipe: when this process ends, however it ends, the pipe
    closes and the worker finishes what it is doing and stops.
    """

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name="worker keeper", daemon=True)

    def start(self) -> None:
        """Start the worker and watch it."""
        self._thread.start()

    def stop(self) -> None:
        """Let the worker finish its task; after ten seconds it is ended."""
        self._stopping.set()
        process = self._process
        if process is not None:
            if process.stdin:
                process.stdin.close()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
        self._thread.join(timeout=5)

    def _keep(self) -> None:
        while not self._stopping.is_set():
            # A group of its own: Ctrl+C reaches this process, which then closes the pipe.
            self._process = subprocess.Popen(
                [sys.executable, "-m", "zhibu", "worker", "--with-parent"],
                stdin=subprocess.PIPE,
                start_new_session=True,  # on Windows it means nothing
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
            self._process.wait()
            if not self._stopping.is_set():
                logger.error("the worker ended with %s; starting another", self._process.returncode)
                self._stopping.wait(WORKER_REST_SECONDS)
