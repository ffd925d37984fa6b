"""查询码: with it whoever wrote without a name sees what became of it. Only its digest is kept.

The code follows from a secret that the form carried and from what was written: sending the same form
twice gives the same code, and another text another one, so that nothing is lost and nothing doubled.
"""

from __future__ import annotations

import hashlib
import unicodedata
from typing import Final

_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U
_MISREAD: Final = str.maketrans("ILO", "110")
LENGTH: Final = 16  # of 5 bits: 80 bits, not to be guessed


def derive_code(secret: str, *parts: str) -> str:
    """The code of one sending, in groups of four."""
    text = "\x1f".join((secret, *parts))
    number = int.from_bytes(hashlib.sha256(text.encode()).digest())
    letters = []
    for _ in range(LENGTH):
        number, letter = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[letter])
    return "-".join("".join(letters[at : at + 4]) for at in range(0, LENGTH, 4))


def digest_code(typed: str) -> str:
    """The digest of a code as somebody typed it; empty for what is no code."""
    narrow = unicodedata.normalize("NFKC", typed).upper()  # Chinese keyboards type Ａ for A
    bare = "".join(char for char in narrow if char.isalnum()).translate(_MISREAD)
    if len(bare) != LENGTH or any(char not in _LETTERS for char in bare):
        return ""
    return hashlib.sha256(bare.encode()).hexdigest()
