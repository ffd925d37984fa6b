"""Reminds and delivers beside the chores and the tasks, in threads of its own.

A mail server or chat tool that hangs holds up one of these threads for half a minute and nothing
else; then its host is left alone for a while (`zhibu.network.notices.outages`).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from django.db import close_old_connections, connection

from zhibu.web import clock

logger = logging.getLogger("zhibu.couriers")

COURIERS: Final = 3
PAUSE_SECONDS: Final = 2
REMIND_SECONDS: Final = 20


def spread_and_verify() -> int:
    """Write deliveries for new notices, send codes; how many."""
    from zhibu.network.notices.delivering import send_codes
    from zhibu.network.notices.spreading import spread_all

    return spread_all(clock.now()) + send_codes(clock.now)


def remind() -> int:
    """Go on with the day's round of reminders; how many branches were gone over."""
    from zhibu.network.reminders.services import remind_due

    return remind_due(at=clock.now())


def deliver() -> int:
    """Deliver what is due through the channels that wait longest; how many parcels."""
    from zhibu.network.notices.delivering import deliver_due

    return deliver_due(clock.now)


class Couriers:
    """A thread that prepares, one that reminds, several that deliver, until told to stop."""

    def __init__(self, number: int = COURIERS) -> None:
        self.stopped = threading.Event()
        works = [
            (spread_and_verify, PAUSE_SECONDS),
            (remind, REMIND_SECONDS),
            *([(deliver, PAUSE_SECONDS)] * number),
        ]
        self.threads = [
            threading.Thread(target=self._run, args=work, name=f"courier-{n}", daemon=True)
            for n, work in enumerate(works)
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self.threads:
            thread.start()

    def stop(self, seconds: float = 10) -> None:
        """Let each finish what it is at, but wait no longer than this for all."""
        self.stopped.set()
        for thread in self.threads:
            thread.join(timeout=seconds / len(self.threads))

    def _run(self, work: Callable[[], int], pause: float) -> None:
        while not self.stopped.is_set():
            if not self._do(work):
                self.stopped.wait(pause)
        connection.close()

    def _do(self, work: Callable[[], int]) -> int:
        try:
            close_old_connections()
            return work()
        except Exception:  # whatever it was, the next parcel has not deserved it
            logger.exception("a courier stumbled")
            return 0


def deliver_once() -> None:
    """What is due now, for `zhibu worker --once`."""
    while remind():
        pass
    spread_and_verify()
    while deliver():
        pass
