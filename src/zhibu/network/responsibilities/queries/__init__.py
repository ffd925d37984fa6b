"""Reads of what responsibilities are judged by: a fixed number of queries, however many posts.

Of posts in a branch the lines and records of the branch are read; of those above only tallies and
counts.
"""

from zhibu.network.responsibilities.queries.branches import (
    LIFE,
    LineSum,
    RecordRow,
    lines_of_branches,
    records_of,
)
from zhibu.network.responsibilities.queries.counts import (
    Counted,
    TextRow,
    counted_for,
    texts_for,
)
from zhibu.network.responsibilities.queries.posts import (
    Seat,
    organizations_at,
    seats_in,
    seats_of,
)

__all__ = [
    "LIFE",
    "Counted",
    "LineSum",
    "RecordRow",
    "Seat",
    "TextRow",
    "counted_for",
    "lines_of_branches",
    "organizations_at",
    "records_of",
    "seats_in",
    "seats_of",
    "texts_for",
]
