"""Who did what to what and when; the heads of the chains, seals and keys."""
