"""Which release this is."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path


def read_version() -> str:
    """The version, from the installed package or, in a checkout, from the changelog."""
    changelog = Path(__file__).resolve().parents[3] / "CHANGELOG.md"
    if changelog.is_file() and (changelog.parent / "pyproject.toml").is_file():
        found = re.search(
            r"^## (\d+\.\d+\.\d+\S*)", changelog.read_text(encoding="utf-8"), re.MULTILINE
        )
        if found:
            return found[1]
    try:
        return metadata.version("zhibu")
    except metadata.PackageNotFoundError:
        return "0"
