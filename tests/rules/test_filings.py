"""Whether an entry was ever filed, by what the ledger noted: nobody is accused without proof."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhibu.rules.digests import Identity
from zhibu.rules.filings import Filings, NotedFiling

NOTED = tuple(NotedFiling(place, f"record {place}", 1, f"link {place}") for place in range(1, 7))


def entry(place: int, record: str = "another", version: int = 1) -> Identity:
    return Identity("v", record, "b", place, version, "file", "s", "", "", 2026, "", "")


def stored(*links: str) -> Callable[[str], bool]:
    return lambda link: link in links


CASES = (
    # behind all that was filed
    ("a copy at the end", NOTED, entry(7), "link 6", stored("link 6"), True),
    ("far behind it", NOTED, entry(40), "x", stored(), True),
    ("the last one, moved", NOTED, entry(40, "record 6"), "link 6", stored("link 6"), False),
    # where another was filed
    ("it pushed that one on", NOTED, entry(3), "x", stored("link 3"), True),
    ("that one is gone, or is this one", NOTED, entry(3), "x", stored(), False),
    ("only its record was changed", NOTED, entry(3), "link 3", stored("link 3"), False),
    ("only its link was changed", NOTED, entry(3, "record 3"), "x", stored(), False),
    # what the ledger cannot tell
    ("nothing was noted", (), entry(1), "x", stored(), False),
    ("lines are gone before it", NOTED[1:], entry(7), "x", stored(), False),
    ("its own line is gone", NOTED[:2] + NOTED[3:], entry(3), "link 3", stored("link 3"), False),
)


@pytest.mark.parametrize(
    ("noted", "identity", "link", "has_link", "expected"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_what_was_never_filed(
    noted: tuple[NotedFiling, ...],
    identity: Identity,
    link: str,
    has_link: Callable[[str], bool],
    expected: bool,
) -> None:
    """The table."""
    assert Filings(noted, has_link).is_forged(identity, link) is expected


@given(
    st.sets(st.integers(1, 6)), st.integers(1, 9), st.sampled_from([f.link for f in NOTED] + ["x"])
)
def test_what_was_filed_is_never_forged(gone: set[int], place: int, link: str) -> None:
    """Whatever the ledger lost, wherever the entry stands and whatever its link says."""
    left = [filing for filing in NOTED if filing.sequence not in gone]
    for filing in left:
        moved = entry(place, filing.record)
        assert not Filings(left, lambda _: True).is_forged(moved, link)


@given(st.sets(st.integers(1, 6)))
def test_the_first_that_was_not_noted(gone: set[int]) -> None:
    """Of the places up to the last one; none is 0."""
    filings = Filings(filing for filing in NOTED if filing.sequence not in gone)
    assert filings.first_unnoted(6) == min(gone, default=0)
    assert filings.last == max({1, 2, 3, 4, 5, 6} - gone, default=0)
