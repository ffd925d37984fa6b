"""Our own JavaScript: little of it, written to be read, all of it in the package."""

from __future__ import annotations

from pathlib import Path

import pytest

import zhibu

PACKAGE = Path(zhibu.__file__).parent
MOST_LINES = 300
LONGEST_LINE = 120
SCRIPTS = sorted(PACKAGE.rglob("*.js"))


def lines_of(script: Path) -> list[str]:
    return script.read_text(encoding="utf-8").splitlines()


def test_all_of_it_is_little() -> None:
    """Every script of the package is ours: at most 300 lines in all, comments included."""
    assert {script.name for script in SCRIPTS} == {"zhibu.js", "worker.js"}
    assert sum(len(lines_of(script)) for script in SCRIPTS) <= MOST_LINES


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_no_line_hides_several(script: Path) -> None:
    """No line is longer than 120 characters, so that the number of lines says something."""
    long = [number for number, line in enumerate(lines_of(script), 1) if len(line) > LONGEST_LINE]
    assert not long


def test_no_page_carries_its_own() -> None:
    """No template holds a script or a handler; only data blocks and files."""
    for template in PACKAGE.rglob("*.html"):
        text = template.read_text(encoding="utf-8")
        for opening in text.split("<script")[1:]:
            tag = opening.partition(">")[0]
            assert "src=" in tag or 'type="application/json"' in tag, template.name
        for handler in (" onclick=", " onsubmit=", " onload=", "javascript:", " hx-on", '"js:'):
            assert handler not in text, (template.name, handler)
