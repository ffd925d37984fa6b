"""What every walk does: sign in, wait until a page says something, look whether it fits.

A click returns when the next page begins to arrive, which on a busy machine is before it has a
body. So nothing here reads a page at once: `expect` and its kin ask again until it is so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse
from playwright.sync_api import expect
from tests.cast import PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from zhibu.people.models import Person

expect.set_options(timeout=10_000)


def sign_in(page: Page, person: Person) -> None:
    """Through the page of signing in, until another one stands there."""
    page.goto(reverse("sign-in"))
    page.fill("#id_username", person.username)
    page.fill("#id_password", PASSWORD)
    page.click("button.primary")
    page.wait_for_url(lambda url: "sign-in" not in url)


def fits(page: Page) -> bool:
    """Whether the page, once it is there, is no wider than the screen."""
    page.wait_for_load_state()
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def expect_text(page: Page, selector: str, text: str) -> None:
    """Until the first such element shows this text; what is folded away does not count."""
    expect(page.locator(selector).first).to_contain_text(text, use_inner_text=True)


def seen(page: Page, selector: str = "main") -> str:
    """What an element of the page, once it is there, shows."""
    page.wait_for_load_state()
    return page.inner_text(selector)
