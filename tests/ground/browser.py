"""Find a browser, Chinese fonts and pdftotext for the tests; install them where that is possible.

python tests/ground/browser.py      used by `make browser`
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
)
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
PACKAGES = {"browser": "chromium", "fonts": "fonts-noto-cjk", "poppler": "poppler-utils"}
ADVICE = """\
测试还缺：{missing}。请安装后再执行：
  Debian、Ubuntu、统信、麒麟：  sudo apt-get install chromium fonts-noto-cjk poppler-utils
  Fedora、欧拉、龙蜥：          sudo dnf install chromium google-noto-sans-cjk-fonts poppler-utils
  macOS：                       brew install --cask google-chrome; brew install poppler
  Windows：                     自带 Edge 与中文字体即可；poppler 见 docs/start.md
浏览器不在常见位置时，用 ZHIBU_BROWSER=/路径/chrome 指明。
"""
NAMES = {
    "browser": "Chromium（或 Chrome、Edge）",
    "fonts": "中文字体",
    "poppler": "pdftotext（poppler）",
}


def find_browser() -> str | None:
    """The path of a browser that Playwright can drive, or None."""
    if named := os.environ.get("ZHIBU_BROWSER"):
        return named if Path(named).exists() else None
    for name in BROWSERS:
        if found := shutil.which(name):
            return found
    return next((place for place in PLACES if Path(place).exists()), None)


def has_chinese_fonts() -> bool:
    """Whether a page in Chinese would show characters; Windows and macOS always have some."""
    if sys.platform in {"win32", "darwin"}:
        return True
    if not shutil.which("fc-list"):
        return False
    command = ["fc-list", ":lang=zh-cn", "family"]
    return bool(subprocess.run(command, capture_output=True, check=False).stdout.strip())


def find_missing() -> list[str]:
    """What is not there: some of "browser", "fonts", "poppler"."""
    found = {
        "browser": find_browser(),
        "fonts": has_chinese_fonts(),
        "poppler": shutil.which("pdftotext") or sys.platform == "win32",
    }
    return [name for name, present in found.items() if not present]


def install(missing: list[str]) -> None:
    """Install Debian packages; silently nothing where this is not root on a Debian."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if not (is_root and shutil.which("apt-get")):
        return
    print("正在安装测试所需的系统软件：" + " ".join(PACKAGES[name] for name in missing), flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    quiet = ["-y", "-qq", "--no-install-recommends"]
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", *quiet, "fontconfig", *(PACKAGES[name] for name in missing)],
    ):
        subprocess.run(command, env=environment, check=False)


def main() -> int:
    """The exit code says whether everything is there."""
    if missing := find_missing():
        install(missing)
        missing = find_missing()
    if missing:
        print(ADVICE.format(missing="、".join(NAMES[name] for name in missing)), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
