"""What an import has made and changed, so that it can be undone: kept compressed with the import."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID


@dataclass(slots=True)
class Journal:
    """Keys of rows that were made, by model name; and of rows that were changed, with their values.

    A changed row has the values before and after, so that undoing sees whether somebody has
    changed them since.
    """

    made: dict[str, list[str]] = field(default_factory=dict)
    changed: list[dict[str, Any]] = field(default_factory=list)

    def note_made(self, model: str, key: UUID) -> None:
        """A row is new."""
        self.made.setdefault(model, []).append(str(key))

    def note_change(
        self, model: str, key: UUID, before: dict[str, Any], after: dict[str, Any]
    ) -> None:
        """A row has got other values."""
        self.changed.append(
            {
                "model": model,
                "key": str(key),
                "before": {name: plain(value) for name, value in before.items()},
                "after": {name: plain(value) for name, value in after.items()},
            }
        )

    def pack(self) -> bytes:
        """As compressed JSON."""
        data = {"made": self.made, "changed": self.changed}
        return zlib.compress(json.dumps(data, ensure_ascii=False).encode("utf-8"), 6)

    @classmethod
    def unpack(cls, packed: bytes) -> Journal:
        """Back from `pack`."""
        data = json.loads(zlib.decompress(packed))
        return cls(data["made"], data["changed"])


def plain(value: Any) -> Any:
    """A value of a row as JSON holds it; Django reads days and keys back from their text."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    return value
