"""Nothing in the product works on POSIX systems only: most offices run Windows."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES: Final = sorted([*(ROOT / "src").rglob("*.py"), ROOT / "requirements/prepare.py"])
# Modules and names that a Python on Windows does not have, or has without their meaning.
MODULES: Final = frozenset(
    {"crypt", "curses", "fcntl", "grp", "nis", "posix", "pty", "pwd", "readline", "resource"}
    | {"spwd", "syslog", "termios", "tty"}
)
NAMES: Final = frozenset(
    {"fork", "forkpty", "getuid", "geteuid", "getgid", "setuid", "chown", "killpg", "getpgid"}
    | {"mkfifo", "nice", "sync", "wait3", "wait4", "SIGKILL", "SIGHUP", "SIGUSR1", "SIGALRM"}
    | {"fchmod", "fchown", "lchown", "mknod", "openpty", "posix_spawn", "pread", "pwrite", "setsid"}
    | {"getloadavg", "sched_getaffinity", "sendfile", "statvfs", "sysconf", "uname", "fdatasync"}
    | {"O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK", "O_SYNC", "AF_UNIX"}
    | {"SIGCHLD", "SIGPIPE", "SIGQUIT", "SIGUSR2", "SIGWINCH", "alarm", "pause", "setitimer"}
    | {"epoll", "kqueue", "poll"}
    # What needs rights there that an office does not give, or does not do what it does here: a
    # signal that is sent ends the process, a rename does not replace what is there.
    | {"kill", "symlink", "rename", "execv", "execvp"}
)
METHODS: Final = frozenset({"add_signal_handler", "rename", "symlink_to"})
PLACES: Final = re.compile(r"/(tmp|dev|proc|etc|bin|var/(run|lib))(/|$)")
READERS: Final = frozenset({"open", "read_text", "write_text"})


def faults(source: str) -> Iterator[str]:
    """What of a module would not work on Windows, with its line."""
    for node in ast.walk(ast.parse(source)):
        if (isinstance(node, ast.Import) and {a.name for a in node.names} & MODULES) or (
            isinstance(node, ast.ImportFrom) and node.module in MODULES
        ):
            yield f"{node.lineno}: a module that is not there"
        elif isinstance(node, ast.Attribute) and node.attr in NAMES and is_system(node.value):
            yield f"{node.lineno}: {node.attr}"
        elif isinstance(node, ast.Constant) and PLACES.match(str(node.value)):
            yield f"{node.lineno}: a folder that is not there"
        elif isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            if is_foreign_format(ast.unparse(node.format_spec)):
                yield f"{node.lineno}: strftime there takes the letters of the locale only"
        elif isinstance(node, ast.Call):
            yield from faults_of_call(node)


def is_system(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in {"os", "select", "signal", "socket"}


def is_foreign_format(text: str) -> bool:
    return "%" in text and not text.isascii()


def faults_of_call(node: ast.Call) -> Iterator[str]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    texts = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    if isinstance(node.func, ast.Attribute) and name in METHODS:
        yield f"{node.lineno}: {name}"
    if name in {"get_context", "set_start_method"} and "spawn" not in texts:
        yield f"{node.lineno}: processes start afresh there, and only so"
    if name == "NamedTemporaryFile" and "delete" not in {each.arg for each in node.keywords}:
        yield f"{node.lineno}: a file that is open cannot be opened again there"
    if name == "strftime" and any(map(is_foreign_format, texts)):
        yield f"{node.lineno}: strftime there takes the letters of the locale only"
    if name == "strftime" and any(re.search(r"%-|%s", text) for text in texts):
        yield f"{node.lineno}: a directive that Windows does not know"
    is_binary = any("b" in text and len(text) < 4 for text in texts)
    if name in READERS and not is_binary and is_text_without_encoding(node, name):
        yield f"{node.lineno}: {name} in the encoding of the machine"


def is_text_without_encoding(node: ast.Call, name: str) -> bool:
    if any(keyword.arg in {"encoding", None} for keyword in node.keywords):
        return False
    if name == "open":  # Path.open() and open() read text unless told otherwise
        is_path = isinstance(node.func, ast.Attribute) and not node.args
        return isinstance(node.func, ast.Name) or is_path
    return len(node.args) < (2 if name == "write_text" else 1)


def test_the_product_runs_on_windows() -> None:
    """No missing module, no directive or format that its C library refuses, no chance encoding."""
    found = [
        f"{path.relative_to(ROOT).as_posix()}:{fault}"
        for path in SOURCES
        for fault in faults(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "import fcntl",
        "import os\nos.fork()",
        "import signal\nsignal.SIGKILL",
        "f'{day:%m月%d日}'",
        "import os\nos.sched_getaffinity(0)",
        "import os\nos.kill(1, 15)",
        "import socket\nsocket.AF_UNIX",
        "path.rename(other)",
        "path.symlink_to(other)",
        "multiprocessing.get_context('fork')",
        "NamedTemporaryFile()",
        "open('/tmp/x', 'rb')",
        "day.strftime('%Y年')",
        "day.strftime('%-d')",
        "open('x')",
        "path.read_text()",
        "path.write_text('x')",
        "path.open()",
    ],
)
def test_the_watch_is_awake(source: str) -> None:
    """Each of these is found."""
    assert list(faults(source))


def test_no_file_has_a_name_that_windows_refuses() -> None:
    """Neither in the checkout nor in the wheel: no colon, no end in a dot, no two that differ in case."""
    kept = [
        path.relative_to(ROOT).as_posix()
        for folder in ("src", "catalogue", "docs", "tests", "requirements", "bench", ".github")
        for path in (ROOT / folder).rglob("*")
        if "__pycache__" not in path.parts
    ]
    assert [name for name in kept if re.search(r'[<>:"\\|?*]|[ .]$', name)] == []
    assert len({name.lower() for name in kept}) == len(kept)
    assert max(map(len, kept)) < 120  # an unpacked folder of Windows has 260 in all
