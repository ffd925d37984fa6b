"""Walks through the pages with a real browser: fixtures for all rooms.

`phone` and `desk` are pages of 360 × 780 and 1280 × 800 on the running test server; each has its
own cookies. A script error, a failed request for one of our own files or a breach of the content
policy fails the test at its end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

PHONE = {"width": 360, "height": 780}
DESK = {"width": 1280, "height": 800}
# The test server as an intranet without HTTPS has it: not localhost, so no secure context.
PLAIN_HOST = "zhibu.intranet.test"

# Told by the page itself, because a browser does not count a breach of policy as a script error.
REPORT_BREACHES = """
document.addEventListener('securitypolicyviolation', (event) => {
  console.error('CSP: ' + event.violatedDirective + ' ' + event.blockedURI
    + ' ' + (event.sourceFile || '') + ':' + event.lineNumber);
});
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever opens a page is a walk, marked or not."""
    for item in items:
        if "open_page" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for the whole run."""
    from playwright.sync_api import sync_playwright
    from tests.ground.browser import ADVICE, NAMES, find_browser

    executable = find_browser()
    if executable is None:
        pytest.fail(ADVICE.format(missing=NAMES["browser"]), pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable,
            args=[
                "--no-sandbox",
                "--disable-dev-shm-usage",
                f"--host-resolver-rules=MAP {PLAIN_HOST} 127.0.0.1",
            ],
        )
        yield browser
        browser.close()


class Complaints(list[str]):
    """What went wrong in the browser. A test that provokes something says `expect("part of it")`."""

    def __init__(self) -> None:
        super().__init__()
        self.expected: list[str] = []

    def expect(self, part: str) -> None:
        """Complaints that contain this text are meant to happen."""
        self.expected.append(part)

    def unexpected(self) -> list[str]:
        """All that no test asked for."""
        return [text for text in self if not any(part in text for part in self.expected)]


@pytest.fixture
def complaints() -> Complaints:
    """The complaints of all pages of this test."""
    return Complaints()


OpenPage = Callable[..., "Page"]


@pytest.fixture
def open_page(
    chromium: Browser, live_server: Any, complaints: Complaints, settings: Any
) -> Iterator[OpenPage]:
    """Open a page of a given size with cookies of its own: `open_page(PHONE, javascript=False)`."""
    contexts: list[BrowserContext] = []

    def open_one(
        viewport: dict[str, int] = DESK,
        *,
        javascript: bool = True,
        worker: bool = False,
        plain: bool = False,
    ) -> Page:
        if plain:
            settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, PLAIN_HOST]
            complaints.expect("Cross-Origin-Opener-Policy")  # which counts with HTTPS only
        address = urlsplit(live_server.url)
        host = PLAIN_HOST if plain else address.hostname
        context = chromium.new_context(
            viewport=viewport,  # type: ignore[arg-type]
            base_url=f"http://{host}:{address.port}",
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            java_script_enabled=javascript,
            has_touch=viewport["width"] < 600,
            accept_downloads=True,
            # What a test does to the network itself would pass the worker by.
            service_workers="allow" if worker else "block",
        )
        contexts.append(context)
        if javascript:
            context.add_init_script(REPORT_BREACHES)
        context.set_default_timeout(10_000)
        page = context.new_page()
        listen(page, complaints)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert not complaints.unexpected(), "\n".join(complaints.unexpected())


def listen(page: Page, complaints: Complaints) -> None:
    """Collect what the browser finds wrong with a page."""

    def hear(message: Any) -> None:
        # An answer of 4xx that a test looks at is an answer, not an error of the page.
        if (
            message.type == "error"
            and "the server responded with a status of 4" not in message.text
        ):
            complaints.append(f"{page.url}: {message.text}")

    def watch(response: Any) -> None:
        if response.status >= 500 or (response.status >= 400 and "/static/" in response.url):
            complaints.append(f"{response.status} {response.request.method} {response.url}")

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    page.on("response", watch)


@pytest.fixture
def phone(open_page: OpenPage) -> Page:
    """A page as wide as a small telephone."""
    return open_page(PHONE)


@pytest.fixture
def desk(open_page: OpenPage) -> Page:
    """A page as wide as an office screen."""
    return open_page(DESK)
