"""Talking to servers that are not ours: only public ones, for a bounded time, with a bounded answer.

A timeout of a socket is one of a single read; a server that sends a byte every ten seconds would
hold a worker for ever. So the sockets of one errand are watched, and shut down when its time is up.
"""

from __future__ import annotations

import contextlib
import io
import ipaddress
import socket
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError

SECONDS: Final = 30
"""So long one errand lasts at most, looking up the server's name apart."""

CONNECT: Final = 10
MOST_BYTES: Final = 64 * 1024
"""So much of an answer is read."""


class Unreachable(Exception):
    """The server does not answer; nobody else needs to ask it for a while."""


class Rejected(Exception):
    """The server answered, and what it said is no success."""


class Errand:
    """One delivery on the wire: as a context, it ends its sockets when the time is up.

    `answers` are what web servers said, in order; `failure` why one was not reached.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self.answers: list[tuple[int, bytes]] = []
        self.failure = ""
        self.is_over = False
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        _here.errand = self
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        _here.errand = None
        with self._lock:
            for each in self._sockets:
                each.close()
            self._sockets.clear()

    def watch(self, sock: socket.socket) -> socket.socket:
        """Have this socket shut down when the time is up; given back as it came."""
        with self._lock:
            if self.is_over:
                sock.close()
                raise TimeoutError("out of time")
            # A second handle of it: the first is wrapped for TLS and closed by others.
            self._sockets.append(sock.dup())
        return sock

    def _end(self) -> None:
        with self._lock:
            self.is_over = True
            for each in self._sockets:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)


class _Here(threading.local):
    errand: Errand | None = None


_here = _Here()


def watched(sock: socket.socket) -> socket.socket:
    """Under the watch of the errand that this thread is on, if it is on one."""
    return _here.errand.watch(sock) if _here.errand else sock


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open network, and leads to nowhere else."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inside = found.ipv4_mapped or found.sixtofour
        if found in _NAT64:
            inside = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inside is not None:
            return is_public(str(inside))
        if found.teredo is not None:
            return False
    return found.is_global and not found.is_multicast and not found.is_reserved


_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


def is_own_host(host: str) -> bool:
    """Whether the operator has named it as one of the own network, which robots may live on."""
    return host.lower() in settings.ROBOT_HOSTS


def open_socket(host: str, port: int) -> socket.socket:
    """Connect to a host that may be connected to: to the very address that was looked at.

    Raises Rejected for a host of an inner network that the operator has not named, OSError when
    none of its addresses answers.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    places = list(dict.fromkeys((family, place) for family, _, _, _, place in found))
    if not is_own_host(host) and not all(is_public(str(place[0])) for _, place in places):
        raise Rejected("地址在内部网络，不予连接")
    failure: OSError = OSError("no address")
    for family, place in places:
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.settimeout(CONNECT)
        try:
            watched(sock).connect(place)
        except OSError as error:
            failure = error
            sock.close()
        else:
            return sock
    raise failure


class _Guarded:
    """Part of a connection that opens its socket by `open_socket`."""

    host: str
    port: int

    def _new_conn(self) -> socket.socket:
        try:
            sock = open_socket(self.host, self.port)
        except OSError as error:
            raise NewConnectionError(self, str(error)) from error  # type: ignore[arg-type]
        sock.settimeout(CONNECT)
        return sock


class _HTTP(_Guarded, HTTPConnection):
    pass


class _HTTPS(_Guarded, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPS


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}


class GuardedRequests:
    """Stands in for the module `requests` where a chat tool's plugin uses it.

    Only https (http where the operator has named the host), no redirects, no proxy, certificates
    always checked, and of the answer the beginning alone. Of the module itself there is only what
    asks nobody: a plugin that wants another way than those below fails before anything leaves.
    """

    codes = requests.codes
    exceptions = requests.exceptions
    RequestException = requests.RequestException

    def post(self, url: str, **kwargs: Any) -> requests.Response:
        """Ask by POST."""
        return self.request("POST", url, **kwargs)

    def get(self, url: str, **kwargs: Any) -> requests.Response:
        """Ask by GET."""
        return self.request("GET", url, **kwargs)

    def put(self, url: str, **kwargs: Any) -> requests.Response:
        """Ask by PUT."""
        return self.request("PUT", url, **kwargs)

    def request(self, method: str, url: str, **kwargs: Any) -> requests.Response:
        """Ask. Raises Rejected before anything leaves, or what `requests` raises."""
        refuse_unsafe(url)
        kwargs |= {"allow_redirects": False, "stream": True, "verify": True, "proxies": {}}
        kwargs["timeout"] = (CONNECT, CONNECT)
        with _session() as session:
            try:
                with session.request(method, url, **kwargs) as answer:
                    return _beginning(answer)
            except requests.RequestException as error:
                if _here.errand is not None:
                    _here.errand.failure = "超时" if is_timeout(error) else "连接不上"
                raise


def refuse_unsafe(url: str) -> None:
    """Raises Rejected for an address that may not be asked."""
    parts = urlsplit(url)
    if not parts.hostname or parts.scheme not in {"http", "https"}:
        raise Rejected("地址不能使用")
    if parts.scheme == "http" and not is_own_host(parts.hostname):
        raise Rejected("地址须以 https:// 开头")


def is_timeout(error: BaseException) -> bool:
    """Whether the time was up: then nobody knows if it arrived."""
    over = _here.errand is not None and _here.errand.is_over
    return over or isinstance(error, requests.Timeout | TimeoutError)


@contextlib.contextmanager
def _session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.mount("https://", _Adapter())
        session.mount("http://", _Adapter())
        yield session


def _beginning(answer: requests.Response) -> requests.Response:
    """The same answer with the beginning of its body, read now."""
    body = b"".join(_pieces(answer))
    short = requests.Response()
    short.status_code, short.reason, short.url = answer.status_code, answer.reason, answer.url
    short.headers = answer.headers
    short.encoding = answer.encoding
    short.raw = io.BytesIO(body)
    if _here.errand is not None:
        _here.errand.answers.append((answer.status_code, body))
    return short


def _pieces(answer: requests.Response) -> Iterator[bytes]:
    room = MOST_BYTES
    for piece in answer.iter_content(4096):
        yield piece[:room]
        room -= len(piece)
        if room <= 0:
            return
