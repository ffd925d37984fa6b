"""Make the environment `.venv` and put into it what a list of pinned requirements names.

    python requirements/prepare.py run     what the program needs
    python requirements/prepare.py dev     that, and what tests, checks and the bench need

Runs on the bare standard library. Does nothing when the lists have not changed since last time,
so that a second `make run` starts at once.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LISTS = {"run": ("run.txt", "build.txt"), "dev": ("dev.txt",)}

NO_VENV = """\
这个 Python（{python}）缺少 venv 或 ensurepip，不能建立运行环境。请先安装，再重新执行：
  Debian、Ubuntu、统信、麒麟：  sudo apt-get install python{version}-venv
  Fedora、欧拉、龙蜥：          sudo dnf install python3-pip
  其他系统：                    安装 python.org 的 Python 3.11 或更新版本
"""
OLD = "需要 Python 3.11 或更新版本，这里是 {found}。可用 make PYTHON=/路径/python3.12 指定。"
FAILED = """\
依赖包没有装上（见上面 pip 的说明）。常见原因：
  · 没有网络，或单位内网须用镜像：在 pip 配置中写明镜像地址（pip config set global.index-url …）
  · 时间过久：再执行一次，已下载的不会重下
"""


def main(name: str) -> int:
    """Bring `.venv` to the state that the list asks for; the exit code says whether it is there."""
    if sys.version_info < (3, 11):
        return complain(OLD.format(found=sys.version.split()[0]))
    if not environment_works() and not make_environment():
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return complain(NO_VENV.format(python=sys.executable, version=version))
    wanted = fingerprint(name)
    # Whatever `dev` installed contains all of `run`.
    if any(
        stamp(each).exists() and stamp(each).read_text(encoding="ascii") == fingerprint(each)
        for each in {name, "dev"}
    ):
        return 0
    print("正在准备运行环境（第一次需要几分钟）……", flush=True)
    lists = [option for file in LISTS[name] for option in ("-r", str(HERE / file))]
    if pip("--require-hashes", *lists) or pip("--no-deps", "--no-build-isolation", "-e", str(ROOT)):
        return complain(FAILED)
    stamp(name).write_text(wanted, encoding="ascii")
    return 0


def environment_works() -> bool:
    """Whether `.venv` has a Python that starts, is new enough and has pip."""
    if not PYTHON.exists():
        return False
    question = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    return (
        subprocess.run([str(PYTHON), "-c", question], capture_output=True, check=False).returncode
        == 0
    )


def make_environment() -> bool:
    """Make `.venv`; False when this Python cannot (Debian splits venv off)."""
    try:
        import ensurepip  # noqa: F401 - asked for only, before half an environment is made
    except ImportError:
        return False
    try:
        venv.create(ENVIRONMENT, clear=True, with_pip=True)
    except subprocess.CalledProcessError:
        return False
    return True


def fingerprint(name: str) -> str:
    """A digest of all that decides what gets installed."""
    files = [*(HERE / file for file in LISTS[name]), ROOT / "pyproject.toml", ROOT / "CHANGELOG.md"]
    digest = hashlib.sha256(str(ROOT).encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def stamp(name: str) -> Path:
    """The file that remembers the fingerprint of the last installation."""
    return ENVIRONMENT / f".installed-{name}"


def pip(*arguments: str) -> int:
    """Install; the exit code of pip."""
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return subprocess.run([*command, *arguments], check=False).returncode


def complain(text: str) -> int:
    """Say what is wrong; exit code 1."""
    print(text, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "run"))
