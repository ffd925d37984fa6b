"""The application as `zhibu serve` runs it, in helper processes that end with their parent."""

from __future__ import annotations

import multiprocessing
import os
import threading

from zhibu.wsgi import application

__all__ = ["application"]


def end_with_parent() -> None:
    """End this process when `zhibu serve` is gone without having been able to say so.

    Otherwise a killed server would leave a process behind that still holds the port.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, name="parent", daemon=True).start()


end_with_parent()
