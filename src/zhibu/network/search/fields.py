"""The numbers under which something is found, as each database looks for them best.

PostgreSQL holds an array of integers under a GIN index; SQLite a text of words under FTS5. Both are
made by the migration: Django's own index classes know only the one or the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


def word_of(term: int) -> str:
    """A number as a word of FTS5: letters and figures only, so that no tokenizer can part it."""
    return f"t{term % (1 << 32):08x}"


class TermsField(models.Field[Iterable[int], Any]):
    """Written, and looked into by `queries`; never read back."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "integer[]" if connection.vendor == "postgresql" else "text"

    def get_db_prep_value(
        self,
        value: Any,
        connection: BaseDatabaseWrapper,
        prepared: bool = False,
    ) -> Any:
        del prepared
        if value is None:
            return None
        if connection.vendor == "postgresql":
            return sorted(value)
        return " ".join(word_of(term) for term in sorted(value))
