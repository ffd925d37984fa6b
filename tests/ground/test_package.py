"""What the project says of itself is true."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_version_is_the_newest_heading_of_the_changelog() -> None:
    """One place to write the version."""
    from zhibu.ops.release import read_version

    headings = re.findall(r"(?m)^## (\d\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    assert read_version() == headings[0]


@pytest.mark.parametrize("name", ["run.txt", "dev.txt", "build.txt"])
def test_lists_pin_every_package_with_hashes_and_name_no_host(name: str) -> None:
    """People install from mirrors, and get exactly what was tested."""
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=[a-z])", text.strip())
    assert blocks
    for block in blocks:
        assert re.match(r"[a-z0-9._-]+==\S+", block), block
        assert "--hash=sha256:" in block, block
    assert "://" not in text
    assert "-index" not in text


def test_lists_hold_what_the_project_asks_for() -> None:
    """A dependency that is named but not pinned would not be there after `make run`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    pinned = set(re.findall(r"(?m)^([a-z0-9._-]+)==", read("run.txt")))
    wanted = {re.match(r"[A-Za-z0-9._-]+", name)[0] for name in project["project"]["dependencies"]}  # type: ignore[index]
    assert wanted <= pinned
    groups = project["dependency-groups"]
    pinned = set(re.findall(r"(?m)^([a-z0-9._-]+)==", read("dev.txt")))
    wanted = {re.match(r"[A-Za-z0-9._-]+", n)[0] for n in groups["dev"] if isinstance(n, str)}  # type: ignore[index]
    assert wanted <= pinned


def test_a_rule_that_is_waived_says_why() -> None:
    """Each `noqa` names its rule and its reason, or in pyproject.toml."""
    bare = re.compile(r"[#] noqa(?!: [A-Z]+\d+(, [A-Z]+\d+)*\s+\S.*)")
    found = [
        f"{path.relative_to(ROOT).as_posix()}:{number}"
        for folder in ("src", "tests", "requirements", "docs", "bench")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if bare.search(line)
    ]
    assert found == []


def read(name: str) -> str:
    return (ROOT / "requirements" / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of the files in the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as opened:
        return set(opened.namelist())


def test_wheel_carries_packs_pages_and_assets(wheel: set[str]) -> None:
    """`pip install` of the wheel is enough to serve."""
    for folder in ("catalogue", "src/zhibu"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                name = path.relative_to(ROOT).as_posix().removeprefix("src/")
                name = f"zhibu/{name}" if folder == "catalogue" else name
                assert name in wheel, name


def test_wheel_carries_nothing_else(wheel: set[str]) -> None:
    """No tests, no data, no keys."""
    assert {name.partition("/")[0] for name in wheel} <= {
        "zhibu", f"zhibu-{version()}.dist-info"
    }  # fmt: skip
    assert not [name for name in wheel if name.endswith((".pyc", ".sqlite3", ".pem"))]


def version() -> str:
    from zhibu.ops.release import read_version

    return read_version()
