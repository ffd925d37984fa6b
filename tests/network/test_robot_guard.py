"""Nothing of Apprise is woken that is not one of the guarded ways, and none asks around the guard."""

from __future__ import annotations

from typing import Any

import apprise
import pytest
import requests

from zhibu.network.notices.robots import BadAddress, take_address
from zhibu.network.notices.wire import GuardedRequests


@pytest.mark.parametrize(
    "address",
    ["vapid://a@b.example/?keyfile=/etc/passwd", "fcm://project@key/?keyfile=http://10.0.0.1/",
     " syslog://x", "js\non://example.org", "json:///etc/passwd", "https://hooks.slack.com/x",
     "file:///etc/passwd", "\x00json://example.org", "exec://json://example.org"],
)  # fmt: skip
def test_no_other_plugin_is_even_made(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Some read a file or ask a server as soon as they are made: the scheme is looked at before."""
    made: list[str] = []
    make = apprise.Apprise.instantiate

    def watch(url: Any, **more: Any) -> Any:
        made.append(url)
        return make(url, **more)

    monkeypatch.setattr(apprise.Apprise, "instantiate", watch)
    with pytest.raises(BadAddress):
        take_address("other", address)
    assert [one for one in made if not one.startswith("json://")] == []


@pytest.mark.parametrize(
    "verb", ["delete", "head", "patch", "options", "Session", "session", "api"]
)
def test_what_is_not_guarded_is_not_there(verb: str) -> None:
    """A plugin that asks in another way asks nobody: the bare module is out of its hands."""
    with pytest.raises(AttributeError):
        getattr(GuardedRequests(), verb)


def test_what_plugins_need_beside_is_there() -> None:
    """The names of failures and of codes are those of `requests`."""
    guarded = GuardedRequests()
    assert guarded.RequestException is requests.RequestException
    assert guarded.codes.ok == 200
    assert guarded.exceptions is requests.exceptions
