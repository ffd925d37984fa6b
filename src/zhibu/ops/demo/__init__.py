"""Demonstration data: a made-up bureau, or any number of branches of the same likeness."""

from __future__ import annotations

from zhibu.ops.demo.command import demo

__all__ = ["demo"]
