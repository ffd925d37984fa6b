"""Calendar feeds behind an address that can be revoked."""
