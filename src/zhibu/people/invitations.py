"""The secret of an invitation: on the slip it can be read and typed, in the database is its digest."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

# No letters and figures that look alike: people type it from paper.
ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
GROUPS: Final = 4
LENGTH: Final = 6  # of a group; 24 signs of 31 are 118 bits


def new_token() -> str:
    """A new secret, such as `k7mfp2-x8qrst-…`: 118 bits from the system's source of chance."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(LENGTH)) for _ in range(GROUPS))


def digest_of(token: str) -> str:
    """What is kept of a secret (SHA-256, hex): hyphens, blanks and capitals make no difference.

    The secret is drawn, not chosen, so a plain digest cannot be searched.
    """
    plain = "".join(sign for sign in token.lower() if sign in ALPHABET)
    return hashlib.sha256(plain.encode("ascii")).hexdigest()
