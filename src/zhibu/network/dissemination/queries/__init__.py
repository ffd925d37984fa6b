"""Reads of texts, of whom they are for and of how far they have got."""

from __future__ import annotations

from zhibu.network.dissemination.queries.coverage import (
    coverages,
    forwards_of,
    jobs_of,
    not_forwarded,
    not_reached,
    path_of,
    reach_at,
    reach_below,
    reached_seats,
    receipts_of,
)
from zhibu.network.dissemination.queries.rolls import Roll, Stay, audience_paths, stays_of
from zhibu.network.dissemination.queries.texts import (
    PersonText,
    files_of,
    history_of,
    read_earlier,
    seat_on,
    text_of_person,
    texts_arrived,
    texts_of_person,
    texts_seen,
    texts_to_pass_on,
    texts_written_by,
    to_read,
    versions_to_compare,
    words_down_to,
)

__all__ = [
    "PersonText",
    "Roll",
    "Stay",
    "audience_paths",
    "coverages",
    "files_of",
    "forwards_of",
    "history_of",
    "jobs_of",
    "not_forwarded",
    "not_reached",
    "path_of",
    "reach_at",
    "reach_below",
    "reached_seats",
    "read_earlier",
    "receipts_of",
    "seat_on",
    "stays_of",
    "text_of_person",
    "texts_arrived",
    "texts_of_person",
    "texts_seen",
    "texts_to_pass_on",
    "texts_written_by",
    "to_read",
    "versions_to_compare",
    "words_down_to",
]
