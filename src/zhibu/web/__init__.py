"""Everything HTTP for people."""
