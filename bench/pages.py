"""What the pages cost: queries, bytes the first time as they come over HTTP, lines of own script."""

from __future__ import annotations

import re
import threading
import urllib.request
from urllib.parse import urljoin
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from ground import ROOT, Result, open_database, options, populate, tell

LINKED = re.compile(r"""(?:<link[^>]+href|<(?:script|img)[^>]+src)="([^"]+)\"""")


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing: the requests are our own."""


def transferred(base: str, path: str, cookie: str) -> tuple[int, dict[str, int]]:
    """Bytes of the bodies of a page and of all that it links, compressed where the server does."""

    def ask(address: str) -> tuple[bytes, str]:
        headers = {"Accept-Encoding": "gzip, br", "Cookie": cookie}
        request = urllib.request.Request(address, headers=headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read(), answer.headers.get("Content-Encoding", "")

    import gzip

    body, coding = ask(base + path)
    sizes = {path: len(body)}
    text = (gzip.decompress(body) if coding == "gzip" else body).decode()
    for link in dict.fromkeys(LINKED.findall(text)):
        if not link.startswith(("data:", "#")) and "stylesheet" not in link:
            sizes[link] = len(ask(urljoin(base + path, link))[0])
    return sum(sizes.values()), sizes


def own_script() -> int:
    """Lines of JavaScript that we wrote, in files and in templates."""
    web = ROOT / "src" / "zhibu" / "web"
    files = [p for p in (web / "static").rglob("*.js") if "vendor" not in p.parts]
    ours = [p for p in files if ".min." not in p.name]
    return sum(len(p.read_text(encoding="utf-8").splitlines()) for p in ours)


def measure() -> list[Result]:
    """Home, table, record form, book and overview of the made-up branches."""
    from django.core.wsgi import get_wsgi_application
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from zhibu.handbook.models import Record
    from zhibu.org.models import Organization
    from zhibu.people.models import Person
    from zhibu.web import clock

    year = clock.today().year
    draft = Record.objects.filter(draft__isnull=False).order_by("id").first()
    if draft is None:
        raise SystemExit("no draft among the made-up records")
    root = Organization.objects.order_by("path").first()
    office = Person.objects.get(username="gongwei")
    assert root is not None
    writer = draft.drafted_by
    branch = draft.branch_id
    pages = {
        "home": (writer, f"/b/{branch}/"),
        "table": (writer, f"/b/{branch}/plan/{year}/"),
        "record form": (writer, f"/r/{draft.pk}/edit/"),
        "book": (writer, f"/b/{branch}/book/{year}/"),
        "overview": (office, f"/o/{root.pk}/"),
    }
    server = make_server("127.0.0.1", 0, get_wsgi_application(), WSGIServer, _Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    queries: dict[str, int] = {}
    sizes: dict[str, int] = {}
    for name, (person, path) in pages.items():
        client = Client(SERVER_NAME="127.0.0.1")
        client.force_login(person)
        client.get(path)
        with CaptureQueriesContext(connection) as seen:
            answer = client.get(path)
        if answer.status_code != 200:
            raise SystemExit(f"{path}: {answer.status_code}")
        queries[name] = len(seen)
        cookie = "; ".join(f"{key}={one.value}" for key, one in client.cookies.items())
        sizes[name], parts = transferred(base, path, cookie)
        print(f"{name}: {queries[name]} queries, {sizes[name]:,} bytes {parts}")
    server.shutdown()
    asked = ", ".join(f"{name} {count}" for name, count in queries.items())
    sent = ", ".join(f"{name} {size / 1024:.1f}" for name, size in sizes.items())
    return [
        Result("pages", "queries of the costliest page, session and person included",
               max(queries.values()), 12, "queries", is_most=True, notes=(asked,)),
        Result("pages", "first visit over HTTP, bodies of page, style, script, pictures, compressed",
               max(sizes.values()) / 1024, 60, "KB", is_most=True, notes=(sent,)),
        Result("pages", "own JavaScript", own_script(), 300, "lines", is_most=True),
    ]  # fmt: skip


if __name__ == "__main__":
    options(__doc__).parse_args()
    populate("b12", 12)
    open_database("b12")
    tell(measure())
