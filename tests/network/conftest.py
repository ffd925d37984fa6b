"""The cast of tests/plans with its adopted table. Models load late: see tests/conftest.py."""

from __future__ import annotations

from tests.plans.conftest import adopted, cast, draft

__all__ = ["adopted", "cast", "draft"]
