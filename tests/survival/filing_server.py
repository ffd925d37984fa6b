"""A process that files records for whoever connects, until it is killed. Run by test_kill.py.

One request a line: ``{"branch", "person", "submission", "content"}``; the answer comes after the
transaction: ``{"sequence", "link"}``. The same submission again is answered again.
"""

from __future__ import annotations

import json
import os
import socketserver
from datetime import UTC, datetime
from typing import Any
from uuid import UUID


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    from zhibu.handbook.models import RecordVersion
    from zhibu.handbook.services import file_record, start_record
    from zhibu.org.models import Organization
    from zhibu.people.models import Person
    from zhibu.rules.contents_data import from_data

    submission = UUID(asked["submission"])
    version = RecordVersion.objects.filter(submission=submission).first()
    if version is None:
        at = datetime(2026, 3, 20, 1, 30, tzinfo=UTC)
        by = Person.objects.get(pk=asked["person"])
        branch = Organization.objects.get(pk=asked["branch"])
        record = start_record(branch=branch, by=by, at=at, draft=from_data(asked["content"]))
        version = file_record(
            record=record, revision=record.revision, submission=submission, by=by, at=at
        )
    return {"sequence": version.sequence, "link": version.link}


class Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        from django.db import connection

        try:
            for line in self.rfile:
                self.wfile.write(json.dumps(answer(json.loads(line))).encode() + b"\n")
        finally:
            connection.close()


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "zhibu.settings"
    import django

    django.setup()
    with Server(("127.0.0.1", 0), Handler) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
