"""How often one person may send, without keeping who sent.

The count is held in the memory of this process alone, under a digest whose key dies with it, for the
current hour; with a name and without it count alike. No table, no cache and no log hears of it, so
nobody can read afterwards who sent something. Several web processes each allow as many.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from datetime import datetime
from typing import Final
from uuid import UUID

MOST_AN_HOUR: Final = 10


class Allowance:
    """Counts what each person sends in an hour."""

    def __init__(self, most: int = MOST_AN_HOUR) -> None:
        self.most = most
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._hour = ""
        self._spent: dict[bytes, int] = {}

    def take(self, person: UUID, at: datetime) -> bool:
        """Count one more; whether it is still allowed."""
        mark = hmac.digest(self._key, person.bytes, "sha256")
        hour = f"{at:%Y%m%d%H}"
        with self._lock:
            if hour != self._hour:
                self._hour, self._spent = hour, {}
            spent = self._spent.get(mark, 0)
            if spent >= self.most:
                return False
            self._spent[mark] = spent + 1
            return True

    def forget(self) -> None:
        """Everybody begins anew (for tests)."""
        with self._lock:
            self._spent = {}


ALLOWANCE: Final = Allowance()
