"""Checking signatures: needs the public key alone, neither a database nor settings."""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def is_signed(public_key: str, message: bytes, signature: str) -> bool:
    """Whether the signature over the message was made with this key. Junk is simply not signed."""
    # One spelling only: the same bytes in capitals would be a change that nobody sees.
    if len(signature) != 128 or signature != signature.lower() or public_key != public_key.lower():
        return False
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def fingerprint(public_key: str) -> str:
    """Eight groups of four that people can compare by eye: half of the SHA-256 of the key."""
    digest = hashlib.sha256(bytes.fromhex(public_key)).hexdigest()[:32].upper()
    return " ".join(digest[at : at + 4] for at in range(0, 32, 4))
