"""Imports run one way, and the machine that keeps it so is awake."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "zhibu"

WRONG = {
    "a late import upwards": ("people/late.py", "def f():\n    from zhibu.web import clock\n"),
    "an import upwards": ("org/early.py", "from zhibu.plans import models\n"),
    "rules that know a neighbour": ("rules/far.py", "from zhibu.documents import book\n"),
    "rules that know Django": ("rules/framework.py", "import django.db\n"),
    "models that know services": (
        "plans/models.py",
        "def f():\n    from zhibu.plans import services\n",
    ),
    "pages that know the command line": ("web/up.py", "from zhibu.ops import cli\n"),
    "a room that no contract names": ("helpers/__init__.py", ""),
}


def imported(path: Path) -> Iterator[str]:
    """The full names of everything that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules(folder: str) -> list[Path]:
    return sorted((PACKAGE / folder).rglob("*.py"))


def lint(source: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts of this project on another copy of its code."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]
    return subprocess.run(
        [*command, "--no-cache", "--no-logo", "--config", str(ROOT / "pyproject.toml")],
        env={**os.environ, "PYTHONPATH": str(source), "PYTHONUTF8": "1"},
        cwd=source,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the code that may be spoilt."""
    source = tmp_path_factory.mktemp("copy")
    shutil.copytree(PACKAGE, source / "zhibu", ignore=shutil.ignore_patterns("__pycache__"))
    return source


def test_contracts_are_kept_by_the_code_as_it_is(copy: Path) -> None:
    """Nothing imports upwards today."""
    done = lint(copy)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", WRONG)
def test_contract_fails_for(name: str, copy: Path) -> None:
    """Each kind of wrong import is found, also inside a function."""
    where, text = WRONG[name]
    path = copy / "zhibu" / where
    before = path.read_text(encoding="utf-8") if path.exists() else None
    path.parent.mkdir(exist_ok=True)
    path.write_text((before or "") + "\n\n" + text, encoding="utf-8")
    try:
        done = lint(copy)
    finally:
        if before is not None:
            path.write_text(before, encoding="utf-8")
        elif where.startswith("helpers"):
            shutil.rmtree(path.parent)
        else:
            path.unlink()
    assert done.returncode == 1
    assert "BROKEN" in done.stdout or "helpers" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("path", modules("rules"), ids=lambda path: path.name)
def test_rules_know_only_the_standard_library(path: Path) -> None:
    """The core runs with nothing installed."""
    roots = {name.partition(".")[0] for name in imported(path)}
    assert roots <= sys.stdlib_module_names | {"zhibu"}


def test_only_pages_and_the_server_know_http() -> None:
    """What decides something does not know how it is asked."""
    allowed = {PACKAGE / "ops" / "serve.py"}
    wrong = [
        path.relative_to(PACKAGE).as_posix()
        for path in sorted(PACKAGE.rglob("*.py"))
        if "web" not in path.relative_to(PACKAGE).parts[:1]
        and path not in allowed
        and any(name.startswith(("django.http", "django.shortcuts")) for name in imported(path))
    ]
    assert wrong == []


def test_nothing_is_only_for_one_system() -> None:
    """Chinese offices use Windows: no module that it does not have."""
    missing_on_windows = {"fcntl", "grp", "pwd", "resource", "termios", "pty", "syslog"}
    wrong = [
        path.relative_to(PACKAGE).as_posix()
        for path in sorted(PACKAGE.rglob("*.py"))
        if missing_on_windows & set(imported(path))
    ]
    assert wrong == []
