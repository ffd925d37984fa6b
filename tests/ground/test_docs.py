"""The documents keep their word: links lead somewhere, pictures and commands exist, settings pass."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from django.utils.text import slugify

from zhibu.ops import cli

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
GUIDES = [
    ROOT / "README.md",
    ROOT / "README.zh-CN.md",
    *DOCS.glob("*.md"),
    *DOCS.glob("guide/*.md"),
]
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def links(path: Path) -> list[str]:
    """The addresses of a page that lead to this repository."""
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    return [link for link in LINK.findall(text) if not re.match(r"[a-z]+:", link)]


def anchors(path: Path) -> set[str]:
    """What the headings of a page are called in an address."""
    headings = re.findall(r"(?m)^#+ (.+)$", path.read_text(encoding="utf-8"))
    return {slugify(heading, allow_unicode=True) for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    """Each relative link names a file that is there, and a heading in it."""
    for link in links(page):
        target, _, heading = link.partition("#")
        found = (page.parent / target).resolve() if target else page
        assert found.exists(), f"{name(page)}: {link}"
        if heading and found.suffix == ".md":
            assert heading in anchors(found), f"{name(page)}: {link}"


def test_every_picture_is_shown_and_small() -> None:
    """No picture without a page, none above 150 KB (that it exists, the test of links says)."""
    shown = {(page.parent / link).resolve() for page in GUIDES for link in links(page)}
    pictures = set((DOCS / "guide" / "pictures").glob("*.png"))
    assert pictures
    assert not pictures - shown
    assert [picture.name for picture in pictures if picture.stat().st_size > 150_000] == []


def test_tests_that_are_named_exist() -> None:
    """A page that says what proves something names a test that is there."""
    named = re.findall(
        r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    )
    assert len(named) > 10
    for path, test in named:
        assert f"def {test}(" in (ROOT / path).read_text(encoding="utf-8"), f"{path}::{test}"


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_the_readme_is_short(page: str) -> None:
    """120 lines, one picture."""
    text = (ROOT / page).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 120
    assert text.count("![") == 1


def shown_commands(page: Path) -> list[list[str]]:
    """The words after `zhibu` wherever a page shows a command."""
    text = page.read_text(encoding="utf-8")
    blocks = "\n".join(body for _, body in FENCE.findall(text))
    lines = re.findall(r"(?m)^(?:\S*[\\/])?zhibu +([^#\n]+)", blocks)
    lines += re.findall(r"`zhibu +([^`\n]+)`", FENCE.sub("", text))
    return [line.split() for line in lines]


@pytest.mark.parametrize("page", GUIDES, ids=name)
def test_commands_exist(page: Path) -> None:
    """Command, sub-command and options are those of the command line."""
    for words in shown_commands(page):
        command: click.Command = cli.cli
        rest = list(words)
        while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
            context = click.Context(command)
            found = command.get_command(context, rest.pop(0))
            assert found is not None, f"{name(page)}: zhibu {' '.join(words)}"
            command = found
        known = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
        given = {word.partition("=")[0] for word in rest if word.startswith("-")}
        assert given <= known | {"--help"}, f"{name(page)}: zhibu {' '.join(words)}"


def test_commands_are_found_at_all() -> None:
    """The reading of the pages would notice a wrong command."""
    assert len(shown_commands(DOCS / "operating.md")) > 10


def test_the_settings_that_operating_gives_pass(tmp_path: Path) -> None:
    """`check --deploy` has nothing to say about them, but for the database that stands in here.

    And that no mail goes out (W19): whether it does is chosen in a passage further down.
    """
    text = (DOCS / "operating.md").read_text(encoding="utf-8")
    given = next(body for kind, body in FENCE.findall(text) if kind == "env")
    settings = dict(line.split("=", 1) for line in given.split())
    assert settings.pop("DATABASE_URL").startswith("postgresql://")
    settings |= {
        "ZHIBU_DATA_DIR": str(tmp_path / "data"),
        "ZHIBU_KEYS_DIR": str(tmp_path / "keys"),
        "PYTHONUTF8": "1",
    }
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("ZHIBU_", "DJANGO_")) and key != "DATABASE_URL"
    }

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "zhibu", *words],
            env=kept | settings,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )

    founded = run("found", "中共某某局直属机关委员会")
    assert founded.returncode == 0, founded.stderr
    checked = run("check", "--deploy")
    said = checked.stdout + checked.stderr
    assert checked.returncode == 0, said
    assert set(re.findall(r"ZHIBU-[EW]\d+", said)) <= {"ZHIBU-W12", "ZHIBU-W01", "ZHIBU-W19"}, said
