"""Where a figure was read: whether the person who looks may open that page."""

from __future__ import annotations

from zhibu.org.reach import Reach
from zhibu.people.roles import Verb


def opens(reach: Reach, verb: Verb, path: str) -> bool:
    """Whether a page that asks for this verb opens at this path.

    What was asked of an organisation is read by itself alone, not by the levels above.
    """
    if verb is Verb.ANSWER_FEEDBACK:
        return any(hold.seat == path for hold in reach.with_verb(verb))
    return reach.may(verb, path)
