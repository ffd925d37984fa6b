"""Somebody who writes and files records over HTTP, without JavaScript, by the forms' own fields."""

from __future__ import annotations

import http.client
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.web.record_story import fields_of

FORM = "application/x-www-form-urlencoded"


@dataclass(slots=True)
class Answer:
    """What the server said."""

    status: int
    location: str
    body: bytes


@dataclass(slots=True)
class Filing:
    """The last form, ready to be sent: where, the form's own key, all that it holds."""

    address: str
    submission: str
    body: str


@dataclass(slots=True)
class Clerk:
    """One browser: a connection that stays open, and its cookies."""

    host: str
    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    connection: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, body: str | None = None) -> Answer:
        """One request. Raises OSError or HTTPException when the server is gone."""
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = FORM
        try:
            self.connection.request(method, path, body, headers)
            heard = self.connection.getresponse()
            content = heard.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            self.connection = None
            raise
        for header in heard.headers.get_all("Set-Cookie", []):
            name, _, value = header.split(";")[0].partition("=")
            self.cookies[name] = value
        location = urlsplit(heard.headers.get("Location", "")).path
        return Answer(heard.status, location, content)

    def get(self, path: str) -> bytes:
        """The page at an address."""
        answer = self.ask("GET", path)
        assert answer.status == 200, (path, answer.status)
        return answer.body

    def post(self, path: str, data: dict[str, Any]) -> str:
        """Send a form; where the answer leads to."""
        token = {"csrfmiddlewaretoken": self.cookies["csrftoken"]}
        answer = self.ask("POST", path, urlencode({**data, **token}, doseq=True))
        assert answer.status in {302, 303}, (path, answer.status, answer.body.decode()[-3000:])
        return answer.location

    def sign_in(self, username: str, password: str) -> None:
        """By the page that asks who one is."""
        form = fields_of(self.get("/sign-in/"), "")
        name = "login" if "login" in form else "username"
        where = self.post("/sign-in/", {**form, name: username, "password": password})
        assert where != "/sign-in/"

    def draft(self, branch: str, said: dict[str, Any], **start: Any) -> str:
        """Start a record (`lines`, `activities`), fill the form and save it; the record's key."""
        where = self.post(f"/b/{branch}/records/new/", start)
        form = fields_of(self.get(where))
        form.update(said)
        key = where.split("/")[2]
        self.post(f"/r/{key}/save/", {**form, "do": "save"})
        return key

    def prepare(self, record: str) -> Filing:
        """Open the step before filing; its form as the button would send it."""
        address = f"/r/{record}/file/"
        form = fields_of(self.get(address), "")
        assert "submission" in form, f"the record {record} cannot be filed"
        form.pop("csrfmiddlewaretoken", None)
        return Filing(address, form["submission"][0], urlencode(form, doseq=True))

    def file(self, filing: Filing) -> Answer:
        """Press 归档. Wants a page with a form seen before, for the token."""
        token = urlencode({"csrfmiddlewaretoken": self.cookies["csrftoken"]})
        return self.ask("POST", filing.address, f"{filing.body}&{token}")
