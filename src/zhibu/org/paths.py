"""Materialised paths: four base-36 digits a level, so that scope is a range of strings.

A path of lower-case letters and digits sorts the same under every collation that our databases use,
so a prefix is asked for as ``prefix <= path < successor(prefix)`` and an ordinary index serves it.
"""

from __future__ import annotations

from typing import Final

WIDTH: Final = 4
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_LIMIT: Final = len(_DIGITS) ** WIDTH


def segment(number: int) -> str:
    """The segment for the n-th child, from 1. Raises ValueError beyond 1,679,615 children."""
    if not 0 < number < _LIMIT:
        raise ValueError(f"no segment for child {number}")
    digits = []
    for _ in range(WIDTH):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))


def successor(path: str) -> str:
    """The least string that is greater than every path below `path`."""
    number = int(path[-WIDTH:], len(_DIGITS)) + 1
    # "z…z" has no successor of the same width; "zzzz" + "~" sorts after all that begin with it.
    return path + "~" if number >= _LIMIT else path[:-WIDTH] + segment(number)


def parent(path: str) -> str:
    """The path one level up; empty for a root."""
    return path[:-WIDTH]


def ancestors(path: str) -> tuple[str, ...]:
    """The paths of all levels above, the root first, without `path` itself."""
    return tuple(path[:end] for end in range(WIDTH, len(path), WIDTH))


def is_within(path: str, of: str) -> bool:
    """Whether `path` is `of` or lies below it."""
    return path.startswith(of)
