"""The application as a WSGI server loads it."""

from __future__ import annotations

import subprocess
import sys

PROBE = """
import gc, sys
import zhibu.wsgi
assert callable(zhibu.wsgi.application)
print(gc.get_freeze_count(), len(gc.get_objects()), "zhibu.web.views.overview" in sys.modules)
"""


def test_what_stays_is_set_aside() -> None:
    """Pages are imported before the first visit, and no collection walks them again."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    frozen, left, is_imported = done.stdout.split()
    assert is_imported == "True"
    assert int(frozen) > 20 * int(left)
