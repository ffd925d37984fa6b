"""A mail server and a chat tool on this machine, which behave as they are told."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd tells of every step


@dataclass
class Post:
    """A mail server's handler: `says` is its answer to a mail, `refused` whom it does not know."""

    mails: list[EmailMessage] = field(default_factory=list)
    to: list[str] = field(default_factory=list)
    says: str = "250 OK"
    refused: set[str] = field(default_factory=set)
    after: Any = None  # called when a mail was taken

    async def handle_RCPT(  # noqa: N802  aiosmtpd calls it by this name - aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if address in self.refused:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd calls it by this name
        if self.says.startswith("250"):
            mail = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
            self.to += envelope.rcpt_tos
            if self.after is not None:
                self.after()
        return self.says


@contextmanager
def mail_server(settings: Any) -> Iterator[Post]:
    """A real SMTP server; the settings lead to it."""
    post = Post()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(post, hostname="127.0.0.1", port=port)
    controller.start()
    settings.MAIL_IS_SET = True
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.DEFAULT_FROM_EMAIL = "支部 <zhibu@example.gov.cn>"
    settings.SITE_URL = "https://zhibu.example.gov.cn"
    try:
        yield post
    finally:
        controller.stop()


LONGER_THAN_ANYBODY = 300  # seconds


@dataclass
class Hook:
    """A chat tool: `manner` says how it answers; `said` are the texts that it took."""

    address: str = ""
    manner: str = "good"
    said: list[str] = field(default_factory=list)
    asked: int = 0
    paths: list[str] = field(default_factory=list)
    after: Any = None
    # Until it is set, who hangs hangs: an end of its own would be taken for the caller's patience.
    is_over: threading.Event = field(default_factory=threading.Event)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.asked += 1
        self.paths.append(request.path)
        body = request.rfile.read(int(request.headers["Content-Length"]))
        good = json.dumps({"errcode": 0, "code": 0, "errmsg": "ok"}).encode()
        answers = {
            "good": (200, good),
            "slow": (200, good),
            "refuses": (200, b'{"errcode": 93000, "code": 19001, "errmsg": "invalid webhook"}'),
            "nonsense": (200, b"<html>\xff\xfe not what was asked for</html>"),
            "number": (200, b"17"),
            "truth": (200, b'{"errcode": false}'),
            "nothing": (200, b""),
            "deep": (200, b"[" * 50_000),
            "500": (500, b"boom"),
            "404": (404, b"gone"),
        }
        if self.manner == "slow":
            time.sleep(0.5)
        if self.manner == "hangs":
            self.is_over.wait(LONGER_THAN_ANYBODY)
            return
        if self.manner == "redirects":
            request.send_response(302)
            request.send_header("Location", self.address.replace("127.0.0.1", "localhost"))
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        if self.manner == "drips":
            request.send_response(200)
            request.send_header("Content-Length", "1000")
            request.end_headers()
            while not self.is_over.wait(0.2):
                request.wfile.write(b" ")
                request.wfile.flush()
            return
        if self.manner == "floods":
            request.send_response(200)
            request.end_headers()
            while True:
                request.wfile.write(b"x" * 65536)
        status, text = answers[self.manner]
        if self.manner in {"good", "slow"}:
            said = json.loads(body)
            content = said.get("text") or said.get("content") or {}
            self.said.append(content.get("content") or content.get("text"))
            if self.after is not None:
                self.after()
        request.send_response(status)
        request.send_header("Content-Length", str(len(text)))
        request.end_headers()
        request.wfile.write(text)


@contextmanager
def chat_tool(settings: Any) -> Iterator[Hook]:
    """A real web hook; the settings allow its host."""
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            try:
                hook.answer(self)
            except OSError:
                self.close_connection = True

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    hook.address = f"http://127.0.0.1:{server.server_address[1]}"
    settings.ROBOT_HOSTS = frozenset({"127.0.0.1"})
    settings.SITE_URL = "https://zhibu.example.gov.cn"
    try:
        yield hook
    finally:
        hook.is_over.set()
        server.shutdown()
        server.server_close()
