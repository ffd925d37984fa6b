"""The tree of organisations; members, posts, terms of office; who holds which role where."""
