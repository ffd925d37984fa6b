"""What is declared is what is imported, each with its reason."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
REASONS = (ROOT / "docs/decisions/0002-dependencies.md").read_text(encoding="utf-8")
# Loaded by somebody else when they are there: Django's password hasher and its PostgreSQL
# backend, and the time zones of the standard library.
ASKED_FOR_BY_OTHERS: Final = frozenset({"argon2-cffi", "psycopg", "tzdata"})


def normal(name: str) -> str:
    """A name of a distribution as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def names(requirements: list[Any]) -> set[str]:
    """The distributions that a list of requirements names, without extras, versions and groups."""
    found = (re.match(r"[A-Za-z0-9._-]+", each) for each in requirements if isinstance(each, str))
    return {normal(match[0]) for match in found if match}


RUN = names(PROJECT["project"]["dependencies"])
DEV = names(PROJECT["dependency-groups"]["dev"])
BUILD = names(PROJECT["dependency-groups"]["build"])


def top_modules(path: Path) -> Iterator[str]:
    """The first part of everything that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def imported(*folders: str) -> dict[str, str]:
    """Modules from outside → one file that imports them."""
    found = {
        module: str(path.relative_to(ROOT))
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        for module in top_modules(path)
    }
    ours = sys.stdlib_module_names | {"zhibu", "tests", "bench"}
    return {module: path for module, path in found.items() if module not in ours}


def declared_for(module: str) -> set[str]:
    """The distributions that bring a module."""
    return {normal(each) for each in importlib.metadata.packages_distributions().get(module, [])}


def test_the_program_imports_only_what_it_declares() -> None:
    """Nothing that merely happens to be there because another package needs it."""
    undeclared = {m: path for m, path in imported("src").items() if not declared_for(m) & RUN}
    assert not undeclared


def test_nothing_is_declared_that_nothing_uses() -> None:
    """Each package is imported, or named in the settings by its module."""
    settings = (ROOT / "src/zhibu/settings.py").read_text(encoding="utf-8")
    modules = set(imported("src")) | set(re.findall(r'"([a-z_]+)[."]', settings))
    used = {name for module in modules for name in declared_for(module)}
    assert RUN - used <= ASKED_FOR_BY_OTHERS


@pytest.mark.parametrize("name", sorted(RUN | DEV | BUILD))
def test_each_has_its_reason(name: str) -> None:
    """docs/decisions/0002-dependencies.md says why it is there, in the first column of a table."""
    firsts = [line.split("|")[1] for line in REASONS.splitlines() if line.startswith("|")]
    given = {normal(word) for first in firsts for word in re.findall(r"[A-Za-z0-9._-]+", first)}
    assert name in given
