"""Verifying in helper processes: one for each core, each with a connection of its own.

A helper is a fresh process that imports this module before Django is set up in it, so no model is
imported at the top.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection

if TYPE_CHECKING:
    from zhibu.handbook.verification import Outcome


def verify_in_processes(
    batches: Sequence[Sequence[str]], *, has_bytes: bool, processes: int
) -> Iterator[Outcome]:
    """The outcomes of the batches in their order."""
    surroundings = (
        str(connection.settings_dict["NAME"]), str(settings.MEDIA_ROOT), str(settings.KEYS_DIR),
    )  # fmt: skip
    pool = ProcessPoolExecutor(
        min(processes, len(batches)),
        mp_context=multiprocessing.get_context("spawn"),  # as on Windows: no copied connection
        initializer=_wake,
        initargs=surroundings,
    )
    try:
        for outcomes in pool.map(partial(_verify, has_bytes=has_bytes), batches):
            yield from outcomes
    finally:
        pool.shutdown(cancel_futures=True)


def _wake(database: str, media_root: str, keys_dir: str) -> None:
    """Set Django up in a helper as it is in the process that started it."""
    from pathlib import Path

    import django

    settings.DATABASES["default"]["NAME"] = database
    settings.MEDIA_ROOT, settings.KEYS_DIR = Path(media_root), Path(keys_dir)
    django.setup()


def _verify(batch: Sequence[str], *, has_bytes: bool) -> list[Outcome]:
    from zhibu.handbook.verification import verify_batch

    return verify_batch(batch, has_bytes=has_bytes)
