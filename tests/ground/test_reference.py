"""The reference names every rule, setting, role, right and command, and is not stale."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_reference_is_what_the_code_says() -> None:
    """A rule, setting, role or command that the pages do not name fails the build."""
    done = subprocess.run(
        [sys.executable, "docs/reference/build.py", "--check"],
        cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
