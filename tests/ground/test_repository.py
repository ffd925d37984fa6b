"""Mistake 10: neither secrets nor anybody's data lie in the repository."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT = Path(__file__).resolve().parents[2]
BINARY: Final = frozenset({".png", ".ttf", ".otf", ".woff2", ".ico", ".lock"})
LARGEST: Final = 2_000_000  # bytes; nothing of ours that people write is larger
WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
IDENTITY: Final = re.compile(r"(?<![0-9A-Za-z])[1-9]\d{5}(?:19|20)\d{9}[\dXx](?![0-9A-Za-z])")
# Eight zeros are nobody's.
TELEPHONE: Final = re.compile(r"(?<![0-9A-Za-z.\-])1[3-9]\d(?!0{8})\d{8}(?![0-9A-Za-z.\-])")
MAIL: Final = re.compile(r"[\w.+-]+@(?:qq|163|126|sina|gmail|outlook|hotmail|foxmail)\.\w+")
SECRET: Final = re.compile(
    r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY|AKIA[0-9A-Z]{16}|gh[pousr]_[0-9A-Za-z]{36}|xox[bap]-\d+"
)


def is_identity(number: str) -> bool:
    """Whether the last character is the right one for the others (GB 11643)."""
    total = sum(int(one) * weight for one, weight in zip(number, WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == number[-1].upper()


def faults(text: str) -> Iterator[str]:
    """What of a text should not be kept here."""
    yield from (found for found in IDENTITY.findall(text) if is_identity(found))
    for pattern in (TELEPHONE, MAIL, SECRET):
        yield from pattern.findall(text)


def kept() -> list[Path]:
    """The files under version control."""
    told = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False
    ).stdout.decode("utf-8")
    return [ROOT / name for name in told.split("\0") if name]


@pytest.mark.parametrize(
    ("text", "is_fault"),
    [
        ("11010519491231" + "002X", True),
        ("11010519491231" + "0021", False),
        ("139" + "12345678", True),
        ("139" + "00000000", False),
        ("0190a0a0-0000-7000-8000-139" + "123456780", False),
        ("somebody@" + "qq.com", True),
        ("somebody@example.org", False),
        ("-----BEGIN " + "PRIVATE KEY-----", True),
    ],
)
def test_what_is_looked_for_is_found(text: str, is_fault: bool) -> None:
    """A number of identity by its check digit, a telephone, an address of a person, a key."""
    assert bool(list(faults(text))) == is_fault


def test_no_secret_and_nobodys_data() -> None:
    """Every file under version control; no key file, no data of a running server either."""
    files = kept()
    if not files:
        pytest.skip("not a checkout")
    found = {}
    for path in files:
        assert path.suffix not in {".pem", ".key", ".sqlite3", ".p12", ".env"}, path
        if path.suffix in BINARY or not path.is_file() or path.stat().st_size > LARGEST:
            continue
        if wrong := list(faults(path.read_text(encoding="utf-8", errors="replace"))):
            found[path.relative_to(ROOT).as_posix()] = wrong[:3]
    assert not found
