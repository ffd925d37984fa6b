"""Serve from an empty folder, as a newcomer does; used on every system by the workflow.

    python tests/ground/smoke.py [command …]     default: zhibu serve --port <free>

Starts the command, waits until it is well, signs in with an account that it printed, looks at the
first page and its stylesheet, and stops it. The exit code says whether all of that worked.
"""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

PATIENCE_SECONDS = 180


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Visitor:
    """A browser without a window."""

    def __init__(self, address: str) -> None:
        self.address = address
        jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))

    def get(self, path: str) -> str:
        """The text of a page."""
        with self.opener.open(self.address + path, timeout=20) as answer:
            return str(answer.read().decode("utf-8"))

    def post(self, path: str, **fields: str) -> str:
        """The page that follows a form."""
        data = urllib.parse.urlencode(fields).encode()
        request = urllib.request.Request(
            self.address + path, data, headers={"Referer": self.address + path}
        )
        with self.opener.open(request, timeout=20) as answer:
            return str(answer.read().decode("utf-8"))


def wait_until_well(visitor: Visitor, process: subprocess.Popen[bytes]) -> dict[str, object]:
    """The answer of /healthz once the worker, too, has shown itself."""
    limit = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < limit:
        if process.poll() is not None:
            raise SystemExit(f"the command ended with {process.returncode}")
        try:
            body: dict[str, object] = json.loads(visitor.get("/healthz"))
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
            continue
        if body["signs"]["worker"]["state"] == "ok":  # type: ignore[index]
            return body
        time.sleep(0.5)
    raise SystemExit("the server did not become well")


def walk(visitor: Visitor, told: str) -> None:
    """Sign in as the first account that was told and look at the first page."""
    password = re.search(r"密码都是 (\S+?)）", told)
    account = re.search(r"^  (zhibu\w+)\s", told, re.MULTILINE)
    if not password or not account:
        raise SystemExit("no account was told")
    form = visitor.get("/sign-in/")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    if not token:
        raise SystemExit("no form to sign in with")
    page = visitor.post(
        "/sign-in/",
        csrfmiddlewaretoken=token[1],
        username=account[1],
        password=password[1],
    )
    if "退出" not in page:
        raise SystemExit("could not sign in")
    style = re.search(r'href="(/static/[^"]+\.css[^"]*)"', page)
    if not style or len(visitor.get(style[1])) < 1000:
        raise SystemExit("no stylesheet")


def main(command: list[str]) -> int:
    """Run it all in a folder of its own."""
    port = free_port()
    command = command or [sys.executable, "-m", "zhibu", "serve"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("ZHIBU_", "DATABASE"))}
    environment |= {"PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1", "PORT": str(port)}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        environment["ZHIBU_DATA_DIR"] = str(Path(folder) / "data")
        for attempt in ("first", "second"):
            output = Path(folder) / f"{attempt}.txt"
            began = time.monotonic()
            with output.open("wb") as stream:
                process = subprocess.Popen(
                    command, env=environment, cwd=folder, stdout=stream, stderr=subprocess.STDOUT
                )
                try:
                    visitor = Visitor(f"http://127.0.0.1:{port}")
                    wait_until_well(visitor, process)
                    took = time.monotonic() - began
                    walk(visitor, output.read_text(encoding="utf-8"))
                finally:
                    process.terminate()
                    process.wait(30)
                    if sys.exc_info()[0]:
                        print(output.read_text(encoding="utf-8")[-4000:])
            print(f"{attempt} start: well after {took:.1f} s, signed in, styled")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
