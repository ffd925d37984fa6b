"""No secret of an address comes into the log, not even of one that is refused for now."""

from __future__ import annotations

import logging
from io import StringIO
from typing import Any

import pytest
from django.test import Client

from zhibu.web.hushing import WithoutSecrets

SECRET = "k3-Zq_" * 5


def test_a_refused_calendar_is_logged_without_its_secret(
    db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line stands there, so that an operator sees that something asks in vain."""
    handlers = [
        one for one in logging.getLogger().handlers
        if any(isinstance(each, WithoutSecrets) for each in one.filters)
    ]  # fmt: skip
    assert len(handlers) == 1
    written = StringIO()
    monkeypatch.setattr(handlers[0], "stream", written)
    assert Client().get(f"/calendar/{SECRET}.ics").status_code == 404
    assert Client().get(f"/nothing/{SECRET}/").status_code in {302, 404}
    assert "Not Found: /calendar/…" in written.getvalue()
    assert f"calendar/{SECRET}" not in written.getvalue()


@pytest.mark.parametrize(
    ("message", "args"),
    [
        ("Internal Server Error: %s", (f"/calendar/{SECRET}.ics",)),
        (f"GET /calendar/{SECRET}.ics HTTP/1.1 404", ()),
        (f'"GET https://zhibu.example/calendar/{SECRET}.ics" 100%', ()),
    ],
)
def test_wherever_it_stands_in_a_line(message: str, args: tuple[str, ...]) -> None:
    """As an argument or in the words; what else the line says stays."""
    record = logging.LogRecord("x", logging.ERROR, "", 0, message, args, None)
    assert WithoutSecrets().filter(record)
    assert SECRET not in record.getMessage()
    assert "/calendar/…" in record.getMessage()


def test_an_invitation_is_a_secret_too() -> None:
    """It opens an account; a form that is refused writes its address."""
    record = logging.LogRecord("x", logging.ERROR, "", 0, "Forbidden: %s", (f"/i/{SECRET}/",), None)
    assert WithoutSecrets().filter(record)
    assert record.getMessage() == "Forbidden: /i/…/"


def test_other_lines_stay_as_they_are() -> None:
    """Arguments are not put in before it is time."""
    record = logging.LogRecord("x", logging.INFO, "", 0, "a %s", ("b",), None)
    assert WithoutSecrets().filter(record)
    assert (record.msg, record.args) == ("a %s", ("b",))
